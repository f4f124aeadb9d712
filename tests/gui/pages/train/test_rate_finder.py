"""The learning-rate finder in the window."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from cnnstudio.core.events import Failed, Finished, Stopped
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.core.trial_jobs import RatesTried, TryRates
from cnnstudio.gui.pages.train.trials import rate_finder
from cnnstudio.gui.pages.train.trials.rate_finder import RateFinderDialog, format_rate
from cnnstudio.gui.pages.train.trials.rate_plot import RatePlot
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.state.jobs import Job
from tests.gui.driving import button, part, press, says

RATES = np.geomspace(1e-6, 10, 40)
FOUND = RatesTried(curve=tuple((rate, 2.0 - number / 40) for number, rate in enumerate(RATES.tolist())),
                   suggestions={"valley": 1.5321e-3, "steep": 6e-4, "minimum": 3.1e-3, "slide": 2.9e-2})


class Scripted(Job):
    """Stands for the child: tells what it is given."""

    told: list[object] = []
    last: object = Finished()

    def __init__(self, job, label, kind, **_options):
        super().__init__(label, kind)
        self.wanted = job

    def _work(self):
        for event in self.told:
            self._arrived.emit(event)
        self._over.emit(type(self).last)


@pytest.fixture
def scripted(monkeypatch):
    """The dialog's child is scripted."""
    class Child(Scripted):
        told = [FOUND]

    monkeypatch.setattr(rate_finder, "ChildJob", Child)
    return Child


@pytest.mark.usefixtures("scripted")
def test_a_suggestion_is_taken_into_the_stage(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("train")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    press(window.current, "Find a learning rate")
    dialog = part(window, RateFinderDialog)
    qtbot.waitUntil(lambda: dialog.tried is not None and button(dialog, "Use 0.0015").isVisible(), timeout=20_000)
    assert says(dialog, "Half-way along")
    press(dialog, "Slide")
    assert says(dialog, "before the loss climbs")
    press(dialog, "Use 0.029")
    assert window.session.project.training.stages[0].optimizer.params["learning_rate"] == 0.029
    window.session.undo()
    assert window.session.project.training.stages[0].optimizer.params["learning_rate"] == 0.001


def test_a_click_on_a_line_chooses_its_rule(qtbot, session, scripted):
    dialog = RateFinderDialog(session, a_job, lambda _rate: None)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.tried is not None, timeout=20_000)
    part(dialog, RatePlot).chosen.emit("minimum")
    assert says(dialog, "A tenth of the rate")
    assert button(dialog, "Use 0.0031").isVisible()
    dialog.reject()
    assert scripted.told


def test_losses_are_written_as_they_are(qtbot):
    plot = RatePlot()
    qtbot.addWidget(plot)
    plot.show()
    plot.show_rates(FOUND, {name: name for name in FOUND.suggestions}, "valley")
    small = replace(FOUND, curve=tuple((rate, loss / 4) for rate, loss in FOUND.curve))
    plot.show_rates(small, {name: name for name in FOUND.suggestions}, "valley")
    axis = plot.getPlotItem().getAxis("left")
    qtbot.waitUntil(lambda: axis.range[1] < 1)
    assert axis.autoSIPrefixScale == 1.0
    assert "x0.001" not in axis.labelString()


@pytest.mark.parametrize(("losses", "highest"), [((2.3, 2.2, 2.0, 3.0, 9.0), 2.7), ((2.3, 2.0, 1.8, 1.9), 2.4),
                                                 ((2.0, 3.0, 9.0), 9.9)])
def test_a_loss_that_runs_away_does_not_hide_the_fall(qtbot, losses, highest):
    plot = RatePlot()
    qtbot.addWidget(plot)
    plot.show()
    plot.show_rates(replace(FOUND, curve=tuple(zip(RATES.tolist(), losses, strict=False))),
                    {name: name for name in FOUND.suggestions}, "valley")
    fall = losses[:losses.index(min(losses)) + 1]

    def is_shown():
        low, high = plot.getPlotItem().viewRange()[1]
        return low < min(fall) and max(fall) < high < highest

    # A range that follows the data is set before the next paint.
    qtbot.waitUntil(is_shown)


def test_what_goes_wrong_is_shown_in_its_place(qtbot, session, scripted):
    problem = error("rates_diverge", Text("It ran away.", "Se disparó."), "training")
    scripted.told, scripted.last = [], Failed(problem=problem)
    dialog = RateFinderDialog(session, a_job, lambda _rate: None)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: says(dialog, "It ran away."), timeout=20_000)
    assert button(dialog, "Try again").isVisible()
    assert dialog.tried is None

    def refuse():
        raise ProblemError(error("no_pictures", Text("No pictures.", "Sin imágenes."), "dataset"))

    other = RateFinderDialog(session, refuse, lambda _rate: None)
    qtbot.addWidget(other)
    other.show()
    qtbot.waitUntil(lambda: says(other, "No pictures."), timeout=20_000)
    dialog.reject()
    other.reject()


def test_what_is_stopped_in_the_status_bar_can_be_tried_again(qtbot, session, scripted):
    scripted.last = Stopped(kept=False)
    scripted.told = []
    dialog = RateFinderDialog(session, a_job, lambda _rate: None)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: not len(session.jobs) and says(dialog, "Stopped before"), timeout=20_000)
    scripted.told, scripted.last = [FOUND], Finished()
    press(dialog, "Try again")
    qtbot.waitUntil(lambda: dialog.tried is not None and button(dialog, "Use 0.0015").isVisible(), timeout=20_000)
    dialog.reject()


def a_job() -> TryRates:
    return TryRates(manifest="m.jsonl")


@pytest.mark.parametrize(("rate", "text"), [(1.5321e-3, "0.0015"), (2.53e-5, "2.5e-05"), (0.1, "0.1")])
def test_rates_have_two_digits(rate, text):
    assert format_rate(rate) == text
