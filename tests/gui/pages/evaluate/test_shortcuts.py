"""The view of the shortcuts: kept results at once, the job, and what is suspicious."""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.shortcuts import SHORTCUTS
from cnnstudio.core.trial_jobs import ShortcutProbed
from cnnstudio.gui.pages.evaluate import start
from cnnstudio.gui.pages.evaluate.shortcut_data import read_shortcut_data, see_as
from cnnstudio.gui.pages.evaluate.shortcuts import ShortcutsView
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.shortcuts import keep_shortcuts, shortcuts_path
from tests.gui.driving import button, press, says
from tests.gui.pages.evaluate.answers import make_answers, make_context
from tests.gui.pages.evaluate.shortcut_children import results
from tests.gui.pages.evaluate.test_evaluate import trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    return trained_run(project_folder)


@pytest.fixture
def view(qtbot, workspace, run) -> Iterator[ShortcutsView]:
    result = ShortcutsView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 900)
    result.show()
    result.context = make_context(make_answers(), run.folder)
    yield result
    result.close_threads()


def settled(qtbot, view: ShortcutsView) -> None:
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)


def use_child(monkeypatch, name: str) -> None:
    real = start.ChildJob
    target = f"tests.gui.pages.evaluate.shortcut_children:{name}"
    monkeypatch.setattr(start, "ChildJob", lambda job, *arguments, **options: real(job, *arguments, target=target, **options))


def test_nothing_is_measured_by_itself(qtbot, view):
    view.show_evaluation(view.context)
    settled(qtbot, view)
    assert says(view, "–") and not says(view, "suspicious")
    assert button(view, "Look for shortcuts").isEnabled()
    assert view.rows["border"].picture._image is not None, "an example of what each probe sees"
    assert view.rows["file"].picture._image is None, "no pixel is read"


def test_a_click_starts_the_audit_and_shows_what_is_suspicious(qtbot, view, monkeypatch):
    use_child(monkeypatch, "child")
    view.show_evaluation(view.context)
    settled(qtbot, view)
    press(view, "Look for shortcuts")
    assert not button(view, "Look for shortcuts").isEnabled() and button(view, "Cancel").isVisible()
    settled(qtbot, view)
    assert says(view, "1 of 6 are suspicious. Measured on 60 pictures (test).")
    assert says(view.rows["border"], str(SHORTCUTS["border"].meaning)) and says(view.rows["border"], "Suspicious")
    assert not says(view.rows["color"], "Suspicious")
    assert says(view.rows["border"], "60.0%") and says(view.rows["border"], "95%: 50.0% to 70.0%")
    assert says(view.rows[""], "90.0%")
    assert button(view, "Look again").isEnabled() and not button(view, "Cancel", hidden=True).isVisible()


def test_kept_results_are_shown_at_once_and_outdated_ones_named(qtbot, view, run):
    keep_shortcuts(run, results(run.id))
    view.show_evaluation(view.context)
    settled(qtbot, view)
    assert says(view, "Nothing suspicious. Measured on 60 pictures (test).")
    later = shortcuts_path(run).stat().st_mtime + 5
    os.utime(run.model_path, (later, later))
    view.show_evaluation(view.context)
    settled(qtbot, view)
    assert says(view, "The model was trained further since the last audit.")
    assert not says(view, "60.0%")


def test_a_failure_is_said(qtbot, view, monkeypatch):
    use_child(monkeypatch, "failing_child")
    view.show_evaluation(view.context)
    settled(qtbot, view)
    press(view, "Look for shortcuts")
    settled(qtbot, view)
    assert says(view, "At least two classes are needed.")
    assert button(view, "Look for shortcuts").isEnabled()


def test_a_damaged_file_is_no_result(run):
    shortcuts_path(run).write_bytes(b"{")
    assert read_shortcut_data(run).results == () and read_shortcut_data(run).outdated


def test_every_probe_shows_what_it_sees():
    picture = np.random.default_rng(0).integers(0, 255, (20, 24, 3), np.uint8)
    for probe in SHORTCUTS:
        seen = see_as(probe, picture)
        assert seen is None if probe.of_file else seen is not None and seen.shape == picture.shape
    assert msgspec.json.decode(msgspec.json.encode(results("a")), type=tuple[ShortcutProbed, ...]) == results("a")
