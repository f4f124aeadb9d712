"""Several sources as one collection: folders, manifests, link loops, drives that go away, odd names."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets import scan
from cnnstudio.datasets.audit.measuring import measure
from cnnstudio.datasets.index import Filter, Index, open_index
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.scan import Listing, sources_of
from cnnstudio.datasets.source_folders import source_folder, source_folders
from cnnstudio.workers.job_setup import labelled_pictures
from tests.datasets.test_datasets import PNG, draw

replace = msgspec.structs.replace


def listed(listing: Listing) -> dict[str, tuple[str, str | None]]:
    return {item.path: (item.class_name, item.split) for chunk in listing for item in chunk}


def codes(listing: Listing) -> list[str]:
    return [problem.code for problem in listing.problems]


def test_folders_and_manifests_are_one_collection(tmp_path):
    main = draw(tmp_path / "main", "cat/1.png", "dog/1.png")
    other = draw(tmp_path / "other", "train/cat/1.png", "test/dog/2.png")
    draw(tmp_path / "listed", "x/1.png", "x/2.png")
    manifest = tmp_path / "listed" / "list.csv"
    manifest.write_text(f"file,class,split\nx/1.png,cat,train\nx/2.png,bird,test\n{main}/cat/1.png,cat,\n")
    folder = tmp_path / "project"
    draw(folder / "captures", "cup/1.png")
    created, index = create_project(folder, [main, other, manifest, folder / "captures"], template="lenet5")
    spec = created.project.dataset
    assert spec.joined == (str(other), str(manifest), "captures")
    root = source_folder(created.project, folder)
    assert root == main
    assert source_folders(created.project, folder) == [main, other, manifest.parent, folder / "captures"]
    pictures = index.pictures(list(index.ids()))
    index.close()
    assert {(picture.path, picture.class_name) for picture in pictures} == {
        ("cat/1.png", "cat"), ("dog/1.png", "dog"), (f"{other}/train/cat/1.png", "cat"),
        (f"{other}/test/dog/2.png", "dog"), (f"{manifest.parent}/x/1.png", "cat"), (f"{manifest.parent}/x/2.png", "bird"),
        (f"{main}/cat/1.png", "cat"), (f"{folder}/captures/cup/1.png", "cup")}
    assert all((root / picture.path).is_file() for picture in pictures)
    assert {picture.split for picture in pictures if picture.path.endswith("2.png")} == {"test"}
    assert read_project(folder).dataset == spec


def test_sources_inside_the_project_are_relative_to_each_other(tmp_path):
    folder = tmp_path / "project"
    draw(folder / "pictures", "cat/1.png")
    draw(folder / "captures", "cat/1.png")
    spec = DatasetSpec(source="pictures", joined=("captures", "pictures"))
    result = sources_of(folder / "pictures", spec, folder)
    assert [source.prefix for source in result] == ["", "../captures/", ""]
    listing = Listing(folder / "pictures", spec, folder=folder)
    assert set(listed(listing)) == {"cat/1.png", "../captures/cat/1.png"}
    assert codes(listing) == ["sources_overlap"]


def test_a_manifest_as_the_main_source(tmp_path):
    draw(tmp_path / "m", "a/1.png", "a/2.png", "b/3.png")
    manifest = tmp_path / "m" / "list.tsv"
    manifest.write_text("ruta\tetiqueta\na/1.png\tuno\nb/3.png\tdos\n", encoding="utf-16")
    created, index = create_project(tmp_path / "p", manifest, template="lenet5")
    assert created.project.name == "list"
    assert source_folder(created.project, tmp_path / "p") == tmp_path / "m"
    assert {picture.path: picture.class_name for picture in index.pictures(list(index.ids()))} == {
        "a/1.png": "uno", "b/3.png": "dos"}
    index.close()
    entries = labelled_pictures(manifest, ("dos", "uno"), created.project.dataset)
    assert [(entry.path, entry.label) for entry in entries] == [("a/1.png", 1), ("b/3.png", 0)]


def test_a_project_needs_sources_that_are_there(tmp_path):
    for wrong in ([tmp_path / "no", tmp_path / "no.csv"], []):
        with pytest.raises(ProblemError) as fault:
            create_project(tmp_path / "p", wrong)
        assert {problem.code for problem in fault.value.problems} == {"not_a_folder"}
    assert not (tmp_path / "p").exists()


def test_link_loops_end(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "cat/in/2.png")
    (root / "cat" / "in" / "back").symlink_to(root / "cat")
    (root / "a_top").symlink_to(root)
    (root / "dog").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "self.png").symlink_to("self.png")
    (root / "cat" / "nowhere.png").symlink_to("gone.png")
    draw(tmp_path / "elsewhere", "3.png")
    listing = Listing(root, DatasetSpec(follow_links=True))
    assert set(listed(listing)) == {"cat/1.png", "cat/in/2.png", "dog/3.png"}
    assert not any(problem.blocks for problem in listing.problems)
    assert set(listed(Listing(root, DatasetSpec()))) == {"cat/1.png", "cat/in/2.png"}


def test_names_of_every_kind(tmp_path):
    long = "ñ" * 125 + "x.png"
    assert len(long.encode()) == 255
    names = [long, "é e.png", "new\nline.png", "😺.png", "%s {0} 'q\".png", " leading.png", "-dash.png"]
    root = draw(tmp_path / "r", *(f"clase é/{name}" for name in names))
    os.mkdir(os.path.join(os.fsencode(root), b"bad\xff"))
    Path(os.fsdecode(os.path.join(os.fsencode(root), b"bad\xff", b"1.png"))).write_bytes(PNG)
    Path(os.fsdecode(os.path.join(os.fsencode(root), "clase é".encode(), b"\xfe.png"))).write_bytes(PNG)
    index = Index(tmp_path / "i.sqlite")
    result = scan_folder(index, root, DatasetSpec())
    assert {picture.name for picture in index.pictures(list(index.ids()))} == set(names)
    assert [problem.code for problem in result.problems] == ["bad_name", "bad_name"]
    index.close()


def test_classes_that_differ_in_capitals_only(tmp_path):
    root = draw(tmp_path / "r", "Cat/1.png", "cat/2.png", "dog/3.png", "ni\u00f1o/1.png", "nin\u0303o/1.png")
    listing = Listing(root, DatasetSpec())
    assert len(listed(listing)) == 5
    (problem,) = listing.problems
    assert problem.code == "classes_alike"
    assert not problem.blocks
    assert "Cat / cat" in problem.text.en


class _Dying:
    """A listing that breaks off, as that of a network drive does."""

    def __init__(self, entries, problem):
        self._entries, self._trouble = entries, problem

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entries.close()

    def __iter__(self):
        for number, entry in enumerate(self._entries):
            if number == 2:
                raise self._trouble
            yield entry


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.ENOENT])
def test_a_drive_that_goes_away_forgets_nothing(tmp_path, monkeypatch, number):
    root = draw(tmp_path / "r", *(f"cat/{item}.png" for item in range(9)), "dog/1.png")
    index = Index(tmp_path / "i.sqlite")
    assert scan_folder(index, root, DatasetSpec()).complete
    index.exclude(list(index.ids(Filter(classes=("cat",))))[:1], True)
    listed_by = os.scandir
    monkeypatch.setattr(scan.os, "scandir", lambda place: _Dying(listed_by(place), OSError(number, "gone"))
                        if os.path.basename(place) == "cat" else listed_by(place))
    result = scan_folder(index, root, DatasetSpec())
    monkeypatch.undo()
    assert not result.complete
    assert any(problem.blocks for problem in result.problems)
    assert index.count() == 10
    assert index.count(Filter(excluded="only")) == 1
    assert scan_folder(index, root, DatasetSpec()).complete
    index.close()


@pytest.mark.parametrize("look", [inspect_pictures, measure])
def test_a_drive_that_goes_away_makes_no_picture_unreadable(tmp_path, look):
    root = draw(tmp_path / "r", *(f"cat/{item}.png" for item in range(9)), "dog/1.png")
    index = Index(tmp_path / "i.sqlite")
    assert scan_folder(index, root, DatasetSpec()).complete
    root.rename(tmp_path / "away")
    with pytest.raises(ProblemError) as problem:
        look(index, root)
    assert problem.value.problems[0].code == "folder_missing"
    assert not index.problem_counts()
    # A single folder of it went, or a drive of a joined source: what came back is looked at again.
    (tmp_path / "away").rename(root)
    (root / "cat").rename(tmp_path / "cat")
    look(index, root)
    assert index.problem_counts() == {"vanished": 9}
    (tmp_path / "cat").rename(root / "cat")
    scan_folder(index, root, DatasetSpec())
    look(index, root)
    assert not index.problem_counts()
    index.close()


def test_a_folder_without_permission_is_told_and_the_rest_goes_on(tmp_path, monkeypatch):
    root = draw(tmp_path / "r", "cat/1.png", "dog/1.png", "dog/deep/2.png")
    listed_by = os.scandir

    def refuse(place):
        if os.path.basename(place) == "deep":
            raise PermissionError(errno.EACCES, "no")
        return listed_by(place)

    monkeypatch.setattr(scan.os, "scandir", refuse)
    listing = Listing(root, DatasetSpec())
    assert set(listed(listing)) == {"cat/1.png", "dog/1.png"}
    assert codes(listing) == ["no_permission"]
    assert not listing.problems[0].blocks


def test_very_many_files_in_one_folder_are_listed_once_and_entered_in_chunks(tmp_path, monkeypatch):
    root = draw(tmp_path / "r", "dog/1.png")
    (root / "cat").mkdir()
    for number in range(20_000):
        os.close(os.open(root / "cat" / f"{number}.png", os.O_CREAT | os.O_WRONLY))
    index = Index(tmp_path / "i.sqlite")
    listings, chunks, list_folder, add = [], [], os.scandir, Index.add

    def count_listing(place):
        listings.append(os.path.basename(place))
        return list_folder(place)

    def count_chunk(self, files, number):
        chunks.append(len(files))
        return add(self, files, number)

    monkeypatch.setattr(scan.os, "scandir", count_listing)
    monkeypatch.setattr(Index, "add", count_chunk)
    assert scan_folder(index, root, DatasetSpec()).pictures == 20_001
    assert listings.count("cat") == listings.count("dog") == 1
    assert sum(chunks) == 20_001
    assert len(chunks) == -(-20_001 // scan.CHUNK)
    index.close()


def test_an_index_is_opened_where_the_project_is(tmp_path):
    main, other = draw(tmp_path / "a", "x/1.png"), draw(tmp_path / "b", "y/1.png")
    created, index = create_project(tmp_path / "p", [main, other], template="lenet5")
    index.close()
    other.rename(tmp_path / "away")
    index = open_index(tmp_path / "p")
    result = scan_folder(index, main, created.project.dataset)
    assert not result.complete
    assert index.count() == 2
    index.close()
