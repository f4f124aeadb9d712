"""Layouts, scanning, the index with its decisions, splits and manifests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnstudio.core.dataset import DatasetSpec, SplitFolders, SplitSpec
from cnnstudio.core.edits import replace
from cnnstudio.core.files import read_project
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.index import Filter, Index, open_index
from cnnstudio.datasets.manifest import Header, entries_of, read_manifest, write_index_manifest, write_manifest
from cnnstudio.datasets.opening import create_project, sample_project
from cnnstudio.datasets.refresh import inspect_pictures, scan_folder
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.datasets.splits import divide
from cnnstudio.datasets.statistics import balance

PNG = cv2.imencode(".png", np.full((6, 8, 3), 90, np.uint8))[1].tobytes()


def draw(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(PNG)
    return root


def listed(root: Path, spec: DatasetSpec | None = None) -> tuple[dict[str, tuple[str, str | None]], Listing]:
    listing = Listing(root, spec or DatasetSpec(), chunk=3)
    return {item.path: (item.class_name, item.split) for chunk in listing for item in chunk}, listing


def indexed(tmp_path: Path, root: Path, spec: DatasetSpec | None = None) -> Index:
    index = Index(tmp_path / "index.sqlite")
    scan_folder(index, root, spec or DatasetSpec())
    inspect_pictures(index, root)
    return index


def test_class_folders_with_any_name(tmp_path):
    root = draw(tmp_path / "p", "gato/a.png", "niño ñ/deep/er/b.JPG", "Cat/c.png", "cat/d.png", "gato/.hidden.png",
                ".git/x.png", "loose.png", "emoji 😺/new\nline.png")
    (root / "gato" / "notes.txt").write_text("not a picture")
    files, listing = listed(root)
    assert files == {"gato/a.png": ("gato", None), "niño ñ/deep/er/b.JPG": ("niño ñ", None), "Cat/c.png": ("Cat", None),
                     "cat/d.png": ("cat", None), "emoji 😺/new\nline.png": ("emoji 😺", None)}
    assert [problem.code for problem in listing.problems] == ["no_class_folder", "classes_alike"]


@pytest.mark.parametrize(("names", "spec"), [
    (("train", "valid", "test"), DatasetSpec()), (("Training", "validation", "Testing"), DatasetSpec()),
    (("entrenamiento", "Validación", "pruebas"), DatasetSpec()),
    (("lernen", "b", "c"), DatasetSpec(split_folders=SplitFolders(train="lernen", validation="b", test="c")))])
def test_split_folders_in_several_languages(tmp_path, names, spec):
    root = draw(tmp_path / "p", *(f"{name}/{label}/x.png" for name in names for label in ("a", "b")))
    files, _listing = listed(root, spec)
    assert files[f"{names[1]}/b/x.png"] == ("b", "validation")
    assert {split for _label, split in files.values()} == {"train", "validation", "test"}


def test_a_class_may_be_called_test(tmp_path):
    files, _listing = listed(draw(tmp_path / "p", "test/x.png", "other/y.png"))
    assert files == {"test/x.png": ("test", None), "other/y.png": ("other", None)}


def test_link_loops_end(tmp_path):
    root = draw(tmp_path / "p", "a/x.png")
    (root / "a" / "again").symlink_to(root, target_is_directory=True)
    assert list(listed(root)[0]) == ["a/x.png"]
    followed, _listing = listed(root, DatasetSpec(follow_links=True))
    assert "a/x.png" in followed
    assert len(followed) < 5


def test_a_missing_folder_is_a_problem_and_nothing_is_forgotten(tmp_path):
    root = draw(tmp_path / "p", "a/1.png", "b/2.png")
    index = indexed(tmp_path, root)
    root.rename(tmp_path / "elsewhere")
    result = scan_folder(index, root, DatasetSpec())
    assert result.problems[0].code == "folder_missing"
    assert not result.complete
    assert index.count() == 2


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs an ordinary user")
def test_a_folder_without_permission_is_told(tmp_path):
    root = draw(tmp_path / "p", "a/1.png", "b/2.png")
    (root / "b").chmod(0)
    files, listing = listed(root)
    (root / "b").chmod(0o700)
    assert list(files) == ["a/1.png"]
    assert listing.problems[0].code == "no_permission"


def test_inspection_names_what_cannot_be_read(tmp_path):
    root = draw(tmp_path / "p", "a/1.png", "b/2.png")
    (root / "a" / "broken.png").write_bytes(PNG[:40])
    (root / "a" / "empty.jpg").write_bytes(b"")
    index = indexed(tmp_path, root)
    bad = {picture.name: picture for picture in index.pictures(index.ids(Filter(problem="any")))}
    assert set(bad) == {"broken.png", "empty.jpg"}
    assert bad["empty.jpg"].problem == "empty_file"
    assert bad["broken.png"].problem_text.es
    assert {name: sum(splits.values()) for name, splits in index.counts().items()} == {"a": 1, "b": 1}
    good = index.pictures(index.ids(Filter(text="1.png")))[0]
    assert (good.height, good.width) == (6, 8)
    assert good.hash.startswith("b2:")


def test_a_changed_file_is_looked_at_again_and_a_gone_one_forgotten(tmp_path):
    root = draw(tmp_path / "p", "a/1.png", "a/2.png", "b/3.png")
    index = indexed(tmp_path, root)
    (root / "a" / "1.png").write_bytes(b"no picture")
    (root / "a" / "2.png").unlink()
    result = scan_folder(index, root, DatasetSpec())
    assert result.gone == 1
    assert inspect_pictures(index, root) == 1
    assert index.problem_counts() == {"not_a_picture": 1}


def test_decisions_survive_scans_and_undo(tmp_path):
    root = draw(tmp_path / "p", *(f"{label}/{number}.png" for label in "ab" for number in range(10)))
    index = indexed(tmp_path, root)
    before = {picture.path: (picture.class_name, picture.split, picture.excluded)
              for picture in index.pictures(index.ids())}
    ids = list(index.ids(Filter(text="a/3.png")))
    effects = [index.relabel(ids, "b"), index.assign_split(ids, "test"), index.exclude(ids, True)]
    scan_folder(index, root, DatasetSpec())
    picture = index.pictures(ids)[0]
    assert (picture.class_name, picture.split, picture.excluded) == ("b", "test", True)
    index.close()
    index = Index(tmp_path / "index.sqlite")
    assert index.pictures(ids)[0].excluded
    for effect in reversed(effects):
        effect._index = index
        effect.undo()
    after = {picture.path: (picture.class_name, picture.split, picture.excluded)
             for picture in index.pictures(index.ids())}
    assert after == before
    effects[0].redo()
    assert index.pictures(ids)[0].class_name == "b"


def test_a_decision_moves_no_other_picture(tmp_path):
    root = draw(tmp_path / "p", *(f"{label}/{number}.png" for label in "ab" for number in range(20)))
    index = indexed(tmp_path, root)
    splits = {picture.path: picture.split for picture in index.pictures(index.ids())}
    ids = list(index.ids(Filter(text="a/1")))
    index.relabel(ids, "b")
    index.exclude(list(index.ids(Filter(text="b/2.png"))), True)
    index.apply(DatasetSpec())
    assert {picture.path: picture.split for picture in index.pictures(index.ids())} == splits


def test_a_killed_process_loses_no_decision(tmp_path):
    root = draw(tmp_path / "p", *(f"a/{number}.png" for number in range(30)))
    indexed(tmp_path, root).close()
    script = (
        "import os, sys\nfrom pathlib import Path\nfrom cnnstudio.datasets.index import Index\n"
        "index = Index(Path(sys.argv[1]))\n"
        "for number in range(1, 31):\n    index.relabel([number], 'b')\n    print(number, flush=True)\n"
        "    if number == 17: os.kill(os.getpid(), 9)\n")
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path / "index.sqlite")], capture_output=True, check=False,
                           cwd=Path(__file__).resolve().parents[2])
    reported = len(ended.stdout.split())
    index = Index(tmp_path / "index.sqlite")
    assert reported == 17
    assert index.count(Filter(classes=("b",))) == 17


def test_filters_and_sorts(tmp_path):
    root = draw(tmp_path / "p", "a/100%.png", "a/x_y.png", "b/xzy.png")
    index = indexed(tmp_path, root)
    assert index.count(Filter(text="100%")) == 1
    assert index.count(Filter(text="x_y")) == 1
    assert index.count(Filter(classes=("b",), splits=("train",))) == 1
    for sort in ("path", "size", "date", "class", "pixels"):
        assert len(index.ids(sort=sort)) == 3


def test_text_is_found_in_capitals_and_however_accents_are_stored(tmp_path):
    names = ("a/Ñandú [1].png", "a/n\u0303andu\u0301 2.png", "b/nandu.png", "b/árbol^*.png")
    index = indexed(tmp_path, draw(tmp_path / "p", *names))
    for text, number in (("ñandú", 2), ("ÑANDÚ", 2), ("ñandú [1", 1), ("nandu", 1), ("ÁRBOL^*", 1), ("árbol?", 0), ("ú 2", 1)):
        assert index.count(Filter(text=text)) == number, text


def test_the_balance_is_of_what_can_be_used(tmp_path):
    index = indexed(tmp_path, draw(tmp_path / "p", "a/1.png", "a/2.png", "b/1.png"))
    index.exclude(list(index.ids(Filter(text="a/2"))), True)

    def counted(**chosen):
        return {name: sum(splits.values()) for name, splits in balance(index, Filter(**chosen)).items()}

    assert counted() == {"a": 1, "b": 1}
    assert counted(excluded="only") == {"a": 1}


PICTURES = st.lists(st.tuples(st.integers(0, 999).map(str), st.sampled_from("ab"),
                              st.sampled_from([None, "train", "test"])), max_size=80, unique_by=lambda each: each[0])


@given(PICTURES, st.integers(0, 5), st.booleans())
def test_splits_are_whole_and_stable(pictures, seed, stratified):
    spec = SplitSpec(seed=seed, stratified=stratified)
    result = divide(pictures, spec)
    assert set(result) == {path for path, _label, _split in pictures}
    assert result == divide(list(reversed(pictures)), spec)
    for path, _label, split in pictures:
        assert split != "test" or result[path] == "test"


def test_shares_are_kept_in_every_class():
    pictures = [(f"{label}{number}", label, None) for label in "ab" for number in range(100)]
    result = divide(pictures, SplitSpec())
    for label in "ab":
        counts = [sum(1 for path, split in result.items() if path[0] == label and split == wanted)
                  for wanted in ("train", "validation", "test")]
        assert counts == [70, 15, 15]
    assert divide(pictures, SplitSpec(seed=1)) != result


def test_a_folder_with_train_and_test_gets_a_validation_split_from_train():
    pictures = [(f"t{n}", "a", "train") for n in range(85)] + [(f"x{n}", "a", "test") for n in range(30)]
    result = list(divide(pictures, SplitSpec()).values())
    assert (result.count("train"), result.count("validation"), result.count("test")) == (70, 15, 30)


def test_manifests_are_read_back(tmp_path):
    root = draw(tmp_path / "p", "a/ñ\n.png", "b/2.png", "c/3.png")
    index = indexed(tmp_path, root)
    path = tmp_path / "manifest.jsonl"
    assert write_index_manifest(path, index, root, ("b", "a"), "int") == 2
    manifest = read_manifest(path)
    assert manifest.header == Header(root=str(root), class_names=("b", "a"), label_mode="int", pictures=2)
    assert {(entry.path, entry.label) for entry in manifest.entries} == {("a/ñ\n.png", 1), ("b/2.png", 0)}
    write_manifest(path, manifest.header, entries_of(index.usable(("a",)), ("a",)))
    assert len(read_manifest(path).entries) == 1
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(ProblemError, match="number of pictures 0 instead of 1"):
        read_manifest(path)
    path.write_bytes(b'{"root": "/", "class_names": ["a"], "label_mode": "int"}\n{"path": "\xff", "label": 0, "split": ""}')
    with pytest.raises(ProblemError, match="line 2 is damaged"):
        read_manifest(path)
    path.write_text("{")
    with pytest.raises(ProblemError):
        read_manifest(path)


def test_projects_are_made_whole_or_not_at_all(tmp_path):
    root = draw(tmp_path / "pictures", *(f"{label}/{number}.png" for label in "ab" for number in range(12)))
    created, index = create_project(tmp_path / "project", root)
    index.close()
    assert read_project(tmp_path / "project") == created.project
    assert source_folder(created.project, tmp_path / "project") == root
    with pytest.raises(ProblemError) as caught:
        create_project(tmp_path / "project", root)
    assert caught.value.problems[0].code == "project_exists"
    with pytest.raises(ProblemError) as caught:
        create_project(tmp_path / "other", tmp_path / "nothing")
    assert caught.value.problems[0].code == "not_a_folder"
    assert not (tmp_path / "other").exists()
    (tmp_path / "m.h5").write_bytes(b"none")
    for place, kept in (("other", False), ("mine", True)):
        if kept:
            (tmp_path / place).mkdir()
            (tmp_path / place / "letter.txt").touch()
        with pytest.raises(ProblemError) as caught:
            create_project(tmp_path / place, root, base=str(tmp_path / "m.h5"))
        assert caught.value.problems[0].code == "network_damaged"
        assert (tmp_path / place).exists() is kept


def test_a_damaged_index_is_told(tmp_path):
    (tmp_path / "dataset.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(ProblemError) as caught:
        open_index(tmp_path)
    assert caught.value.problems[0].code == "damaged_index"


def test_the_sample_is_ready_to_train(tmp_path):
    folder = sample_project(tmp_path / "sample")
    project = read_project(folder)
    index = open_index(folder)
    assert index.class_names(project.dataset) == tuple("0123456789")
    assert sum(index.split_counts(tuple("0123456789")).values()) == 5000
    assert project.network.origin == "lenet5"
    assert project.dataset.source == "digits"
    assert [path.name for path in (folder / "digits").iterdir() if not path.is_dir()] == ["LICENSE.txt"]
    assert sample_project(tmp_path / "sample") == folder


def test_class_names_choose_order_and_classes(tmp_path):
    root = draw(tmp_path / "p", "a/1.png", "b/2.png", "c/3.png")
    index = indexed(tmp_path, root)
    assert index.class_names(DatasetSpec()) == ("a", "b", "c")
    assert index.class_names(replace(DatasetSpec(), class_names=("c", "a"))) == ("c", "a")


def test_every_odd_picture_is_read_or_named(tmp_path, shared_data):
    root = tmp_path / "p"
    for label in ("a", "b"):
        (root / label).mkdir(parents=True)
    for number, file in enumerate(sorted((shared_data / "odd_images").iterdir())):
        (root / "ab"[number % 2] / file.name).write_bytes(file.read_bytes())
    index = indexed(tmp_path, root)
    assert index.count() == 27
    assert index.count(Filter(problem="any")) < 8
    for picture in index.pictures(index.ids()):
        assert (picture.problem is None) == (picture.width is not None)
