"""Setting up a search: what varies, by what it is judged, what is wrong with it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cnnstudio.core.search import Choices, Objective, Range
from cnnstudio.gui.pages.search.setup.key_dialog import KeyDialog
from cnnstudio.gui.pages.search.setup.panel import SearchSetup
from cnnstudio.gui.widgets.inputs import SearchBox, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from tests.gui.driving import button, card, choose, field, part, press, rows, says


@pytest.fixture
def page(open_page):
    return open_page()


def setup(page) -> SearchSetup:
    return part(page.parent(), SearchSetup)


def varied(page) -> dict:
    return {item.key: item.values for item in setup(page).spec.varied}


def number(where, name: str, value: float) -> None:
    """Type a number into a field of a card."""
    box = next(child for child in where.findChildren(NumberBox) if child.accessibleName() == name)
    box.setText(str(value))
    box.editingFinished.emit()


def take_key(monkeypatch, page, words: str) -> list[list[str]]:
    """Choose the first setting that is found by these words; what was listed."""
    listed = []

    def answer(dialog: KeyDialog) -> int:
        part(dialog, SearchBox).setText(words)
        listed.extend(rows(dialog.table))
        QTest.keyClick(part(dialog, SearchBox), Qt.Key.Key_Down)
        QTest.keyClick(part(dialog, SearchBox), Qt.Key.Key_Up)
        press(dialog, "Vary it")
        return dialog.result()

    monkeypatch.setattr(KeyDialog, "exec", answer)
    press(page, "Vary another setting…")
    return listed


def test_a_first_search_varies_what_matters_most(page):
    assert list(varied(page)) == ["training.optimizer.learning_rate", "training.batch_size"]
    assert varied(page)["training.optimizer.learning_rate"] == Range(low=1e-4, high=1e-2, log=True)
    assert varied(page)["training.batch_size"] == Range(low=16, high=64, log=True, whole=True)
    setup(page).check_now()
    assert says(page, "Continuous ranges") and says(page, "No forecast yet")


def test_a_setting_is_found_by_its_name(monkeypatch, page):
    listed = take_key(monkeypatch, page, "activation conv_2")
    assert listed and all("conv_2" in line[1] for line in listed)
    assert varied(page)["network.conv_2.activation"].values[0] == "tanh"
    taken = take_key(monkeypatch, page, "activation conv_2")
    assert all(line != listed[0] for line in taken)


def test_a_setting_is_no_longer_varied(page):
    press(page, "Do not vary Batch size")
    assert list(varied(page)) == ["training.optimizer.learning_rate"]


def test_a_range_follows_its_fields(page):
    rate = card(page, "Learning rate")
    number(rate, "From", 0.0005)
    number(rate, "To", 0.05)
    part(rate, Switch).click()
    number(rate, "Step", 0.0005)
    assert varied(page)["training.optimizer.learning_rate"] == Range(low=0.0005, high=0.05, log=False, step=0.0005)
    setup(page).check_now()
    assert not setup(page).problems and button(page, "Start the search").isEnabled()


def test_an_empty_range_is_marked_and_blocks(page):
    number(card(page, "Learning rate"), "From", 0.5)
    setup(page).check_now()
    assert says(card(page, "Learning rate"), "the lower end of a range must be less than the upper one")
    assert not button(page, "Start the search").isEnabled()


def test_nothing_to_vary_is_said(page):
    press(page, "Do not vary Batch size")
    press(page, "Do not vary Learning rate")
    setup(page).check_now()
    assert says(page, "Choose at least one setting to vary.") and not button(page, "Start the search").isEnabled()


def test_choices_are_chips(monkeypatch, page):
    take_key(monkeypatch, page, "augmentation strength")
    strength = card(page, "Augmentation strength")
    before = varied(page)["augmentation.preset"].values
    press(strength, "Strong")
    assert set(varied(page)["augmentation.preset"].values) == {*before, "strong"}
    for chip in ("None", "Light", "Standard"):
        press(strength, chip)
    setup(page).check_now()
    assert varied(page)["augmentation.preset"] == Choices(values=("strong",))
    assert says(strength, "needs at least two different values")


def test_a_second_objective_switches_the_pruner_off(page):
    assert setup(page).spec.pruner == "median"
    press(page, "Another objective")
    assert setup(page).spec.objectives == (Objective(name="val_accuracy"), Objective(name="parameters", direction="minimize"))
    assert setup(page).spec.pruner == "none"
    choose(field(page, "Objective 2"), "Latency")
    assert setup(page).spec.objectives[1] == Objective(name="latency", direction="minimize")
    press(page, "Remove Latency")
    assert len(setup(page).spec.objectives) == 1


def test_a_pruner_for_several_objectives_is_refused_where_it_is(page):
    press(page, "Another objective")
    choose(field(page, "Early end of trials"), "Median")
    setup(page).check_now()
    assert says(page, "With several objectives no trial can be ended early")


def test_a_grid_tells_its_size(page):
    choose(field(page, "Sampler"), "Grid")
    assert says(page, "The grid has 25 combinations; 20 of them are tried.")
    assert says(page, "Tries every combination")


def test_the_time_is_in_hours(page):
    number(setup(page), "At most", 1.5)
    assert setup(page).spec.seconds == 5400


def test_the_next_search_begins_as_the_last(searched, open_page):
    folder = searched()
    page = open_page()
    assert setup(page).spec == folder.spec()
    setup(page).check_now()
    assert says(page, "as long a trial as in the last search")
