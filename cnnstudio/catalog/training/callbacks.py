"""The registry of callbacks, with Keras's parameters and defaults."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.component import Place, TorchCallback, TrainingComponent
from cnnstudio.catalog.layers.common import arguments
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import Helper
from cnnstudio.catalog.training.file_callbacks import FILE_CALLBACKS
from cnnstudio.catalog.training.monitoring import MODE, MONITOR, is_lower_better
from cnnstudio.core.params import Bool, Float, Int
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same


def _patience(default: int, help: Text) -> Int:
    return Int(name="patience", default=default, minimum=0, maximum=100_000, label=same("patience"), help=help,
               unit=Text("epochs", "épocas"))


def _min_delta(default: float) -> Float:
    return Float(name="min_delta", default=default, minimum=0, maximum=1e6, step=0.0001, decimals=8, advanced=True,
                 label=same("min_delta"), help=Text("Smallest change that counts as better.",
                                                    "Menor cambio que cuenta como mejora."))


_EARLY_STOPPING: Final = Helper("EarlyStopping", '''\
class EarlyStopping:
    """As in Keras: the training is over when `monitor` has not got better for `patience` epochs.

    `sign` is 1 where less is better and -1 where more is.
    """

    def __init__(self, monitor, sign, patience, min_delta=0.0, restore_best_weights=False, baseline=None,
                 start_from_epoch=0):
        self.monitor, self.sign, self.patience, self.min_delta = monitor, sign, patience, min_delta
        self.restore_best_weights, self.baseline = restore_best_weights, baseline
        self.start_from_epoch = start_from_epoch
        self.best, self.waited, self.weights = None, 0, None

    def is_over(self, epoch, logs):
        """Whether to stop after this epoch, which is counted from 0; never where `monitor` is not measured."""
        if epoch < self.start_from_epoch or self.monitor not in logs:
            return False
        value = self.sign * logs[self.monitor]
        self.waited += 1
        if self.best is None or value + self.min_delta < self.best:
            self.best = value
            if self.restore_best_weights:
                self.weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
            if self.baseline is None or value + self.min_delta < self.sign * self.baseline:
                self.waited = 0
            return False
        return self.waited >= self.patience and epoch > 0

    def restore(self):
        """Restore the weights of the best epoch, if they were saved."""
        if self.weights is not None:
            network.load_state_dict(self.weights)
''')


def _stop_lines(values: Values, _place: Place) -> list[str]:
    options = [f'"{values["monitor"]}"', "1" if is_lower_better(values) else "-1", f"patience={values['patience']!r}"]
    options += [f"{name}={values[name]!r}" for name, usual in (
        ("min_delta", 0.0), ("restore_best_weights", False), ("baseline", None), ("start_from_epoch", 0))
        if values[name] != usual]
    return [f"EarlyStopping({', '.join(options)}),"]


def _stop_rule(values: Values) -> Text:
    if values["patience"] <= 1:
        return Text("{monitor} no better for an epoch", "{monitor} no mejora en una época").fill(monitor=values["monitor"])
    return Text("{monitor} no better for {n} epochs", "{monitor} no mejora en {n} épocas").fill(
        monitor=values["monitor"], n=values["patience"])


def _plateau_lines(values: Values, place: Place) -> list[str]:
    """PyTorch waits one epoch longer than Keras after the same number, and rests one longer; each group of weights has its
    own lowest rate."""
    lowest = values["min_lr"]
    if lowest and len(place.rates) > 1:
        lowest = [factor * lowest for factor in place.rates]
    mode = "min" if is_lower_better(values) else "max"
    return [f'("{values["monitor"]}", torch.optim.lr_scheduler.ReduceLROnPlateau(',
            f'    optimizer, mode="{mode}", factor={values["factor"]!r}, '
            f'patience={max(0, values["patience"] - 1)}, threshold={values["min_delta"]!r},',
            f'    threshold_mode="abs", cooldown={max(0, values["cooldown"] - 1)}, min_lr={lowest!r}, '
            "eps=0.0)),"]


CALLBACKS: Final[Registry[TrainingComponent]] = Registry("callback", (
    TrainingComponent(
        id="EarlyStopping", label=Text("Early stopping", "Parada temprana"),
        torch=TorchCallback(role="stop", lines=_stop_lines, helper=_EARLY_STOPPING), stops=_stop_rule,
        help=Text("Ends the training when the monitored metric no longer improves.",
                  "Termina el entrenamiento cuando la métrica vigilada ya no mejora."),
        params=(MONITOR, _patience(0, Text("Epochs without improvement before the training stops.",
                                            "Épocas sin mejora antes de que se detenga el entrenamiento.")),
                _min_delta(0.0), MODE,
                Bool(name="restore_best_weights", default=False, label=same("restore_best_weights"),
                     help=Text("Keep the weights of the best epoch, not of the last.",
                               "Conservar los pesos de la mejor época, no los de la última.")),
                Float(name="baseline", default=None, minimum=-1e9, maximum=1e9, optional=True, advanced=True,
                      label=same("baseline"), help=Text("Stop if the metric does not get better than this value; none: no "
                                                        "baseline.",
                                                        "Parar si la métrica no supera este valor; none: sin valor de "
                                                        "referencia.")),
                Int(name="start_from_epoch", default=0, minimum=0, maximum=100_000, advanced=True,
                    label=same("start_from_epoch"), help=Text("Epochs to wait before monitoring starts.",
                                                              "Épocas de espera antes de vigilar."))),
        call=Call("keras.callbacks.EarlyStopping",
                  arguments("monitor", "min_delta", "patience", "mode", "baseline", "restore_best_weights",
                            "start_from_epoch"),
                  {"monitor": "val_loss", "min_delta": 0.0, "patience": 0, "mode": "auto", "baseline": None,
                   "restore_best_weights": False, "start_from_epoch": 0})),
    TrainingComponent(
        id="ReduceLROnPlateau", label=Text("Reduce learning rate on plateau", "Reducir la tasa al estancarse"),
        torch=TorchCallback(role="plateau", lines=_plateau_lines), changes_rate=True,
        help=Text("Reduces the learning rate when the monitored metric no longer improves.",
                  "Reduce la tasa de aprendizaje cuando la métrica vigilada ya no mejora."),
        params=(MONITOR,
                Float(name="factor", default=0.1, minimum=0, above=True, maximum=0.9999, step=0.1, decimals=4,
                      label=same("factor"), help=Text("New rate = old rate × factor.",
                                                      "Tasa nueva = tasa anterior × factor.")),
                _patience(10, Text("Epochs without improvement before the rate is reduced.",
                                   "Épocas sin mejora antes de reducir la tasa.")),
                _min_delta(0.0001), MODE,
                Int(name="cooldown", default=0, minimum=0, maximum=100_000, advanced=True, label=same("cooldown"),
                    help=Text("Epochs to wait after the rate was reduced.", "Épocas de espera tras reducir la tasa.")),
                Float(name="min_lr", default=0.0, minimum=0, maximum=100, step=0.00001, decimals=10, advanced=True,
                      label=same("min_lr"), help=Text("The rate is never reduced below this value.",
                                                      "La tasa nunca baja de este valor."))),
        call=Call("keras.callbacks.ReduceLROnPlateau",
                  arguments("monitor", "factor", "patience", "mode", "min_delta", "cooldown", "min_lr"),
                  {"monitor": "val_loss", "factor": 0.1, "patience": 10, "mode": "auto", "min_delta": 0.0001,
                   "cooldown": 0, "min_lr": 0.0})),
    *FILE_CALLBACKS,
))
