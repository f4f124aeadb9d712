"""The inspector of the Export page: what the chosen format is."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Badge, Elided, Label, box, clear, column, row, scroll_area


class FormatDetails(QWidget):
    """What an export of a format holds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._format = ""
        self._title, self._kind = Label("", "body_strong"), Badge("", "")
        self._help = Label("", "secondary", "dim", wrap=True)
        self._contents = QVBoxLayout()
        self._contents.setSpacing(8)
        inner = box(column(row(self._title, self._kind, None, spacing=8), self._help, box(self._contents), None,
                           spacing=10, margins=(16, 16, 16, 16)))
        self.setLayout(column(scroll_area(inner), spacing=0))

    def show_format(self, entry: Exporter) -> None:
        """Show a format."""
        if self._format == entry.id:
            return
        self._title.setText(str(entry.label))
        self._kind.setText(entry.suffix or tr("folder", "carpeta"))
        self._help.setText(str(entry.help))
        clear(self._contents)
        for content in entry.contents:
            title = Elided(content.name)
            title.setFont(theme.mono_font(12))
            self._contents.addLayout(column(title, Label(str(content.text), "secondary", "dim", wrap=True), spacing=1))
        self._format = entry.id
