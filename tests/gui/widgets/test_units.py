"""Numbers shown in the unit that people think in, and the fan that draws a range of angles."""

from __future__ import annotations

import math
import random

import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.audit import AUDIT_PARAMS
from cnnstudio.core.dataset import SPLIT_PARAMS
from cnnstudio.core.display import PERCENT
from cnnstudio.core.params import Factor, Float
from cnnstudio.core.text import same, set_language
from cnnstudio.gui.widgets.fan import Fan
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.number_box import NumberBox

ROTATION = AUGMENTATIONS["random_rotation"].params[0]
HUE = AUGMENTATIONS["random_hue"].params[0]
SHOWN_OTHERWISE = [pytest.param(param, id=f"{place}.{param.name}")
                   for place, params in (*((entry.id, entry.params) for entry in AUGMENTATIONS),
                                         ("splits", SPLIT_PARAMS), ("audit", AUDIT_PARAMS))
                   for param in params if getattr(param, "display", None) is not None]


def make_form(qtbot, param, values=None):
    form = Form([param], values or {})
    qtbot.addWidget(form)
    form.show()
    seen = []
    form.value_changed.connect(lambda _name, value: seen.append(value))
    return form, seen


def boxes(form):
    return form.findChildren(NumberBox)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("param", SHOWN_OTHERWISE)
def test_looking_at_a_form_never_changes_a_stored_value(qtbot, param, language):
    set_language(language)
    draw = random.Random(7)
    for _ in range(12):
        ends = sorted(draw.uniform(param.minimum, param.maximum) for _ in range(2))
        value = tuple(ends) if isinstance(param, Factor) else ends[1]
        form, seen = make_form(qtbot, param, {param.name: value})
        for box in boxes(form):
            box.setFocus()
            box.editingFinished.emit()
            box.clearFocus()
        form.set_values({param.name: value})
        assert seen == []
        assert form.values[param.name] == value


def test_a_rotation_is_typed_in_degrees_and_stored_as_a_share_of_a_turn(qtbot):
    form, seen = make_form(qtbot, ROTATION)
    low, high = boxes(form)
    assert (low.text(), high.text()) == ("-36", "36")
    high.setText("90°")
    high.editingFinished.emit()
    assert seen == [(-0.1, 0.25)]
    low.setText("-90")
    low.editingFinished.emit()
    assert seen[-1] == 0.25
    high.step_by(1)
    assert high.text() == "91"


def test_limits_are_told_in_the_shown_unit(qtbot):
    box = NumberBox(0.5, minimum=0.0, maximum=1.0, display=PERCENT)
    qtbot.addWidget(box)
    refused = []
    box.refused.connect(refused.append)
    box.setText("150 %")
    box.editingFinished.emit()
    assert refused == ["From 0 to 100."]
    assert box.value == 1.0
    assert box.text() == "100"


def test_without_a_unit_of_its_own_a_number_stays_as_it_is(qtbot):
    form, seen = make_form(qtbot, Float(name="rate", default=0.25, label=same("rate"), help=same("x")))
    box = boxes(form)[0]
    assert box.text() == "0.25"
    box.step_by(1)
    assert seen == [0.35]


def fan_of(form) -> Fan:
    return form.findChild(Fan)


def place(fan: Fan, degrees: float) -> QPointF:
    """A point near the rim of the circle, at that angle from the top, to the left."""
    turned, middle, radius = math.radians(degrees), QRectF(fan.rect()).center(), fan.width() / 2 - 8
    return QPointF(middle.x() - radius * math.sin(turned), middle.y() - radius * math.cos(turned))


def send(fan: Fan, kind: QEvent.Type, degrees: float, keys: Qt.KeyboardModifier) -> None:
    button = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseMove else Qt.MouseButton.LeftButton
    point = place(fan, degrees)
    QApplication.sendEvent(fan, QMouseEvent(kind, point, fan.mapToGlobal(point), button, Qt.MouseButton.LeftButton, keys))


def drag(fan: Fan, start: float, end: float, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    send(fan, QEvent.Type.MouseButtonPress, start, keys)
    for number in range(1, 9):
        send(fan, QEvent.Type.MouseMove, start + (end - start) * number / 8, keys)
    send(fan, QEvent.Type.MouseButtonRelease, end, keys)


def test_dragging_an_end_of_the_fan_keeps_an_even_range_even(qtbot):
    form, seen = make_form(qtbot, ROTATION)
    settled = []
    form.settled.connect(settled.append)
    fan = fan_of(form)
    assert fan.text == "±36°"
    drag(fan, 36, 72)
    assert seen[-1] == pytest.approx(0.2, abs=0.003)
    assert settled == ["factor"]
    assert boxes(form)[0].value == -seen[-1]
    assert fan.text in fan.accessibleName()


def test_with_ctrl_one_end_moves_alone(qtbot):
    form, seen = make_form(qtbot, ROTATION)
    drag(fan_of(form), -36, -90, Qt.KeyboardModifier.ControlModifier)
    low, high = seen[-1]
    assert high == 0.1
    assert low == pytest.approx(-0.25, abs=0.003)


def test_past_half_a_turn_the_fan_goes_on(qtbot):
    form, seen = make_form(qtbot, ROTATION)
    drag(fan_of(form), 36, 200)
    assert seen[-1] == pytest.approx(200 / 360, abs=0.003)


def test_arrow_keys_move_the_fan_by_degrees(qtbot):
    form, seen = make_form(qtbot, ROTATION)
    settled = []
    form.settled.connect(settled.append)
    fan = fan_of(form)
    QTest.keyClick(fan, Qt.Key.Key_Right)
    assert fan.text == "±37°"
    QTest.keyClick(fan, Qt.Key.Key_PageDown)
    assert fan.text == "±32°"
    assert seen[-1] == pytest.approx(32 / 360, rel=1e-5)
    assert settled == ["factor", "factor"]


def test_a_hue_without_a_side_is_drawn_to_both(qtbot):
    form, seen = make_form(qtbot, HUE)
    fan = fan_of(form)
    assert fan.text == "±18°"
    drag(fan, -18, -45)
    low, high = seen[-1]
    assert low == 0.0
    assert high == pytest.approx(0.25, abs=0.006)


def test_a_fan_shows_what_was_typed(qtbot):
    form, _seen = make_form(qtbot, ROTATION)
    high = boxes(form)[1]
    high.setText("10")
    high.editingFinished.emit()
    assert fan_of(form).text == "-36° … 10°"
    form.set_values({"factor": 0.5})
    assert fan_of(form).text == "±180°"
