"""Networks × formats × the backends that trained them:

    python -m tests.sweeps.export_table PICTURES [FORMAT ...] [NETWORK/BACKEND ...]

Each network is trained for an epoch on a folder of pictures, exported in every format, and reopened by its own runtime. The
table has the largest difference of probabilities from the trained model, where the class is not the same for all pictures the
share, and for whole numbers the accuracy before and after.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.cli import main as program

ATTENTION: Final = """
import keras
inputs = keras.Input((32, 32, 3))
x = keras.layers.Rescaling(1 / 255)(inputs)
x = keras.layers.Conv2D(32, 4, strides=4, activation="relu", name="patches")(x)
x = keras.layers.Reshape((64, 32))(x)
y = keras.layers.LayerNormalization()(x)
y = keras.layers.MultiHeadAttention(2, 16)(y, y)
x = keras.layers.Add()([x, y])
x = keras.layers.Reshape((8, 8, 32))(x)
x = keras.layers.GlobalAveragePooling2D()(x)
model = keras.Model(inputs, keras.layers.Dense(2, activation="softmax")(x))
"""
NETWORKS: Final[dict[str, list[str]]] = {
    "LeNet-5": ["--template", "lenet5"], "small CNN, batch normalisation": ["--template", "small_cnn"],
    "residual": ["--template", "residual"], "Inception": ["--template", "inception"], "attention": ["--template", "small_cnn"],
    "EfficientNet-Lite0": ["--base", "efficientnet_lite0"], "MobileNetV2": ["--template", "mobilenet_v2"],
    "VGG16": ["--template", "vgg16"]}
SMALL: Final = ("LeNet-5", "small CNN, batch normalisation", "residual", "Inception", "attention")


def main(arguments: list[str]) -> int:
    """Print the table; the exit code is 1 where a float export is not within 1e-4, or whole numbers cost more than 2 points."""
    pictures, rows = Path(arguments[0]), [name for name in arguments[1:] if "/" in name]
    names = [name for name in arguments[1:] if "/" not in name] or [entry.id for entry in EXPORTERS if not entry.is_document]
    print(f"| network | trained with | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}")
    faults = 0
    with tempfile.TemporaryDirectory() as folder:
        for backend in ("tensorflow", "torch", "jax"):
            for name, options in NETWORKS.items():
                usual = backend == "tensorflow" or name in SMALL
                if f"{name}/{backend}" in rows or (usual and not rows):
                    cells, wrong = _row(Path(folder), pictures, name, options, backend, names)
                    faults += wrong
                    print(f"| {name} | {backend} | {' | '.join(cells)} |", flush=True)
    print(f"{faults} faults")
    return int(faults > 0)


def _run(*arguments: str) -> list[dict[str, object]]:
    """The JSON lines of a command."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        program([*arguments, "--json"])
    return [json.loads(line) for line in printed.getvalue().splitlines()]


def _row(folder: Path, pictures: Path, name: str, options: list[str], backend: str, formats: list[str]
         ) -> tuple[list[str], int]:
    project = folder / f"{name}-{backend}".replace(" ", "_").replace(",", "")
    # Large architectures are trained for the sake of their weights alone.
    large = ["--set", "recipe.height=96", "--set", "recipe.width=96"] if name in ("MobileNetV2", "VGG16") else []
    _run("new", str(project), "--data", str(pictures), *options, *large)
    if name == "attention":
        source = folder / "attention.py"
        source.write_text(ATTENTION, encoding="utf-8")
        _run("network", str(project), "--from", str(source))
        _run("set", str(project), "dataset.label_mode=categorical")
    _run("set", str(project), "training.epochs=1", f"training.backend={backend}")
    _run("train", str(project))
    cells, wrong = [], 0
    for format in formats:
        done = [line for line in _run("export", str(project), "--format", format, "--to", str(folder / "out" / format))
                if line.get("check")]
        cell, fault = _cell(format, done[0]["check"] if done else None)  # type: ignore[arg-type]
        cells.append(cell)
        wrong += fault
    return cells, wrong


def _cell(format: str, check: dict[str, object] | None) -> tuple[str, bool]:
    if check is None:
        return "–", True
    difference, agreement = float(check["max_abs_difference"]), float(check["top1_agreement"])  # type: ignore[arg-type]
    text = f"{difference:.0e}" + ("" if agreement == 1 else f" ({agreement:.1%})")
    if EXPORTERS[format].least_agreement == 1.0:
        return text, difference > 1e-4 or agreement < 1
    before, after = check["accuracy_before"]["value"], check["accuracy"]["value"]  # type: ignore[index]
    return f"{text}, {before:.1%} → {after:.1%}", before - after > 0.02


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
