"""The picture in sight as the network gets it: cropped, resized and changed by the recipe of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtWidgets import QWidget

from cnnstudio.core.jobs import Prepared
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.state.prediction_server import Model, PredictionServer
from cnnstudio.gui.widgets.basics import Caption, Label, box, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.gui.widgets.picture import PictureView, image_of

_SIDE: Final = 180


class NetworkView(Card):
    """Shows it while it is switched on, which `state` remembers."""

    def __init__(self, server: PredictionServer, model: Callable[[], Model | None], state: Callable[[], dict[str, Any]],
                 parent: QWidget | None = None) -> None:
        self._server, self._model, self._state = server, model, state
        self._answer: Answer | None = None
        self._request = 0
        self._shown: tuple[Model | None, str] = (None, "")
        name = tr("As the network sees it", "Como la ve la red")
        self._switch = Switch(bool(state().get("network_view", False)), name)
        self._switch.switched.connect(self._on_switched)
        self.picture = PictureView(follow_shape=True, most=_SIDE)
        self.picture.setAccessibleName(name)
        self._note = Label("", "secondary", "dim", wrap=True)
        super().__init__(box(row(Caption(name), None, self._switch)), self.picture, self._note, spacing=8,
                         margins=(16, 8, 16, 10), parent=parent)
        server.prepared.connect(self._on_prepared)
        self._show()

    def show_answer(self, answer: Answer | None) -> None:
        """Another picture is in sight, or its answer came."""
        self._answer = answer
        self._show()

    def follow_model(self) -> None:
        """The model is known, or it is another one."""
        self._shown = (None, "")
        self._show()

    def _on_switched(self, on: bool) -> None:
        self._state()["network_view"] = on
        self._show()

    def _show(self) -> None:
        answer = self._answer
        there = answer is not None and answer.best is not None
        self.setVisible(there)
        on = self._switch.isChecked() and there
        for widget in (self.picture, self._note):
            widget.setVisible(on)
        wanted = (self._model(), answer.path if answer is not None else "")
        if on and wanted != self._shown and self._server.running:
            self._shown = wanted
            self._note.setText("")
            self._request = self._server.ask_prepared(wanted[1])

    def _on_prepared(self, event: Prepared) -> None:
        if event.request != self._request:
            return
        if event.problem is not None:
            self.picture.set_message(str(event.problem.text), "error")
            return
        import numpy as np

        self.picture.set_image(image_of(np.frombuffer(event.pixels, np.uint8).reshape(event.shape)))
        height, width, channels = event.shape
        self._note.setText(tr("{width} × {height} pixels, channels: {channels}; before any scaling inside the model",
                              "{width} × {height} píxeles, canales: {channels}; antes de escalarse dentro del modelo",
                              width=width, height=height, channels=channels))
