"""`serve` until Ctrl+C, with a scripted child; and everything that keeps it from starting."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
import urllib.request
from functools import partial

import pytest

from cnnstudio import cli
from cnnstudio.cli import serving
from cnnstudio.workers.service.service import Service
from cnnstudio.workers.supervisor import Supervisor
from tests.cli.printed import lines

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"is not read by a scripted child")
    return str(path)


@pytest.fixture
def script(monkeypatch):
    """Makes the child of the service a scripted one, and calls `act(service)` in a thread once it is ready."""
    def start(child, act):
        def supervise(job, on_event):
            return Supervisor(job, on_event, target=f"tests.workers.service.children:{child}")

        class Watched(Service):
            def __init__(self, *arguments, on_change, **options):
                def change(state):
                    on_change(state)
                    if state.phase == "ready":
                        threading.Thread(target=act, args=(self,), daemon=True).start()

                super().__init__(*arguments, on_change=change, supervise=supervise, **options)

        monkeypatch.setattr(serving, "Service", Watched)

    return start


def interrupt(_service=None, number=signal.SIGINT):
    time.sleep(0.2)
    os.kill(os.getpid(), number)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_and_ends_on_a_signal(capsys, model, script, number):
    script("answers", partial(interrupt, number=number))
    assert cli.main(["serve", model, "--port", "0"]) == 0
    printed = capsys.readouterr()
    assert "model.keras (3 classes, 8 × 9 pixels) answers on CPU: none with none:\n    http://127.0.0.1:" in printed.out
    assert "The service has ended." in printed.err


@posix
def test_with_json_it_prints_one_line(capsys, model, script):
    script("answers", interrupt)
    assert cli.main(["serve", model, "--port", "0", "--json"]) == 0
    (line,) = lines(capsys)
    assert line["url"].startswith("http://127.0.0.1:") and (line["model"], line["classes"]) == ("model.keras", 3)


@posix
def test_a_child_that_dies_is_told_with_its_exit_code(capsys, model, script):
    calls = []

    def act(service):
        calls.append(service)
        if len(calls) == 2:
            interrupt()
            return
        request = urllib.request.Request(f"{service.state.url}predict", data=b"dies", headers={"Content-Type": "image/png"})
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(request)

    script("answers", act)
    assert cli.main(["serve", model, "--port", "0", "--language", "es"]) == 0
    printed = capsys.readouterr().err
    assert "código de salida 7" in printed and "El modelo está cargado de nuevo." in printed


def test_a_model_that_cannot_be_loaded_ends_it(capsys, model, script):
    script("fails", lambda _service: None)
    assert cli.main(["serve", model, "--port", "0", "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["problem"]["code"] == "damaged_model"


@pytest.mark.parametrize(("options", "code"), [
    (["--port", "70000"], "bad_setting"), (["--max-bytes", "0"], "bad_setting"), (["--allow-origin", "*"], "bad_origin"),
    (["--host", "0.0.0.0"], "token_needed"), (["--host", "no.such.host.invalid"], "bad_host"),
    (["--new-token"], "no_token_file"), (["--token-file", "/nowhere/token"], "token_unreadable")])
def test_what_is_wrong_is_told_before_anything_starts(capsys, model, options, code):
    assert cli.main(["serve", model, "--port", "0", "--json", *options]) == 2
    assert {line["problem"]["code"] for line in lines(capsys)} == {code}


def test_a_model_that_does_not_exist_and_a_port_in_use_are_told(capsys, model, tmp_path):
    assert cli.main(["serve", str(tmp_path / "nothing"), "--json"]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "no_model"
    with socket.create_server(("127.0.0.1", 0)) as other:
        assert cli.main(["serve", model, "--json", "--port", str(other.getsockname()[1])]) == 2
    assert lines(capsys)[0]["problem"]["code"] == "port_in_use"


@posix
def test_a_new_token_is_written_and_asked_for(capsys, model, script, tmp_path):
    path, statuses = tmp_path / "token", []

    def act(service):
        for headers in ({}, {"Authorization": f"Bearer {path.read_text().strip()}"}):
            try:
                with urllib.request.urlopen(urllib.request.Request(f"{service.state.url}model", headers=headers)) as answer:
                    statuses.append(answer.status)
            except urllib.error.HTTPError as http_error:
                statuses.append(http_error.code)
        interrupt()

    script("answers", act)
    assert cli.main(["serve", model, "--port", "0", "--token-file", str(path), "--new-token"]) == 0
    assert statuses == [401, 200]
    assert path.read_text().strip() not in "".join(capsys.readouterr())


def test_the_device_is_named_in_the_language_of_the_program(capsys):
    from cnnstudio.cli.output import Output
    from cnnstudio.core import text
    from cnnstudio.core.service_jobs import ServedModel

    names = {"class_names": ("a", "b"), "height": 2, "width": 2, "device": "CPU: 2 cores", "engine": "litert", "digest": "0",
             "batch": 1, "color_mode": "rgb"}
    report = serving._Report(Output(as_json=False))
    report.service = type("Named", (), {"name": "model", "run": ""})()
    before = text.language()
    text.set_language("es")
    try:
        report.on_change(serving.ServiceState(phase="ready", url="http://127.0.0.1:1/", model=ServedModel(**names)))
    finally:
        text.set_language(before)
    assert "responde en CPU: 2 núcleos" in capsys.readouterr().out
