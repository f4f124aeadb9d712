"""What the last scan did not take, and the user's patterns of files to ignore."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from cnnstudio.core import edits
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, language, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, clear, column
from cnnstudio.gui.widgets.cards import Expander

_LINES = 4


class LeftOutPanel(QWidget):
    """One line a reason; linked folders can be followed. Below it the patterns to ignore, one a line."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._scanner = workspace.session, workspace.scanner
        self._shown: object = None
        self._lines = column(spacing=6)
        self._reasons = box(column(Caption(tr("Left out", "Omitidos")), self._lines, spacing=6))
        self.patterns = PatternEdit()
        self.patterns.left.connect(self.set_patterns)
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        note = Label(tr("Names of files and folders, one per line, as in a .gitignore file: *_mask.png, drafts/",
                        "Nombres de archivos y carpetas, uno por línea, como en un archivo .gitignore: *_mask.png, "
                        "borradores/"), "secondary", "dim", wrap=True)
        inner = box(column(note, self.patterns, self._problem, spacing=6, margins=(8, 0, 0, 8)))
        self.setLayout(column(self._reasons, Expander(tr("Files to ignore", "Archivos que ignorar"), inner), spacing=4))
        self.refresh(None)

    def refresh(self, change: Change | None) -> None:
        """Show the reasons of the last scan and the patterns of the project."""
        if change is None or change.of("dataset", "folder"):
            self.patterns.set_patterns(self._session.project.dataset.ignore)
        entries = self._scanner.left_out
        shown = (entries, language(), self._session.project.dataset.follow_links)
        if shown == self._shown:
            return
        self._shown = shown
        clear(self._lines)
        self._reasons.setVisible(bool(entries))
        for entry in entries:
            self._lines.addWidget(Label(entry.text(language()), "secondary", "dim", wrap=True))
            if entry.reason == "linked_folder":
                self._lines.addWidget(Button(tr("Follow links", "Seguir enlaces"), "link", on_click=self._follow_links),
                                      alignment=Qt.AlignmentFlag.AlignLeft)

    def _follow_links(self) -> None:
        self._session.edit(lambda project: edits.set_field(project, "dataset", "follow_links", True),
                           Text("Follow links", "Seguir enlaces"))

    def set_patterns(self, patterns: tuple[str, ...]) -> None:
        """Write the patterns into the project; a pattern that cannot be understood is shown below them."""
        from cnnstudio.datasets.ignoring import make_matcher

        try:
            make_matcher(patterns)
        except ProblemError as err:
            self._problem.setText(str(err.problems[0].text))
            self._problem.show()
            return
        self._problem.hide()
        if patterns != self._session.project.dataset.ignore and self._session.is_open:
            self._session.edit(lambda project: edits.set_field(project, "dataset", "ignore", patterns),
                               Text("Files to ignore", "Archivos que ignorar"))


class PatternEdit(QPlainTextEdit):
    """Patterns, one a line; `left` with them when the field loses the focus."""

    left = Signal(tuple)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFont(theme.mono_font(12))
        self.setTabChangesFocus(True)
        self.setPlaceholderText("*_mask.png")
        self.setAccessibleName(tr("Files to ignore", "Archivos que ignorar"))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * _LINES + 16)

    @property
    def written(self) -> tuple[str, ...]:
        """The patterns in the field."""
        return tuple(line.strip() for line in self.toPlainText().splitlines() if line.strip())

    def set_patterns(self, patterns: tuple[str, ...]) -> None:
        """Show patterns, unless the user is writing."""
        if self.written != patterns and not self.hasFocus():
            self.setPlainText("\n".join(patterns))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit(self.written)
