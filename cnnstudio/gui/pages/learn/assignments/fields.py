"""Fields of the dialogs about assignments: a text in both languages, a limit, a labelled field, a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPlainTextEdit, QWidget

from cnnstudio.core.text import LANGUAGES, Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.number_box import NumberBox


def labelled(label: str, widget: QWidget, note: str = "") -> QWidget:
    """A field below its label."""
    holder = QWidget()
    layout = column(Label(label, "secondary", "dim", wrap=True), widget, spacing=4)
    if note:
        layout.addWidget(Label(note, "secondary", "dim", wrap=True))
    holder.setLayout(layout)
    if not widget.accessibleName():
        widget.setAccessibleName(label)
    return holder


class TwoTexts(QWidget):
    """One text in every language, side by side; `changed` with every letter."""

    changed = Signal()

    def __init__(self, label: str, *, long: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, QLineEdit | QPlainTextEdit] = {}
        fields = row(spacing=10)
        for code, name in LANGUAGES.items():
            field: QLineEdit | QPlainTextEdit = QPlainTextEdit() if long else QLineEdit()
            field.setFont(theme.font())
            field.setPlaceholderText(name)
            field.setAccessibleName(f"{label}: {name}")
            if isinstance(field, QPlainTextEdit):
                field.setTabChangesFocus(True)
                field.setFixedHeight(72)
                field.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            field.textChanged.connect(lambda *_text: self.changed.emit())
            self._fields[code] = field
            fields.addWidget(field, 1)
        self.setLayout(column(*([Label(label, "secondary", "dim")] if label else []), fields, spacing=4))
        self.setFocusProxy(next(iter(self._fields.values())))

    @property
    def text(self) -> Text:
        """What was written."""
        return Text(*(self._content(code).strip() for code in ("en", "es")))

    def _content(self, code: str) -> str:
        field = self._fields[code]
        return field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()


class LimitField(NumberBox):
    """A whole number, or nothing for no limit."""

    def __init__(self, name: str) -> None:
        super().__init__(None, minimum=1, integer=True, optional=True, logarithmic=True)
        self.setPlaceholderText(tr("No limit", "Sin límite"))
        self.setAccessibleName(name)

    @property
    def limit(self) -> int | None:
        return None if self.value is None else int(self.value)


class FileField(QWidget):
    """A line for a file with a button that chooses one; `changed(text)`."""

    changed = Signal(str)

    def __init__(self, label: str, filters: str, *, save: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label, self._filters, self._save = label, filters, save
        self.line = QLineEdit()
        self.line.setFont(theme.font())
        self.line.setAccessibleName(label)
        self.line.textChanged.connect(self.changed)
        choose = Button(tr("Choose…", "Elegir…"), "icon", "folder", on_click=self._choose)
        choose.setAccessibleName(tr("Choose: {name}", "Elegir: {name}", name=label))
        self.setLayout(column(Label(label, "secondary", "dim"), row(self.line, choose, spacing=4), spacing=4))

    @property
    def path(self) -> Path | None:
        """The path, if it is absolute."""
        text = self.line.text().strip()
        path = Path(text).expanduser() if text else None
        return path if path is not None and path.is_absolute() else None

    def set_path(self, path: Path) -> None:
        self.line.setText(str(path))
        self.line.setCursorPosition(0)

    def _choose(self) -> None:
        start = str(self.path or Path.home())
        dialog = QFileDialog.getSaveFileName if self._save else QFileDialog.getOpenFileName
        path, _kind = dialog(self.window(), self._label, start, self._filters)
        if path:
            self.set_path(Path(path))
