"""A class more for a run: which pictures it gets in which split, what the project becomes, and what is refused."""

from __future__ import annotations

import shutil
from collections import Counter

import msgspec
import pytest

from cnnstudio import cli
from cnnstudio.core.events import Finished
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.item import Item, Step
from cnnstudio.core.jobs import ClassesAdded
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.messages import encode_event
from cnnstudio.core.network import OUTPUT
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.job_setup import prepare_training, refresh_index
from cnnstudio.workers.runs.adding import NewClass, add_class, adopt_class
from cnnstudio.workers.runs.class_change import change_lines, change_verdict, class_change
from cnnstudio.workers.runs.classes import rename_classes
from cnnstudio.workers.runs.folder import RunFolder, list_runs
from tests.datasets.test_decisions import picture

replace = msgspec.structs.replace


class Place:
    """A project with a pretrained base and a run of it, whose model is any file; and a folder of another class."""

    def __init__(self, folder, count=20, split_folders=False):
        self.folder, self.pictures, self.new = folder / "project", folder / "pictures", folder / "fox"
        for number in range(count):
            for place, name in enumerate(("cat", "dog")):
                part = ("test" if number % 5 == 0 else "train") if split_folders else ""
                picture(self.pictures / part / name / f"{number}.png", 2 * number + place)
        for number in range(12):
            picture(self.new / f"{number}.png", 1000 + number)
        self.folder.mkdir()
        self.project = new_project("pets", str(self.pictures), Facts(classes=("cat", "dog")), base="efficientnet_lite0")
        write_project(self.folder, self.project)
        self.index = open_index(self.folder)
        refresh_index(self.folder, self.project, self.index)
        self.index.apply(self.project.dataset)
        self.run, _job = prepare_training(self.folder, self.project, self.index)
        self.run.model_path.write_bytes(b"a model")

    def add(self, name="fox", folder=None, project=None, **options):
        return add_class(self.folder, project or self.project, self.index, self.run,
                         NewClass(name=name, folder=folder or self.new, **options))


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path)
    yield made
    made.index.close()


def of_split(run, label):
    return Counter(entry.split for entry in read_manifest(run.manifest_path).entries if entry.label == label)


def test_the_run_has_the_pictures_of_its_parent_and_those_of_the_class(place):
    added = place.add()
    parent, manifest = read_manifest(place.run.manifest_path), read_manifest(added.run.manifest_path)
    assert manifest.header.class_names == ("cat", "dog", "fox")
    assert manifest.entries[:len(parent.entries)] == parent.entries
    new = manifest.entries[len(parent.entries):]
    assert {(entry.label, (place.pictures / entry.path).parent) for entry in new} == {(2, place.new)}
    assert dict(of_split(added.run, 2)) == added.pictures == {"train": 8, "validation": 2, "test": 2}
    origin = added.run.origin()
    assert (origin.kind, origin.parent, origin.added) == ("weights", place.run.id, ("fox",))
    assert (added.run.folder / "start" / "model.keras").read_bytes() == b"a model"


def test_two_classes_of_a_sigmoid_become_three_of_a_softmax(place):
    place.run.spec_path.write_bytes(msgspec.json.encode(replace(
        place.run.spec(), training=replace(place.run.spec().training, loss=Item(type="binary_crossentropy"))))
        .replace(b'{"name"', b'{"format":5,"name"', 1))
    spec = place.add().run.spec()
    assert (spec.dataset.label_mode, spec.training.loss.type) == ("categorical", "auto")
    assert spec.dataset.class_names == ("cat", "dog", "fox")
    assert [node.type for node in spec.network.nodes][-1] == OUTPUT


def test_only_the_head_learns_unless_the_last_layers_are_wanted(place):
    augmented = replace(place.run.spec(), augmentation=replace(
        place.project.augmentation, steps=(Step(id="flip", type="random_flip"),)))
    place.run.spec_path.write_bytes(msgspec.json.encode(augmented).replace(b'{"name"', b'{"format":5,"name"', 1))
    first = place.add()
    head = first.run.spec()
    assert [stage.trainable_from for stage in head.training.stages] == ["none"]
    assert not head.augmentation.active  # else the features would be computed for every epoch anew
    last = add_class(place.folder, first.project, place.index, place.run, NewClass(name="fox", last_layers=True)).run.spec()
    assert last.training.stages[0].trainable_from == "none"
    assert last.training.stages[1].trainable_from.startswith("block")
    assert last.augmentation.active


def test_the_project_has_the_class_as_its_last_and_the_folder_as_a_source(place):
    added = place.add()
    dataset = added.project.dataset
    assert (dataset.class_names, dataset.joined) == (("cat", "dog", "fox"), (str(place.new),))
    assert (dataset.source_classes, dataset.label_mode) == ({str(place.new): "fox"}, "categorical")
    assert place.index.class_names(dataset) == ("cat", "dog", "fox")
    run, _job = prepare_training(place.folder, added.project, place.index)
    assert read_manifest(run.manifest_path).header.class_names == ("cat", "dog", "fox")
    edited = replace(place.project, name="other")
    assert adopt_class(edited, place.project, added.project).name == "other"
    assert adopt_class(edited, place.project, added.project).dataset == dataset


def test_a_class_that_the_project_has_needs_no_folder(place):
    shutil.copytree(place.new, place.pictures / "fox")
    refresh_index(place.folder, place.project, place.index)
    place.index.apply(place.project.dataset)
    added = add_class(place.folder, place.project, place.index, place.run, NewClass(name="fox"))
    assert added.project == place.project
    assert sum(added.pictures.values()) == 12


def test_held_out_pictures_of_the_class_are_drawn_where_folders_name_the_splits(tmp_path):
    place = Place(tmp_path, split_folders=True)
    assert of_split(place.run, 0)["test"] == 4
    assert dict(of_split(place.add().run, 2)) == {"train": 8, "validation": 2, "test": 2}
    place.index.close()


def test_pictures_that_are_in_another_class_or_there_twice_are_left_out(place):
    shutil.copy(place.pictures / "cat" / "0.png", place.new / "a.png")
    shutil.copy(place.new / "1.png", place.new / "again.png")
    added = place.add()
    assert (sum(added.pictures.values()), added.again) == (12, 1)
    (told,) = [problem for problem in added.problems if problem.code == "in_other_class"]
    assert "(a.png)" in told.text.en


def _nothing(_place):
    pass


def _is_trained(place):
    lock = ProjectLock(place.run.folder)
    assert lock.acquire() is None
    place.held = lock


@pytest.mark.parametrize(("change", "wanted", "codes"), [
    (_nothing, {"name": "dog"}, ["class_exists"]),
    (_nothing, {"name": " "}, ["class_name"]),
    (_nothing, {"name": "a\nb"}, ["class_name"]),
    (lambda place: [path.unlink() for path in place.new.iterdir()], {}, ["no_pictures"]),
    (lambda place: shutil.rmtree(place.new), {}, ["no_pictures"]),
    (lambda place: [path.write_bytes(b"no picture") for path in place.new.iterdir()], {}, ["no_pictures"]),
    (lambda place: [shutil.copy(place.pictures / "cat" / f"{number}.png", place.new / f"{number}.png")
                    for number in range(12)], {}, ["in_other_class"]),
    (_nothing, {"folder": "pictures/cat"}, ["folder_in_project"]),
    (lambda place: place.run.model_path.unlink(), {}, ["no_model"]),
    (_is_trained, {}, ["run_in_use"])])
def test_what_cannot_be_added_is_told_and_changes_nothing(place, change, wanted, codes):
    change(place)
    before = place.index.counts()
    if "folder" in wanted:
        wanted = wanted | {"folder": place.folder.parent / wanted["folder"]}
    with pytest.raises(ProblemError) as refused:
        place.add(**wanted)
    assert [problem.code for problem in refused.value.problems] == codes
    assert all(problem.text.en != problem.text.es for problem in refused.value.problems)
    assert place.index.counts() == before
    assert len(list_runs(place.folder)) == 1
    if held := getattr(place, "held", None):
        held.release()


@pytest.mark.parametrize("last", [
    [("GlobalAveragePooling2D", {}), ("Activation", {"activation": "softmax"})],
    [("Conv2D", {"filters": 2, "kernel_size": [1, 1]}), ("GlobalAveragePooling2D", {}),
     ("Activation", {"activation": "softmax"})],
    [("Flatten", {}), ("Dense", {"units": 3, "activation": "softmax"})],
    [("Flatten", {}), ("Dense", {"units": 2, "activation": "softmax", "spectral_normalization": True})]])
def test_a_network_without_a_dense_classifier_is_refused(place, last):
    from cnnstudio.catalog.networks import network_builder

    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=2)
    for type, params in last:
        drawing.add(type, **params)
    spec = replace(place.run.spec(), network=drawing.network("mine"), dataset=replace(
        place.project.dataset, label_mode="categorical"))
    place.run.spec_path.write_bytes(msgspec.json.encode(spec).replace(b'{"name"', b'{"format":5,"name"', 1))
    with pytest.raises(ProblemError) as refused:
        place.add()
    assert [problem.code for problem in refused.value.problems] == ["no_classifier"]


def test_a_missing_base_is_told(place):
    spec = place.run.spec()
    nodes = tuple(replace(node, params={"base": "own", "file": "bases/gone-0123456789ab.keras"})
                  if node.type == "PretrainedBase" else node for node in spec.network.nodes)
    place.run.spec_path.write_bytes(msgspec.json.encode(replace(spec, network=replace(spec.network, nodes=nodes)))
                                    .replace(b'{"name"', b'{"format":5,"name"', 1))
    before = place.index.counts()
    with pytest.raises(ProblemError) as refused:
        place.add()
    assert "own_base_missing" in {problem.code for problem in refused.value.problems}
    assert place.index.counts() == before


def test_renamed_classes_keep_their_names_and_the_project_its_own(place):
    rename_classes(place.run, {"cat": "Katze"})
    added = place.add()
    assert read_manifest(added.run.manifest_path).header.class_names == ("Katze", "dog", "fox")
    assert read_manifest(added.run.manifest_path, as_trained=True).header.class_names == ("cat", "dog", "fox")
    assert added.project.dataset.class_names == ("cat", "dog", "fox")
    with pytest.raises(ProblemError, match="already"):
        add_class(place.folder, added.project, place.index, place.run, NewClass(name="cat"))


# The command ---------------------------------------------------------------------------------------


CHANGE = ClassesAdded(parent="p", names=("fox",), split="test", earlier=100, right_before=98, right_after=96, only_before=3,
                      only_after=1, taken=2, new=10, right_new=9)


@pytest.fixture
def trained(monkeypatch):
    """Plays the child: it writes what the change was."""
    from cnnstudio.cli import training

    def run_job(job, _output, handle, *_commands):
        run = RunFolder(job.run_to_lock)
        run.events_path.write_bytes(encode_event(CHANGE) + b"\n" + encode_event(Finished(run=run.id)) + b"\n")
        handle(CHANGE)
        return Finished(run=run.id)

    monkeypatch.setattr(training, "run_job", run_job)


@pytest.mark.usefixtures("trained")
def test_the_command_adds_trains_and_tells(place, capsys):
    place.index.close()
    assert cli.main(["train", str(place.folder), "--add-class", f"fox={place.new}"]) == 0
    printed = capsys.readouterr()
    assert "fox: 8 training pictures, 2 validation, 2 test" in printed.err
    assert "Earlier classes, before: 98.0% (98 of 100; 95% interval 93.0% to 99.4%)" in printed.out
    assert "Earlier classes, now: 96.0%" in printed.out
    assert "New class, fox: 90.0% (9 of 10" in printed.out
    assert "within chance (McNemar's exact test, p = 0.625). Their pictures that are taken for fox: 2." in printed.out
    assert read_project(place.folder).dataset.class_names == ("cat", "dog", "fox")
    assert list_runs(place.folder)[0].origin.added == ("fox",)


def test_options_that_do_not_go_together_are_told(place, capsys):
    place.index.close()
    for options in (["--last-layers"], ["--add-class", "fox", "--seeds", "2"], ["--add-class", "fox", "--set", "a=b"],
                    ["--add-class", "fox", "--from", f"{place.run.id}@3"], ["--add-class", "fox"],
                    ["--add-class", f"fox={place.folder / 'nothing'}"], ["--add-class", f"fox={place.new}", "--from", "no"]):
        assert cli.main(["train", str(place.folder), *options]) == 2
        assert capsys.readouterr().err.startswith("error: ")
    assert read_project(place.folder) == place.project


@pytest.mark.parametrize(("counts", "words"), [
    ({"only_before": 0, "only_after": 0, "taken": 0}, "No answer for a picture"),
    ({"only_before": 20, "only_after": 1}, "less well"),
    ({"only_before": 1, "only_after": 20}, "better"), ({"only_before": 3, "only_after": 1}, "within chance")])
def test_the_verdict_follows_the_test(counts, words):
    verdict = change_verdict(replace(CHANGE, **counts))
    assert words in verdict.en
    assert ("taken for fox" in verdict.en) == (counts.get("taken", 2) > 0)
    assert verdict.en != verdict.es


def test_nothing_is_told_of_a_run_that_added_no_class(place):
    place.run.events_path.write_bytes(encode_event(CHANGE) + b"\n")
    assert class_change(place.run) is None
    assert change_lines(replace(CHANGE, split="validation"))[0][0].es == "Clases anteriores, antes"
