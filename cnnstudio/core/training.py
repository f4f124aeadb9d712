"""Settings of the training and its stages."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.item import Item, Step
from cnnstudio.core.params import Bool, Choice, Float, Int, Line, Option, Seed, ShownWhen
from cnnstudio.core.text import Text, same

Backend = Literal["tensorflow", "torch", "jax"]
Device = Literal["auto", "cpu", "gpu"]
Devices = int | Literal["all"]
"""How many devices of the computer share each batch."""
Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]
Determinism = Literal["auto", "on", "off"]


def _default_callbacks() -> tuple[Step, ...]:
    return (
        Step(id="early_stopping", type="EarlyStopping", params={"patience": 5, "restore_best_weights": True}),
        Step(id="reduce_lr_on_plateau", type="ReduceLROnPlateau", params={"factor": 0.3, "patience": 3}),
    )


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the training plan: a `compile` and a `fit` with settings of its own.

    `id` is unique among the stages. `schedule` gives the learning rate of every step (an entry of
    `catalog.schedules`); None: the number in the optimizer. `trainable_from` sets where pretrained bases begin to
    learn in this stage, as their own parameter of that name does; "" leaves them as in the network. What learns of them
    does so at `base_rate_factor` times the rate.
    """

    id: str
    epochs: int = 20
    optimizer: Item = Item(type="adam", params={"learning_rate": 0.001})
    schedule: Item | None = None
    trainable_from: str = ""
    base_rate_factor: float = 1.0
    callbacks: tuple[Step, ...] = msgspec.field(default_factory=_default_callbacks)


class TrainingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that `compile` and `fit` need besides the network and the pictures.

    `loss` "auto" follows the label mode. Types of `loss`, `metrics`, `optimizer` and `callbacks` are entries of
    `catalog.training`; the id of a metric is its name in Keras. `accumulation` is the number of batches whose gradients
    make one step of the optimizer. `class_weights` are by the names of the classes, and count with class_weight "custom"
    (see `core.class_balance`). `determinism` "auto" is on for a processor and off on a GPU. `devices` of the computer share
    each batch.
    """

    stages: tuple[Stage, ...] = (Stage(id="stage_1"),)
    batch_size: int = 32
    seed: int = 42
    loss: Item = Item(type="auto")
    metrics: tuple[Step, ...] = (Step(id="accuracy", type="accuracy"),)
    class_weight: Literal["none", "balanced", "custom"] = "none"
    class_weight_strength: float = 1.0
    class_weights: dict[str, float] = {}
    oversampling: float = 0.0
    precision: Precision = "float32"
    accumulation: int = 1
    determinism: Determinism = "auto"
    jit_compile: Literal["auto", "on", "off"] = "auto"
    backend: Backend = "tensorflow"
    device: Device = "auto"
    devices: Devices = 1
    keep_features: bool = True

    @property
    def epochs(self) -> int:
        """Epochs of all stages together, if no callback ends one early."""
        return sum(stage.epochs for stage in self.stages)

    @property
    def last_stage(self) -> Stage:
        """The last stage: the one of keys without a stage."""
        return self.stages[-1] if self.stages else Stage(id="stage_1")

    def stage(self, identifier: str) -> Stage | None:
        """The stage of that id."""
        return next((stage for stage in self.stages if stage.id == identifier), None)

    def epochs_before(self, identifier: str) -> int:
        """Epochs of the stages before the one of that id."""
        total = 0
        for stage in self.stages:
            if stage.id == identifier:
                break
            total += stage.epochs
        return total


STAGE_FIELDS: Final = ("epochs", "optimizer", "schedule", "trainable_from", "base_rate_factor", "callbacks")
"""Fields of a stage that a key may name without its stage."""


def with_settings(training: TrainingSpec, **settings: Any) -> TrainingSpec:
    """The training with these fields set; fields of a stage are set in the last stage."""
    own = {name: value for name, value in settings.items() if name in STAGE_FIELDS}
    others = {name: value for name, value in settings.items() if name not in STAGE_FIELDS}
    training = msgspec.structs.replace(training, **others)
    if not own:
        return training
    last = msgspec.structs.replace(training.last_stage, **own)
    return msgspec.structs.replace(training, stages=(*training.stages[:-1], last))


STAGE_PARAMS: Final = (
    Int(name="epochs", default=20, minimum=1, maximum=100_000, label=Text("Epochs", "Épocas"),
        help=Text("Maximum number of passes over all training pictures.",
                  "Número máximo de pasadas por todas las imágenes de entrenamiento.")),
    Line(name="trainable_from", default="", label=Text("What learns", "Qué aprende"),
         help=Text("From where a pretrained base learns in this stage: none (only the layers after the base), all, the "
                   "name of one of its blocks, or last:20 for its last 20 layers. Empty: as set in the network. The batch "
                   "normalisation of a base stays in inference mode.",
                   "Desde dónde aprende en esta etapa una base preentrenada: none (solo las capas posteriores a la base), "
                   "all, el nombre de uno de sus bloques o last:20 para sus últimas 20 capas. Vacío: como se fijó en la red. "
                   "La normalización por lotes de una base permanece en modo de inferencia.")),
    Float(name="base_rate_factor", default=1.0, minimum=0, above=True, maximum=1, step=0.1, decimals=6, logarithmic=True,
          advanced=True, label=Text("Rate of the base", "Tasa de la base"),
          help=Text("The learning rate of the base is this factor × the rate of the stage, weight decay included: 0.1 lets "
                    "the base learn ten times more slowly than the layers after it. 1: the same rate.",
                    "La tasa de aprendizaje de la base es este factor × la tasa de la etapa, incluido el decaimiento de "
                    "pesos: 0,1 hace que la base aprenda diez veces más despacio que las capas posteriores. 1: la misma "
                    "tasa.")),
)
DEVICE_COUNTS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 16)
TRAINING_PARAMS: Final = (
    Int(name="batch_size", default=32, minimum=1, maximum=65_536, label=Text("Batch size", "Tamaño de lote"),
        help=Text("Number of pictures per step of the optimizer.", "Número de imágenes por paso del optimizador.")),
    Seed(name="seed", default=42, minimum=0, label=Text("Seed", "Semilla"),
         help=Text("Fixes the initial weights, the order of the pictures and all random changes.",
                   "Fija los pesos iniciales, el orden de las imágenes y todos los cambios aleatorios.")),
    Choice(name="class_weight", default="none", label=Text("Class weights", "Pesos de las clases"),
           help=Text("balanced gives rare classes more weight: n / (classes × pictures of the class). custom takes a weight "
                     "for each class from class_weights.",
                     "balanced da más peso a las clases raras: n / (clases × imágenes de la clase). custom toma el peso de "
                     "cada clase de class_weights."),
           options=(Option("none", Text("None", "Ninguno")), Option("balanced", Text("Balanced", "Equilibrados")),
                    Option("custom", Text("By hand", "A mano")))),
    Float(name="class_weight_strength", default=1.0, minimum=0, maximum=1, step=0.1, decimals=3,
          label=Text("Strength of the weights", "Fuerza de los pesos"), shown_when=ShownWhen("class_weight", ("balanced",)),
          help=Text("Exponent of the balanced weights: 1 evens the classes out, 0.5 does so by half, 0 leaves them as they "
                    "are. The mean over the pictures stays 1.",
                    "Exponente de los pesos equilibrados: 1 iguala las clases, 0,5 lo hace a medias, 0 las deja como están. La "
                    "media sobre las imágenes sigue siendo 1.")),
    Float(name="oversampling", default=0.0, minimum=0, maximum=1, step=0.1, decimals=3, advanced=True,
          label=Text("Oversampling", "Sobremuestreo"),
          help=Text("Draws pictures of rare classes more often: 0 shows each picture once an epoch, 1 as many of every class "
                    "as the largest has. Each picture of a class is shown equally often, and which ones once more is drawn "
                    "anew in every epoch. An epoch becomes longer. Balanced weights count what is shown.",
                    "Sortea más a menudo las imágenes de las clases raras: 0 muestra cada imagen una vez por época; 1, tantas "
                    "de cada clase como tiene la mayor. Todas las imágenes de una clase se muestran por igual, y cuáles una "
                    "vez más se sortea de nuevo en cada época. Las épocas se alargan. Los pesos equilibrados cuentan lo que se "
                    "muestra.")),
    Bool(name="keep_features", default=True, label=Text("Keep features", "Guardar características"),
         help=Text("Compute the features of a frozen base once and train only the layers after it on them. The resulting "
                   "network is the same.",
                   "Calcular una sola vez las características de una base congelada y entrenar con ellas solo las capas "
                   "posteriores. La red resultante es la misma.")),
    Choice(name="precision", default="float32", advanced=True, label=Text("Precision", "Precisión"),
           help=Text("Mixed precision computes with half-precision numbers (16 bits): faster on a recent GPU, slower on a "
                     "processor. The saved model computes in float32.",
                     "La precisión mixta calcula con números de 16 bits (media precisión): más rápida en una GPU reciente, "
                     "más lenta en un procesador. El modelo guardado calcula en float32."),
           options=(Option("float32", same("float32")), Option("mixed_float16", same("mixed_float16")),
                    Option("mixed_bfloat16", same("mixed_bfloat16")))),
    Int(name="accumulation", default=1, minimum=1, maximum=1024, advanced=True,
        label=Text("Gradient accumulation", "Acumulación de gradientes"),
        help=Text("Number of batches whose gradients are combined into one step of the optimizer: the effect of a larger "
                  "batch without its memory.",
                  "Número de lotes cuyos gradientes se combinan en un paso del optimizador: el efecto de un lote más grande "
                  "sin su consumo de memoria.")),
    Choice(name="determinism", default="auto", advanced=True, label=Text("Determinism", "Determinismo"),
           help=Text("Whether the same seed gives exactly the same results. auto: yes on a processor; no on a GPU, where "
                     "this is slow.",
                     "Si la misma semilla da exactamente los mismos resultados. auto: sí en un procesador; no en una GPU, "
                     "donde es lento."),
           options=(Option("auto", Text("Automatic", "Automático")), Option("on", Text("On", "Sí")),
                    Option("off", Text("Off", "No")))),
    Choice(name="jit_compile", default="auto", advanced=True, label=Text("Compile with XLA", "Compilar con XLA"),
           help=Text("Translates the training step with XLA: often faster on a GPU, slower on a processor with a small "
                     "network, and the first step takes long. auto: only with JAX. On PyTorch Keras uses torch.compile.",
                     "Traduce el paso de entrenamiento con XLA: a menudo más rápido en una GPU, más lento en un procesador con "
                     "una red pequeña, y el primer paso tarda. auto: solo con JAX. En PyTorch, Keras usa torch.compile."),
           options=(Option("auto", Text("Automatic", "Automático")), Option("on", Text("On", "Sí")),
                    Option("off", Text("Off", "No")))),
    Choice(name="backend", default="tensorflow", advanced=True, label=Text("Backend", "Motor"),
           help=Text("The library that performs the computations for Keras.",
                     "La biblioteca que hace los cálculos para Keras."),
           options=(Option("tensorflow", same("TensorFlow")), Option("torch", same("PyTorch")),
                    Option("jax", same("JAX")))),
    Choice(name="device", default="auto", advanced=True, label=Text("Device", "Dispositivo"),
           help=Text("auto uses a GPU if there is one.", "auto usa una GPU si la hay."),
           options=(Option("auto", Text("Automatic", "Automático")), Option("cpu", Text("Processor", "Procesador")),
                    Option("gpu", same("GPU")))),
    Choice(name="devices", default=1, advanced=True, label=Text("Devices", "Dispositivos"),
           help=Text("How many GPUs of this computer share each batch, all or so many. Batch normalisation "
                     "takes its statistics from the whole batch. JAX: the result is that of one device. TensorFlow: so that "
                     "all parts are equal, fewer pictures than there are GPUs may be left out in an epoch, others each time.",
                     "Cuántas GPU de este equipo se reparten cada lote: todas o ese número. La "
                     "normalización por lotes toma sus estadísticas del lote completo. JAX: el resultado es el de un solo "
                     "dispositivo. TensorFlow: para que todas las partes sean iguales, en una época pueden quedar fuera menos "
                     "imágenes que GPU hay, otras cada vez."),
           options=(*(Option(count, same(str(count))) for count in DEVICE_COUNTS), Option("all", Text("All", "Todos")))),
)
