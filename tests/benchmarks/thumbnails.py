"""Thumbnails: ours against a bare OpenCV loop with reduced decoding, one core."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cnnstudio.imaging.thumbnails import thumbnail

ROUNDS = 7
SIDE = 128
PHOTOS = 300
DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "cats_dogs"


def photos() -> list[Path]:
    """Real photos beside the checkout, or painted ones in a temporary folder where there are none."""
    found = sorted(path for path in DATA.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))[:PHOTOS]
    if found:
        return found
    import tempfile
    folder = Path(tempfile.mkdtemp(prefix="cnnstudio-benchmark-"))
    rng = np.random.default_rng(0)
    for number in range(60):
        rough = rng.integers(0, 256, (24, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.jpg"), cv2.resize(rough, (500, 375), interpolation=cv2.INTER_CUBIC))
    return sorted(folder.iterdir())


def bare(path: Path) -> Any:
    """What a careful person writes: the header is not looked at, half of the size fits most photos."""
    data = np.fromfile(path, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_REDUCED_COLOR_2)
    high, wide = picture.shape[:2]
    scale = min(1.0, SIDE / max(high, wide))
    size = (max(1, round(wide * scale)), max(1, round(high * scale)))
    return cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)


def run() -> list[dict[str, Any]]:
    """One row: photos a second on one core."""
    paths = photos()
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    mine, theirs = [], []
    try:
        for path in paths:
            bare(path)
        for _ in range(ROUNDS):
            start = time.perf_counter()
            for path in paths:
                thumbnail(path, SIDE)
            middle = time.perf_counter()
            for path in paths:
                bare(path)
            mine.append(len(paths) / (middle - start))
            theirs.append(len(paths) / (time.perf_counter() - middle))
    finally:
        cv2.setNumThreads(before)
    ours, script = statistics.median(mine), statistics.median(theirs)
    return [{"work": f"thumbnails of {SIDE} pixels, one core", "ours": f"{ours:,.0f} photos/s",
             "script": f"{script:,.0f} photos/s", "ratio": ours / script, "target": ">= 0.9"}]


if __name__ == "__main__":
    for row in run():
        print(f"{row['work']}: {row['ours']} against {row['script']}: {row['ratio']:.2f} (target {row['target']})")
