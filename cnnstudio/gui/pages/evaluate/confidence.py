"""The view of the confidence: how sure the model is against how right, its temperature, and when it is not sure."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.answers import Answers
from cnnstudio.gui.pages.evaluate.calibrating import Calibrating
from cnnstudio.gui.pages.evaluate.confidence_data import (
    ConfidenceData,
    ConfidenceRequest,
    RejectPreview,
    RejectRequest,
    preview_rejection,
    read_confidence,
)
from cnnstudio.gui.pages.evaluate.reject_card import RejectCard
from cnnstudio.gui.pages.evaluate.reliability_card import ReliabilityCard
from cnnstudio.gui.pages.evaluate.views import TRUST, EvaluationContext, EvaluationView
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, column, scroll_area


class ConfidenceView(EvaluationView):
    id = "confidence"
    title = Text("Confidence", "Confianza")
    group = TRUST

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        jobs = workspace.session.jobs
        self._answers: Answers | None = None
        self._data: ConfidenceData | None = None
        self._reader = Latest(jobs, "evaluation-confidence",
                              lambda request, report: read_confidence(request, report.check), self)
        self._reader.answered.connect(self._on_read)
        self._preview = Latest(jobs, "evaluation-reject", lambda request, _report: preview_rejection(request), self)
        self._preview.answered.connect(self._on_preview)
        self.calibrating = Calibrating(workspace.session, self)
        self.calibrating.changed.connect(self._show_busy)
        self.calibrating.failed.connect(self._on_failed)
        self._note = Label("", "body", "dim", wrap=True)
        self._failure = Label("", "body", "error", wrap=True)
        self._failure.hide()
        self.reliability, self.reject = ReliabilityCard(), RejectCard()
        self.reliability.calibrate_requested.connect(lambda: self._act(self.calibrating.find_temperature))
        self.reliability.remove_requested.connect(lambda: self._act(self.calibrating.remove_temperature))
        self.reliability.discard_requested.connect(lambda: self._act(self.calibrating.remove_all))
        self.reject.apply_requested.connect(self._apply_rejection)
        self.reject.remove_requested.connect(lambda: self._act(self.calibrating.remove_rejection))
        self.reject.evaluate_requested.connect(lambda: self._act(self.calibrating.evaluate))
        self.reject.changed.connect(self._on_choice)
        self.setLayout(column(scroll_area(box(column(self._note, self._failure, self.reliability, self.reject, None, spacing=16,
                                                     margins=(24, 16, 24, 24))))))
        self._say(tr("Reading the answers…", "Leyendo las respuestas…"))

    def close_threads(self) -> None:
        for work in (self._reader, self._preview):
            work.close()

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        self._answers, self._data = context.answers, None
        if self._answers is not None:
            self._reader.ask(ConfidenceRequest(context.run, context.split, self._answers))
        elif context.problem is not None:
            self._say(str(context.problem.text))
        else:
            self._say(tr("Reading the answers…", "Leyendo las respuestas…"))

    def _say(self, text: str) -> None:
        """Show a text instead of the diagrams; "" shows them."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        for part in (self.reliability, self.reject):
            part.setVisible(not text)

    def _on_read(self, request: ConfidenceRequest, data: ConfidenceData | Failure) -> None:
        if request.answers is not self._answers:
            return
        if isinstance(data, Failure):
            self._say(data.text)
            return
        self._data = data
        self._say("")
        kind, level = self._choice(data)
        busy = self.calibrating.busy
        self.reliability.show_data(data, busy=busy)
        self.reject.show_data(data, kind, level, busy=busy)
        self._preview.ask(RejectRequest(data, kind, level))

    def _choice(self, data: ConfidenceData) -> tuple[str, float]:
        """The option that the user looks at, else the one in force, else the first."""
        present = data.rejection
        chosen = self.state.get("choice")
        if chosen is not None and self.state.get("run") == data.answers.run:
            return str(chosen[0]), float(chosen[1])
        return (present.kind, present.level) if present is not None else (self.reject.kind, self.reject.level)

    def _on_choice(self, kind: str, level: float) -> None:
        if self._data is None:
            return
        self.state.update({"choice": (kind, level), "run": self._data.answers.run})
        self.reject.show_busy(busy=self.calibrating.busy)
        request = RejectRequest(self._data, kind, level)
        if request.option.needs_pictures:
            self._preview.ask(request)
        else:
            # Milliseconds: it follows the slider.
            self.reject.show_preview(preview_rejection(request))

    def _on_preview(self, request: RejectRequest, preview: RejectPreview | Failure) -> None:
        if request.data is self._data and (request.kind, request.level) == (self.reject.kind, self.reject.level) and isinstance(
                preview, RejectPreview):
            self.reject.show_preview(preview)

    # What is set ---------------------------------------------------------------------------------

    def _act(self, action: Any) -> None:
        self._failure.hide()
        if self.context is not None:
            action(self.context.run)

    def _apply_rejection(self) -> None:
        option, level = self.reject.chosen, self.reject.level
        self._act(lambda run: self.calibrating.set_rejection(run, option, level))

    def _on_failed(self, problem: Problem) -> None:
        self._failure.setText(str(problem.text))
        self._failure.show()

    def _show_busy(self) -> None:
        if self._data is not None:
            busy = self.calibrating.busy
            self.reliability.show_busy(self._data, busy=busy)
            self.reject.show_busy(busy=busy)
