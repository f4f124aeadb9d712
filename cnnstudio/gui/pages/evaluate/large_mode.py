"""One picture large in place of the views, following the selection of the right panel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget

from cnnstudio.gui.pages.evaluate.large import LargeView
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import EvaluationContext


class LargeMode(QObject):
    """Brings the large view to the front of the stack, and takes it back; `context()` is the evaluation that is shown."""

    def __init__(self, large: LargeView, panel: PicturesPanel, stack: QStackedWidget,
                 context: Callable[[], EvaluationContext | None], parent: QObject) -> None:
        super().__init__(parent)
        self._large, self._panel, self._stack, self._context = large, panel, stack, context
        panel.opened.connect(self.open)
        panel.grid.selection_changed.connect(self._follow_selection)
        large.left.connect(self._leave)
        large.stepped.connect(panel.step)
        large.label_key.connect(panel.press_key)
        large.exclude_key.connect(panel.exclude)
        stack.currentChanged.connect(self._on_stack_changed)

    def open(self, answer: Answer | None) -> None:
        """Show a picture large with its answers, in place of the views."""
        context = self._context()
        if answer is not None and context is not None:
            self._stack.setCurrentWidget(self._large)
            self._large.show_answer(answer, context)
            self._large.view.setFocus()

    def open_explained(self, answer: Answer) -> None:
        """Show a picture large with its explanation."""
        self._panel.point_at(answer)
        if not self._large.explaining:
            self._large.toggle_explanation()
        self.open(answer)

    def _follow_selection(self) -> None:
        """The large view shows the picture that is selected in the panel."""
        chosen = self._panel.grid.selected()
        context = self._context()
        if self._stack.currentWidget() is self._large and len(chosen) == 1 and context is not None:
            self._large.show_answer(chosen[0], context)

    def _leave(self) -> None:
        if self._context() is not None:
            self._stack.setCurrentIndex(0)
        self._panel.grid.setFocus()

    def _on_stack_changed(self, _index: int) -> None:
        if self._stack.currentWidget() is not self._large:
            self._large.hide_picture()
