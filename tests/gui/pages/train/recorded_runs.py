"""Runs that were recorded, and what the Train page shows of them."""

from __future__ import annotations

import pyqtgraph as pg

from cnnstudio.core.events import Batch, Epoch, Hello, Phase
from cnnstudio.core.messages import encode_event
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot
from cnnstudio.gui.widgets.basics import Button, Caption
from cnnstudio.gui.widgets.cards import KeyFigure
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui import driving

EVENTS = [
    Hello(sequence=1, time=1.0, pid=1, versions={"keras": "3"}, device="CPU: 2 cores"),
    Phase(sequence=2, time=1.0, name="training", text=Text("Training", "Entrenando")),
    *(event for epoch in (1, 2, 3) for event in (
        *(Batch(epoch=epoch, batch=batch, batches=4, metrics={"loss": 1 / epoch + batch / 100, "accuracy": epoch / 4},
                pictures_per_second=100.0, seconds_left=9.0, time=2.0) for batch in (1, 2, 3, 4)),
        Epoch(epoch=epoch, epochs=3, metrics={"loss": 1 / epoch, "accuracy": epoch / 4, "val_loss": 2 / epoch,
                                              "val_accuracy": 0.5 + epoch / 10},
              seconds=1.0, pictures_per_second=100.0, best=epoch != 3, time=3.0))),
]


def recorded(page, last, events=EVENTS) -> RunFolder:
    """A run on the disk with these events, as the engine leaves it."""
    session = page.session
    run, _job = prepare_training(session.folder, session.project, page.workspace.collection.index)
    run.events_path.write_bytes(b"\n".join(encode_event(event) for event in [*events, last]) + b"\n")
    session.announce("runs")
    return run


def figure(page, caption) -> str:
    """The number and the note of the key figure with this caption."""
    return next(figure.accessibleDescription() for figure in driving.parts(page, KeyFigure)
                if caption in [label.text() for label in figure.findChildren(Caption)])


def loss_plot(page) -> CurvePlot:
    """The plot of the loss."""
    return next(plot for plot in driving.root(page).findChildren(CurvePlot) if "Loss" in driving.texts(plot))


def plot_item(plot) -> pg.PlotItem:
    """The axes and curves of a plot."""
    return plot.findChild(pg.PlotWidget).getPlotItem()


def vertical_lines(plot) -> list[pg.InfiniteLine]:
    """The visible vertical lines of a plot."""
    return [item for item in plot_item(plot).items if isinstance(item, pg.InfiniteLine) and item.isVisible()]


def best_label(plot) -> pg.InfLineLabel:
    """The label of the line at the best epoch."""
    (label,) = [line.label for line in vertical_lines(plot) if "best" in line.label.toPlainText()]
    return label


def buttons(page) -> list[str]:
    """The texts of the visible buttons."""
    return [button.text() for button in driving.parts(page, Button)]


def state(page) -> str:
    """The state of the first run in the table."""
    table = driving.field(page, "Runs")
    return driving.rows(table)[0][driving.column(table, "State")]
