"""The bundle: a folder that classifies pictures without this program."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.exporters import examples
from cnnstudio.catalog.exporters.entry import Content, Exporter, same
from cnnstudio.catalog.exporters.libraries import LITERT, ONNX_RUNTIME, TF2ONNX
from cnnstudio.core.libraries import Library
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text


class BundleEngine(msgspec.Struct, frozen=True, kw_only=True):
    """A runtime of bundles. `runtime` is its module in the engine, which the bundle carries as runtime.py; `writer` writes the
    model inside, called `model`; `needs` is what `pip install` needs besides OpenCV, Pillow and NumPy, `megabytes` about how
    much that takes installed (Linux, 2026), `backend` the backend of Keras that writes the model, "" for that of the run."""

    id: str
    label: Text
    runtime: str
    writer: str
    model: str
    needs: tuple[str, ...]
    megabytes: int
    backend: str = ""
    libraries: tuple[Library, ...] = ()


_EXPORTING: Final = "cnnstudio.engine.exporting"

BUNDLE_ENGINES: Final[Registry[BundleEngine]] = Registry("bundle engine", (
    BundleEngine(id="keras", label=same("Keras"), runtime=f"{_EXPORTING}.runtimes.keras_runtime", model="model.keras",
                 writer=f"{_EXPORTING}.keras_writers:write_copy", needs=("keras>=3.12", "tensorflow-cpu"), megabytes=1300),
    BundleEngine(id="litert", label=same("LiteRT"), runtime=f"{_EXPORTING}.runtimes.litert_runtime", model="model.tflite",
                 writer=f"{_EXPORTING}.litert_writers:write_float32", needs=("ai-edge-litert",), megabytes=60,
                 backend="tensorflow", libraries=(LITERT,)),
    BundleEngine(id="onnx", label=same("ONNX Runtime"), runtime=f"{_EXPORTING}.runtimes.onnx_runtime", model="model.onnx",
                 writer=f"{_EXPORTING}.onnx_writers:write_onnx", needs=("onnxruntime",), megabytes=75, backend="tensorflow",
                 libraries=(TF2ONNX, ONNX_RUNTIME)),
))


def _usage(path: str) -> Text:
    script = Path(path) / "predict.py"
    return Text(f'python "{script}" PICTURE --json', f'python "{script}" IMAGEN --json')


BUNDLE: Final = Exporter(
    id="bundle", label=Text("Bundle", "Paquete"), writer="cnnstudio.engine.exporting.bundle:write_bundle",
    opener="cnnstudio.engine.exporting.bundle_opening:open_bundle", tolerance=1e-4,
    help=Text("A self-contained folder: the model, the recipe, the classes, predict.py, sample pictures with the "
              "expected predictions, and the result of the check.",
              "Una carpeta autónoma: el modelo, la receta, las clases, predict.py, imágenes de muestra con las "
              "predicciones esperadas y el resultado de la comprobación."),
    contents=(
        Content("model.keras / .tflite / .onnx", Text("the model for the chosen engine; takes pixels from 0 to 255",
                                                      "el modelo para el motor elegido; recibe píxeles de 0 a 255")),
        Content("recipe.json, classes.json", Text("how a file is turned into pixels, and the classes",
                                                  "cómo un archivo se convierte en píxeles, y las clases")),
        Content("predict.py, runtime.py, answering.py, pixels/",
                Text("classifies pictures; needs only the engine, OpenCV, Pillow and NumPy",
                     "clasifica imágenes; solo necesita el motor, OpenCV, Pillow y NumPy")),
        Content("samples/, samples.json", Text("sample pictures with the expected predictions",
                                               "imágenes de muestra con las predicciones esperadas")),
        Content("check.json, expected.json, README.txt",
                Text("the result of the check, the expected answers, and how to use the bundle",
                     "el resultado de la comprobación, las respuestas esperadas y cómo usar el paquete"))),
    usage=_usage, usage_place="terminal", has_samples=True, temperature_inside=False, engines=tuple(BUNDLE_ENGINES.ids()),
    as_model=True,
    examples=examples.BUNDLE)
