"""Callbacks that write files of a training, and those that end it for other reasons than a metric."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import Call, literal
from cnnstudio.catalog.component import Place, TorchCallback, TrainingComponent
from cnnstudio.catalog.keras_parts import PREFIX, TIME_BUDGET
from cnnstudio.catalog.layers.common import arguments
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import Helper
from cnnstudio.catalog.training.monitoring import MODE, MONITOR, is_lower_better
from cnnstudio.core.params import Bool, Choice, Float, Int, Option
from cnnstudio.core.text import Text, same

_MODEL_CHECKPOINT: Final = Helper("ModelCheckpoint", '''\
class ModelCheckpoint:
    """As in Keras: keeps the weights after every epoch (or every few), or only those of the best one so far.

    `sign` is 1 where less is better and -1 where more is; `best` is the value to be better than.
    """

    def __init__(self, name, monitor, sign, save_best_only=False, epochs=1, every_file=False, best=None):
        self.name, self.monitor, self.sign, self.save_best_only = name, monitor, sign, save_best_only
        self.epochs, self.every_file = epochs, every_file
        self.best = None if best is None else sign * best

    def after_epoch(self, epoch, logs):
        """Write the weights of this epoch, which is counted from 0."""
        if (epoch + 1) % self.epochs:
            return
        if self.save_best_only and self.monitor in logs:
            value = self.sign * logs[self.monitor]
            if self.best is not None and not value < self.best:
                return
            self.best = value
        name = f"{self.name}-{epoch + 1:05}" if self.every_file else self.name
        np.savez(f"{name}.npz", **{key: value.cpu().numpy() for key, value in network.state_dict().items()})
''')
_CSV_LOGGER: Final = Helper("CSVLogger", '''\
class CSVLogger:
    """As in Keras: a table with a line for every epoch, which are counted from 0."""

    def __init__(self, name, separator=",", append=False):
        self.name, self.separator, self.append = name, separator, append

    def after_epoch(self, epoch, logs):
        """Add a line."""
        names = sorted(logs)
        with open(self.name, "a" if self.append else "w", encoding="utf-8") as file:
            if not file.tell():
                file.write(self.separator.join(["epoch", *names]) + "\\n")
            file.write(self.separator.join([str(epoch), *(str(logs[name]) for name in names)]) + "\\n")
        self.append = True
''')
_TERMINATE_ON_NAN: Final = Helper("TerminateOnNaN", '''\
class TerminateOnNaN:
    """The training is over when the loss is infinite or no number."""

    def is_over(self, epoch, logs):
        """Whether to stop after this epoch."""
        return not math.isfinite(logs["loss"])

    def restore(self):
        """There are no better weights."""
''')
_TIME_BUDGET: Final = Helper("TimeBudget", '''\
class TimeBudget:
    """The training is over after the epoch in which `minutes` are used up."""

    def __init__(self, minutes):
        self.end = time.monotonic() + 60 * minutes

    def is_over(self, epoch, logs):
        """Whether to stop after this epoch."""
        return time.monotonic() >= self.end

    def restore(self):
        """There are no better weights."""
''')


_TENSOR_BOARD: Final = Helper("TensorBoard", '''\
class TensorBoard:
    """As in Keras: event files for `tensorboard --logdir tensorboard`, which also needs the package tensorboard here."""

    def __init__(self, name, histogram_freq=0):
        from torch.utils.tensorboard import SummaryWriter

        self.train, self.validation = (SummaryWriter(f"tensorboard/{name}/{part}") for part in ("train", "validation"))
        self.histogram_freq = histogram_freq

    def after_epoch(self, epoch, logs):
        """Write the metrics of this epoch, which is counted from 0, and its learning rate."""
        for name, value in logs.items():
            writer = self.validation if name.startswith("val_") else self.train
            writer.add_scalar("epoch_" + name.removeprefix("val_"), value, epoch)
        self.train.add_scalar("epoch_learning_rate", optimizer.param_groups[-1]["lr"], epoch)
        if self.histogram_freq and (epoch + 1) % self.histogram_freq == 0:
            for name, value in network.state_dict().items():
                self.train.add_histogram(name, value, epoch)
        self.train.flush()
        self.validation.flush()
''')


def _events_folder(place: Place) -> str:
    """A later stage counts its epochs anew in a script: its events have a folder of their own."""
    return place.id if place.first else f"{place.id}-{place.stage}"


def _event_lines(values: Values, place: Place) -> list[str]:
    lines = [] if not values["update_freq"] else ["# Keras also writes batches; this loop writes epochs."]
    more = f", histogram_freq={values['histogram_freq']!r}" if values["histogram_freq"] else ""
    return [*lines, f"TensorBoard({literal(_events_folder(place))}{more}),"]


def _place_models(values: Values, place: Place) -> Values:
    """The file, and Keras's number of batches between two of them."""
    epoch = "-{epoch:05d}" if values["files"] == "all" else ""
    every = values["epochs"]
    return {**values, "filepath": f"kept/{place.id}{epoch}.keras",
            "save_freq": "epoch" if every == 1 else every * place.epoch_batches}


def _model_lines(values: Values, place: Place) -> list[str]:
    options = [literal(place.id), literal(values["monitor"]), "1" if is_lower_better(values) else "-1"]
    options += [f"{name}={code!r}" for name, code, usual in (
        ("save_best_only", values["save_best_only"], False), ("epochs", values["epochs"], 1),
        ("every_file", values["files"] == "all", False), ("best", values["initial_value_threshold"], None)) if code != usual]
    return [f"ModelCheckpoint({', '.join(options)}),"]


def _table_lines(values: Values, place: Place) -> list[str]:
    more = "" if values["separator"] == "," else f", separator={literal(values['separator'])}"
    return [f"CSVLogger({literal(f'{place.id}.csv')}{more}{'' if place.first else ', append=True'}),"]


_BEST: Final = {"monitor": "val_loss", "save_best_only": False, "mode": "auto", "save_freq": "epoch",
                "initial_value_threshold": None}
FILE_CALLBACKS: Final[tuple[TrainingComponent, ...]] = (
    TrainingComponent(
        id="ModelCheckpoint", label=Text("Keep models", "Guardar modelos"), role="models", placed=_place_models,
        help=Text("Keeps the whole model of every epoch, of every few or of the best, as .keras files in the folder kept of "
                  "the run. They can be used and exported like the final model.",
                  "Guarda el modelo completo de cada época, cada pocas o de la mejor, como archivos .keras en la carpeta kept "
                  "del entrenamiento. Se pueden usar y exportar como el modelo final."),
        params=(Bool(name="save_best_only", default=False, label=same("save_best_only"),
                     help=Text("Keep a model only if its metric is better than that of all before.",
                               "Guardar un modelo solo si su métrica es mejor que las de todos los anteriores.")),
                MONITOR,
                Int(name="epochs", default=1, minimum=1, maximum=100_000, label=Text("Every", "Cada"),
                    unit=Text("epochs", "épocas"),
                    help=Text("Number of epochs between two kept models (save_freq of Keras, in batches).",
                              "Número de épocas entre dos modelos guardados (save_freq de Keras, en lotes).")),
                Choice(name="files", default="newest", label=Text("Files", "Archivos"),
                       help=Text("newest: every kept model replaces the one before; all: each has a file of its own.",
                                 "newest: cada modelo guardado sustituye al anterior; all: cada uno en su propio archivo."),
                       options=(Option("newest", Text("Newest", "El último")), Option("all", Text("All", "Todos")))),
                MODE,
                Float(name="initial_value_threshold", default=None, minimum=-1e9, maximum=1e9, optional=True, advanced=True,
                      label=same("initial_value_threshold"),
                      help=Text("The first model is kept only if its metric is better than this; none: always.",
                                "El primer modelo se guarda solo si su métrica es mejor que esto; none: siempre."))),
        call=Call("keras.callbacks.ModelCheckpoint", arguments("filepath", *_BEST), _BEST),
        torch=TorchCallback(role="watch", lines=_model_lines, helper=_MODEL_CHECKPOINT)),
    TrainingComponent(
        id="CSVLogger", label=Text("Table of the epochs", "Tabla de las épocas"), role="table",
        placed=lambda values, place: {**values, "filename": f"{place.id}.csv", "append": not place.first},
        help=Text("Writes the metrics of every epoch into a CSV file in the folder of the run. After a break it has every "
                  "epoch once.",
                  "Escribe las métricas de cada época en un archivo CSV en la carpeta del entrenamiento. Tras una "
                  "interrupción contiene cada época una sola vez."),
        params=(Choice(name="separator", default=",", label=same("separator"),
                       help=Text("What stands between two values.", "Lo que separa dos valores."),
                       options=(Option(",", Text("Comma", "Coma")), Option(";", Text("Semicolon", "Punto y coma")),
                                Option("\t", Text("Tab", "Tabulador")))),),
        call=Call("keras.callbacks.CSVLogger", arguments("filename", "separator", "append"),
                  {"separator": ",", "append": False}),
        torch=TorchCallback(role="watch", lines=_table_lines, helper=_CSV_LOGGER)),
    TrainingComponent(
        id="TensorBoard", label=same("TensorBoard"), role="events",
        placed=lambda values, place: {**values, "log_dir": f"tensorboard/{_events_folder(place)}",
                                      "update_freq": values["update_freq"] or "epoch"},
        help=Text("Writes event files into the folder tensorboard of the run: metrics and learning rate of every epoch, on "
                  "request of batches, and histograms of the weights. `tensorboard --logdir PROJECT/runs` shows all runs; "
                  "TensorBoard itself is not installed with the program. After a break every step is there once.",
                  "Escribe archivos de eventos en la carpeta tensorboard del entrenamiento: métricas y tasa de aprendizaje de "
                  "cada época y, si se pide, de los lotes, e histogramas de los pesos. `tensorboard --logdir PROYECTO/runs` "
                  "muestra todos los entrenamientos; TensorBoard no se instala con el programa. Tras una interrupción, cada "
                  "paso está una sola vez."),
        params=(Int(name="update_freq", default=0, minimum=0, maximum=1_000_000, label=Text("Also every", "También cada"),
                    unit=Text("batches", "lotes"),
                    help=Text("Number of batches between two written ones; 0: epochs alone (update_freq of Keras).",
                              "Número de lotes entre dos que se escriben; 0: solo las épocas (update_freq de Keras).")),
                Int(name="histogram_freq", default=0, minimum=0, maximum=100_000, label=Text("Histograms every",
                                                                                              "Histogramas cada"),
                    unit=Text("epochs", "épocas"),
                    help=Text("Number of epochs between two histograms of the weights; 0: none.",
                              "Número de épocas entre dos histogramas de los pesos; 0: ninguno."))),
        call=Call("keras.callbacks.TensorBoard", arguments("log_dir", "histogram_freq", "update_freq"),
                  {"histogram_freq": 0, "update_freq": "epoch"}),
        torch=TorchCallback(role="watch", lines=_event_lines, helper=_TENSOR_BOARD)),
    TrainingComponent(
        id="TerminateOnNaN", label=Text("Stop when the loss is not a number", "Parar si la pérdida no es un número"),
        stops=lambda _values: Text("the loss is not a number", "la pérdida no es un número"),
        help=Text("Checks the loss after every batch. Without it a training also ends with a loss that is infinite or no "
                  "number, but the loss is only read about 20 times a second and after every epoch.",
                  "Comprueba la pérdida tras cada lote. Sin él, un entrenamiento también termina si la pérdida es infinita o "
                  "no es un número, pero solo se lee unas 20 veces por segundo y tras cada época."),
        call=Call("keras.callbacks.TerminateOnNaN"),
        torch=TorchCallback(role="stop", lines=lambda _values, _place: ["TerminateOnNaN(),"], helper=_TERMINATE_ON_NAN)),
    TrainingComponent(
        id="TimeBudget", label=Text("Time budget", "Límite de tiempo"),
        stops=lambda values: Text("after {n:g} min", "tras {n:g} min").fill(n=values["minutes"]),
        help=Text("Ends the stage after the epoch in which its time is used up. Pauses do not count; after a break the time "
                  "already used does.",
                  "Termina la etapa tras la época en la que se agota su tiempo. Las pausas no cuentan; tras una interrupción, "
                  "el tiempo ya usado sí."),
        params=(Float(name="minutes", default=60.0, minimum=0, above=True, maximum=1e6, step=10, decimals=3,
                      label=Text("Minutes", "Minutos"), unit=Text("min", "min"),
                      help=Text("Time that the training of the stage may take.",
                                "Tiempo que puede durar el entrenamiento de la etapa.")),),
        call=Call(PREFIX + TIME_BUDGET.name, arguments("minutes")),
        torch=TorchCallback(role="stop", helper=_TIME_BUDGET,
                            lines=lambda values, _place: [f"TimeBudget(minutes={values['minutes']!r}),"])),
)


def place_values(entry: TrainingComponent, values: Values, place: Place) -> dict[str, Any]:
    """All values of a callback, those that follow from its place among them."""
    return dict(values if entry.placed is None else entry.placed(values, place))
