"""Run folders: states, lists, damage."""

from __future__ import annotations

import os
import sys

import msgspec
import pytest

from cnnstudio.core.events import Batch, Epoch, Failed, Finished, Hello, Observed, Paused, Resources, Resumed, Stopped
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.messages import encode_event
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import same
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.follow import Follower
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.answers import evaluation_rows
from cnnstudio.workers.runs.folder import create_run, delete_run, find_run, list_runs
from cnnstudio.workers.runs.ids import slug
from cnnstudio.workers.runs.labels import RunLabels, write_labels


def manifest(path):
    path.write_text('{"root": "/", "class_names": ["a", "b"], "label_mode": "int"}\n')


class Gone:
    """The end of a pipe whose other end is gone."""

    def send(self, data):
        raise OSError

    def close(self):
        pass


def epoch(number, loss=0.5):
    return Epoch(epoch=number, epochs=20, metrics={"loss": loss}, seconds=1.0, pictures_per_second=10.0, time=number)


def write(run, *events):
    with run.events_path.open("ab") as file:
        for event in events:
            file.write(encode_event(event) + b"\n")


@pytest.fixture
def run(tmp_path):
    return create_run(tmp_path, Project(name="p"), manifest)


def test_a_new_run_is_complete_and_readable(tmp_path, run):
    assert run.spec() == Project(name="p")
    assert run.checkpoints.is_dir()
    summary = run.summary()
    assert (summary.state, summary.epochs, summary.planned) == ("created", 0, 20)
    again = create_run(tmp_path, Project(), manifest)
    assert again.id != run.id


def test_a_run_whose_manifest_cannot_be_written_leaves_nothing(tmp_path):
    def broken(_path):
        raise ProblemError(error("no_space", same("full"), "file"))

    with pytest.raises(ProblemError):
        create_run(tmp_path, Project(), broken)
    assert list_runs(tmp_path) == []


@pytest.mark.parametrize(("last", "state", "resumable"), [
    (Finished(run="r", metrics={"loss": 0.25}), "finished", False),
    (Stopped(run="r", metrics={"loss": 0.25}), "stopped", True),
    (Failed(problem=error("nan_loss", same("no"), "training")), "failed", True),
    (None, "interrupted", True),
])
def test_states_of_runs_nobody_works_on(run, last, state, resumable):
    write(run, Hello(pid=1), epoch(1), epoch(2, 0.4), *([last] if last else []))
    summary = run.summary()
    assert (summary.state, summary.resumable, summary.epochs) == (state, resumable, 2)
    assert summary.metrics == ({"loss": 0.25} if state in ("finished", "stopped") else {"loss": 0.4})


def test_states_of_runs_somebody_works_on(run):
    lock = ProjectLock(run.folder)
    assert lock.acquire() is None
    write(run, Hello(pid=1), epoch(1))
    assert run.state() == "running"
    write(run, Paused())
    assert run.state() == "paused"
    write(run, Resources(cpu=0.0, memory_mb=1.0), Observed(epoch=1, batch=0, pictures=()))
    assert run.state() == "paused", "what is told during a pause does not end it"
    write(run, Resumed())
    assert run.state() == "running"
    lock.release()
    assert run.state() == "interrupted"


def test_a_failed_try_to_continue_does_not_change_how_a_run_ended(run):
    failed = Failed(problem=error("pictures_gone", same("The pictures are gone."), "dataset"))
    write(run, Hello(pid=1), epoch(1), Finished(run=run.id, metrics={"loss": 0.25}), Hello(pid=2), failed)
    summary = run.summary()
    assert (summary.state, summary.metrics) == ("finished", {"loss": 0.25})
    assert summary.problem is not None and summary.problem.code == "pictures_gone", "it is still told"
    write(run, Hello(pid=3), failed)
    assert run.state() == "finished"
    write(run, Hello(pid=4), epoch(2), failed)
    assert run.state() == "failed", "here the training itself failed"


def test_a_run_that_failed_before_its_first_epoch_has_failed(run):
    write(run, Hello(pid=1), Failed(problem=error("x", same("x"), "dataset")))
    assert run.state() == "failed"


def test_a_resumed_run_is_judged_by_its_last_part(run):
    write(run, Hello(pid=1), epoch(1), Stopped(run="r"), Hello(pid=2), epoch(2))
    assert run.state() == "interrupted"
    assert run.pid() == 2


def test_an_epoch_done_twice_counts_once(run):
    write(run, Hello(pid=1), epoch(1), epoch(2, 0.4), Hello(pid=2), epoch(2, 0.3), epoch(3, 0.2))
    assert [(item.epoch, item.metrics["loss"]) for item in run.epochs()] == [(1, 0.5), (2, 0.3), (3, 0.2)]


def test_the_list_reads_ends_only_but_finds_the_last_epoch(run):
    batch = Batch(epoch=2, batch=1, batches=9, metrics={"loss": 1.0}, pictures_per_second=1.0)
    write(run, Hello(pid=1), epoch(1), *[batch] * 5000)
    assert run.events_path.stat().st_size > 400_000
    assert (run.summary().epochs, run.summary().state) == (1, "interrupted")


@pytest.mark.parametrize("damage", [
    lambda run: run.spec_path.write_bytes(b"{"),
    lambda run: run.spec_path.write_bytes(b'{"format": 999999}'),
    lambda run: run.spec_path.unlink(),
    lambda run: run.events_path.mkdir(),
])
def test_a_damaged_run_does_not_break_the_list(tmp_path, run, damage):
    other = create_run(tmp_path, Project(), manifest)
    damage(run)
    states = {item.id: item.state for item in list_runs(tmp_path)}
    assert states == {run.id: "damaged", other.id: "created"}


@pytest.mark.parametrize("data", [
    b"{", b"[]", b'{"format": 1, "recipe": {"height": "x"}}', pytest.param(None, id="without a file"),
    pytest.param(b"[" * 100_000, id="deep"), pytest.param(b"flipped", id="flipped")])
def test_the_advice_about_a_damaged_run_is_about_runs(run, data):
    if data is None:
        run.spec_path.unlink()
    else:
        run.spec_path.write_bytes(run.spec_path.read_bytes().replace(b"epochs", b"epoch5", 1) if data == b"flipped" else data)
    problem = run.summary().problem
    assert problem is not None
    assert (problem.code, problem.where.area) == ("damaged_run", "run")
    assert "new project" not in problem.text.en and "proyecto nuevo" not in problem.text.es
    assert f"--delete {run.id}" in problem.text.en


def test_damaged_lines_are_left_out(run):
    write(run, Hello(pid=1), epoch(1))
    with run.events_path.open("ab") as file:
        file.write(b"\xff\xfe nonsense\n{}\n")
    write(run, epoch(2))
    with run.events_path.open("ab") as file:
        file.write(b'{"event":"epoch","ep')
    assert [event.epoch for event in run.epochs()] == [1, 2]
    summary = run.summary()
    assert summary.state == "interrupted"
    assert summary.damage is not None and ": 2; the first is line 3" in summary.damage.text.en


def test_every_flip_in_the_events_is_named_or_changes_nothing(run):
    link = Link(Gone())
    link.keep_in(run.folder)
    link.emit(Hello(pid=1))
    link.emit(epoch(1))
    link.close()
    data, events = run.events_path.read_bytes(), run.events()
    assert run.summary().damage is None
    for place in range(len(data)):
        run.events_path.write_bytes(data[:place] + bytes((data[place] ^ 1,)) + data[place + 1:])
        assert run.events() == events or run.summary().damage is not None
    run.events_path.write_bytes(data[:-1])
    assert run.summary().damage is not None


def test_events_of_an_impossible_size_are_not_read(run):
    with run.events_path.open("wb") as file:
        file.truncate(3 << 30)
    assert run.summary().state == "damaged"
    assert run.events() == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes in the file system")
@pytest.mark.parametrize("name", ["spec.json", "events.jsonl", "evaluation-test.json", "evaluation-test.jsonl",
                                  "augmentation.json", "manifest.jsonl"])
def test_pipes_in_the_place_of_a_run_s_files_are_not_waited_for(run, name):
    (run.folder / name).unlink(missing_ok=True)
    os.mkfifo(run.folder / name)
    run.summary()
    assert run.epochs() == [] and run.evaluation("test") is None and run.augmentation() is None
    assert evaluation_rows(run, "test") == []
    with pytest.raises(ProblemError):
        (run.spec if name == "spec.json" else lambda: read_manifest(run.folder / name))()


def test_the_time_in_which_a_run_waited_for_its_turn_is_not_its_duration(run):
    now = run.summary().started + 500
    write(run, Hello(pid=1, time=now), msgspec.structs.replace(epoch(1), time=now + 7))
    assert run.summary().seconds == pytest.approx(7)


def test_the_duration_of_a_run_is_the_time_in_which_it_trained(run):
    now = run.summary().started
    write(run, Hello(pid=1, time=now), msgspec.structs.replace(epoch(1), time=now + 5), Paused(time=now + 6),
          Resources(cpu=0.1, memory_mb=9.0, time=now + 50), Resumed(time=now + 106),
          msgspec.structs.replace(epoch(2), time=now + 110))
    assert run.summary().seconds == pytest.approx(10)
    with open(run.events_path, "ab") as file:
        file.write(encode_event(Stopped(time=now + 111)) + b"\n")
    assert run.summary().seconds == pytest.approx(11)
    with open(run.events_path, "ab") as file:
        for event in (Hello(pid=2, time=now + 9000), msgspec.structs.replace(epoch(3), time=now + 9004),
                      Paused(time=now + 9005), Resources(cpu=0.1, memory_mb=9.0, time=now + 9400)):
            file.write(encode_event(event) + b"\n")
    assert run.summary().seconds == pytest.approx(16), "it was taken up the next day, and pauses now"


def test_find_run(tmp_path, run):
    (tmp_path / PROJECT_FILE).touch()
    assert find_run(tmp_path, run.id).folder == run.folder
    for wanted in ("nothing", "../..", None):
        with pytest.raises(ProblemError) as problem:
            find_run(tmp_path, wanted)
        assert problem.value.problems[0].code == "no_run"
    run.model_path.write_bytes(b"x")
    assert find_run(tmp_path).id == run.id


def test_delete_refuses_a_living_run(run):
    lock = ProjectLock(run.folder)
    lock.acquire()
    assert not delete_run(run)
    lock.release()
    assert delete_run(run)


def test_evaluations_are_found_again(run):
    assert run.evaluation("test") is None
    result = Evaluated(run=run.id, split="test", images=2, loss=0.1, accuracy=1.0, classes=(),
                       confusion=((1, 0), (0, 1)))
    run.table_path("test").with_suffix(".json").write_bytes(encode_event(result))
    assert run.evaluation("test") == result
    run.table_path("test").with_suffix(".json").write_bytes(b"[")
    assert run.evaluation("test") is None
    assert run.table_path("/some/folder").parent == run.folder


def test_following_a_run_that_died(run):
    write(run, Hello(pid=1), epoch(1))
    heard = []
    last = Follower(run, heard.append).run()
    assert isinstance(last, Failed)
    assert [type(event) for event in heard] == [Hello, Epoch, Failed]


def test_hundreds_of_runs_are_listed(tmp_path):
    for _ in range(200):
        write(create_run(tmp_path, Project(), manifest), Hello(pid=1), epoch(1), Finished(run="r"))
    runs = list_runs(tmp_path)
    assert len(runs) == 200
    assert {run.state for run in runs} == {"finished"}


def test_slug():
    assert slug("EfficientNet-Lite0") == "efficientnet-lite0"
    assert slug("ñ") == "network"


@pytest.mark.parametrize("name", ["", ".", "..", ".trash", "../runs", "a/b"])
def test_only_a_run_is_found_by_its_name(tmp_path, run, name):
    (tmp_path / PROJECT_FILE).touch()
    (run.folder.parent / ".trash").mkdir()
    with pytest.raises(ProblemError) as caught:
        find_run(tmp_path, name)
    assert caught.value.problems[0].code == "no_run"


@pytest.mark.parametrize("name", ["some", None])
@pytest.mark.parametrize("folder", [".", "missing", "file"])
def test_where_there_is_no_project_no_run_is_missed(tmp_path, name, folder):
    (tmp_path / "file").touch()
    with pytest.raises(ProblemError) as caught:
        find_run(tmp_path / folder, name)
    assert [problem.code for problem in caught.value.problems] == ["no_project"]


@pytest.mark.parametrize("content", [b"", b"\0garbage", b'{"note": 5}'])
def test_damaged_labels_are_told_and_set_aside(run, content):
    path = run.folder / "labels.json"
    path.write_bytes(content)
    assert run.summary().labels == RunLabels()
    assert run.summary().damage.code == "damaged_labels"
    write_labels(run.folder, RunLabels(note="new"))
    assert run.summary().labels.note == "new"
    assert run.summary().damage is None
    assert path.with_name("labels.json.damaged").read_bytes() == content
