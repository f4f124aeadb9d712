"""The map on the Data page: computed, coloured, kept in step with the grid, and damaged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from cnnstudio.core.events import Failed, Finished, Stopped
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.datasets.embedding import BUNDLED, Embedding, write_embedding
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.map.panel import MapPanel
from cnnstudio.gui.state.audit import EMBED
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.map.legend import Legend
from cnnstudio.gui.widgets.map.working_bar import WorkingBar
from cnnstudio.workers.embedding_jobs import embedding_target
from tests.gui.driving import button, choose, part, parts, press, says
from tests.gui.shots import settle


def embedding_of(workspace: Workspace, **changes: object) -> Embedding:
    """A map of the project's pictures: cats at the left, dogs at the right, one of them doubtful."""
    index = workspace.collection.index
    assert index is not None
    pictures = index.pictures(list(index.ids()))
    n = len(pictures)
    position = np.asarray([(-0.5 if picture.class_name == "cat" else 0.5, place / n - 0.5)
                           for place, picture in enumerate(pictures)], np.float32)
    values: dict = {
        "model": BUNDLED, "layout": "tsne", "paths": tuple(picture.path for picture in pictures),
        "hashes": tuple(picture.hash or "" for picture in pictures), "position": position, "outlier": np.zeros(n, np.float32),
        "neighbours": np.full((n, 3), -1, np.int32), "label_quality": np.ones(n, np.float32),
        "mislabeled": np.arange(n) == 0, "classes": ("cat", "dog"),
        "suggested": tuple("dog" if place == 0 else picture.class_name for place, picture in enumerate(pictures))} | changes
    return Embedding(**values)


@pytest.fixture
def opened(qapp, workspace: Workspace, project_folder: Path) -> Workspace:
    assert workspace.session.open(project_folder)
    settle(qapp, workspace.session)
    return workspace


@pytest.fixture
def panel(qapp, opened: Workspace) -> Iterator[MapPanel]:
    write_embedding(embedding_target(opened.session.folder), embedding_of(opened))
    yield from make_panel(qapp, opened)


def make_panel(qapp, workspace: Workspace) -> Iterator[MapPanel]:
    session = workspace.session
    map_panel = MapPanel(workspace)
    map_panel.resize(800, 600)
    map_panel.show()
    settle(qapp, session)
    yield map_panel
    settle(qapp, session, 0.05)
    map_panel.close_threads()
    map_panel.close()
    map_panel.deleteLater()
    QCoreApplication.sendPostedEvents(map_panel, QEvent.Type.DeferredDelete)


@pytest.fixture
def bare(qapp, opened: Workspace) -> Iterator[MapPanel]:
    """A panel of a project without a map."""
    yield from make_panel(qapp, opened)


def entries(panel: MapPanel) -> list[tuple[str, int]]:
    return [(entry.label, len(entry.rows)) for entry in panel.entries]


def test_without_a_map_there_is_one_button(bare, opened, monkeypatch):
    requests = []
    monkeypatch.setattr(type(opened.audit), "embed", lambda _self, *arguments: requests.append(arguments))
    assert bare.embedding is None
    press(bare, "Compute the map")
    assert requests == [(BUNDLED, "tsne")]


def test_a_map_is_shown_coloured_and_told(panel):
    assert panel.embedding is not None
    assert len(panel.view.ids) == 40
    assert entries(panel) == [("cat", 20), ("dog", 20)]
    assert not says(panel, "since this map")
    choose(button(panel, "Colour: "), "Right or wrong")
    assert entries(panel) == [("Right", 39), ("Wrong", 1)]
    assert says(panel, "linear classifier")
    choose(button(panel, "Colour: "), "Prediction")
    assert entries(panel) == [("cat", 19), ("dog", 21)]
    choose(button(panel, "Colour: "), "Split")
    assert sum(number for _label, number in entries(panel)) == 40
    choose(button(panel, "Colour: "), "Finding")
    assert entries(panel) == [("No finding", 40)]
    assert not says(panel, "classifier")


def test_selection_goes_both_ways(panel):
    selections: list[list[int]] = []
    panel.selection_changed.connect(selections.append)
    first = panel.view.ids[:3].tolist()
    panel.set_selected(first)
    assert panel.view.selected_ids() == first
    assert selections == []
    part(panel, Legend).chosen.emit(1, False)
    assert len(selections[-1]) == 20
    part(panel, Legend).chosen.emit(0, True)
    assert len(selections[-1]) == 40
    part(panel, Legend).chosen.emit(0, False)
    part(panel, Legend).chosen.emit(0, False)
    assert selections[-1] == []
    panel.show_filtered(first)
    part(panel, Legend).chosen.emit(0, False)
    assert set(selections[-1]) <= set(first)


def test_an_embedding_that_was_there_before_the_audit_is_judged(qapp, opened, monkeypatch):
    found = embedding_of(opened, label_quality=np.zeros(40, np.float32))
    write_embedding(embedding_target(opened.session.folder), found)
    assert opened.judge.embedding is not None
    assert not opened.counts.findings.get("mislabeled")
    monkeypatch.setattr(Child, "result", Finished())
    monkeypatch.setattr("cnnstudio.gui.state.audit.ChildJob", Child)
    started[0] = True
    opened.audit.embed()
    settle(qapp, opened.session)
    assert opened.counts.findings["mislabeled"] == 1


def test_a_relabel_is_seen_at_once_and_the_view_stays(qapp, panel, opened):
    session = opened.session
    panel.view.zoom_by(2)
    zoom = panel.view.camera.zoom
    session.changed.connect(panel.refresh)
    opened.decisions.relabel(panel.view.ids[:2].tolist(), "dog")
    settle(qapp, session)
    assert entries(panel) == [("cat", 18), ("dog", 22)]
    assert panel.view.camera.zoom == zoom
    session.undo()
    settle(qapp, session)
    assert entries(panel) == [("cat", 20), ("dog", 20)]


def test_findings_and_answers_of_a_run_colour_the_map(qapp, panel, opened):
    from cnnstudio.datasets.findings import Finding, store

    session, ids = opened.session, panel.view.ids.tolist()
    index = opened.collection.index
    pictures = index.pictures(ids)
    store(index, [Finding(kind="dark", path=pictures[0].path, picture=ids[0], text=Text("a", "b")),
                  Finding(kind="truncated", path=pictures[0].path, picture=ids[0], severity="error", text=Text("a", "b")),
                  Finding(kind="dark", path=pictures[1].path, picture=ids[1], text=Text("a", "b"))],
          ("dark", "truncated"))
    with index.transaction() as connection:
        connection.executemany("INSERT INTO predictions (run, picture, predicted, confidence, loss)"
                               " VALUES ('r1', ?, 'cat', 0.5, 1.0)", [(identifier,) for identifier in ids])
    choose(button(panel, "Colour: "), "Finding")
    panel.refresh(Change(frozenset({"pictures"})))
    settle(qapp, session)
    assert entries(panel) == [("Truncated", 1), ("Dark", 1), ("No finding", 38)]
    choose(button(panel, "Colour: "), "Prediction")
    assert entries(panel) == [("cat", 40)]
    assert says(panel, "r1")


def test_pictures_that_came_since_are_told(qapp, panel, opened, pictures_folder):
    from PySide6.QtGui import QImage

    image = QImage(30, 30, QImage.Format.Format_RGB32)
    image.fill(theme.color("accent"))
    image.save(str(pictures_folder / "cat" / "new.png"))
    opened.session.changed.connect(panel.refresh)
    opened.scanner.scan()
    settle(qapp, opened.session, 0.8)
    assert says(panel, "1 picture")
    assert len(panel.view.ids) == 40


def test_a_damaged_map_is_no_map(qapp, opened):
    target = embedding_target(opened.session.folder)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"PK\x03\x04 nonsense")
    for empty_panel in make_panel(qapp, opened):
        assert empty_panel.embedding is None
        assert button(empty_panel, "Compute the map")


class Child(ChildJob):
    """A child job that ends with `result`, without a child."""

    result = Failed(problem=error("no_pictures", Text("Nothing there.", "Nada."), "dataset"))

    def __init__(self, job, label, kind, *, page="") -> None:
        super().__init__(job, label, kind, page=page)
        self.request = job

    def _work(self) -> None:
        import time

        for _ in range(1000):
            if self.cancelling:
                self._over.emit(Stopped(kept=False))
                return
            if started[0]:
                self._over.emit(self.result)
                return
            time.sleep(0.01)

    def cancel(self, keep: bool = True) -> None:
        self.cancelling = True


started = [False]


def test_computing_shows_its_progress_can_be_cancelled_and_shows_its_problem(qapp, bare, opened, monkeypatch):
    from cnnstudio.gui.state import audit as module

    started[0] = False
    monkeypatch.setattr(module, "ChildJob", Child)
    session = opened.session
    choose(button(bare, "t-SNE", hidden=True), "PCA")
    settle(qapp, session)
    bare.compute()
    for _wait in range(100):
        settle(qapp, None, 0.1)
        job = session.jobs.of_kind(EMBED)
        if isinstance(job, Child):
            break
    assert isinstance(job, Child)
    assert job.request.layout == "pca"
    assert not button(bare, "Compute the map").isEnabled()
    press(part(bare, WorkingBar), "Cancel")
    settle(qapp, session)
    assert session.jobs.of_kind(EMBED) is None
    assert not parts(bare, WorkingBar)
    assert not parts(bare, Banner)
    problems = []
    session.problem_reported.connect(problems.append)
    started[0] = True
    bare.compute()
    settle(qapp, session)
    assert [problem.code for problem in problems] == ["no_pictures"]
    assert not parts(bare, Banner), "nothing is shown twice"
    assert button(bare, "Compute the map").isEnabled()
