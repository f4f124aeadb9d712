"""Presenter mode: large text, the laser pointer, one thing at a time, and Escape ends it all."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.state.commands import TogglePresenter
from cnnstudio.gui.window.presenter.presenter import ALONE_KEY, LARGE, LASER_KEY, Presenter
from cnnstudio.gui.window.presenter.spotlight import Spotlight
from cnnstudio.gui.window.presenter.things import focused_thing, things_in


@pytest.fixture
def presenter(qtbot, window):
    window.go("learn")
    window.perform(TogglePresenter())
    qtbot.waitUntil(lambda: theme.text_scale() == LARGE and window.current.id == "learn")
    qtbot.wait(50)
    found = window.findChild(Presenter)
    yield found
    found.leave()
    qtbot.wait(50)


def test_text_is_large_while_presenting(qtbot, window, presenter) -> None:
    assert presenter.is_on and theme.font("body").pixelSize() == round(13 * LARGE)
    assert window.toasts.isVisible()
    window.perform(TogglePresenter())
    qtbot.wait(50)
    assert not presenter.is_on and theme.font("body").pixelSize() == 13 and window.current.id == "learn"


def test_escape_ends_everything(qtbot, window, presenter) -> None:
    qtbot.keyClick(window.centralWidget(), LASER_KEY)
    qtbot.keyClick(window.centralWidget(), ALONE_KEY)
    assert presenter.laser is not None and presenter.spotlight is not None
    qtbot.keyClick(window.centralWidget(), Qt.Key.Key_Escape)
    qtbot.wait(50)
    assert not presenter.is_on and presenter.laser is None and presenter.spotlight is None and theme.text_scale() == 1.0


def test_the_pointer_follows_the_mouse(qtbot, window, presenter) -> None:
    qtbot.keyClick(window.centralWidget(), LASER_KEY)
    laser = presenter.laser
    qtbot.mouseMove(window.centralWidget(), QPoint(300, 200))
    qtbot.mouseMove(window.centralWidget(), QPoint(320, 210))
    qtbot.waitUntil(lambda: laser.place is not None and laser.place.toPoint() == window.centralWidget().mapTo(
        window, QPoint(320, 210)))
    assert laser.testAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    red = theme.color("error")
    place = laser.place.toPoint()
    assert window.grab().toImage().pixelColor(place * window.devicePixelRatio()) == red
    qtbot.keyClick(window.centralWidget(), LASER_KEY)
    assert presenter.laser is None


def test_one_card_after_the_other(qtbot, window, presenter) -> None:
    qtbot.keyClick(window.centralWidget(), ALONE_KEY)
    first = presenter.spotlight.target
    assert first is focused_thing(window.centralWidget()) or first is not None
    area = presenter.spotlight.area()
    assert area.width() > first.width() and presenter.spotlight.rect().contains(area.toAlignedRect())
    qtbot.keyClick(window.centralWidget(), Qt.Key.Key_PageDown)
    second = presenter.spotlight.target
    assert second is not first
    qtbot.keyClick(window.centralWidget(), Qt.Key.Key_PageUp)
    assert presenter.spotlight.target is first
    window.go("start")
    qtbot.waitUntil(lambda: presenter.spotlight.target is None)


@pytest.mark.usefixtures("presenter")
def test_cards_in_cards_are_no_things_of_their_own(window) -> None:
    things = things_in(window.centralWidget())
    cards = [thing for thing in things if thing.objectName() == "card"]
    assert cards and not any(card is not other and card.isAncestorOf(other) for card in cards for other in cards)
    assert {"side", "centre"} <= {thing.objectName() for thing in things}


def test_the_keys_are_their_own_otherwise(qtbot, window) -> None:
    presenter = window.findChild(Presenter)
    qtbot.keyClick(window.centralWidget(), LASER_KEY)
    qtbot.keyClick(window.centralWidget(), ALONE_KEY)
    assert presenter.laser is None and presenter.spotlight is None


def test_what_is_enlarged_can_be_used(qtbot) -> None:
    body = QWidget()
    qtbot.addWidget(body)
    card = QWidget(body)
    card.setGeometry(10, 10, 120, 60)
    button = QPushButton("x", card)
    QVBoxLayout(card).addWidget(button)
    body.resize(600, 400)
    body.show()
    light = Spotlight(body)
    light.show_widget(card)
    clicks = []
    button.clicked.connect(lambda: clicks.append(1))
    qtbot.mouseClick(light, Qt.MouseButton.LeftButton, pos=light.area().center().toPoint())
    # Beside it nothing happens.
    qtbot.mouseClick(light, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert clicks == [1]
    light.leave()


def test_text_grows_only_as_far_as_the_window_has_room(qtbot, window) -> None:
    """At 200 % a small screen has some 720 x 450 logical pixels: text is large already."""
    window.resize(720, 460)
    window.perform(TogglePresenter())
    presenter = window.findChild(Presenter)
    qtbot.wait(50)
    assert presenter.is_on and 1.0 <= theme.text_scale() < LARGE
    presenter.leave()
    qtbot.wait(50)
