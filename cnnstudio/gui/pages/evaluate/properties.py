"""The view of the properties: where the model is better and worse, by what is known of the pictures."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from PySide6.QtWidgets import QProgressBar

from cnnstudio.catalog.properties import PictureProperty
from cnnstudio.core.events import Event, Failed
from cnnstudio.core.text import Text, tr
from cnnstudio.core.text import format_number as number_text
from cnnstudio.evaluation.by_property import CORRECTION, MOST_BINS, TESTS, PropertyAccuracy, PropertyBin
from cnnstudio.gui.pages.evaluate.property_bars import PropertyBars, bars_legend
from cnnstudio.gui.pages.evaluate.property_data import (
    MeasuredValues,
    PropertyRequest,
    compute_accuracies,
    measure_values,
)
from cnnstudio.gui.pages.evaluate.views import TRUST, EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_percent, format_pictures
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.property_texts import bin_label, missing_text

_MEASURE: Final = "evaluation-measures"


class PropertiesView(EvaluationView):
    id = "properties"
    title = Text("By property", "Por propiedad")
    group = TRUST

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._jobs = workspace.session.jobs
        self._work: Work | None = None
        self._measured: MeasuredValues | None = None
        self._found: list[PropertyAccuracy] = []
        self._reader = Latest(self._jobs, "evaluation-properties", compute_accuracies, self)
        self._reader.answered.connect(self._on_computed)
        self._jobs.changed.connect(self._show_work)
        self._note = Label("", "body", "dim", wrap=True)
        self._phase = Label(tr("Measuring the pictures", "Midiendo las imágenes"), "body")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        line = row(self._phase, self._bar, Button(tr("Cancel", "Cancelar"), "link", on_click=self._stop), spacing=16)
        line.setStretch(1, 1)
        self._working = Card(box(line), margins=(16, 8, 16, 8))
        self._rest = Button(tr("Measure the rest", "Medir el resto"), on_click=self._measure)
        self.choice, self.bins = Select(), Select()
        self.choice.setAccessibleName(tr("Property", "Propiedad"))
        self.choice.setMinimumWidth(220)
        self.choice.chosen.connect(self._choose)
        self.bins.setAccessibleName(tr("Ranges", "Tramos"))
        self.bins.set_choices([(0, tr("Automatic", "Automático")), *((count, str(count)) for count in range(2, MOST_BINS + 1))],
                              int(state.get("bins", 0)))
        self.bins.setToolTip(tr("Ranges with equal numbers of pictures. Automatic: as many as have 30 pictures, 2 to 8.",
                                "Tramos con el mismo número de imágenes. Automático: los que tengan 30 imágenes, de 2 a 8."))
        self.bins.setMinimumWidth(136)
        self.bins.chosen.connect(self._choose_bins)
        self.verdict = Label("", "body", wrap=True)
        self._help = Label("", "secondary", "dim", wrap=True)
        self.bars = PropertyBars()
        self.bars.opened.connect(self._open)
        self._ranges = box(row(Label(tr("Ranges", "Tramos"), "body", "dim"), self.bins, spacing=8))
        self._card = Card(flow_row(self.choice, self._ranges, apart=1), self._help, self.verdict, self.bars, bars_legend(),
                          spacing=12)
        self.table = Table(_columns(self._name), sortable=True)
        self.table.chosen.connect(lambda item: self._choose(item.id) if item is not None else None)
        self._correction = Label("", "secondary", "dim", wrap=True)
        self._list = Card(self.table, self._correction, title=tr("All properties, the most telling first",
                                                                 "Todas las propiedades, las más reveladoras primero"))
        self._parts = (self._card, self._list)
        self.setLayout(column(scroll_area(box(column(
            self._note, self._working, row(self._rest, None), *self._parts, None, spacing=16, margins=(24, 16, 24, 24))))))
        self._rest.hide()
        self._working.hide()
        self._say(tr("Reading the answers…", "Leyendo las respuestas…"))

    def close_threads(self) -> None:
        self._reader.close()
        if self._work is not None:
            self._work.ended.disconnect(self._on_measured)
            self._work.cancel()
            self._work.join()
            self._work = None

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        if context.answers is None:
            self._measured, self._found = None, []
            self._say(str(context.problem.text) if context.problem is not None else tr("Reading the answers…",
                                                                                       "Leyendo las respuestas…"))
        elif self._measured is None or self._measured.answers is not context.answers:
            self._measured, self._found = None, []
            self._say(tr("Reading what is known of the pictures…", "Leyendo lo que se sabe de las imágenes…"))
            self._measure()

    def _say(self, text: str) -> None:
        """Show a text instead of the bars; "" shows them."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        for part in self._parts:
            part.setVisible(not text)

    def _measure(self) -> None:
        if self.context is None or self.context.answers is None:
            return
        if self._work is not None:
            # The pictures of another evaluation: it ends, and this one follows.
            self._work.cancel()
            return
        self._rest.hide()
        run, answers = self.context.run, self.context.answers
        self._work = self._jobs.run(lambda report: measure_values(run, answers, report),
                                    Text("Measuring the pictures", "Midiendo las imágenes"), _MEASURE, page="evaluate",
                                    quiet=True)
        self._work.ended.connect(self._on_measured)

    def _stop(self) -> None:
        if self._work is not None:
            self._work.cancel()

    def _show_work(self) -> None:
        # What the audit measured is known at once.
        self._working.setVisible(self._work is not None and self._work.progress is not None)
        if self._work is not None:
            show_progress(self._bar, self._work.progress)

    def _on_measured(self, last: Event) -> None:
        work, self._work = self._work, None
        self._show_work()
        answers = None if self.context is None else self.context.answers
        if work is None or answers is None:
            return
        if isinstance(last, Failed):
            self._say(str(last.problem.text))
        elif not isinstance(work.result, MeasuredValues) or work.result.answers is not answers:
            self._measure()
        else:
            self._measured = work.result
            self._rest.setVisible(not work.result.complete)
            self._reader.ask(PropertyRequest(work.result, int(self.state.get("bins", 0))))

    def _on_computed(self, request: PropertyRequest, found: list[PropertyAccuracy] | Failure) -> None:
        if request.measured is not self._measured:
            return
        if isinstance(found, Failure):
            self._say(found.text)
            return
        self._found = found
        self._say("")
        self._show_notes(request.measured)
        names = [(item.id, self._name(item)) for item in found]
        chosen = self.state.get("property")
        self.choice.set_choices(names, chosen if chosen in dict(names) else names[0][0])
        self.table.set_rows(found)
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + 32 * len(found) + 4)
        tried = sum(item.p_value is not None for item in found)
        self._correction.setText(tr(
            "p: how often pictures in which the property does not matter would be divided as unevenly. Corrected for {n} "
            "properties by {name}: at most one in twenty that are said to matter does not.",
            "p: con qué frecuencia se repartirían de forma tan desigual imágenes en las que la propiedad no importa. Corregido "
            "por {n} propiedades según {name}: de las que se dice que importan, como mucho una de cada veinte no importa.",
            n=tried, name=CORRECTION))
        self._show_property()

    def _show_notes(self, measured: MeasuredValues) -> None:
        """What is missing: lists that cannot be read, files that are gone."""
        notes = [str(problem.text) for problem in measured.values.problems]
        if measured.values.gone:
            notes.append(tr("Files that are no longer there: {n}.", "Archivos que ya no están: {n}.",
                            n=format_pictures(measured.values.gone)))
        self._note.setText("\n".join(notes))
        self._note.setVisible(bool(notes))

    def _entry(self, item: PropertyAccuracy) -> PictureProperty:
        assert self._measured is not None
        return self._measured.values.find(item.id)

    def _name(self, item: PropertyAccuracy) -> str:
        return str(self._entry(item).label)

    def _show_property(self) -> None:
        shown = self._shown()
        if shown is None:
            return
        entry = self._entry(shown)
        self._help.setText(str(entry.help))
        self._ranges.setVisible(entry.kind == "numeric")
        self.verdict.setText(missing_text(shown, _verdict(shown)))
        self.bars.show_bins(entry, shown)
        self.table.blockSignals(True)
        self.table.select(shown)
        self.table.blockSignals(False)

    def _shown(self) -> PropertyAccuracy | None:
        return next((item for item in self._found if item.id == self.choice.value), None)

    # What is chosen ------------------------------------------------------------------------------

    def _choose(self, identifier: object) -> None:
        self.state["property"] = identifier
        self.choice.set_value(identifier)
        self._show_property()

    def _choose_bins(self, count: object) -> None:
        self.state["bins"] = count
        if self._measured is not None:
            self._reader.ask(PropertyRequest(self._measured, int(str(count))))

    def _open(self, item: PropertyBin, wrong_only: bool) -> None:
        """Show the pictures of a bin: the wrong answers first, the surest of them before the others."""
        shown = self._shown()
        if self._measured is None or shown is None:
            return
        answers, members = self._measured.answers, item.members
        right = answers.predicted[members] == answers.labels[members]
        sure = answers.probabilities[members, answers.predicted[members]]
        order = np.lexsort((-sure, right))
        numbers = members[order[:int((~right).sum())] if wrong_only else order]
        title = f"{self._name(shown)} · {bin_label(self._entry(shown), item)}"
        count = format_pictures(len(numbers))
        note = tr("{n}, wrong answers only", "{n}, solo errores", n=count) if wrong_only else tr(
            "{n}, wrong answers first", "{n}, los errores primero", n=count)
        self.pictures_requested.emit(title, note, numbers)


def _verdict(item: PropertyAccuracy) -> str:
    """Whether a property matters, in a sentence."""
    if item.p_value is None or item.adjusted is None:
        return str(item.reason)
    p_value, test = number_text(item.adjusted, ".2g"), TESTS[item.test]
    if item.matters:
        return tr("It matters: differences like these are hardly chance (corrected p = {p}, {test}).",
                  "Importa: diferencias así difícilmente son azar (p corregido = {p}; {test}).", p=p_value, test=test)
    return tr("No sign that it matters: differences like these may be chance (corrected p = {p}, {test}).",
              "No hay indicios de que importe: diferencias así pueden ser azar (p corregido = {p}; {test}).", p=p_value,
              test=test)


def _columns(name: Any) -> list[Column]:
    def span(item: PropertyAccuracy) -> str:
        values = [each.accuracy for each in item.valued]
        return f"{format_percent(min(values))} – {format_percent(max(values))}" if values else "–"

    def p_value(item: PropertyAccuracy) -> str:
        return "–" if item.adjusted is None else number_text(item.adjusted, ".2g")

    def verdict(item: PropertyAccuracy) -> str:
        return tr("matters", "importa") if item.matters else "–" if item.adjusted is None else tr("no sign", "sin indicios")

    return [
        Column(tr("Property", "Propiedad"), name, stretch=True),
        Column(tr("Groups", "Grupos"), lambda item: str(len(item.valued)), key=lambda item: len(item.valued), right=True,
               spare=2),
        Column(tr("Accuracy from – to", "Exactitud de – a"), span, key=lambda item: item.spread, right=True, spare=1),
        Column(tr("Corrected p", "p corregido"), p_value, key=lambda item: 2.0 if item.adjusted is None else item.adjusted,
               right=True),
        Column(tr("Verdict", "Veredicto"), verdict, key=lambda item: item.matters,
               tone=lambda item: "warn" if item.matters else "dim", help=_verdict),
    ]
