"""What can be varied: every key is one, with a range that a search takes."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.core.search import Choices
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.search.candidates import candidates, usual
from cnnstudio.workers.search.space import checked_space

CLASSES = ("cat", "dog")


@pytest.mark.parametrize("start", [{"template": "lenet5"}, {"template": "small_cnn"}, {"template": "residual"},
                                   {"base": "mobilenet_v2"}])
def test_every_candidate_can_be_varied_as_it_is(tmp_path, start):
    project = new_project("pets", str(tmp_path), Facts(classes=CLASSES), **start)
    found = candidates(project, CLASSES, BUILT_IN)
    assert len({item.key for item in found}) == len(found)
    for item in found:
        (settled,) = checked_space(project, [item.varied], CLASSES, BUILT_IN).varied
        if not isinstance(item.values, Choices):
            assert settled.values == item.values, item.key
        elif item.options:
            assert set(item.values.values) <= {choice for choice, _label in item.options}, item.key
        assert item.label.en and item.label.es and item.help.en and item.help.es


def test_ranges_lie_around_the_present_value(tmp_path):
    project = new_project("pets", str(tmp_path), Facts(classes=CLASSES), template="small_cnn")
    found = candidates(project, CLASSES, BUILT_IN)
    for item in found:
        try:
            now = float(item.now)
        except ValueError:
            continue
        if not isinstance(item.values, Choices) and now > 0:
            assert item.values.low <= now <= item.values.high, item.key


def test_a_base_brings_its_freeze_line_and_the_choice_of_another(tmp_path):
    project = new_project("pets", str(tmp_path), Facts(classes=CLASSES), base="mobilenet_v2")
    keys = {item.key: item for item in candidates(project, CLASSES, BUILT_IN)}
    assert keys["base"].now == "mobilenet_v2" and len(keys["base"].options) > 3
    line = keys["network.base.trainable_from"]
    assert set(line.values.values) == {"none", "last:20", "all"}
    assert "network.base.trainable_from" in {item.key for item in usual(tuple(keys.values()))}
    without = new_project("pets", str(tmp_path), Facts(classes=CLASSES), template="lenet5")
    assert "base" not in {item.key for item in candidates(without, CLASSES, BUILT_IN)}


def test_stages_are_told_apart(tmp_path):
    import msgspec

    project = new_project("pets", str(tmp_path), Facts(classes=CLASSES), template="lenet5")
    first = project.training.last_stage
    stages = (first, msgspec.structs.replace(first, id="second"))
    project = msgspec.structs.replace(project, training=msgspec.structs.replace(project.training, stages=stages))
    keys = [item.key for item in candidates(project, CLASSES, BUILT_IN)]
    assert "training.stages.second.optimizer.learning_rate" in keys
    assert f"training.stages.{first.id}.epochs" in keys
