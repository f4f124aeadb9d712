"""The tools of a map: lasso, rectangle and hand, thumbnails, zoom."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, row
from cnnstudio.gui.widgets.map.gestures import LASSO, PAN, RECTANGLE, MapView


class MapTools(QWidget):
    """Buttons that act on a map. `tool_chosen(tool)` and `pictures_switched(on)` follow what the user chose."""

    tool_chosen = Signal(str)
    pictures_switched = Signal(bool)

    def __init__(self, view: MapView, tool: str, with_pictures: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._tools = {
            LASSO: Button(tr("Lasso: draw around pictures (Ctrl adds, Alt removes)",
                             "Lazo: rodee imágenes (Ctrl añade, Alt quita)"), "icon", "lasso", checkable=True),
            RECTANGLE: Button(tr("Rectangle (or Shift with the lasso)", "Rectángulo (o Mayús con el lazo)"), "icon",
                              "rectangle", checkable=True),
            PAN: Button(tr("Move the map (or the right button, or Space)", "Mover el mapa (o el botón derecho, o Espacio)"),
                        "icon", "move", checkable=True)}
        for name, button in self._tools.items():
            button.clicked.connect(lambda _=False, name=name: self._choose(name))
        self._take(tool if tool in self._tools else LASSO)
        faces = Button(tr("Thumbnails where there is room", "Miniaturas donde caben"), "icon", "image", checkable=True)
        faces.setChecked(with_pictures)
        view.show_pictures(with_pictures)
        faces.toggled.connect(self._show_pictures)
        self.setLayout(row(
            *self._tools.values(), faces,
            Button(tr("Zoom out (−)", "Alejar (−)"), "icon", "zoom-out", on_click=view.zoom_out),
            Button(tr("Zoom in (+)", "Acercar (+)"), "icon", "zoom-in", on_click=view.zoom_in),
            Button(tr("Whole map (0)", "Mapa entero (0)"), "icon", "fit", on_click=view.fit), spacing=2))

    def _choose(self, tool: str) -> None:
        self._take(tool)
        self.tool_chosen.emit(tool)

    def _take(self, tool: str) -> None:
        for name, button in self._tools.items():
            button.setChecked(name == tool)
        self._view.set_tool(tool)

    def _show_pictures(self, on: bool) -> None:
        self._view.show_pictures(on)
        self.pictures_switched.emit(on)
