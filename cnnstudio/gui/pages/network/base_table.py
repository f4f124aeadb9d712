"""The pretrained bases as a table and as a plot of accuracy against size, with details of the selected one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.core.text import tr
from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages.network.base_plot import BasePlot
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_compact, format_count, format_number, format_percent
from cnnstudio.gui.widgets.inputs import SearchBox, SegmentedControl
from cnnstudio.gui.widgets.table import Column, Table

_BOTH: Final = 820
"""The width in pixels from which table and plot stand side by side."""


class BaseTable(QWidget):
    """All bases, sortable and searchable, beside a plot of them, with details of the selected one below.

    The selections of table and plot follow each other.
    """

    taken = Signal(str)
    fetch_requested = Signal(str)
    probe_requested = Signal()
    own_requested = Signal()
    run_requested = Signal()

    def __init__(self, bases: Callable[[], BaseResolver]) -> None:
        super().__init__()
        self._resolver = bases
        self._table = Table((
            Column(tr("Base", "Base"), lambda base: str(base.label),
                   lambda base: -1 if base.own is not None else BASES.ids().index(base.id)),
            Column(tr("Parameters", "Parámetros"), lambda base: format_compact(base.parameters), lambda base: base.parameters,
                   right=True),
            Column("MB", lambda base: format_number(base.megabytes, 0 if base.megabytes >= 10 else 1),
                   lambda base: base.megabytes, right=True, spare=2),
            Column("ImageNet", lambda base: format_percent(base.top1 / 100) if base.top1 else "–", lambda base: base.top1,
                   right=True),
            Column(tr("Input", "Entrada"), _format_input, lambda base: base.input_size, right=True, spare=1),
            Column(tr("Weights", "Pesos"), format_weights, tone=lambda base: "ok" if base.is_here else ""),
            Column(tr("Scaling", "Escalado"), _format_scaling, spare=3),
            Column(tr("Licence", "Licencia"), lambda base: base.licence, stretch=True),
        ))
        self._table.setAccessibleName(tr("Pretrained bases", "Bases preentrenadas"))
        self._table.chosen.connect(self._on_selection_moved)
        self._table.opened.connect(lambda base: self.taken.emit(base.id))
        self._plot = BasePlot()
        self._plot.chosen.connect(self._table.select)
        self._plot.opened.connect(lambda base: self.taken.emit(base.id))
        self._search = SearchBox(tr("Search bases…", "Buscar bases…"))
        self._search.setMaximumWidth(280)
        self._search.textChanged.connect(lambda _text: self.refresh())
        self._count = Label("", "secondary", "dim")
        self._name, self._help = Label("", "body_strong"), Label("", "body", "dim", wrap=True)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._source = Button(tr("Source", "Fuente"), "quiet", on_click=self._open_source)
        self._fetch = Button(tr("Download weights", "Descargar pesos"), on_click=self._ask)
        self._take = Button(tr("Use this base", "Usar esta base"), "primary", on_click=self._on_opened)
        details = Card(box(column(row(self._name, None, self._source, self._fetch, self._take, spacing=8), self._help,
                                  self._note, spacing=6)))
        probe = Button(tr("Find a base…", "Buscar una base…"), on_click=self.probe_requested.emit,
                       tooltip=tr("Compare the bases on this computer with your own pictures",
                                  "Comparar las bases de este equipo con sus propias imágenes"))
        own = Button(tr("Your own model…", "Un modelo propio…"), icon="folder", on_click=self.own_requested.emit,
                     tooltip=tr("A trained .keras or .h5 file becomes a base: its classifier is removed, its "
                                "weights are kept",
                                "Un archivo .keras o .h5 entrenado pasa a ser una base: se le quita el clasificador y "
                                "conserva sus pesos"))
        run = Button(tr("From a run…", "De un entrenamiento…"), icon="train", on_click=self.run_requested.emit,
                     tooltip=tr("The network of a run of this or another project becomes a base",
                                "La red de un entrenamiento de este u otro proyecto pasa a ser una base"))
        self._switch = SegmentedControl([("table", tr("Table", "Tabla")), ("plot", tr("Plot", "Gráfico"))], "table")
        self._switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        self._switch.chosen.connect(lambda _view: self._make_room())
        search = box(row(self._search, 8, self._count, 8, self._switch))
        both = row(self._table, self._plot, spacing=12)
        both.setStretch(0, 8)
        both.setStretch(1, 5)
        self.setLayout(column(flow_row(search, own, run, probe, apart=1), box(both), details, spacing=10))
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Show table and plot side by side where there is room, else the chosen one."""
        wide = self.width() >= _BOTH
        self._switch.setVisible(not wide)
        self._table.setVisible(wide or self._switch.value == "table")
        self._plot.setVisible(wide or self._switch.value == "plot")

    def refresh(self) -> None:
        """Show the bases that match the search, with the state of their weights; the selection stays."""
        before = self._table.selected
        terms = self._search.text().casefold().split()
        bases = [*self._resolver().own_bases(), *BASES]
        matches = [base for base in bases if all(term in _search_text(base) for term in terms)]
        self._table.set_rows(matches)
        self._plot.show_bases(bases, matches)
        self._count.setText(tr("{n} of {total}", "{n} de {total}", n=len(matches), total=len(bases)))
        selected = before if before in matches else matches[0] if matches else None
        if selected is not None:
            self._table.select(selected)
        self._on_selection_moved(selected)

    def _on_selection_moved(self, base: Base | None) -> None:
        self._plot.select(base)
        self._take.setEnabled(base is not None)
        self._source.setEnabled(base is not None and bool(base.source))
        self._fetch.setVisible(base is not None and not base.is_here)
        if base is None:
            self._name.setText(tr("No base matches the search.", "Ninguna base coincide con la búsqueda."))
            self._help.setText("")
            self._note.setText("")
            return
        family = tr("a model of your own", "un modelo propio") if base.own is not None else base.family
        self._name.setText(f"{base.label} · {family}" if str(base.label) != family else str(base.label))
        self._help.setText(str(base.help))
        if base.own is not None:
            self._note.setText(format_own_base(base))
            return
        here = "" if base.is_here else " " + tr(
            "Its weights are downloaded once (this needs the internet) or read from a file of yours.",
            "Sus pesos se descargan una vez (requiere internet) o se leen de un archivo suyo.")
        self._note.setText(tr(
            "{year} · {licence} · {n} parameters without its classifier · pictures of {own}, at least {size} · {maps} final "
            "feature maps · scaling: {scaling} · freeze line at {blocks}.",
            "{year} · {licence} · {n} parámetros sin su clasificador · imágenes de {own}, al menos {size} · {maps} mapas "
            "finales · escalado: {scaling} · línea de congelación en {blocks}.", year=base.year, licence=base.licence,
            n=format_count(base.parameters), own=format_square(base.input_size), size=format_square(base.minimum_size),
            maps=base.features, scaling=base.scaling, blocks=_format_blocks(base.blocks)) + here)

    def _on_opened(self) -> None:
        if self._table.selected is not None:
            self.taken.emit(self._table.selected.id)

    def _ask(self) -> None:
        if self._table.selected is not None:
            self.fetch_requested.emit(self._table.selected.id)

    def _open_source(self) -> None:
        if self._table.selected is not None:
            QDesktopServices.openUrl(QUrl(self._table.selected.source))


def format_own_base(base: Base, path: Path | None = None) -> str:
    """Facts about a user's own model; `path` where it is not in the project yet."""
    assert base.own is not None
    height, width = base.size
    text = tr("{file} · {n} parameters without its classifier · pictures of {size}, at least {least} · ends at {end} with "
              "{maps} feature maps · scaling: {scaling} · freeze line at {blocks}.",
              "{file} · {n} parámetros sin su clasificador · imágenes de {size}, al menos {least} · termina en {end} con "
              "{maps} mapas · escalado: {scaling} · línea de congelación en {blocks}.",
              file=base.own.file if path is None else path.name,
              n=format_count(base.parameters), size=f"{height}\u00a0×\u00a0{width}\u00a0×\u00a0{base.channels}",
              least=format_square(base.minimum_size), end=base.own.end, maps=base.features, scaling=base.scaling,
              blocks=_format_blocks(base.blocks))
    return " ".join([text, *map(str, base.own.notes)])


def _format_input(base: Base) -> str:
    height, width = base.size
    return str(height) if height == width else f"{height} × {width}"


def format_weights(base: Base) -> str:
    if base.own is not None:
        return tr("Own", "Propios")
    if base.weights.bundled:
        return tr("Bundled", "Incluidos")
    if base.weights.cached.is_file():
        return tr("Downloaded", "Descargados")
    return tr("Not downloaded", "Sin descargar")


def _search_text(base: Base) -> str:
    return f"{base.label} {base.family} {base.id} {base.year} {base.licence} {base.help.en} {base.help.es}".casefold()


def _format_scaling(base: Base) -> str:
    """The formula with signs for mean and deviation: all bases apply it inside the model."""
    if base.own is not None and base.own.scales:
        return tr("built in", "incorporado")
    formula = (str(base.scaling).rpartition(",")[0] or str(base.scaling)).replace(tr(" of each channel", " de cada canal"), "")
    return formula.replace(tr("mean", "media"), "μ").replace(tr("deviation", "desviación"), "σ")


def format_square(size: int) -> str:
    """224 × 224, never broken at the end of a line."""
    return f"{size}\u00a0×\u00a0{size}"


def _format_blocks(blocks: tuple[str, ...]) -> str:
    """The first ones and the last: enough to show how finely the freeze line can be set."""
    return ", ".join(blocks) if len(blocks) <= 8 else ", ".join((*blocks[:3], "…", *blocks[-2:]))
