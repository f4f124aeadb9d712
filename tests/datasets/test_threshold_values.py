"""The values that thresholds divide: as many lie beyond a threshold as the audit then finds."""

from __future__ import annotations

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.core.audit import AUDIT_PARAMS
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.params import find_param
from cnnstudio.datasets.audit.run import ALL_KINDS, audit, derive
from cnnstudio.datasets.audit.threshold_values import MEASURED, NEAR, near_values, threshold_values
from cnnstudio.datasets.embedding import Embedding
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.refresh import scan_folder
from tests.datasets.audit_material import paint, save

GRID = (0.0, 0.02, 0.05, 0.1, 0.12, 0.2, 0.29, 0.36, 0.4, 0.5, 0.6, 0.72, 0.9, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5,
        7.5, 10.0, 20.0, 50.0)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    base = tmp_path_factory.mktemp("thresholds")
    root = base / "pictures"
    for number in range(26):
        side = 96 + 8 * (number % 4)
        save(root / "ab"[number % 2] / f"{number:02d}.jpg", paint(number, side, side + 30))
    save(root / "a" / "blurred.jpg", cv2.GaussianBlur(paint(50), (0, 0), 3))
    save(root / "a" / "hazy.jpg", cv2.GaussianBlur(paint(53), (0, 0), 1))
    save(root / "a" / "dark.jpg", (paint(51) * 0.12).astype(np.uint8))
    save(root / "b" / "bright.jpg", (215 + paint(52) * 0.15).astype(np.uint8))
    save(root / "b" / "flat.png", np.full((120, 160, 3), 128, np.uint8))
    save(root / "b" / "wide.jpg", paint(54, 40, 400))
    save(root / "b" / "huge.jpg", paint(55, 900, 1200))
    save(root / "b" / "copy.jpg", paint(3, 120, 150), 35)
    save(root / "a" / "copy.jpg", cv2.resize(paint(4, 96, 126), (100, 76), interpolation=cv2.INTER_AREA), 60)
    (root / "a" / "same.jpg").write_bytes((root / "b" / "copy.jpg").read_bytes())
    save(root / "rare" / "one.jpg", paint(60))
    index = Index(base / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    audit(index, root, DatasetSpec())
    paths = tuple(row[0] for row in index.rows("SELECT path FROM pictures ORDER BY path"))
    random = np.random.default_rng(5)
    count = len(paths)
    embedding = Embedding(
        model="m", layout="tsne", paths=paths, hashes=("",) * count, position=np.zeros((count, 2), np.float32),
        outlier=random.random(count).astype(np.float32), neighbours=np.zeros((count, 1), np.int32),
        label_quality=random.random(count).astype(np.float32), mislabeled=random.random(count) < 0.4,
        suggested=tuple(random.choice(["a", "b"], count)), classes=("a", "b", "rare"))
    yield index, embedding
    index.close()


def measured(collection, spec=None):
    index, embedding = collection
    spec = spec or DatasetSpec()
    return threshold_values(index, spec, embedding) | {NEAR: near_values(index, spec)}


@pytest.mark.parametrize("name", MEASURED)
def test_beyond_a_threshold_lie_as_many_as_the_audit_finds(collection, name):
    index, embedding = collection
    param = find_param(AUDIT_PARAMS, name)
    values = measured(collection)[name]
    seen = set()
    for grid in (*GRID, getattr(DatasetSpec().audit, name)):
        threshold = int(grid) if name == "tiny_class" else grid
        if param.error_text(threshold) is not None or (name == NEAR and threshold > 0.3):
            continue
        spec = DatasetSpec(audit=msgspec.structs.replace(DatasetSpec().audit, **{name: threshold}))
        found = [finding for finding in derive(index, spec, frozenset({name}) & ALL_KINDS, embedding) if finding.kind == name]
        assert values.count(threshold) == len(found), threshold
        seen.add(len(found))
    assert len(seen) > 1


def test_found_pictures_are_those_beyond_the_line(collection):
    index, _embedding = collection
    dark = measured(collection)["dark"]
    names = [picture.name for picture in index.pictures(list(dark.pictures[:dark.count(0.36)]))]
    assert names == ["dark.jpg"]
    assert list(dark.values) == sorted(dark.values)
    assert len(dark.pictures) == len(dark.values)


def test_in_a_collection_of_small_values_the_axis_is_that_of_the_threshold(tmp_path):
    root = tmp_path / "digits"
    for number in range(30):
        picture = np.zeros((28, 28, 3), np.uint8)
        cv2.putText(picture, str(number % 10), (6, 21), cv2.FONT_HERSHEY_SIMPLEX, 0.6 + number / 100, (255, 255, 255), 2)
        save(root / "a" / f"{number}.png", picture)
    save(root / "a" / "empty.png", np.zeros((28, 28, 3), np.uint8))
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    audit(index, root, DatasetSpec())
    values = threshold_values(index, DatasetSpec())["low_information"]
    assert values.scale < 1
    for threshold in (1.0, 3.0, 5.0, 6.0, 7.5):
        spec = DatasetSpec(audit=msgspec.structs.replace(DatasetSpec().audit, low_information=threshold))
        found = [item for item in derive(index, spec, frozenset({"low_information"})) if item.kind == "low_information"]
        assert values.count(threshold) == len(found)
    index.close()


def test_without_measures_and_features_there_are_no_values(tmp_path):
    save(tmp_path / "pictures" / "a" / "1.jpg", paint(1))
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, tmp_path / "pictures", DatasetSpec())
    values = threshold_values(index, DatasetSpec())
    assert values["blurry"] is None
    assert values["outlier"] is None
    assert values["imbalance"] is None
    assert values["tiny_class"].count(2) == 1
    assert near_values(index, DatasetSpec()) is None
    index.close()
