"""Painted pictures, and an audit of a folder of them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets import findings as stored
from cnnstudio.datasets.audit.run import audit
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import scan_folder


def paint(number: int, height: int = 120, width: int = 160) -> np.ndarray:
    """A picture with structure of every size, unlike any of another number."""
    random = np.random.default_rng(number)
    picture = np.full((height, width, 3), 128.0)
    for cells, strength in ((3, 60), (8, 40), (24, 25), (80, 20)):
        rough = random.normal(0, strength, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(rough, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(picture + random.normal(0, 12, picture.shape), 0, 255).astype(np.uint8)


def save(path: Path, picture: np.ndarray, quality: int = 92) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix == ".jpg" else []
    _done, data = cv2.imencode(path.suffix, picture, settings)
    path.write_bytes(data.tobytes())
    return path


def audited(root: Path, base: Path, spec: DatasetSpec | None = None, **more) -> tuple[Index, dict[str, list[Finding]]]:
    base.mkdir(exist_ok=True)
    index = Index(base / "dataset.sqlite")
    scan_folder(index, root, spec or DatasetSpec())
    audit(index, root, spec or DatasetSpec(), **more)
    return index, by_kind(stored.all_findings(index))


def by_kind(found: list[Finding]) -> dict[str, list[Finding]]:
    kinds: dict[str, list[Finding]] = defaultdict(list)
    for item in found:
        kinds[item.kind].append(item)
    return kinds
