"""The architectures as cards, each with a drawing of its network."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.templates import TEMPLATES, Template
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.network.base_table import format_square
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.diagram import DrawingQueue, NetworkDiagram
from cnnstudio.gui.widgets.diagram_legend import DiagramLegend
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.network.diagram import Diagram, draw_network
from cnnstudio.network.shapes import report


def architecture_cards(chosen: Callable[[str], object]) -> QWidget:
    cards = QWidget()
    flow = FlowLayout(cards, spacing=12, cell=340)
    queue = DrawingQueue(cards)
    for template in TEMPLATES:
        flow.addWidget(_template_card(template, queue, chosen))
    inner = column(DiagramLegend(), cards, spacing=10, margins=(0, 0, 8, 8))
    inner.addStretch(1)
    return scroll_area(box(inner))


@cache
def template_diagram(identifier: str) -> Diagram:
    """The drawing of a template's network, on pictures of the size it was made for."""
    template = TEMPLATES[identifier]
    return draw_network(template.network(), _context(template))


def _context(template: Template) -> Context:
    """The pictures that a template was made for, in ten classes."""
    size = template.recipe["height"]
    channels = 1 if template.recipe.get("color_mode") == "grayscale" else 3
    return Context(height=size, width=size, channels=channels, class_count=10)


def _template_card(template: Template, queue: DrawingQueue, chosen: Callable[[str], object]) -> Card:
    card = Card(clickable=True, margins=(16, 14, 16, 14), spacing=8)
    card.body.addLayout(row(Label(str(template.label), "body_strong"), None,
                            Label(str(template.year), "secondary", "dim"), spacing=8))
    card.body.addWidget(NetworkDiagram(lambda: template_diagram(template.id), queue))
    card.body.addWidget(Label(str(template.about), "secondary", wrap=True))
    card.body.addStretch(1)
    parameters = Label(_format_parameters(template), "secondary", "dim", wrap=True)
    source = Button(tr("Source", "Fuente"), "quiet", tooltip=template.source,
                    on_click=lambda: QDesktopServices.openUrl(QUrl(template.source)))
    take = Button(tr("Use this", "Usar esta"), on_click=lambda: chosen(template.id))
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
        return tr("{n} parameters, as published ({size}, 1,000 classes)",
                  "{n} parámetros publicados ({size}, 1000 clases)", n=format_count(published.parameters),
                  size=format_square(published.size))
    context = _context(template)
    network_report = report(template.network(), context, headless=True)
    return tr("{n} parameters ({size}, 10 classes)", "{n} parámetros ({size}, 10 clases)",
              n=format_count(network_report.parameters), size=format_square(context.height))
