"""The gallery: architectures and pretrained bases to start from."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.templates import TEMPLATES, Template
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Badge, Button, Caption, Label, box, column, row, scrolled
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.words import short


class Gallery(QWidget):
    """`base_chosen(id)`, `template_chosen(id)`; `left` when the user goes back to the canvas."""

    base_chosen = Signal(str)
    template_chosen = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        bases, templates = QWidget(), QWidget()
        flow = FlowLayout(bases, spacing=12, cell=260)
        for base in BASES:
            flow.addWidget(_base_card(base, self.base_chosen.emit))
        flow = FlowLayout(templates, spacing=12, cell=260)
        for template in TEMPLATES:
            flow.addWidget(_template_card(template, self.template_chosen.emit))
        head = row(Label(tr("Start from…", "Partir de…"), "title"), None,
                   Button(tr("Back to the canvas", "Volver al lienzo"), icon="chevron-left", on_click=self.left.emit))
        note = Label(tr("This replaces the network and sets recipe, augmentation and training to what it is good with. "
                        "It can be undone.",
                        "Esto sustituye la red y ajusta receta, aumento y entrenamiento a lo que le conviene. Se puede "
                        "deshacer."), "body", "dim", wrap=True)
        inner = column(head, note, 8, Caption(tr("Pretrained bases", "Bases preentrenadas")), bases, 8,
                       Caption(tr("Architectures", "Arquitecturas")), templates, spacing=10, margins=(32, 24, 32, 24))
        inner.addStretch(1)
        self.setLayout(column(scrolled(box(inner)), spacing=0))


def _card(title: str, help: str, note: str, badge: str, on_click: Callable[[], object]) -> Card:
    card = Card(clickable=True, margins=(16, 14, 16, 14), spacing=6)
    line = row(Label(title, "body_strong"), None, spacing=8)
    if badge:
        line.addWidget(Badge(badge, "ok"))
    card.body.addLayout(line)
    card.body.addWidget(Label(help, "body", "dim", wrap=True))
    card.body.addStretch(1)
    card.body.addWidget(Label(note, "secondary", "dim", wrap=True))
    card.setAccessibleName(title)
    card.clicked.connect(on_click)
    return card


def _base_card(base: Base, chosen: Callable[[str], object]) -> Card:
    note = tr("{year} · {parameters} parameters · ImageNet top-1 {top} % · {size} × {size}",
              "{year} · {parameters} parámetros · ImageNet top-1 {top} % · {size} × {size}", year=base.year,
              parameters=short(base.parameters), top=base.top1, size=base.input_size)
    badge = tr("works offline", "sin conexión") if base.weights.bundled else ""
    return _card(str(base.label), str(base.help), note, badge, lambda: chosen(base.id))


def _template_card(template: Template, chosen: Callable[[str], object]) -> Card:
    note = f"{template.year} · {template.source.removeprefix('https://')}"
    return _card(str(template.label), str(template.help), note, "", lambda: chosen(template.id))
