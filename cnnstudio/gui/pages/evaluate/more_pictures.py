"""The view of the learning curve: whether more pictures would help, and which class most."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtWidgets import QProgressBar

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.core.text import format_number as number_text
from cnnstudio.core.trial_jobs import CurvePoint, ExpectedGain, LearningCurve
from cnnstudio.gui.pages.evaluate.more_data import WHOLE, MoreData, MoreRequest, class_gains, read_more
from cnnstudio.gui.pages.evaluate.more_plot import MorePlot, more_legend
from cnnstudio.gui.pages.evaluate.start import CURVE_KIND, start_curve
from cnnstudio.gui.pages.evaluate.views import TRUST, EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_time_left
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.runs.folder import RunFolder

_MEASURED: Final = ("test", "validation")
"""The splits that a curve is measured on."""
_REPEATS: Final = (1, 3, 5, 10)
_MOST_ROWS: Final = 10
_LITTLE: Final = 0.01
"""A gain that is lower for certain is hardly worth the work."""


class MorePicturesView(EvaluationView):
    id = "more"
    title = Text("More pictures?", "¿Más imágenes?")
    group = TRUST

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._jobs = workspace.session.jobs
        self._run: RunFolder | None = None
        self._points: list[CurvePoint] = []
        self._data: MoreData | None = None
        self._reader = Latest(self._jobs, "evaluation-more", read_more, self)
        self._reader.answered.connect(self._on_read)
        self._jobs.changed.connect(self._show_work)
        self._jobs.ended.connect(self._on_job_ended)
        about = Label(tr(
            "The training of this run is repeated on shares of its pictures, from a tenth to all of them. How the accuracy "
            "grows tells whether twice as many would be worth the work. Of a run with a frozen base this takes a minute; of "
            "others, about twice as long as its training.",
            "El entrenamiento se repite con partes de sus imágenes, de una décima parte a todas. Según crece la exactitud se "
            "ve si el doble merecería el trabajo. Con una base congelada tarda un minuto; en los demás, alrededor del doble "
            "que el entrenamiento."), "body", "dim", wrap=True)
        self.start_button = Button("", on_click=self.start)
        self.repeats = Select([(count, tr("once", "una vez") if count == 1 else tr("{n} times", "{n} veces", n=count))
                               for count in _REPEATS], int(state.get("repeats", 1)))
        self.repeats.setAccessibleName(tr("How often", "Cuántas veces"))
        self.repeats.setToolTip(tr("Each share is trained so often, with other pictures and seeds: a narrower band for more "
                                   "time.",
                                   "Cada parte se entrena tantas veces, con otras imágenes y semillas: una banda más estrecha "
                                   "a cambio de más tiempo."))
        self.repeats.chosen.connect(lambda count: self.state.update({"repeats": count}))
        self._phase, self._bar = Label("", "body"), QProgressBar()
        self._bar.setTextVisible(False)
        work = row(self._phase, self._bar, Button(tr("Cancel", "Cancelar"), "link", on_click=self._stop), spacing=14)
        work.setStretch(1, 1)
        self._work = box(work)
        self._work.hide()
        self.failure = Label("", "body", "error", wrap=True)
        self.failure.hide()
        often = box(row(Label(tr("each share", "cada parte"), "body", "dim"), self.repeats, spacing=8))
        self._start = flow_row(self.start_button, often, spacing=12)
        head = Card(about, self._start, self._work, self.failure, spacing=10)
        self.verdict = Label("", "body_strong", wrap=True)
        self._details = Label("", "secondary", "dim", wrap=True)
        self.choice = Select()
        self.choice.setAccessibleName(tr("Class", "Clase"))
        self.choice.setMinimumWidth(200)
        self.choice.chosen.connect(self._choose)
        self.plot = MorePlot()
        self._card = Card(self.verdict, self._details, box(row(self.choice, None)), self.plot, more_legend(),
                          spacing=12)
        self.table = Table(_columns())
        self.table.chosen.connect(lambda item: self._choose_name(item[0]) if item is not None else None)
        self._classes = Card(self.table, title=tr("With twice as many pictures, by class",
                                                   "Con el doble de imágenes, por clase"))
        self._card.hide()
        self._classes.hide()
        self.setLayout(column(scroll_area(box(column(head, self._card, self._classes, None, spacing=16,
                                                     margins=(24, 16, 24, 24))))))

    def close_threads(self) -> None:
        self._reader.close()

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        if self._run is None or self._run.folder != context.run.folder:
            self._points, self._data = [], None
            self.failure.hide()
            names = context.class_names
            if self.state.get("classes") != names:
                self.state.update({"classes": names, "class": WHOLE})
            self.choice.set_choices([(WHOLE, tr("All classes", "Todas las clases")), *enumerate(names)], self.state["class"])
        self._run = context.run
        self._ask()
        self._show_work()

    def _ask(self) -> None:
        if self._run is not None:
            self._reader.ask(MoreRequest(self._run, int(self.state.get("class", WHOLE)), tuple(self._points)))

    def _choose(self, number: object) -> None:
        self.state["class"] = number
        self._ask()

    def _choose_name(self, name: str) -> None:
        names = list(self.state.get("classes", ()))
        if name in names:
            self.choice.set_value(names.index(name))
            self._choose(names.index(name))

    def _on_read(self, request: MoreRequest, data: MoreData | Failure) -> None:
        if self._run is None or request.run.folder != self._run.folder:
            return
        if isinstance(data, Failure):
            self.failure.setText(data.text)
            self.failure.show()
            return
        self._data = data
        self._card.setVisible(bool(data.points))
        self.plot.show_data(data)
        self.verdict.setText(_verdict(data))
        self._details.setText(self._said(data))
        self._details.setVisible(bool(self._details.text()))
        gains = class_gains(data.kept)
        self._classes.setVisible(len(gains) > 1)
        self.table.blockSignals(True)
        self.table.set_rows(gains)
        self.table.blockSignals(False)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + 32 * min(len(gains), _MOST_ROWS) + 4)
        self._show_work()

    def _said(self, data: MoreData) -> str:
        """On what it was measured, and what was repeated."""
        kept = data.kept
        if kept is None or not kept.points or self._run is None:
            return ""
        text = tr("Measured on {n} pictures that no training saw.", "Medido con {n} imágenes que ningún entrenamiento vio.",
                  n=format_count(kept.points[0].of))
        try:
            stages = len(self._run.spec().training.stages)
        except ProblemError:
            return text
        return text if kept.stages == stages else text + " " + tr(
            "Repeated were the stages with a frozen base: {n} of {all}.",
            "Se repitieron las etapas con la base congelada: {n} de {all}.", n=kept.stages, all=stages)

    # The work ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Repeat the training of the run that is shown."""
        if self.context is None or self._jobs.of_kind(CURVE_KIND) is not None:
            return
        self.failure.hide()
        self._points = []
        split = self.context.split if self.context.split in _MEASURED else ""
        start_curve(self.workspace.session, self.context.run, split, int(str(self.repeats.value)), self._on_event)
        self._show_work()

    def _stop(self) -> None:
        job = self._jobs.of_kind(CURVE_KIND)
        if job is not None:
            job.cancel()

    def _own_job(self) -> Job | None:
        """The job of the run that is shown, while it works; its preparation counts for every run."""
        job = self._jobs.of_kind(CURVE_KIND)
        if isinstance(job, ChildJob) and isinstance(job.job, LearningCurve) and self._run is not None:
            return job if job.job.run_folder == str(self._run.folder) else None
        return job

    def _on_event(self, event: Event) -> None:
        if isinstance(event, CurvePoint) and self._run is not None and event.run == self._run.id:
            self._points.append(event)
            self._ask()

    def _show_work(self) -> None:
        job, own = self._jobs.of_kind(CURVE_KIND), self._own_job()
        self._work.setVisible(own is not None)
        self._start.setVisible(own is None)
        self.start_button.setEnabled(job is None)
        self.start_button.setText(tr("Find out again", "Averiguar de nuevo") if self._data is not None and self._data.kept
                                  else tr("Find out", "Averiguar"))
        self.start_button.setToolTip("" if job is None or own is not None else tr(
            "The curve of another run is being measured.", "Se está midiendo la curva de otro entrenamiento."))
        if own is not None:
            text = str(own.phase or own.label)
            if own.seconds_left is not None:
                text += " · " + tr("{time} left", "quedan {time}", time=format_time_left(own.seconds_left))
            self._phase.setText(text)
            show_progress(self._bar, own.progress)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind != CURVE_KIND:
            return
        if isinstance(last, Failed):
            self.failure.setText(str(last.problem.text))
            self.failure.show()
        if isinstance(job, ChildJob) or isinstance(last, Failed):
            self._points = []
            self._ask()
        self._show_work()


def _verdict(data: MoreData) -> str:
    """What twice as many pictures are expected to bring."""
    if data.kept is None:
        return tr("Measuring…", "Midiendo…") if data.points else ""
    if data.expected is None:
        return tr("Too little was measured for an expectation.", "Se midió demasiado poco para una previsión.")
    pictures = format_count(data.expected.pictures)
    low, high = data.expected.interval
    if high < _LITTLE:
        return tr("Twice as many pictures ({n}) would hardly help: {change}.",
                  "El doble de imágenes ({n}) apenas ayudaría: {change}.", n=pictures, change=_change(data.expected))
    if round(low, 3) <= 0:
        return tr("Twice as many pictures ({n}) may bring nothing: {change}.",
                  "El doble de imágenes ({n}) puede no aportar nada: {change}.", n=pictures, change=_change(data.expected))
    return tr("Twice as many pictures ({n}) would help: {change}.", "El doble de imágenes ({n}) ayudaría: {change}.",
              n=pictures, change=_change(data.expected))


def _change(gain: ExpectedGain) -> str:
    low, high, change = (number_text(100 * value, "+.1f") for value in (*gain.interval, gain.gain))
    return tr("{accuracy} expected, {change} points ({low} to {high})",
              "se prevé {accuracy}, {change} puntos (de {low} a {high})", accuracy=format_percent(gain.accuracy), change=change,
              low=low, high=high)


def _columns() -> list[Column]:
    def number(item: tuple[str, ExpectedGain | None], value: Any) -> str:
        return "–" if item[1] is None else str(value(item[1]))

    def span(gain: ExpectedGain) -> str:
        low, high = (number_text(100 * value, "+.1f") for value in gain.interval)
        return f"{low} – {high}"

    return [
        Column(tr("Class", "Clase"), lambda item: item[0], stretch=True),
        Column(tr("Pictures", "Imágenes"), lambda item: number(item, lambda gain: format_count(gain.pictures)),
               key=lambda item: 0 if item[1] is None else item[1].pictures, right=True, spare=1),
        Column(tr("Recall expected", "Exhaustividad prevista"),
               lambda item: number(item, lambda gain: format_percent(gain.accuracy)),
               key=lambda item: -1.0 if item[1] is None else item[1].accuracy, right=True),
        Column(tr("Gain, points", "Ganancia, puntos"),
               lambda item: number(item, lambda gain: number_text(100 * gain.gain, "+.1f")),
               key=lambda item: -1.0 if item[1] is None else item[1].gain, right=True),
        Column(tr("95% interval", "Intervalo del 95 %"), lambda item: number(item, span),
               key=lambda item: -1.0 if item[1] is None else item[1].interval[0], right=True),
    ]
