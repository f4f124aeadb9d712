"""Predict: what is dropped, pasted and chosen is answered by a warm server and shown."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from cnnstudio.core.calibration import Calibration, Rejection
from cnnstudio.core.jobs import Prediction, Ranked
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.doubt import likely_text
from cnnstudio.gui.pages.predict.table import AnswerTable
from cnnstudio.gui.pages.predict.views import AnswerView
from cnnstudio.gui.state.commands import OpenPaths
from cnnstudio.gui.widgets.cards import DropArea
from tests.gui.driving import choose, field, part, parts, says, texts
from tests.gui.pages.predict.children import NAMES, SERVES


def add_run(folder: Path) -> None:
    from cnnstudio.core.files import read_project
    from cnnstudio.datasets.manifest import Header, write_manifest
    from cnnstudio.workers.runs.folder import create_run

    header = Header(root=str(folder), class_names=NAMES, label_mode="categorical")
    create_run(folder, read_project(folder), lambda path: write_manifest(path, header, ())).model_path.write_bytes(b"model")


@pytest.fixture
def opened(qtbot, window, project_folder, monkeypatch):
    from cnnstudio.gui.state.prediction_server import PredictionServer

    monkeypatch.setattr(PredictionServer, "target", SERVES)
    with qtbot.waitSignal(window.session.jobs.ended):
        assert window.session.open(project_folder)
    return window


@pytest.fixture
def page(qtbot, opened, project_folder):
    add_run(project_folder)
    assert opened.go("predict")
    predict = opened.current
    qtbot.waitUntil(lambda: predict.server.ready is not None, timeout=20_000)
    return predict


def answered(qtbot, page, number):
    qtbot.waitUntil(lambda: not page.busy and len(page.answers) == number
                    and page.session.jobs.of_kind("predict-picture") is None)


def test_without_a_model_the_page_says_so(qtbot, opened, pictures_folder):
    opened.go("predict")
    page = opened.current
    qtbot.waitUntil(lambda: page.models.runs_listed)
    assert says(page, "No trained model yet")
    assert not list(page.blocking_problems()), "it is said once"
    page.take_paths([str(pictures_folder / "cat" / "cat00.png")])
    assert says(page, "No trained model yet")
    assert not page.server.running


def test_the_header_names_the_run_that_answers_and_how_far_it_came(page):
    (run,) = page.models.runs
    assert page.models.select.currentText() == run.id
    assert page.subtitle() == f"Not started, epoch 0 of {run.planned} · 2 classes · LiteRT"


def test_one_picture_is_shown_with_its_bars(qtbot, page, pictures_folder):
    assert parts(page, DropArea)
    assert page.take_paths([str(pictures_folder / "dog" / "dog03.png")])
    answered(qtbot, page, 1)
    qtbot.waitUntil(lambda: part(page, AnswerView).picture.image is not None)
    assert not parts(page, DropArea)
    assert not parts(page, AnswerTable)
    assert [ranked.label for ranked in part(page, AnswerView).bars.ranked] == ["dog", "cat"]
    assert says(part(page, AnswerView), "12 ms · LiteRT")


def test_the_server_stays_warm_over_a_rebuild(qtbot, page, pictures_folder):
    server, job = page.server, page.session.jobs.of_kind("serve")
    assert job is not None
    page.take_paths([str(pictures_folder / "dog" / "dog03.png")])
    answered(qtbot, page, 1)
    window = page.parent().window()
    window.session.set_setting("language", "es")
    qtbot.waitUntil(lambda: window.current is not page and window.current.id == "predict")
    again = window.current
    assert again.server is server
    assert window.session.jobs.of_kind("serve") is job
    assert says(part(again, AnswerView), "dog")
    window.session.set_setting("language", "en")
    qtbot.waitUntil(lambda: window.current is not again)


def test_a_folder_becomes_a_table_and_a_csv(qtbot, page, pictures_folder, tmp_path):
    (pictures_folder / "dog" / "broken.png").write_bytes(b"nothing")
    page.take_paths([str(pictures_folder)])
    answered(qtbot, page, 41)
    table = part(page, AnswerTable)
    assert table.isVisible()
    assert "41" in next(text for text in texts(page) if "1 unreadable" in text)
    broken = next(answer for answer in page.answers if answer.problem)
    table.select(broken)
    assert says(part(page, AnswerView), "broken.png: cannot be read")
    row = table.rows.rows.index(broken)
    assert table.rows.index(row, 4).data() == "cannot be read", "the name stands in its own column"
    table.sortByColumn(3, table.horizontalHeader().sortIndicatorOrder().DescendingOrder)
    job = page.save_table(tmp_path / "answers.csv")
    qtbot.waitUntil(lambda: job.last is not None)
    with open(tmp_path / "answers.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 41
    assert list(rows[0]) == ["path", "label", "probability", "problem", "cat", "dog"]
    assert {row["label"] for row in rows if "cat0" in row["path"]} == {"cat"}
    assert [row["problem"] for row in rows if row["problem"]] == ["broken.png: cannot be read"]
    page.clear()
    assert parts(page, DropArea)
    qtbot.waitUntil(lambda: page.session.jobs.of_kind("predict-picture") is None)


def test_a_picture_on_the_clipboard_is_pasted(qtbot, page):
    from PySide6.QtGui import QColor, QGuiApplication, QImage

    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(QColor(200, 30, 40))
    QGuiApplication.clipboard().setImage(image)
    page.paste()
    answered(qtbot, page, 1)
    pasted = Path(page.answers[0].path)
    assert pasted.parent == page.server.paste_folder
    assert QImage(str(pasted)).size() == image.size()


def test_what_is_dropped_before_the_runs_are_known_waits(qtbot, opened, project_folder, pictures_folder):
    add_run(project_folder)
    opened.perform(OpenPaths((str(pictures_folder / "cat" / "cat01.png"),)))
    page = opened.current
    assert page.id == "predict"
    qtbot.waitUntil(lambda: len(page.answers) == 1 and page.answers[0].best is not None, timeout=20_000)
    assert page.answers[0].best.label == "cat"
    answered(qtbot, page, 1)


def test_a_damaged_model_is_explained_and_the_old_one_still_serves(qtbot, page, tmp_path, pictures_folder):
    bad = tmp_path / "bad.keras"
    bad.write_bytes(b"nothing")
    page.take_paths([str(bad)])
    qtbot.waitUntil(lambda: page.server.problem is not None, timeout=20_000)
    missing = list(page.blocking_problems())
    assert missing[0].code == "bad_model"
    assert [fix.action for fix in missing[0].fixes] == ["restart_server"]
    page.models.choose((str(page.session.folder), page.models.runs[0].id))
    page.take_paths([str(pictures_folder / "cat" / "cat01.png")])
    qtbot.waitUntil(lambda: len(page.answers) == 1 and page.answers[0].best is not None, timeout=20_000)
    assert not list(page.blocking_problems())
    answered(qtbot, page, 1)


def test_pictures_and_corrections_outlast_a_model_that_fails(qtbot, page, tmp_path, pictures_folder):
    page.take_paths([str(pictures_folder)])
    answered(qtbot, page, 40)
    page.answers[0].corrected = "dog"
    corrected = page.answers[0].path
    bad = tmp_path / "bad.keras"
    bad.write_bytes(b"nothing")
    page.take_paths([str(bad)])
    qtbot.waitUntil(lambda: page.server.problem is not None, timeout=20_000)
    page.models.choose((str(page.session.folder), page.models.runs[0].id))
    answered(qtbot, page, 40)
    assert [answer.path for answer in page.answers if answer.corrected == "dog"] == [corrected]
    page.clear()
    page.take_paths([str(pictures_folder)])
    answered(qtbot, page, 40)
    assert not any(answer.corrected for answer in page.answers), "what is dropped anew has no corrections"


def test_a_picture_the_model_is_not_sure_of(qtbot, page, pictures_folder):
    picture = pictures_folder / "maybe.png"
    picture.write_bytes(next(pictures_folder.glob("cat/*.png")).read_bytes())
    page.take_paths([str(picture)])
    answered(qtbot, page, 1)
    view = part(page, AnswerView)
    assert says(view, "Not sure") and says(view, "Likely: cat, dog")
    assert says(view, "With an error rate of 10% the right class is one of these 2: cat, dog.")
    assert not [label for label in texts(view) if label == "cat"], "no class is claimed"
    page.take_paths([str(pictures_folder / "cat" / "cat00.png")])
    answered(qtbot, page, 1)
    assert says(view, "cat") and not says(view, "Not sure")


def test_the_table_says_which_pictures_are_not_certain(qtbot, page, pictures_folder):
    picture = pictures_folder / "dog" / "maybe.png"
    picture.write_bytes(next(pictures_folder.glob("cat/*.png")).read_bytes())
    paths = [str(pictures_folder / "dog" / "dog00.png"), str(picture)]
    page.take_paths(paths)
    answered(qtbot, page, 2)
    assert says(page, "2 pictures · 1 not sure")
    model = part(page, AnswerTable).rows
    index = model.index(1, 2)
    assert model.data(index, Qt.ItemDataRole.DisplayRole) == "Not sure: cat, dog"
    assert "one of these 2" in model.data(index, Qt.ItemDataRole.ToolTipRole)
    assert model.data(index, Qt.ItemDataRole.DecorationRole) is None, "the colour of a class would claim it"
    assert model.data(model.index(0, 2), Qt.ItemDataRole.DisplayRole) == "dog"


@pytest.mark.parametrize(("rejection", "answer_set", "expected"), [
    (Rejection(kind="confidence", level=0.8, threshold=0.8), None,
     "The best class has 75.0%; this model answers only from 80% on."),
    (Rejection(kind="conformal", level=0.025, threshold=0.9), (), "No class is probable enough for an error rate of 2.5%"),
])
def test_the_reason_follows_the_reject_option(rejection, answer_set, expected):
    top = (Ranked(label="dog", probability=0.75), Ranked(label="cat", probability=0.25))
    prediction = Prediction(request=1, path="a.png", top=top, not_sure=True, answer_set=answer_set)
    answer = Answer("a.png", prediction, rejection)
    assert answer.reason.startswith(expected)
    assert likely_text(prediction) == ("Likely: dog, cat" if answer_set is None
                                       else "No class is probable enough; nearest: dog, cat")
    assert Answer("a.png", prediction).reason == "", "without the model's option there is no reason to give"


def calibrate(folder: Path, temperature: float) -> None:
    """Write a calibration of the newest run, as the Evaluate page does."""
    from cnnstudio.workers.runs.calibration import keep_calibration
    from cnnstudio.workers.runs.folder import find_run

    keep_calibration(find_run(folder, None), Calibration(temperature=temperature))


def test_another_calibration_is_used_for_the_pictures_on_screen(qtbot, opened, page, project_folder, pictures_folder):
    page.take_paths([str(pictures_folder / "cat" / "cat00.png")])
    answered(qtbot, page, 1)
    first, job = page.answers[0].prediction, page.server._job
    page.enter()
    assert page.server._job is job, "nothing has changed"
    calibrate(project_folder, 2.0)
    opened.session.announce("calibration", "saved")
    qtbot.waitUntil(lambda: page.server.ready is not None and page.server._job is not job, timeout=20_000)
    answered(qtbot, page, 1)
    qtbot.waitUntil(lambda: page.answers[0].prediction is not None, timeout=20_000)
    assert page.answers[0].prediction is not first


def test_renamed_classes_are_read_on_the_next_visit(qtbot, page, project_folder):
    from cnnstudio.core.renamed_classes import RenamedClasses, write_renamed
    from cnnstudio.workers.runs.folder import find_run

    job, run = page.server._job, find_run(project_folder, None)
    write_renamed(run.folder, RenamedClasses(trained=("cat", "dog"), names=("Katze", "dog")))
    page.enter()
    assert page.server._job is not job
    qtbot.waitUntil(lambda: page.server.ready is not None, timeout=20_000)


def test_a_calibration_that_changed_elsewhere_is_read_on_the_next_visit(qtbot, page, project_folder):
    job = page.server._job
    calibrate(project_folder, 2.0)
    page.enter()
    assert page.server._job is not job
    qtbot.waitUntil(lambda: page.server.ready is not None, timeout=20_000)


def test_filters_show_some_answers_and_only_those_are_saved(qtbot, page, pictures_folder, tmp_path):
    from cnnstudio.gui.pages.predict.filters import FilterBar
    from cnnstudio.gui.pages.predict.results import ResultsView

    (pictures_folder / "dog" / "broken.png").write_bytes(b"nothing")
    page.take_paths([str(pictures_folder)])
    answered(qtbot, page, 41)
    bar, table = part(page, FilterBar), part(page, AnswerTable)
    choose(field(bar, "Predicted class"), "dog")
    assert table.model().rowCount() == 20 and bar.reset_button.text() == "Showing 20 of 41"
    choose(field(bar, "Kind of answer"), "With a problem")
    assert table.model().rowCount() == 0, "a problem has no class"
    assert says(part(page, ResultsView), "No picture matches the filters")
    bar.reset()
    assert table.model().rowCount() == 41
    bar.show_state("problem")
    (shown,) = table.ordered.shown_rows()
    assert shown.name == "broken.png"
    saved = []
    part(page, ResultsView).save_requested.connect(saved.append)
    job = page.save_table(tmp_path / "some.json", table.ordered.shown_rows())
    qtbot.waitUntil(lambda: job.last is not None)
    assert [row["problem"] for row in json.loads((tmp_path / "some.json").read_text())] == ["broken.png: cannot be read"]


def test_a_new_request_ends_the_one_before(qtbot, page, pictures_folder, monkeypatch):
    ended = []
    monkeypatch.setattr(page.server, "cancel", ended.append)
    page.take_paths([str(path) for path in sorted(pictures_folder.glob("cat/*.png"))])
    assert page.busy
    page.take_paths([str(pictures_folder / "dog" / "dog01.png")])
    assert len(ended) == 1
    answered(qtbot, page, 1)
