"""The audit: every kind on painted pictures, thresholds, cancelling, names, and planted defects on real photos."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import tifffile
from PIL import Image

from cnnstudio.catalog.findings import KINDS, LEARNED
from cnnstudio.core.audit import AUDIT_PARAMS, AuditSpec
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets import findings as stored
from cnnstudio.datasets.audit.duplicate_rules import DUPLICATE_KINDS
from cnnstudio.datasets.audit.duplicates import _compare_all, _compare_buckets, connected_groups
from cnnstudio.datasets.audit.file_measures import VERSION
from cnnstudio.datasets.audit.flat import is_flat, scan_flat
from cnnstudio.datasets.audit.measuring import measure, waiting
from cnnstudio.datasets.audit.run import ALL_KINDS, audit, bursts, derive, moved_text
from cnnstudio.datasets.embedding import Embedding
from cnnstudio.datasets.index import Filter, Index
from cnnstudio.datasets.refresh import scan_folder
from cnnstudio.datasets.scan import ListedFile
from cnnstudio.imaging.signature import BYTES, descriptors
from tests.datasets.audit_material import audited, by_kind, paint, save


def test_good_pictures_have_no_findings(root, tmp_path):
    index, result = audited(root, tmp_path)
    assert result == {}
    assert waiting(index) == 0
    assert {item.hash is not None and item.width == 160 for item in index.pictures(index.ids())} == {True}
    index.close()


def spoil(root: Path) -> dict[str, set[str]]:
    """Plant one or two of every kind that needs no network; answers kind: paths."""
    train, test = root / "train", root / "test"
    save(train / "cat" / "blurry.jpg", cv2.GaussianBlur(paint(100), (0, 0), 3))
    save(train / "cat" / "dark.jpg", (paint(101) * 0.25).astype(np.uint8))
    save(train / "cat" / "bright.jpg", (255 - (255 - paint(102)) * 0.2).astype(np.uint8))
    save(train / "cat" / "flat.png", np.clip(paint(103) * 0.08 + 120, 0, 255).astype(np.uint8))
    save(train / "cat" / "plain.png", np.full((120, 160, 3), (90, 140, 200), np.uint8))
    save(train / "dog" / "huge.jpg", paint(104, 1200, 1600))
    save(train / "dog" / "wide.jpg", paint(105, 60, 320))
    save(train / "dog" / "gray.jpg", np.repeat(cv2.cvtColor(paint(106), cv2.COLOR_BGR2GRAY)[..., None], 3, axis=2))
    shutil.copy(train / "cat" / "000.jpg", train / "cat" / "000 copy.jpg")
    save(train / "cat" / "002 small.jpg", cv2.resize(paint(2), (100, 75), interpolation=cv2.INTER_AREA), 60)
    shutil.copy(train / "dog" / "001.jpg", test / "dog" / "seen.jpg")
    save(test / "dog" / "seen small.jpg", cv2.resize(paint(3), (112, 84), interpolation=cv2.INTER_AREA), 60)
    shutil.copy(train / "cat" / "004.jpg", train / "dog" / "other.jpg")
    (train / "dog" / "cut.jpg").write_bytes((train / "dog" / "005.jpg").read_bytes()[:-400])
    (train / "dog" / "words.jpg").write_bytes(b"no picture")
    save(train / "dog" / "lie.png", paint(107)).rename(train / "dog" / "lie.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(paint(108, 160, 120)[..., ::-1]).save(train / "dog" / "turned.jpg", exif=exif, quality=92)
    save(train / "rare" / "1.jpg", paint(109))
    samples = paint(110).astype(np.float32) / 255
    samples[5, 5] = np.nan
    tifffile.imwrite(train / "cat" / "nan.tif", samples, photometric="rgb")
    return {
        "not_numbers": {"train/cat/nan.tif"},
        "blurry": {"train/cat/blurry.jpg"}, "dark": {"train/cat/dark.jpg"}, "bright": {"train/cat/bright.jpg"},
        "low_contrast": {"train/cat/flat.png", "train/cat/plain.png"},
        "flat_as_read": {"train/cat/plain.png"}, "low_information": {"train/cat/plain.png"},
        "odd_size": {"train/dog/huge.jpg"}, "odd_ratio": {"train/dog/wide.jpg"}, "color_mismatch": {"train/dog/gray.jpg"},
        "exact_duplicate": {"train/cat/000 copy.jpg", "test/dog/seen.jpg", "train/dog/other.jpg"},
        "near_duplicate": {"train/cat/002 small.jpg", "test/dog/seen small.jpg"},
        "leakage": {"test/dog/seen.jpg", "test/dog/seen small.jpg"},
        "cross_class_duplicate": {"train/cat/004.jpg", "train/dog/other.jpg"},
        "truncated": {"train/dog/cut.jpg"}, "unreadable": {"train/dog/words.jpg"},
        "wrong_extension": {"train/dog/lie.jpg"}, "orientation": {"train/dog/turned.jpg"},
        "imbalance": {"rare"}, "tiny_class": {"rare"},
    }


def test_every_kind_is_found_and_says_why(root, tmp_path):
    planted = spoil(root)
    index, result = audited(root, tmp_path)
    for kind, paths in planted.items():
        assert paths <= {item.path for item in result[kind]}, kind
    assert {(kind, item.path) for kind, them in result.items() for item in them if item.path not in planted[kind]} == set()
    for them in result.values():
        for item in them:
            assert 0 <= item.score <= 1
            assert item.severity == KINDS[item.kind].severity
            assert item.text.en != item.text.es
            assert "{" not in item.text.en + item.text.es
            assert item.text.en.endswith(".")
    (small,) = [item for item in result["near_duplicate"] if item.path == "train/cat/002 small.jpg"]
    assert small.others == ("train/cat/002.jpg",)
    assert small.data == {"keep": "train/cat/002.jpg"}
    assert "62%" in small.text.en
    (leak,) = [item for item in result["leakage"] if item.path == "test/dog/seen.jpg"]
    assert leak.others == ("train/dog/001.jpg",)
    assert set(planted) | LEARNED == ALL_KINDS
    index.close()


def test_only_limits_what_is_judged(root, tmp_path):
    planted = spoil(root)
    index, result = audited(root, tmp_path, only=frozenset({"dark", "leakage"}))
    assert set(result) == {"dark", "leakage"}
    assert {item.path for item in result["leakage"]} == planted["leakage"]
    # What another audit found of other kinds stays.
    audit(index, root, DatasetSpec(), only=frozenset({"truncated"}))
    assert set(stored.counts(index)) == {"dark", "leakage", "truncated"}
    index.close()


def test_thresholds_move_what_is_affected(root, tmp_path):
    spoil(root)
    index, _found = audited(root, tmp_path)

    def number(kind: str, **thresholds) -> int:
        return len(derive(index, DatasetSpec(audit=AuditSpec(**thresholds)), frozenset({kind})))

    assert number("dark", dark=0.0) == 0 < number("dark") < number("dark", dark=1.0)
    assert number("blurry", blurry=0.0) == 0 < number("blurry") < number("blurry", blurry=10.0)
    assert number("near_duplicate", near_duplicate=0.0) < number("near_duplicate")
    assert number("odd_size", odd_size=100.0) == 0
    assert number("odd_ratio", odd_ratio=100.0) == 0
    index.close()


def test_parameters_and_spec_agree():
    assert {item.name: item.default for item in AUDIT_PARAMS} == msgspec.to_builtins(AuditSpec())
    assert {item.threshold for item in KINDS if item.threshold} <= {item.name for item in AUDIT_PARAMS}
    assert len(KINDS) == 22


@pytest.mark.parametrize("way", range(7))
def test_mirrored_and_turned_twins_are_found_on_demand(root, tmp_path, way):
    picture = paint(6)
    changed = (picture[:, ::-1], picture[::-1, ::-1], picture[::-1], np.rot90(picture), np.rot90(picture, -1),
               picture.swapaxes(0, 1), np.rot90(picture, 2).swapaxes(0, 1))[way]
    save(root / "train" / "cat" / "turned.jpg", np.ascontiguousarray(changed), 80)
    index, result = audited(root, tmp_path)
    assert "near_duplicate" not in result
    result = by_kind(derive(index, DatasetSpec(audit=AuditSpec(flips=True)), ALL_KINDS))
    (twin,) = result["near_duplicate"]
    assert {twin.path, *twin.others} == {"train/cat/006.jpg", "train/cat/turned.jpg"}
    index.close()


def test_a_cancelled_audit_goes_on_where_it_stopped(root, tmp_path):
    spoil(root)
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, root, DatasetSpec())
    total, reported = index.count(), []
    asked = iter(range(17))
    measure(index, root, lambda done, _all: reported.append(done), lambda: next(asked, None) is None)
    done = reported[-1]
    assert 0 < done < total
    assert waiting(index) == total - done
    stopped = audit(index, root, DatasetSpec(), cancelled=lambda: True)
    assert not stopped.complete
    index.close()
    index = Index(tmp_path / "dataset.sqlite")
    ended = audit(index, root, DatasetSpec(), on_progress=lambda done, _all: reported.append(done))
    assert ended.complete
    assert reported[-1] == total - done
    again, whole = audited(root, tmp_path / "other")
    assert ended.counts == {kind: len(them) for kind, them in whole.items()}
    index.close()
    again.close()


def test_a_changed_file_is_measured_again_and_only_that(root, tmp_path):
    index, _found = audited(root, tmp_path)
    save(root / "train" / "cat" / "000.jpg", (paint(0) * 0.2).astype(np.uint8))
    scan_folder(index, root, DatasetSpec())
    assert waiting(index) == 1
    audit(index, root, DatasetSpec())
    assert stored.counts(index)["dark"] == 1
    index.close()


def test_accepted_and_excluded_pictures_are_not_told(root, tmp_path):
    spoil(root)
    index, result = audited(root, tmp_path)
    effect = index.accept("blurry", [item.path for item in result["blurry"]])
    index.exclude(index.ids(Filter(text="dark.jpg")), True)
    audit(index, root, DatasetSpec())
    counts = stored.counts(index)
    assert "blurry" not in counts
    assert "dark" not in counts
    assert effect is not None
    index.close()


def test_twins_stay_together(root, tmp_path):
    spoil(root)
    index, _found = audited(root, tmp_path)
    names = index.groups()
    ids = {item.path: item.id for item in index.pictures(index.ids())}
    assert names[ids["train/cat/002.jpg"]] == names[ids["train/cat/002 small.jpg"]]
    assert names[ids["train/cat/000.jpg"]] == names[ids["train/cat/000 copy.jpg"]]
    assert ids["train/dog/009.jpg"] not in names
    index.close()


def test_the_audit_counts_the_pictures_that_it_puts_into_another_split(tmp_path):
    folder = tmp_path / "loose"
    for number in range(16):
        name = ("cat", "dog")[number % 2]
        picture = paint(number)
        save(folder / name / f"{number:03}.jpg", picture)
        save(folder / name / f"copy of {number:03}.png", picture)
    index = Index(tmp_path / "dataset.sqlite")
    scan_folder(index, folder, DatasetSpec())
    before = {item.path: item.split for item in index.pictures(index.ids())}
    summary = audit(index, folder, DatasetSpec())
    after = {item.path: item.split for item in index.pictures(index.ids())}
    assert summary.moved == sum(before[path] != after[path] for path in before) > 0
    assert str(summary.moved) in moved_text(summary.moved).en
    assert audit(index, folder, DatasetSpec()).moved == 0
    index.close()


def test_bursts_of_one_camera():
    rows = [(1, "a/1.jpg", "2024:05:01 10:00:00"), (2, "a/2.jpg", "2024:05:01 10:00:01"),
            (3, "a/3.jpg", "2024:05:01 10:00:09"), (4, "b/1.jpg", "2024:05:01 10:00:00"), (5, "a/5.jpg", "never")]
    assert bursts(rows) == [(1, 2)]
    assert connected_groups([(1, 2), (4, 5), (2, 3)]) == [[1, 2, 3], [4, 5]]


def test_learned_findings_come_from_an_embedding(root, tmp_path):
    index, _found = audited(root, tmp_path)
    paths = tuple(item.path for item in index.pictures(index.ids()))
    number = len(paths)
    outlier, quality = np.zeros(number, np.float32), np.ones(number, np.float32)
    wrong = np.zeros(number, bool)
    outlier[0], quality[1], wrong[1] = 0.9, 0.05, True
    other = "dog" if "/cat/" in paths[1] else "cat"
    embedding = Embedding(
        model="efficientnet_lite0", layout="pca", paths=paths, hashes=("",) * number, outlier=outlier,
        position=np.zeros((number, 2), np.float32), neighbours=np.zeros((number, 1), np.int32), label_quality=quality,
        mislabeled=wrong, suggested=(other,) * number, classes=("cat", "dog"))
    audit(index, root, DatasetSpec(), embedding=embedding)
    result = by_kind(stored.all_findings(index))
    assert [item.path for item in result["outlier"]] == [paths[0]]
    assert [(item.path, item.data["suggested"]) for item in result["mislabeled"]] == [(paths[1], other)]
    index.relabel(index.ids(Filter(text=paths[1])), other)
    audit(index, root, DatasetSpec(), embedding=embedding)
    assert "mislabeled" not in stored.counts(index)
    index.close()


def test_many_likenesses_are_searched_without_comparing_all_pairs():
    random = np.random.default_rng(1)
    likenesses = random.integers(0, 256, (6000, BYTES), dtype=np.uint8)
    noise = random.integers(-6, 7, (500, BYTES))
    likenesses[5500:] = np.clip(likenesses[:500].astype(int) + noise, 0, 255).astype(np.uint8)
    points = descriptors(likenesses)

    def pairs(search) -> set[tuple[int, int]]:
        return {(int(min(pair)), int(max(pair))) for rows, columns in search(points, points, 0.95)
                for pair in zip(rows, columns, strict=True) if pair[0] != pair[1]}

    exact, quick = pairs(_compare_all), pairs(_compare_buckets)
    assert quick <= exact
    assert len(quick & exact) >= 0.995 * len(exact) >= 490


def test_a_flat_folder_has_no_classes_but_can_be_audited(tmp_path):
    root = tmp_path / "flat"
    for number in range(8):
        save(root / f"{number}.jpg", paint(number))
    shutil.copy(root / "0.jpg", root / "copy.jpg")
    assert is_flat(root)
    index = Index(tmp_path / "dataset.sqlite")
    assert scan_flat(index, root, DatasetSpec()) == 9
    audit(index, root, DatasetSpec())
    assert stored.counts(index) == {"exact_duplicate": 1}
    (root / "1.jpg").unlink()
    assert scan_flat(index, root, DatasetSpec()) == 8
    assert waiting(index) == 0
    (root / "folder").mkdir()
    assert not is_flat(root)
    assert not is_flat(tmp_path / "nowhere")
    index.close()


def test_a_twin_of_a_copy_that_was_left_out_is_still_a_twin(root, tmp_path):
    spoil(root)
    shutil.copy(root / "train" / "cat" / "002.jpg", root / "train" / "cat" / "zz.jpg")
    index, result = audited(root, tmp_path)
    assert {item.path for item in result["near_duplicate"]} == {"train/cat/002 small.jpg", "test/dog/seen small.jpg"}
    index.exclude(index.ids(Filter(text="002.jpg")), True)
    result = by_kind(derive(index, DatasetSpec(), ALL_KINDS))
    (small,) = [item for item in result["near_duplicate"] if item.path == "train/cat/002 small.jpg"]
    assert small.others == ("train/cat/zz.jpg",)
    index.close()


def test_the_copy_with_a_true_ending_is_kept(tmp_path):
    save(tmp_path / "p" / "a" / "true name.jpg", paint(1))
    shutil.copy(tmp_path / "p" / "a" / "true name.jpg", tmp_path / "p" / "a" / "0.png")
    index, result = audited(tmp_path / "p", tmp_path)
    assert [item.path for item in result["exact_duplicate"]] == [item.path for item in result["wrong_extension"]] == ["a/0.png"]
    index.close()


def test_thousands_of_copies_take_no_longer_than_that(tmp_path):
    index = Index(tmp_path / "dataset.sqlite")
    scan = index.begin_scan()
    index.add([ListedFile(f"{number % 2}/{number}.png", str(number % 2), "test" if number % 5 == 0 else "train", 100, 1)
               for number in range(4000)], scan)
    index.end_scan(scan, DatasetSpec())
    ids = list(index.ids())
    index.set_inspected([(item, 8, 8, "same" if place < 2000 else f"{place}", None, None, None)
                         for place, item in enumerate(ids)])
    random = np.random.default_rng(0)
    base = random.integers(0, 256, BYTES)
    with index.transaction() as connection:
        connection.executemany("INSERT INTO measures (picture, signature, version) VALUES (?, ?, ?)", [
            (item, np.clip(base + random.integers(-2, 3, BYTES), 0, 255).astype(np.uint8).tobytes(), VERSION)
            for item in ids])
    result = by_kind(derive(index, DatasetSpec(), DUPLICATE_KINDS))
    assert len(result["exact_duplicate"]) == 1999
    assert len(result["near_duplicate"]) == 2000
    assert len(result["leakage"]) == index.count(Filter(splits=("validation", "test"))) > 800
    assert len(result["cross_class_duplicate"]) > 2000
    assert max(len(item.others) for them in result.values() for item in them) <= 50
    index.close()
