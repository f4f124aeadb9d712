"""Parts of the Predict page with less and with more room than they need."""

from __future__ import annotations

from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.answer_card import AnswerCard
from cnnstudio.gui.pages.predict.filters import FilterBar


def test_the_caption_of_the_probability_stays_with_its_numbers(qtbot):
    bar = FilterBar()
    qtbot.addWidget(bar)
    bar.show()
    caption = next(label for label in bar.findChildren(QLabel) if label.text() == tr("Probability", "Probabilidad"))
    for width in range(340, 1000, 20):
        bar.resize(width, 200)
        qtbot.wait(1)
        lines = {part.mapTo(bar, part.rect().center()).y() // 20 for part in (caption, bar._low, bar._high)}
        assert len(lines) == 1, width


def test_the_lines_of_an_answer_stay_together_in_a_high_card(qtbot):
    card = AnswerCard(lambda _name: QColor("red"))
    qtbot.addWidget(card)
    card.show_answer(None, "Classifying…")
    card.show_note("")
    card.resize(380, 400)
    card.show()
    qtbot.waitExposed(card)
    waiting = next(label for label in card.findChildren(QLabel) if label.text() == "Classifying…")
    assert waiting.mapTo(card, waiting.rect().bottomLeft()).y() < 120
