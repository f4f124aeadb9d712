"""The time machine: what is kept, the slider and its keys, cells of an epoch, and films."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt

from cnnstudio.evaluation.replays import align
from cnnstudio.gui.pages.evaluate import start
from cnnstudio.gui.pages.evaluate.reading import read_evaluation
from cnnstudio.gui.pages.evaluate.replay import view as view_module
from cnnstudio.gui.pages.evaluate.replay.film import frame_of, write_replay_film
from cnnstudio.gui.pages.evaluate.replay.saving import FilmDialog, FilmForm
from cnnstudio.gui.pages.evaluate.replay.view import ReplayView
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.kept_checkpoints import keeps_every_epoch, kept_path
from tests.gui.driving import button, press, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.replay_children import EPOCHS, keep, replay_of
from tests.gui.pages.evaluate.test_evaluate import trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    return trained_run(project_folder)


def keep_models(run: RunFolder, epochs: tuple[int, ...] = EPOCHS) -> None:
    for epoch in epochs:
        path = kept_path(run, "keep", epoch)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"model %d" % epoch)


@pytest.fixture
def view(qtbot, workspace, run) -> Iterator[ReplayView]:
    evaluate_with_answers(run, "test", 2)
    evaluated = run.evaluation("test")
    read = read_evaluation(run, "test", evaluated)
    result = ReplayView(workspace, {})
    qtbot.addWidget(result)
    result.resize(760, 620)
    result.show()
    result.context = EvaluationContext(run=run, split="test", evaluated=evaluated, colors=tuple(range(len(evaluated.classes))),
                                       answers=read.answers, read=read)
    yield result
    result.close_threads()


def shown(qtbot, view: ReplayView) -> ReplayView:
    view.show_evaluation(view.context)
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)
    return view


@pytest.fixture
def replayed(qtbot, view, run) -> ReplayView:
    keep_models(run)
    keep(view_module.Replay(run_folder=str(run.folder), split="test", cache=str(_cache())))
    return shown(qtbot, view)


def _cache() -> Path:
    from cnnstudio.core.places import cache_folder

    return cache_folder()


def test_without_kept_epochs_the_view_says_how_to_keep_them(qtbot, view, project_folder):
    assert view.workspace.session.open(project_folder)
    shown(qtbot, view)
    assert says(view, "A training keeps its best model only")
    press(view, "Keep every epoch")
    assert keeps_every_epoch(view.workspace.session.project)
    assert says(view, "From the next training on, every epoch is kept.")
    view.workspace.session.undo()
    assert not keeps_every_epoch(view.workspace.session.project)


@pytest.mark.parametrize("target", ["child", "failing_child"])
def test_a_click_replays_and_damage_is_told(qtbot, view, run, monkeypatch, target):
    real = start.ChildJob
    monkeypatch.setattr(start, "ChildJob", lambda job, *arguments, **options: real(
        job, *arguments, target=f"tests.gui.pages.evaluate.replay_children:{target}", **options))
    keep_models(run)
    shown(qtbot, view)
    assert not view.player.isVisible()
    press(view, "Replay the epochs")
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)
    if target == "failing_child":
        assert says(view, "All are damaged.")
        return
    assert view._scene.epochs == (1, 4)
    assert says(view, "Left out because their models are damaged: 2.")
    assert not view._more.isVisible()


def test_the_slider_and_the_keys_go_through_the_epochs(qtbot, replayed):
    view, player = replayed, replayed.player
    assert player.index == 2 and view.stage.accessibleDescription().startswith("Epoch 4 of 4")
    view.setFocus()
    for key, index in ((Qt.Key.Key_Home, 0), (Qt.Key.Key_Left, 0), (Qt.Key.Key_Right, 1), (Qt.Key.Key_End, 2)):
        qtbot.keyClick(view, key)
        assert player.index == index
    assert view.state["index"] == 2
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert player.playing and player.index == 0, "from the beginning"
    player._step()
    player._step()
    assert player.index == 2 and not player.playing
    view.stage.grab()


def test_one_kept_epoch_does_not_move(qtbot, view, run):
    keep_models(run, (4,))
    keep(view_module.Replay(run_folder=str(run.folder), split="test", cache=str(_cache())))
    shown(qtbot, view)
    assert says(view, "Only epoch 4 was kept") and button(view, "Keep every epoch").isVisible()
    assert not view.player.slider.isEnabled()
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert not view.player.playing
    view.stage.grab()


def test_new_epochs_are_offered(qtbot, replayed, run):
    keep_models(run, (5,))
    shown(qtbot, replayed)
    assert button(replayed, "Replay 1 more").isVisible()


def test_a_cell_gives_the_pictures_of_that_epoch(qtbot, replayed):
    view = replayed
    view.player.slider.setValue(0)
    replay = view._scene.replays[0]
    confusion = replay.confusion.copy()
    np.fill_diagonal(confusion, 0)
    true, predicted = np.unravel_index(confusion.argmax(), confusion.shape)
    view.stage.grab()
    region = next(region for region in view.stage._regions if region.cell == (true, predicted))
    with qtbot.waitSignal(view.pictures_requested) as asked:
        qtbot.mouseClick(view.stage, Qt.MouseButton.LeftButton, pos=QPoint(*map(int, region.rect.center().toTuple())))
    title, _note, numbers = asked.args
    assert title.startswith("Epoch 1:") and len(numbers) == confusion.max()
    region = next(region for region in view.stage._regions if region.picture == 1)
    with qtbot.waitSignal(view.pictures_requested):
        qtbot.mouseClick(view.stage, Qt.MouseButton.LeftButton, pos=QPoint(*map(int, region.rect.center().toTuple())))


def test_a_film_is_saved_and_can_be_opened(qtbot, replayed, monkeypatch, tmp_path):
    view, told = replayed, []
    view.workspace.session.problem_reported.connect(told.append)
    monkeypatch.setattr(FilmDialog, "exec", lambda _self: True)
    monkeypatch.setattr(FilmDialog, "form", FilmForm((427, 240), 4.0, "dark", ".gif"))
    monkeypatch.setattr(view_module, "ask_save_path", lambda *_arguments: tmp_path / "film")
    view.save_film()
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)
    assert [fix.action for fix in told[0].fixes] == ["open_file", "show_file"]
    with Image.open(tmp_path / "film.gif") as image:
        assert (image.size, image.n_frames) == ((427, 240), 3)
    monkeypatch.setattr(view_module, "ask_save_path", lambda *_arguments: tmp_path / "film.gif" / "x.gif")
    view.save_film()
    qtbot.waitUntil(lambda: not len(view.workspace.session.jobs), timeout=30_000)
    assert says(view, "film.gif")


@pytest.mark.parametrize("classes", [2, 10, 60])
@pytest.mark.parametrize("overlays", [True, False])
@pytest.mark.usefixtures("qtbot")
def test_frames_differ_by_epoch_and_theme(classes, overlays):
    names = tuple(f"class {number}" for number in range(classes))
    labels = np.arange(80) % classes
    paths = tuple(f"/{number}.png" for number in range(80))
    from cnnstudio.gui.look import theme
    from cnnstudio.gui.pages.evaluate.replay.scene import make_scene

    scene = make_scene([replay_of(epoch, paths, labels, names, overlays) for epoch in (1, 3)],
                       [theme.class_color(number) for number in range(classes)], "test")
    first, last = (frame_of(scene, index, (640, 360), "light") for index in (0, 1))
    dark = frame_of(scene, 0, (640, 360), "dark")
    assert first.shape == (360, 640, 3)
    assert (first != last).any()
    assert first[0, 0].min() > 230
    assert dark[0, 0].max() < 40


@pytest.mark.usefixtures("qtbot")
def test_the_name_of_a_class_stays_on_one_line():
    paths, labels = ("/0.png", "/1.png"), np.arange(2)
    from cnnstudio.gui.look import theme
    from cnnstudio.gui.pages.evaluate.replay.scene import make_scene

    scene = make_scene([replay_of(1, paths, labels, ("a\nb", "c & d"))], [theme.class_color(0), theme.class_color(1)], "test")
    assert scene.class_names == ("a\\nb", "c & d")


def test_points_stay_where_their_features_do():
    paths, labels = tuple(map(str, range(9))), np.arange(9) % 3
    one = replay_of(1, paths, labels, ("a", "b", "c"))
    first, second = align([one, one])
    np.testing.assert_array_equal(first, second)


def test_a_film_needs_no_window(tmp_path):
    paths, labels = tuple(map(str, range(9))), np.arange(9) % 3
    replays = [replay_of(epoch, paths, labels, ("a", "b", "c")) for epoch in (1, 2)]
    done = []
    kind = write_replay_film(tmp_path / "x.gif", replays, "test", range(3), (320, 180), 2.0, "light",
                             lambda number, total: done.append((number, total)))
    assert kind == "GIF" and done == [(1, 2), (2, 2)]
