"""Curves and runs of the Train page: gaps, the readout, colours, the legend, by what an epoch is best, what comes next."""

from __future__ import annotations

import math

import msgspec
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QIcon, QWheelEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.core.events import Batch, Epoch, Finished, RateChanged
from cnnstudio.core.text import set_language
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.figures import TrainFigures
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot, OtherRun
from cnnstudio.gui.pages.train.plots.history import Curves, curves_of, format_best
from cnnstudio.gui.pages.train.plots.quantities import quantity
from cnnstudio.gui.pages.train.runs.colors import RunColors
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.widgets.basics import Label
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.runs.folder import RunSummary
from tests.gui.driving import part, says, texts


def epoch(number: int, best: bool = False, best_by: str = "") -> Epoch:
    return Epoch(epoch=number, epochs=9, seconds=1.0, pictures_per_second=1.0, best=best, best_by=best_by,
                 metrics={"loss": 1 / number, "val_loss": 2 / number, "accuracy": 0.5, "val_accuracy": 0.4 + number / 20})


def batch(number: int, part_of: int, of: int) -> Batch:
    return Batch(epoch=number, batch=part_of, batches=of, metrics={"loss": 1 / number}, pictures_per_second=1.0,
                 seconds_left=1.0)


def run(identifier: str) -> RunSummary:
    return RunSummary(id=identifier, folder=f"/nowhere/{identifier}", state="finished", epochs=3, planned=3, has_model=True)


@pytest.fixture
def plot(qtbot, qapp):
    theme.apply(qapp, "light")
    result = CurvePlot(quantity("loss"))
    qtbot.addWidget(result)
    result.resize(500, 320)
    result.show()
    qtbot.waitExposed(result)
    return result


def test_no_line_is_drawn_over_epochs_whose_batches_are_unknown(plot):
    # A fast training: of epochs 2 to 6 no batch was kept.
    curves = curves_of([batch(1, 1, 4), batch(1, 2, 4), batch(7, 4, 4), batch(8, 2, 4), batch(8, 4, 4)])
    assert curves.gaps().tolist() == [False, True, False, False]
    plot.show_curves(curves)
    path = plot._raw.curve.getPath()
    starts = [number for number in range(path.elementCount()) if path.elementAt(number).isMoveTo()]
    assert len(starts) == 2, "the faint curve has two parts"


def test_a_curve_with_many_values_keeps_its_gaps_when_it_is_thinned(plot):
    events = [batch(1, number, 900) for number in range(1, 901)] + [batch(5, number, 900) for number in range(1, 901)]
    plot.show_curves(curves_of(events))
    path = plot._raw.curve.getPath()
    assert sum(path.elementAt(number).isMoveTo() for number in range(path.elementCount())) == 2


def test_the_readout_of_another_run_does_not_stay(plot):
    plot.show_curves(curves_of([epoch(1), epoch(2), epoch(3)]))
    middle = plot._item.getViewBox().sceneBoundingRect().center()
    plot._plot.scene().sigMouseMoved.emit(middle)
    assert "Epoch" in plot.readout
    plot.show_curves(curves_of([epoch(1), epoch(2)]))
    assert plot.readout == ""
    plot._plot.scene().sigMouseMoved.emit(middle)
    assert plot.readout
    QApplication.sendEvent(plot._plot, QEvent(QEvent.Type.Leave))
    assert plot.readout == ""


def test_the_readout_stays_inside_the_plot(plot):
    plot.resize(320, 320)
    events = [epoch(1), epoch(2), epoch(3), epoch(4)]
    plot.show_curves(curves_of(events))
    plot.show_others({"a": OtherRun("2026-11-30-114739-a-long-name", QColor("red"), curves_of(events))})
    box = plot._item.getViewBox()
    for share in (0.05, 0.3, 0.45, 0.6, 0.95):
        area = box.sceneBoundingRect()
        plot._plot.scene().sigMouseMoved.emit(QPointF(area.left() + share * area.width(), area.center().y()))
        rect = plot._readout.mapRectToParent(plot._readout.boundingRect())
        assert rect.left() >= -1 and rect.right() <= box.width() + 1, (share, rect, box.width())


def test_a_rate_that_is_reduced_after_an_epoch_is_one_step():
    told = epoch(1)
    told = msgspec.structs.replace(told, metrics=told.metrics | {"learning_rate": 0.1})
    changed = RateChanged(epoch=1, batch=0, before=0.1, after=0.01, by="ReduceLROnPlateau")
    after = msgspec.structs.replace(epoch(2), metrics={"loss": 1.0, "learning_rate": 0.01})
    x, rates = curves_of([changed, told, after]).load("learning_rate")
    assert (list(x), list(rates)) == ([1, 1, 2], [0.1, 0.01, 0.01])


def test_a_value_that_never_changes_has_a_scale_that_suits_it(qtbot, qapp):
    theme.apply(qapp, "light")
    plot = CurvePlot(quantity("learning_rate"))
    qtbot.addWidget(plot)
    told = [msgspec.structs.replace(epoch(number), metrics={"loss": 1.0, "learning_rate": 0.001}) for number in (1, 2, 3)]
    for _again in range(3):
        plot.show_curves(curves_of(told))
        low, high = plot._item.getViewBox().viewRange()[1]
        assert (low, high) == pytest.approx((0, 0.002), abs=2e-4)


def test_a_logarithmic_axis_writes_numbers_in_the_language_and_leaves_room(plot):
    axis = plot._item.getAxis("left")
    axis.setLogMode(True)
    values = [math.log10(digit / 10) for digit in range(2, 10)]
    assert [text for text in axis.tickStrings(values, 1, 1) if text] == ["0.2", "0.3", "0.5"]
    set_language("es")
    assert axis.tickStrings([math.log10(0.6), math.log10(0.7)], 1, 1) == ["0,6", "0,7"]


def test_the_axes_of_a_run_without_values_have_no_numbers_of_another(plot):
    plot.show_curves(curves_of([epoch(number) for number in range(1, 60)]))
    assert plot._item.viewRange()[0][1] > 50
    plot.show_curves(Curves())
    assert plot._item.viewRange()[0][1] < 2
    plot.show_curves(curves_of([epoch(number) for number in range(1, 60)]))
    assert plot._item.viewRange()[0][1] > 50


def test_the_wheel_over_a_plot_scrolls_the_page_and_zooms_with_ctrl(plot):
    plot.show_curves(curves_of([epoch(number) for number in range(1, 9)]))
    before = plot._item.viewRange()[0]

    def turn(modifiers: Qt.KeyboardModifier) -> bool:
        where = QPointF(plot._plot.rect().center())
        event = QWheelEvent(where, QPointF(plot._plot.mapToGlobal(where.toPoint())), QPoint(), QPoint(0, 120),
                            Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False)
        QApplication.sendEvent(plot._plot.viewport(), event)
        return event.isAccepted()

    assert not turn(Qt.KeyboardModifier.NoModifier)
    assert plot._item.viewRange()[0] == before
    assert turn(Qt.KeyboardModifier.ControlModifier)
    assert plot._item.viewRange()[0] != before


def test_best_says_by_what(plot, qtbot):
    curves = curves_of([epoch(1), epoch(2, best=True, best_by="val_accuracy"), epoch(3)])
    plot.show_curves(curves)
    assert plot._best.label.toPlainText() == "highest val. accuracy, epoch 2"
    figures = TrainFigures()
    qtbot.addWidget(figures)
    figures.show_curves(curves, running=False, paused=False, planned=9)
    assert "epoch 2: 50.0%, highest val. accuracy" in texts(figures)
    set_language("es")
    assert format_best("val_loss") == "menor pérdida de validación"


def test_a_paused_training_says_so(qtbot):
    figures = TrainFigures()
    qtbot.addWidget(figures)
    figures.show_curves(curves_of([epoch(1), batch(2, 1, 4)]), running=True, paused=True, planned=9)
    assert says(figures, "paused · batch 1 of 4")


def test_a_run_keeps_its_colour_when_runs_are_added_and_deleted():
    state: dict[str, object] = {}
    colors = RunColors(state)
    colors.follow([run("b"), run("a")])
    before = {name: colors.color(run(name)).name() for name in "ab"}
    colors.follow([run("d"), run("c"), run("b")])
    assert colors.color(run("b")).name() == before["b"]
    assert len({colors.color(run(name)).name() for name in "abcd"}) == 4
    state.clear()
    colors.follow([run("e")])
    assert colors.color(run("e")).name() == before["a"], "another project begins with the first colour"


def test_the_legend_names_the_other_runs(plot):
    other = {f"{number}": OtherRun(f"run <{number}>", theme.class_color(number), curves_of([epoch(1), epoch(2)]))
             for number in range(8)}
    plot.show_others(other)
    legend = next(label for label in plot.findChildren(Label) if "run" in label.text())
    assert legend.isVisibleTo(plot)
    assert "run&nbsp;&lt;0&gt;" in legend.text()
    assert theme.class_color(0).name() in legend.text()
    assert "and 2 more" in legend.text()
    plot.show_others({})
    assert not legend.isVisibleTo(plot)


def test_the_table_of_runs_has_the_colours(qtbot, qapp):
    theme.apply(qapp, "light")
    colors = RunColors({})
    runs = [run("new"), run("old")]
    colors.follow(runs)
    table = RunsTable(colors)
    qtbot.addWidget(table)
    table.show_runs(runs, "new")
    assert part(table, type(table._table)).rows.columns[0].color(runs[1]) == colors.color(runs[1])


def test_curves_begin_without_a_best_epoch():
    curves = Curves()
    curves.take(Finished(run="x"))
    assert (curves.best, curves.best_by) == (None, "")


def test_a_selected_run_keeps_the_colour_of_its_curve(qtbot):
    color = theme.class_color(3)
    table = Table([Column("Run", str, color=lambda _row: color)])
    qtbot.addWidget(table)
    table.set_rows(["a"])
    icon = table.model().index(0, 0).data(Qt.ItemDataRole.DecorationRole)
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        assert QIcon(icon).pixmap(10, 10, mode).toImage().pixelColor(5, 5) == color


def test_without_validation_pictures_nothing_claims_to_be_of_them(qtbot, plot):
    figures = TrainFigures()
    qtbot.addWidget(figures)
    alone = Epoch(epoch=1, epochs=3, seconds=1.0, pictures_per_second=1.0, metrics={"loss": 1.0, "accuracy": 0.5})
    for events, word, other in (([alone], "Training", "Validation"), ([epoch(1)], "Validation", "Training"),
                                ([], "Validation", "Training")):
        figures.show_curves(curves_of(events), running=False, paused=False, planned=3)
        assert f"{word} accuracy" in texts(figures) and f"{other} accuracy" not in texts(figures)
    plot.show_curves(curves_of([alone]))
    assert says(plot, "training") and not says(plot, "validation")
    plot.show_curves(curves_of([epoch(1), epoch(2)]))
    assert says(plot, "validation")
