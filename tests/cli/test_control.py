"""`cnnstudio control`: a training that runs elsewhere hears it; what is not running is told."""

from __future__ import annotations

import json
import threading
import time

import pytest

from cnnstudio import cli
from cnnstudio.cli import control as module
from cnnstudio.core.events import (
    Event,
    Failed,
    Notice,
    Observed,
    ObservedPicture,
    Paused,
    RateChanged,
    Resumed,
    Stopped,
)
from cnnstudio.core.messages import decode_command, encode_event
from cnnstudio.core.problems import error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.sample import write_digits
from cnnstudio.workers.link import COMMAND_FILE
from cnnstudio.workers.runs.folder import RunFolder, create_run

ANSWERS = {
    "pause": Paused(), "resume": Resumed(), "stop": Stopped(kept=True),
    "setlearningrate": RateChanged(epoch=2, batch=3, before=0.01, after=0.001, by="user"),
    "observe": Observed(epoch=2, batch=3, pictures=(ObservedPicture(path="/x/a.png", answer="cat", confidence=0.75),)),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("control")
    pictures = folder / "pictures"
    write_digits(pictures)
    _project, index = create_project(folder / "project", pictures, template="lenet5")
    index.close()
    return folder / "project"


class Training:
    """Stands for the child: answers every command in the run's folder, and counts as living until it is left."""

    def __init__(self, run: RunFolder, answers: dict[str, Event | list[Event]]) -> None:
        self.run, self.answers, self.heard, self.ended = run, answers, [], False
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        path = self.run.folder / COMMAND_FILE
        while not self.ended:
            lines = path.read_bytes().splitlines() if path.exists() else []
            for line in lines[len(self.heard):]:
                self.heard.append(decode_command(line))
                answers = self.answers[type(self.heard[-1]).__name__.lower()]
                with self.run.events_path.open("ab") as file:
                    file.writelines(encode_event(answer) + b"\n" for answer in (
                        answers if isinstance(answers, list) else [answers]))
            time.sleep(0.01)

    def leave(self):
        self.ended = True
        self.thread.join()


@pytest.fixture
def training(project, monkeypatch):
    from cnnstudio.core.files import read_project

    started = []

    def start(answers=ANSWERS, state="running"):
        run = create_run(project, read_project(project), lambda path: path.write_text("{}\n"))
        living = [run.folder]
        monkeypatch.setattr(RunFolder, "living", lambda self: self.folder in living)
        monkeypatch.setattr(RunFolder, "state", lambda _self: state)
        started.append(Training(run, answers))
        return started[-1]

    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    yield start
    for each in started:
        each.leave()


def printed(capsys):
    return capsys.readouterr().out.strip()


@pytest.mark.parametrize(("words", "state", "says"), [
    (["--pause"], "running", "paused"), (["--resume"], "paused", "resumed"), (["--stop"], "running", "stopped"),
    (["--rate", "0.001"], "running", "learning rate 0.01 → 0.001, from epoch 2 on"),
    (["--try", "/x/a.png"], "running", "/x/a.png: cat 75.0%")])
def test_a_training_heeds_it_and_what_it_did_is_told(project, training, capsys, words, state, says):
    child = training(state=state)
    assert cli.main(["control", str(project), *words]) == 0
    assert printed(capsys) == says
    assert len(child.heard) == 1


def test_it_is_told_as_the_event_in_json(project, training, capsys):
    child = training()
    assert cli.main(["control", str(project), "--rate", "0.001", "--run", child.run.id, "--json"]) == 0
    line = json.loads(printed(capsys))
    assert (line["event"], line["after"], line["by"]) == ("ratechanged", 0.001, "user")


def test_a_rate_that_is_refused_is_an_error(project, training, capsys):
    refusal = Notice(problem=warning("rate_not_set", Text("It follows a schedule.", "Sigue un plan."), "training"))
    training({"setlearningrate": refusal})
    assert cli.main(["control", str(project), "--rate", "0.1"]) == 1
    assert "It follows a schedule." in capsys.readouterr().err


def test_a_training_that_fails_meanwhile_is_told(project, training):
    training({"pause": Failed(problem=error("nan_loss", Text("It diverged.", "Divergió."), "training"))})
    assert cli.main(["control", str(project), "--pause"]) == 1


@pytest.mark.parametrize(("words", "state"), [(["--pause"], "paused"), (["--resume"], "running")])
def test_what_is_so_already_is_told(project, training, capsys, words, state):
    child = training(state=state)
    assert cli.main(["control", str(project), *words]) == 2
    assert child.run.id in capsys.readouterr().err
    assert not child.heard


def test_one_that_does_not_answer_is_told(project, training, capsys, monkeypatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)
    child = training({"pause": Resumed()})
    assert cli.main(["control", str(project), "--pause"]) == 2
    assert "has not answered" in capsys.readouterr().err
    child.leave()


def test_nothing_that_runs_is_told(project, training, capsys, monkeypatch):
    child = training()
    child.leave()
    monkeypatch.setattr(RunFolder, "living", lambda _self: False)
    for words in ([], ["--run", child.run.id]):
        assert cli.main(["control", str(project), "--pause", *words]) == 2
        assert "No training is running" in capsys.readouterr().err
    assert cli.main(["control", str(project), "--pause", "--run", "no such run"]) == 2


@pytest.mark.parametrize("words", [[], ["--pause", "--stop"], ["--rate", "much"], ["--try"]])
def test_words_that_mean_nothing_are_refused(project, words):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["control", str(project), *words])
    assert stopped.value.code == 2


@pytest.mark.parametrize("rate", ["nan", "inf", "0", "-1"])
def test_a_rate_that_is_none_is_refused_at_once(project, training, capsys, rate):
    child = training()
    assert cli.main(["control", str(project), "--rate", rate]) == 2
    assert "positive number" in capsys.readouterr().err
    assert not child.heard


def test_what_others_asked_for_is_no_answer(project, training, capsys):
    earlier = Observed(epoch=1, batch=0, pictures=(ObservedPicture(path="/x/b.png", answer="dog", confidence=1.0),))
    child = training({"observe": [earlier, ANSWERS["observe"]], "setlearningrate": [
        RateChanged(epoch=1, batch=0, before=1.0, after=0.5, by="ReduceLROnPlateau"), ANSWERS["setlearningrate"]]})
    assert cli.main(["control", str(project), "--try", "/x/a.png", "--run", child.run.id]) == 0
    assert printed(capsys) == "/x/a.png: cat 75.0%"
    assert cli.main(["control", str(project), "--rate", "0.001", "--run", child.run.id]) == 0
    assert "0.01 → 0.001" in printed(capsys)


def test_a_picture_that_cannot_be_read_is_an_error(project, training):
    gone = error("cannot_read", Text("It is not there.", "No está."), "file")
    training({"observe": Observed(epoch=1, batch=1, pictures=(ObservedPicture(path="/x/a.png", problem=gone),))})
    assert cli.main(["control", str(project), "--try", "/x/a.png"]) == 1
