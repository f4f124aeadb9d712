"""The form of a question: a choice with its reason, or a number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.lessons.options import OptionButton
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, column
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.learning.course.checks import read_check
from cnnstudio.learning.course.checks.answers import ChoiceCheck, NumberCheck, Option
from cnnstudio.learning.course.lesson import Task
from cnnstudio.learning.course.progress import Answer


class QuestionForm(QWidget):
    """`answered(Answer)` when something else is answered."""

    answered = Signal(object)

    def show_answer(self, answer: Answer) -> None:
        """Show what was answered before."""
        raise TypeError(f"{type(self).__name__} shows no answer")


class ChoiceForm(QuestionForm):
    """Options, and reasons below them once one was chosen."""

    def __init__(self, check: ChoiceCheck) -> None:
        super().__init__()
        self._answer = Answer()
        self._options, self._reasons = (QButtonGroup(self), QButtonGroup(self))
        self._ids = ([item.id for item in check.options], [item.id for item in check.reasons])
        self._why = box(column(Caption(tr("Because", "Porque")), *self._rows(check.reasons, self._reasons), spacing=2))
        self.setLayout(column(*self._rows(check.options, self._options), self._why, spacing=2))
        self._options.idClicked.connect(lambda place: self._take(Answer(value=self._ids[0][place], reason=self._answer.reason)))
        self._reasons.idClicked.connect(lambda place: self._take(Answer(value=self._answer.value, reason=self._ids[1][place])))
        self.show_answer(Answer())

    @staticmethod
    def _rows(options: tuple[Option, ...], group: QButtonGroup) -> list[QWidget]:
        result: list[QWidget] = []
        for place, option in enumerate(options):
            button = OptionButton(str(option.text))
            group.addButton(button, place)
            result.append(button)
        return result

    def _take(self, answer: Answer) -> None:
        self.show_answer(answer)
        self.answered.emit(answer)

    def show_answer(self, answer: Answer) -> None:
        self._answer = answer
        for group, ids, chosen in ((self._options, self._ids[0], answer.value), (self._reasons, self._ids[1], answer.reason)):
            group.setExclusive(False)
            for place, identifier in enumerate(ids):
                group.button(place).setChecked(identifier == chosen)
            group.setExclusive(True)
        self._why.setVisible(bool(self._ids[1]) and bool(answer.value))


class NumberForm(QuestionForm):
    """A field for a number; Enter or the button answers."""

    def __init__(self, check: NumberCheck) -> None:
        super().__init__()
        self._field = QLineEdit()
        self._field.setMaxLength(40)
        self._field.setFixedWidth(160)
        self._field.setAccessibleName(tr("Answer", "Respuesta"))
        self._field.returnPressed.connect(self._take)
        line = FlowLayout(self, spacing=8)
        line.addWidget(self._field)
        if check.unit.en:
            line.addWidget(Label(str(check.unit), "body", "dim"))
        line.addWidget(Button(tr("Answer", "Responder"), on_click=self._take))

    def _take(self) -> None:
        self.answered.emit(Answer(value=self._field.text().strip()))

    def show_answer(self, answer: Answer) -> None:
        if not self._field.hasFocus():
            self._field.setText(answer.value)


_FORMS: Final[dict[type, Callable[..., QuestionForm]]] = {ChoiceCheck: ChoiceForm, NumberCheck: NumberForm}


def question_form(task: Task) -> QuestionForm | None:
    """The form of a task that asks something; None for one that is done elsewhere in the program."""
    for raw in task.checks:
        spec = read_check(raw).spec
        if type(spec) in _FORMS:
            return _FORMS[type(spec)](spec)
    return None
