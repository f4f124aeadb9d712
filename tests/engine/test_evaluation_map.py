"""The map of an evaluated split: positions, neighbours, and what is kept of it."""

import numpy as np
import pytest

from cnnstudio.core.events import Finished
from cnnstudio.core.feature_jobs import EvaluationMapped
from cnnstudio.engine.evaluation_map import map_evaluation, spread_rows
from cnnstudio.workers.evaluation_maps import evaluation_map_job, find_map
from cnnstudio.workers.link import StopRequested
from tests.engine.conftest import Recorder


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("layout", ["tsne", "pca"])
def test_a_split_is_laid_out_with_training_pictures_around_it(trained, layout):
    run, root = trained
    job = evaluation_map_job(run, "test", layout=layout)
    assert find_map(job) is None
    recorder = Recorder()
    assert isinstance(map_evaluation(job, recorder), Finished)
    assert recorder.of(EvaluationMapped)[0].pictures == 12
    found = find_map(job)
    assert (found.position.shape, found.train_position.shape) == ((12, 2), (36, 2))
    assert np.isfinite(found.position).all()
    assert np.isfinite(found.train_position).all()
    assert found.paths[0].startswith(str(root))
    # A network of four features tells most of these classes apart: by chance a third would be of the same one.
    votes = found.train_labels[found.near_train] == found.labels[:, None]
    assert votes.mean() > 0.7
    rows = np.arange(12)[:, None]
    assert not (found.near_split == rows).any(), "no picture is its own neighbour"
    assert (np.diff(found.near_train_distance, axis=1) >= 0).all()
    assert 0 < found.far < 2


@pytest.mark.usefixtures("cache")
def test_the_training_split_is_its_own_neighbourhood(trained):
    job = evaluation_map_job(trained[0], "train")
    map_evaluation(job, Recorder())
    found = find_map(job)
    assert not (found.near_train == np.arange(36)[:, None]).any()
    assert np.isnan(found.train_position).all(), "no picture is drawn twice"


@pytest.mark.usefixtures("cache")
def test_what_was_computed_before_a_stop_is_kept(trained):
    def act(link, event):
        if type(event).__name__ == "FeaturesComputed":
            link.request_stop()

    job = evaluation_map_job(trained[0], "test")
    with pytest.raises(StopRequested):
        map_evaluation(job, Recorder(act))
    again = Recorder()
    map_evaluation(job, again)
    assert next(event.engine for event in again.events if type(event).__name__ == "FeaturesComputed") == "cache"
    assert find_map(job) is not None


def test_rows_are_spread_over_the_classes():
    labels = np.asarray([0] * 90 + [1] * 10)
    rows = spread_rows(labels, 20)
    assert len(rows) == 20
    assert (labels[rows] == 1).sum() == 2
    assert spread_rows(labels, 500).tolist() == list(range(100))
