"""Prepare: cards edit the recipe and the augmentation, and the preview follows."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core import edits
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.prepare_preview import (
    BINS,
    GridAsked,
    GridMaker,
    Latest,
    StagesAsked,
    Trouble,
    histogram,
    look_at_stages,
)
from cnnstudio.imaging.prepare import prepare_file


@pytest.fixture
def page(qtbot, window, project_folder):
    with qtbot.waitSignal(window.session.jobs.ended):
        window.perform("open", {"folder": str(project_folder)})
    assert window.go("prepare")
    prepare = window.current
    qtbot.waitUntil(lambda: len(prepare._mosaic.images) == 16 and prepare._strip.titles != [])
    return prepare


def settled(qtbot, page):
    qtbot.waitUntil(lambda: len(page.session.jobs) == 0)


def test_the_stages_and_the_grid_are_shown(page):
    assert page._strip.titles == ["File, upright", "Colour mode", "Resize"]
    assert all(image is not None for image in page._mosaic.images)
    recipe = page.session.project.recipe
    assert page.subtitle().startswith(f"{recipe.width} × {recipe.height} {recipe.color_mode}")


def test_a_field_edits_the_recipe_and_the_preview_follows(qtbot, page):
    form = next(form for card in page._fields for form in card.forms if "width" in form.values)
    form.value_changed.emit("width", 48)
    assert page.session.project.recipe.width == 48
    qtbot.waitUntil(lambda: page._mosaic.images[0].width() == 48)
    qtbot.waitUntil(lambda: page._strip._tiles[2]._look.width == 48)
    page.session.undo()
    assert form.values["width"] == page.session.project.recipe.width
    settled(qtbot, page)


def test_steps_are_added_moved_switched_and_removed(qtbot, page):
    page._steps.add("equalize")
    page._steps.add("gaussian_blur")
    first, second = page._steps.cards.values()
    qtbot.waitUntil(lambda: page._strip.titles[3:] == ["Equalize histogram", "Gaussian blur"])
    second.up.click()
    assert [step.type for step in page.session.project.recipe.steps] == ["gaussian_blur", "equalize"]
    assert list(page._steps.cards.values()) == [second, first]
    first.switched.emit(False)
    assert not page.session.project.recipe.steps[1].enabled
    qtbot.waitUntil(lambda: page._strip.titles[3:] == ["Gaussian blur"])
    second.forms[0].value_changed.emit("kernel_size", 5)
    assert page.session.project.recipe.steps[0].params == {"kernel_size": 5}
    first.removed.emit()
    assert len(page.session.project.recipe.steps) == 1
    page.session.undo()
    assert len(page._steps.cards) == 2
    settled(qtbot, page)


def test_a_problem_is_marked_at_its_step_with_its_fix(qtbot, page):
    page._steps.add("gaussian_blur")
    step = page.session.project.recipe.steps[0].id
    page.session.edit(lambda project: edits.set_step_param(project, "recipe", step, "kernel_size", 1000),
                      Text("Kernel", "Núcleo"))
    assert any(each.where.node == step for each in page.session.check_now())
    card = page._steps.cards[step]
    assert card.property("edge") == "error"
    page.session.undo()
    page.session.check_now()
    assert card.property("edge") == ""
    settled(qtbot, page)


def test_another_picture_can_be_chosen(qtbot, page):
    first = page.picture.id
    page.step(1)
    assert page.picture.id != first
    page.step(-1)
    assert page.picture.id == first
    page.choose_class("dog")
    assert page.picture.class_name == "dog"
    settled(qtbot, page)


def test_shuffle_draws_anew_and_one_picture_can_fill_the_grid(qtbot, page):
    page._augmentation.add("random_brightness")
    page._which.set_value("one")
    page._choose_which("one")
    settled(qtbot, page)
    before = [image.copy() for image in page._mosaic.images]
    page.shuffle()
    qtbot.waitUntil(lambda: page._epoch.text() == "epoch 2")
    assert any(old != new for old, new in zip(before, page._mosaic.images, strict=True))


def test_the_grid_is_the_same_for_the_same_epoch(pictures_folder):
    class Going:
        def check(self):
            return None

    paths = tuple(sorted((pictures_folder / "cat").iterdir()))[:16]
    recipe = {"height": 20, "width": 30, "color_mode": "rgb"}
    steps = [{"id": "a", "type": "random_brightness", "enabled": True, "params": {"factor": 0.4}}]
    maker = GridMaker()
    one, again, other = (maker.make(GridAsked(paths, recipe, steps, 7, epoch), Going()) for epoch in (1, 1, 2))
    assert one == again
    assert one != other
    assert (one[0].width(), one[0].height()) == (30, 20)
    plain = maker.make(GridAsked(paths, recipe, [], 7, 1), Going())
    expected = prepare_file(paths[0], recipe)
    assert plain[0].pixelColor(0, 0).getRgb()[:3] == tuple(int(each) for each in expected[0, 0])


def test_an_unreadable_file_is_explained(tmp_path):
    class Going:
        def check(self):
            return None

    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    found = look_at_stages(StagesAsked(broken, {"height": 8, "width": 8}), Going())
    assert isinstance(found, Trouble)
    assert "broken.png" in found.text


def test_a_histogram_counts_each_channel():
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:, :, 1] = 255
    rows = histogram(picture)
    assert [len(each) for each in rows] == [BINS] * 3
    assert rows[0][0] == 1.0
    assert rows[1][-1] == 1.0
    assert rows[1][0] == 0.0


def test_only_the_newest_request_is_answered_last(qtbot, session):
    done = []
    latest = Latest(session.jobs, "test", lambda request, _report: request, session)
    latest.answered.connect(lambda _request, answer: done.append(answer))
    for number in range(1, 6):
        latest.ask(number)
    qtbot.waitUntil(lambda: bool(done) and done[-1] == 5)
    assert 3 not in done
    latest.close()
