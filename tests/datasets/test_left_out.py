"""What lies in a folder and is not taken is counted and named; content decides, and nothing but regular files is opened."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.sources.kinds import describe, unpack
from cnnstudio.imaging.decode import read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import (
    Tally,
    begins_as_picture,
    is_system,
    list_pictures,
    read_regular,
)
from tests.datasets.test_datasets import PNG, draw

JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(40)


def listed(root: Path, spec: DatasetSpec | None = None) -> tuple[dict[str, str], dict[str, tuple[int, str]], Listing]:
    listing = Listing(root, spec or DatasetSpec())
    files = {item.path: item.class_name for chunk in listing for item in chunk}
    return files, {entry.reason: (entry.number, entry.example) for entry in listing.left_out}, listing


def test_content_decides_and_not_the_ending(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "dog/2.png")
    for name, data in (("download_0", JPEG), ("photo.dat", PNG), ("notes.txt", b"text"), ("empty", b""),
                       ("raw.NEF", b"II*\0" + bytes(60)), ("clip.mp4", b"\0\0\0\x18ftypisom"), ("list", b"P1 was good")):
        (root / "cat" / name).write_bytes(data)
    files, left_out, listing = listed(root)
    assert set(files) == {"cat/1.png", "dog/2.png", "cat/download_0", "cat/photo.dat"}
    assert left_out["by_content"][0] == 2
    assert left_out["raw"] == (1, "cat/raw.NEF")
    assert left_out["other_kind"][0] == 4
    assert [problem.code for problem in listing.problems] == ["left_out_raw"]
    (entry,) = (item for item in listing.left_out if item.reason == "other_kind")
    assert dict(entry.endings) == {"": 2, ".txt": 1, ".mp4": 1}
    assert entry.example in entry.text("en") and "sin extensión 2" in entry.text("es")


def test_system_folders_are_no_classes_and_their_thumbnails_no_pictures(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "dog/2.png", "cat/@eaDir/1.png/SYNOPHOTO_THUMB_M.jpg", "#recycle/x.png",
                "$RECYCLE.BIN/S-1/y.png", "lost+found/z.png", "System Volume Information/a.png", "__MACOSX/cat/._1.png",
                "dog/.ipynb_checkpoints/2.png", "cat/._1.png", "cat/Thumbs.db", "cat/SYNOFILE_THUMB_M.jpg",
                ".private/x.png")
    files, left_out, listing = listed(root)
    assert files == {"cat/1.png": "cat", "dog/2.png": "dog"}
    assert left_out["system"][0] == 10
    assert left_out["hidden"] == (1, ".private")
    assert not listing.problems
    assert list_pictures([str(root)])[0] == [str(root / "cat" / "1.png"), str(root / "dog" / "2.png")]
    assert all(map(is_system, ("@eaDir", "LOST+FOUND", "._x", ".DS_Store", "desktop.ini", ".Trash-1000")))
    assert all(map(is_system, ("RECYCLER", "FOUND.012", "SYNOFILE_THUMB_M.jpg", "a.jpg@SynoEAStream", "#trash", "_gsdata_")))
    # Windows shows $RECYCLE.BIN under these names; a folder that is really called so is somebody's, such as a class of waste.
    assert not any(map(is_system, ("Recycle Bin", "Papelera de reciclaje", "Trash", "Thumbs", "Thumbnails", "Desktop", "Icon")))
    assert all(map(is_system, ("$RECYCLE.BIN", "$Recycle.Bin", "Thumbs.db")))
    assert not any(map(is_system, ("cat", "recycled", "_x", "found", "found.png", "thumbs")))


def test_pictures_without_a_class_and_classes_without_pictures(tmp_path):
    root = draw(tmp_path / "r", "train/cat/1.png", "train/dog/2.png", "test/3.png", "extra/deep/4.png", "5.png",
                "train/6.png")
    (root / "train" / "husky").mkdir()
    files, left_out, listing = listed(root)
    assert set(files) == {"train/cat/1.png", "train/dog/2.png"}
    assert left_out["no_class"][0] == 4
    assert left_out["empty_class"] == (1, "train/husky")
    assert [problem.code for problem in listing.problems] == ["left_out_empty_class", "no_class_folder"]
    assert listing.problems[1].facts["left_out"]["number"] == 4


def test_linked_folders_are_named_and_followed_where_asked(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "dog/2.png")
    draw(tmp_path / "elsewhere", "3.png", "in/4.png")
    (root / "beagle").symlink_to(tmp_path / "elsewhere")
    (root / "cat" / "more").symlink_to(tmp_path / "elsewhere" / "in")
    (root / "cat" / "gone.png").symlink_to("nowhere.png")
    files, left_out, listing = listed(root)
    assert set(files) == {"cat/1.png", "dog/2.png"}
    assert left_out["linked_folder"] == (2, "beagle")
    assert left_out["broken_link"] == (1, "cat/gone.png")
    problem = next(item for item in listing.problems if item.code == "left_out_linked_folder")
    assert problem.fixes[0].action == "set_field"
    files, left_out, _listing = listed(root, DatasetSpec(follow_links=True))
    assert set(files) == {"cat/1.png", "dog/2.png", "beagle/3.png", "beagle/in/4.png"}
    assert "linked_folder" not in left_out
    paths, left = list_pictures([str(root)])
    assert {entry.reason for entry in left} == {"linked_folder", "broken_link"}
    (tmp_path / "elsewhere" / "back").symlink_to(root)
    assert len(list_pictures([str(root)], follow_links=True)[0]) == len(paths) + 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_pipes_and_sockets_are_never_opened(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "dog/2.png")
    os.mkfifo(root / "cat" / "z.png")
    os.mkfifo(root / "cat" / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(root / "dog" / "s"))
        files, left_out, _listing = listed(root)
    assert set(files) == {"cat/1.png", "dog/2.png"}
    assert left_out["not_regular"][0] == 3
    # A pipe that is called like a picture is answered by its problem; the others are counted.
    paths, left = list_pictures([str(root)])
    assert str(root / "cat" / "z.png") in paths
    assert [(entry.reason, entry.number) for entry in left] == [("not_regular", 2)]
    for read in (read_regular, read_bytes):
        with pytest.raises(PictureError) as fault:
            read(root / "cat" / "z.png")
        assert fault.value.code == "not_regular"
        assert "tubería" in fault.value.text("es")


def test_own_patterns(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "cat/1_mask.png", "cat/old/2.png", "dog/3.png", "drafts/4.png",
                "cat/keep_mask.png")
    spec = DatasetSpec(ignore=("*_mask.png", "old/", "/drafts", "!keep_mask.png"))
    files, left_out, listing = listed(root, spec)
    assert set(files) == {"cat/1.png", "dog/3.png", "cat/keep_mask.png"}
    assert left_out["ignored"][0] == 3
    assert not listing.problems
    _files, _left, listing = listed(root, DatasetSpec(ignore=("[z-a]",)))
    assert [problem.code for problem in listing.problems] == ["bad_pattern"]


def test_what_the_program_keeps_is_no_class_and_not_left_out(tmp_path):
    root = draw(tmp_path / "r", "cat/1.png", "dog/2.png", "runs/r/x.png", "exports/b/samples/1.png", "project/pictures/y.png")
    for name in ("project.cnnstudio", "dataset.sqlite", ".lock", "project.cnnstudio.autosave"):
        (root / name).write_text("")
    for home, wanted in ((root, {"cat", "dog", "project"}), (root / "project", {"cat", "dog", "runs", "exports"})):
        listing = Listing(root, DatasetSpec(source=str(root)), folder=home)
        assert {item.class_name for chunk in listing for item in chunk} == wanted
    listing = Listing(root, DatasetSpec(source=str(root)), folder=root)
    assert list(listing)
    assert not listing.left_out


def test_a_folder_of_loose_pictures_is_a_class_where_the_project_says_so(tmp_path):
    home = tmp_path / "home"
    draw(home / "pics", "cat/1.png", "dog/2.png")
    loose = draw(tmp_path / "loose", "a.png", "deep/b.png")
    spec = DatasetSpec(source="pics", joined=(str(loose),), source_classes={str(loose): "cat"})
    listing = Listing(home / "pics", spec, folder=home)
    files = {item.path: item.class_name for chunk in listing for item in chunk}
    assert set(files.values()) == {"cat", "dog"}
    assert files[f"{loose.as_posix()}/deep/b.png"] == "cat"
    assert not listing.problems


def test_what_an_archive_brings_along_is_told(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("cat/1.png", "dog/2", "__MACOSX/cat/._1.png", "cat/@eaDir/1.png/t.jpg", "dog/.DS_Store"):
            archive.writestr(name, PNG)
    tally = Tally()
    assert describe(tmp_path / "a.zip").classes == ("cat", "dog")
    folder = unpack(tmp_path / "a.zip", tmp_path / "out", tally=tally)
    assert [(entry.reason, entry.number) for entry in tally.entries()] == [("system", 3)]
    assert describe(folder).pictures == 2


def test_a_pipe_that_is_called_a_list_is_refused(tmp_path):
    from cnnstudio.datasets.sources.tables import read_table

    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "list.csv")
        with pytest.raises(Exception, match="not a regular file"):
            read_table(tmp_path / "list.csv")


@pytest.mark.parametrize(("head", "picture"), [
    (PNG, True), (JPEG, True), (b"P6\n# made by\n2 2\n255\n", True), (b"P3 2 2 255", True), (b"P3 is a name", False),
    (b"GIF89a", True), (b"", False), (bytes(18), False), (b"BM is text, not a bitmap", False)])
def test_signatures(head, picture):
    assert begins_as_picture(head) is picture
