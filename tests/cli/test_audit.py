"""`cnnstudio audit`: JSON lines, choices, folders and projects, wrong input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.cli import run_audit
from cnnstudio.core.events import Failed
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from tests.datasets.audit_material import paint, save

MEASURED = "unreadable,truncated,exact_duplicate,near_duplicate,leakage,blurry,dark"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    root = tmp_path / "señor 😀"
    for number in range(40):
        save(root / ("test" if number >= 34 else "train") / ("cat", "dog")[number % 2] / f"{number:02}.jpg", paint(number))
    shutil.copy(root / "train" / "cat" / "00.jpg", root / "test" / "cat" / "copy.jpg")
    save(root / "train" / "dog" / "dark\nline.jpg", (paint(90) * 0.2).astype("uint8"))
    return root


def told(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict], dict]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return lines[:-1], lines[-1]


def test_one_line_a_finding_and_a_summary(pictures, capsys):
    assert cli.main(["audit", str(pictures), "--json", "--only", MEASURED]) == 0
    result, summary = told(capsys)
    assert {tuple(item) for item in result} == {("kind", "path", "others", "score", "severity", "text")}
    assert {(item["kind"], item["path"]) for item in result} == {
        ("exact_duplicate", "test/cat/copy.jpg"), ("leakage", "test/cat/copy.jpg"), ("dark", "train/dog/dark\nline.jpg")}
    assert all(item["others"] == ["train/cat/00.jpg"] for item in result if item["kind"] == "leakage")
    assert summary == {"event": "summary", "images": 42, "counts": {"exact_duplicate": 1, "leakage": 1, "dark": 1}}
    assert cli.main(["audit", str(pictures), "--json", "--only", "dark"]) == 0
    result, summary = told(capsys)
    assert [item["kind"] for item in result] == ["dark"]
    assert summary["counts"] == {"dark": 1}


def test_the_language_and_words(pictures, capsys):
    assert cli.main(["audit", str(pictures), "--only", "dark,leakage", "--language", "es"]) == 0
    text = capsys.readouterr().out
    assert "la exactitud medida es demasiado alta" in text
    assert sum("train/dog/dark\\nline.jpg: " in line for line in text.splitlines()) == 1
    assert text.splitlines()[-1].startswith("Imágenes: 42. Hallazgos: ")


def test_settings_and_flips(pictures, capsys):
    save(pictures / "train" / "cat" / "mirrored.jpg", paint(4)[:, ::-1].copy(), 80)
    assert cli.main(["audit", str(pictures), "--json", "--only", "near_duplicate"]) == 0
    assert told(capsys)[0] == []
    assert cli.main(["audit", str(pictures), "--json", "--only", "near_duplicate", "--flips"]) == 0
    assert len(told(capsys)[0]) == 1
    assert cli.main(["audit", str(pictures), "--json", "--only", "dark", "--set", "dataset.audit.dark=0.01"]) == 0
    assert told(capsys)[0] == []


def test_a_project_uses_its_own_index(pictures, tmp_path, capsys):
    project = tmp_path / "project"
    assert cli.main(["new", str(project), "--data", str(pictures), "--template", "lenet5"]) == 0
    assert cli.main(["set", str(project), "dataset.audit.dark=0.01"]) == 0
    capsys.readouterr()
    report = tmp_path / "report.html"
    assert cli.main(["audit", str(project), "--json", "--only", "dark,leakage", "--html", str(report)]) == 0
    assert told(capsys)[1]["counts"] == {"leakage": 1}
    assert "test/cat/copy.jpg" in report.read_text("utf-8")


def test_nothing_is_written_beside_the_pictures(pictures):
    before = {path: path.stat().st_mtime_ns for path in pictures.rglob("*")}
    assert cli.main(["audit", str(pictures), "--only", MEASURED]) == 0
    assert {path: path.stat().st_mtime_ns for path in pictures.rglob("*")} == before


def test_a_second_audit_measures_nothing(pictures, capsys, monkeypatch):
    assert cli.main(["audit", str(pictures), "--json", "--only", MEASURED]) == 0
    first = told(capsys)
    monkeypatch.setattr("cnnstudio.datasets.audit.measuring.measure_file", None)
    assert cli.main(["audit", str(pictures), "--json", "--only", MEASURED]) == 0
    assert told(capsys) == first


def test_without_the_network_the_rest_stands(pictures, capsys, monkeypatch):
    missing = Failed(problem=error("weights_missing", Text("No weights.", "Sin pesos."), "file"))
    monkeypatch.setattr("cnnstudio.cli.jobs.run_job", lambda *_: missing)
    assert cli.main(["audit", str(pictures), "--json"]) == 0
    captured = capsys.readouterr()
    kinds = {json.loads(line).get("kind") for line in captured.out.splitlines()}
    assert {"exact_duplicate", "leakage", "dark"} <= kinds
    assert not kinds & {"outlier", "mislabeled"}
    assert "No weights." in captured.err


def test_commas_alone_name_no_kind(pictures, capsys):
    assert cli.main(["audit", str(pictures), "--json", "--only", "exact_duplicate,"]) == 0
    assert set(told(capsys)[1]["counts"]) == {"exact_duplicate"}
    assert run_audit._kinds(",") == run_audit._kinds(None) == run_audit.ALL_KINDS


def test_a_flat_folder(tmp_path, capsys):
    for number in range(6):
        save(tmp_path / "flat" / f"{number}.jpg", paint(number))
    shutil.copy(tmp_path / "flat" / "0.jpg", tmp_path / "flat" / "again.jpg")
    assert cli.main(["audit", str(tmp_path / "flat"), "--json", "--only", MEASURED]) == 0
    result, summary = told(capsys)
    assert [(item["kind"], item["path"], item["others"]) for item in result] == [
        ("exact_duplicate", "again.jpg", ["0.jpg"])]
    assert summary["images"] == 7


@pytest.mark.parametrize(("words", "code"), [
    (["{missing}"], "not_a_folder"), (["{file}"], "not_a_folder"), (["{empty}"], "no_pictures"),
    (["{pictures}", "--only", "dark,nonsense"], "unknown_kind"),
    (["{pictures}", "--set", "dataset.audit.dark=2"], "value"),
    (["{pictures}", "--set", "dataset.audit.nonsense=2"], "unknown_setting"),
])
def test_wrong_input_is_told(tmp_path, pictures, capsys, words, code):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    places = {"missing": tmp_path / "no", "file": tmp_path / "file", "empty": tmp_path / "empty", "pictures": pictures}
    assert cli.main(["audit", *[name.format(**places) for name in words], "--json"]) == 2
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["problem"]["code"] for line in lines] == [code]
