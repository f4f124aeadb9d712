"""`predict`: answers as they come, tables, sorted folders, and a second model."""

from __future__ import annotations

import csv
import json
from functools import partial

import pytest

from cnnstudio.cli import main, predicting
from cnnstudio.workers.supervisor import Supervisor


@pytest.fixture(autouse=True)
def scripted(monkeypatch):
    monkeypatch.setattr(predicting, "Supervisor", partial(Supervisor, target="tests.cli.predict_child:child"))


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "model.keras"
    path.write_bytes(b"a model")
    return str(path)


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "pictures"
    for name in ("a/cat1.png", "a/dog1.png", "b/cat1.png", "b/maybe.png", "b/broken.png"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"content of " + name.encode())
    return root


def lines(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_an_empty_path_is_not_the_present_folder(model, capsys):
    with pytest.raises(SystemExit) as left:
        main(["predict", model, ""])
    assert left.value.code == 2 and "must not be empty" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["csv", "tsv", "json", "parquet"])
def test_the_answers_are_written_in_the_format_of_the_name(model, folder, tmp_path, form, capsys):
    target = tmp_path / f"answers.{form}"
    assert main(["predict", model, str(folder), "--to", str(target), "--json", "--top", "1"]) == 0
    printed = lines(capsys)
    assert len(printed) == 5 and len(printed[0]["top"]) == 1
    assert target.stat().st_size
    again = main(["predict", model, str(folder), "--to", str(target)])
    assert again == (2 if form == "parquet" else 0), "a table that this command wrote is replaced; of Parquet nobody can tell"
    if form in ("csv", "tsv"):
        with target.open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter="," if form == "csv" else "\t"))
        assert [row["label"] for row in rows] == ["cat", "dog", "", "cat", "cat"]
        assert rows[1]["dog"] == "0.875" and rows[2]["problem"] == "broken.png: cannot be read"


def test_csv_is_csv_whatever_its_name(model, folder, tmp_path):
    assert main(["predict", model, str(folder), "--csv", str(tmp_path / "answers.txt")]) == 0
    assert (tmp_path / "answers.txt").read_text().startswith("path,label,probability,problem,cat,dog\n")


def test_what_was_answered_before_the_model_failed_is_kept(model, folder, tmp_path, capsys):
    (folder / "b" / "fatal.png").write_bytes(b"x")
    target = tmp_path / "answers.csv"
    assert main(["predict", model, str(folder), "--to", str(target)]) == 1
    shown = capsys.readouterr()
    assert "The engine is gone" in shown.err and "holds only what was answered before: 4 rows" in shown.err
    assert len(target.read_text().splitlines()) == 5
    target.unlink()
    assert main(["predict", model, str(folder / "b" / "fatal.png"), "--to", str(target)]) == 1
    assert not target.exists()


def test_a_full_disk_ends_the_command_with_its_reason(model, folder, tmp_path, monkeypatch, capsys):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnstudio.workers.answer_tables._cells", full)
    assert main(["predict", model, str(folder), "--to", str(tmp_path / "answers.csv")]) == 2
    assert "The disk is full" in capsys.readouterr().err
    assert not (tmp_path / "answers.csv").exists()


@pytest.mark.parametrize(("arguments", "text"), [
    (["--to", "x.xls"], "in the format that its name ends with"), (["--min-probability", "2"], "from 0 to 1"),
    (["--top", "0"], "at least 1")])
def test_arguments_that_cannot_be(model, folder, arguments, text, capsys):
    assert main(["predict", model, str(folder), *arguments]) == 2
    assert text in capsys.readouterr().err
    assert main(["predict", model]) == 2
    assert "needs a model and pictures" in capsys.readouterr().err


def test_pictures_are_sorted_by_label_and_taken_back(model, folder, tmp_path, capsys):
    target = tmp_path / "sorted"
    command = ["predict", model, str(folder), "--sort-to", str(target), "--min-probability", "0.7", "--json"]
    assert main([*command, "--dry-run"]) == 0
    planned = lines(capsys)[-1]
    assert not target.exists()
    assert main(command) == 0
    done = lines(capsys)[-1]
    assert done | {"dry_run": True} == planned
    assert done["images"] == 4 and done["unanswered"] == 1
    assert {item["folder"]: item["first"] for item in done["folders"]} == {
        "cat": ["cat1.png", "cat1 (2).png"], "dog": ["dog1.png"], "not sure": ["maybe.png"]}
    assert main(["predict", "--undo-sort", str(target), "--json"]) == 0
    assert lines(capsys)[-1]["removed"] == 4 and not target.exists()
    assert main(["predict", "--undo-sort", str(target)]) == 2


def test_two_models_are_compared_on_the_same_pictures(model, folder, tmp_path, capsys):
    other = tmp_path / "other.keras"
    other.write_bytes(b"another model")
    assert main(["predict", model, str(folder), "--against", str(other), "--json"]) == 0
    *pictures, summary = lines(capsys)
    assert len(pictures) == 5
    changed = next(line for line in pictures if line["path"].endswith("maybe.png"))
    assert (changed["label"], changed["against"], changed["difference"]) == (
        "cat", {"label": "dog", "probability": 0.625}, 0.25)
    assert "problem" in next(line for line in pictures if line["path"].endswith("broken.png"))
    assert summary == {
        "event": "comparison", "images": 4, "unanswered": 1, "agreement": 0.75, "changes": 1, "mean_difference": 0.15625,
        "largest_difference": 0.25, "largest_path": str(folder / "b" / "maybe.png"), "confusion": [
            {"first": "cat", "second": "cat", "count": 2}, {"first": "cat", "second": "dog", "count": 1},
            {"first": "dog", "second": "dog", "count": 1}]}
    assert main(["predict", model, str(folder), "--against", str(other)]) == 0
    text = capsys.readouterr().out
    assert "same answer for 75.0% of 4 pictures, another one for 1" in text and "≠ dog 62.50%" in text
    assert main(["predict", model, str(folder), "--against", str(other), "--to", str(tmp_path / "x.csv")]) == 2


def test_a_video_has_a_line_for_each_frame(model, folder, tmp_path, capsys):
    clip, broken = tmp_path / "clip.MP4", tmp_path / "broken.avi"
    clip.write_bytes(b"a video")
    assert main(["predict", model, str(clip), str(folder / "a" / "dog1.png"), "--every", "1", "--json", "--to",
                 str(tmp_path / "t.csv")]) == 0
    picture, *frames = lines(capsys)
    assert "time" not in picture
    assert [(line["path"], line["time"], line["frame"], line["label"]) for line in frames] == [
        (str(clip), 0.0, 0, "cat"), (str(clip), 1.0, 25, "cat"), (str(clip), 2.0, 50, "cat")]
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:4] == ["path", "time", "frame", "label"] and rows[3]["time"] == "2.0"
    assert main(["predict", model, str(clip)]) == 0
    assert "clip.MP4 0:02.000: cat 75.00%, dog 25.00%" in capsys.readouterr().out
    assert main(["predict", model, str(broken), "--json"]) == 2
    assert lines(capsys)[-1]["problem"]["code"] == "no_video"
    assert main(["predict", model, str(clip), "--sort-to", str(tmp_path / "s")]) == 2
    assert main(["predict", model, str(clip), "--every", "-1"]) == 2
    for alone in (["--dry-run"], ["--min-probability", "0.5"]):
        capsys.readouterr()
        assert main(["predict", model, str(clip), *alone, "--json"]) == 2
        assert lines(capsys)[-1]["problem"]["code"] == "bad_combination"


def test_an_animated_picture_is_a_video_where_frames_are_asked_for(model, tmp_path, capsys):
    (tmp_path / "a.gif").write_bytes(b"x")
    assert main(["predict", model, str(tmp_path / "a.gif"), "--json"]) == 0
    assert len(lines(capsys)) == 1
    assert main(["predict", model, str(tmp_path / "a.gif"), "--json", "--every", "0"]) == 0
    assert len(lines(capsys)) == 3
