"""Preferences: a form from their declarations; every change applies at once."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cnnstudio.core.settings import SETTINGS_PARAMS
from cnnstudio.core.text import tr
from cnnstudio.core.updates import release_feed
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import ShowLibraries
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.form import Form


class SettingsDialog(Dialog):
    """Opens over the window and stays while language and theme change."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(440)
        self._session = session
        self._fill()
        session.changed.connect(self._on_changed)

    def _fill(self) -> None:
        self.setWindowTitle(tr("Settings", "Ajustes"))
        # Without an address to ask there is nothing to switch on.
        params = [param for param in SETTINGS_PARAMS if param.name != "check_updates" or release_feed()]
        form = Form(params, {param.name: getattr(self._session.settings, param.name) for param in params})
        form.value_changed.connect(self._session.set_setting)
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        note = Label(tr("Changes take effect at once and are remembered.",
                        "Los cambios se aplican al momento y se recuerdan."), "secondary", "dim", wrap=True)
        more = Button(tr("Libraries and graphics card…", "Bibliotecas y tarjeta gráfica…"), "", "cpu",
                      on_click=lambda: self._session.request(ShowLibraries()))
        self._column = column(Label(tr("Settings", "Ajustes"), "title"), note, 4, form, None,
                              row(more, None, close),
                              spacing=10, margins=(24, 24, 24, 20))
        self.setLayout(self._column)
        self.resize(460, 380)

    def _on_changed(self, change: Change) -> None:
        if change.of("settings"):
            # The form has the texts and colours of the old language and theme: rebuild it.
            from PySide6.QtCore import QTimer

            QTimer.singleShot(0, self, self._rebuild)

    def _rebuild(self) -> None:
        # A layout can be replaced only after its old owner is gone.
        holder = QWidget()
        holder.setLayout(self._column)
        holder.deleteLater()
        self._fill()
