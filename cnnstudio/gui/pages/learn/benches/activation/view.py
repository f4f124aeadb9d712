"""The activation bench: board, controls, and the settings between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.activation.board import ActivationBoard, position_of, temperature_at
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, labelled
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames, grab
from cnnstudio.gui.pages.learn.drawing.picture_choice import PictureChoice, PictureLoader, takes_picture
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.benches.activation.arithmetic import Activated, activate
from cnnstudio.learning.benches.activation.code import activation_code
from cnnstudio.learning.benches.activation.functions import FUNCTIONS
from cnnstudio.learning.benches.activation.settings import (
    MOST_LOGITS,
    POSITIONS,
    RANGE,
    ActivationSettings,
    check_settings,
    read_settings,
    with_default_param,
)
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.source import PictureSource
from cnnstudio.learning.benches.plain import to_plain

_START: Final = ActivationSettings()
_FIELD: Final = 96


class ActivationView(BenchView):
    frames_per_second = 20

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._settings = _START
        self._pixels = np.zeros((1, 1, 1), np.int64)
        self._activated: Activated | None = None
        self._choice = PictureChoice(workspace, channels=False, matrix=False)
        self._choice.source_chosen.connect(lambda source: self._set(source=source))
        self._loader = PictureLoader(workspace, self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)
        self.board = ActivationBoard()
        self.board.position_chosen.connect(self._on_position_chosen)
        self.board.logit_edited.connect(self._on_logit_edited)
        self.board.playback.speed_changed.connect(self._on_speed_changed)
        self.setLayout(column(Board(self.board, self._make_controls()), spacing=0))
        self.board.playback.set_speed(self._settings.speed)
        self._loader.load(self._settings.source)

    def _make_controls(self) -> QWidget:
        self._function = Select([(function.id, str(function.label)) for function in FUNCTIONS])
        self._function.setAccessibleName(tr("Function", "Función"))
        self._function.chosen.connect(self._on_function_chosen)
        self._about = Label("", "secondary", "dim", wrap=True)
        self._param = NumberBox(0.2, minimum=0, maximum=10, step=0.1, decimals=3)
        self._param.value_changed.connect(self._on_param_changed)
        self._param_name = Label("")
        self._logits = NumberBox(5, minimum=2, maximum=MOST_LOGITS, integer=True)
        self._logits.value_changed.connect(self._on_count_changed)
        self._gain = NumberBox(4, minimum=0.1, maximum=20, step=0.5, decimals=2)
        self._shift = NumberBox(0, minimum=-RANGE, maximum=RANGE, step=0.5, decimals=2)
        for box, name in ((self._gain, "gain"), (self._shift, "shift")):
            box.value_changed.connect(lambda value, name=name: self._set(**{name: float(value)}))
        for box in (self._param, self._logits, self._gain, self._shift):
            box.setFixedWidth(_FIELD)
        self._before = SegmentedControl([("pixels", tr("Pixels", "Píxeles")), ("edges", tr("Edges", "Bordes"))], "edges")
        self._before.setAccessibleName(tr("Before the function", "Antes de la función"))
        self._before.chosen.connect(lambda value: self._set(before=value))
        self._param_line = labelled(tr("Slope, α or T", "Pendiente, α o T"), self._param)
        self._logits_line = labelled(tr("How many numbers", "Cuántos números"), self._logits)
        return controls(
            group(tr("Function", "Función"), self._function, self._about, self._param_line, self._logits_line),
            group(tr("Picture", "Imagen"), self._choice),
            group(tr("Before the function", "Antes de la función"), self._before,
                  labelled(tr("Times", "Por"), self._gain,
                           tooltip=tr("What the values from −1 to 1 are multiplied by",
                                      "Por cuánto se multiplican los valores de −1 a 1")),
                  labelled(tr("Plus", "Más"), self._shift, tooltip=tr("As a bias does", "Como hace un sesgo"))))

    # The settings --------------------------------------------------------------------------------

    @property
    def activated(self) -> Activated | None:
        """What is on the board."""
        return self._activated

    def settings(self) -> dict[str, Any]:
        return to_plain(msgspec.structs.replace(self._settings, position=self.board.position))

    def restore(self, settings: dict[str, Any]) -> None:
        known = read_settings(with_default_param({**to_plain(_START), **settings}, settings))
        self.board.playback.pause()
        self.board.playback.set_speed(known.speed)
        self._take(known)

    def _set(self, **fields: Any) -> None:
        fields.setdefault("position", self.board.position)
        self._take(check_settings(msgspec.structs.replace(self._settings, **fields)))

    def _take(self, settings: ActivationSettings) -> None:
        changed, self._settings = settings.source != self._settings.source, settings
        if changed:
            self._loader.load(settings.source)
        else:
            self._calculate()

    def _on_loaded(self, source: PictureSource, pixels: np.ndarray) -> None:
        self._choice.show_problem("")
        self._settings = check_settings(msgspec.structs.replace(self._settings, source=source))
        self._pixels = pixels
        self._calculate()

    def _on_failed(self, text: str) -> None:
        self._choice.show_problem(text)
        self.changed.emit()

    def _calculate(self) -> None:
        settings, function = self._settings, FUNCTIONS[self._settings.function]
        if self._pixels.shape[2] != settings.source.channels:
            return
        self._activated = activate(self._pixels, settings)
        self._choice.show_source(settings.source)
        self._function.set_value(function.id)
        self._about.setText(str(function.help))
        self._param_line.setVisible(bool(function.param))
        self._logits_line.setVisible(function.over_channels)
        for box, value in ((self._param, settings.param), (self._gain, settings.gain), (self._shift, settings.shift),
                           (self._logits, len(settings.logits))):
            box.set_value(value)
        self._before.set_value(settings.before)
        position = position_of(settings.param) if function.over_channels else settings.position
        self.board.show_activated(self._activated, position)
        self.changed.emit()

    def _on_function_chosen(self, identifier: object) -> None:
        function = FUNCTIONS[str(identifier)]
        self._set(function=function.id, param=function.default)

    def _on_param_changed(self, value: Any) -> None:
        self._set(param=float(value or 0))

    def _on_position_chosen(self, position: int) -> None:
        """Along the axis of a function only the tangent moves; for softmax the temperature changes."""
        if FUNCTIONS[self._settings.function].over_channels:
            self._set(param=temperature_at(position))
        else:
            self.board.show_position(position)

    def _on_speed_changed(self, speed: int) -> None:
        self._settings = msgspec.structs.replace(self._settings, speed=speed)

    def _on_logit_edited(self, number: int, value: float) -> None:
        logits = list(self._settings.logits)
        logits[number] = value
        self._set(logits=tuple(logits))

    def _on_count_changed(self, value: Any) -> None:
        logits = self._settings.logits[:int(value)]
        self._set(logits=logits + (0.0,) * (int(value) - len(logits)))

    def takes_paths(self, paths: list[str]) -> bool:
        return takes_picture(paths)

    def take_paths(self, paths: list[str]) -> None:
        self._choice.take_file(paths[0])

    # What it gives -------------------------------------------------------------------------------

    def code(self) -> tuple[Code, ...]:
        return activation_code(self._activated) if self._activated is not None and not self._loader.problem else ()

    def no_code_text(self) -> str:
        return self._loader.problem or super().no_code_text()

    def picture(self) -> QImage:
        return grab(self.board, 2.0)

    def frames(self) -> Iterator[QImage]:
        if self._activated is None:
            return iter(())
        board, settings, pixels = ActivationBoard(), self._settings, self._pixels
        board.resize(self.board.size())
        board.show_activated(self._activated, 0)

        def show(position: int) -> None:
            if FUNCTIONS[settings.function].over_channels:
                hotter = msgspec.structs.replace(settings, param=temperature_at(position))
                board.show_activated(activate(pixels, hotter), position)
            else:
                board.show_position(position)

        return Frames(board, show, POSITIONS)

    def leave(self) -> None:
        self.board.playback.pause()

    def close_bench(self) -> None:
        self.board.playback.pause()
        self._loader.close()
