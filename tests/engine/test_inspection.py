"""A look into the network of a run: figures, dead units, augmentation, batch normalisation."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.events import Finished
from cnnstudio.core.item import Step
from cnnstudio.core.network import Node
from cnnstudio.core.trial_jobs import Inspect, Inspected
from cnnstudio.engine.inspection import inspect
from cnnstudio.workers.coach.evidence import find_inspection
from tests.engine.chains import chain
from tests.engine.collections_of_pictures import small_project
from tests.engine.conftest import Recorder


@pytest.fixture
def look(new_run, train_run, tmp_path):
    """Trains a project and looks into its network."""
    def go(project):
        run = new_run(project)
        train_run(run)
        recorder = Recorder()
        assert isinstance(inspect(Inspect(run_folder=str(run.folder), cache=str(tmp_path / "cache")), recorder), Finished)
        (found,) = recorder.of(Inspected)
        assert find_inspection(run).recalls == found.recalls, "it is kept"
        return found

    return go


def test_figures_of_a_network_that_has_learned(look):
    found = look(small_project(epochs=12))
    assert found.train_accuracy == 1.0
    assert found.validation_accuracy == 1.0
    assert found.recalls == (1.0, 1.0)
    assert sum(found.supports) == found.validation_pictures
    assert found.augmented_accuracy is None
    assert found.batch_gap is None


def test_dead_units_are_counted(look):
    dead = Node(id="dead", type="Dense", params={"units": 16, "activation": "relu", "bias_initializer": "constant",
                                                 "bias_initializer_value": -50.0})
    alive = Node(id="alive", type="Dense", params={"units": 12, "activation": "relu", "bias_initializer": "constant",
                                                   "bias_initializer_value": 5.0})
    found = look(replace(small_project(epochs=1), network=chain(Node(id="flatten", type="Flatten"), alive, dead)))
    states = {layer.node: (layer.units, layer.dead) for layer in found.layers}
    assert states == {"alive": (12, 0), "dead": (16, 16)}


def test_pixels_that_nothing_scales_are_measured(look):
    project = small_project(epochs=1)
    found = look(replace(project, recipe=replace(project.recipe, normalization="none")))
    assert found.pixel_scale > 5
    assert look(project).pixel_scale == 0


def test_what_an_augmentation_takes_away_is_measured(look):
    """Dark and light pictures differ by their brightness alone."""
    steps = (Step(id="flip", type="random_flip", params={"mode": "horizontal"}),
             Step(id="bright", type="random_brightness", params={"factor": 1.0, "probability": 0.05}))
    found = look(replace(small_project(epochs=12), augmentation=AugmentationSpec(steps=steps)))
    costs = {step.step: step.accuracy for step in found.steps}
    assert costs["flip"] == found.train_accuracy
    assert costs["bright"] < costs["flip"]
    assert found.augmented_accuracy <= found.train_accuracy


def test_batch_normalisation_is_compared_with_its_averages(look):
    project = small_project(epochs=2)
    network = chain(Node(id="flatten", type="Flatten"), Node(id="dense", type="Dense", params={"units": 8}),
                    Node(id="norm", type="BatchNormalization"))
    project = replace(project, network=network, training=replace(project.training, batch_size=2))
    small = look(project)
    large = look(replace(project, training=replace(project.training, batch_size=14)))
    assert small.batch_noise > large.batch_noise > 0
    assert -1 <= small.batch_gap <= 1
