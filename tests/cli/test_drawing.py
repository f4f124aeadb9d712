"""The command that draws the network: no window, no screen, the canvas's own look."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cnnstudio import cli

ROOT = Path(__file__).resolve().parents[2]


def run(*text: str) -> subprocess.CompletedProcess:
    """In a process of its own, as a user starts it: Qt stays out of this one."""
    environment = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "QT_QPA_PLATFORM")}
    return subprocess.run([sys.executable, "-m", "cnnstudio", "draw", *text], cwd=ROOT, env=environment,
                          capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("ending", "start"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")])
def test_the_network_is_drawn_in_every_format(project, tmp_path, ending, start):
    target = tmp_path / f"la red ñ{ending}"
    done = run(project, "--to", str(target), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"path": str(target), "layers": 9}
    data = target.read_bytes()
    assert data.startswith(start)
    if ending == ".svg":
        text = data.decode("utf-8")
        assert text.count("Conv2D") == 2
        assert "28 × 28 × 1" in text


def test_what_cannot_be_drawn_is_told(project, tmp_path, capsys):
    assert cli.main(["draw", project, "--to", str(tmp_path / "network.docx"), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["problem"]["code"] == "unknown_format"
    assert cli.main(["draw", str(tmp_path / "none"), "--to", str(tmp_path / "network.svg"), "--json"]) == 2
    (tmp_path / "a file").write_text("x", encoding="utf-8")
    done = run(project, "--to", str(tmp_path / "a file" / "network.svg"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
