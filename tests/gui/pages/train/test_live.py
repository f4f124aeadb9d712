"""What a user does with a training that runs: another learning rate, answers for pictures."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QImage
from PySide6.QtWidgets import QApplication

from cnnstudio.core.commands import Observe, SetLearningRate
from cnnstudio.core.events import Observed, ObservedPicture
from cnnstudio.core.problems import warning
from cnnstudio.core.text import Text, set_language
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.live.answers import AnswerCard, LearningAnswers
from cnnstudio.gui.pages.train.live.controls import LiveControls
from cnnstudio.gui.pages.train.live.rate_change import RateChangeDialog
from cnnstudio.gui.pages.train.plots.history import curves_of
from cnnstudio.gui.pages.train.watch import Watch
from cnnstudio.gui.widgets.number_box import NumberBox
from tests.gui.driving import press
from tests.gui.pages.train.test_plots import Remembering, epoch


class Job(Watch):
    """A job that keeps what it is sent."""

    def __init__(self):
        self.sent = []

    def send(self, command):
        self.sent.append(command)


@pytest.fixture
def session():
    return Remembering()


@pytest.fixture
def live(qtbot, qapp, session):
    set_language("en")
    theme.apply(qapp, "light")
    result = LiveControls(session, lambda name: theme.class_color(len(name)))
    for widget in (result.rate, result.answers):
        qtbot.addWidget(widget)
    result.answers.resize(900, 300)
    result.answers.show()
    yield result
    result.close()


def told(number, *pictures):
    return Observed(epoch=number, batch=0, pictures=pictures)


def cards(live):
    return live.answers.findChildren(AnswerCard)


def test_without_a_training_there_is_nothing_to_change(live):
    assert live.rate.isHidden()
    live.follow(Job())
    assert not live.rate.isHidden()
    live.follow(None)
    assert live.rate.isHidden()


def test_another_rate_is_sent_to_the_training(live):
    job = Job()
    live.follow(job)
    live.show_curves(curves_of([epoch(1, 1.0), epoch(2, 0.9)]))
    live.rate.click()
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, RateChangeDialog))
    assert dialog.rate == 0.005
    press(dialog, "× 0.1")
    press(dialog, "Change")
    assert job.sent == [SetLearningRate(rate=pytest.approx(0.0005))]


def test_enter_sends_the_typed_rate(live, qtbot):
    job = Job()
    live.follow(job)
    live.rate.click()
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, RateChangeDialog))
    box = dialog.findChild(NumberBox)
    box.selectAll()
    qtbot.keyClicks(box, "0.002")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert job.sent == [SetLearningRate(rate=pytest.approx(0.002))]
    assert dialog.height() < 260


def test_the_question_for_a_rate_closes_when_the_training_ends(live):
    live.follow(Job())
    live.rate.click()
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, RateChangeDialog))
    live.follow(None)
    assert not dialog.isVisible()


def test_a_cancelled_change_changes_nothing(live):
    job = Job()
    live.follow(job)
    live.rate.click()
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, RateChangeDialog))
    dialog.findChild(NumberBox).set_value(0.5)
    press(dialog, "Cancel")
    assert job.sent == []


def test_the_switch_is_remembered_and_tells_the_next_training(live, session, qtbot):
    job = Job()
    live.follow(job)
    assert job.sent == []
    live.answers._switch.click()
    assert job.sent == [Observe(count=6)]
    live.follow(None)
    other = Job()
    live.follow(other)
    assert other.sent == [Observe(count=6)]
    again = LearningAnswers(session, lambda _name: theme.class_color(0))
    qtbot.addWidget(again)
    assert again.wish == Observe(count=6)
    live.answers._switch.click()
    assert other.sent[-1] == Observe()


def test_a_dropped_picture_is_tried(live, tmp_path, qtbot):
    path = tmp_path / "ñ picture.png"
    image = QImage(20, 20, QImage.Format.Format_RGB32)
    image.fill(0)
    image.save(str(path))
    job = Job()

    def drop(*paths):
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(each)) for each in paths])
        live.answers.dropEvent(QDropEvent(QPointF(20, 20), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                                         Qt.KeyboardModifier.NoModifier))

    live.follow(job)
    drop(path, tmp_path, tmp_path / "absent.png")
    assert job.sent == [Observe(paths=(str(path),))]
    live.show_curves(curves_of([told(1, ObservedPicture(path=str(path), answer="dog", confidence=0.7))]))
    (card,) = cards(live)
    assert card.words == "dog 70.0%"
    qtbot.waitUntil(lambda: card._image is not None and not card._image.isNull())


def test_a_card_tells_the_answer_the_truth_and_what_cannot_be_read(live):
    broken = ObservedPicture(path="/x/b.png", problem=warning("x", Text("b.png is damaged.", "b.png está dañada."), "file"))
    live.show_curves(curves_of([
        told(1, ObservedPicture(path="/x/a.png", label="cat", answer="dog", confidence=0.6, probability=0.4), broken),
        told(2, ObservedPicture(path="/x/a.png", label="cat", answer="cat", confidence=0.9, probability=0.9), broken)]))
    first, second = cards(live)
    assert first.words == "cat 90.0%" and len(first._told) == 2
    assert second.words == "b.png is damaged."
    live.show_curves(curves_of([told(1, ObservedPicture(path="/x/a.png", label="cat", answer="dog", confidence=0.6,
                                                        probability=0.4))]))
    assert cards(live)[-1].words == "dog 60.0%, actually cat (40.0%)"


def test_the_strip_has_the_colours_of_the_answers(live):
    answers = [ObservedPicture(path="/x/a.png", label="cat", answer=name, confidence=1.0, probability=0.5)
               for name in ("cat", "horse")]
    live.show_curves(curves_of([told(number + 1, answer) for number, answer in enumerate(answers)]))
    (card,) = cards(live)
    picture = card.grab().toImage()
    seen = {picture.pixelColor(x, 58).name() for x in range(picture.width())}
    assert {theme.class_color(3).name(), theme.class_color(5).name()} <= seen


def test_another_run_does_not_keep_the_pictures_of_the_one_before(live):
    job = Job()
    live.follow(job)
    live.answers.try_pictures(["/x/a.png"])
    live.show_curves(curves_of([]))
    assert live.answers.wish == Observe()
    assert not cards(live)
