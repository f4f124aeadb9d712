"""Classes and functions of our own for Keras, as the source that scripts print and the engine runs: the two cannot differ.

A call names one as "own.<name>"; in a script it stands under its name alone.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.torch_form import Helper
from cnnstudio.core.registry import Registry

PREFIX: Final = "own."


class KerasPart(Helper, frozen=True):
    """A class or function of the printed file that Keras does not have itself; its source may use keras, math and time.
    `needed_to_load`: a saved model names it, so that it must be defined where the model is loaded with its optimizer."""

    needed_to_load: bool = False

    @property
    def id(self) -> str:
        return self.name


WHOLE_LABELS: Final = KerasPart("WholeLabels", '''\
class WholeLabels(keras.metrics.Metric):
    """Gives `metric` labels as it takes them: of class numbers, and of the shares of mixed pictures, one whole class."""

    def __init__(self, metric, name=None, dtype=None):
        super().__init__(name=name or metric.name, dtype=dtype)
        self.metric = metric
        self._direction = "up"

    def update_state(self, y_true, y_pred, sample_weight=None):
        classes = y_pred.shape[-1]
        if classes == 1:
            whole = keras.ops.cast(y_true > 0.5, y_pred.dtype)
        else:
            shares = tuple(y_true.shape)[1:] == (classes,)
            numbers = keras.ops.argmax(y_true, -1) if shares else keras.ops.reshape(y_true, (-1,))
            whole = keras.ops.one_hot(keras.ops.cast(numbers, "int32"), classes, dtype=y_pred.dtype)
        self.metric.update_state(whole, y_pred, sample_weight)

    def result(self):
        return self.metric.result()

    def reset_state(self):
        self.metric.reset_state()
''')

TIME_BUDGET: Final = KerasPart("TimeBudget", '''\
class TimeBudget(keras.callbacks.Callback):
    """Ends the training after the epoch in which `minutes` are used up."""

    def __init__(self, minutes):
        super().__init__()
        self.minutes, self.used, self.since = minutes, 0.0, None

    def on_train_begin(self, logs=None):
        self.since = time.monotonic()

    def on_train_batch_begin(self, batch, logs=None):
        self.count()

    def on_epoch_end(self, epoch, logs=None):
        self.count()
        if self.used >= 60 * self.minutes:
            self.model.stop_training = True

    def count(self):
        """Add the seconds since the last count."""
        now = time.monotonic()
        self.used, self.since = self.used + now - self.since, now
''')

ONE_CYCLE: Final = KerasPart("OneCycle", '''\
@keras.saving.register_keras_serializable("script")
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Half a cosine up to max_learning_rate within pct_start of the steps, then half a cosine down (Smith, 2018)."""

    def __init__(self, max_learning_rate, total_steps, pct_start=0.3, div_factor=25.0, final_div_factor=10000.0):
        self.settings = {"max_learning_rate": max_learning_rate, "total_steps": total_steps, "pct_start": pct_start,
                         "div_factor": div_factor, "final_div_factor": final_div_factor}

    def __call__(self, step):
        high, total = self.settings["max_learning_rate"], float(self.settings["total_steps"])
        low = high / self.settings["div_factor"]
        last, top = low / self.settings["final_div_factor"], max(1.0, self.settings["pct_start"] * total)
        step = keras.ops.minimum(keras.ops.cast(step, "float32"), total)
        up = low + (high - low) * (1 - keras.ops.cos(math.pi * step / top)) / 2
        share = (step - top) / max(1.0, total - top)
        down = last + (high - last) * (1 + keras.ops.cos(math.pi * share)) / 2
        return keras.ops.where(step < top, up, down)

    def get_config(self):
        return self.settings
''', needed_to_load=True)

SLOW_DOWN: Final = KerasPart("slow_down", '''\
def slow_down(optimizer, layers, factor):
    """The weights of `layers` learn at `factor` times the rate of `optimizer`, their weight decay included.

    All else is as for the other weights, and the optimizer stays the one of Keras: a saved model needs nothing of this.
    """
    slow = {optimizer._var_key(weight) for layer in layers for weight in layer.trainable_variables}
    step, decay, rate = optimizer.update_step, optimizer._apply_weight_decay, optimizer._get_current_learning_rate

    def update_step(gradient, variable, learning_rate):
        is_slow = optimizer._var_key(variable) in slow
        return step(gradient, variable, learning_rate * factor if is_slow else learning_rate)

    def apply_weight_decay(variables):
        for share in (1.0, factor):
            part = [variable for variable in variables if optimizer._use_weight_decay(variable)
                    and (optimizer._var_key(variable) in slow) == (share != 1.0)]
            if part:
                optimizer._get_current_learning_rate = lambda share=share: rate() * share
                decay(part)
        optimizer._get_current_learning_rate = rate

    optimizer.update_step, optimizer._apply_weight_decay = update_step, apply_weight_decay
    for kind in type(optimizer).__mro__:
        # With PyTorch Keras updates all weights at once, which knows a single rate: here one after the other.
        if kind.__name__ == "TorchParallelOptimizer":
            optimizer._backend_update_step = super(kind, optimizer)._backend_update_step
    return optimizer
''')

PARTS: Final[Registry[KerasPart]] = Registry("Keras part", (WHOLE_LABELS, TIME_BUDGET, ONE_CYCLE, SLOW_DOWN))


def short_name(target: str) -> str:
    """The name of a call's target in a script."""
    return target.removeprefix(PREFIX)


def parts_in(code: str) -> list[KerasPart]:
    """The parts that a printed code calls."""
    return [part for part in PARTS if f"{part.name}(" in code]
