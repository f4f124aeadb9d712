"""Array files as people save them, written out as pictures with exactly their pixels."""

from __future__ import annotations

import gzip
import os
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sources.arrays import find_arrays, unpack_arrays
from cnnstudio.datasets.sources.kinds import as_sources, describe, kind_of, takes, unpack

RANDOM = np.random.default_rng(3)
GREY = RANDOM.integers(0, 256, (6, 10, 12), np.uint8)
COLOR = RANDOM.integers(0, 256, (6, 10, 12, 3), np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])


def saved(tmp_path: Path, **arrays) -> Path:
    np.savez_compressed(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


def pictures(folder: Path) -> dict[str, np.ndarray]:
    result = {}
    for path in sorted(folder.rglob("*.png")):
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        result[path.relative_to(folder).as_posix()] = picture if picture.ndim == 2 else picture[:, :, ::-1]
    return result


def test_keras_names_make_split_folders(tmp_path):
    path = saved(tmp_path, x_train=GREY, y_train=LABELS, x_test=GREY[:2], y_test=LABELS[:2, None])
    assert (kind_of(path), describe(path).pictures) == ("arrays", 8)
    result = pictures(unpack(path, tmp_path / "out"))
    assert set(result) == {"train/0/000000.png", "train/0/000001.png", "train/1/000000.png", "train/1/000001.png",
                           "train/2/000000.png", "train/2/000001.png", "test/0/000000.png", "test/1/000000.png"}
    assert (result["train/1/000001.png"] == GREY[4]).all()
    assert (result["test/1/000000.png"] == GREY[1]).all()


@pytest.mark.parametrize(("given", "wanted"), [
    (COLOR, COLOR), (COLOR.transpose(0, 3, 1, 2), COLOR), (COLOR / np.float32(255), COLOR), (GREY[..., None], GREY),
    (COLOR.astype(np.float64), COLOR), (COLOR.astype(np.int64), COLOR),
    (GREY.astype(np.uint16) * 257, GREY.astype(np.uint16) * 257),
    (GREY / 127.5 - 1, GREY), (np.asfortranarray(COLOR), COLOR), (GREY > 99, (GREY > 99) * np.uint8(255)),
    (GREY.astype(">f4"), GREY)])
def test_numbers_and_orders(tmp_path, given, wanted):
    result = pictures(unpack(saved(tmp_path, images=given, labels=LABELS), tmp_path / "out"))
    assert (result["2/000001.png"] == wanted[5]).all()
    assert (result["0/000000.png"] == wanted[0]).all()


def test_labels_of_every_kind(tmp_path):
    names = np.array(["gato", "perro", "a/b"])
    for number, (labels, extra, wanted) in enumerate((
            (LABELS, {"class_names": names}, {"gato", "perro", "a_b"}), (np.eye(3)[LABELS], {}, {"0", "1", "2"}),
            (names[LABELS], {}, {"gato", "perro", "a_b"}), (LABELS.astype(float), {}, {"0", "1", "2"}),
            (np.array([b"x", b"Y", b"y", b"x", b"x", b"x"]), {}, {"x", "Y", "y (2)"}),
            (LABELS > 0, {}, {"0", "1"}))):
        path = saved(tmp_path, X=GREY, y=labels, **extra)
        assert set(os.listdir(unpack(path, tmp_path / str(number)))) == wanted


def test_files_that_belong_together(tmp_path):
    for name, array in (("x_train", GREY), ("y_train", LABELS), ("x_test", GREY[:3]), ("y_test", LABELS[:3])):
        np.save(tmp_path / f"{name}.npy", array)
    assert len(pictures(unpack(tmp_path / "y_test.npy", tmp_path / "one"))) == 9
    only = tmp_path / "only"
    only.mkdir()
    for path in tmp_path.glob("*.npy"):
        path.rename(only / path.name)
    assert kind_of(only) == "arrays"
    assert len(pictures(unpack(only, tmp_path / "two"))) == 9


def test_rows_of_numbers_are_square_pictures(tmp_path):
    result = pictures(unpack(saved(tmp_path, data=GREY[:, :8, :8].reshape(6, 64), target=LABELS), tmp_path / "out"))
    assert (result["1/000001.png"] == GREY[4, :8, :8]).all()


def idx(path: Path, array: np.ndarray) -> None:
    data = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def test_mnist_files_find_each_other(tmp_path):
    for ending in ("", ".gz"):
        place = tmp_path / f"idx{ending}"
        place.mkdir()
        idx(place / f"train-images-idx3-ubyte{ending}", GREY)
        idx(place / f"train-labels-idx1-ubyte{ending}", LABELS)
        idx(place / f"t10k-images-idx3-ubyte{ending}", GREY[:2])
        idx(place / f"t10k-labels-idx1-ubyte{ending}", LABELS[:2])
        result = describe(place / f"train-images-idx3-ubyte{ending}")
        assert (result.kind, result.pictures, result.usable) == ("arrays", 8, True)
        written = pictures(unpack(place / f"train-images-idx3-ubyte{ending}", tmp_path / f"out{ending}"))
        assert (written["train/2/000001.png"] == GREY[5]).all()
        assert (written["test/1/000000.png"] == GREY[1]).all()
        assert takes([place])
    idx(tmp_path / "emnist-letters-train-images-idx3-ubyte", GREY)
    idx(tmp_path / "emnist-letters-train-labels-idx1-ubyte", LABELS)
    turned = pictures(unpack(tmp_path / "emnist-letters-train-images-idx3-ubyte", tmp_path / "emnist"))
    assert (turned["train/0/000000.png"] == GREY[0].T).all()


def refused(path: Path, target: Path) -> str:
    with pytest.raises(ProblemError) as problem:
        unpack(path, target)
    assert not target.exists()
    assert not [item for item in os.listdir(target.parent) if item.endswith(".writing")]
    assert describe(path).problems or path.suffix == ".npz"
    return problem.value.problems[0].code


def test_other_arrays_in_the_folder_do_no_harm(tmp_path):
    np.save(tmp_path / "x.npy", GREY)
    np.save(tmp_path / "y.npy", LABELS)
    np.save(tmp_path / "notes.npy", np.array([{"a": 1}], object), allow_pickle=True)
    assert len(pictures(unpack(tmp_path / "x.npy", tmp_path / "out"))) == 6
    # The labels themselves and a part of the collection must not be left out in silence.
    (tmp_path / "x_test.npy").write_bytes(b"cut")
    assert refused(tmp_path / "x.npy", tmp_path / "out2") == "cannot_read"
    (tmp_path / "x_test.npy").unlink()
    np.save(tmp_path / "y.npy", np.array(["a", {}], object), allow_pickle=True)
    assert refused(tmp_path / "x.npy", tmp_path / "out2") == "cannot_read"


def test_what_cannot_be_pictures(tmp_path):
    out = tmp_path / "out"
    assert refused(saved(tmp_path, x=GREY), out) == "no_labels"
    assert refused(saved(tmp_path, x=GREY, y=LABELS[:4]), out) == "no_labels"
    assert refused(saved(tmp_path, table=np.zeros((9, 3)), y=np.zeros(9)), out) == "no_pictures"
    assert refused(saved(tmp_path, x=np.full((6, 9, 9), np.nan), y=LABELS), out) == "not_numbers"
    assert refused(saved(tmp_path, x=GREY, y=LABELS + 0.5), out) == "no_labels"
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00{")
    assert refused(tmp_path / "cut.npy", out) == "cannot_read"
    (tmp_path / "x-ubyte").write_bytes(b"\0\0\x08\x03\xff\xff\xff\xff")
    assert refused(tmp_path / "x-ubyte", out) == "cannot_read"


def test_nothing_is_unpickled(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "evil"),)

    np.savez(tmp_path / "data.npz", x=GREY, y=np.array([Evil()] * 6, object))
    with pytest.raises(ProblemError) as problem:
        unpack(tmp_path / "data.npz", tmp_path / "out")
    assert "foreign code" in problem.value.problems[0].text.en
    assert not (tmp_path / "evil").exists()


def test_a_head_that_lies_costs_nothing(tmp_path):
    head = b"{'descr': '|u1', 'fortran_order': False, 'shape': (900000, 3000, 3000), }"
    head += b" " * (118 - len(head) - 1) + b"\n"
    (tmp_path / "x.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + b"\0" * 1000)
    np.save(tmp_path / "y.npy", np.zeros(900000, np.uint8))
    with pytest.raises(ProblemError) as problem:
        unpack_arrays([tmp_path / "x.npy", tmp_path / "y.npy"], tmp_path / "out")
    assert problem.value.problems[0].code in ("no_space", "cannot_read")


def test_sources_are_used_as_they_are_or_unpacked(tmp_path):
    (tmp_path / "cat").mkdir()
    path = saved(tmp_path, x=GREY, y=LABELS)
    assert as_sources([tmp_path / "cat", path], tmp_path / "into") == [tmp_path / "cat", tmp_path / "into" / "data"]
    assert as_sources([path], tmp_path / "into") == [tmp_path / "into" / "data 2"]
    (tmp_path / "note.txt").write_text("x")
    with pytest.raises(ProblemError) as fault:
        as_sources([tmp_path / "note.txt", path, tmp_path / "gone"], tmp_path / "into")
    assert [problem.code for problem in fault.value.problems] == ["not_a_source", "not_a_source"]
    assert len(os.listdir(tmp_path / "into")) == 2
    assert find_arrays([path]).pictures == 6
