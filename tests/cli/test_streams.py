"""Standard output and error: foreign text steers no terminal, and a full disk or a closed stream is no traceback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.core.files import read_project
from cnnstudio.core.text import Text, printable, tr

ROOT = Path(__file__).resolve().parents[2]
FULL = Path("/dev/full")
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")
EVIL = "a\x1b]0;x\x07\x9b2J\u202e\nfalse line"


def test_values_in_texts_stay_on_one_line_and_steer_nothing():
    assert Text("{path}:\n{n}", "{path}").fill(path=Path("/x") / EVIL, n=3).en == (
        "/x/a\\x1b]0;x\\x07\\x9b2J\\u202e\\nfalse line:\n3")
    assert tr("{name}", "{name}", name="a\tb") == "a\\tb"
    assert printable("a\nb\tc\x1b[0m") == "a\nb\tc\\x1b[0m"


def test_no_command_writes_control_characters_of_a_project(project, capsys):
    folder = Path(project)
    assert cli.main(["set", project, f"name={EVIL}"]) == 0
    run = folder / "runs" / EVIL
    run.mkdir(parents=True)
    (run / "spec.json").write_text("{")
    commands = (["show", project], ["show", project, "name"], ["set", project, f"name={EVIL}"], ["check", project],
                ["decide", project, EVIL, "--class", EVIL], ["decide", project, "a/0.png", "--class", EVIL], ["runs", project],
                ["runs", EVIL], ["code", project], ["network", project, "--from", EVIL], ["train", project, f"--{EVIL}"],
                [EVIL], ["show", project, EVIL], ["set", project, f"{EVIL}=1"], ["audit", EVIL], ["evaluate", project, EVIL])
    for command in commands:
        for options in ([], ["--json"]):
            try:
                cli.main([*command, *options])
            except SystemExit:
                pass
            written = capsys.readouterr()
            assert written.out or written.err, command
            for text in written:
                assert not STEERING.search(text), (command, text)
                assert not re.search("^false line", text, re.MULTILINE), (command, text)
    assert cli.main(["show", project, "name", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["value"] == EVIL == read_project(folder).name


def run(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", "-c", command], check=False, cwd=cwd, capture_output=True, text=True, timeout=60,
                          env=os.environ | {"PYTHONPATH": str(ROOT), "PY": sys.executable})


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("end", "code"), [("> /dev/full", 1), (">&-", 1), ("2>&-", 0), ("2> /dev/full", 0), ("<&-", 0)])
def test_a_full_or_closed_stream_is_no_traceback(project, end, code):
    done = run(f'"$PY" -m cnnstudio show "{project}" name {end}', ROOT)
    assert done.returncode == code
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr
    if code:
        assert "cannot be written" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use cannot be deleted there")
def test_a_vanished_working_folder_is_named(project, tmp_path):
    done = run(f'mkdir gone; cd gone; rmdir ../gone; "$PY" -m cnnstudio show "{project}"', tmp_path)
    assert done.returncode == 2
    assert "current folder" in done.stderr and "Traceback" not in done.stderr
