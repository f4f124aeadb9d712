"""A copy of a folder of class folders with planted defects: `python -m tests.datasets.planting SOURCE TARGET [SEED]`.

SOURCE has train/ and test/ with class folders. What was planted where is written to TARGET.json beside the copy.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np

COUNTS = {"exact": 20, "resized": 20, "flipped": 10, "blurred": 15, "darkened": 10, "truncated": 5, "swapped": 20,
          "leaked": 10}


def read(path: Path) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)


def write(path: Path, picture: np.ndarray, quality: int) -> None:
    _done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    path.write_bytes(data.tobytes())


def plant(source: Path, target: Path, seed: int = 0) -> dict[str, list[str]]:
    """Copy and plant; answers for each defect the paths (relative to `target`) that have it."""
    shutil.copytree(source, target)
    random = np.random.default_rng(seed)
    train = sorted((target / "train").glob("*/*.jpg"))
    classes = sorted({path.parent.name for path in train})
    chosen = [train[place] for place in random.permutation(len(train))[:sum(COUNTS.values())]]
    planted: dict[str, list[str]] = {}
    for name, number in COUNTS.items():
        pictures, chosen = chosen[:number], chosen[number:]
        planted[name] = [str(_plant(name, path, target, classes, random).relative_to(target)) for path in pictures]
    return planted


def _plant(name: str, path: Path, target: Path, classes: list[str], random: np.random.Generator) -> Path:
    """One defect; answers the file that has it."""
    beside = path.with_name(f"{name}_{path.name}")
    if name == "exact":
        shutil.copy(path, beside)
    elif name == "resized":
        picture, scale = read(path), random.uniform(0.5, 0.8)
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        write(beside, cv2.resize(picture, size, interpolation=cv2.INTER_AREA), int(random.integers(40, 76)))
    elif name == "flipped":
        write(beside, read(path)[:, ::-1], 90)
    elif name == "leaked":
        beside = target / "test" / path.parent.name / f"{name}_{path.name}"
        shutil.copy(path, beside)
    elif name == "swapped":
        other = classes[(classes.index(path.parent.name) + 1) % len(classes)]
        beside = path.parent.parent / other / f"{name}_{path.name}"
        path.rename(beside)
    else:
        beside = path
        if name == "blurred":
            write(path, cv2.GaussianBlur(read(path), (0, 0), random.uniform(2.5, 5.0)), 90)
        elif name == "darkened":
            write(path, np.round(read(path) * random.uniform(0.15, 0.3)).astype(np.uint8), 90)
        else:
            data = path.read_bytes()
            path.write_bytes(data[:int(len(data) * random.uniform(0.3, 0.8))])
    return beside


if __name__ == "__main__":
    found = plant(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
    Path(sys.argv[2] + ".json").write_text(json.dumps(found, indent=1), "utf-8")
    print({name: len(paths) for name, paths in found.items()})
