"""`export` of several formats, with a job that stands for the child."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from cnnstudio.cli import exporting
from cnnstudio.cli.arguments import parser
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.export_jobs import ExportCheck
from cnnstudio.core.problems import ProblemError


def arguments(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(project=tmp_path, run=None, format=["bundle", "keras", "onnx"], to=tmp_path / "out", losses=False,
                              engine=None, keep_in_float=(), check_data=None, unchecked=False, example=False)


def test_a_stop_ends_all_formats_and_names_those_left(tmp_path, monkeypatch, capsys):
    asked = []

    def stopped(job, _output, _handle):
        asked.append(job)
        return events.Stopped(kept=False)

    monkeypatch.setattr(exporting, "find_run", lambda *_arguments: None)
    monkeypatch.setattr(exporting, "unsupported_problems", lambda *_arguments: ())
    monkeypatch.setattr(exporting, "export_job", lambda _run, format, *_arguments, **_options: format)
    monkeypatch.setattr(exporting, "run_job", stopped)
    assert exporting.export(arguments(tmp_path), Output(False)) == 1
    assert asked == ["bundle"]
    assert "keras, onnx" in capsys.readouterr().err


def test_formats_may_be_named_in_one_option_or_in_several():
    command = ["export", "project", "--to", "out"]
    for words in (["--format", "onnx,keras"], ["--format", "onnx", "--format", "keras"]):
        assert parser(command).parse_args([*command, *words]).format == ["onnx", "keras"]


def test_several_formats_into_a_file_are_refused_once(tmp_path, monkeypatch):
    (tmp_path / "out").write_bytes(b"x")
    monkeypatch.setattr(exporting, "find_run", lambda *_arguments: None)
    with pytest.raises(ProblemError) as raised:
        exporting.export(arguments(tmp_path), Output(False))
    assert [problem.code for problem in raised.value.problems] == ["not_a_folder"]


def test_a_time_below_a_millisecond_is_not_zero():
    check = ExportCheck(images=3, top1_agreement=1.0, max_abs_difference=0.0, mean_abs_difference=0.0, latency_ms=0.0364,
                        runtime="ONNX Runtime 1")
    assert exporting.check_figures(check) == ["0.036 ms for a picture (ONNX Runtime 1)"]
