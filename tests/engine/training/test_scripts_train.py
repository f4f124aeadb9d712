"""Projects from a course's training scripts train with the settings of the script."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.events import Epoch, Finished
from cnnstudio.core.project import Project
from cnnstudio.interchange.script.apply import with_script, with_script_data
from cnnstudio.interchange.script.reader import read_script
from tests.engine.collections_of_pictures import CLASSES
from tests.interchange.course_scripts import SCRIPTS

replace = msgspec.structs.replace


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_becomes_a_project_that_trains(name, tmp_path, new_run, train_run):
    """One epoch of each stage on a handful of pictures."""
    text = SCRIPTS[name].replace('weights="imagenet"', "weights=None").replace("96", "32")
    (tmp_path / "train.py").write_text(text)
    script = read_script(tmp_path / "train.py")
    project = with_script_data(Project(name="x"), script)
    project = with_script(project, script, context_of(project, 2, BUILT_IN), CLASSES[:2], 20)
    training = project.training
    assert training.batch_size in (4, 8)
    stages = tuple(replace(stage, epochs=1) for stage in training.stages)
    last, recorder = train_run(new_run(replace(project, training=replace(training, stages=stages))))
    assert isinstance(last, Finished)
    rates = [event.metrics["learning_rate"] for event in recorder.of(Epoch)]
    assert len(rates) == len(stages)
    assert rates[0] == pytest.approx(stages[0].optimizer.params["learning_rate"], rel=0.6)
