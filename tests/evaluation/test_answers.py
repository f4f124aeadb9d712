"""Kept answers: read back as written; damaged, missing and newer files are problems, never tracebacks."""

from __future__ import annotations

import io
import zipfile

import msgspec
import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.evaluation.answers import picture_results, read_answers, write_answers
from tests.evaluation.material import draw, make_answers


def test_answers_are_read_back_bit_for_bit(tmp_path):
    answers = draw(np.random.default_rng(1), 50, 3)
    write_answers(tmp_path / "a.npz", answers)
    found = read_answers(tmp_path / "a.npz")
    assert found.paths == answers.paths and found.class_names == answers.class_names and found.split == "validation"
    assert (found.labels == answers.labels).all() and (found.probabilities == answers.probabilities).all()
    assert found.probabilities.dtype == np.float32
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def code(path) -> str:
    with pytest.raises(ProblemError) as raised:
        read_answers(path)
    assert raised.value.problems[0].text.es
    return raised.value.problems[0].code


def rewritten(path, **arrays):
    """The file with other arrays."""
    with np.load(path) as old:
        new = {name: arrays.get(name, old[name]) for name in old.files if arrays.get(name, 0) is not None}
    np.savez(path, **new)


def head(path, **fields):
    with np.load(path) as old:
        value = msgspec.json.decode(bytes(old["head"])) | fields
    return np.frombuffer(msgspec.json.encode(value), np.uint8)


def test_damaged_missing_and_newer_files_are_told(tmp_path):
    path = tmp_path / "a.npz"
    assert code(path) == "no_answers"
    write_answers(path, draw(np.random.default_rng(1), 20, 3))
    whole = path.read_bytes()
    for data in (b"", b"PK", whole[:100], whole[:-30], whole.replace(b"labels", b"lables"),
                 whole[:400] + b"\0" * 50 + whole[450:]):
        path.write_bytes(data)
        assert code(path) == "damaged_answers"
    for changes in ({"labels": np.full(20, 3, np.int32)}, {"labels": np.full(20, -1, np.int32)}, {"labels": None},
                    {"labels": np.zeros(19, np.int32)}, {"probabilities": np.zeros((20, 2), np.float32)},
                    {"probabilities": np.full((20, 3), np.nan, np.float32)}, {"probabilities": np.zeros((20, 3))},
                    {"head": np.zeros(4, np.uint8)}):
        path.write_bytes(whole)
        rewritten(path, **changes)
        assert code(path) == "damaged_answers", changes
    path.write_bytes(whole)
    rewritten(path, head=head(path, format=2))
    assert code(path) == "newer_format"
    path.unlink()
    path.mkdir()
    assert code(path) == "damaged_answers"


def test_nothing_is_unpickled_and_no_memory_is_given_away(tmp_path):
    path = tmp_path / "a.npz"
    write_answers(path, draw(np.random.default_rng(1), 20, 3))
    rewritten(path, labels=np.asarray([print] * 20, object))
    assert code(path) == "damaged_answers"
    member = io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (2**40, 2**10)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("probabilities.npy", member.getvalue())
        archive.writestr("labels.npy", member.getvalue())
        archive.writestr("head.npy", member.getvalue())
    assert code(path) == "damaged_answers"


def test_rows_of_pictures_follow_the_answers():
    answers = make_answers([0, 0, 1, 1], [[0.8, 0.2], [0.4, 0.6], [0.5, 0.5], [0.1, 0.9]])
    rows = picture_results(answers)
    assert [row.predicted for row in rows] == [0, 1, 0, 1]
    assert rows[1].loss == pytest.approx(-np.log(0.4)) and rows[1].probability == pytest.approx(0.6)
    some = answers.select(np.asarray([False, True, True, False]))
    assert some.paths == ("1.png", "2.png") and picture_results(some) == rows[1:3]
