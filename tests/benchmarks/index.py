"""Index: a folder of 60,000 pictures to the first filled grid and to the whole index, against scandir and stat."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.datasets.scan import Listing

PICTURES, CLASSES, ROUNDS = 60_000, 10, 5


def collection(root: Path) -> Path:
    """60,000 files in ten class folders: links to one small picture, as only names and sizes are looked at."""
    data = cv2.imencode(".png", np.zeros((32, 32, 3), np.uint8))[1].tobytes()
    for number in range(CLASSES):
        folder = root / f"class{number}"
        folder.mkdir(parents=True)
        first = folder / "0.png"
        first.write_bytes(data)
        for each in range(1, PICTURES // CLASSES):
            os.link(first, folder / f"{each}.png")
    return root


def bare(root: Path) -> int:
    """scandir and stat of every file."""
    total = 0
    for folder in os.scandir(root):
        for entry in os.scandir(folder.path):
            total += entry.stat().st_size > 0
    return total


def first_grid(root: Path, place: Path) -> None:
    """From nothing to the rows of the first screen."""
    index = Index(place)
    scan = index.begin_scan()
    for chunk in Listing(root, DatasetSpec()):
        index.add(chunk, scan)
        break
    index.pictures(index.ids()[:60])
    index.close()


def whole(root: Path, place: Path) -> None:
    index = Index(place)
    scan_folder(index, root, DatasetSpec())
    index.pictures(index.ids()[:60])
    index.close()


def timed(work: Any, *arguments: Any) -> float:
    start = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - start


def run() -> list[dict[str, Any]]:
    """Two rows: the first filled grid, and the complete index with splits."""
    with tempfile.TemporaryDirectory() as folder:
        root = collection(Path(folder) / "pictures")
        bare(root)
        first, complete, script = [], [], []
        for number in range(ROUNDS):
            first.append(timed(first_grid, root, Path(folder) / f"first{number}.sqlite"))
            complete.append(timed(whole, root, Path(folder) / f"whole{number}.sqlite"))
            script.append(timed(bare, root))
    base = statistics.median(script)
    rows = []
    for work, times, target in (("index 60,000 pictures: first filled grid", first, "<= 2"),
                                ("index 60,000 pictures: all rows and splits", complete, "-")):
        ours = statistics.median(times)
        rows.append({"work": work, "ours": f"{ours:.2f} s", "script": f"{base:.2f} s (scandir and stat)",
                     "ratio": ours / base, "target": target})
    return rows


if __name__ == "__main__":
    for row in run():
        print(f"{row['work']}: {row['ours']} against {row['script']}: {row['ratio']:.2f} (target {row['target']})")
