"""What a run's layers answer to a picture, on the cards of the canvas."""

from __future__ import annotations

import pytest

from cnnstudio.core import edits
from cnnstudio.core.text import same
from cnnstudio.gui.pages.network.activations import Activations
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.prediction_server import PredictionServer
from tests.gui.driving import button, part, says
from tests.gui.pages.evaluate.test_evaluate import trained_run


@pytest.fixture
def shown(qtbot, window, project_folder, monkeypatch):
    """The Network page with the card of the activations open; a scripted server answers."""
    monkeypatch.setattr(PredictionServer, "target", "tests.gui.pages.layers.children:child")
    trained_run(project_folder)
    window.perform(OpenProject(str(project_folder)))
    window.go("network")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    page = window.current
    button(page.canvas, "Activations of a run on the cards").click()
    yield page, part(page.canvas, Activations)
    page.activations.leave()
    server = window.session.findChild(PredictionServer)
    if server is not None:
        server.stop()


def test_the_cards_show_maps_of_layers_that_are_still_those_of_the_run(qtbot, shown, window):
    page, card = shown
    scene = page.editor.scene
    node = next(node for node in page.editor.network.nodes if node.type == "Conv2D")
    qtbot.waitUntil(lambda: bool(card._maps) and not card._inside.busy, timeout=20_000)
    # The scripted model knows a layer of this name only.
    card._maps = {node.id: next(iter(card._maps.values()))}
    card.follow(page.editor.network)
    assert scene.nodes[node.id].shows_maps
    assert sum(item.shows_maps for item in scene.nodes.values()) == 1
    assert window.session.edit(lambda project: edits.set_node_param(project, node.id, "filters", 17), same("wider"))
    qtbot.waitUntil(lambda: says(card, "not as in the run: 1"), timeout=20_000)
    assert not scene.nodes[node.id].shows_maps
    window.session.undo()
    qtbot.waitUntil(lambda: scene.nodes[node.id].shows_maps, timeout=20_000)
    button(card, "Close").click()
    assert not any(item.shows_maps for item in scene.nodes.values())
    assert not card.isVisible()


def test_without_a_trained_run_it_says_so(window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("network")
    page = window.current
    button(page.canvas, "Activations of a run on the cards").click()
    assert says(part(page.canvas, Activations), "Train this network first")
    page.activations.toggle()
    assert not page.activations.isVisible()
