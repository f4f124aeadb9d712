"""The dialog that asks for the form of a film."""

from __future__ import annotations

from typing import Any, NamedTuple

from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.replay.film import SIZES
from cnnstudio.gui.pages.evaluate.replay.player import SPEEDS
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.inputs import Select


class FilmForm(NamedTuple):
    """Size in pixels, epochs a second, and "light" or "dark"; `ending` is ".mp4" or ".gif"."""

    size: tuple[int, int]
    per_second: float
    theme_name: str
    ending: str


class FilmDialog(Dialog):
    """`form` is what the user chose, remembered in `state`."""

    def __init__(self, parent: QWidget, state: dict[str, Any], speed: float) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Save film", "Guardar película"))
        self._state = state
        before = state.get("film", FilmForm(SIZES[1], speed, theme.name(), ".mp4"))
        self._ending = Select([(".mp4", tr("MP4 video", "Vídeo MP4")), (".gif", tr("Animated GIF", "GIF animado"))],
                              before.ending)
        self._size = Select([(size, f"{size[0]} × {size[1]}") for size in SIZES], before.size)
        self._speed = Select([(value, tr("{n} epochs per second", "{n} épocas por segundo", n=format_number(value, "g")))
                              for value in SPEEDS], before.per_second)
        self._theme = Select([("light", tr("Light", "Claro")), ("dark", tr("Dark", "Oscuro"))], before.theme_name)
        hint = Label(tr("MP4 plays in the video players of Windows, macOS and Linux; GIF plays in any browser and "
                        "presentation.",
                        "MP4 se ve en los reproductores de Windows, macOS y Linux; GIF, en cualquier navegador o "
                        "presentación."),
                     "secondary", "dim", wrap=True)
        lines = []
        for text, field in ((tr("Format", "Formato"), self._ending), (tr("Size", "Tamaño"), self._size),
                            (tr("Speed", "Velocidad"), self._speed), (tr("Theme", "Tema"), self._theme)):
            label = Label(text)
            label.setFixedWidth(110)
            label.setBuddy(field)
            field.setAccessibleName(text)
            line = row(label, field, spacing=12)
            line.setStretch(1, 1)
            lines.append(line)
        save = Button(tr("Save…", "Guardar…"), "primary", on_click=self.accept)
        cancel = Button(tr("Cancel", "Cancelar"), on_click=self.reject)
        save.setDefault(True)
        layout = column(*lines, hint, 8, row(None, cancel, save, spacing=8), spacing=10, margins=(20, 20, 20, 16))
        fit(self, layout, 420)
        self.accepted.connect(lambda: self._state.update(film=self.form))

    @property
    def form(self) -> FilmForm:
        size, speed = self._size.value, self._speed.value
        assert isinstance(size, tuple) and isinstance(speed, float)
        return FilmForm(size, speed, str(self._theme.value), str(self._ending.value))
