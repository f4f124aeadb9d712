"""The table of runs: search, columns, groups, overlay, and what can be done with a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.runs.colors import RunColors
from cnnstudio.gui.pages.train.runs.columns import DEFAULT, choosable, run_columns
from cnnstudio.gui.pages.train.runs.lines import GroupLine, RunLines
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import capitalize
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.table import Table
from cnnstudio.workers.runs.folder import STATE_NAMES, RunSummary

_SEARCHED = 3
"""With fewer runs a search field is more in the way than of use."""
_ROWS = 8


class RunsTable(Card):
    """All runs, newest first. Selecting one shows its curves, selecting a group those of its runs; Compare draws all."""

    chosen = Signal(object)
    overlaid = Signal(list)
    resume_wanted = Signal(str)
    go_on_wanted = Signal(str)
    again_wanted = Signal(str)
    branch_wanted = Signal(object)
    delete_wanted = Signal(object)
    history_wanted = Signal(object)
    rename_wanted = Signal(object)
    labels_wanted = Signal(object)
    compare_wanted = Signal(object)
    """A run to put beside another one."""
    menu_opened = Signal(object, object)
    """The menu of a run or a group, and the runs: more can be added."""
    group_labels_wanted = Signal(object)
    group_compare_wanted = Signal(object)
    group_delete_wanted = Signal(object)
    columns_chosen = Signal(list)

    def __init__(self, colors: RunColors, columns: Sequence[str] = DEFAULT, parent: QWidget | None = None) -> None:
        super().__init__(margins=(4, 8, 4, 4), spacing=4, parent=parent)
        self._colors, self._columns = colors, list(columns)
        self._lines = RunLines()
        self._runs: list[RunSummary] = []
        self._compared = False
        self._busy = self._standing = ""
        self._waiting: frozenset[str] = frozenset()
        self._chosen = ""
        """The run on screen, which a search may hide for a while."""
        self._order: tuple[str, bool] | None = None
        self._overlay = ""
        """The group whose runs are drawn."""
        self._table = Table(run_columns(self._lines, self._columns, colors.color, self._state), sortable=False)
        self._table.setAccessibleName(tr("Runs", "Entrenamientos"))
        self._table.chosen.connect(self._choose)
        self._table.clicked.connect(lambda index: self._fold(self._table.row_at(index)))
        # Of a double click the two clicks count; Enter has none.
        self._table.opened.connect(lambda line: None if QApplication.mouseButtons() else self._fold(line))
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._menu)
        header = self._table.horizontalHeader()
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._sort)
        self._search = SearchBox(tr("Search…", "Buscar…"))
        self._search.setMaximumWidth(200)
        self._search.textChanged.connect(self._on_search)
        self._choice = Button("", "icon", "list", on_click=self._open_columns, tooltip=tr("Columns", "Columnas"))
        self._choice.setAccessibleName(tr("Columns", "Columnas"))
        self._resume = Button(tr("Resume", "Continuar"), "link", on_click=lambda: self._with_id(self.resume_wanted))
        self._go_on = Button(tr("Continue…", "Seguir…"), "link", on_click=lambda: self._with_id(self.go_on_wanted),
                             tooltip=tr("For more epochs, or with other settings", "Más épocas u otros ajustes"))
        self._compare = Button(tr("Compare runs", "Comparar"), "link", on_click=self._toggle)
        self._delete = Button(tr("Delete", "Eliminar"), "link", on_click=self._delete_selected,
                              tooltip=tr("Ctrl+Z brings it back", "Ctrl+Z lo recupera"))
        head = row(Label(tr("Runs", "Entrenamientos"), "body_strong"), 8, self._search, None, self._resume, self._go_on,
                   self._compare, self._delete, self._choice, spacing=8, margins=(12, 0, 8, 0))
        self._nothing = Label(tr("No run matches.", "Ningún entrenamiento coincide."), "body", "dim")
        self._nothing.setContentsMargins(12, 4, 0, 8)
        self._nothing.hide()
        self.body.addLayout(column(head, self._table, self._nothing, spacing=4))
        rename = QShortcut(QKeySequence(Qt.Key.Key_F2), self._table)
        rename.setContext(Qt.ShortcutContext.WidgetShortcut)
        rename.activated.connect(self._rename_selected)
        self._update()

    # What is shown -------------------------------------------------------------------------------

    def show_runs(self, runs: list[RunSummary], chosen_id: str) -> None:
        """Show runs; the chosen one stays selected."""
        self._chosen = chosen_id
        if runs != self._runs:
            self._runs = runs
            self._lines.set_runs(runs)
            self._show_lines(chosen_id)
        elif chosen_id != getattr(self._table.selected, "id", ""):
            self._select(chosen_id)
        if self._compared:
            self.overlaid.emit(self._runs)
        self._update()

    def forget(self) -> None:
        """Another project is open: search, comparison and open groups were for the runs of the one before."""
        self._lines.open.clear()
        self._search.clear()
        if self._compared:
            self._toggle()

    def _show_lines(self, chosen_id: str) -> None:
        """Show the lines in their order, without telling that the selection moved."""
        key, descending = None, False
        if self._order is not None:
            title, descending = self._order
            key = next((item.key for item in self._table.rows.columns if item.title == title), None)
        lines = self._lines.lines(key, descending)
        self._table.blockSignals(True)
        self._table.set_rows(lines)
        self._table.setFixedHeight(44 + 32 * min(_ROWS, len(lines)))
        self._table.blockSignals(False)
        self._select(chosen_id)

    def _select(self, chosen_id: str) -> None:
        lines = self._table.rows.rows
        wanted = next((line for line in lines if line.id == chosen_id), None) or next(
            (line for line in lines if isinstance(line, GroupLine) and any(run.id == chosen_id for run in line.runs)), None)
        if wanted is not None and self._table.selected != wanted:
            self._table.blockSignals(True)
            self._table.select(wanted)
            self._table.blockSignals(False)
        if self._overlay and self._overlay != (wanted.id if isinstance(wanted, GroupLine) else ""):
            self._overlay = ""
            self.overlaid.emit(self._runs if self._compared else [])

    def _selected_id(self) -> str:
        line = self._table.selected
        return "" if line is None else str(line.id)

    def _sort(self, section: int) -> None:
        """A click on a title: ascending, descending, then the order of time again."""
        title = self._table.rows.columns[section].title
        self._order = {None: (title, False), (title, False): (title, True), (title, True): None}.get(
            self._order, (title, False))
        descending = self._order is not None and self._order[1]
        self._table.rows.show_order(-1 if self._order is None else section,
                                    Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder)
        self._show_lines(self._selected_id())

    def _on_search(self, text: str) -> None:
        selected = self._selected_id() or self._chosen
        self._lines.text = text
        self._show_lines(selected)
        self._nothing.setVisible(not self._table.rows.rows and bool(self._runs))
        self._update()

    def _fold(self, line: object) -> None:
        """Open or close the line of a group."""
        if isinstance(line, GroupLine):
            self._lines.open ^= {line.id}
            self._show_lines(line.id)
            if line.id in self._lines.open and self._overlay != line.id:
                self._draw_group(line)
            self._update()

    def _open_columns(self) -> None:
        menu = self._columns_menu()
        menu.popup(self._choice.mapToGlobal(self._choice.rect().bottomLeft()))

    def _columns_menu(self) -> QMenu:
        menu = QMenu(self)
        for name, label in choosable(self._lines):
            action = menu.addAction(label)
            action.setCheckable(True)
            action.setChecked(name in self._columns)
            action.toggled.connect(lambda shown, name=name: self._show_column(name, shown))
        return menu

    def _show_column(self, name: str, shown: bool) -> None:
        self._columns = [item for item in self._columns if item != name] + ([name] if shown else [])
        selected = self._selected_id()
        self._table.blockSignals(True)
        self._table.set_columns(run_columns(self._lines, self._columns, self._colors.color, self._state))
        self._table.blockSignals(False)
        self._show_lines(selected)
        self.columns_chosen.emit(self._columns)

    def set_busy(self, run_id: str, standing: str = "") -> None:
        """Set the run that is being trained here ("" for none): known before its process has sent an event. `standing`: what
        is done for it until then."""
        if (run_id, standing) != (self._busy, self._standing):
            self._busy, self._standing = run_id, standing
            self._table.viewport().update()
            self._update()

    def set_waiting(self, run_ids: Collection[str]) -> None:
        """Set the runs that wait in the queue."""
        if set(run_ids) != self._waiting:
            self._waiting = frozenset(run_ids)
            self._table.viewport().update()
            self._update()

    def _state(self, run: RunSummary) -> str:
        if run.id in self._waiting and run.id != self._busy:
            return tr("Waiting", "En espera")
        if run.id == self._busy and self._standing:
            return self._standing
        if run.id == self._busy and run.state in ("created", "stopped", "interrupted", "failed"):
            return tr("Starting", "Iniciando")
        state = capitalize(STATE_NAMES[run.state])
        return f"{state} · {run.cluster}" if run.cluster and run.state in ("running", "paused") else state

    # The selection -------------------------------------------------------------------------------

    def _choose(self, line: object) -> None:
        if isinstance(line, RunSummary):
            self._chosen = line.id
            self.chosen.emit(line)
            if self._compared:
                self.overlaid.emit(self._runs)
            elif self._overlay:
                self.overlaid.emit([])
            self._overlay = ""
        elif isinstance(line, GroupLine):
            self._draw_group(line)
        self._update()

    def _draw_group(self, line: GroupLine) -> None:
        self._overlay = line.id
        self.overlaid.emit(list(line.runs))

    def _selected_run(self) -> RunSummary | None:
        run = self._table.selected
        return run if isinstance(run, RunSummary) else None

    def _with_run(self, signal: Any) -> None:
        run = self._selected_run()
        if run is not None:
            signal.emit(run)

    def _selected_group(self) -> GroupLine | None:
        line = self._table.selected
        return line if isinstance(line, GroupLine) else None

    def _delete_selected(self) -> None:
        if (group := self._selected_group()) is not None:
            self.group_delete_wanted.emit(group)
        else:
            self._with_run(self.delete_wanted)

    def _rename_selected(self) -> None:
        if (group := self._selected_group()) is not None:
            self.group_labels_wanted.emit(group)
        else:
            self._with_run(self.rename_wanted)

    def _with_id(self, signal: Any) -> None:
        run = self._selected_run()
        if run is not None:
            signal.emit(run.id)

    def _update(self) -> None:
        run = self._selected_run()
        self._table.setVisible(bool(self._runs))
        self._search.setVisible(len(self._runs) >= _SEARCHED)
        self._choice.setVisible(bool(self._runs))
        self._resume.setVisible(run is not None and self._can_resume(run))
        if run is not None:
            self._resume.setText(self._resume_word(run))
        self._go_on.setVisible(run is not None and self._can_go_on(run))
        group = self._selected_group()
        self._delete.setVisible(self._can_delete(run) if run is not None else
                                group is not None and self._can_delete_all(group))
        self._compare.setVisible(len(self._runs) > 1)

    @staticmethod
    def _resume_word(run: RunSummary) -> str:
        return tr("Start", "Empezar") if run.state == "created" else tr("Resume", "Continuar")

    def _can_resume(self, run: RunSummary) -> bool:
        # What waits while another one trains has its turn; one on hold can be started before the others.
        has_turn = run.id in self._waiting and self._busy != ""
        return run.resumable and run.state != "finished" and run.id != self._busy and not has_turn

    def _can_go_on(self, run: RunSummary) -> bool:
        return (run.epochs > 0 and run.state not in ("running", "paused", "damaged") and run.id != self._busy
                and run.id not in self._waiting)

    def _can_delete(self, run: RunSummary) -> bool:
        return run.state not in ("running", "paused") and run.id != self._busy

    def _can_delete_all(self, group: GroupLine) -> bool:
        return all(self._can_delete(run) for run in group.runs)

    def _toggle(self) -> None:
        self._compared = not self._compared
        self._compare.setText(tr("Hide others", "Ocultar otros") if self._compared else tr("Compare runs", "Comparar"))
        self.overlaid.emit(self._runs if self._compared else [])

    # The menu ------------------------------------------------------------------------------------

    def _menu(self, position: QPoint) -> None:
        run, group = self._selected_run(), self._selected_group()
        menu = self.run_menu(run) if run is not None else self.group_menu(group) if group is not None else None
        if menu is not None:
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self._table.viewport().mapToGlobal(position))

    def run_menu(self, run: RunSummary) -> QMenu:
        """The menu with all that can be done with a run."""
        menu = QMenu(self)
        if self._can_resume(run):
            menu.addAction(self._resume_word(run), lambda: self.resume_wanted.emit(run.id))
        if self._can_go_on(run):
            menu.addAction(tr("Continue for more epochs…", "Seguir durante más épocas…"),
                           lambda: self.go_on_wanted.emit(run.id))
        if run.state not in ("damaged", "created"):
            menu.addAction(tr("Train again, exactly the same", "Entrenar de nuevo, exactamente igual"),
                           lambda: self.again_wanted.emit(run.id))
        if run.has_model and run.id != self._busy:
            menu.addAction(tr("New run with its weights…", "Entrenamiento nuevo con sus pesos…"),
                           lambda: self.branch_wanted.emit(run))
        if run.has_model and sum(other.has_model for other in self._runs) > 1:
            menu.addAction(tr("Compare with other runs…", "Comparar con otros entrenamientos…"),
                           lambda: self.compare_wanted.emit(run))
        menu.addSeparator()
        menu.addAction(tr("Rename…", "Cambiar nombre…") + "\tF2", lambda: self.rename_wanted.emit(run))
        menu.addAction(tr("Note, tags and group…", "Nota, etiquetas y grupo…"), lambda: self.labels_wanted.emit(run))
        self.menu_opened.emit(menu, (run,))
        menu.addSeparator()
        menu.addAction(tr("Show its folder", "Mostrar su carpeta"),
                       lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(run.folder))))
        if run.epochs:
            menu.addAction(tr("Save epochs as CSV…", "Guardar las épocas como CSV…"), lambda: self.history_wanted.emit(run))
        if self._can_delete(run):
            menu.addAction(tr("Delete", "Eliminar"), lambda: self.delete_wanted.emit(run))
        return menu

    def _start_all(self, runs: Sequence[RunSummary]) -> None:
        for run in runs:
            self.resume_wanted.emit(run.id)

    def group_menu(self, group: GroupLine) -> QMenu:
        """The menu with all that can be done with the runs of a group."""
        menu = QMenu(self)
        menu.addAction(tr("Hide its runs", "Ocultar sus entrenamientos") if group.open else
                       tr("Show its runs", "Mostrar sus entrenamientos"), lambda: self._fold(group))
        new = [run for run in group.runs if run.state == "created" and self._can_resume(run)]
        if new:
            menu.addAction(tr("Start those not started", "Empezar los que no han empezado"),
                           lambda: self._start_all(new))
        if sum(run.has_model for run in group.runs) > 1:
            menu.addAction(tr("Compare its runs…", "Comparar sus entrenamientos…"),
                           lambda: self.group_compare_wanted.emit(group))
        menu.addSeparator()
        menu.addAction(tr("Name, note and tags…", "Nombre, nota y etiquetas…") + "\tF2",
                       lambda: self.group_labels_wanted.emit(group))
        self.menu_opened.emit(menu, group.runs)
        menu.addSeparator()
        delete = menu.addAction(tr("Delete its runs", "Eliminar sus entrenamientos"),
                                lambda: self.group_delete_wanted.emit(group))
        delete.setEnabled(self._can_delete_all(group))
        return menu
