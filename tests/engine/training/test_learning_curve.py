"""The training of a run, repeated on shares of its pictures."""

import numpy as np
import pytest

from cnnstudio.core.events import Finished
from cnnstudio.core.trial_jobs import CurveFitted, CurvePoint, LearningCurve
from cnnstudio.engine.learning_curve import learning_curve, stratified_share
from cnnstudio.workers.link import StopRequested
from cnnstudio.workers.runs.learning_curves import read_curve
from tests.engine.collections_of_pictures import small_project
from tests.engine.conftest import Recorder


def test_shares_hold_all_classes_and_grow():
    labels = np.repeat([0, 1, 2], (50, 20, 3))
    shares = [stratified_share(labels, share, 4) for share in (0.1, 0.5, 1.0)]
    assert [np.bincount(labels[share]).tolist() for share in shares] == [[5, 2, 1], [25, 10, 2], [50, 20, 3]]
    assert set(shares[0]) <= set(shares[1]) <= set(shares[2])
    assert not np.array_equal(shares[0], stratified_share(labels, 0.1, 5))


@pytest.fixture
def job(new_run, tmp_path):
    run = new_run(small_project(epochs=2))
    return run, LearningCurve(run_folder=str(run.folder), split="test", shares=(0.2, 0.4, 0.6, 1.0), longest=2.0,
                              cache=str(tmp_path / "cache"))


def test_every_share_is_trained_and_measured(job, tmp_path):
    run, work = job
    recorder = Recorder()
    assert isinstance(learning_curve(work, recorder), Finished)
    points = recorder.of(CurvePoint)
    assert [point.pictures for point in points] == [4, 10, 14, 24]
    assert all(point.of == 8 and sum(point.supports) == 8 and sum(point.learned) == point.pictures for point in points)
    assert all(point.accuracy == sum(point.rights) / 8 for point in points)
    (fitted,) = recorder.of(CurveFitted)
    assert fitted.expected is not None
    assert [name for name, _gain in fitted.classes] == ["dark", "light"]
    assert read_curve(run).points == fitted.points
    assert not list((tmp_path / "cache" / "curve").iterdir()), "nothing of the trainings is left"


def test_a_stop_leaves_nothing(job, tmp_path):
    run, work = job
    recorder = Recorder(lambda link, event: link.request_stop() if isinstance(event, CurvePoint) else None)
    with pytest.raises(StopRequested):
        learning_curve(work, recorder)
    assert read_curve(run) is None
    assert not list((tmp_path / "cache" / "curve").iterdir())
