"""The prepared-pixel store: computed once, found by content, and never the reason that a training ends."""

from __future__ import annotations

import errno
import os
import shutil

import numpy as np
import pytest

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core.item import Step
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import pixels, store
from cnnstudio.engine.pixels import cached_rows, notices, prepare_pictures, recipe_digest
from cnnstudio.engine.store import Store, make_room
from tests.engine.collections_of_pictures import draw

RECIPE = RecipeSpec(height=10, width=8)


@pytest.fixture
def files(tmp_path):
    return [tmp_path / "p" / entry["path"] for entry in draw(tmp_path / "p", count=6)]


def wanted(files):
    return np.stack([prepare_file(path, RECIPE.as_dictionary()) for path in files])


def all_of(prepared):
    return prepared.take(prepared.good)


@pytest.fixture
def forbidden(monkeypatch):
    """Reading or decoding a file fails the test."""
    def forbid():
        def never(*_arguments):
            raise AssertionError("a file was read again")
        monkeypatch.setattr(pixels, "_prepare_file", never)
    return forbid


def test_the_second_time_no_file_is_read(files, tmp_path, forbidden):
    seen = []
    first = prepare_pictures(files, RECIPE, tmp_path / "c", progress=lambda *each: seen.append(each))
    np.testing.assert_array_equal(all_of(first), wanted(files))
    assert seen[0] == (0, 12)
    assert seen[-1] == (12, 12)
    forbidden()
    again = prepare_pictures(files[::-1], RECIPE, tmp_path / "c")
    np.testing.assert_array_equal(all_of(again), wanted(files[::-1]))
    assert again.names == first.names[::-1]
    assert isinstance(again.mapped, np.memmap)


def test_a_renamed_file_is_not_decoded_again_and_a_changed_one_is(files, tmp_path, monkeypatch):
    prepare_pictures(files, RECIPE, tmp_path / "c")
    moved = files[0].with_name("moved.png")
    files[0].rename(moved)
    shutil.copyfile(files[-1], files[1])
    decoded = []
    real = pixels.prepare
    monkeypatch.setattr(pixels, "prepare", lambda data, recipe: decoded.append(1) or real(data, recipe))
    now = [moved, *files[1:]]
    np.testing.assert_array_equal(all_of(prepare_pictures(now, RECIPE, tmp_path / "c")), wanted(now))
    assert not decoded


def test_the_recipe_names_the_store_but_not_the_normalisation():
    other = RecipeSpec(height=10, width=8, normalization="none")
    assert recipe_digest(other) == recipe_digest(RECIPE)
    off = RecipeSpec(height=10, width=8, steps=(Step(id="a", type="equalize", enabled=False),))
    assert recipe_digest(off) == recipe_digest(RECIPE)
    for changed in (RecipeSpec(height=8, width=8), RecipeSpec(height=10, width=8, fit="pad"),
                    RecipeSpec(height=10, width=8, steps=(Step(id="a", type="equalize"),))):
        assert recipe_digest(changed) != recipe_digest(RECIPE)


@pytest.mark.parametrize("damage", ["rows cut", "rows gone", "index nonsense", "index empty"])
def test_a_damaged_store_is_made_again(files, tmp_path, damage):
    prepare_pictures(files, RECIPE, tmp_path / "c")
    folder = tmp_path / "c" / "pixels" / recipe_digest(RECIPE)
    if damage == "rows cut":
        os.truncate(folder / "rows.bin", 100)
    elif damage == "rows gone":
        (folder / "rows.bin").unlink()
    elif damage == "index nonsense":
        (folder / "index.sqlite").write_bytes(b"nonsense" * 1000)
    else:
        (folder / "index.sqlite").write_bytes(b"")
    prepared = prepare_pictures(files, RECIPE, tmp_path / "c")
    np.testing.assert_array_equal(all_of(prepared), wanted(files))
    assert not prepared.store_problem


def test_a_full_disk_means_memory(files, tmp_path, monkeypatch):
    prepare_pictures(files[:3], RECIPE, tmp_path / "c")

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Store, "add", full)
    prepared = prepare_pictures(files, RECIPE, tmp_path / "c")
    np.testing.assert_array_equal(all_of(prepared), wanted(files))
    order = np.asarray([11, 0, 5, 5, 2])
    np.testing.assert_array_equal(prepared.take(order), wanted(files)[order])
    assert [problem.code for problem in notices(prepared)] == ["cache_failed"]


def test_the_store_does_not_take_the_last_of_the_disk(files, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RESERVED_BYTES", 1 << 60)
    found = prepare_pictures(files, RECIPE, tmp_path / "cache")
    assert "left on the disk" in found.store_problem
    assert len(found.good) == len(files)
    assert len(found.take(found.good)) == len(files)


def test_large_pictures_are_decoded_a_few_at_a_time(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "_CHUNK_BYTES", 3 * RECIPE.height * RECIPE.width * RECIPE.channels)
    sizes = []
    keep = pixels._keep
    monkeypatch.setattr(pixels, "_keep", lambda prepared, results, *rest: (
        sizes.append(len(results)), keep(prepared, results, *rest)))
    assert len(prepare_pictures(files, RECIPE, tmp_path / "cache").good) == len(files)
    assert max(sizes) == 3


def test_a_cache_that_cannot_be_written_means_memory(files, tmp_path):
    (tmp_path / "c").write_text("a file, where a folder should be")
    prepared = prepare_pictures(files, RECIPE, tmp_path / "c")
    np.testing.assert_array_equal(all_of(prepared), wanted(files))
    assert [problem.code for problem in notices(prepared)] == ["cache_failed"]


def test_unusable_files_are_told_by_name(files, tmp_path):
    files[0].unlink()
    files[1].write_bytes(b"no picture")
    prepared = prepare_pictures(files, RECIPE, tmp_path / "c")
    assert prepared.good.tolist() == list(range(2, 12))
    assert [problem.code for problem in notices(prepared)] == ["vanished", "picture_not_a_picture"]
    assert {problem.severity for problem in notices(prepared)} == {"warning"}
    assert files[0].name in notices(prepared)[0].text.es


def test_cancelling_keeps_what_was_done(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "_CHUNK", 4)
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_pictures(files, RECIPE, tmp_path / "c", check=check)
    decoded = []
    real = pixels.prepare
    monkeypatch.setattr(pixels, "prepare", lambda data, recipe: decoded.append(1) or real(data, recipe))
    prepare_pictures(files, RECIPE, tmp_path / "c")
    assert len(decoded) == 4


def test_what_was_not_used_for_the_longest_time_goes_first(tmp_path):
    for number, name in enumerate(("old", "middle", "new")):
        folder = tmp_path / "pixels" / name
        folder.mkdir(parents=True)
        (folder / "rows.bin").write_bytes(b"x" * 100)
        os.utime(folder, (1000 + number, 1000 + number))
    make_room(tmp_path, 250)
    assert {path.name for path in (tmp_path / "pixels").iterdir()} == {"middle", "new"}
    make_room(tmp_path, 50, keep=tmp_path / "pixels" / "middle")
    assert {path.name for path in (tmp_path / "pixels").iterdir()} == {"middle"}


def test_what_does_not_fit_into_memory_is_read_again_whenever_it_is_taken(files, tmp_path, monkeypatch):
    (tmp_path / "c").write_text("a file, where a folder should be")
    monkeypatch.setattr(pixels, "_MEMORY_BYTES", 5 * 10 * 8 * 3)
    prepared = prepare_pictures(files, RECIPE, tmp_path / "c")
    assert sum(isinstance(each, np.ndarray) for each in prepared.memory) == 5
    np.testing.assert_array_equal(all_of(prepared), wanted(files))
    files[-1].unlink()
    with pytest.raises(ProblemError) as caught:
        prepared.take(np.asarray([11]))
    assert caught.value.problems[0].code == "vanished"


def means(pictures):
    return pictures.mean(axis=(1, 2), dtype=np.float32)


def seen_of(files, cache, looked=lambda _pictures: None):
    def seen(pictures):
        looked(pictures)
        return means(pictures)

    return cached_rows(files, RECIPE, cache, cache / "seen", (3,), "float32", seen, progress=lambda *_: None,
                       check=lambda: None)


def test_what_is_seen_in_pictures_is_kept_without_their_pixels(files, tmp_path, monkeypatch, forbidden):
    monkeypatch.setattr(pixels, "_CHUNK", 5)
    shutil.copyfile(files[0], files[11])
    files[3].write_bytes(b"no picture")
    counts = []
    found = seen_of(files, tmp_path / "c", lambda pictures: counts.append(len(pictures)))
    assert found.good.tolist() == [0, 1, 2, *range(4, 12)]
    good = [each for index, each in enumerate(files) if index != 3]
    np.testing.assert_array_equal(all_of(found), means(wanted(good)))
    assert counts == [4, 5, 1], "what is alike is looked at once"
    assert not (tmp_path / "c" / "pixels").exists()
    forbidden()
    again = seen_of(good, tmp_path / "c", lambda _pictures: pytest.fail("looked at again"))
    np.testing.assert_array_equal(all_of(again), all_of(found))
    assert again.names == [found.names[index] for index in found.good]


def test_what_is_seen_stays_in_memory_where_the_disk_is_full(files, tmp_path, monkeypatch):
    monkeypatch.setattr(pixels, "_CHUNK", 5)
    seen_of(files[:5], tmp_path / "c")

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Store, "add", full)
    found = seen_of(files, tmp_path / "c")
    np.testing.assert_array_equal(all_of(found), means(wanted(files)))
    assert [problem.code for problem in notices(found)] == ["cache_failed"]
