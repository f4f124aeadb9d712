"""A window too narrow for both panels of a page shows one of them; a strip at the edge stands for the other."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, box, row
from cnnstudio.gui.window.pages import PageArea

_STRIP: Final = 22
_HEIGHT: Final = 64


class FoldingPages(QWidget):
    """The area of the pages between two strips, each of which is shown while the panel on its side is folded away."""

    def __init__(self, pages: PageArea, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages = pages
        self._strips = {
            "side": _strip(tr("Show the panel at the left", "Mostrar el panel de la izquierda"), "chevron-right",
                           lambda: self._unfold("side")),
            "inspector": _strip(tr("Show the panel at the right", "Mostrar el panel de la derecha"), "chevron-left",
                                lambda: self._unfold("inspector"))}
        layout = row(self._strips["side"], pages, self._strips["inspector"], spacing=0)
        layout.setStretch(1, 1)
        self.setLayout(layout)
        pages.folded_changed.connect(self._show)
        self._show("")

    def _unfold(self, panel: str) -> None:
        had_focus = self._strips[panel].isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self._pages.unfold(panel)
        if had_focus:
            # The strip goes; Tab continues where its panel is.
            self._pages.focus_panel(panel)

    def _show(self, folded: str) -> None:
        for panel, strip in self._strips.items():
            strip.setVisible(panel == folded)


def _strip(name: str, icon: str, on_click: object) -> QWidget:
    button = Button(name, "icon", icon, on_click=on_click)  # type: ignore[arg-type]
    button.setFixedSize(_STRIP, _HEIGHT)
    strip = box(row(button))
    strip.setFixedWidth(_STRIP)
    strip.setObjectName("fold")
    strip.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    return strip
