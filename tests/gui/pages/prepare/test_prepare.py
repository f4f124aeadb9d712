"""Prepare: cards edit the recipe and the augmentation, and the preview follows."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt
from PySide6.QtGui import QDropEvent

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core import edits
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Filter
from cnnstudio.gui.pages.prepare.preview import (
    BINS,
    GridMaker,
    GridRequest,
    StagesRequest,
    histogram,
    make_stage_rows,
)
from cnnstudio.gui.pages.prepare.steps import STEP_MIME
from cnnstudio.gui.state.commands import MeasureStatistics
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.widgets.form import Form
from tests.gui.driving import parts, press, texts


def training(page):
    """Ids of the training pictures, as a training takes them."""
    names = page.workspace.counts.class_names
    return list(page.workspace.collection.ids(Filter(classes=names, splits=("train",), excluded="hide")))


def settled(qtbot, page):
    qtbot.waitUntil(lambda: len(page.session.jobs) == 0)


def test_the_stages_and_the_grid_are_shown(page):
    assert page.preview.strip.titles == ["Original picture", "Colour mode", "Resize"]
    assert all(image is not None for image in page.preview.mosaic.images)
    recipe = page.session.project.recipe
    assert page.subtitle().startswith(f"{recipe.width} × {recipe.height} {recipe.color_mode}")


def test_a_field_edits_the_recipe_and_the_preview_follows(qtbot, page):
    form = next(form for form in parts(page.recipe_panel, Form) if "width" in form.values)
    form.value_changed.emit("width", 48)
    assert page.session.project.recipe.width == 48
    qtbot.waitUntil(lambda: page.preview.mosaic.images[0].width() == 48)
    qtbot.waitUntil(lambda: page.preview.strip.tiles[2].look.width == 48)
    page.session.undo()
    assert form.values["width"] == page.session.project.recipe.width
    settled(qtbot, page)


def test_steps_are_added_moved_switched_and_removed(qtbot, page):
    page.recipe_panel.steps.add("equalize")
    page.recipe_panel.steps.add("gaussian_blur")
    first, second = page.recipe_panel.steps.cards.values()
    qtbot.waitUntil(lambda: page.preview.strip.titles[3:] == ["Equalise histogram", "Gaussian blur"])
    second.up.click()
    assert [step.type for step in page.session.project.recipe.steps] == ["gaussian_blur", "equalize"]
    assert list(page.recipe_panel.steps.cards.values()) == [second, first]
    first.switched.emit(False)
    assert not page.session.project.recipe.steps[1].enabled
    qtbot.waitUntil(lambda: page.preview.strip.titles[3:] == ["Gaussian blur"])
    second.forms[0].value_changed.emit("kernel_size", 5)
    assert page.session.project.recipe.steps[0].params == {"kernel_size": 5}
    first.removed.emit()
    assert len(page.session.project.recipe.steps) == 1
    page.session.undo()
    assert len(page.recipe_panel.steps.cards) == 2
    settled(qtbot, page)


def test_a_problem_is_marked_at_its_step_with_its_fix(qtbot, page):
    page.recipe_panel.steps.add("gaussian_blur")
    step = page.session.project.recipe.steps[0].id
    page.session.edit(lambda project: edits.set_step_param(project, "recipe", step, "kernel_size", 1000),
                      Text("Kernel", "Núcleo"))
    assert any(problem.where.node == step for problem in page.workspace.checks.check_now())
    card = page.recipe_panel.steps.cards[step]
    assert card.property("edge") == "error"
    page.session.undo()
    page.workspace.checks.check_now()
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
    page.recipe_panel.augmentation.add("random_brightness")
    press(page.preview, "This picture")
    settled(qtbot, page)
    before = [image.copy() for image in page.preview.mosaic.images]
    press(page.preview, "Shuffle")
    qtbot.waitUntil(lambda: page.preview.epoch.text() == "epochs 17 to 32")
    assert any(old != new for old, new in zip(before, page.preview.mosaic.images, strict=True))


class Going:
    """A report that is never cancelled."""

    def check(self):
        return None


def asked_for(paths, steps, epoch, position=None):
    def files(positions):
        return [paths[position] for position in positions]

    return GridRequest(files, len(paths), {"height": 20, "width": 30, "color_mode": "rgb"}, steps, 7, epoch, 5, position)


def test_the_grid_is_the_first_batch_of_its_epoch(pictures_folder):
    from cnnstudio.catalog.augmenting import make_augmenter
    from cnnstudio.imaging.counter_rng import epoch_order

    paths = tuple(sorted((pictures_folder / "cat").iterdir()))
    steps = [{"id": "a", "type": "random_brightness", "enabled": True, "params": {"factor": 0.4}}]
    maker = GridMaker()
    one, again, other = (maker.make(asked_for(paths, steps, epoch), Going()) for epoch in (1, 1, 2))
    assert one == again
    assert one != other
    order = epoch_order(len(paths), 7, 2)[:16]
    assert [cell.position for cell in other] == order.tolist()
    recipe = {"height": 20, "width": 30, "color_mode": "rgb"}
    augmenter = make_augmenter(steps, 20, 30, 3)
    wanted = augmenter(np.stack([prepare_file(paths[position], recipe) for position in order]), augmenter.draw(7, 2, order))
    for cell, picture in zip(other, wanted, strict=True):
        assert (cell.image.width(), cell.image.height()) == (30, 20)
        assert cell.image.pixelColor(3, 5).getRgb()[:3] == tuple(int(value) for value in picture[5, 3])
        assert cell.shares == {}


def test_mixed_cells_know_what_they_are_mixed_from(pictures_folder):
    paths = tuple(sorted((pictures_folder / "cat").iterdir()))
    steps = [{"id": "m", "type": "mix_up", "enabled": True, "params": {"alpha": 4.0}}]
    cells = GridMaker().make(asked_for(paths, steps, 1), Going())
    mixed = [cell for cell in cells if cell.shares]
    assert len(mixed) >= 4
    for cell in mixed:
        assert cell.position in cell.shares
        assert sum(cell.shares.values()) == pytest.approx(1.0)


def test_one_picture_is_shown_in_sixteen_epochs(pictures_folder):
    paths = tuple(sorted((pictures_folder / "cat").iterdir()))
    steps = [{"id": "a", "type": "random_brightness", "enabled": True, "params": {"factor": 0.4}}]
    maker = GridMaker()
    first, later = (maker.make(asked_for(paths, steps, epoch, 2), Going()) for epoch in (1, 5))
    assert {cell.position for cell in first} == {2}
    assert [cell.image for cell in first[4:]] == [cell.image for cell in later[:12]]
    assert first[0].image != first[1].image


def test_an_unreadable_file_is_explained_and_others_beside_it_are_shown(tmp_path, pictures_folder):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    recipe = {"height": 8, "width": 8}
    failure = make_stage_rows(StagesRequest((broken,), recipe), Going())
    assert isinstance(failure, Failure)
    assert "broken.png" in failure.text
    good = next(iter(sorted((pictures_folder / "cat").iterdir())))
    rows = make_stage_rows(StagesRequest((broken, good), recipe, ("a", "b")), Going())
    assert [row.id for row in rows] == ["decoded", "color_mode", "resize"]
    assert [look is None for look in rows[2].looks] == [True, False]


def test_a_histogram_counts_each_channel():
    picture = np.zeros((4, 4, 3), np.uint8)
    picture[:, :, 1] = 255
    rows = histogram(picture)
    assert [len(row) for row in rows] == [BINS] * 3
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


def test_a_step_is_duplicated_and_dragged(qtbot, page):
    for kind in ("equalize", "clahe", "gaussian_blur"):
        page.recipe_panel.steps.add(kind)
    page.recipe_panel.steps.cards["clahe"].duplicated.emit()

    def order():
        return [step.id for step in page.session.project.recipe.steps]

    assert order() == ["equalize", "clahe", "clahe_2", "gaussian_blur"]
    assert list(page.recipe_panel.steps.cards) == order()
    steps = page.recipe_panel.steps
    qtbot.waitUntil(lambda: steps.cards["gaussian_blur"].y() > steps.cards["clahe_2"].y() > 0)
    mime = QMimeData()
    mime.setData(STEP_MIME, b"recipe gaussian_blur")

    def drop(y, data=mime):
        place = QPointF(20, y)
        steps.dropEvent(QDropEvent(place, Qt.DropAction.MoveAction, data, Qt.MouseButton.LeftButton,
                                   Qt.KeyboardModifier.NoModifier))

    drop(2)
    assert order() == ["gaussian_blur", "equalize", "clahe", "clahe_2"]
    qtbot.waitUntil(lambda: 0 <= steps.cards["gaussian_blur"].y() < steps.cards["equalize"].y())
    drop(steps.height())
    assert order() == ["equalize", "clahe", "clahe_2", "gaussian_blur"]
    other = QMimeData()
    other.setData(STEP_MIME, b"augmentation gaussian_blur")
    drop(2, other)
    assert order() == ["equalize", "clahe", "clahe_2", "gaussian_blur"]
    settled(qtbot, page)


def test_the_stages_stand_once_and_larger_where_there_is_room(qtbot, page):
    page.recipe_panel.steps.add("equalize")
    strip = page.preview.strip
    qtbot.waitUntil(lambda: [len(tile.looks) for tile in strip.tiles] == [1] * 4)
    press(page.preview, "One of each class")
    count = len(page.workspace.counts.class_names)
    qtbot.waitUntil(lambda: [len(tile.looks) for tile in strip.tiles] == [count] * 4)
    assert strip.tiles[0].captions == page.workspace.counts.class_names
    press(page.preview, "One picture")
    qtbot.waitUntil(lambda: [len(tile.looks) for tile in strip.tiles] == [1] * 4)
    low = strip.tiles[0].height()
    strip.setFixedWidth(1200)
    assert strip.tiles[0].height() > low and strip.tiles[0].width() > 250
    settled(qtbot, page)


def test_mean_and_deviation_are_measured_shown_and_told_when_stale(qtbot, page):
    form = next(form for form in parts(page.recipe_panel, Form) if "normalization" in form.values)
    form.value_changed.emit("normalization", "standardize")
    card = page.recipe_panel.normalization
    assert card.measure.isVisibleTo(card)

    def codes():
        return [problem.code for problem in page.workspace.checks.check_now() if problem.where.field == "normalization"]

    assert codes()[:1] == ["not_measured"]
    page.handle(MeasureStatistics())
    qtbot.waitUntil(lambda: len(page.session.project.recipe.mean) == page.session.project.recipe.channels)
    assert "not_measured" not in codes()
    assert "stale_statistics" not in codes()
    recipe = page.session.project.recipe
    paths = [page.workspace.collection.path(picture) for picture in page.workspace.collection.rows(training(page))]
    pixels = np.stack([prepare_file(path, recipe.as_dictionary()) for path in paths])
    assert recipe.mean == pytest.approx(pixels.mean(axis=(0, 1, 2)), abs=1e-3)
    assert card.facts.facts[0][1] == f"{recipe.mean[0]:.2f} ± {recipe.deviation[0]:.2f}"
    page.recipe_panel.steps.add("equalize")
    assert "stale_statistics" in codes()
    settled(qtbot, page)


def test_the_pipeline_shows_the_chain_a_real_batch_and_the_code(qtbot, page):
    page.recipe_panel.augmentation.add("random_flip")
    page.show_view("pipeline")
    view = page.pipeline
    qtbot.waitUntil(lambda: len(view.pictures) > 0)
    assert any(re.search(r"\bcat: \d+", text) for text in texts(view)), "a count does not look like part of the name"
    names = [operation.id for operation in view.operations]
    assert names == ["from_tensor_slices", "map", "cache", "shuffle", "apply", "map", "batch", "repeat", "prefetch"]
    project = page.session.project
    assert len(view.pictures) == min(project.training.batch_size, len(training(page)))
    assert f".shuffle({len(training(page))}, seed=SEED)" in view.code
    assert "def augment(picture, rng):" in view.code
    press(view.which, "Code")
    page.session.edit(lambda project: edits.set_field(project, "training", "batch_size", 5), Text("Batch", "Lote"))
    assert ".batch(5)" in view.code
    qtbot.waitUntil(lambda: len(view.pictures) == 5)
    settled(qtbot, page)


@pytest.mark.parametrize(("label_mode", "wanted"), [
    ("int", ["1", "0"]), ("binary", ["[0.75]", "[0]"]), ("categorical", ["[0.25, 0.75]", "[1, 0]"])])
def test_labels_are_written_as_the_loss_gets_them(label_mode, wanted):
    from cnnstudio.gui.pages.prepare.pipeline import label_text

    assert [label_text(np.asarray(label, np.float32), label_mode) for label in ([0.25, 0.75], [1, 0])] == wanted


def test_a_long_label_names_its_places():
    from cnnstudio.gui.pages.prepare.pipeline import label_text

    assert label_text(np.asarray([0, 0, 0.25, 0, 0.75], np.float32), "categorical") == "[2] = 0.25\n[4] = 0.75"
