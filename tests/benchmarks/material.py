"""What the benchmarks of the engine share: folders of distinct pictures, a child that measures, a table."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
STEPS: list[dict[str, Any]] = [
    {"id": "flip", "type": "random_flip", "enabled": True, "params": {"mode": "horizontal"}},
    {"id": "rotation", "type": "random_rotation", "enabled": True, "params": {"factor": 0.1}},
    {"id": "zoom", "type": "random_zoom", "enabled": True, "params": {"height_factor": 0.1, "width_factor": None}},
    {"id": "translation", "type": "random_translation", "enabled": True,
     "params": {"height_factor": 0.1, "width_factor": 0.1}},
]


def measured(module: str, rounds: int) -> dict[str, Any]:
    """What `module.measure(rounds)` prints as its last line, in a process of its own."""
    code = f"from tests.benchmarks import {module}; {module}.measure({rounds})"
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def in_turn(sides: dict[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Median of what each side answers (seconds), the sides taking turns."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            times[name].append(side())
    return {name: statistics.median(each) for name, each in times.items()}


def pictures(folder: Path, source: str, count: int, size: int) -> list[Path]:
    """`count` JPEG files in class folders, no two alike: real pictures, mirrored and turned, then slightly lighter
    each time they repeat; noise where the shared pictures are not there (then decoding is dearer)."""
    import cv2

    found = sorted(path for path in (SHARED / source).rglob("*") if path.is_file()) if SHARED.is_dir() else []
    random = np.random.default_rng(0)
    made = []
    for number in range(count):
        if found:
            origin = found[number % len(found)]
            picture = cv2.imread(str(origin))
            lighter, way = divmod(number // len(found), 8)
            picture = np.rot90(picture[:, ::-1] if way >= 4 else picture, way % 4)
            picture = cv2.convertScaleAbs(np.ascontiguousarray(picture), beta=3 * lighter)
            name = origin.parent.name
        else:
            picture = random.integers(0, 256, (size, size, 3), np.uint8)
            name = f"class{number % 2}"
        path = folder / name / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
        made.append(path)
    return made


def where_from() -> str:
    return "real pictures" if SHARED.is_dir() else "noise: the shared pictures are not there"


def show(rows: list[dict[str, Any]]) -> None:
    """Print a Markdown table."""
    print("| work | ours | script | ratio | target |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row['work']} | {row['ours']} | {row['script']} | {row['ratio']:.2f} | {row['target']} |")
