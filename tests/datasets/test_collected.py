"""Single pictures into a project's data: copied once, with class and split, and taken back."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.files import write_project
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.collected import FOLDER, NewPicture, add_pictures, with_collected
from cnnstudio.datasets.opening import create_project, open_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.source_folders import source_folder


def draw(path: Path, value: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((12, 12, 3), value, np.uint8))
    return path


@pytest.fixture(params=["beside", "inside", "around"])
def place(request, tmp_path):
    """A project beside its pictures, in the folder with them, and one with the pictures in its own folder."""
    pictures = tmp_path / "pictures"
    for number, name in enumerate(("cat", "dog")):
        for index in range(3):
            draw(pictures / name / f"{index}.png", number * 40 + index)
    folder = {"beside": tmp_path / "project", "inside": pictures / "project", "around": pictures}[request.param]
    _created, index = create_project(folder, pictures, template="lenet5")
    index.close()
    return folder, pictures


def scanned(folder: Path, project, index) -> dict[str, tuple[str, str]]:
    write_project(folder, project)
    root = source_folder(project, folder)
    scan = scan_folder(index, root, project.dataset)
    assert not [problem for problem in scan.problems if problem.code == "sources_overlap"]
    inspect_pictures(index, root)
    return {picture.path: (picture.class_name, picture.split) for picture in index.pictures(list(index.ids()))}


def test_pictures_are_added_with_class_and_split_and_taken_back(place, tmp_path):
    folder, _pictures = place
    project, index = open_project(folder)
    before = scanned(folder, project, index)
    one, other = draw(tmp_path / "new" / "0.png", 200), draw(tmp_path / "other" / "0.png", 201)
    done = add_pictures(index, project, folder, [NewPicture(str(one), "dog", "test"), NewPicture(str(other), "dog", None),
                                                 NewPicture(str(one), "cat", None)])
    assert [item.class_name for item in done.present] == ["dog"], "the same content twice is told"
    assert sorted(path.name for path in (folder / FOLDER / "dog").iterdir()) == ["0 (2).png", "0.png"]
    after = scanned(folder, with_collected(project, ["dog"]), index)
    new = {path: facts for path, facts in after.items() if path not in before}
    assert set(new) == set(done.added.values()) and {facts[0] for facts in new.values()} == {"dog"}
    assert new[done.added[str(one)]] == ("dog", "test")
    assert one.exists() and len(after) == len(before) + 2
    done.effect.undo()
    assert not list((folder / FOLDER).rglob("*.png"))
    assert scanned(folder, project, index) == before
    done.effect.redo()
    assert scanned(folder, with_collected(project, ["dog"]), index) == after
    index.close()


def test_a_class_with_any_name(place, tmp_path):
    folder, _pictures = place
    project, index = open_project(folder)
    scanned(folder, project, index)
    names = ("a/b", "@eadir", ".hidden", "ñandú")
    pictures = [NewPicture(str(draw(tmp_path / f"{number}.png", 100 + number)), name) for number, name in enumerate(names)]
    done = add_pictures(index, project, folder, pictures)
    after = scanned(folder, with_collected(project, names), index)
    assert [after[done.added[picture.path]][0] for picture in pictures] == list(names)
    index.close()


def test_a_picture_of_the_collection_is_relabelled_and_equal_content_is_told(place, tmp_path):
    folder, pictures = place
    project, index = open_project(folder)
    before = scanned(folder, project, index)
    own = pictures / "cat" / "0.png"
    copy = tmp_path / "copy.png"
    copy.write_bytes((pictures / "dog" / "1.png").read_bytes())
    (tmp_path / "broken.png").write_bytes(b"nothing")
    done = add_pictures(index, project, folder, [NewPicture(str(own), "dog", "validation"), NewPicture(str(copy), "cat"),
                                                 NewPicture(str(tmp_path / "broken.png"), "cat")])
    assert not done.added and not (folder / FOLDER).exists()
    assert done.relabelled == {str(own): "cat/0.png"}
    assert [(item.there, item.class_name) for item in done.present] == [("dog/1.png", "dog")]
    assert len(done.problems) == 1
    after = scanned(folder, project, index)
    assert after["cat/0.png"] == ("dog", "validation")
    done.effect.undo()
    assert scanned(folder, project, index) == before
    index.close()


def test_a_full_disk_adds_nothing(place, tmp_path, monkeypatch):
    folder, _pictures = place
    project, index = open_project(folder)
    pictures = [NewPicture(str(draw(tmp_path / f"{number}.png", 90 + number)), "cat") for number in range(2)]
    real, calls = Path.open, []

    def full(path, mode="r", **options):
        if mode == "xb":
            calls.append(path)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
        return real(path, mode, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(ProblemError) as caught:
        add_pictures(index, project, folder, pictures)
    assert caught.value.problems[0].code == "no_space"
    assert not list((folder / FOLDER).rglob("*.png"))
    index.close()
