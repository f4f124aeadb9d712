"""The frame around a bench: its one sentence, the code below it, and what is remembered of it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.code_panel import CodePanel
from cnnstudio.gui.pages.learn.film import BenchFilm
from cnnstudio.gui.pages.learn.pictures import save_image
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, clear, column, scroll_area
from cnnstudio.gui.widgets.splitter import Stacked
from cnnstudio.learning.benches.entry import Bench

_CODE_MS: Final = 120
"""Milliseconds after the last change until the code follows: a drag is one change."""
_CODE_HEIGHT: Final = "bench_code_height"
_OWNER: Final = "page"
"""Whose children are taken over: those of the bench as a page of its own."""


class BenchFrame(QWidget):
    """Shows one bench at a time. `code_shown(bool)` when the code was opened or closed."""

    code_shown = Signal(bool)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._session = workspace, workspace.session
        self.bench: Bench | None = None
        self.view: BenchView | None = None
        self._defaults: dict[str, Any] = {}
        self._visible = False
        self._help = Label("", "body", "dim", wrap=True)
        self._place = column(spacing=0)
        self._upper = box(column(self._help, self._place, spacing=12, margins=(24, 14, 24, 16)))
        self.code = CodePanel(self._session)
        self.code.closed.connect(lambda: self.show_code(False))
        self.code.hide()
        self._split = Stacked(scroll_area(self._upper), self.code)
        self._split.height_changed.connect(lambda height: self._session.remember(_CODE_HEIGHT, height))
        layout = column(self._split, spacing=0)
        self.setLayout(layout)
        self._film = BenchFilm(self._session, self)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_CODE_MS)
        self._timer.timeout.connect(self._update_code)

    @property
    def moves(self) -> bool:
        """Whether a film of the bench can be made."""
        return self.view is not None and type(self.view).frames is not BenchView.frames

    def show_bench(self, bench: Bench, settings: dict[str, Any] | None = None) -> None:
        """Show a bench, as it was left or with these settings."""
        if self.bench is None or bench.id != self.bench.id:
            self.close_bench()
            module, _, name = bench.view.partition(":")
            self.view = getattr(importlib.import_module(module), name)(self._workspace)
            self.bench = bench
            assert self.view is not None
            self._defaults = self.view.settings()
            kept = self._session.recall(_key(bench))
            if isinstance(kept, dict):
                self.view.restore(kept)
            self.view.resume(_OWNER)
            self._help.setText(str(bench.help))
            self._place.addWidget(self.view)
            self.view.changed.connect(self._on_changed)
        assert self.view is not None
        if settings:
            self.view.restore(self._defaults)
            self.view.restore(settings)
        if self._visible:
            self.view.enter()
        self._update_code()

    def _on_changed(self) -> None:
        if not self.code.isHidden():
            self._timer.start()

    def _update_code(self) -> None:
        if self.view is not None and self.bench is not None and not self.code.isHidden():
            codes = self.view.code()
            self.code.show_code(self.bench.id, codes, "" if codes else self.view.no_code_text())

    def show_code(self, shown: bool) -> None:
        """Open or close the code below the bench."""
        self.code.setVisible(shown)
        if shown:
            height = min(self._session.recall(_CODE_HEIGHT, 260), self.height() // 2)
            self._split.setSizes([self.height() - height, height])
        self._update_code()
        self.code_shown.emit(shown)

    def reset(self) -> None:
        """Set everything as it was at the beginning."""
        if self.view is not None:
            self.view.restore(self._defaults)

    def save_picture(self) -> None:
        """Ask where to save what is shown as a picture."""
        if self.view is None or self.bench is None:
            return
        path = ask_save_path(self._session, self.window(), tr("Save as a picture", "Guardar como imagen"),
                             f"{self.bench.id}.png", "PNG (*.png)", ("png",))
        if path is None:
            return
        path = path if path.suffix else path.with_suffix(".png")
        try:
            save_image(self.view.picture(), path)
        except ProblemError as err:
            self._session.report(*err.problems)
        else:
            report_saved(self._session, path, opens=True)

    def save_film(self) -> None:
        """Ask where to save a film of what moves."""
        if self.view is None or self.bench is None or self._film.running:
            return
        path = ask_save_path(self._session, self.window(), tr("Save as a film", "Guardar como película"),
                             f"{self.bench.id}.gif", "GIF (*.gif);;WebP (*.webp);;MP4 (*.mp4)", ("gif", "webp", "mp4"))
        if path is not None:
            self._film.write(self.view, Path(path))

    # Life ----------------------------------------------------------------------------------------

    def enter(self) -> None:
        """The page is in sight."""
        self._visible = True
        if self.view is not None:
            self.view.enter()

    def leave(self) -> None:
        """The page is out of sight."""
        self._visible = False
        if self.view is not None:
            self.view.leave()
        self.keep()

    def keep(self) -> None:
        """Remember the settings for the next time."""
        if self.view is not None and self.bench is not None:
            self._session.remember(_key(self.bench), self.view.settings())

    def close_bench(self) -> None:
        """Stop the bench; its widget is deleted."""
        self._timer.stop()
        self._film.close()
        if self.view is None:
            return
        self.keep()
        self.view.changed.disconnect(self._on_changed)
        self.view.leave()
        self.view.close_bench()
        clear(self._place)
        self.view, self.bench = None, None


def _key(bench: Bench) -> str:
    return f"bench:{bench.id}"


def needs_network_text() -> Text:
    """Why a bench of a trained network shows nothing yet."""
    return Text("This bench looks into a network that you trained.", "Este banco mira dentro de una red que usted entrenó.")
