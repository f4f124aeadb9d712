"""The command line without a child process: words, JSON lines, exit codes, wrong input."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from pathlib import Path

import pytest

import cnnstudio
from cnnstudio import cli
from cnnstudio.__main__ import is_for_terminal
from cnnstudio.cli import doctor, predicting
from cnnstudio.cli.arguments import parser
from cnnstudio.cli.output import Output, localized
from cnnstudio.core.events import Finished, Phase, Stopped
from cnnstudio.core.files import read_project
from cnnstudio.core.jobs import Prediction, Ranked, Ready, Report
from cnnstudio.core.text import Text, set_language
from cnnstudio.datasets.index import Index
from cnnstudio.workers.runs.folder import create_run
from tests.cli.printed import lines


def test_new_tells_what_it_found(tmp_path, pictures, capsys):
    (pictures / "cat" / "broken.png").write_bytes(b"x")
    code = cli.main(["new", str(tmp_path / "p"), "--data", str(pictures), "--base", "efficientnet_lite0", "--json",
                     "--set", "training.epochs=3", "--set", "dataset.class_names=dog,cat"])
    (result,) = lines(capsys)
    assert code == 0
    assert result["images"] == 40
    assert result["classes"] == ["dog", "cat"]
    assert sum(result["splits"].values()) == 40
    assert [problem["code"] for problem in result["problems"]] == ["not_a_picture"]
    assert cli.main(["show", str(tmp_path / "p"), "training.epochs", "--json"]) == 0
    assert lines(capsys) == [{"key": "training.epochs", "value": 3}]


def test_a_folder_without_pictures_makes_no_project(tmp_path, pictures, capsys):
    (tmp_path / "empty").mkdir()
    assert cli.main(["new", str(tmp_path / "p"), "--data", str(tmp_path / "empty"), "--json"]) == 2
    assert [problem["code"] for problem in lines(capsys)[0]["problems"]] == ["no_pictures"]
    assert cli.main(["new", str(tmp_path / "p"), "--data", str(tmp_path / "empty")]) == 2
    out, err = capsys.readouterr()
    assert out == "" and "no pictures" in err
    assert cli.main(["new", str(tmp_path / "p"), "--data", str(pictures)]) == 0
    assert cli.main(["check", str(tmp_path / "p")]) == 0


def test_set_and_show(project, capsys):
    assert cli.main(["set", project, "recipe.height=40", "training.optimizer.learning_rate=0.5", "--json"]) == 0
    assert [line["value"] for line in lines(capsys)] == [40, 0.5]
    assert cli.main(["show", project, "--json"]) == 0
    assert lines(capsys)[0]["recipe"]["height"] == 40


def test_wrong_values_are_all_told_and_nothing_changes(project, capsys):
    before = Path(project, "project.cnnstudio").read_bytes()
    assert cli.main(["set", project, "recipe.height=-1", "nonsense=1", "words", "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == ["value", "unknown_setting", "not_key_value"]
    assert Path(project, "project.cnnstudio").read_bytes() == before


def test_stages_are_set_and_shown_beside_the_names_of_one(project, capsys):
    assert cli.main(["show", project, "--json"]) == 0
    (whole,) = lines(capsys)
    training = whole["training"]
    assert {"epochs", "batch_size", "seed", "optimizer", "loss", "callbacks", "class_weight", "backend", "device",
            "keep_features"} <= set(training)
    assert training["epochs"] == training["stages"][0]["epochs"]
    stages = [training["stages"][0] | {"epochs": 4}, training["stages"][0] | {"id": "tuning", "trainable_from": "all"}]
    assert cli.main(["set", project, f"training.stages={json.dumps(stages)}", "training.epochs=6",
                     "training.stages.1.epochs=5", "--json"]) == 0
    assert [line["value"] for line in lines(capsys)][1:] == [6, 5]
    assert cli.main(["show", project, "training", "--json"]) == 0
    (shown,) = lines(capsys)
    assert shown["value"]["epochs"] == 6
    assert [(stage["id"], stage["epochs"]) for stage in shown["value"]["stages"]] == [
        (training["stages"][0]["id"], 5), ("tuning", 6)]


@pytest.mark.parametrize(("stages", "code", "words"), [
    ("[]", "no_stage", "no stage"),
    ('[{"id":"a"},{"id":"a"}]', "stage_twice", "called a"),
    ('[{"id":"epochs"}]', "stage_id", "called epochs"),
    ('[{"id":"early_stopping"}]', "stage_id", "called early_stopping"),
    ('[{"id":"a b"}]', "stage_id", "called a b"),
    ('[{"id":"2"}]', "stage_id", "called 2"),
    ('[{"id":"a","epochs":-3},{"id":"b"}]', "value", "a: Epochs"),
    ('[{"id":"a","callbacks":[{"id":"x","type":"Nope"}]}]', "unknown_callback", "Nope"),
    ('[{"id":"a","epoch":5}]', "unknown_setting", "training.stages.1.epoch"),
    ('[{"id":"a","optimizer":{"type":"adam","rate":1}}]', "unknown_setting", "training.stages.1.optimizer.rate"),
    ('[{"epochs":1}]', "value", "`id`"),
    ('[{"id":"a","optimizer":"adam"}]', "value", "$[0].optimizer")])
def test_stages_that_are_wrong_are_refused_where_they_are_set(project, capsys, stages, code, words):
    before = (Path(project) / "project.cnnstudio").read_bytes()
    assert cli.main(["set", project, f"training.stages={stages}", "--json"]) == 2
    problem = lines(capsys)[0]["problem"]
    assert problem["code"] == code
    assert words in str(problem["text"])
    assert (Path(project) / "project.cnnstudio").read_bytes() == before


def test_a_setting_of_a_loss_that_is_not_chosen_says_what_to_choose(project, capsys):
    assert cli.main(["set", project, "training.loss.label_smoothing=0.1"]) == 2
    assert "such as training.loss=binary_crossentropy" in capsys.readouterr().err
    assert cli.main(["set", project, "training.loss=binary_crossentropy", "training.loss.label_smoothing=0.1"]) == 0


@pytest.mark.parametrize(("value", "listed"), [
    ("training.loss=nope", "categorical_crossentropy"), ("training.metrics=nope", "top_k_accuracy"),
    ("training.callbacks=nope", "EarlyStopping"), ("training.schedule=nope", "CosineDecay"),
    ("training.optimizer.type=nope", "adamw")])
def test_the_message_of_an_unknown_name_lists_those_there_are(project, capsys, value, listed):
    assert cli.main(["set", project, value]) == 2
    message = capsys.readouterr().err
    assert "nope" in message and listed in message, message


@pytest.mark.parametrize(("value", "code"), [
    ("training.loss=mean_squared_error", "unknown_loss"), ("training.metrics=accuracy,top_k", "unknown_metric"),
    ("training.callbacks=EarlyStoping", "unknown_callback"),
    ('training.callbacks=[{"id":"../x","type":"ModelCheckpoint"}]', "callback_id"),
    ('training.metrics=[{"id":"loss","type":"auc"}]', "metric_id")])
def test_names_that_are_not_there_are_refused_when_typed(project, capsys, value, code):
    before = Path(project, "project.cnnstudio").read_bytes()
    assert cli.main(["set", project, value, "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == [code]
    assert Path(project, "project.cnnstudio").read_bytes() == before


def test_a_schedule_and_reduce_lr_on_plateau_are_refused_together(project, capsys):
    assert cli.main(["set", project, "training.schedule=CosineDecoy", "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "unknown_schedule"
    assert cli.main(["set", project, "training.schedule=CosineDecay", "training.schedule.alpha=0.1"]) == 0
    capsys.readouterr()
    assert cli.main(["check", project, "--json"]) == 2
    assert "schedule_and_plateau" in [line["problem"]["code"] for line in lines(capsys) if "problem" in line]


def test_an_optimizer_that_is_not_there_is_told_at_once(project, capsys):
    assert cli.main(["set", project, "training.optimizer=adan", "training.optimizer.learning_rate=0.1", "--json"]) == 2
    (result,) = lines(capsys)
    assert result["problem"]["code"] == "unknown_optimizer"
    assert cli.main(["set", project, "training.optimizer=sgd", "training.optimizer.learning_rate=0.1"]) == 0


@pytest.mark.parametrize("arguments", [
    ["show", "{missing}"], ["check", "{missing}"], ["runs", "{missing}"], ["train", "{missing}"],
    ["evaluate", "{missing}"], ["export", "{missing}", "--format", "keras", "--to", "x.keras"],
    ["predict", "{missing}", "picture.png"], ["new", "{missing}", "--data", "{missing}"],
    ["fetch", "mobilenet_v2", "--file", "{missing}"],
    ["predict", "{project}", "{missing}"], ["evaluate", "{project}"], ["evaluate", "{project}", "--run", "no"],
    ["train", "{project}", "--set", "training.epochs=x"], ["train", "{project}", "--resume", "no"],
    ["export", "{project}", "--format", "bundle", "--to", "x"]])
def test_wrong_input_is_exit_code_2_without_a_traceback(arguments, project, tmp_path, capsys):
    filled = [name.format(missing=tmp_path / "missing", project=project) for name in arguments]
    assert cli.main([*filled, "--json"]) == 2
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert captured.err.strip()
    assert all("problem" in json.loads(line) for line in captured.out.splitlines())


@pytest.mark.parametrize("arguments", [[], ["fly"], ["train"], ["new"], ["export", "x", "--format", "no", "--to", "y"]])
def test_a_wrong_command_line_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    capsys.readouterr()


def test_check_lists_every_problem(project, pictures, capsys):
    assert cli.main(["check", project, "--json"]) == 0
    for file in (pictures / "dog").iterdir():
        file.unlink()
    (pictures / "dog").rmdir()
    assert cli.main(["check", project, "--json"]) == 2
    result = [line["problem"]["code"] for line in lines(capsys) if "problem" in line]
    assert "one_class" in result


def test_training_without_the_folder_of_pictures_makes_no_run(project, pictures, capsys):
    pictures.rename(pictures.with_name("elsewhere"))
    assert cli.main(["train", project, "--json"]) == 2
    assert [line["problem"]["code"] for line in lines(capsys)] == ["folder_missing"], "once, and nothing else"
    assert not list(Path(project, "runs").glob("*"))


def test_a_project_that_is_open_elsewhere_is_not_changed(project, capsys):
    from cnnstudio.core.lock import ProjectLock

    lock = ProjectLock(Path(project))
    assert lock.acquire() is None
    assert cli.main(["set", project, "recipe.height=40", "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "project_in_use"
    lock.release()


def test_messages_follow_the_language(project, capsys):
    assert cli.main(["check", project, "--language", "es"]) == 0
    assert "Sin problemas" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "said"), [
    (["train"], "faltan argumentos: PROYECTO"),
    (["train", "x", "--fast"], "argumentos desconocidos: --fast"),
    (["train", "x", "--set"], "--set: falta su valor"),
    (["export", "x", "--format", "zip", "--to", "y"], "--format: 'zip' no está entre lo posible: "),
    (["predict", "x", "y", "--top", "many"], "--top: se esperaba un número entero, no 'many'"),
    (["network", "x"], "hace falta uno de estos argumentos: --base --from"),
    (["new", "x", "--data", "y", "--base", "no"], "--base: no hay ninguna base no ni ningún archivo con ese nombre"),
    (["evaluate", "x", "--split", "test", "--data", "y"], "--data no puede ir junto con --split")])
def test_complaints_about_the_command_line_follow_the_language(arguments, said, capsys):
    with pytest.raises(SystemExit):
        cli.main([*arguments, "--language", "es"])
    reported = capsys.readouterr().err
    assert reported.startswith("uso: cnnstudio")
    assert said in reported


def test_facts_of_the_doctor_are_words():
    set_language("es")
    assert doctor._value_text({"path": "/x", "writable": True, "jax": None}) == "ruta /x, permite escritura sí, jax -"


def test_the_device_of_the_doctor_is_told_in_the_language(monkeypatch, capsys):
    def run(_job, _output, reported):
        reported(Report(facts={"device": "CPU: 2 cores", "devices": ["GPU: A", "GPU: B"], "cpu_count": 2}))
        return Finished()

    monkeypatch.setattr(doctor, "run_job", run)
    assert cli.main(["doctor", "--language", "es"]) == 0
    assert capsys.readouterr().out == (
        "dispositivo: CPU: 2 núcleos\ndispositivos para calcular: 2 (GPU: A, GPU: B)\nnúcleos del procesador: 2\n")
    assert cli.main(["doctor", "--language", "es", "--json"]) == 0
    assert lines(capsys) == [{"device": "CPU: 2 cores", "devices": ["GPU: A", "GPU: B"], "cpu_count": 2, "added": []}]


@pytest.mark.parametrize("as_run", [False, True])
def test_predict_names_the_run_that_answers(project, pictures, monkeypatch, capsys, as_run):
    class Scripted:
        def __init__(self, job, reported):
            self.job, self.told = job, reported

        def send(self, command):
            pass

        def run(self):
            self.told(Ready(engine="keras", class_names=("cat", "dog")))
            self.told(Prediction(request=1, path="a.png", top=(Ranked(label="cat", probability=1.0),)))
            return Stopped(kept=True)

    monkeypatch.setattr(predicting, "Supervisor", Scripted)
    monkeypatch.setattr(predicting, "stop_on_interrupt", lambda _supervisor, _output: contextlib.nullcontext())
    folder = Path(project)
    run = create_run(folder, read_project(folder), lambda path: path.write_text("{}\n"))
    run.model_path.write_bytes(b"model")
    arguments = ["predict", str(run.folder) if as_run else project, str(pictures / "cat" / "0.png")]
    assert cli.main(arguments) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"predictions of the run {run.id} (not started, epoch 0 of {run.spec().training.epochs})"
    assert second == "a.png: cat 100.00%"
    assert cli.main([*arguments, "--json"]) == 0
    (line,) = lines(capsys)
    assert (line["path"], line["label"], line["run"]) == ("a.png", "cat", run.id)


def test_the_whole_help_follows_the_language(capsys):
    with pytest.raises(SystemExit):
        cli.main(["runs", "--language", "es", "--help"])
    reported = capsys.readouterr().out
    assert "argumentos:" in reported and "opciones:" in reported and "muestra esta ayuda" in reported


@pytest.mark.parametrize("before", [["--language", "es"], ["--language=es"], ["--json", "--language", "es"]])
def test_language_and_json_may_stand_before_the_command(before, tmp_path, capsys):
    assert cli.main([*before, "runs", str(tmp_path / "none")]) == 2
    reported = capsys.readouterr()
    assert "No hay" in reported.err + reported.out
    with pytest.raises(SystemExit):
        cli.main(before)


@pytest.mark.parametrize("chosen", ["en", "es"])
def test_every_argument_of_every_command_says_what_it_is_for(chosen):
    set_language(chosen)
    commands = next(action for action in parser()._actions if action.dest == "command").choices
    silent = [f"{name} {action.metavar or action.dest}" for name, command in commands.items()
              for action in command._actions if not action.help]
    assert silent == []


def test_events_are_told_in_one_language():
    line = localized(Phase(name="training", text=Text("Training", "Entrenando"), sequence=3))
    assert line == {"event": "phase", "sequence": 3, "time": 0.0, "name": "training", "text": "Training"}


def test_the_entry_knows_every_command():
    commands_by_name = next(action for action in parser()._actions if action.dest == "command").choices
    assert set(commands_by_name) <= set(cnnstudio.COMMANDS)


def test_a_mistyped_command_is_told_in_the_terminal(tmp_path, monkeypatch, capsys):
    (tmp_path / "pets").mkdir()
    monkeypatch.chdir(tmp_path)
    assert is_for_terminal("trian") and is_for_terminal("train") and is_for_terminal("--help")
    assert not is_for_terminal("pets") and not is_for_terminal(str(tmp_path / "gone")) and not is_for_terminal("--sample")
    with pytest.raises(SystemExit) as ended:
        cli.main(["trian", "pets", "--language", "es"])
    assert ended.value.code == 2
    assert "trian no es un comando ni un proyecto" in capsys.readouterr().err


def test_a_reader_that_goes_away_ends_the_work_without_a_traceback(monkeypatch):
    reading, writing = os.pipe()
    os.close(reading)
    monkeypatch.setattr(sys, "stdout", os.fdopen(writing, "w"))
    output, reported = Output(as_json=False), []
    output.on_unread = lambda: reported.append(1)
    output.write_line("one")
    output.write_line("two")
    assert output.unread and reported == [1], "once"
    sys.stdout.close()


def test_decisions_are_taken_from_a_script(project, capsys):
    assert cli.main(["show", project, "dataset.source", "--json"]) == 0
    root = Path(json.loads(capsys.readouterr().out)["value"])
    file = next(path for path in sorted(root.rglob("*")) if path.is_file())
    assert cli.main(["decide", project, str(file), "nothing.jpg", "--class", "other", "--split", "test", "--exclude",
                     "--accept", "blurry", "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (lines[0]["problem"]["code"], lines[0]["problem"]["severity"]) == ("unknown_picture", "error")
    assert (lines[1]["class"], lines[1]["split"], lines[1]["excluded"]) == ("other", "test", True)
    assert cli.main(["decide", project, lines[1]["path"], "--include", "--split", "drawn"]) == 0
    assert "other" in capsys.readouterr().out
    assert cli.main(["decide", project, lines[1]["path"], "--accept", "nonsense"]) == 2
    assert cli.main(["decide", project, lines[1]["path"], "--class", " "]) == 2
    assert cli.main(["decide", project, "nothing.jpg", "--exclude"]) == 2


def test_a_decision_about_a_name_with_a_line_break_is_one_line(project, capsys):
    assert cli.main(["decide", project, "no\nthing.jpg"]) == 2
    assert capsys.readouterr().err.splitlines() == ["error: no\\nthing.jpg is not a picture of this project."]
    index = Index(Path(project) / "dataset.sqlite")
    path = next(item.path for item in index.pictures(index.ids()))
    index.close()
    assert cli.main(["decide", project, path, "--class", "two\nlines"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith(f"{path}: two\\nlines, ")


def test_a_damaged_index_is_set_aside_by_the_command_that_its_message_names(project, capsys):
    assert cli.main(["decide", project, "--exclude", "cat/1.png"]) == 0
    index = Path(project) / "dataset.sqlite"
    index.write_bytes(b"not a database" * 100)
    for end in ("-wal", "-shm"):
        Path(f"{index}{end}").unlink(missing_ok=True)
    capsys.readouterr()
    assert cli.main(["check", project, "--json"]) == 2
    reported = capsys.readouterr()
    (problem,) = (json.loads(line)["problem"] for line in reported.out.splitlines())
    assert problem["code"] == "damaged_index"
    (command,) = problem["commands"]
    assert command in reported.err
    arguments = shlex.split(command)
    assert arguments[0] == "cnnstudio"
    assert cli.main([*arguments[1:], "--json"]) == 0
    assert "index_set_aside" in [line["problem"]["code"] for line in lines(capsys)]
    (aside,) = Path(project).glob("dataset.damaged-*.sqlite")
    assert aside.read_bytes() == b"not a database" * 100
    # A sound index is left as it is.
    assert cli.main(["check", project, "--set-index-aside", "--json"]) == 0
    assert lines(capsys) == [{"problems": []}]
