"""The registry of export formats, for the Export page and the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import msgspec

from cnnstudio.catalog.backends import TORCH
from cnnstudio.core.libraries import Library, install_fix, install_hint, is_available
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

DRAWINGS: Final = (".svg", ".pdf", ".png")
"""The suffixes of a drawing of the network; the suffix selects the format."""
Device = Literal["cpu", "gpu"]


class Content(msgspec.Struct, frozen=True):
    """One file of an export, or a part of it, and what it is."""

    name: str
    text: Text


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """A format. `suffix` is that of the file; "" for a folder.

    `writer` and `recognizer` are functions of the engine as "module:name", which only its process resolves.
    `writer(request)` writes the export to `request.path`, reopens it and gives its answers, (n, classes) probabilities for
    `request.pictures`; the export is kept where they are within `tolerance` of the trained model's.
    `recognizer(path)` says whether a file of this format is an earlier export of ours; folders have check.json.
    `usage` gives a line to use the export at that path, in a terminal or in Python. `devices`: where it can run.
    `temperature_inside`: a calibrated temperature becomes a part of the weights, so that the outputs of the export itself are
    calibrated; else its own script applies it. `has_samples`: the user chooses how many sample pictures it carries.
    """

    id: str
    label: Text
    help: Text
    suffix: str = ""
    writer: str
    recognizer: str = ""
    tolerance: float = 1e-5
    contents: tuple[Content, ...]
    libraries: tuple[Library, ...] = ()
    devices: tuple[Device, ...] = ("cpu", "gpu")
    usage: Callable[[str], Text]
    usage_place: Literal["terminal", "python"] = "python"
    has_samples: bool = False
    temperature_inside: bool = True

    @property
    def folder(self) -> bool:
        return not self.suffix

    def missing_libraries(self) -> tuple[Problem, ...]:
        """A problem for every missing library."""
        return tuple(_missing(self, library) for library in self.absent_libraries())

    def absent_libraries(self) -> tuple[Library, ...]:
        """The libraries it needs that are not installed."""
        return tuple(library for library in self.libraries if not is_available(library))


def _missing(entry: Exporter, library: Library) -> Problem:
    text = Text("An export of the format {label} is reopened and compared before it is kept, which needs {name}, which is not "
                "installed. {install} {hint}",
                "Una exportación en el formato {label} se reabre y se compara antes de conservarla, para lo que hace falta "
                "{name}, que no está instalado. {install} {hint}")
    return error(f"{library.module}_missing", text.fill(label=entry.label, name=library.name, hint=library.hint,
                                                        install=install_hint(library)), "project", field="format",
                 fixes=(install_fix(library),))


_BESIDE_SOURCE: Final = (
    Content("weights.npz", Text("the trained weights; load_weights loads them", "los pesos entrenados; load_weights "
                                                                               "los carga")),
    Content("recipe.json, check.json", Text("how a file is turned into pixels, the classes, and the result of the check",
                                            "cómo un archivo se convierte en píxeles, las clases y el resultado de la "
                                            "comprobación")),
)


def _bundle_usage(path: str) -> Text:
    script = Path(path) / "predict.py"
    return Text(f'python "{script}" PICTURE --json', f'python "{script}" IMAGEN --json')


def _same(line: str) -> Text:
    return Text(line, line)


EXPORTERS: Final[Registry[Exporter]] = Registry("exporter", (
    Exporter(
        id="bundle", label=Text("Bundle", "Paquete"), writer="cnnstudio.engine.bundle:write_bundle",
        help=Text("A self-contained folder: the model, the recipe, the classes, predict.py, sample pictures with the "
                  "expected predictions, and the result of the check.",
                  "Una carpeta autónoma: el modelo, la receta, las clases, predict.py, imágenes de muestra con las "
                  "predicciones esperadas y el resultado de la comprobación."),
        contents=(
            Content("model.keras", Text("the model; takes pixels from 0 to 255", "el modelo; recibe píxeles de 0 a 255")),
            Content("recipe.json, classes.json", Text("how a file is turned into pixels, and the classes",
                                                      "cómo un archivo se convierte en píxeles, y las clases")),
            Content("predict.py, answering.py, pixels/", Text("classifies pictures; needs only Keras, OpenCV, Pillow and NumPy",
                                                "clasifica imágenes; solo necesita Keras, OpenCV, Pillow y NumPy")),
            Content("samples/, samples.json", Text("sample pictures with the expected predictions",
                                                   "imágenes de muestra con las predicciones esperadas")),
            Content("check.json, README.txt", Text("the result of the check, and how to use the bundle",
                                                   "el resultado de la comprobación y cómo usar el paquete"))),
        usage=_bundle_usage, usage_place="terminal", has_samples=True, temperature_inside=False),
    Exporter(
        id="keras", label=Text("Keras model", "Modelo de Keras"), suffix=".keras",
        writer="cnnstudio.engine.keras_writers:write_model", recognizer="cnnstudio.engine.keras_writers:is_our_model",
        help=Text("One .keras file for Keras 3. It takes pixels from 0 to 255 and contains the recipe and the "
                  "classes.",
                  "Un archivo .keras para Keras 3. Recibe píxeles de 0 a 255 y contiene la receta y las clases."),
        contents=(
            Content("model.weights.h5, config.json", Text("the model with its normalisation; takes pixels from 0 to "
                                                          "255",
                                                          "el modelo con su normalización; recibe píxeles de 0 a 255")),
            Content("cnnstudio.json", Text("recipe and classes, inside the same file",
                                           "la receta y las clases, dentro del mismo archivo")),
            Content("keras.saving.load_model", Text("opens the model, with any backend of Keras 3",
                                                    "abre el modelo, con cualquier motor de Keras 3"))),
        usage=lambda path: _same(f"keras.saving.load_model({path!r})")),
    Exporter(
        id="keras_source", label=Text("Keras source",
                                      "Código de Keras"), writer="cnnstudio.engine.keras_writers:write_source",
        help=Text("A folder with the network as readable Keras code, its trained weights (.npz, nothing pickled) and the "
                  "recipe.",
                  "Una carpeta con la red como código de Keras legible, sus pesos entrenados (.npz, sin pickle) y la "
                  "receta."),
        contents=(Content("network.py", Text("the network as code; takes pixels from 0 to 255",
                                             "la red como código; recibe píxeles de 0 a 255")), *_BESIDE_SOURCE),
        usage=lambda _path: _same('from network import load_weights, model; load_weights(model, "weights.npz")')),
    Exporter(
        id="torch", label=Text("PyTorch source", "Código de PyTorch"), writer="cnnstudio.engine.torch_writers:write_source",
        # Another library adds up in another order.
        tolerance=1e-4,
        help=Text("A folder with the network as a PyTorch module, its trained weights (.npz, nothing pickled) and "
                  "the recipe. The comparison needs PyTorch on this computer.",
                  "Una carpeta con la red como módulo de PyTorch, sus pesos entrenados (.npz, sin pickle) y la "
                  "receta. La comparación necesita PyTorch en este equipo."),
        contents=(Content("network.py", Text("the network as a module; takes pixels from 0 to 255, channels first",
                                             "la red como módulo; recibe píxeles de 0 a 255, canales primero")),
                  *_BESIDE_SOURCE),
        libraries=(msgspec.structs.replace(TORCH, hint=Text(
            "The source without weights can be written without PyTorch: cnnstudio code --framework torch.",
            "El código sin pesos se puede escribir sin PyTorch: cnnstudio code --framework torch.")),),
        usage=lambda _path: _same('network = Network(); load_weights(network, "weights.npz")')),
))
