"""How much of a pretrained base learns: the freeze line on the drawn base, and advice by the number of pictures."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from cnnstudio.catalog.bases.advice import SOURCE, Similarity, freeze_advice, training_collection
from cnnstudio.catalog.bases.resolver import base_of
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core import edits
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import tokens
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.freeze_strip import FreezeControl
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.network.freeze_line import freeze_line

_STATE: Final = "similarity"


_LABEL: Final = Text("Set how much of the base learns", "Ajustar cuánto aprende la base")


class FreezeCard(Card):
    """The freeze line of one base of the network, and advice; the user chooses whether the pictures are similar to
    ImageNet's."""

    def __init__(self, session: Session, counts: Counts, state: dict[str, Any], node: str) -> None:
        """`state`: where the choice is remembered."""
        super().__init__(title=tr("How much of the base should learn?", "¿Cuánto debe aprender la base?"),
                         margins=(12, 10, 12, 10), spacing=8)
        self._session, self._counts, self._state = session, counts, state
        self._node = node
        self._wanted = ""
        self._size: tuple[int, int] | None = None
        self.line = FreezeControl()
        self.line.line_moved.connect(self._move)
        self.line.settled.connect(session.seal)
        self.question = Label("", "secondary", "dim", wrap=True)
        self.choice = SegmentedControl([("similar", tr("Similar", "Parecidas")), ("different", tr("Different", "Distintas"))],
                                       self._similarity)
        self.choice.setFixedHeight(tokens.CONTROL_HEIGHT)
        self.choice.chosen.connect(self._choose)
        self.reason = Label("", "secondary", wrap=True)
        self.take = Button(tr("Apply", "Aplicar"), on_click=self._take)
        source = Button(tr("Source", "Fuente"), "quiet", tooltip=SOURCE,
                        on_click=lambda: QDesktopServices.openUrl(QUrl(SOURCE)))
        self.body.addWidget(self.line)
        self.body.addWidget(self.question)
        self.body.addWidget(self.choice)
        self.body.addWidget(self.reason)
        self.body.addLayout(row(self.take, source, None, spacing=8))

    @property
    def _similarity(self) -> Similarity:
        return "different" if self._state.get(_STATE) == "different" else "similar"

    def _choose(self, value: object) -> None:
        self._state[_STATE] = str(value)
        node = self._session.project.network.node(self._node)
        if node is not None:
            self.show_node(node, self._size)

    def show_node(self, node: Node, size: tuple[int, int] | None) -> None:
        """Show the line and the advice for the base with its present settings; `size`: (height, width) of its input."""
        self._size = size
        values = values_of(node, LAYERS[BASE])
        base = base_of(values, self._session.bases)
        self.setVisible(base is not None)
        if base is None:
            return
        present = str(values["trainable_from"])
        self.line.show_line(freeze_line(base, size or base.size, str(values["ends_at"])), present)
        self.question.setText(tr("Your pictures, compared with those of {source}:",
                                 "Sus imágenes, comparadas con las de {source}:",
                                 source=training_collection(base)))
        pictures = self._counts.split_counts().get("train", 0)
        self._wanted, reason = freeze_advice(pictures, self._similarity, base.until(str(values["ends_at"])))
        followed = present == self._wanted
        self.reason.setText(str(reason))
        self.take.setEnabled(not followed)
        self.take.setText(tr("Already set", "Ya aplicado") if followed else tr("Apply", "Aplicar"))

    def _move(self, trainable_from: str) -> None:
        """The positions of one drag are one step."""
        self._set(trainable_from, f"network.{self._node}.trainable_from")

    def _take(self) -> None:
        self._set(self._wanted)

    def _set(self, trainable_from: str, merge_key: str = "") -> None:
        node = self._node
        self._session.edit(lambda project: edits.set_node_param(project, node, "trainable_from", trainable_from), _LABEL,
                           merge_key)
