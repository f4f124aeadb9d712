"""Predict: what is dropped, pasted and chosen is answered by a warm server and shown."""

from __future__ import annotations

import csv
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from cnnstudio.core.commands import Serve
from cnnstudio.core.events import Answered, Failed, Prediction, Ranked, Ready, Stopped
from cnnstudio.core.problems import error
from cnnstudio.core.text import same
from cnnstudio.workers.link import Link

NAMES = ("cat", "dog")


def child(connection: Connection) -> None:
    """A server that knows dogs by their file's name, and cannot read what is called broken."""
    link = Link(connection)
    job = link.job()
    assert isinstance(job, Serve)
    if "bad" in Path(job.model).name:
        link.emit(Failed(problem=error("bad_model", same("This model is damaged."), "file", path=job.model)))
        return
    link.emit(Ready(engine="litert", class_names=NAMES))
    while link.stop is None:
        request = link.predictions.get()
        if request is None:
            break
        for path in request.paths:
            name = Path(path).name
            if "broken" in name:
                found = error("picture_broken", same(f"{name}: cannot be read"), "file", path=path)
                link.emit(Prediction(request=request.request, path=path, problem=found))
                continue
            top = [Ranked(label="dog", probability=0.75), Ranked(label="cat", probability=0.25)]
            link.emit(Prediction(request=request.request, path=path,
                                 top=tuple(top if "dog" in name else top[::-1])))
        link.emit(Answered(request=request.request, pictures=len(request.paths), seconds=0.012, engine="litert"))
    link.emit(Stopped(kept=True))


def add_run(folder: Path) -> None:
    from cnnstudio.core.files import read_project
    from cnnstudio.workers.runs import create_run

    create_run(folder, read_project(folder), lambda path: path.write_text("{}\n")).model_path.write_bytes(b"model")


@pytest.fixture
def opened(qtbot, window, project_folder, monkeypatch):
    from cnnstudio.gui.pages.predict.server import PredictionServer

    monkeypatch.setattr(PredictionServer, "target", "tests.gui.test_predict:child")
    with qtbot.waitSignal(window.session.jobs.ended):
        window.perform("open", {"folder": str(project_folder)})
    return window


@pytest.fixture
def page(qtbot, opened, project_folder):
    add_run(project_folder)
    assert opened.go("predict")
    predict = opened.current
    qtbot.waitUntil(lambda: predict._server.ready is not None, timeout=20_000)
    return predict


def answered(qtbot, page, number):
    qtbot.waitUntil(lambda: not page._busy and len(page._answers) == number and page._loading._job is None)


def test_without_a_model_the_page_says_so(qtbot, opened, pictures_folder):
    opened.go("predict")
    page = opened.current
    qtbot.waitUntil(lambda: page.models.known)
    assert page._stack.currentIndex() == 0
    assert [each.code for each in page.what_is_missing()] == ["no_model"]
    page.dropped([str(pictures_folder / "cat" / "cat00.png")])
    assert page._stack.currentIndex() == 0
    assert not page._server.running


def test_the_header_names_the_run_that_answers_and_how_far_it_came(page):
    (run,) = page.models.runs
    assert page.subtitle() == f"{run.id} (not started, epoch 0 of {run.planned}) · 2 classes · LiteRT"


def test_one_picture_is_shown_with_its_bars(qtbot, page, pictures_folder):
    assert page._stack.currentIndex() == 1
    assert page.dropped([str(pictures_folder / "dog" / "dog03.png")])
    answered(qtbot, page, 1)
    qtbot.waitUntil(lambda: page._view.picture.image is not None)
    assert page._stack.currentIndex() == 2
    assert page._table.isHidden()
    assert [each.label for each in page._view.bars.ranked] == ["dog", "cat"]
    assert page._view._note.text() == "12 ms · LiteRT"
    assert page._color("dog") == page._color("dog") != page._color("cat")


def test_the_server_stays_warm_over_a_rebuild(qtbot, page, pictures_folder):
    server, job = page._server, page._server._job
    page.dropped([str(pictures_folder / "dog" / "dog03.png")])
    answered(qtbot, page, 1)
    window = page.parent()
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window.current is not page and window.current.id == "predict")
    again = window.current
    assert again._server is server
    assert server._job is job
    assert again._view._label.text() == "dog"
    window.session.set_setting("language", "en")
    qtbot.waitUntil(lambda: window.current is not again)


def test_a_folder_becomes_a_table_and_a_csv(qtbot, page, pictures_folder, tmp_path):
    (pictures_folder / "dog" / "broken.png").write_bytes(b"nothing")
    page.dropped([str(pictures_folder)])
    answered(qtbot, page, 41)
    assert not page._table.isHidden()
    assert "41" in page._summary.text()
    assert "1 unreadable" in page._summary.text()
    broken = next(each for each in page._answers if each.problem)
    page._table.select(broken)
    assert page._view._problem.text() == "broken.png: cannot be read"
    row = page._table.rows.rows.index(broken)
    assert page._table.rows.index(row, 4).data() == "cannot be read", "the name stands in its own column"
    page._table.sortByColumn(3, page._table.horizontalHeader().sortIndicatorOrder().DescendingOrder)
    job = page.save_csv(tmp_path / "answers.csv")
    qtbot.waitUntil(lambda: job.last is not None)
    with open(tmp_path / "answers.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 41
    assert list(rows[0]) == ["path", "label", "probability", "problem", "cat", "dog"]
    assert {row["label"] for row in rows if "cat0" in row["path"]} == {"cat"}
    assert [row["problem"] for row in rows if row["problem"]] == ["broken.png: cannot be read"]
    page.clear()
    assert page._stack.currentIndex() == 1
    qtbot.waitUntil(lambda: page._loading._job is None)


def test_a_picture_on_the_clipboard_is_pasted(qtbot, page):
    from PySide6.QtGui import QColor, QGuiApplication, QImage

    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 30, 40))
    QGuiApplication.clipboard().setImage(image)
    page.paste()
    answered(qtbot, page, 1)
    kept = Path(page._answers[0].path)
    assert kept.parent == page._server.pasted
    assert QImage(str(kept)).size() == image.size()


def test_what_is_dropped_before_the_runs_are_known_waits(qtbot, opened, project_folder, pictures_folder):
    add_run(project_folder)
    opened.take_paths([str(pictures_folder / "cat" / "cat01.png")])
    page = opened.current
    assert page.id == "predict"
    qtbot.waitUntil(lambda: len(page._answers) == 1 and page._answers[0].best is not None, timeout=20_000)
    assert page._answers[0].best.label == "cat"
    answered(qtbot, page, 1)


def test_a_damaged_model_is_explained_and_the_old_one_still_serves(qtbot, page, tmp_path, pictures_folder):
    bad = tmp_path / "bad.keras"
    bad.write_bytes(b"nothing")
    page.dropped([str(bad)])
    qtbot.waitUntil(lambda: page._server.trouble is not None, timeout=20_000)
    missing = list(page.what_is_missing())
    assert missing[0].code == "bad_model"
    assert [fix.action for fix in missing[0].fixes] == ["restart_server"]
    page.models.choose((str(page.session.folder), page.models.runs[0].id))
    page.dropped([str(pictures_folder / "cat" / "cat01.png")])
    qtbot.waitUntil(lambda: len(page._answers) == 1 and page._answers[0].best is not None, timeout=20_000)
    assert not list(page.what_is_missing())
    answered(qtbot, page, 1)
