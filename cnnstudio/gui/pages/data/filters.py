"""The filters of the Data page as chips above the grid."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.data.choices import ANY, RANGES
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, MenuButton, clear, column, row
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.number_box import NumberBox


class FilterBar(QWidget):
    """Emits `chosen(name, value)` for a key of the state; shows the state with `show_state`.

    `text`, `panel` and `lifts` belong to it, and the page places them.
    """

    chosen = Signal(str, object)
    scenario_requested = Signal()
    """A scenario is to be made of the pictures that pass the filter."""

    def __init__(self, session: Session, counts: Counts, state: dict[str, Any], parent: QWidget | None = None
                 ) -> None:
        super().__init__(parent)
        self._session, self._counts, self._state = session, counts, state
        self._menus = {"classes": MenuButton(), "splits": MenuButton(), "quality": MenuButton(), "answers": MenuButton(),
                       "sort": MenuButton(tr("Sort: ", "Orden: "))}
        for name, button in self._menus.items():
            button.chosen.connect(partial(self._choose, name))
        self.text = SearchBox(tr("Text in the path…", "Texto en la ruta…"))
        self.text.setFixedWidth(220)
        self.text.setProperty("small", True)
        self.text.setText(state.get("text", ""))
        self.text.textChanged.connect(lambda text: self.chosen.emit("text", text))
        self._more = Button(tr("More", "Más"), "chip", "filter", checkable=True, on_click=self._toggle_more)
        chips = QWidget()
        self._flow = FlowLayout(chips, spacing=8)
        self._scenario = Button(tr("Scenario…", "Escenario…"), "chip", "tag", on_click=self.scenario_requested.emit,
                                tooltip=tr("Name the selected pictures, or all that pass the filter, and measure "
                                           "every run on them",
                                           "Da nombre a las imágenes seleccionadas, o a todas las que cumplen el filtro, y "
                                           "mide con ellas cada entrenamiento"))
        for field in (*self._menus.values(), self._more, self._scenario):
            self._flow.addWidget(field)
        self._fields: dict[str, tuple[NumberBox, NumberBox]] = {}
        self.panel = self._make_panel()
        self.panel.hide()
        self.lifts = QWidget()
        self._lift_flow = FlowLayout(self.lifts, spacing=6)
        self.lifts.hide()
        self.setLayout(column(chips))

    # More ----------------------------------------------------------------------------------------

    def _make_panel(self) -> QWidget:
        panel = QWidget()
        flow = FlowLayout(panel, spacing=10)
        for name, (label, unit, _scale) in RANGES.items():
            low, high = (NumberBox(None, minimum=0, optional=True, decimals=3) for _ in range(2))
            for box, end in ((low, tr("from", "desde")), (high, tr("to", "hasta"))):
                box.setFixedWidth(96)
                box.setPlaceholderText(end)
                box.setAccessibleName(f"{label} {end}")
                box.value_changed.connect(partial(self._choose_range, name))
            self._fields[name] = (low, high)
            field = QWidget()
            # The name above its fields: beside them it would leave room for one or two ranges a line.
            caption = Label(f"{label} ({unit})" if unit else str(label), "secondary", "dim")
            field.setLayout(column(caption, row(low, high, spacing=6), spacing=2))
            flow.addWidget(field)
        self._folder = SearchBox(tr("Folder, such as train/cat", "Carpeta, como train/cat"))
        self._folder.setFixedWidth(300)
        self._folder.editingFinished.connect(lambda: self.chosen.emit("folder", self._folder.text().strip("/ ")))
        flow.addWidget(self._folder)
        return panel

    def _toggle_more(self) -> None:
        self.panel.setVisible(self._more.isChecked())

    def _choose_range(self, name: str, _value: object) -> None:
        scale = RANGES[name][2]
        low, high = (box.value for box in self._fields[name])
        self.chosen.emit(name, tuple(None if item is None else item * scale for item in (low, high)))

    # Choosing ------------------------------------------------------------------------------------

    def _choose(self, name: str, value: Any) -> None:
        self.chosen.emit(name, value)

    def forget(self) -> None:
        """Empty every field: another project was opened, and what is typed in a field would filter it unseen."""
        self._folder.clear()
        for boxes in self._fields.values():
            for box in boxes:
                box.forget()

    def show_state(self) -> None:
        """Show the present filter and its choices."""
        self._show_classes()
        self._show_quality()
        self._show_answers()
        state = self._state
        self._menus["splits"].set_choices(
            [((), tr("All splits", "Todas las divisiones")),
             *(((split,), str(SPLIT_NAMES[split])) for split in SPLITS)], tuple(state.get("splits", ())))
        sorts = self._sorts()
        # Without a run there is no loss to sort by: the pictures are sorted by name then.
        sort = state.get("sort", "path")
        self._menus["sort"].set_choices(sorts, sort if sort in dict(sorts) else "path")
        for name in ("classes", "splits", "quality", "answers"):
            button = self._menus[name]
            button.setCheckable(True)
            button.setChecked(bool(button.value))
        for name, boxes in self._fields.items():
            span = state.get(name, ANY)
            for box, bound in zip(boxes, span, strict=True):
                if not box.hasFocus():
                    box.set_value(None if bound is None else round(bound / RANGES[name][2], 3))
        if not self._folder.hasFocus():
            self._folder.setText(state.get("folder", ""))
        self._show_lifts()

    def _show_classes(self) -> None:
        names, chosen = self._counts.class_names, tuple(self._state.get("classes", ()))
        several = [(chosen, tr("{n} classes", "{n} clases", n=len(chosen)))] if len(chosen) > 1 else []
        others = [(chosen, chosen[0])] if len(chosen) == 1 and chosen[0] not in names else []
        self._menus["classes"].set_choices(
            [((), tr("All classes", "Todas las clases")), *several, *(((name,), name) for name in names), *others], chosen)

    def _show_quality(self) -> None:
        state, counts = self._state, self._counts.findings
        kinds = tuple(state.get("findings", ()))
        value: Any = ""
        if state.get("excluded") == "only":
            value = "excluded"
        elif state.get("problem"):
            value = "unreadable"
        elif kinds:
            value = kinds
        choices = [((kind.id,), f"{kind.label} · {counts[kind.id]}") for kind in KINDS
                   if counts.get(kind.id) and kind.group != "balance"]
        if kinds and (kinds,) not in [(item[0],) for item in choices]:
            choices.append((kinds, tr("Any finding", "Cualquier hallazgo") if "any" in kinds else
                            ", ".join(str(KINDS[kind].label) for kind in kinds)))
        self._menus["quality"].set_choices(
            [("", tr("Any quality", "Cualquier calidad")), ("unreadable", tr("Unreadable", "Ilegibles")),
             ("excluded", tr("Excluded", "Excluidas")), *choices], value)

    def _show_answers(self) -> None:
        from cnnstudio.workers.runs.folder import list_runs

        state, folder = self._state, self._session.folder
        runs = [run for run in list_runs(folder) if run.has_model][:8] if folder is not None else []
        value = (state.get("run", ""), state.get("correct", "")) if state.get("run") else ""
        choices: list[tuple[object, str]] = [("", tr("Any prediction", "Cualquier predicción"))]
        for run in runs:
            name = run.title
            choices += [((run.id, "wrong"), tr("Wrong · {run}", "Falladas · {run}", run=name)),
                        ((run.id, "right"), tr("Right · {run}", "Acertadas · {run}", run=name)),
                        ((run.id, ""), tr("All · {run}", "Todas · {run}", run=name))]
        self._menus["answers"].set_choices(choices, value)
        self._menus["answers"].setVisible(bool(runs))

    def _sorts(self) -> list[tuple[object, str]]:
        sorts: list[tuple[object, str]] = [
            ("path", tr("Name", "Nombre")), ("class", tr("Class", "Clase")), ("size", tr("File size", "Tamaño del archivo")),
            ("pixels", tr("Pixels", "Píxeles")), ("date", tr("Date", "Fecha")), ("blur", tr("Blur", "Borrosidad")),
            ("brightness", tr("Brightness", "Brillo")), ("random", tr("Random", "Al azar"))]
        if self._state.get("run"):
            sorts += [("confidence", tr("Confidence", "Confianza")), ("loss", tr("Loss", "Pérdida"))]
        return sorts

    # Lifting -------------------------------------------------------------------------------------

    def _show_lifts(self) -> None:
        """Show a chip for each filter that no menu shows; a click on it lifts the filter."""
        clear(self._lift_flow)
        state, lifted = self._state, 0
        for name, (label, unit, scale) in RANGES.items():
            if state.get(name, ANY) != ANY:
                lifted += self._lift(f"{label} {_format_range(state[name], unit, scale, name == 'confidence')}", name, ANY)
        if state.get("folder"):
            lifted += self._lift(tr("In {folder}", "En {folder}", folder=state["folder"]), "folder", "")
        if state.get("added"):
            lifted += self._lift(tr("New and changed", "Nuevas y cambiadas"), "added", 0)
        if state.get("paths") is not None:
            lifted += self._lift(state.get("paths_title", "") or tr("Chosen pictures", "Imágenes elegidas"), "paths", None)
        self.lifts.setVisible(lifted > 0)

    def _lift(self, text: str, name: str, value: object) -> int:
        chip = Button(text, "chip", "close", tooltip=tr("Remove this filter", "Quitar este filtro"),
                      on_click=lambda: self.chosen.emit(name, value))
        chip.setCheckable(True)
        chip.setChecked(True)
        self._lift_flow.addWidget(chip)
        return 1


def _format_range(span: tuple[float | None, float | None], unit: str, scale: float, share: bool) -> str:
    def bound(value: float | None) -> str:
        if value is None:
            return "…"
        if share:
            return format_percent(value, 0)
        value = value / scale
        return f"{value:.0f}" if value >= 100 or value == round(value) else format_number(value, 2)

    return f"{bound(span[0])} – {bound(span[1])}" + (f" {unit}" if unit else "")


