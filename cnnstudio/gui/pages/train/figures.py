"""The key figures of the Train page."""

from __future__ import annotations

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.plots.history import Curves, format_best
from cnnstudio.gui.widgets.cards import KeyFigure, KeyFigures
from cnnstudio.gui.widgets.formatting import (
    format_count,
    format_device,
    format_duration,
    format_number,
    format_percent,
    format_time_left,
)


class TrainFigures(KeyFigures):
    """Accuracy, epoch, time left and speed of the run on screen."""

    def __init__(self) -> None:
        self._accuracy = KeyFigure(tr("Validation accuracy", "Exactitud de validación"))
        self._epoch = KeyFigure(tr("Epoch", "Época"))
        self._left = KeyFigure(tr("Time left", "Tiempo restante"))
        self._speed = KeyFigure(tr("Pictures per second", "Imágenes por segundo"))
        super().__init__(self._accuracy, self._epoch, self._left, self._speed, wide=820)

    def show_curves(self, curves: Curves, *, running: bool, paused: bool, planned: int) -> None:
        """Show the figures of a run with so many `planned` epochs."""
        name = "val_accuracy" if curves.latest("val_accuracy") is not None else "accuracy"
        value, best = curves.latest(name), curves.at_best(name)
        # Without validation pictures it is the accuracy on what the network learns from.
        self._accuracy.set_caption(tr("Training accuracy", "Exactitud de entrenamiento") if name == "accuracy"
                                   and value is not None else tr("Validation accuracy", "Exactitud de validación"))
        self._accuracy.set("–" if value is None else format_percent(value), "" if best is None else tr(
            "epoch {n}: {value}, {best}", "época {n}: {value}, {best}", value=format_percent(best), n=curves.best,
            best=format_best(curves.best_by, short=True)))
        batch = curves.last_batch
        done = curves.epoch_x[-1] if curves.epoch_x else 0
        running = running and not curves.over
        at = max(done, batch.epoch if batch is not None else 0) if running else done
        total = curves.epochs or planned
        note = (curves.phase or tr("starting", "iniciando")) if running else format_ending(curves, done, total)
        if running and batch is not None and batch.epoch > done:
            note = tr("batch {b} of {n}", "lote {b} de {n}", b=batch.batch, n=batch.batches)
            if batch.stage:
                note = tr("stage {n}", "etapa {n}", n=batch.stage + 1) + " · " + note
        if running and paused:
            note = tr("paused", "en pausa") + (f" · {note}" if batch is not None else "")
        self._epoch.set(tr("{n} of {all}", "{n} de {all}", n=at, all=total) if at else "–", note)
        left = curves.seconds_left if running else None
        self._left.set("–" if left is None else format_time_left(left), "" if curves.epoch_seconds is None else tr(
            "{t} per epoch", "{t} por época", t=format_duration(curves.epoch_seconds)))
        speed = curves.pictures_per_second
        rate = "–" if speed is None else format_count(round(speed)) if speed >= 10 else format_number(speed, 1)
        self._speed.set(rate, format_device(curves.device))


def format_ending(curves: Curves, done: int, total: int) -> str:
    """Why a training ended before its last epoch, and the epoch of its weights, which Evaluate uses."""
    if curves.kept_epoch is None:
        return ""
    kept_text = tr("keeps epoch {n}", "conserva la época {n}", n=curves.kept_epoch) if curves.kept_epoch != done else ""
    early = tr("stopped early", "parada temprana") if curves.finished and done < total else ""
    return " · ".join(text for text in (early, kept_text) if text)
