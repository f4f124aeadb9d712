"""Samples of augmentations: what each makes of the picture in view, on its card and in the gallery."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cnnstudio.catalog.augmenting import make_augmenter
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core import edits
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.prepare.samples import SampleMaker, SamplesRequest, is_fine, most_varied
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.picture import image_of

RECIPE = {"height": 48, "width": 64, "color_mode": "rgb"}


class Going:
    """A report that is never cancelled."""

    def check(self):
        return None


@pytest.fixture
def files(tmp_path):
    import cv2

    random = np.random.default_rng(3)
    paths = []
    for number in range(3):
        pixels = cv2.resize(random.integers(0, 255, (6, 8, 3), np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC)
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    return tuple(paths)


def step(kind, **params):
    return {"id": "a", "type": kind, "enabled": True, "params": params}


def make(files, *steps, maker=None):
    return (maker or SampleMaker()).make(SamplesRequest(files, RECIPE, steps, 7), Going())


def test_samples_are_pictures_of_the_training(files):
    wanted = step("random_rotation", factor=0.2)
    samples = make(files, wanted)["a"]
    before = prepare_file(files[0], RECIPE)
    augmenter = make_augmenter([wanted], 48, 64, 3)
    drawn = [image_of(augmenter(before[None], augmenter.draw(7, epoch, np.array([0])))[0]) for epoch in range(1, 25)]
    assert samples.before == image_of(before)
    assert len(samples.after) == 4
    assert all(image in drawn for image in samples.after)


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.id) for entry in AUGMENTATIONS])
def test_every_augmentation_shows_that_it_does_something(files, entry):
    samples = make(files, step(entry.id))["a"]
    assert samples.after
    assert all(image != samples.before for image in samples.after)


def test_a_flip_has_one_result_and_a_step_that_never_happens_none(files):
    assert len(make(files, step("random_flip"))["a"].after) == 1
    assert make(files, step("random_rotation", probability=0.0))["a"].after == ()


def test_without_another_picture_mixing_changes_nothing(files):
    assert make(files[:1], step("mix_up"))["a"].after == ()


def test_wrong_values_and_unreadable_files_have_no_samples(files, tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert make((tmp_path / "broken.png",), step("random_flip")) == {}
    assert make(files, step("random_flip", mode="horizontal"), {**step("unknown"), "id": "b"}).keys() == {"a"}


def test_a_step_that_did_not_change_is_not_computed_again(files):
    maker = SampleMaker()
    first = make(files, step("random_flip"), {**step("random_zoom"), "id": "b"}, maker=maker)
    again = make(files, step("random_flip"), {**step("random_zoom", height_factor=0.5), "id": "b"}, maker=maker)
    assert again["a"] is first["a"]
    assert again["b"] is not first["b"]


def test_the_most_different_come_first():
    before = np.zeros((2, 2, 3), np.uint8)
    results = [before + value for value in np.array([1, 40, 2, 20, 0], np.uint8)]
    assert most_varied(before, results, 3) == [1, 3, 2]
    assert most_varied(before, [before], 3) == []


def test_noise_is_fine_and_a_shift_of_brightness_is_not():
    random = np.random.default_rng(1)
    before = np.full((128, 128, 3), 90, np.uint8)
    noisy = np.clip(before.astype(int) + random.integers(-30, 31, before.shape), 0, 255).astype(np.uint8)
    assert is_fine(before, noisy)
    assert not is_fine(before, before + np.uint8(20))


# On the page -------------------------------------------------------------------------------------

@pytest.fixture
def page(qtbot, window, project_folder):
    with qtbot.waitSignal(window.session.jobs.ended):
        window.perform(OpenProject(str(project_folder)))
    assert window.go("prepare")
    prepare = window.current
    qtbot.waitUntil(lambda: len(prepare.preview.mosaic.images) == 16 and not len(prepare.session.jobs))
    return prepare


def strip(page, number=-1):
    return list(page.recipe_panel.augmentation.cards.values())[number].strip


def test_a_card_shows_samples_that_follow_its_values_and_the_picture(qtbot, page):
    page.recipe_panel.augmentation.add("random_brightness")
    qtbot.waitUntil(lambda: strip(page).samples is not None)
    first = strip(page).samples
    assert "Brightness" in strip(page).accessibleName()
    identifier = page.session.project.augmentation.steps[-1].id
    page.session.edit(lambda project: edits.set_step_param(project, "augmentation", identifier, "factor", 0.6),
                      Text("Factor", "Factor"))
    qtbot.waitUntil(lambda: strip(page).samples is not first)
    assert strip(page).samples.before == first.before
    page.step(1)
    qtbot.waitUntil(lambda: strip(page).samples.before != first.before)
    page.recipe_panel.augmentation.cards[identifier].switched.emit(False)
    assert strip(page).isHidden()
    qtbot.waitUntil(lambda: not len(page.session.jobs))


def test_a_recipe_step_has_no_strip(qtbot, page):
    page.recipe_panel.steps.add("equalize")
    assert next(iter(page.recipe_panel.steps.cards.values())).strip is None
    qtbot.waitUntil(lambda: not len(page.session.jobs))


def test_the_gallery_shows_all_augmentations_and_adds_one_by_keys(qtbot, page):
    augmentation = page.recipe_panel.augmentation
    augmentation.add_button.click()
    gallery = augmentation.gallery
    assert gallery.isVisible()
    assert set(gallery.tiles) == set(AUGMENTATIONS.ids())
    qtbot.waitUntil(lambda: all(tile.samples is not None for tile in gallery.tiles.values()), timeout=20_000)
    tiles = list(gallery.tiles.values())

    def type_key(key):
        QTest.keyClick(next((tile for tile in tiles if tile.hasFocus()), tiles[0]), key)

    assert tiles[0].hasFocus()
    type_key(Qt.Key.Key_Right)
    assert tiles[1].hasFocus()
    type_key(Qt.Key.Key_Down)
    below = next(tile for tile in tiles if tile.hasFocus())
    assert below.mapTo(gallery, below.rect().center()).y() > tiles[1].mapTo(gallery, tiles[1].rect().center()).y()
    type_key(Qt.Key.Key_Z)
    assert gallery.tiles["random_zoom"].hasFocus()
    type_key(Qt.Key.Key_Return)
    assert not gallery.isVisible()
    assert page.session.project.augmentation.steps[-1].type == "random_zoom"
    augmentation.add_button.click()
    type_key(Qt.Key.Key_Escape)
    assert not gallery.isVisible()
    qtbot.waitUntil(lambda: not len(page.session.jobs))
