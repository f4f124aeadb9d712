"""The kept epochs of a run, replayed: what is told, kept, and done about damage."""

import shutil
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cnnstudio.core.events import Finished, Progress
from cnnstudio.core.feature_jobs import EpochReplayed
from cnnstudio.core.jobs import Train
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import models
from cnnstudio.engine.replaying import replay
from cnnstudio.engine.training.job import train
from cnnstudio.evaluation.replays import align
from cnnstudio.workers.link import StopRequested
from cnnstudio.workers.replays import find_replays, kept_epochs, replay_job
from cnnstudio.workers.runs.folder import RunFolder, create_run
from cnnstudio.workers.runs.kept_checkpoints import keep_every_epoch, keeps_every_epoch
from tests.engine.collections_of_pictures import dense_network, small_project, write_manifest
from tests.engine.conftest import Recorder

replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def trained_run(tmp_path_factory, pictures):
    """A run that kept its three epochs, for all tests."""
    folder, (root, entries) = tmp_path_factory.mktemp("kept"), pictures
    run = create_run(folder, keep_every_epoch(small_project()), lambda path: write_manifest(path, root, entries))
    train(Train(run_folder=str(run.folder), cache=str(folder / "cache")), Recorder())
    return run


@pytest.fixture
def kept_run(trained_run, tmp_path, monkeypatch):
    """A copy of that run, which a test may damage."""
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    return RunFolder(Path(shutil.copytree(trained_run.folder, tmp_path / "runs" / trained_run.folder.name)))


def test_every_epoch_is_kept_where_the_settings_say_so():
    project = small_project()
    assert not keeps_every_epoch(project)
    assert keeps_every_epoch(keep_every_epoch(project))
    assert keep_every_epoch(keep_every_epoch(project)) == keep_every_epoch(project)


def test_each_kept_epoch_answers_the_same_pictures(kept_run):
    job = replay_job(kept_run, count=6)
    assert find_replays(job).missing == (1, 2, 3)
    recorder = Recorder()
    assert isinstance(replay(job, recorder), Finished)
    events = recorder.of(EpochReplayed)
    assert [(event.epoch, event.pictures, event.kept) for event in events] == [(1, 8, False), (2, 8, False), (3, 8, False)]
    assert recorder.of(Progress)[-1].unit == "epochs"
    found = find_replays(job)
    assert not found.missing
    assert [item.epoch for item in found.replays] == [1, 2, 3]
    model = models.load(kept_epochs(kept_run)[1].path).model
    second = found.replays[1]
    assert second.fixed_pixels.shape == (6, 12, 12, 3) == second.overlays.shape
    pixels = second.fixed_pixels.astype(np.float32)
    np.testing.assert_allclose(second.fixed_probabilities, np.asarray(model(pixels)), atol=1e-5)
    assert second.confusion.sum() == 8
    assert second.accuracy == pytest.approx(second.confusion.trace() / 8)
    positions = align(list(found.replays))
    assert all(item.shape == (8, 2) and np.abs(item).max() <= 1 for item in positions)
    again = Recorder()
    replay(job, again)
    assert all(event.kept for event in again.of(EpochReplayed))


def test_a_damaged_model_is_left_out_and_told(kept_run):
    path = kept_epochs(kept_run)[1].path
    path.write_bytes(path.read_bytes()[:500])
    recorder = Recorder()
    replay(job := replay_job(kept_run), recorder)
    assert [event.problem.code if event.problem else "" for event in recorder.of(EpochReplayed)] == ["", "damaged_model", ""]
    assert find_replays(job).missing == (2,)
    for kept in kept_epochs(kept_run):
        kept.path.write_bytes(b"no model")
    with pytest.raises(ProblemError) as caught:
        replay(job, Recorder())
    assert caught.value.problems[0].code == "damaged_model"


def test_a_model_of_other_classes_is_left_out(kept_run):
    kept = kept_epochs(kept_run)[0]
    loaded = models.load(kept.path)
    models.save_model(loaded.model, kept.path, replace(loaded.card, class_names=("cat", "dog")))
    recorder = Recorder()
    replay(replay_job(kept_run), recorder)
    problem = recorder.of(EpochReplayed)[0].problem
    assert problem.code == "other_classes"
    assert "cat, dog" in problem.text.en


def test_what_is_done_before_a_stop_stays(kept_run):
    def act(link, event):
        if isinstance(event, EpochReplayed) and event.epoch == 2:
            link.request_stop()

    job = replay_job(kept_run)
    with pytest.raises(StopRequested):
        replay(job, Recorder(act))
    assert find_replays(job).missing == (3,)


def test_fixed_pictures_of_the_user_and_those_that_are_gone(kept_run, pictures):
    root, _entries = pictures
    chosen = (root / "dark/000.png", root / "light/004.png")
    recorder = Recorder()
    job = replay_job(kept_run, "validation", chosen)
    replay(replace(job, fixed=(*job.fixed, "/nowhere/x.png")), recorder)
    replay(job, Recorder())
    last = find_replays(job).replays[-1]
    assert last.fixed == tuple(map(str, chosen))
    assert last.fixed_labels.tolist() == [-1, -1], "of other splits: their class is not known"


def test_a_network_without_maps_has_no_overlays(new_run, train_run, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    run = new_run(keep_every_epoch(replace(small_project(epochs=1), network=dense_network())))
    train_run(run)
    replay(job := replay_job(run), Recorder())
    (only,) = find_replays(job).replays
    assert len(only.overlays) == 0 < len(only.fixed_pixels)
    assert np.isfinite(align([only])[0]).all()


def test_what_cannot_be_replayed_is_refused(trained, kept_run, pictures):
    root, _entries = pictures
    for run, arguments, code in (
            (trained[0], {}, "no_kept_epochs"), (kept_run, {"split": "nothing"}, "empty_split"),
            (kept_run, {"count": 13}, "too_many_pictures"), (kept_run, {"fixed": [root / "x.png"]}, "no_pictures")):
        with pytest.raises(ProblemError) as caught:
            replay_job(run, **arguments)
        assert caught.value.problems[0].code == code
