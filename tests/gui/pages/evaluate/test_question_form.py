"""The form of an explanation: what it leaves out opens no window of its own."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from cnnstudio.gui.pages.explanation.memory import ExplanationMemory
from cnnstudio.gui.pages.explanation.question_form import QuestionForm


def test_the_second_map_of_a_comparison_opens_no_window(qtbot, session):
    form = QuestionForm(ExplanationMemory(session), simple=True, method="gradcam")
    qtbot.addWidget(form)
    form.method.set_value("smoothgrad")
    form.method.chosen.emit("smoothgrad")
    form.show_cost(None)
    assert not [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
