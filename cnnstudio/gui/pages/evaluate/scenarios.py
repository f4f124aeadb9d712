"""The view of the scenarios: a table of runs and named subsets of pictures, and what is known of one cell."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QModelIndex
from PySide6.QtWidgets import QProgressBar

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.scenarios import Scenario
from cnnstudio.gui.pages.evaluate.scenario_data import (
    SEEN,
    RunRow,
    ScenarioRequest,
    ScenarioTable,
    cell_lines,
    cell_text,
    read_scenarios,
    shown_answers,
)
from cnnstudio.gui.pages.evaluate.scenario_measuring import ScenarioMeasuring
from cnnstudio.gui.pages.evaluate.views import TRUST, EvaluationContext, EvaluationView
from cnnstudio.gui.pages.scenario_dialogs import ScenarioDialog
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import FilterPictures, ShowPage
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.scenarios import PART
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Badge, Button, Elided, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card, EmptyState
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.progress import show_progress
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.scenarios import Difference, Measured

_MOST_ROWS = 12
"""Runs that are shown without scrolling the table."""
_NAME = 204
"""The width in pixels that tells apart runs of a day."""


class ScenariosView(EvaluationView):
    id = "scenarios"
    title = Text("Scenarios", "Escenarios")
    group = TRUST

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._session = workspace.session
        # Made before the view listens: it must have forgotten the old ones when the view asks.
        self._scenarios = workspace.scenarios
        self._table: ScenarioTable | None = None
        self._reader = Latest(self._session.jobs, "evaluation-scenarios", read_scenarios, self)
        self._reader.answered.connect(self._on_read)
        self.measuring = ScenarioMeasuring(self._session, self)
        self.measuring.changed.connect(self._on_measured)
        self.measuring.failed.connect(self._on_failed)
        self._session.changed.connect(self._on_changed)
        self._session.jobs.changed.connect(self._show_work)
        self._empty = EmptyState(
            "tag", tr("No scenarios yet", "Aún no hay escenarios"),
            tr("A scenario is a set of pictures with a name, such as pictures taken at night: every run is measured on it. "
               "Choose “Save as scenario…” at the right, or select pictures in Data and choose Scenario in their menu.",
               "Un escenario es un conjunto de imágenes con nombre, como las tomadas de noche: con él se mide cada "
               "entrenamiento. Elija «Guardar como escenario…» a la derecha, o seleccione imágenes en Datos y elija "
               "Escenario en su menú."),
            tr("Go to Data", "Ir a Datos"), on_click=lambda: self._session.request(ShowPage("data")))
        self._note = Label("", "body", "dim", wrap=True)
        self.failure = Label("", "body", "error", wrap=True)
        self.failure.hide()
        self.reference = Select()
        self.reference.setAccessibleName(tr("Compare with", "Comparar con"))
        self.reference.setMinimumWidth(200)
        self.reference.chosen.connect(self._choose_reference)
        self.measure_button = Button(tr("Measure what is missing", "Medir lo que falta"), on_click=self.measure)
        self._phase, self._bar = Label("", "body"), QProgressBar()
        self._bar.setTextVisible(False)
        line = row(self._phase, self._bar, Button(tr("Cancel", "Cancelar"), "link", on_click=self.measuring.cancel), spacing=16)
        line.setStretch(1, 1)
        self._working = Card(box(line), margins=(16, 8, 16, 8))
        self._working.hide()
        self.table = Table([Column(tr("Run", "Entrenamiento"), lambda item: item.run.title)], sortable=True)
        self.table.clicked.connect(self._on_clicked)
        self.table.activated.connect(self._on_clicked)
        self._legend = Label("", "secondary", "dim", wrap=True)
        self._compare = box(row(Label(tr("Compare with", "Comparar con"), "body", "dim"), self.reference, spacing=8))
        head = flow_row(self._compare, self.measure_button, apart=1)
        self._card = Card(head, self.table, self._legend, spacing=12)
        self.cell = _CellCard()
        self.cell.wrong.clicked.connect(partial(self._open, True))
        self.cell.every.clicked.connect(partial(self._open, False))
        self.cell.edit.clicked.connect(self.edit)
        self.cell.data.clicked.connect(self._show_in_data)
        self.cell.delete.clicked.connect(self.delete)
        self._content = scroll_area(box(column(self._note, self.failure, self._working, self._card, self.cell, None, spacing=16,
                                               margins=(24, 16, 24, 24))))
        layout = column(self._content, self._empty, spacing=0)
        self.setLayout(layout)
        self._show_scenarios()

    def close_threads(self) -> None:
        self._reader.close()

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        self._show_scenarios()

    def _on_changed(self, change: Change) -> None:
        if change.of(PART, "runs", "pictures", "calibration") and self.isVisibleTo(self.window()):
            self._show_scenarios()

    def _on_measured(self) -> None:
        self._show_work()
        if self.measuring.job is None:
            self._show_scenarios()

    def _show_scenarios(self) -> None:
        """Read the table again; without scenarios say what they are."""
        scenarios, folder = self._scenarios.all(), self._session.folder
        self._empty.setVisible(not scenarios)
        self._content.setVisible(bool(scenarios))
        if scenarios and folder is not None:
            if self._table is None:
                self._say(tr("Reading the answers of the runs…", "Leyendo las respuestas de los entrenamientos…"))
            self._reader.ask(ScenarioRequest(folder, scenarios, str(self.state.get("reference", ""))))

    def _say(self, text: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))
        for part in (self._card, self.cell):
            part.setVisible(not text)

    def _on_read(self, request: ScenarioRequest, table: ScenarioTable | Failure) -> None:
        if isinstance(table, Failure):
            self._say(table.text)
            return
        self._table = table
        self._say("")
        known = {row.run.id for row in table.rows}
        self._compare.setVisible(len(known) > 1)
        if self.state.get("reference") not in known:
            self.state["reference"] = ""
        self.reference.set_choices([("", tr("No run", "Ninguno")), *((row.run.id, row.run.title) for row in table.rows)],
                                   self.state["reference"])
        self._fill()
        self._show_work()

    def _fill(self) -> None:
        """Show the table with the chosen run to compare with."""
        table = self._table
        if table is None:
            return
        columns = [Column(tr("Run", "Entrenamiento"), lambda item: item.run.title, stretch=True, least=_NAME,
                          help=lambda item: str(item.problem.text) if item.problem is not None else item.run.id)]
        self.table.set_rows([])
        self.table.set_columns([*columns, *(self._column(scenario) for scenario in table.scenarios)])
        self.table.set_rows(table.rows)
        lines = min(len(table.rows), _MOST_ROWS)
        bar = self.table.horizontalScrollBar().sizeHint().height()
        self.table.setFixedHeight(self.table.horizontalHeader().sizeHint().height() + 32 * lines + bar + 4)
        self._legend.setText(tr(
            "Accuracy (95% interval) · pictures that the run did not learn from{difference}. {mark}: others were seen in "
            "training and do not count. Green: the best of those that were measured on the most pictures. Click a cell for its "
            "wrong pictures.",
            "Exactitud (intervalo del 95 %) · imágenes con las que no se entrenó{difference}. {mark}: otras se vieron al "
            "entrenar y no cuentan. En verde: el mejor de los medidos con más imágenes. Haga clic en una celda para ver sus "
            "errores.",
            mark=SEEN,
            difference=tr(" · points against the chosen run", " · puntos respecto al elegido") if table.reference else ""))
        self._show_cell()

    def _column(self, scenario: Scenario) -> Column:
        def measured(item: RunRow) -> Measured | None:
            return item.measured.get(scenario.id)

        def text(item: RunRow) -> str:
            return cell_text(measured(item), self._difference(item, scenario))

        def key(item: RunRow) -> float:
            found = measured(item)
            return -1.0 if found is None or found.accuracy is None else found.accuracy

        def tone(item: RunRow) -> str:
            found = measured(item)
            if found is None or found.accuracy is None:
                return "dim"
            return "ok" if self._table is not None and item.run.id in self._table.best.get(scenario.id, ()) else ""

        def full(item: RunRow) -> str:
            found = measured(item)
            return "–" if found is None else "\n".join(cell_lines(found, self._difference(item, scenario)))

        name = scenario.name if len(scenario.name) <= 24 else scenario.name[:23] + "…"
        return Column(name, text, key=key, right=True, tone=tone, help=full,
                      about="\n".join(part for part in (scenario.name, scenario.note) if part))

    def _difference(self, line: RunRow, scenario: Scenario) -> Difference | None:
        return None if self._table is None else self._table.differences.get((line.run.id, scenario.id))

    def _choose_reference(self, run: object) -> None:
        self.state["reference"] = run
        self._show_scenarios()

    # A cell --------------------------------------------------------------------------------------

    def _chosen(self) -> tuple[RunRow, Scenario] | None:
        """The cell that was clicked, else the shown run on the first scenario."""
        table = self._table
        if table is None or not table.rows or not table.scenarios:
            return None
        run, scenario = self.state.get("cell", ("", 0))
        own = "" if self.context is None else self.context.run.id
        line = next((row for row in table.rows if row.run.id == run), None) or next(
            (row for row in table.rows if row.run.id == own), table.rows[0])
        return line, next((item for item in table.scenarios if item.id == scenario), table.scenarios[0])

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._table is None:
            return
        line: RunRow = self.table.row_at(index)
        if index.column():
            self.state["cell"] = (line.run.id, self._table.scenarios[index.column() - 1].id)
            self._show_cell()
            self._open(True)
        elif (chosen := self._chosen()) is not None:
            self.state["cell"] = (line.run.id, chosen[1].id)
            self._show_cell()

    def _show_cell(self) -> None:
        chosen = self._chosen()
        self.cell.setVisible(chosen is not None)
        if chosen is not None:
            line, scenario = chosen
            self.cell.show_cell(line, scenario, self._difference(line, scenario))

    def _open(self, wrong_only: bool, *_clicked: object) -> None:
        """Show the pictures of a cell in the right panel."""
        chosen = self._chosen()
        measured = None if chosen is None else chosen[0].measured.get(chosen[1].id)
        if chosen is None or measured is None or self.context is None:
            return
        wrong = measured.wrong()
        right = [answer for answer in (*measured.held_out.values(), *measured.learned.values()) if answer.right]
        answers = shown_answers(wrong if wrong_only else [*wrong, *right], self.context.class_names)
        count = format_pictures(len(answers))
        learned = sum(answer.learned for answer in (wrong if wrong_only else [*wrong, *right]))
        note = tr("{n}, wrong answers only", "{n}, solo errores", n=count) if wrong_only else tr(
            "{n}, wrong answers first", "{n}, los errores primero", n=count)
        if learned:
            note += "; " + tr("{n} of them seen in training", "{n} de ellas vistas al entrenar", n=learned)
        self.answers_requested.emit(f"{chosen[1].name} · {chosen[0].run.title}", note, answers)

    # The scenario --------------------------------------------------------------------------------

    def edit(self) -> None:
        """Ask for another name and note."""
        chosen = self._chosen()
        if chosen is None:
            return
        scenario, scenarios = chosen[1], self._scenarios
        dialog = ScenarioDialog(tr("Edit scenario", "Editar escenario"), format_pictures(len(scenario.pictures)),
                                lambda name: scenarios.name_problem(name, scenario.id), scenario.name, scenario.note,
                                parent=self.window())
        dialog.accepted.connect(lambda: scenarios.edit(scenario, dialog.name.text().strip(), dialog.note.toPlainText()))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def delete(self) -> None:
        """Delete the scenario; Undo brings it back."""
        chosen = self._chosen()
        if chosen is not None:
            self._scenarios.delete(chosen[1])

    def _show_in_data(self) -> None:
        chosen = self._chosen()
        index = self.workspace.collection.index
        if chosen is not None and index is not None:
            from cnnstudio.datasets.scenarios import present_pictures

            paths = tuple(sorted(path for path, _name in present_pictures(index, [chosen[1]]).values()))
            self._session.request(FilterPictures(paths, chosen[1].name))

    # Measuring -----------------------------------------------------------------------------------

    def measure(self) -> None:
        """Measure every run on the pictures that it has no answer for."""
        if self._table is not None:
            self.failure.hide()
            runs = [RunFolder(row.run.folder) for row in self._table.rows if row.run.id in self._table.waiting]
            self.measuring.start(runs, self._table.scenarios)

    def _show_work(self) -> None:
        job = self.measuring.job
        self._working.setVisible(job is not None)
        waiting = [] if self._table is None else self._table.waiting
        self.measure_button.setVisible(bool(waiting))
        self.measure_button.setEnabled(job is None)
        if job is not None:
            self._phase.setText(str(job.phase or job.label))
            show_progress(self._bar, job.progress)

    def _on_failed(self, problem: Problem) -> None:
        self.failure.setText(str(problem.text))
        self.failure.show()


class _CellCard(Card):
    """One run on one scenario, and what can be done with the scenario."""

    def __init__(self) -> None:
        super().__init__(spacing=8)
        self._title = Elided("", "body_strong")
        self._badge = Badge(tr("Seen in training", "Vistas al entrenar"), "warn")
        self._run = Elided("", "secondary", "dim")
        self._note = Label("", "body", wrap=True)
        self._lines = Label("", "body", "dim", wrap=True)
        self.wrong = Button("", "link")
        self.every = Button(tr("All its pictures", "Todas sus imágenes"), "link")
        self.data = Button(tr("Show in Data", "Ver en Datos"), "link")
        self.edit = Button(tr("Edit…", "Editar…"), "", "edit")
        self.delete = Button(tr("Delete", "Eliminar"), "", "trash")
        head = row(self._title, self._badge, None, self.edit, self.delete, spacing=8)
        head.setStretch(0, 4)
        for item in (box(head), self._run, self._note, self._lines,
                     flow_row(self.wrong, self.every, self.data, spacing=16)):
            self.body.addWidget(item)

    def show_cell(self, line: RunRow, scenario: Scenario, difference: Difference | None) -> None:
        """Show a run on a scenario."""
        measured = line.measured.get(scenario.id)
        self._title.setText(scenario.name)
        self._run.setText(f"{line.run.title} · {format_pictures(len(scenario.pictures))}")
        self._note.setText(scenario.note)
        self._note.setVisible(bool(scenario.note))
        if measured is None:
            self._lines.setText(str(line.problem.text) if line.problem is not None else "")
            self._badge.hide()
            for button in (self.wrong, self.every):
                button.hide()
            return
        self._lines.setText("\n".join(cell_lines(measured, difference)))
        self._badge.setVisible(bool(measured.learned))
        wrong = len(measured.wrong())
        self.wrong.setText(tr("{n} wrong", "{n} errores", n=wrong) if wrong != 1 else tr("1 wrong", "1 error"))
        self.wrong.setVisible(wrong > 0)
        self.every.setVisible(bool(measured.held_out or measured.learned))
