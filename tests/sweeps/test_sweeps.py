"""The sweeps in small; in large they are nightly, and `python -m tests.sweeps` prints the figures."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from cnnstudio.workers.runs.folder import RunFolder
from tests.sweeps import GOOD, __main__, corpora, full_disks, make_project
from tests.sweeps.command_kills import COMMANDS, sweep_command_kills
from tests.sweeps.flips import sweep_flips
from tests.sweeps.hostile import sweep_hostile
from tests.sweeps.kills import sweep_kills
from tests.sweeps.service import sweep_service
from tests.sweeps.starts import clean, sweep_starts
from tests.sweeps.writes import sweep_writes
from tests.workers.service.running import running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and signals")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return make_project(tmp_path)


def test_flips(run):
    for name, counts in sweep_flips(run, 100).items():
        assert not counts["traceback"]
        assert name == "project.cnnstudio" or set(counts) <= set(GOOD), (name, counts)


def test_writes_that_fail(run):
    counts = sweep_writes(run.project_folder, __main__.CHANGING[:3])
    assert set(counts) <= set(GOOD) and counts.total() > 20


def test_hostile_files(run):
    kinds = ("no UTF-8", "nested", "pipe", "zero device", "elsewhere", "trigger", "view")
    counts = sweep_hostile(run, __main__.READING[:3], kinds)
    assert set(counts) <= set(GOOD) and counts.total() > 100


def test_kills(run):
    assert set(sweep_kills(run.project_folder, 4)) == {"right"}


def test_kills_of_commands(run):
    assert set(sweep_command_kills(run.project_folder, COMMANDS[:1], 3)) == {"right"}


@pytest.mark.parametrize("command", full_disks.COMMANDS, ids=lambda command: command[0])
def test_full_disks_of_the_index(run, command):
    counts = full_disks.sweep_full_disks(run.project_folder, run.project_folder.parent / "pictures", [command],
                                         (0, 2, 6, 128))
    assert set(counts) == {"right", "named"} and counts["named"] >= 2


def test_corpora(tmp_path, capsys):
    corpus = tmp_path / "some"
    corpus.mkdir()
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    for name in ("a.png", "b.jpg", "c.bmp"):
        cv2.imwrite(str(corpus / name), picture)
    (corpus / "cut.jpg").write_bytes((corpus / "b.jpg").read_bytes()[:-30])
    (corpus / "note.txt").write_text("no picture")
    assert corpora.main([str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "| some | 5 | 3 | 0 | 1 | 1 | 0 | 0 | 0 | 0 | 0 | 3 | 0 |" in out
    assert "| JPEG truncated end | 1 | 0 |" in out
    assert corpora.main([]) == 2


def test_corpora_whose_references_differ(tmp_path):
    (tmp_path / "tests" / "images").mkdir(parents=True)
    (tmp_path / "tests" / "reference").mkdir()
    path = tmp_path / "tests" / "images" / "a.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "tests" / "reference" / "a.png.01234567.png"), np.full((8, 8, 3), 9, np.uint8))
    verdict = corpora.judge(path)
    assert (verdict.ending, verdict.second) == ("as Pillow", "reference")
    assert "9 at most" in verdict.reason and "plain" in verdict.reason


@pytest.mark.parametrize(("fault", "ending"), [
    (os.abort, "crash"), (lambda: time.sleep(60), "hang"), (lambda: 1 / 0, "traceback"), (lambda: os._exit(0), "crash")])
def test_faults_of_a_decoder(tmp_path, monkeypatch, fault, ending):
    def judge(_path: Path) -> Iterator[dict[str, Any]]:
        fault()
        yield {}

    monkeypatch.setattr(corpora, "judge_file", judge)
    assert corpora.judge(tmp_path / "a.png", seconds=0.5).ending == ending


def test_scan_audit_and_prediction_that_are_at_odds(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((8, 8, 3), np.uint8))
    monkeypatch.setattr(corpora, "inspect_file", lambda *_: (1, None, None, None, "truncated", None, None))
    assert corpora.judge(tmp_path / "a.png").ending == "at odds"


def test_starts(tmp_path):
    before, after = sweep_starts(14, tmp_path / "log")
    assert clean(before, after), (before, after)


def test_the_service_answers_as_it_is_described():
    token = "t" * 20
    with running("sees_no_picture", token=token) as watched:
        url = watched.service.state.url
        good, printed = sweep_service(url, 20, "--header", f"Authorization: Bearer {token}")
        assert good, printed
        assert "4 selected / 4 total" in printed


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_a_thousand_starts(tmp_path):
    before, after = sweep_starts(1000, tmp_path / "log")
    assert clean(before, after), (before, after)


@pytest.mark.nightly
def test_everything_in_large():
    assert __main__.main() == 0
