"""Who names layers: consumers ask an entry for its traits; a list of names outside the registry is a fault.

Every string constant of the package that equals the id of a layer is counted, by file.
"""

from __future__ import annotations

import ast
from pathlib import Path

import cnnstudio
from cnnstudio.catalog.layers import LAYERS

ROOT = Path(cnnstudio.__file__).parent
REGISTRY = "catalog/layers/"
ALLOWED: dict[str, tuple[int, str]] = {
    "catalog/blocks.py": (34, "draws networks"),
    "catalog/templates/": (66, "draws networks"),
    "catalog/bases/": (122, "draws networks, and lies below the layers"),
    "catalog/torch_helpers.py": (8, "names classes of the printed PyTorch file, of which some are called as layers are"),
    "catalog/torch_modules/": (63, "PyTorch's modules are a foreign vocabulary, mapped to layers"),
    "core/network.py": (3, "defines the types that the project's format itself knows: input, output, base"),
    "interchange/onnx/": (150, "ONNX's operators are a foreign vocabulary, mapped to layers"),
    "interchange/torch_source/": (49, "PyTorch's functions are a foreign vocabulary, and so are the parts of printed layers"),
    "interchange/keras_file/operations.py": (3, "Keras's operations on tensors are a foreign vocabulary"),
    "gui/pages/data/dialogs/add.py": (1, "the word on a button"),
    "gui/pages/network/base_table.py": (1, "the title of a column"),
    "gui/pages/network/inspector.py": (2, "captions of the shapes"),
    "gui/pages/network/layers.py": (1, "the title of a column"),
    "gui/pages/network/views.py": (1, "the title of a column"),
    "gui/pages/learn/benches/": (9, "captions of what is drawn"),
    "learning/benches/architecture/": (14, "draws networks"),
    "learning/benches/activation/": (7, "the names of the functions that are drawn"),
    "learning/benches/convolution/": (1, "the name of a kernel"),
    "learning/benches/regularisation/": (3, "the names of remedies"),
    "learning/benches/tensors/": (2, "the name of an operation of NumPy"),
}
"""The most that a file, or all files of a folder together, may have, and why. Lower it where a name goes."""


def layer_names() -> dict[str, int]:
    """How many string constants equal the id of a layer, by file outside the layers' own."""
    counts = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(REGISTRY):
            continue
        count = sum(isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in LAYERS
                    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        if count:
            counts[name] = count
    return counts


def allowance(name: str) -> str:
    return next((place for place in ALLOWED if name == place or (place.endswith("/") and name.startswith(place))), "")


def test_no_file_names_layers_beyond_its_allowance():
    counts = layer_names()
    totals: dict[str, int] = {}
    for name, count in counts.items():
        place = allowance(name)
        assert place, f"{name} names {count} layers: ask their entries for a trait, or import the entry"
        totals[place] = totals.get(place, 0) + count
    for place, (most, _reason) in ALLOWED.items():
        assert totals.get(place, 0) <= most, (place, totals.get(place, 0))
