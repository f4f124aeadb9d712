"""Shapes with planted faults: wrong labels, copies, pictures in training and test at once, a file that is no picture."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import cv2
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.learning.course.data.entry import DataSet, Faults, write_picture
from cnnstudio.learning.course.data.shapes import CLASSES, draw_shape

_TRAIN: Final = 50
"""Training pictures of each class, before faults are planted."""
_TEST: Final = 15
_SEED: Final = 7_319
_WRONG: Final = 5
_EXACT: Final = 3
_NEAR: Final = 3
_LEAKS: Final = 4


class _Plan(NamedTuple):
    """Where each picture lies: (split, class by which it lies there, true class, file), and the copies as (split, file,
    original, whether the same bytes)."""

    pictures: list[tuple[str, Text, Text, str]]
    copies: list[tuple[str, str, int, bool]]
    unreadable: tuple[str, str]
    faults: Faults


def _plan() -> _Plan:
    rng = np.random.default_rng(_SEED)
    total = (_TRAIN + _TEST) * len(CLASSES) + _EXACT + _NEAR + _LEAKS + 1
    numbers = iter(rng.permutation(total).tolist())
    pictures = [(split, name, name, f"{next(numbers):04d}.png")
                for split, each in (("train", _TRAIN), ("test", _TEST)) for name in CLASSES for _ in range(each)]
    training = [place for place, (split, *_rest) in enumerate(pictures) if split == "train"]
    chosen = iter(rng.permutation(training).tolist())
    wrong: dict[str, Text] = {}
    for _ in range(_WRONG):
        place = next(chosen)
        split, _lies, true, file = pictures[place]
        others = [name for name in CLASSES if name is not true]
        pictures[place] = (split, others[int(rng.integers(len(others)))], true, file)
        wrong[file] = true
    copies = []
    groups: dict[str, list[tuple[str, ...]]] = {"train": [], "test": []}
    for number in range(_EXACT + _NEAR + _LEAKS):
        original, file = next(chosen), next(numbers)
        split = "train" if number < _EXACT + _NEAR else "test"
        same_bytes = number < _EXACT or number == _EXACT + _NEAR
        name = f"{file:04d}.png" if same_bytes else f"{file:04d}.jpg"
        copies.append((split, name, original, same_bytes))
        groups[split].append((pictures[original][3], name))
    unreadable = ("train", f"{next(numbers):04d}.png")
    faults = Faults(wrong_labels=wrong, copies=tuple(groups["train"]), leaks=tuple(groups["test"]),
                    unreadable=(unreadable[1],))
    return _Plan(pictures, copies, unreadable, faults)


def _write(folder: Path) -> None:
    plan = _plan()
    rng = np.random.default_rng(_SEED + 1)
    drawn = []
    for split, lies, true, file in plan.pictures:
        drawn.append(draw_shape(true.en, rng))
        write_picture(folder / split / str(lies) / file, drawn[-1])
    for split, file, original, same_bytes in plan.copies:
        # A copy that somebody saved again a little brighter: other bytes, the same picture.
        picture = drawn[original] if same_bytes else cv2.convertScaleAbs(drawn[original], alpha=1.0, beta=6)
        write_picture(folder / split / str(plan.pictures[original][1]) / file, picture, quality=90)
    split, file = plan.unreadable
    broken = folder / split / str(CLASSES[0]) / file
    write_picture(broken, drawn[0])
    broken.write_bytes(broken.read_bytes()[:200])


def faults() -> Faults:
    """What is planted in the set."""
    return _plan().faults


FAULTY_SHAPES: Final = DataSet(
    id="shapes_faulty", title=Text("Shapes with faults", "Figuras con fallos"), licence="CC0 1.0",
    pictures=(_TRAIN + _TEST) * len(CLASSES) + _EXACT + _NEAR + _LEAKS + 1, write=_write, faults=faults,
    about=Text("271 drawn shapes in which faults are planted on purpose, as real collections have them: wrong labels, copies, "
               "test pictures that are among the training pictures, and a damaged file.",
               "271 figuras dibujadas en las que se han puesto fallos a propósito, como los que tienen las colecciones reales: "
               "etiquetas equivocadas, copias, imágenes de prueba que también están entre las de entrenamiento y un archivo "
               "dañado."))
