"""The sanity checks of a map, as a plain verdict with small bars."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.explain_jobs import SanityChecks
from cnnstudio.core.problems import Location, Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label, clear, column
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.formatting import format_number, format_percent

_ROW = 40
LIMIT = 0.5
"""The likeness with shuffled weights from which the engine calls a map independent of them."""


class CheckBar(QWidget):
    """A share (0 to 1) with its name, and a mark at what it is compared with."""

    def __init__(self, name: str, help: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._value = self._mark = 0.0
        self._good, self._note = True, ""
        self.setToolTip(help)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_value(self, value: float, mark: float, good: bool, note: str) -> None:
        """Show a value beside its mark; `note` says both in words."""
        self._value, self._mark, self._good, self._note = value, mark, good, note
        self.setAccessibleName(f"{self._name}: {note}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, _ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(120, _ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.width()
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        painter.setPen(theme.color("text"))
        room = metrics.horizontalAdvance(self._note) + 10
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, max(0, width - room), 20), middle,
                         metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, max(0, width - room)))
        painter.setPen(theme.color("dim"))
        painter.drawText(QRectF(0, 0, width, 20), middle | Qt.AlignmentFlag.AlignRight, self._note)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(QRectF(0, 24, width, 6), 3, 3)
        painter.setBrush(theme.color("ok" if self._good else "warn"))
        share = max(0.0, min(1.0, self._value))
        if share > 0:
            painter.drawRoundedRect(QRectF(0, 24, max(3.0, width * share), 6), 3, 3)
        painter.setPen(QPen(theme.color("text"), 1.6))
        at = max(1.0, min(width - 1.0, width * self._mark))
        painter.drawLine(int(at), 21, int(at), 33)


class ChecksView(QWidget):
    """Hidden until there are checks to show."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = column(spacing=0)
        self.similarity = CheckBar(
            tr("Like shuffled weights", "Parecido a pesos mezclados"),
            tr("How like the map is to those of the same network with its weights shuffled. From the mark on it shows the "
               "picture rather than what was learned (Adebayo et al., 2018).",
               "Cuánto se parece el mapa a los de la misma red con los pesos mezclados. A partir de la marca muestra la imagen "
               "y no lo aprendido (Adebayo et al., 2018)."))
        self.insertion = CheckBar(
            tr("Insertion", "Inserción"),
            tr("The mean probability of the class while the most important pixels come back first into a blurred picture; the "
               "mark is the same for the map moved elsewhere. More is better (Petsiuk et al., 2018).",
               "La probabilidad media de la clase mientras los píxeles más importantes vuelven primero a una imagen "
               "desenfocada; la marca es lo mismo con el mapa desplazado. Más es mejor (Petsiuk et al., 2018)."))
        self.deletion = CheckBar(
            tr("Deletion", "Borrado"),
            tr("The mean probability of the class while the most important pixels are blurred first; the mark is the same for "
               "the map moved elsewhere. Less is better (Petsiuk et al., 2018).",
               "La probabilidad media de la clase mientras los píxeles más importantes se desenfocan primero; la marca es lo "
               "mismo con el mapa desplazado. Menos es mejor (Petsiuk et al., 2018)."))
        self._complete = Label("", "secondary", "dim", wrap=True)
        self.setLayout(column(self._verdict, self.similarity, self.insertion, self.deletion, self._complete, spacing=6))
        self.checks: SanityChecks | None = None
        self.hide()

    def show_checks(self, checks: SanityChecks | None) -> None:
        """Show checks; None hides the view."""
        self.checks = checks
        self.setVisible(checks is not None)
        if checks is None:
            return
        clear(self._verdict)
        self._verdict.addWidget(verdict_banner(checks))
        self.similarity.show_value(checks.similarity, LIMIT, checks.depends_on_weights,
                                   tr("{value}, limit {limit}", "{value}, límite {limit}",
                                      value=format_number(checks.similarity, 2), limit=format_number(LIMIT, 1)))
        chance = tr("{value}, chance {chance}", "{value}, azar {chance}", value="{value}", chance="{chance}")
        self.insertion.show_value(checks.insertion, checks.chance_insertion, checks.beats_chance, chance.format(
            value=format_percent(checks.insertion, 0), chance=format_percent(checks.chance_insertion, 0)))
        self.deletion.show_value(checks.deletion, checks.chance_deletion, checks.beats_chance, chance.format(
            value=format_percent(checks.deletion, 0), chance=format_percent(checks.chance_deletion, 0)))
        self._complete.setVisible(checks.completeness is not None)
        if checks.completeness is not None:
            self._complete.setText(tr("The values miss the difference of the scores by {share}.",
                                      "Los valores se apartan un {share} de la diferencia de puntuaciones.",
                                      share=format_percent(checks.completeness)))


def verdict_banner(checks: SanityChecks) -> Banner:
    """The verdict: a warning where the map means nothing."""
    severity = "info" if checks.passed else "warning"
    banner = Banner(Problem(code="map_checked" if checks.passed else "map_means_nothing", severity=severity,  # type: ignore[arg-type]
                            text=checks.verdict, where=Location(area="file")))
    if checks.passed:
        banner.set_edge("ok")
    return banner
