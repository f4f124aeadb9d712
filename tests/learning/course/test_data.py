"""The sets of pictures of the course."""

from __future__ import annotations

import functools
import hashlib
from collections import Counter
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.sample import write_digits
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.data.entry import write_set
from cnnstudio.learning.course.reading import course

DRAWN = ("shapes", "shapes_faulty", "textures")


def pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))


def digest(folder: Path) -> str:
    content = b"".join(path.relative_to(folder).as_posix().encode() + path.read_bytes() for path in pictures(folder))
    return hashlib.blake2b(content).hexdigest()


def test_every_set_is_used_and_every_lesson_has_one():
    assert {lesson.file.start.data for lesson in course()} <= set(DATA_SETS.ids())
    assert set(DRAWN) <= {lesson.file.start.data for lesson in course()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The folder of a set, which is written once."""
    return functools.cache(lambda name: write_set(DATA_SETS[name], tmp_path_factory.mktemp(name) / "pictures"))


@pytest.mark.parametrize("data", DATA_SETS, ids=lambda data: data.id)
def test_a_set_has_as_many_pictures_as_it_says_and_names_its_licence(data, written):
    folder = written(data.id)
    assert len(pictures(folder)) == data.pictures
    text = (folder / "LICENSE.txt").read_text("utf-8")
    assert str(data.about) in text and data.licence.strip() in text
    names = [path.name for path in pictures(folder)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", DRAWN)
def test_a_drawn_set_is_the_same_every_time(name, tmp_path, written):
    assert digest(write_set(DATA_SETS[name], tmp_path / "second")) == digest(written(name))


def test_pictures_of_the_user_are_not_mixed_with_those_of_a_lesson(tmp_path):
    own = tmp_path / "pictures" / "cat" / "mine.png"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    with pytest.raises(ProblemError, match="files already"):
        write_set(DATA_SETS["shapes"], tmp_path / "pictures")
    assert [path.name for path in (tmp_path / "pictures").rglob("*.*")] == ["mine.png"]


def test_a_set_that_was_cut_off_is_written_anew(tmp_path):
    data = DATA_SETS["shapes"]

    def stop(folder):
        (folder / "half.png").write_bytes(b"")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_set(msgspec.structs.replace(data, write=stop), tmp_path / "pictures")
    assert len(pictures(write_set(data, tmp_path / "pictures"))) == data.pictures
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_faults_are_where_they_were_planted(tmp_path):
    folder = write_set(DATA_SETS["shapes_faulty"], tmp_path / "pictures")
    faults = DATA_SETS["shapes_faulty"].faults()
    by_name = {path.name: path for path in pictures(folder)}
    assert len(faults.wrong_labels) == 5
    for file, true in faults.wrong_labels.items():
        assert by_name[file].parent.name != true.en and by_name[file].parent.parent.name == "train"
    same = Counter(path.read_bytes() for path in by_name.values())
    assert sum(count == 2 for count in same.values()) == 4, "three copies and one leak have the same bytes"
    for group in (*faults.copies, *faults.leaks):
        first, second = (cv2.imread(str(by_name[name])).astype(int) for name in group)
        assert np.abs(first - second).mean() < 12
    assert all(by_name[first].parts[-3] == by_name[second].parts[-3] for first, second in faults.copies)
    assert all(by_name[first].parts[-3] != by_name[second].parts[-3] for first, second in faults.leaks)
    assert [cv2.imread(str(by_name[name])) for name in faults.unreadable] == [None]


def test_the_colour_of_a_shape_does_not_tell_its_class(tmp_path):
    folder = write_set(DATA_SETS["shapes"], tmp_path / "pictures")
    means = {place.name: np.mean([cv2.imread(str(path)).mean(axis=(0, 1)) for path in pictures(place)], axis=0)
             for place in folder.iterdir() if place.is_dir()}
    # Large shapes are brighter, but no class is of a colour of its own.
    assert all(np.ptp(mean) < 8 for mean in means.values()), means


def test_a_licence_alone_is_no_set(tmp_path):
    folder = tmp_path / "pictures"
    whole = write_set(DATA_SETS["shapes"], tmp_path / "whole")
    folder.mkdir()
    (folder / "LICENSE.txt").write_bytes((whole / "LICENSE.txt").read_bytes())
    with pytest.raises(ProblemError, match="files already"):
        write_set(DATA_SETS["shapes"], folder)
    assert write_set(DATA_SETS["shapes"], whole) == whole
    with pytest.raises(ProblemError, match="files already"):
        write_set(DATA_SETS["textures"], whole)
    pictures(whole)[0].unlink()
    with pytest.raises(ProblemError, match="files already"):
        write_set(DATA_SETS["shapes"], whole)


def test_digits_that_are_missing_are_written_again(tmp_path):
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "LICENSE.txt").write_text("MNIST", encoding="utf-8")
    assert len(pictures(write_digits(folder, 3))) == 30
    pictures(folder)[7].unlink()
    assert len(pictures(write_digits(folder, 3))) == 30
