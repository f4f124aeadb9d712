"""The bundle: a folder with a model that works without this program."""

from __future__ import annotations

import ast
import contextlib
import functools
import importlib
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import keras
import msgspec
import numpy as np

from cnnstudio import __version__, imaging
from cnnstudio.engine import models
from cnnstudio.engine.bundled_steps import imaging_modules, steps_source
from cnnstudio.engine.bytecode import no_bytecode
from cnnstudio.engine.export_request import Request, keras_probabilities, write_json
from cnnstudio.engine.sources import source_file
from cnnstudio.evaluation.rejection import REJECTIONS

_START: Final = "prepare"
"""The module of imaging whose imports lead to all modules of the pixel path."""
_SCRIPTS: Final = {"cnnstudio.engine.bundle_predict": "predict.py", "cnnstudio.evaluation.answering": "answering.py"}
"""What the bundle runs, beside the pixel path: modules and the names of their copies."""

README: Final = """\
CNN Studio: {classes} classes, pictures of {width} x {height} ({color_mode})

ENGLISH
  python predict.py PATH... [--json] [--top K] [--follow-links]   classifies pictures and folders of pictures
It needs Python 3.11 or newer, Keras 3 with a backend, OpenCV, Pillow and NumPy (and pi-heif for HEIC):
  pip install "keras>=3.12" opencv-python-headless pillow pi-heif numpy tensorflow-cpu
model.keras    the model; takes plain 0-255 pixels of shape (n, {height}, {width}, {channels})
recipe.json    how a file becomes these pixels     pixels/   the code that does it
classes.json   the classes, in the order of the model's outputs, and the calibration of its probabilities
answering.py   the code that applies the calibration and says when the model is not sure
samples/       pictures to try; samples.json holds the probabilities that must come out
check.json     the comparison with the trained model that was made when this folder was written

ESPAÑOL
  python predict.py RUTA... [--json] [--top K] [--follow-links]   clasifica imágenes y carpetas de imágenes
Necesita Python 3.11 o posterior, Keras 3 con un motor, OpenCV, Pillow y NumPy (y pi-heif para HEIC):
  pip install "keras>=3.12" opencv-python-headless pillow pi-heif numpy tensorflow-cpu
model.keras    el modelo; toma píxeles 0-255 sin tratar, de forma (n, {height}, {width}, {channels})
recipe.json    cómo un archivo se convierte en esos píxeles     pixels/   el código que lo hace
classes.json   las clases, en el orden de las salidas del modelo, y la calibración de sus probabilidades
answering.py   el código que aplica la calibración y dice cuándo el modelo no tiene certeza
samples/       imágenes de prueba; samples.json tiene las probabilidades que deben salir
check.json     la comparación con el modelo entrenado que se hizo al escribir esta carpeta
"""


_UNCHECKED: Final = """
UNCHECKED: no real pictures were at hand when this folder was written, so its answers were not compared with those of the
trained model on pictures; there are no samples.
SIN COMPROBAR: no había imágenes reales al escribir esta carpeta, así que sus respuestas no se compararon con las del modelo
entrenado con imágenes; no hay muestras.
"""


def write_bundle(request: Request) -> np.ndarray:
    """Write everything but the check, and return predictions by the written folder alone."""
    card, folder = request.loaded.card, request.path
    recipe, names = card.recipe, card.class_names
    folder.mkdir(parents=True)
    models.copy_model(request.loaded, folder / "model.keras")
    write_json(folder / "recipe.json", recipe.as_dictionary())
    classes: dict[str, Any] = {"class_names": names, "label_mode": card.label_mode}
    if card.calibration is not None:
        classes["calibration"] = msgspec.to_builtins(card.calibration)
        if card.calibration.rejection is not None:
            classes["calibration"]["rejection"]["has_sets"] = REJECTIONS[card.calibration.rejection.kind].has_sets
    write_json(folder / "classes.json", classes)
    _copy_pixel_path(folder / "pixels")
    for module, name in _SCRIPTS.items():
        shutil.copyfile(source_file(module), folder / name)
    (folder / "README.txt").write_text(README.format(
        classes=len(names), width=recipe.width, height=recipe.height, channels=recipe.channels,
        color_mode=recipe.color_mode) + (_UNCHECKED if request.unchecked else ""), encoding="utf-8")
    _write_samples(request, names)
    request.checking()
    with pixel_path(folder) as prepare:
        plain = msgspec.json.decode((folder / "recipe.json").read_bytes())
        pixels = np.stack([prepare(picture.read_bytes(), plain) for picture in request.pictures])
    return keras_probabilities(keras.saving.load_model(folder / "model.keras", compile=False), card, pixels)


def _write_samples(request: Request, names: Sequence[str]) -> None:
    """The first pictures and their expected probabilities."""
    folder, expected = request.path, []
    (folder / "samples").mkdir()
    for number, (picture, row) in enumerate(zip(request.pictures[:request.samples], request.wanted, strict=False), start=1):
        name = f"samples/{number}{picture.suffix.lower()}"
        shutil.copyfile(picture, folder / name)
        expected.append({"path": name, "probabilities": {
            label: float(probability) for label, probability in zip(names, row, strict=True)}})
    write_json(folder / "samples.json", expected)


@contextlib.contextmanager
def pixel_path(folder: Path) -> Iterator[Callable[[bytes, dict[str, Any]], np.ndarray]]:
    """The `prepare` function of the copied modules themselves, not of the program."""
    package = "cnnstudio_exported_pixels"
    place = folder / "pixels"
    spec = importlib.util.spec_from_file_location(package, place / "__init__.py",
                                                  submodule_search_locations=[str(place)])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    try:
        with no_bytecode():
            spec.loader.exec_module(module)
            prepare = importlib.import_module(f"{package}.{_START}").prepare
            yield functools.partial(prepare, steps=importlib.import_module(f"{package}.steps").STEPS)
    finally:
        for name in [name for name in sys.modules if name.split(".", maxsplit=1)[0] == package]:
            del sys.modules[name]


def pixel_modules() -> list[str]:
    """Dotted names, below imaging, of the modules that the pixel path and the steps need, by their relative imports."""
    result: list[str] = []
    waiting = [_START, *imaging_modules()]
    while waiting:
        name = waiting.pop()
        if name in result or not name:
            continue
        result.append(name)
        waiting += relative_imports(source_file(f"{imaging.__name__}.{name}"), name)
    return sorted(result)


def relative_imports(path: Path, name: str) -> list[str]:
    """The modules and packages below imaging that the module of that dotted name imports."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            parents = package.split(".")[:len(package.split(".")) + 1 - node.level] if package else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            modules += [base] if node.module else [".".join([*parents, item.name]) for item in node.names]
    return modules


def _copy_pixel_path(folder: Path) -> None:
    folder.mkdir()
    (folder / "__init__.py").write_text(
        f'"""How CNN Studio {__version__} turns a file into pixels; copied from it unchanged."""\n', encoding="utf-8")
    for name in pixel_modules():
        source = source_file(f"{imaging.__name__}.{name}")
        target = folder.joinpath(*name.split("."))
        target = target / source.name if source.name == "__init__.py" else target.with_suffix(".py")
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)
    (folder / "steps.py").write_text(steps_source(), encoding="utf-8")
