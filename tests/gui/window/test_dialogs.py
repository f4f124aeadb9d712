"""Dialogs, questions and messages of the window."""

from __future__ import annotations

import sys

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QDialog, QWidget

from cnnstudio.core.problems import error, warning
from cnnstudio.core.text import Text
from cnnstudio.gui.state import commands
from cnnstudio.gui.widgets import dialog as dialog_module
from cnnstudio.gui.widgets.basics import Button, Label, column
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.question import Question
from cnnstudio.gui.window.notices import (
    ProblemsDialog,
    ReportDialog,
    Toast,
    install_exception_hook,
    report_text,
)
from tests.gui.driving import part, parts, press


def test_every_dialog_opens(opened):
    for command in (commands.ShowAbout(), commands.ShowHelp(), commands.ShowSettings(), commands.ShowProblems()):
        opened.perform(command)
        dialogs = [dialog for dialog in opened.findChildren(QDialog) if dialog.isVisible()]
        assert dialogs, command
        for dialog in dialogs:
            dialog.accept()
            dialog.deleteLater()


def test_the_list_of_problems_fixes(opened):
    opened.session.edit(_wrong_loss, Text("Loss", "Pérdida"))
    opened.workspace.checks.check_now()
    opened.perform(commands.ShowProblems())
    dialog = part(opened, ProblemsDialog)
    problem = next(problem for problem in opened.session.problems if problem.code == "wrong_loss")
    banner = next(banner for banner in parts(dialog, Banner) if banner.problem == problem)
    press(banner, str(problem.fixes[0].label))
    opened.workspace.checks.check_now()
    assert "wrong_loss" not in [problem.code for problem in opened.session.problems]


def _wrong_loss(project):
    from cnnstudio.core import edits

    return edits.set_field(project, "training", "loss", {"type": "sparse_categorical_crossentropy"})


def test_an_exception_becomes_a_report_and_the_program_lives(qtbot, window):
    shown = []
    remove = install_exception_hook(shown.append)
    try:
        sys.excepthook(ValueError, ValueError("odd"), None)
        qtbot.waitUntil(lambda: bool(shown))
    finally:
        remove()
    assert "odd" in shown[0].details
    assert "ValueError" in report_text(shown[0])
    dialog = ReportDialog(shown[0], window)
    qtbot.addWidget(dialog)


def test_a_question_gives_the_answer_or_none(qtbot, window):
    question = Question("Title", "Text", (("yes", "Yes", "primary"),), window)
    qtbot.addWidget(question)
    press(question, "Yes")
    assert question.answer == "yes"


def test_a_question_is_no_higher_than_its_words(qtbot, window):
    question = Question("A training is running", "What should become of it?", (("a", "Continue in the", "primary"),), window)
    qtbot.addWidget(question)
    question.show()
    labels = question.findChildren(Label)
    assert all(label.height() <= label.heightForWidth(label.width()) + 2 for label in labels)


def test_toasts_show_a_problem_once(window):
    problem = error("x", Text("Something", "Algo"), "file")
    window.session.report(problem, problem)
    window.session.report(warning("y", Text("Else", "Otro"), "file"))
    assert len(parts(window.toasts, Toast)) == 2


def test_a_dialog_that_needs_more_than_the_screen_is_as_low_as_the_screen(qtbot, monkeypatch):
    monkeypatch.setattr(dialog_module, "free_screen", lambda _window: QRect(0, 0, 720, 450))
    shown = dialog_module.Dialog()
    qtbot.addWidget(shown)
    high = QWidget()
    high.setMinimumHeight(700)
    shown.setLayout(column(high, Button("Close")))
    shown.show()
    qtbot.waitExposed(shown)
    qtbot.wait(20)
    assert shown.height() <= 450
