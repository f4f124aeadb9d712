"""The buttons in the header of the Evaluate page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.evaluate.report_dialog import ReportDialog
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.state.commands import ShowPage
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button


class EvaluateActions:
    """Evaluate again, save a report, go on; hidden until there is an evaluation."""

    def __init__(self, session: Session, start: Callable[[], object], context: Callable[[], EvaluationContext | None]) -> None:
        self._session, self._context = session, context
        self._again = Button(tr("Evaluate again", "Evaluar de nuevo"), "", "refresh", on_click=start)
        self.report = Button(tr("Save report…", "Guardar informe…"), "", "save", on_click=self.ask_report)
        self._next = Button(tr("Next: Predict", "Siguiente: Predecir"), "primary", compact_icon="chevron-right",
                            on_click=lambda: session.request(ShowPage("predict")))
        self.show_state(evaluated=False)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return self._again, self.report, self._next

    def show_state(self, *, evaluated: bool) -> None:
        """Whether there is an evaluation."""
        for button in self.buttons:
            button.setVisible(evaluated)

    def show_work(self, *, working: bool) -> None:
        """Whether a run is being evaluated."""
        self._again.setEnabled(not working)

    def ask_report(self) -> ReportDialog | None:
        """Ask what stands in a report of the run that is shown, and where to save it."""
        context = self._context()
        if context is None:
            return None
        dialog = ReportDialog(self._session, context.run, context.split, context.title, parent=self.report.window())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog
