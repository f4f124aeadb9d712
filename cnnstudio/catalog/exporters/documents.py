"""Formats that are no model but say how it was made: a notebook and scripts that train it again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cnnstudio.catalog.exporters.entry import Content, Exporter, same
from cnnstudio.core.text import Text

_BESIDE: Final = Content("train.pictures.jsonl, *.npz",
                         Text("the pictures of the run with their classes and splits, and the weights of its bases",
                              "las imágenes del entrenamiento con sus clases y divisiones, y los pesos de sus bases"))


def _python(path: str) -> Text:
    return same(f'python "{Path(path) / "train.py"}"')


DOCUMENTS: Final = (
    Exporter(
        id="notebook", label=Text("Notebook", "Cuaderno"), framework="keras", group="document",
        writer="cnnstudio.engine.exporting.documents:write_notebook",
        help=Text("A Jupyter notebook that reproduces the run with Keras: pictures, recipe, network, training, curves and the "
                  "test, each step explained.",
                  "Un cuaderno de Jupyter que reproduce el entrenamiento con Keras: imágenes, receta, red, entrenamiento, "
                  "curvas y prueba, con cada paso explicado."),
        contents=(Content("train.ipynb", Text("cells with explanations; it needs Keras, OpenCV and Matplotlib",
                                             "celdas con explicaciones; necesita Keras, OpenCV y Matplotlib")), _BESIDE),
        usage=lambda path: same(f'jupyter lab "{Path(path) / "train.ipynb"}"'), usage_place="terminal"),
    Exporter(
        id="script", label=Text("Keras script", "Script de Keras"), framework="keras", group="document",
        writer="cnnstudio.engine.exporting.documents:write_keras_script",
        help=Text("The whole training as one Keras program: it trains the same network on the same pictures again.",
                  "El entrenamiento entero como un programa de Keras: vuelve a entrenar la misma red con las mismas imágenes."),
        contents=(Content("train.py", Text("recipe, augmentation, network, stages and callbacks",
                                          "receta, aumento, red, etapas y callbacks")), _BESIDE),
        usage=_python, usage_place="terminal"),
    Exporter(
        id="torch_script", label=Text("PyTorch script", "Script de PyTorch"), framework="torch", group="document",
        writer="cnnstudio.engine.exporting.documents:write_torch_script",
        help=Text("The whole training as one PyTorch program.", "El entrenamiento entero como un programa de PyTorch."),
        contents=(Content("train.py", Text("recipe, augmentation, network, stages and callbacks",
                                          "receta, aumento, red, etapas y callbacks")), _BESIDE),
        usage=_python, usage_place="terminal"),
)
