"""The map of an evaluation: computed once, coloured, selected from, and the neighbourhood of a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cnnstudio.gui.pages.evaluate import start
from cnnstudio.gui.pages.evaluate.embedding import view as view_module
from cnnstudio.gui.pages.evaluate.embedding.rows import COLORINGS
from cnnstudio.gui.pages.evaluate.embedding.view import EmbeddingView
from cnnstudio.gui.pages.evaluate.reading import read_evaluation
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, press, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.map_children import keep_map
from tests.gui.pages.evaluate.test_evaluate import trained_run

MISTAKES = 2


@pytest.fixture
def run(project_folder) -> RunFolder:
    return trained_run(project_folder)


@pytest.fixture
def view(qtbot, workspace, run) -> Iterator[EmbeddingView]:
    evaluate_with_answers(run, "test", MISTAKES)
    evaluated = run.evaluation("test")
    read = read_evaluation(run, "test", evaluated)
    result = EmbeddingView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 700)
    result.show()
    result.context = EvaluationContext(run=run, split="test", evaluated=evaluated, colors=tuple(range(len(evaluated.classes))),
                                       answers=read.answers, read=read)
    yield result
    result.close_threads()


def settled(qtbot, view: EmbeddingView) -> None:
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)


def computed(qtbot, view: EmbeddingView, monkeypatch, name: str = "child") -> None:
    real = start.ChildJob
    target = f"tests.gui.pages.evaluate.map_children:{name}"
    monkeypatch.setattr(start, "ChildJob", lambda job, *arguments, **options: real(job, *arguments, target=target, **options))
    view.show_evaluation(view.context)
    settled(qtbot, view)
    press(view, "Compute the map")
    settled(qtbot, view)


def test_nothing_is_computed_by_itself(qtbot, view):
    view.show_evaluation(view.context)
    settled(qtbot, view)
    assert says(view, "The map has not been computed yet") and button(view, "Compute the map").isEnabled()


def test_a_computed_map_shows_every_colouring(qtbot, view, monkeypatch):
    computed(qtbot, view, monkeypatch)
    assert says(view, "Features: the output of pooling, before output.")
    count = len(view.context.answers)
    assert len(view._rows.rows) == count
    assert len(view.map.ids) > count, "training pictures around them"
    for by in COLORINGS:
        view._choose_coloring(by)
        assert sum(len(entry.rows) for entry in view._entries) == count
    view._choose_coloring("correct")
    assert [(entry.label, len(entry.rows)) for entry in view._entries][1] == ("Wrong", MISTAKES)
    view._around.setChecked(False)
    assert len(view.map.ids) == count


def test_what_is_selected_goes_to_the_panel_mistakes_first(qtbot, view, monkeypatch):
    computed(qtbot, view, monkeypatch)
    answers = view.context.answers
    with qtbot.waitSignal(view.pictures_requested) as asked:
        view.map.select_all()
    _title, note, numbers = asked.args
    assert f"{MISTAKES} wrong" in note
    assert (answers.labels[numbers[:MISTAKES]] != answers.predicted[numbers[:MISTAKES]]).all()
    assert sorted(numbers.tolist()) == list(range(len(answers)))
    assert not view.neighbourhood.isVisible(), "several pictures have no neighbourhood"


def test_a_mistake_is_judged_by_its_neighbours(qtbot, view, monkeypatch):
    computed(qtbot, view, monkeypatch)
    rows = view._rows
    wrong = int(rows.rows[np.flatnonzero(rows.labels != rows.predicted)[0]])
    view._select([wrong])
    card = view.neighbourhood
    assert card.isVisible() and says(card, "goes against the neighbourhood")
    assert [cell.neighbour.distance for cell in card.strip._cells] == pytest.approx([0.1] * 3)
    assert view.map._links[0] == wrong and len(view.map._links[1]) == 3
    press(card, "Evaluated ones")
    assert [cell.neighbour.distance for cell in card.strip._cells] == pytest.approx([0.2] * 3)
    other = card.strip._cells[1].identifier
    card.strip.chosen.emit(other)
    assert view.map.selected_ids() == [other]
    view.grab()
    card.closed.emit()
    assert not card.isVisible() and not view.map._links[1]


def test_a_failure_is_told_and_a_kept_map_is_shown_at_once(qtbot, view, monkeypatch, run):
    computed(qtbot, view, monkeypatch, "failing_child")
    assert says(view, "There are no weights.")
    keep_map(view_module.MapEvaluation(run_folder=str(run.folder), split="test", cache=str(_cache())))
    view.show_evaluation(view.context)
    settled(qtbot, view)
    assert view._rows is not None


def _cache() -> Path:
    from cnnstudio.core.places import cache_folder

    return cache_folder()
