"""The Learn page through what the user sees: cards, code, picture, film, what is remembered."""

from __future__ import annotations

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QWidget

from cnnstudio.gui.pages.learn.code_panel import CodePanel
from cnnstudio.gui.pages.learn.film import KIND
from cnnstudio.gui.state.commands import GradeHandIns, HandIn, OpenAssignment, OpenLesson, ShowBench, ShowHelp
from cnnstudio.gui.widgets.command_palette import CommandPalette
from cnnstudio.gui.window.guide.dialog import GuideDialog
from cnnstudio.gui.window.rail import RailButton
from cnnstudio.learning.benches import BENCHES
from tests.gui.driving import button, card, part, parts, press, says
from tests.learning.benches.running import run_code


def show(window, bench, settings=None):
    """The view of a bench, as a command shows it."""
    window.perform(ShowBench(bench, settings or {}))
    return window.current.frame.view


def test_the_rail_leads_to_the_benches_without_a_project(window):
    learn = next(item for item in window.rail.findChildren(RailButton) if item.text() == "Learn")
    above = [item for item in window.rail.findChildren(RailButton) if item.y() < learn.y()]
    assert [item.text() for item in above][-1] == "Export"
    learn.click()
    assert window.current.id == "learn"
    for bench in BENCHES:
        assert card(window.pages, str(bench.title)).accessibleDescription() == str(bench.help)


def test_a_card_opens_its_bench_by_mouse_and_by_keyboard(window, qtbot):
    window.go("learn")
    first = card(window.pages, "Pooling")
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    assert window.current.heading() == "Pooling"
    press(window.pages, "Overview")
    assert window.current.heading() == "Learn"
    second = card(window.pages, "Convolution")
    second.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert window.current.heading() == "Convolution"
    assert button(window.pages, "Convolution").isChecked()


def test_assignments_are_opened_and_graded_without_a_project_and_made_and_handed_in_with_one(window, project_folder, qtbot):
    window.go("learn")
    requested = []
    window.session.command_requested.disconnect()
    window.session.command_requested.connect(requested.append)
    press(window.pages, "Open assignment…")
    press(window.pages, "Grade hand-ins…")
    assert requested == [OpenAssignment(), GradeHandIns()]
    assert not button(window.pages, "New assignment…").isEnabled() and not button(window.pages, "Hand in…").isEnabled()
    assert window.session.open(project_folder)
    qtbot.waitUntil(lambda: button(window.pages, "New assignment…").isEnabled())
    press(window.pages, "Hand in…")
    assert requested[-1] == HandIn()


def test_the_palette_finds_every_bench(window, qtbot):
    QTest.keySequence(window, QKeySequence("Ctrl+K"))
    qtbot.waitUntil(lambda: bool(window.findChildren(CommandPalette)), timeout=2000)
    window.findChildren(CommandPalette)[-1].close()
    entries = {str(entry.label) for entry, _action in window.action_set.palette_actions()}
    assert {f"Bench: {bench.title}" for bench in BENCHES} <= entries
    window.action_set["bench:activation"].trigger()
    assert window.current.heading() == "Activation"


def test_f1_opens_the_guide_at_the_page(window):
    window.go("learn")
    window.perform(ShowHelp())
    dialog = window.findChildren(GuideDialog)[-1]
    assert dialog.section == "Learn"
    dialog.close()


def test_a_lesson_that_this_program_lacks_shows_the_overview(window):
    window.perform(OpenLesson(""))
    assert window.current.id == "learn"
    assert window.current.heading() == "Learn"


@pytest.mark.parametrize("bench", ["convolution", "pooling", "activation"])
def test_the_code_below_a_bench_runs_and_is_copied(window, bench):
    show(window, bench)
    press(window.header, "Code")
    panel = part(window.pages, CodePanel)
    press(panel, "NumPy")
    names = {}
    exec(compile(panel.text, "code", "exec"), names)
    assert "result" in names
    press(panel, "Copy")
    assert QGuiApplication.clipboard().text() == panel.text
    press(panel, "Close the code")
    assert not panel.isVisible()
    assert not button(window.header, "Code").isChecked()


def test_the_code_follows_the_controls(window, qtbot):
    view = show(window, "convolution")
    press(window.header, "Code")
    panel = part(window.pages, CodePanel)
    press(panel, "OpenCV")
    before = panel.text
    view.restore({"stride": 2})
    qtbot.waitUntil(lambda: panel.text != before, timeout=2000)
    assert run_code(view.code()[1]).shape[:2] == (13, 13)


def test_code_is_saved_with_the_picture_that_it_reads(window, tmp_path, monkeypatch):
    show(window, "image_processing")
    press(window.header, "Code")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "edges.py"), "Python (*.py)"))
    press(part(window.pages, CodePanel), "Save as .py…")
    assert "cv2.Canny" in (tmp_path / "edges.py").read_text("utf-8")
    assert Image.open(tmp_path / "picture.png").size == (200, 150)


def test_what_is_shown_is_saved_as_a_picture(window, tmp_path, monkeypatch):
    view = show(window, "pooling")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "pooling.png"), "PNG (*.png)"))
    press(window.header, "Picture…")
    with Image.open(tmp_path / "pooling.png") as image:
        assert image.size == ((view.board.width() + 32) * 2, (view.board.height() + 32) * 2)
        assert len(image.convert("L").getcolors(1 << 20)) > 20


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_a_film_is_written_while_the_window_lives(window, qtbot, tmp_path, monkeypatch, ending):
    matrix = [[list(range(number, number + 5)) for number in range(5)]]
    view = show(window, "convolution", {"source": {"kind": "matrix", "matrix": matrix}})
    path = tmp_path / f"film.{ending}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), f"(*.{ending})"))
    position = view.board.position
    press(window.header, "Film…")
    qtbot.waitUntil(path.exists, timeout=20_000)
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=5000)
    with Image.open(path) as image:
        assert image.n_frames == 9
    assert view.board.position == position, "the bench on screen was left alone"


def test_a_film_can_be_cancelled(window, qtbot, tmp_path, monkeypatch):
    show(window, "convolution")
    path = tmp_path / "film.gif"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), "GIF (*.gif)"))
    press(window.header, "Film…")
    job = window.session.jobs.of_kind(KIND)
    qtbot.waitUntil(lambda: job.progress is not None, timeout=10_000)
    job.cancel()
    qtbot.waitUntil(lambda: not job.running, timeout=10_000)
    assert list(tmp_path.iterdir()) == []


def test_settings_are_remembered_and_reset(window):
    view = show(window, "convolution")
    view.restore({"stride": 3, "padding": "same"})
    press(window.pages, "Overview")
    show(window, "pooling")
    assert show(window, "convolution").settings()["stride"] == 3
    press(window.header, "Reset")
    assert window.current.frame.view.settings()["stride"] == 1


def test_the_bench_stays_in_another_language(window, qtbot):
    show(window, "pooling", {"size": 3})
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: says(window.pages, "Una ventana conserva"), timeout=5000)
    assert window.current.heading() == "Agrupamiento"
    assert window.current.frame.view.settings()["size"] == 3
    window.session.set_setting("language", "en")
    qtbot.waitUntil(lambda: says(window.pages, "A window keeps"), timeout=5000)


def test_every_control_has_a_name(window):
    for bench in BENCHES:
        view = show(window, bench.id)
        for widget in parts(view, QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled():
                assert widget.accessibleName() or getattr(widget, "text", str)() or widget.parent().accessibleName(), (
                    bench.id, widget)


def test_code_that_is_missing_says_why(window, qtbot, tmp_path):
    view = show(window, "convolution", {"source": {"kind": "matrix", "matrix": [[[1, 2], [3, 4]]]}, "size": 2})
    press(window.header, "Code")
    panel = window.current.frame.code
    assert "import" in panel.text
    view.restore({"source": {"kind": "matrix", "matrix": [[[1, 2], [3, 4]]]}, "size": 5, "padding": "valid"})
    qtbot.waitUntil(lambda: panel.text == "")
    assert "it fits nowhere" in panel._editor.placeholderText() and not button(panel, "Copy").isEnabled()
    view.restore({"size": 3})
    qtbot.waitUntil(lambda: "import" in panel.text)
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    view.take_paths([str(broken)])
    qtbot.waitUntil(lambda: panel.text == "", timeout=10_000)
    assert "broken.png" in panel._editor.placeholderText() or "read" in panel._editor.placeholderText()
    view.restore({"source": {"kind": "sample"}})
    qtbot.waitUntil(lambda: "import" in panel.text and button(panel, "Copy").isEnabled())


@pytest.mark.parametrize("bench", ["pooling", "activation", "image_processing"])
def test_code_of_a_file_that_cannot_be_read_is_not_the_old_one(window, qtbot, tmp_path, bench):
    view = show(window, bench)
    press(window.header, "Code")
    panel = window.current.frame.code
    assert "import" in panel.text
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    view.take_paths([str(broken)])
    qtbot.waitUntil(lambda: panel.text == "" and panel._editor.placeholderText() != "", timeout=10_000)
