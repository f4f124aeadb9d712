"""The panel that shows the insides of the layers."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from cnnstudio.core.commands import ObserveLayers
from cnnstudio.core.events import Histogram, LayersObserved, LayerState
from cnnstudio.core.text import set_language
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.live import layers_panel
from cnnstudio.gui.pages.train.live.controls import LiveControls
from cnnstudio.gui.pages.train.live.layer_cells import densities, paint_line, paint_share
from cnnstudio.gui.pages.train.live.layers_panel import LayersPanel
from cnnstudio.gui.pages.train.plots.history import curves_of
from tests.gui.pages.train.test_live import Job
from tests.gui.pages.train.test_plots import Remembering, epoch

VALUES = Histogram(low=-1.0, high=1.0, shares=(0, 250, 500, 250))


def state(name, **values):
    return LayerState(name=name, kind="Conv2D", parameters=1234, **{
        "gradient_norm": 0.5, "update_ratio": 0.001, "weights": VALUES, "activations": VALUES, "dead": 0.0, **values})


def told(number, *layers, batch=0):
    return LayersObserved(epoch=number, batch=batch, layers=layers or (state("conv"), state("output")), pictures=32)


@pytest.fixture
def session():
    return Remembering()


@pytest.fixture
def live(qtbot, qapp, session):
    set_language("en")
    theme.apply(qapp, "light")
    result = LiveControls(session, lambda name: theme.class_color(len(name)))
    for widget in (result.rate, result.answers, result.layers):
        qtbot.addWidget(widget)
    result.layers.resize(900, 500)
    result.layers.show()
    yield result
    result.close()


def test_the_switch_asks_the_training_and_the_next_one(live, session, qtbot):
    job = Job()
    live.follow(job)
    assert job.sent == [], "nothing is measured unless it is wished"
    live.layers._switch.click()
    assert job.sent == [ObserveLayers()]
    live.follow(None)
    live.follow(other := Job())
    assert other.sent == [ObserveLayers()]
    again = LayersPanel(session)
    qtbot.addWidget(again)
    assert again.wishes_anything
    live.layers._switch.click()
    assert other.sent[-1] == ObserveLayers(rows=0)


def test_a_row_for_every_layer_over_the_epochs(live):
    live.show_curves(curves_of([epoch(1, 1.0), told(1), told(2), told(3, state("conv", dead=0.6), state("output"))]))
    table = live.layers._table
    assert len(table._history) == 2 and len(table._history[0]) == 3
    assert "conv, gradient 0.5, update ratio 0.001, dead 60.0%" in table.accessibleDescription()
    assert "Half of the units" in live.layers._readings.text()
    assert "1,234 parameters" in table.words_at(5, 40) and "Half of the units" in table.words_at(5, 40)
    assert "epoch 3: 60.0%" in table.words_at(890, 40)
    assert "rule of thumb" in table.words_at(750, 5)
    assert "from -1 to 1" in table.words_at(200, 90)
    assert table.words_at(5, 5000) == ""
    assert not table.grab().isNull()


def test_epochs_that_are_repeated_after_a_crash_replace_the_earlier_ones():
    curves = curves_of([told(1), told(2), told(2, batch=3), told(3), told(2)])
    assert [(event.epoch, event.batch) for event in curves.layers] == [(1, 0), (2, 3), (2, 0)]


def test_many_layers_have_flat_rows(live):
    live.show_curves(curves_of([told(1, *(state(f"layer_{number}") for number in range(50)))]))
    assert 50 * 20 < live.layers._table.sizeHint().height() < 50 * 30


def test_a_frozen_layer_and_one_that_was_not_there_before(live):
    frozen = state("base/a … z", layers=100, gradient_norm=None, update_ratio=None, weights=None, dead=None)
    live.show_curves(curves_of([told(1, state("output")), told(2, frozen, state("output"))]))
    assert "100 layers" in live.layers._table.words_at(5, 40) and "Frozen" in live.layers._table.words_at(5, 40)
    assert not live.layers._table.grab().isNull()


def test_a_finished_run_without_records_can_be_measured(live, monkeypatch):
    class Run:
        has_model = True

    started = []

    class Measuring:
        def __init__(self, job, *_arguments, **_options):
            self.event, self.ended = Signals(), Signals()
            started.append(self)

    class Signals(list):
        connect = list.append

    monkeypatch.setattr(layers_panel, "layers_job", lambda run: run)
    monkeypatch.setattr(layers_panel, "ChildJob", Measuring)
    live.layers._session.jobs = type("Jobs", (), {"start": lambda _self, _job: None})()
    live.layers.show_run(Run())
    assert not live.layers._measure.isHidden()
    live.layers._measure.click()
    (job,) = started
    assert not live.layers._measure.isEnabled()
    job.event[0](told(7))
    job.ended[0](None)
    assert live.layers._measure.isEnabled() and "Measured now" in live.layers._hint.text()
    assert len(live.layers._table._history) == 2
    live.layers.show_run(None)
    assert not live.layers._table._history, "another run is shown"


def test_histograms_share_a_range():
    wide = Histogram(low=0.0, high=10.0, shares=(1000, 0, 0, 0))
    narrow = Histogram(low=9.0, high=9.001, shares=(500, 500))
    image = densities([wide, None, narrow])
    assert image.shape[1] == 3
    assert image[-1, 0] == 1 and image[0, 0] == 0, "high values are above"
    assert not image[:, 1].any()
    assert int(np.argmax(image[:, 2])) < len(image) / 4 and image[:, 2].sum() == 1
    assert densities([]).shape[1] == 0


def test_a_line_with_gaps_and_shares_are_painted(qapp):
    theme.apply(qapp, "light")
    image = QImage(100, 40, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = QPainter(image)
    paint_line(painter, QRectF(0, 0, 100, 20), [None, 1e-3, 0.0, 1e-9, 1e9], (1e-6, 1.0), QColor("#ff0000"), (1e-4, 1e-2))
    paint_share(painter, QRectF(0, 20, 100, 20), [None, 0.0, 0.5, 1.0], QColor("#00ff00"))
    painter.end()
    colors = {image.pixelColor(x, y).name() for x in range(100) for y in range(40)}
    assert "#00ff00" in colors and "#ff0000" in colors


def test_the_events_are_read_back():
    event = msgspec.structs.replace(told(1), sequence=3, time=1.0)
    from cnnstudio.core.messages import decode_event, encode_event

    assert decode_event(encode_event(event)) == event
