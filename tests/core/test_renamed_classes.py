"""Other names for the classes of a trained run: which are allowed, and how what keeps the old ones is read."""

from __future__ import annotations

import pytest

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.renamed_classes import (
    FILE,
    RenamedClasses,
    class_numbers,
    names_in,
    present_name,
    present_names,
    read_renamed,
    rename_in_project,
    renamed,
    renamed_problem,
    write_renamed,
)
from cnnstudio.core.training import TrainingSpec

CLASSES = ("cat", "dog", "fox")


def test_names_change_all_at_once_so_that_two_can_change_places():
    assert renamed(CLASSES, {"cat": "dog", "dog": "cat"}) == ("dog", "cat", "fox")
    assert renamed(CLASSES, {"cat": " gato "}) == ("gato", "dog", "fox")


@pytest.mark.parametrize(("changes", "codes"), [
    ({"cat": ""}, ["class_name"]), ({"cat": "  "}, ["class_name"]), ({"cat": "a\nb"}, ["class_name"]),
    ({"cat": "fox"}, ["class_name"]), ({"cat": "x", "dog": "x"}, ["class_name"]), ({"cat": "x" * 201}, ["class_name"]),
    ({"horse": "x", "cow": "y"}, ["unknown_class", "unknown_class"])])
def test_bad_names_are_refused_each_with_a_problem(changes, codes):
    with pytest.raises(ProblemError) as refused:
        renamed(CLASSES, changes)
    assert [problem.code for problem in refused.value.problems] == codes
    assert all(problem.text.en != problem.text.es for problem in refused.value.problems)


def test_an_odd_name_from_a_folder_does_not_keep_others_from_being_renamed():
    assert renamed(("a\nb", "dog"), {"dog": "perro"}) == ("a\nb", "perro")


def test_what_has_the_old_names_is_read_with_the_new_ones(tmp_path):
    write_renamed(tmp_path, RenamedClasses(trained=CLASSES, names=("gato", "perro", "zorro"),
                                           earlier=(CLASSES, ("chat", "chien", "renard"))))
    for names in (CLASSES, ("gato", "perro", "zorro"), ("chat", "chien", "renard")):
        assert present_names(tmp_path, names) == ("gato", "perro", "zorro")
        assert [present_name(tmp_path, name) for name in names] == ["gato", "perro", "zorro"]
    (tmp_path / "kept").mkdir()
    assert present_names(tmp_path / "kept", CLASSES)[0] == "gato"
    assert present_names(tmp_path, ("one", "two")) == ("one", "two")
    assert present_name(tmp_path, "horse") == "horse"
    assert class_numbers(tmp_path, ("gato", "perro", "zorro")) == {
        "cat": 0, "dog": 1, "fox": 2, "gato": 0, "perro": 1, "zorro": 2}


def test_a_present_name_goes_before_one_of_the_training(tmp_path):
    write_renamed(tmp_path, RenamedClasses(trained=("cat", "dog"), names=("dog", "cat")))
    assert class_numbers(tmp_path, ("dog", "cat")) == {"dog": 0, "cat": 1}
    assert present_name(tmp_path, "dog") == "dog"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"trained": ["a"], "names": []}',
                                  b'{\n  "crc": "00000000",\n  "trained": ["a"], "names": ["b"]\n}\n'])
def test_a_damaged_file_is_told_and_changes_nothing(tmp_path, data):
    assert renamed_problem(tmp_path) is None
    (tmp_path / FILE).write_bytes(data)
    assert read_renamed(tmp_path) is None
    assert present_names(tmp_path, ("a",)) == ("a",)
    assert renamed_problem(tmp_path).code == "damaged_classes"


def test_a_collection_knows_the_classes_by_the_present_names_or_by_those_of_the_training():
    trained, names = ("cat", "dog"), ("gato", "perro")
    assert names_in(("gato", "perro", "x"), trained, names) == names
    assert names_in(("cat", "dog"), trained, names) == trained
    assert names_in(("cat", "perro"), trained, names) == ("cat", "perro")
    # Only one of two names that have changed places is there: neither class may take that of the other.
    assert names_in(("cat",), ("cat", "dog"), ("x", "cat")) == ("cat", "dog")


def test_the_specs_of_a_run_follow():
    project = Project(dataset=DatasetSpec(class_names=("cat", "dog")),
                      training=TrainingSpec(class_weight="custom", class_weights={"cat": 2.0}))
    changed = rename_in_project(project, ("cat", "dog"), ("gato", "dog"))
    assert changed.dataset.class_names == ("gato", "dog")
    assert changed.training.class_weights == {"gato": 2.0}
    assert rename_in_project(project, ("cat", "dog"), ("cat", "dog")) is project
