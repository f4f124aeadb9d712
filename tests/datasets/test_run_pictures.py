"""A run finds its pictures after its project or its folder of pictures was moved, by path and by content."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import write_project
from cnnstudio.core.project import Project
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest, write_index_manifest
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.run_pictures import locate, read_located
from tests.datasets.test_datasets import PNG, draw


def project_with_run(home: Path, source: Path | str) -> Path:
    """A project with the manifest of one run; returns the manifest's path below the project."""
    home.mkdir(exist_ok=True)
    spec = DatasetSpec(source=str(source))
    write_project(home, Project(dataset=spec))
    root = (home / source).resolve()
    index = open_index(home)
    scan_folder(index, root, spec)
    inspect_pictures(index, root)
    path = home / "runs" / "r" / "manifest.jsonl"
    path.parent.mkdir(parents=True)
    write_index_manifest(path, index, root, ("a", "b"), "int")
    index.close()
    return path.relative_to(home)


def distinct(root: Path) -> Path:
    """Pictures with different contents."""
    draw(root, "a/1.png", "a/2.png", "b/3.png")
    for number, path in enumerate(sorted(root.rglob("*.png"))):
        path.write_bytes(PNG + bytes([number] * (number + 1)))
    return root


def contents(path: Path, home: Path) -> list[bytes | None]:
    manifest = read_located(path, home)
    return [place.read_bytes() if (place := manifest.path(entry)).exists() else None for entry in manifest.entries]


def test_a_moved_project_with_its_pictures_inside(tmp_path):
    distinct(tmp_path / "old" / "pics")
    path = project_with_run(tmp_path / "old", "pics")
    wanted = contents(tmp_path / "old" / path, tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    assert contents(tmp_path / "new" / path, tmp_path / "new") == wanted
    manifest = read_located(tmp_path / "new" / path, tmp_path / "new")
    assert manifest.header.root == str(tmp_path / "new" / "pics")
    assert [entry.path for entry in manifest.entries] == ["a/1.png", "a/2.png", "b/3.png"]


def test_a_copy_of_a_project_has_its_own_pictures(tmp_path):
    distinct(tmp_path / "first" / "pics")
    path = project_with_run(tmp_path / "first", "pics")
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    assert read_located(tmp_path / "first" / path, tmp_path / "first").header.root == str(tmp_path / "first" / "pics")
    copied = read_located(tmp_path / "second" / path, tmp_path / "second")
    assert {copied.path(entry).is_relative_to(tmp_path / "second") for entry in copied.entries} == {True}


def test_a_folder_that_was_moved_copied_and_rearranged(tmp_path):
    pictures = distinct(tmp_path / "outside")
    home = tmp_path / "p"
    path = project_with_run(home, pictures)
    wanted = contents(home / path, home)
    # Copied without the times of the files: the hash decides.
    shutil.copytree(pictures, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    shutil.rmtree(pictures)
    assert contents(home / path, home) == [None] * 3
    write_project(home, Project(dataset=DatasetSpec(source=str(tmp_path / "elsewhere"))))
    assert contents(home / path, home) == wanted
    # Renamed, moved into another folder, and its name taken by other content.
    (tmp_path / "elsewhere" / "a" / "1.png").rename(tmp_path / "elsewhere" / "b" / "renamed")
    (tmp_path / "elsewhere" / "a" / "1.png").write_bytes(PNG + b"other")
    assert contents(home / path, home) == wanted
    (tmp_path / "elsewhere" / "b" / "renamed").unlink()
    assert contents(home / path, home) == [None, *wanted[1:]]


def test_pictures_that_stayed_are_used_where_they_are(tmp_path):
    pictures = distinct(tmp_path / "outside")
    home = tmp_path / "p"
    path = project_with_run(home, pictures)
    before = read_manifest(home / path)
    distinct(tmp_path / "other")
    write_project(home, Project(dataset=DatasetSpec(source=str(tmp_path / "other"))))
    assert locate(before, home) is before
    # One of three has gone: it is found in the new folder, the others stay.
    (pictures / "a" / "1.png").unlink()
    manifest = locate(before, home)
    assert manifest.header.root == str(pictures)
    assert [str(manifest.path(entry)) for entry in manifest.entries] == [
        str(tmp_path / "other" / "a" / "1.png"), str(pictures / "a" / "2.png"), str(pictures / "b" / "3.png")]


def test_a_run_without_hashes_or_without_a_project(tmp_path):
    distinct(tmp_path / "old" / "pics")
    path = project_with_run(tmp_path / "old", "pics")
    manifest = read_manifest(tmp_path / "old" / path)
    bare = msgspec.structs.replace(manifest, entries=tuple(
        msgspec.structs.replace(entry, hash=None, size=0) for entry in manifest.entries))
    (tmp_path / "old").rename(tmp_path / "new")
    assert locate(bare, tmp_path / "new").header.root == str(tmp_path / "new" / "pics")
    assert locate(bare, tmp_path / "nowhere") is bare
