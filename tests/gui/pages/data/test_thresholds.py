"""The thresholds of the audit: lines in histograms of the project's pictures, dragged, moved by keys and typed."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.core import edits
from cnnstudio.core.audit import AUDIT_PARAMS
from cnnstudio.core.params import find_param
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.data.quality import QualityPanel
from cnnstudio.gui.pages.data.thresholds import format_threshold, short_value
from cnnstudio.gui.state import audit
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.cards import Expander
from cnnstudio.gui.widgets.number_box import NumberBox
from tests.gui.driving import button, part


@pytest.fixture
def pictures_folder(tmp_path):
    """Scenes that get darker one by one."""
    root = tmp_path / "pictures"
    for number in range(24):
        random = np.random.default_rng(number)
        coarse = cv2.resize(random.integers(40, 250, (6, 8, 3), np.uint8), (160, 120), interpolation=cv2.INTER_NEAREST)
        picture = np.clip(coarse + random.normal(0, 9, coarse.shape), 0, 255) * (1 - number / 30)
        folder = root / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:02d}.jpg").write_bytes(cv2.imencode(".jpg", picture.astype(np.uint8))[1].tobytes())
    return root


@pytest.fixture
def data(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    return window.current


def panel(page):
    return part(page, QualityPanel).thresholds


def expand(qtbot, page):
    next(item for item in part(page, QualityPanel).findChildren(Expander)).open()
    qtbot.waitUntil(lambda: bool(panel(page).cells) and not len(page.session.jobs), timeout=20_000)


@pytest.fixture
def page(qtbot, data):
    data.workspace.audit.start(labels=False)
    qtbot.waitUntil(lambda: not len(data.session.jobs), timeout=30_000)
    expand(qtbot, data)
    qtbot.waitUntil(lambda: panel(data).cells["dark"].drawn is not None)
    return data


def drag(plot, value):
    """Drag the line to a value in eight steps."""
    start, end = plot.x_of(plot._value), plot.x_of(value)

    def send(kind, x):
        place = QPointF(x, plot.height() / 3)
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
        QApplication.sendEvent(plot, QMouseEvent(kind, place, plot.mapToGlobal(place), pressed, Qt.MouseButton.LeftButton,
                                                 Qt.KeyboardModifier.NoModifier))

    send(QEvent.Type.MouseButtonPress, start)
    for step in range(1, 9):
        send(QEvent.Type.MouseMove, start + (end - start) * step / 8)
    send(QEvent.Type.MouseButtonRelease, end)


def dark(page):
    return page.session.project.dataset.audit.dark


def test_before_the_audit_the_panel_offers_it(qtbot, data, monkeypatch):
    # Features for doubtful labels are computed in a child, which is of no interest here and would import Keras.
    monkeypatch.setattr(audit, "ChildJob", partial(audit.ChildJob, target="tests.workers.children:obeys"))
    expand(qtbot, data)
    cells = panel(data).cells
    assert cells["dark"].isHidden()
    assert not cells["tiny_class"].isHidden()
    button(panel(data), "Audit the pictures").click()
    qtbot.waitUntil(lambda: cells["dark"].drawn is not None, timeout=60_000)
    assert not cells["dark"].isHidden()

    def ended():
        # Between the audit and the child nothing runs that could be cancelled.
        data.workspace.audit.cancel()
        return not len(data.session.jobs)

    qtbot.waitUntil(ended, timeout=60_000)


def test_the_line_is_dragged_counts_live_and_is_one_step(qtbot, page):
    cell, session = panel(page).cells["dark"], page.session
    steps = len(session.steps("undo"))
    texts = []
    cell.plot.moved.connect(lambda _value: texts.append(cell.text.text()))
    drag(cell.plot, 0.6)
    assert dark(page) == pytest.approx(0.6, abs=0.02)
    assert len(session.steps("undo")) == steps + 1
    assert len(set(texts)) > 2
    found = cell.drawn.measured.count(dark(page))
    assert cell.text.text() == f"{found} pictures found"
    assert panel(page).form.values["dark"] == dark(page)
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)
    qtbot.waitUntil(lambda: page.workspace.counts.findings.get("dark") == found, timeout=20_000)
    session.undo()
    assert dark(page) == 0.36
    assert panel(page).form.values["dark"] == 0.36
    assert cell.value == 0.36
    qtbot.waitUntil(lambda: not len(session.jobs), timeout=20_000)


def test_the_grid_shows_what_is_found_also_where_nothing_was_before(qtbot, page):
    cell = panel(page).cells["dark"]
    lenient = {"near_duplicate": 0.0, "blurry": 0.0, "dark": 0.0, "bright": 1.0, "low_contrast": 0.0, "low_information": 0.0,
               "tiny_class": 0}
    for name, value in lenient.items():
        page.session.edit(partial(edits.set_field, spec="dataset.audit", field=name, value=value), Text(name, name))
    qtbot.waitUntil(lambda: not len(page.session.jobs) and not page.workspace.counts.findings, timeout=20_000)
    drag(cell.plot, 0.6)
    qtbot.waitUntil(lambda: not len(page.session.jobs) and page.workspace.counts.findings.get("dark"), timeout=20_000)
    assert page.state["findings"] == ("dark",)
    qtbot.waitUntil(lambda: len(page.views.grid.ids) == cell.drawn.measured.count(dark(page)) > 0)


def test_tab_goes_from_field_to_plot_to_field(page):
    def following(widget):
        widget = widget.nextInFocusChain()
        while not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or not widget.isVisible():
            widget = widget.nextInFocusChain()
        return widget

    form, cells = panel(page).form, panel(page).cells
    assert following(form.editor("blurry")) is cells["dark"].plot
    assert following(cells["dark"].plot) is form.editor("dark")


def test_keys_move_the_line_and_what_is_stored_is_short(qtbot, page):
    cell = panel(page).cells["dark"]
    for _ in range(3):
        QTest.keyClick(cell.plot, Qt.Key.Key_Right)
    assert dark(page) == 0.39
    QTest.keyClick(cell.plot, Qt.Key.Key_PageDown)
    assert dark(page) == 0.34
    assert "34" in cell.plot.accessibleName()
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=20_000)


def test_a_typed_threshold_moves_the_line(qtbot, page):
    cell, form = panel(page).cells["dark"], panel(page).form
    before = cell.plot.x_of(cell.value)
    box = form.editor("dark")
    assert isinstance(box, NumberBox)
    box.setText("50 %")
    box.editingFinished.emit()
    assert dark(page) == 0.5
    assert cell.value == 0.5
    assert cell.plot.x_of(cell.value) > before
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=20_000)


def test_pictures_nearest_to_the_line_are_shown_on_both_sides(qtbot, page):
    cell = panel(page).cells["dark"]
    drag(cell.plot, 0.6)
    cell.plot.focused.emit()
    examples = panel(page)._examples
    assert examples.isVisibleTo(cell)
    pictures, place = cell.drawn.measured.pictures, cell.drawn.measured.count(dark(page))
    assert examples.sides == (pictures[place - 3:place], pictures[place:place + 3])
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=20_000)
    page.session.undo()
    qtbot.waitUntil(lambda: examples.sides[0] != pictures[place - 3:place])
    qtbot.waitUntil(lambda: not len(page.session.jobs), timeout=20_000)


def test_every_measured_threshold_has_bars_that_hold_all_values(page):
    for name, cell in panel(page).cells.items():
        if cell.drawn is not None:
            assert sum(cell.drawn.bars.counts) == len(cell.drawn.measured.values), name
            assert cell.drawn.bars.low < cell.drawn.bars.high, name
    assert panel(page).cells["outlier"].drawn is None
    assert button(panel(page).cells["outlier"], "Compare the pictures")


def test_values_are_written_as_the_field_shows_them():
    params = {name: find_param(AUDIT_PARAMS, name) for name in ("dark", "tiny_class", "odd_size", "blurry")}
    assert format_threshold(params["dark"], 0.36) == "36%"
    assert format_threshold(params["odd_size"], 5.0) == "5\u202f×"
    assert short_value(params["dark"], 0.36449) == 0.364
    assert short_value(params["tiny_class"], 19.6) == 20
    assert short_value(params["blurry"], 0.41237) == 0.412
