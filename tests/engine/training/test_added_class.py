"""A class more for a trained model: its earlier classes keep what they learned, and the run is one like any other."""

from __future__ import annotations

import shutil

import cv2
import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.networks import network_builder
from cnnstudio.core.commands import Stop
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Epoch, Notice
from cnnstudio.core.files import write_project
from cnnstudio.core.jobs import ClassesAdded, Train
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.engine import models
from cnnstudio.engine.training.added_class import extend_classifier, extended
from cnnstudio.engine.training.job import train
from cnnstudio.workers.job_setup import prepare_training, refresh_index
from cnnstudio.workers.runs.adding import NewClass, add_class
from cnnstudio.workers.runs.classes import rename_classes
from cnnstudio.workers.runs.reproducing import prepare_again
from tests.engine.collections_of_pictures import draw, small_project
from tests.engine.conftest import Recorder, stop_at

replace = msgspec.structs.replace


def test_at_first_no_answer_changes():
    """The new logit is the mean of the others: never the largest, and each probability is at least n / (n + 1) of before."""
    random = np.random.default_rng(5)
    kernel, bias = random.normal(size=(6, 4)) - 1, random.normal(size=4) - 3
    pictures = random.normal(size=(50, 6))
    before = pictures @ kernel + bias
    wide, shift = extended([kernel, bias], 4, binary=False)
    after = pictures @ wide + shift
    assert np.array_equal(after[:, :4], before)
    assert np.array_equal(after.argmax(axis=1), before.argmax(axis=1))
    shares = [np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True) for logits in (before, after)]
    assert (shares[1][:, :4] / shares[0]).min() >= 4 / 5 - 1e-12
    # A logit of zero would win: all of these are negative in the mean.
    assert before.max(axis=1).min() < 0


def test_a_sigmoid_becomes_the_softmax_of_zero_and_its_logit():
    random = np.random.default_rng(5)
    kernel, bias = random.normal(size=(6, 1)).astype(np.float32), random.normal(size=1).astype(np.float32)
    pictures = random.normal(size=(50, 6)).astype(np.float32)
    wide, shift = extended([kernel, bias], 2, binary=True)
    logits = pictures @ wide + shift
    sigmoid = 1 / (1 + np.exp(-(pictures @ kernel + bias)[:, 0]))
    softmax = np.exp(logits[:, :2]) / np.exp(logits[:, :2]).sum(axis=1, keepdims=True)
    assert np.allclose(softmax[:, 1], sigmoid, atol=1e-6)
    assert np.allclose(logits[:, 2], logits[:, :2].mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("shapes", [[(6, 3)], [(6, 4), (4,), (1, 4)], [(2, 6, 4), (4,)], [(4,)]])
def test_weights_that_are_no_classifier_are_refused(shapes):
    with pytest.raises(ValueError, match="for 4 classes"):
        extended([np.zeros(shape) for shape in shapes], 4, binary=False)

    class Source:
        def get_weights(self):
            return [np.zeros(shape) for shape in shapes]

    with pytest.raises(ProblemError) as refused:
        extend_classifier(Source(), keras.layers.Dense(5), 4, False, "a run")
    assert refused.value.problems[0].code == "no_classifier"


class Project:
    """A project of two classes with a trained run, and a folder of a third class."""

    def __init__(self, folder, label_mode="categorical", network=None, **training):
        self.folder = folder / "project"
        self.folder.mkdir()
        draw(folder / "pictures", ("dark", "light"), 25)
        draw(folder / "more", ("dark", "light", "striped"), 25)
        self.new = folder / "more" / "striped"
        project = small_project(label_mode, **({"epochs": 12} | training))
        if network is not None:
            project = replace(project, network=network)
        self.project = replace(project, dataset=DatasetSpec(source=str(folder / "pictures"), label_mode=label_mode))
        write_project(self.folder, self.project)
        self.index = open_index(self.folder)
        self.cache = folder / "cache"
        refresh_index(self.folder, self.project, self.index)
        self.index.apply(self.project.dataset)
        self.run, job = prepare_training(self.folder, self.project, self.index)
        self.train(job)

    def train(self, job, on_event=None):
        recorder = Recorder(on_event)
        recorder.keep_in(job.run_to_lock)
        train(replace(job, cache=str(self.cache)), recorder)
        return recorder

    def add(self, **options):
        return add_class(self.folder, self.project, self.index, self.run, NewClass(
            name="striped", folder=self.new, **options))


@pytest.fixture
def make_project(tmp_path):
    made = []

    def make(**options):
        made.append(Project(tmp_path, **options))
        return made[-1]

    yield make
    for project in made:
        project.index.close()


def dense_head(*last):
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=4, activation="relu")
    drawing.add("BatchNormalization")
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Dense", units=8, activation="relu")
    drawing.add("Dropout", rate=0.3)
    for type, params in last:
        drawing.add(type, **params)
    return drawing.network("small")


@pytest.mark.parametrize(("label_mode", "last"), [
    ("categorical", [("Output", {})]),
    pytest.param("binary", [("Output", {})], marks=pytest.mark.nightly),
    pytest.param("int", [("Dense", {"units": 2, "activation": "softmax"})], marks=pytest.mark.nightly),
    ("binary", [("Dense", {"units": 1}), ("Activation", {"activation": "sigmoid"})])])
def test_the_trunk_is_kept_and_the_class_is_learned(make_project, label_mode, last):
    place = make_project(label_mode=label_mode, network=dense_head(*last), epochs=40)
    added = place.add()
    recorder = place.train(added.job)
    before, after = models.load(place.run.folder), models.load(added.run.folder)
    assert after.card.class_names == ("dark", "light", "striped")
    assert after.card.label_mode == ("categorical" if label_mode == "binary" else label_mode)
    # The trunk is the same to the last bit, and its features were computed once.
    kept = after.model.get_layer("trunk")
    for layer in before.model.layers:
        if layer.weights and layer.name.startswith(("conv", "batch", "dense")) and layer is not _classifier(before.model):
            for mine, theirs in zip(kept.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True):
                assert np.array_equal(mine, theirs)
    assert "features_kept" in {event.problem.code for event in recorder.of(Notice)}
    (change,) = recorder.of(ClassesAdded)
    assert (change.parent, change.names, change.split) == (place.run.id, ("striped",), "test")
    assert change.earlier == sum(entry.split == "test" for entry in read_manifest(place.run.manifest_path).entries)
    assert change.right_new / change.new > 0.7
    assert change.right_after - change.right_before == change.only_after - change.only_before


def _classifier(model):
    return [layer for layer in model.layers if layer.weights][-1]


def test_without_training_the_earlier_answers_are_the_same(make_project):
    """A run that is stopped before its first batch answers for the earlier classes as its parent."""
    place = make_project(label_mode="binary", network=dense_head(("Output", {})))
    added = place.add()
    recorder = place.train(added.job, stop_at(1, 1))
    before, after = models.load(place.run.folder).model, models.load(added.run.folder).model
    assert not recorder.of(ClassesAdded)
    picture = cv2.imread(str(place.new.parent / "dark" / "000.png"))[None, ..., ::-1].astype(np.float32)
    sigmoid = float(np.asarray(before(picture))[0, 0])
    answer = np.asarray(after(picture))[0]
    # One step of Adam has moved it a little.
    assert abs(answer[1] / (answer[0] + answer[1]) - sigmoid) < 0.15


def test_the_last_layers_learn_in_a_second_stage(make_project):
    place = make_project(network=dense_head(("Output", {})), epochs=2)
    added = place.add(last_layers=True)
    stages = added.run.spec().training.stages
    assert [stage.trainable_from for stage in stages] == ["none", "dense"]
    assert stages[1].optimizer.params["learning_rate"] == pytest.approx(0.0001)
    place.train(replace(added.job))
    kept = models.load(added.run.folder).model.get_layer("trunk")
    before = models.load(place.run.folder).model
    changed = {layer.name for layer in before.layers if layer.weights and layer.name != "output" and not np.array_equal(
        layer.get_weights()[0], kept.get_layer(layer.name).get_weights()[0])}
    assert changed == {"dense"}


def test_the_run_is_resumed_and_reproduced_like_any_other(make_project):
    place = make_project(network=dense_head(("Output", {})))
    whole = place.add()
    place.train(whole.job)
    # The class is one of the project now.
    broken = add_class(place.folder, whole.project, place.index, place.run, NewClass(name="striped"))
    place.train(broken.job, lambda recorder, event: recorder.command(Stop(keep=True)) if isinstance(
        event, Epoch) and event.epoch == 5 else None)
    recorder = place.train(replace(broken.job, resume=True))
    assert len(recorder.of(ClassesAdded)) == 1
    again, job, _changes = prepare_again(whole.run)
    place.train(job)
    weights = [models.load(run.folder).model.get_weights() for run in (whole.run, broken.run, again)]
    for other in weights[1:]:
        assert all(np.array_equal(mine, theirs) for mine, theirs in zip(weights[0], other, strict=True))


def test_another_class_can_follow_and_renamed_classes_keep_their_names(make_project):
    place = make_project(network=dense_head(("Output", {})))
    rename_classes(place.run, {"dark": "night", "light": "day"})
    first = place.add()
    place.train(first.job)
    assert models.load(first.run.folder).card.class_names == ("night", "day", "striped")
    assert read_manifest(first.run.manifest_path, as_trained=True).header.class_names == ("dark", "light", "striped")
    again = place.folder.parent / "fourth"
    shutil.copytree(place.new, again)
    for path in again.iterdir():
        cv2.imwrite(str(path), 255 - cv2.imread(str(path)))
    write_project(place.folder, first.project)
    second = add_class(place.folder, first.project, place.index, first.run, NewClass(name="fourth", folder=again))
    place.train(second.job)
    loaded = models.load(second.run.folder)
    assert loaded.card.class_names == ("night", "day", "striped", "fourth")
    # The trunk that was made for the first class serves the second one: no other is copied.
    assert len(list((place.folder / "bases").iterdir())) == 1


def test_a_later_training_of_the_project_has_the_class_too(make_project):
    place = make_project(label_mode="binary", network=dense_head(("Dense", {"units": 1, "activation": "sigmoid"})), epochs=2)
    added = place.add()
    run, job = prepare_training(place.folder, added.project, place.index)
    place.train(Train(run_folder=job.run_folder))
    assert models.load(run.folder).card.class_names == ("dark", "light", "striped")
