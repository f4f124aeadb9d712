"""The service as a program of its own, with the real engine in its child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from cnnstudio.core.jobs import Prediction
from cnnstudio.workers.answer_format import as_dictionary
from tests.engine.answers_material import ask


@pytest.mark.keras
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_run_is_served_until_it_is_stopped(trained):
    run, pictures = trained
    paths = sorted(pictures.rglob("*.png"))[:3]
    expected = [as_dictionary(answer) | {"run": run.id} for answer in ask(trained, *paths, top=2).of(Prediction)]
    program = subprocess.Popen([sys.executable, "-m", "cnnstudio", "serve", str(run.folder), "--port", "0", "--json"],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = json.loads(program.stdout.readline())
        assert line["run"] == run.id and line["classes"] == 3
        found = []
        for path in paths:
            request = urllib.request.Request(f"{line['url']}predict?top=2&name={path.name}", data=path.read_bytes(),
                                             headers={"Content-Type": "image/png"})
            with urllib.request.urlopen(request) as answer:
                found.append(json.loads(answer.read()) | {"path": str(path)})
        assert found == expected
        program.send_signal(signal.SIGTERM)
        _, printed = program.communicate(timeout=60)
        assert program.returncode == 0, printed
        assert "Traceback" not in printed
    finally:
        program.kill()
