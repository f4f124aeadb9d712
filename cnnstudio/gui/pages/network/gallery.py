"""The gallery: pretrained bases in a table and architectures as cards, to start a network from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.templates import TEMPLATES, Template
from cnnstudio.core.text import tr
from cnnstudio.gui.look import tokens
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout, flow_row
from cnnstudio.gui.widgets.formatting import format_compact, format_count, format_number
from cnnstudio.gui.widgets.inputs import SearchBox, SegmentedControl
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.network.shapes import report


class Gallery(QWidget):
    """`base_chosen(id)`, `template_chosen(id)`; `fetch_requested(id)` for a base's weights; `left` to go back to the
    canvas."""

    base_chosen = Signal(str)
    template_chosen = Signal(str)
    fetch_requested = Signal(str)
    probe_requested = Signal()
    """Compare the bases on the project's pictures."""
    left = Signal()
    file_requested = Signal()
    """Open a network file."""
    own_requested = Signal()
    """Choose the user's own model as a base."""
    run_requested = Signal()
    """Choose a trained run as a base."""

    def __init__(self, bases: Callable[[], BaseResolver], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bases = BaseTable(bases)
        self._bases.taken.connect(self.base_chosen)
        self._bases.fetch_requested.connect(self.fetch_requested)
        self._bases.probe_requested.connect(self.probe_requested)
        self._bases.own_requested.connect(self.own_requested)
        self._bases.run_requested.connect(self.run_requested)
        self._stack = QStackedWidget()
        self._stack.addWidget(self._bases)
        self._stack.addWidget(_architecture_cards(self.template_chosen.emit))
        switch = SegmentedControl([(0, tr("Pretrained bases", "Bases preentrenadas")),
                                   (1, tr("Architectures", "Arquitecturas"))], 0)
        switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        switch.chosen.connect(self._show)
        head = flow_row(box(row(Label(tr("Start from…", "Partir de…"), "title"), 12, switch)),
                        Button(tr("Open a network file…", "Abrir un archivo de red…"), icon="folder",
                               on_click=self.file_requested.emit),
                        Button(tr("Back to the canvas", "Volver al lienzo"), icon="chevron-left", on_click=self.left.emit),
                        apart=1)
        note = Label(tr("Your choice replaces the network and adapts recipe, augmentation and training to it. It "
                        "can be undone.",
                        "Lo que elija sustituye la red y adapta a ella la receta, el aumento y el entrenamiento. Se "
                        "puede deshacer."), "secondary", "dim", wrap=True)
        self.setLayout(column(head, note, self._stack, spacing=10, margins=(24, 20, 24, 16)))

    def _show(self, page: object) -> None:
        self._stack.setCurrentIndex(int(str(page)))

    def refresh(self) -> None:
        """Check again which weights are on this computer."""
        self._bases.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        self.refresh()
        super().showEvent(event)


class BaseTable(QWidget):
    """All bases, sortable and searchable, with details of the selected one below."""

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
                   lambda base: base.megabytes, right=True),
            Column("Top-1", lambda base: f"{format_number(base.top1, 1)} %" if base.top1 else "–", lambda base: base.top1,
                   right=True),
            Column(tr("Input", "Entrada"), _format_input, lambda base: base.input_size, right=True),
            Column(tr("Weights", "Pesos"), format_weights, tone=lambda base: "ok" if base.is_here else ""),
            Column(tr("Scaling", "Escalado"), _format_scaling),
            Column(tr("Licence", "Licencia"), lambda base: base.licence, stretch=True),
        ))
        self._table.setAccessibleName(tr("Pretrained bases", "Bases preentrenadas"))
        self._table.chosen.connect(self._on_selection_moved)
        self._table.opened.connect(lambda base: self.taken.emit(base.id))
        self._search = SearchBox(tr("Search bases…", "Buscar bases…"))
        self._search.setMaximumWidth(280)
        self._search.textChanged.connect(lambda _text: self.refresh())
        self._count = Label("", "secondary", "dim")
        self._name, self._help = Label("", "body_strong"), Label("", "body", "dim", wrap=True)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._source = Button(tr("Source", "Fuente"), "quiet", on_click=self._open_source)
        self._fetch = Button(tr("Download weights", "Descargar pesos"), on_click=self._ask)
        self._take = Button(tr("Start from it", "Partir de ella"), "primary", on_click=self._on_opened)
        details = Card(box(column(row(self._name, None, self._source, self._fetch, self._take, spacing=8), self._help,
                                  self._note, spacing=6)))
        probe = Button(tr("Find a base…", "Buscar una base…"), on_click=self.probe_requested.emit,
                       tooltip=tr("Compare the bases on this computer on your own pictures",
                                  "Comparar las bases de este equipo con sus propias imágenes"))
        own = Button(tr("Your own model…", "Un modelo propio…"), icon="folder", on_click=self.own_requested.emit,
                     tooltip=tr("A trained .keras or .h5 file becomes a base: its classifier is removed, its "
                                "weights are kept",
                                "Un archivo .keras o .h5 entrenado pasa a ser una base: se le quita el clasificador y "
                                "conserva sus pesos"))
        run = Button(tr("From a run…", "De un entrenamiento…"), icon="train", on_click=self.run_requested.emit,
                     tooltip=tr("The network of a run of this or another project becomes a base",
                                "La red de un entrenamiento de este u otro proyecto pasa a ser una base"))
        search = box(row(self._search, 8, self._count))
        self.setLayout(column(flow_row(search, own, run, probe, apart=1), self._table, details, spacing=10))
        self.refresh()

    def refresh(self) -> None:
        """Show the bases that match the search, with the state of their weights; the selection stays."""
        before = self._table.selected
        terms = self._search.text().casefold().split()
        bases = [*self._resolver().own_bases(), *BASES]
        matches = [base for base in bases if all(term in _search_text(base) for term in terms)]
        self._table.set_rows(matches)
        self._count.setText(tr("{n} of {total}", "{n} de {total}", n=len(matches), total=len(bases)))
        selected = before if before in matches else matches[0] if matches else None
        if selected is not None:
            self._table.select(selected)
        self._on_selection_moved(selected)

    def _on_selection_moved(self, base: Base | None) -> None:
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
            "{year} · {licence} · {n} parameters without its classifier · at least {size} pixels · {maps} final "
            "feature maps · scaling: {scaling} · freeze line at {blocks}.",
            "{year} · {licence} · {n} parámetros sin su clasificador · al menos {size} píxeles · {maps} mapas "
            "finales · escalado: {scaling} · línea de congelado en {blocks}.", year=base.year, licence=base.licence,
            n=format_count(base.parameters), size=_format_square(base.minimum_size), maps=base.features, scaling=base.scaling,
            blocks=_format_blocks(base.blocks)) + here)

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
              "{maps} mapas · escalado: {scaling} · línea de congelado en {blocks}.",
              file=base.own.file if path is None else path.name,
              n=format_count(base.parameters), size=f"{height}\u00a0×\u00a0{width}\u00a0×\u00a0{base.channels}",
              least=_format_square(base.minimum_size), end=base.own.end, maps=base.features, scaling=base.scaling,
              blocks=_format_blocks(base.blocks))
    return " ".join([text, *map(str, base.own.notes)])


def _format_input(base: Base) -> str:
    height, width = base.size
    return str(height) if height == width else f"{height} × {width}"


def format_weights(base: Base) -> str:
    if base.own is not None:
        return tr("own", "propios")
    if base.weights.bundled:
        return tr("bundled", "incluidos")
    if base.weights.cached.is_file():
        return tr("downloaded", "descargados")
    return tr("not downloaded", "sin descargar")


def _search_text(base: Base) -> str:
    return f"{base.label} {base.family} {base.id} {base.year} {base.licence} {base.help.en} {base.help.es}".casefold()


def _format_scaling(base: Base) -> str:
    """The formula with signs for mean and deviation: all bases apply it inside the model."""
    if base.own is not None and base.own.scales:
        return tr("built in", "incorporado")
    formula = (str(base.scaling).rpartition(",")[0] or str(base.scaling)).replace(tr(" of each channel", " de cada canal"), "")
    return formula.replace(tr("mean", "media"), "μ").replace(tr("deviation", "desviación"), "σ")


def _format_square(size: int) -> str:
    """224 × 224, never broken at the end of a line."""
    return f"{size}\u00a0×\u00a0{size}"


def _format_blocks(blocks: tuple[str, ...]) -> str:
    """The first ones and the last: enough to show how finely the freeze line can be set."""
    return ", ".join(blocks) if len(blocks) <= 8 else ", ".join((*blocks[:3], "…", *blocks[-2:]))


def _architecture_cards(chosen: Callable[[str], object]) -> QWidget:
    cards = QWidget()
    flow = FlowLayout(cards, spacing=12, cell=340)
    for template in TEMPLATES:
        flow.addWidget(_template_card(template, chosen))
    inner = column(cards, spacing=0, margins=(0, 0, 8, 8))
    inner.addStretch(1)
    return scroll_area(box(inner))


def _template_card(template: Template, chosen: Callable[[str], object]) -> Card:
    card = Card(clickable=True, margins=(16, 14, 16, 14), spacing=8)
    card.body.addLayout(row(Label(str(template.label), "body_strong"), None,
                            Label(str(template.year), "secondary", "dim"), spacing=8))
    card.body.addWidget(Label(str(template.about), "secondary", wrap=True))
    card.body.addStretch(1)
    parameters = Label(_format_parameters(template), "secondary", "dim", wrap=True)
    source = Button(tr("Source", "Fuente"), "quiet", tooltip=template.source,
                    on_click=lambda: QDesktopServices.openUrl(QUrl(template.source)))
    take = Button(tr("Start from it", "Partir de ella"), on_click=lambda: chosen(template.id))
    line = row(parameters, source, take, spacing=8)
    line.setStretch(0, 1)
    card.body.addLayout(line)
    card.setAccessibleName(f"{template.label}: {template.help}")
    card.clicked.connect(lambda: chosen(template.id))
    return card


def _format_parameters(template: Template) -> str:
    """The published number, or ours for ten classes where none is published."""
    published = template.published
    if published is not None:
        return tr("{n} parameters, as published ({size}, 1000 classes)",
                  "{n} parámetros, como se publicó ({size}, 1000 clases)", n=format_count(published.parameters),
                  size=_format_square(published.size))
    size = template.recipe["height"]
    channels = 1 if template.recipe.get("color_mode") == "grayscale" else 3
    network_report = report(template.network(), Context(height=size, width=size, channels=channels, class_count=10))
    return tr("{n} parameters ({size}, 10 classes)", "{n} parámetros ({size}, 10 clases)",
              n=format_count(network_report.parameters), size=_format_square(size))
