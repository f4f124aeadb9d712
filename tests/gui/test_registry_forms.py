"""Every entry of every registry in the form of the window."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS
from cnnstudio.core.params import with_defaults
from cnnstudio.core.text import set_language
from cnnstudio.gui.widgets.form import Form

ENTRIES = [pytest.param(entry, id=f"{registry.kind}-{entry.id}")
           for registry in (LAYERS, RECIPE_STEPS, AUGMENTATIONS, OPTIMIZERS, CALLBACKS) for entry in registry]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_form_shows_the_parameters_that_matter(qtbot, entry, language):
    set_language(language)
    form = Form(entry.params, {})
    qtbot.addWidget(form)
    assert form.values == with_defaults(entry.params, {})
    labels = {label.text() for label in form.findChildren(QLabel)}
    for param in entry.params:
        assert str(param.label) in labels, param.name
