"""Settings are called as the page calls them."""

from __future__ import annotations

import pytest

from cnnstudio.gui.pages.train.runs.setting_names import setting_name


@pytest.mark.parametrize(("key", "name"), [
    ("training.seed", "Seed"), ("training.stages.stage_1.epochs", "Epochs · stage_1"),
    ("training.stages.stage_1.optimizer.params.learning_rate", "Optimizer: Learning rate · stage_1"),
    ("training.stages.stage_1.optimizer.type", "Optimizer · stage_1"),
    ("training.stages.s.callbacks.early_stopping.params.patience", "Callback: early_stopping: patience · s"),
    ("training.stages.s.callbacks.early_stopping.enabled", "Callback: early_stopping · s"),
    ("training.stages.s.callbacks.early_stopping", "Callback: early_stopping · s"),
    ("training.loss.params", "Loss"), ("training.stages.s.schedule", "Learning rate schedule · s"),
    ("network.nodes.conv.params.filters", "network.nodes.conv.params.filters")])
def test_a_setting_has_the_label_of_its_field(key, name):
    assert setting_name(key) == name
