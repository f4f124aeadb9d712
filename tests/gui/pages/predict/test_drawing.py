"""Drawing on the Predict page: with the mouse and with keys, answered meanwhile, kept and explained."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtTest import QTest

from tests.gui.driving import button, field, press, says
from tests.gui.pages.predict.test_predict import opened, page  # noqa: F401


@pytest.fixture
def drawing(qtbot, page):  # noqa: F811
    press(page, "Draw")
    mode = page.drawing
    qtbot.waitUntil(lambda: page.server.ready is not None, timeout=20_000)
    qtbot.waitUntil(lambda: mode._paper._job is None, timeout=20_000)
    return mode


def drag(pad, *points: tuple[float, float]) -> None:
    sheet = pad._sheet()
    places = [QPoint(round(sheet.x() + x * sheet.width()), round(sheet.y() + y * sheet.height())) for x, y in points]
    QTest.mousePress(pad, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(pad, place)
    QTest.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=places[-1])


def test_a_drawing_is_answered_while_it_is_drawn(qtbot, page, drawing):  # noqa: F811
    assert not drawing.explain_button.isEnabled()
    drag(drawing.pad, (0.3, 0.2), (0.7, 0.8))
    qtbot.waitUntil(lambda: drawing.answer is not None, timeout=10_000)
    # The paper is dark like the pictures of the project; the stand-in answers by brightness.
    assert drawing.answer.top[0].label == "cat"
    assert says(page, "cat")
    first = drawing.answer
    field(page, "Dark paper").click()
    qtbot.waitUntil(lambda: drawing.answer is not first and drawing.answer.top[0].label == "dog", timeout=10_000)


def test_a_drawing_that_waits_for_its_answer_says_so(page, drawing, monkeypatch):  # noqa: F811
    monkeypatch.setattr(page.server, "ask_frame", lambda *_values: 0)
    drag(drawing.pad, (0.3, 0.2), (0.7, 0.8))
    drawing._ask()
    assert says(drawing.card, "Classifying…") and not says(drawing.card, "Draw, and the model answers at once.")


def test_what_is_answered_is_the_newest_drawing(qtbot, drawing):
    for number in range(30):
        drag(drawing.pad, (0.1, 0.03 * number), (0.9, 0.03 * number))
    qtbot.waitUntil(lambda: not drawing._stale and not drawing._asking, timeout=10_000)
    assert np.array_equal(drawing._answered_pixels, drawing.pixels())


def test_keys_draw_take_back_and_clear(qtbot, drawing):
    pad = drawing.pad
    pad.setFocus()
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Space):
        qtbot.keyClick(pad, key)
    assert [len(stroke) for stroke in pad.strokes] == [3, 1]
    assert pad.ink().any()
    qtbot.keyClick(pad, Qt.Key.Key_Backspace)
    assert len(pad.strokes) == 1
    qtbot.keyClick(pad, Qt.Key.Key_Delete)
    assert pad.empty and not pad.ink().any()
    assert drawing.answer is None


def test_the_hint_does_not_lie_over_the_cross_of_the_keys(qtbot, drawing):
    pad = drawing.pad
    sheet = QRectF(0, 0, 300, 300)
    pad.setFocus()
    qtbot.waitUntil(pad.hasFocus)
    for key in (None, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        if key is not None:
            qtbot.keyClick(pad, key)
        cross = QPointF(pad._cross.x() * 300, pad._cross.y() * 300)
        area, _align = pad.hint_area(sheet)
        assert sheet.contains(area) and not area.adjusted(0, -8, 0, 8).contains(cross), cross


def test_a_drawing_goes_to_the_pictures_with_its_answer_and_its_pixels(qtbot, page, drawing):  # noqa: F811
    drag(drawing.pad, (0.3, 0.2), (0.7, 0.8))
    qtbot.waitUntil(lambda: drawing.answer is not None and not drawing._asking and not drawing._stale, timeout=10_000)
    pixels, answer = drawing.pixels(), drawing.answer
    press(page, "Explain")
    qtbot.waitUntil(lambda: len(page.answers) == 1, timeout=10_000)
    assert page.answers[0].prediction.top == answer.top
    assert np.array_equal(cv2.imread(page.answers[0].path), pixels)
    assert page._pictures.results.explaining.on
    assert button(page, "Pictures").isChecked()


def test_the_drawing_survives_another_language(qtbot, opened, page, drawing):  # noqa: F811
    drawing.pad.draw([(0.2, 0.2), (0.5, 0.6)])
    strokes = drawing.pad.strokes
    opened.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: opened.current is not page)
    again = opened.current.drawing
    assert again is not drawing and again.pad.strokes == strokes
    qtbot.waitUntil(lambda: says(opened.current, "Papel oscuro"), timeout=10_000)
    opened.session.set_setting("language", "en")
