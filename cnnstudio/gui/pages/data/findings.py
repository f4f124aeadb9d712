"""Findings about one picture as cards with their remedies, and a bar of remedies for all findings of a kind."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.findings import KINDS, REMEDIES
from cnnstudio.core.text import tr
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.picture import PictureView

if TYPE_CHECKING:
    from cnnstudio.catalog.findings import FindingKind
    from cnnstudio.datasets.findings import Finding

_EDGES = {"error": "error", "warning": "warn", "info": "accent"}


def remedy_label(remedy: str, finding: Finding | None = None) -> str:
    """The label of a remedy's button; a suggestion names its class."""
    if remedy == "relabel":
        if finding is not None and finding.data.get("suggested"):
            return str(REMEDIES["relabel"].fill(suggested=finding.data["suggested"]))
        return tr("Change classes as suggested", "Cambiar clases según lo sugerido")
    return str(REMEDIES[remedy])  # type: ignore[index]


def available_remedies(session: Session, kind: FindingKind) -> list[str]:
    """The remedies that change something: where duplicates are kept together already, the user separated those that are
    not."""
    keeps_together = kind.id == "leakage" and session.project.dataset.splits.keep_together
    return [remedy for remedy in kind.remedies if not (keeps_together and remedy == "keep_together")]


class FindingCards(QWidget):
    """The findings of a picture; `duplicate_chosen(path)` when the picture of a duplicate was clicked."""

    duplicate_chosen = Signal(str)

    def __init__(self, workspace: Workspace, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._thumbnails = workspace.session, thumbnails
        self._collection, self._remedy = workspace.collection, workspace.remedies
        self._layout = column(spacing=8)
        self.setLayout(self._layout)
        self._waiting: list[tuple[PictureView, Wanted]] = []
        self._shown_findings: tuple[Finding, ...] = ()
        thumbnails.arrived.connect(self._show_thumbnails)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show a card for each finding, with its text, its duplicate and its remedies."""
        if tuple(findings) == self._shown_findings:
            return
        self._shown_findings = tuple(findings)
        clear(self._layout)
        self._waiting.clear()
        for finding in findings:
            self._layout.addWidget(self._card(finding))
        self.want()

    @property
    def wanted(self) -> list[Wanted]:
        """The thumbnails of duplicates that are still missing."""
        return [wanted for _view, wanted in self._waiting]

    def want(self) -> None:
        """Show the thumbnails that are there; the inspector requests the others."""
        self._show_thumbnails()

    def _card(self, finding: Finding) -> Card:
        kind = KINDS[finding.kind]
        items: list[QWidget] = [Label(str(kind.label), "body_strong"),
                                Label(str(finding.text), "secondary", "dim", wrap=True)]
        if finding.others:
            items.append(self._duplicate_view(finding))
        items.append(self._remedies(kind, finding))
        return Card(*items, edge=_EDGES[finding.severity], spacing=6, margins=(12, 10, 10, 10))

    def _duplicate_view(self, finding: Finding) -> QWidget:
        line = QWidget()
        ids = self._collection.ids_of(finding.others[:3])
        views: list[QWidget | None] = []
        for picture in self._collection.rows(list(ids)):
            view = _Duplicate(picture.path)
            view.chosen.connect(self.duplicate_chosen)
            self._waiting.append((view, Wanted(("twin", picture.id), self._collection.path(picture), picture.size,
                                               picture.modified_ns, 96)))
            views.append(view)
        line.setLayout(row(*views, None, spacing=6))
        return line

    def _remedies(self, kind: FindingKind, finding: Finding) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder, spacing=10)
        for remedy in available_remedies(self._session, kind):
            if (remedy == "relabel" and not finding.data.get("suggested")) or (
                    remedy == "move" and not finding.data.get("split")):
                continue
            flow.addWidget(Button(remedy_label(remedy, finding), "link",
                                  on_click=partial(self._remedy.apply, remedy, [finding])))
        return holder

    def _show_thumbnails(self) -> None:
        for view, wanted in self._waiting:
            image = self._thumbnails.get(wanted)
            if image is not None and view.image is None and not image.isNull():
                view.set_image(image)


class _Duplicate(PictureView):
    chosen = Signal(str)

    def __init__(self, path: str) -> None:
        super().__init__(radius=6)
        self._path = path
        self.setFixedSize(72, 72)
        self.setToolTip(path)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(path)

    def mousePressEvent(self, event: object) -> None:
        self.chosen.emit(self._path)


class KindBar(QWidget):
    """Shown above the grid while it is filtered by one kind: its meaning, and remedies for the selection or for all."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = workspace.session
        self._collection, self._counts, self._remedy = workspace.collection, workspace.counts, workspace.remedies
        self._kind = ""
        self._chosen: frozenset[int] = frozenset()
        self._text = Label("", "secondary", "dim", wrap=True)
        self._buttons = QWidget()
        self._flow = FlowLayout(self._buttons, spacing=12)
        self._card = Card(self._text, self._buttons, edge="warn", spacing=4, margins=(14, 10, 12, 8))
        self.setLayout(column(self._card))
        self.hide()

    def show_kind(self, kind: str, selected: Sequence[int]) -> None:
        """Show the remedies of a kind for the pictures `selected` (ids), or for all; kind "" hides the bar."""
        self._kind, self._chosen = kind, frozenset(selected)
        number = self._counts.findings.get(kind, 0)
        has_findings = kind in KINDS.ids() and number > 0
        self.setVisible(has_findings)
        clear(self._flow)
        if not has_findings:
            return
        entry = KINDS[kind]
        self._text.setText(f"{entry.label}: {entry.help}")
        whose = tr("selected", "seleccionadas") if self._chosen else tr("all {n}", "todas ({n})", n=number)
        for remedy in available_remedies(self._session, entry):
            label = f"{remedy_label(remedy)} · {whose}"
            self._flow.addWidget(Button(label, "link", on_click=partial(self._apply, remedy)))
        self._buttons.updateGeometry()

    def _apply(self, remedy: str) -> None:
        findings = self._collection.findings_of_kind(self._kind)
        if self._chosen:
            findings = [finding for finding in findings if finding.picture in self._chosen]
        self._remedy.apply(remedy, findings)
