"""The plots of the Train page: loads, marks, many values, the choice, the readout of several runs, saving."""

from __future__ import annotations

import csv

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.core.events import (
    Artifact,
    Batch,
    Epoch,
    GpuLoad,
    Hello,
    Observed,
    Paused,
    RateChanged,
    Resources,
)
from cnnstudio.core.problems import ProblemError
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.plots.board import PlotBoard
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot, OtherRun
from cnnstudio.gui.pages.train.plots.history import SMOOTHING, Curves, curves_of
from cnnstudio.gui.pages.train.plots.overlays import others_of
from cnnstudio.gui.pages.train.plots.quantities import quantities_of, quantity
from cnnstudio.gui.pages.train.plots.saving import write_plot
from cnnstudio.gui.pages.train.plots.series import Series, Smoothed
from cnnstudio.workers.runs.folder import RunSummary
from cnnstudio.workers.runs.origin import RunOrigin
from tests.gui.pages.train.recorded_runs import EVENTS


def epoch(number: int, loss: float) -> Epoch:
    return Epoch(epoch=number, epochs=9, seconds=1.0, pictures_per_second=1.0,
                 metrics={"loss": loss, "val_loss": loss, "learning_rate": 0.01 / number})


LOADED = [*EVENTS, Resources(cpu=0.5, memory_mb=800.0, gpus=(
    GpuLoad(name="GPU", load=0.9, memory_mb=2000.0, memory_total_mb=8000.0, temperature=61.0),))]


@pytest.fixture
def plot(qtbot, qapp):
    theme.apply(qapp, "light")
    return shown(qtbot, CurvePlot(quantity("loss")))


def shown(qtbot, widget, width=520, height=340):
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


class Remembering:
    """What the board needs of a session."""

    def __init__(self):
        self.kept = {}
        self.folder = None

    def recall(self, name, default=None):
        return self.kept.get(name, default)

    def remember(self, name, value):
        self.kept[name] = value


# Numbers -----------------------------------------------------------------------------------------


def test_a_view_of_a_series_does_not_change_when_it_is_cut_and_continued():
    series = Series()
    for value in range(1000):
        series.append(value)
    before = series.values
    series.cut(10)
    series.append(-1.0)
    assert before[10] == 10.0 and len(before) == 1000
    assert series.values.tolist() == [*range(10), -1.0]


@pytest.mark.parametrize("weight", [0.0, 0.9, 0.999])
def test_the_moving_average_is_that_of_its_definition_however_the_values_arrive(weight):
    values = np.random.default_rng(1).normal(size=2000)
    wanted, average = [], 0.0
    for number, value in enumerate(values, 1):
        average = weight * average + (1 - weight) * value
        wanted.append(average / (1 - weight ** number))
    np.testing.assert_allclose(Smoothed(weight).of(values), wanted, rtol=1e-9)
    pieces = Smoothed(weight)
    for count in (1, 3, 700, 1300, 2000):
        np.testing.assert_allclose(pieces.of(values[:count]), wanted[:count], rtol=1e-9)


def test_loads_and_rates_have_their_place_among_the_epochs():
    curves = curves_of([*LOADED, Batch(epoch=4, batch=2, batches=4, metrics={"loss": 1.0}, pictures_per_second=50.0,
                                       learning_rate=0.25)])
    assert curves.load("cpu")[0].tolist() == [3.0] and curves.load("cpu")[1].tolist() == [50.0]
    assert curves.load("gpu_temperature")[1].tolist() == [61.0]
    assert curves.load("learning_rate")[0].tolist() == [3.5] and curves.load("learning_rate")[1].tolist() == [0.25]
    assert curves.load("pictures_per_second")[1][-1] == 50.0
    assert [item.id for item in quantities_of(curves)] == [
        "loss", "accuracy", "learning_rate", "pictures_per_second", "cpu", "memory", "gpu", "gpu_memory", "gpu_temperature"]
    assert [item.id for item in quantities_of(Curves())] == ["loss"]


def test_several_gpus_are_drawn_apart_besides_the_busiest():
    def card(load, memory):
        return GpuLoad(name="GPU", load=load, memory_mb=memory, memory_total_mb=8000.0)

    curves = curves_of([*EVENTS, Resources(cpu=0.5, memory_mb=800.0, gpus=(card(0.25, 1000.0), card(0.75, 3000.0)))])
    offered = [item.id for item in quantities_of(curves)]
    assert offered[-4:] == ["gpu_1", "gpu_memory_1", "gpu_2", "gpu_memory_2"]
    assert [curves.load(name)[1].tolist() for name in ("gpu", *offered[-4:])] == [[75.0], [25.0], [1000.0], [75.0], [3000.0]]
    assert [quantity(name) for name in offered] == quantities_of(curves)
    assert (quantity("gpu_memory_2").title.en, quantity("gpu_memory_2").title.es, quantity("gpu_memory_2").unit) == (
        "Memory of GPU 2", "Memoria de la GPU 2", "MB")


def test_repeated_batches_take_their_loads_and_marks_with_them():
    def batch(number):
        return Batch(epoch=1, batch=number, batches=8, metrics={"loss": 1.0}, pictures_per_second=1.0, learning_rate=0.1)

    curves = curves_of([*map(batch, (1, 2, 3, 4, 5)), Paused(), Hello(pid=1), *map(batch, (3, 4))])
    assert curves.batch_x.values.tolist() == [0.125, 0.25, 0.375, 0.5]
    assert curves.load("learning_rate")[0].tolist() == [0.125, 0.25, 0.375, 0.5]
    assert len(curves.smoothed("loss")) == 4
    assert not [mark for mark in curves.marks if mark.kind == "pause"]


def test_what_happened_is_marked_where_it_happened():
    curves = curves_of([
        *EVENTS, RateChanged(epoch=3, batch=0, before=0.01, after=0.003, by="ReduceLROnPlateau"),
        Batch(epoch=4, batch=1, batches=4, metrics={"loss": 1.0}, pictures_per_second=1.0),
        RateChanged(epoch=4, batch=1, before=0.003, after=0.1, by="user"), Paused(), Artifact(kind="checkpoint", path="x"),
        Hello(pid=2)])
    assert [(mark.x, mark.kind) for mark in curves.marks] == [
        (3.0, "rate"), (3.25, "rate"), (3.25, "pause"), (3.25, "checkpoint"), (3.25, "break")]
    assert "ReduceLROnPlateau" in curves.marks[0].text and "0.003" in curves.marks[0].text
    assert "user" not in curves.marks[1].text
    x, rates = curves.load("learning_rate")
    assert list(zip(x.tolist(), rates.tolist(), strict=True)) == [(3.0, 0.01), (3.0, 0.003), (3.25, 0.003), (3.25, 0.1)]


def test_the_first_start_is_no_break():
    assert not curves_of(EVENTS).marks


def test_answers_for_observed_pictures_of_a_repeated_epoch_replace_the_earlier_ones():
    def told(number, batch=0):
        return Observed(epoch=number, batch=batch, pictures=())

    curves = curves_of([told(1, 2), told(1), told(2, 3), told(2), told(2, 3)])
    assert [(event.epoch, event.batch) for event in curves.observed] == [(1, 2), (1, 0), (2, 3)]


# The plot ----------------------------------------------------------------------------------------


def test_a_million_values_are_thinned_to_what_can_be_seen_and_keep_their_extremes(plot):
    curves = Curves()
    values = np.ones(1_000_000)
    values[123_456] = 9.0
    for x, value in zip(np.linspace(0, 10, len(values)), values, strict=True):
        curves.batch_x.append(x)
        curves.batch_values["loss"].append(value)
    plot.show_curves(curves)
    plot.grab()
    drawn = plot._raw.getData()[1]
    assert len(drawn) < 20_000
    assert np.nanmax(drawn) == 9.0


def test_the_readout_names_the_run_that_the_mouse_points_at(plot):
    plot.show_curves(curves_of([epoch(1, 1.0), epoch(2, 1.0)]))
    others = {"a": OtherRun("first <run>", theme.class_color(3), curves_of([epoch(1, 5.0), epoch(2, 5.0)])),
              "b": OtherRun("second", theme.class_color(4), curves_of([epoch(1, 9.0), epoch(2, 9.0)]))}
    plot.show_others(others)
    box = plot._item.getViewBox()
    box.updateAutoRange()
    plot._on_mouse_moved(box.mapViewToScene(QPointF(1.9, 5.2)))
    lines = plot.readout.splitlines()
    assert lines[0] == "Epoch 2"
    assert any("first <run>" in line and "5" in line for line in lines)
    html = plot._readout.textItem.toHtml()
    bold = html.split("font-weight:700")[1] if "font-weight:700" in html else html.split("font-weight:600")[1]
    assert "first" in bold.split("</span>")[0]


def test_a_click_on_the_curve_of_another_run_chooses_it(plot, qtbot):
    plot.show_curves(curves_of([epoch(1, 1.0), epoch(2, 1.0)]))
    plot.show_others({"other": OtherRun("another", theme.class_color(3), curves_of([epoch(1, 5.0), epoch(2, 5.0)]))})
    box = plot._item.getViewBox()
    box.updateAutoRange()

    def click(y):
        where = plot._plot.mapFromScene(box.mapViewToScene(QPointF(1.5, y)))
        QTest.mouseClick(plot._plot.viewport(), Qt.MouseButton.LeftButton, pos=where)

    with qtbot.waitSignal(plot.run_clicked) as clicked:
        click(5.0)
    assert clicked.args == ["other"]
    with qtbot.assertNotEmitted(plot.run_clicked, wait=50):
        click(3.0)


def test_a_mark_is_read_at_its_place(plot):
    plot.show_curves(curves_of([epoch(1, 1.0), epoch(2, 0.9), epoch(3, 0.8), RateChanged(
        epoch=2, batch=0, before=0.01, after=0.003, by="ReduceLROnPlateau")]))
    box = plot._item.getViewBox()
    plot._on_mouse_moved(box.mapViewToScene(QPointF(2.0, 0.9)))
    assert "0.01 → 0.003 (ReduceLROnPlateau)" in plot.readout
    plot._on_mouse_moved(box.mapViewToScene(QPointF(3.0, 0.9)))
    assert "ReduceLROnPlateau" not in plot.readout


def test_a_log_scale_draws_powers_of_ten_and_reads_true_values(plot):
    plot.show_curves(curves_of([epoch(1, 100.0), epoch(2, 1.0)]))
    plot.set_logarithmic(True)
    box = plot._item.getViewBox()
    box.updateAutoRange()
    low, high = plot._item.viewRange()[1]
    assert -1 < low < 0 and 2 < high < 3
    plot._on_mouse_moved(box.mapViewToScene(QPointF(1.0, 1.0)))
    assert "100" in plot.readout


def test_smoothing_by_batches_replaces_the_means_of_epochs(plot):
    plot.show_curves(curves_of(EVENTS))
    assert len(plot._smooth.xData) == 3
    plot.set_smoothing(0.99)
    assert len(plot._smooth.xData) == 12
    plot.set_smoothing(None)
    assert len(plot._smooth.xData) == 3
    assert 0 < SMOOTHING < 1


# Saving ------------------------------------------------------------------------------------------


def test_a_plot_is_saved_as_a_picture_a_drawing_and_numbers(plot, tmp_path):
    plot.show_curves(curves_of([epoch(1, 1.0), epoch(2, 0.5)]))
    plot.show_others({"other": OtherRun("=another", theme.class_color(3), curves_of([epoch(1, 5.0)]))})
    picture = QImage(str(write_plot(plot, tmp_path / "loss.png")))
    assert picture.width() >= 3 * plot.width()
    drawing = write_plot(plot, tmp_path / "loss.svg").read_text()
    assert drawing.startswith("<?xml") and "<path" in drawing and "epoch" in drawing
    rows = list(csv.reader((write_plot(plot, tmp_path / "loss.csv")).read_text().splitlines()))
    assert rows[0] == ["epoch", "curve", "run", "value"]
    assert ["2.0", "validation", "", "0.5"] in rows and ["1.0", "loss", "other", "5.0"] in rows
    assert write_plot(plot, tmp_path / "loss.jpeg").name == "loss.jpeg.png"


def test_the_axes_of_a_drawing_fit_its_curves(plot, tmp_path):
    plot.resize(480, 320)
    plot.show_curves(curves_of([epoch(number, 1.0 / number) for number in range(1, 40)]))
    QApplication.processEvents()
    renderer = QSvgRenderer(str(write_plot(plot, tmp_path / "loss.svg")))
    screen = plot.area.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    drawing = QImage(screen.size(), QImage.Format.Format_RGB32)
    drawing.fill(theme.color("raised"))
    painter = QPainter(drawing)
    renderer.render(painter)
    painter.end()
    drawing = drawing.convertToFormat(QImage.Format.Format_Grayscale8)

    def ink(image):
        """The rows and columns that something is drawn in."""
        pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())[:, :image.width()]
        drawn = np.abs(pixels.astype(int) - pixels[0, -1]) > 12
        return np.flatnonzero(drawn.any(axis=0))[[0, -1]], np.flatnonzero(drawn.any(axis=1))[[0, -1]]

    for before, after in zip(ink(screen), ink(drawing), strict=True):
        assert np.abs(before - after).max() <= 8, (before, after)


def test_a_place_that_cannot_be_written_is_a_problem(plot, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ProblemError):
        write_plot(plot, tmp_path / "file" / "loss.png")


# The board ---------------------------------------------------------------------------------------


@pytest.fixture
def session():
    return Remembering()


@pytest.fixture
def board(qtbot, qapp, session):
    theme.apply(qapp, "light")
    result = shown(qtbot, PlotBoard(session), 1100, 700)
    result.show_curves(curves_of(LOADED))
    return result


def test_the_choice_its_order_and_the_settings_are_remembered(board, session, qtbot):
    assert board.shown == ["loss", "accuracy"]
    board._show_too("cpu")
    board._move("cpu", -1)
    board._hide("accuracy")
    board._set_smoothing(0.99)
    board._scale.click()
    other = shown(qtbot, PlotBoard(session))
    assert other.shown == ["loss", "cpu"]
    assert other._smoothing.value == 0.99 and other._scale.isChecked()
    other._choose(["loss", "accuracy"])
    assert shown(qtbot, PlotBoard(session)).shown == ["loss", "accuracy"]


@pytest.mark.parametrize("kept", [None, 7, {"shown": "loss"}, {"shown": [], "smoothing": "x"}, {"shown": [3, None]}])
def test_a_damaged_choice_gives_the_usual_plots(qtbot, session, kept):
    session.kept["train_plots"] = kept
    assert shown(qtbot, PlotBoard(session)).shown == ["loss", "accuracy"]


def test_two_plots_stand_beside_each_other_where_there_is_room(board):
    first, second = board._plots
    assert first.y() == second.y() and first.x() < second.x()
    board.resize(board._least + 20, 900)
    board.layout().activate()
    assert first.x() == second.x() and first.y() < second.y()


def test_zoom_and_cursor_are_common_to_all_plots(board):
    first, second = board._plots
    first.zoomed.emit((1.0, 2.0))
    assert second._item.viewRange()[0] == [1.0, 2.0]
    first.hovered.emit(2.0)
    assert second._cursor.isVisible() and second._cursor.value() == 2.0
    first.hovered.emit(None)
    assert not second._cursor.isVisible()
    first.zoomed.emit(None)
    second._item.getViewBox().updateAutoRange()
    assert second._item.viewRange()[0][1] > 2.5


def test_one_plot_is_drawn_at_a_time(board):
    curves = curves_of(EVENTS)
    assert board.draw_next(curves)
    assert board._plots[0]._curves is curves and board._plots[1]._curves is not curves
    assert not board.draw_next(curves)
    assert board._plots[1]._curves is curves


def test_the_runs_of_a_group_are_one_band(plot):
    members = tuple(curves_of([epoch(1, loss), epoch(2, loss + 1)]) for loss in (1.0, 2.0, 6.0))
    plot.show_curves(Curves())
    plot.show_others({"first": OtherRun("3 seeds", theme.class_color(2), members[0], members)})
    (line,) = plot.lines
    np.testing.assert_allclose(line.values, [3.0, 4.0])
    (band,) = [item for item in plot._other_items if isinstance(item, pg.FillBetweenItem)]
    low, high = (curve.getData()[1] for curve in band.curves)
    np.testing.assert_allclose((high - low) / 2, np.std([1, 2, 6], ddof=1))
    plot.show_others({})
    assert not plot.lines and band.scene() is None


def test_seeds_are_one_curve_and_other_runs_one_each():
    def run(name, member=0):
        origin = RunOrigin(group="g", grouped_by="seeds", member=member, members=2) if member else RunOrigin()
        return RunSummary(id=name, folder=f"/nowhere/{name}", state="finished", origin=origin)

    runs = [run("other"), run("two", 2), run("one", 1), run("shown")]
    others = others_of(runs, "shown", lambda _run: theme.class_color(0))
    assert list(others) == ["other", "one"], "by the first seed, in whatever order they come"
    assert others["one"].name == "2 seeds, mean ± deviation" and len(others["one"].members) == 2
    assert list(others_of(runs, "two", lambda _run: theme.class_color(0))) == ["other", "one", "shown"]


def test_without_a_choice_the_first_metric_of_the_run_is_plotted(board):
    board.show_curves(curves_of([Epoch(epoch=1, epochs=2, seconds=1.0, pictures_per_second=1.0,
                                       metrics={"loss": 1.0, "f1_score": 0.5, "val_loss": 1.0, "val_f1_score": 0.4})]))
    assert board.shown == ["loss", "f1_score"]
    board._set_smoothing(0.9)
    board.show_curves(curves_of(LOADED))
    assert board.shown == ["loss", "accuracy"], "a smoothing is no choice of plots"
    board._show_too("cpu")
    board.show_curves(Curves())
    assert board.shown == ["loss", "accuracy", "cpu"]
