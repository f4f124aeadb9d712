"""The trials of a search on a cluster: jobs there, as many at once as the search wants."""

from __future__ import annotations

import pytest

from cnnstudio import cli
from cnnstudio.core.jobs import MeasureAugmentation, Train
from cnnstudio.core.problems import error
from cnnstudio.core.search import Objective, Range, SearchSpec, Varied
from cnnstudio.core.text import same
from cnnstudio.workers.cluster.following import ClusterFollower
from cnnstudio.workers.cluster.training import ClusterTraining
from cnnstudio.workers.follow import Follower
from cnnstudio.workers.runs.away import Away, write_away
from cnnstudio.workers.search import children as module
from cnnstudio.workers.search.children import Children
from cnnstudio.workers.search.driver import SearchDriver
from cnnstudio.workers.search.search_events import TrialEnded
from cnnstudio.workers.search.search_problems import is_fatal
from cnnstudio.workers.supervisor import Supervisor
from tests.workers.search.conftest import TARGET, begin, pictures, project

__all__ = ["begin", "pictures", "project"]


def test_trainings_go_to_the_cluster_and_measurements_stay_here(cluster, run):
    there = Children(cluster=cluster)
    train, measure = Train(run_folder=str(run.folder)), MeasureAugmentation(run_folder=str(run.folder), steps=())
    assert isinstance(there.worker(run, train, print), ClusterTraining)
    assert isinstance(there.worker(run, measure, print), Supervisor)
    assert isinstance(Children().worker(run, train, print), Supervisor)
    assert isinstance(there.follower(run, print), Follower)
    write_away(run.folder, Away(cluster=cluster, job="job-1", ranks=1))
    assert isinstance(there.follower(run, print), ClusterFollower)


def test_a_search_on_a_cluster_trains_all_trials_there(cluster, begin, monkeypatch):
    sent = []

    def training(run, job, where, on_event):
        sent.append((run.id, where.name))
        return Supervisor(job, on_event, target=TARGET)

    monkeypatch.setattr(module, "ClusterTraining", training)
    spec = SearchSpec(varied=(Varied(key="training.optimizer.learning_rate", values=Range(low=1e-4, high=1e-1, log=True)),),
                      objectives=(Objective(name="val_accuracy"),), trials=3, parallel=3)
    search = begin(spec)
    told = []
    ended = SearchDriver(search, told.append, cluster=cluster).run()
    assert ended.ending == "trials"
    assert len(sent) == 3
    assert {name for _run, name in sent} == {"lab"}
    assert len([event for event in told if isinstance(event, TrialEnded)]) == 3


@pytest.mark.parametrize("code", ["cluster_unreachable", "cluster_token", "storage_full"])
def test_what_every_trial_would_meet_ends_the_search(code):
    assert is_fatal(error(code, same("x"), "machine"), SearchSpec(varied=(), objectives=()))


@pytest.mark.parametrize("arguments", [["search", "--hosts", "2", "--trials", "1", "--vary", "training.batch_size=8,16"],
                                       ["search", "--on", "nowhere", "--vary", "training.batch_size=8,16"],
                                       ["train", "--hosts", "2"], ["train", "--on", "nowhere"],
                                       ["train", "--on", "lab", "--layers"], ["attach"], ["stop"]])
def test_what_does_not_go_together_is_refused(cluster, tmp_path, pictures, arguments, capsys):
    folder = tmp_path / "digits"
    assert cli.main(["new", str(folder), "--data", str(pictures), "--template", "lenet5"]) == 0
    capsys.readouterr()
    assert cluster.name == "lab"
    assert cli.main([arguments[0], str(folder), *arguments[1:]]) == 2
    assert "error: " in capsys.readouterr().err
