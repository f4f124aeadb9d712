"""The Evaluate page: kept results at once, the matrix, its pictures, and starting a measurement."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor

from cnnstudio.core.files import read_project
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import ClassReport, Evaluate, Evaluated, PictureResult
from cnnstudio.core.messages import encode_event
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate import start as evaluate_start
from cnnstudio.gui.pages.evaluate.confusion import ConfusionView
from cnnstudio.gui.pages.evaluate.matrix import ConfusionMatrix
from cnnstudio.gui.pages.evaluate.orders import ORDERS
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.results import measured_folder, read_results
from cnnstudio.gui.pages.evaluate.side import EvaluateSide
from cnnstudio.gui.pages.evaluate.summary import SummaryView
from cnnstudio.gui.state.changes import Change
from cnnstudio.workers.job_setup import evaluation_job, prepare_training
from cnnstudio.workers.runs.answers import is_outdated
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, part, press, says, texts


def trained_run(folder: Path) -> RunFolder:
    """A run of the project with a file in the model's place."""
    from cnnstudio.datasets.index import Index

    index = Index(folder / "dataset.sqlite")
    run, _job = prepare_training(folder, read_project(folder), index)
    index.close()
    run.model_path.write_bytes(b"a model")
    return run


def evaluate_by_hand(run: RunFolder, split: str = "test", wrong: int = 2) -> Evaluated:
    """An evaluation on the disk as the engine writes it; the first `wrong` pictures are mistakes."""
    entries = read_manifest(run.manifest_path).split(split)
    confusion = [[0, 0], [0, 0]]
    lines = []
    for place, entry in enumerate(entries):
        predicted = 1 - entry.label if place < wrong else entry.label
        confusion[entry.label][predicted] += 1
        lines.append(msgspec.json.encode(PictureResult(
            path=entry.path, label=entry.label, predicted=predicted, probability=0.6 + 0.01 * place,
            loss=3.0 - place if place < wrong else 0.1)))
    run.table_path(split).write_bytes(b"\n".join(lines) + b"\n")
    reports = tuple(ClassReport(name=name, precision=0.5, recall=0.5, f1=0.5, support=sum(confusion[number]))
                    for number, name in enumerate(("cat", "dog")))
    event = Evaluated(run=run.id, split=split, images=len(entries), loss=0.4, accuracy=1 - wrong / len(entries),
                      classes=reports, confusion=tuple(tuple(row) for row in confusion), engine="litert",
                      table=str(run.table_path(split)))
    run.table_path(split).with_suffix(".json").write_bytes(encode_event(event))
    return event


def settled(qtbot, window):
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=10_000)


def opened(qtbot, window, folder):
    assert window.session.open(folder)
    settled(qtbot, window)
    assert window.go("evaluate")
    settled(qtbot, window)
    return window.current


@pytest.fixture
def run(project_folder) -> RunFolder:
    return trained_run(project_folder)


def test_without_a_model_the_way_to_train_is_shown(qtbot, window, project_folder):
    page = opened(qtbot, window, project_folder)
    assert says(page, "No trained model yet")
    assert not list(page.blocking_problems()), "it is said once"
    assert not part(page, EvaluateSide).isVisible() and not part(page, PicturesPanel).isVisible()
    press(page, "Go to Train")
    assert window.current.id == "train"
    trained_run(project_folder)
    window.session.announce("runs")
    assert window.go("evaluate")
    settled(qtbot, window)
    assert part(page, EvaluateSide).isVisible() and part(page, PicturesPanel).isVisible()


def test_nothing_starts_by_itself(qtbot, window, project_folder, run):
    page = opened(qtbot, window, project_folder)
    assert says(page, "Not evaluated yet")
    assert not list(page.blocking_problems())
    assert run.evaluation("test") is None


def test_a_kept_result_is_shown_at_once_and_cells_open_their_pictures(qtbot, window, project_folder, run):
    evaluation = evaluate_by_hand(run)
    page = opened(qtbot, window, project_folder)
    assert part(page, SummaryView).isVisible()
    assert len(part(page, SummaryView).table.rows.rows) == 2
    grid = part(page, PicturesPanel).grid
    assert [answer.loss for answer in grid.answers] == [3.0, 2.0]
    press(page, "Confusion")
    matrix = part(page, ConfusionView).matrix
    cell = (0, 0)
    qtbot.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=matrix.rect_of(*cell).center())
    assert len(grid.answers) == evaluation.confusion[0][0]
    chances = [answer.probability for answer in grid.answers]
    assert chances == sorted(chances, reverse=True)
    assert all(answer.file.is_file() for answer in grid.answers)
    part(page, PicturesPanel).order_chosen.emit("worst")
    assert len(grid.answers) == 2


def test_the_keyboard_opens_cells(qtbot, window, project_folder, run):
    evaluate_by_hand(run)
    page = opened(qtbot, window, project_folder)
    press(page, "Confusion")
    matrix = part(page, ConfusionView).matrix
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        qtbot.keyClick(matrix, key)
    assert matrix.selected == (1, 1)
    assert page.state["cell"] == (1, 1)
    assert all(answer.label == answer.predicted == 1 for answer in part(page, PicturesPanel).grid.answers)


def test_the_pictures_of_a_cell_are_shown_in_data(qtbot, window, project_folder, run):
    evaluate_by_hand(run)
    page = opened(qtbot, window, project_folder)
    wanted = {answer.relative for answer in part(page, PicturesPanel).grid.answers}
    qtbot.mouseClick(button(page, "Show in Data"), Qt.MouseButton.LeftButton)
    assert window.current.id == "data"
    shown = window.workspace.collection.rows(list(window.current.views.grid.ids))
    assert {picture.path for picture in shown} == wanted


def test_a_cell_survives_a_change_of_the_theme(qtbot, window, project_folder, run):
    evaluate_by_hand(run)
    page = opened(qtbot, window, project_folder)
    press(page, "Confusion")
    part(page, ConfusionView).cell_chosen.emit(1, 0)
    number = len(part(page, PicturesPanel).grid.answers)
    window.session.set_setting("theme", "dark")
    qtbot.waitUntil(lambda: window.current is not page)
    settled(qtbot, window)
    assert window.current.state["cell"] == (1, 0)
    assert len(part(window.current, PicturesPanel).grid.answers) == number
    window.session.set_setting("theme", "light")
    qtbot.wait(50)
    settled(qtbot, window)


def test_evaluate_starts_a_child_and_shows_its_failure(qtbot, window, project_folder, run, monkeypatch):
    started: list[Evaluate] = []
    real = evaluate_start.ChildJob

    def child(job, *arguments, **options):
        started.append(job)
        return real(job, *arguments, target="no_such_module:main", **options)

    monkeypatch.setattr(evaluate_start, "ChildJob", child)
    page = opened(qtbot, window, project_folder)
    press(page, "Evaluate")
    qtbot.waitUntil(lambda: bool(started), timeout=10_000)
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=30_000)
    assert started[0].split == "test"
    assert started[0].run_folder == str(run.folder)
    assert page.state["failure"] in list(page.blocking_problems())


@pytest.mark.usefixtures("run")
def test_numbers_that_could_not_be_kept_are_shown_with_a_warning(qtbot, window, project_folder, monkeypatch):
    real = evaluate_start.ChildJob
    monkeypatch.setattr(evaluate_start, "ChildJob", lambda job, *arguments, **options: real(
        job, *arguments, target="tests.workers.children:cannot_keep", **options))
    page = opened(qtbot, window, project_folder)
    page.start()
    settled(qtbot, window)
    assert part(page, SummaryView).isVisible()
    assert part(page, SummaryView).accuracy.value.startswith("100")
    assert [problem.code for problem in page.blocking_problems()] == ["evaluation_not_kept"]
    assert "could not be kept" in " ".join(texts(part(page, PicturesPanel)))
    # It belongs to this run and split alone.
    part(page, EvaluateSide).split_chosen.emit("validation")
    assert says(page, "Not evaluated yet")
    assert not list(page.blocking_problems())


def test_another_folder_is_measured_where_the_run_cannot_be_written(run, tmp_path):
    (run.folder / "evaluation-data.manifest.jsonl").mkdir()
    job = evaluation_job(run, data=tmp_path / "pictures")
    assert read_manifest(Path(job.manifest)).entries
    assert not Path(job.manifest).is_relative_to(run.folder)


@pytest.mark.usefixtures("run")
def test_a_folder_that_does_not_fit_says_so(qtbot, window, project_folder, tmp_path):
    other = tmp_path / "other"
    (other / "horse").mkdir(parents=True)
    (other / "horse" / "one.png").write_bytes((tmp_path / "pictures" / "cat" / "cat00.png").read_bytes())
    page = opened(qtbot, window, project_folder)
    page.take_folder(other)
    page.start()
    settled(qtbot, window)
    assert [problem.code for problem in page.blocking_problems()] == ["unknown_classes"]


def test_the_result_of_another_folder_is_found_again(run, tmp_path):
    pictures = tmp_path / "pictures"
    evaluation_job(run, data=pictures)
    assert measured_folder(run) is None
    evaluate_by_hand(run)
    run.table_path("test").rename(run.table_path("data"))
    run.table_path("test").with_suffix(".json").rename(run.table_path("data").with_suffix(".json"))
    assert measured_folder(run) == pictures.resolve()


def test_a_model_trained_further_outdates_its_evaluation(run):
    import os

    evaluate_by_hand(run)
    later = run.table_path("test").with_suffix(".json").stat().st_mtime + 5
    os.utime(run.model_path, (later, later))
    assert is_outdated(run, "test")


def test_a_damaged_table_is_named(qtbot, window, project_folder, run):
    evaluate_by_hand(run)
    run.table_path("test").write_bytes(b"no table")
    page = opened(qtbot, window, project_folder)
    assert [problem.code for problem in page.blocking_problems()] == ["damaged_table"]


def test_answers_lie_below_the_root_of_the_manifest(run, tmp_path):
    evaluate_by_hand(run)
    results = read_results(run, "test")
    assert results.root == tmp_path / "pictures"
    assert len(results.ordered(ORDERS[0])) == 2
    assert sum(len(results.cell(i, j)) for i in range(2) for j in range(2)) == len(results.answers)


def test_wilson_interval():
    low, high = wilson_interval(0.9, 100)
    assert low == pytest.approx(0.8256343, abs=1e-6)
    assert high == pytest.approx(0.9447708, abs=1e-6)
    assert wilson_interval(1.0, 10)[1] == pytest.approx(1.0)
    assert wilson_interval(0.0, 10)[0] == pytest.approx(0.0)


def test_a_hundred_classes_fit_and_scroll_when_enlarged(qtbot):
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(700, 500)
    matrix.show()
    number = 100
    rows = [[row * column % 7 for column in range(number)] for row in range(number)]
    matrix.show_matrix([f"class {index}" for index in range(number)],
                       [theme.class_color(index) for index in range(number)], rows)
    assert matrix.horizontalScrollBar().maximum() == matrix.verticalScrollBar().maximum() == 0, "all of it at first"
    assert not matrix.grab().isNull()
    matrix.zoom_to(20)
    assert matrix.horizontalScrollBar().maximum() > 0
    assert matrix.verticalScrollBar().maximum() > 0
    qtbot.keyClick(matrix, Qt.Key.Key_Down)
    for _ in range(number):
        qtbot.keyClick(matrix, Qt.Key.Key_Right)
    assert matrix.current == (1, number - 1)
    assert matrix.rect_of(*matrix.current).right() <= matrix.viewport().width()
    assert not matrix.grab().isNull()
    matrix.show_matrix(["cat", "dog"], [theme.class_color(0), theme.class_color(1)], [[5, 1], [0, 6]])
    assert matrix.horizontalScrollBar().maximum() == 0
    assert matrix.cell_at(matrix.rect_of(1, 0).center()) == (1, 0)


def test_a_matrix_that_became_wider_needs_no_bars_any_more(qtbot):
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.show()
    names, colors = [str(index) for index in range(10)], [theme.class_color(index) for index in range(10)]
    for width in (420, 300, 700, 712, 420, 720):
        matrix.resize(width, matrix.height())
        matrix.show_matrix(names, colors, [[5] * 10] * 10)
        qtbot.wait(1)
        if width >= 420:
            assert matrix.horizontalScrollBar().maximum() == matrix.verticalScrollBar().maximum() == 0, width
        else:
            assert matrix.horizontalScrollBar().maximum() > 0


def test_a_change_of_runs_brings_the_new_one(qtbot, window, project_folder):
    page = opened(qtbot, window, project_folder)
    run_folder = trained_run(project_folder)
    page.refresh(Change(frozenset({"runs"})))
    assert run_folder.id in page.subtitle()
    assert says(page, "Not evaluated yet")


def test_two_classes_have_large_cells(qtbot):
    matrix = ConfusionMatrix()
    qtbot.addWidget(matrix)
    matrix.resize(900, 400)
    matrix.show()
    sizes = {}
    for number in (2, 10):
        names = [str(each) for each in range(number)]
        matrix.show_matrix(names, [QColor("red")] * number, [[1] * number] * number)
        sizes[number] = matrix.rect_of(0, 0)
    assert sizes[2].height() > 3 * sizes[10].height() and sizes[2].width() > 2 * sizes[10].width()
    assert not matrix.grab().isNull()


def test_the_result_of_a_list_is_found_again_and_not_taken_for_its_folder(run, tmp_path):
    pictures = tmp_path / "pictures"
    lists = [pictures / f"{name}.csv" for name in ("one", "two")]
    for path in lists:
        path.write_text("path,label\ncat/cat00.png,cat\ndog/dog00.png,dog\n", encoding="utf-8")
    evaluation_job(run, data=lists[0])
    evaluate_by_hand(run)
    run.table_path("test").rename(run.table_path("data"))
    run.table_path("test").with_suffix(".json").rename(run.table_path("data").with_suffix(".json"))
    assert measured_folder(run) == lists[0].resolve()
    assert read_results(run, "data").root == pictures.resolve()


def test_no_part_of_the_page_is_a_window_of_its_own(qtbot, qapp, window, project_folder):
    before = set(map(id, qapp.topLevelWidgets()))
    evaluate_by_hand(trained_run(project_folder))
    opened(qtbot, window, project_folder)
    windows = [type(widget).__name__ for widget in qapp.topLevelWidgets()
               if id(widget) not in before and widget.windowType() == Qt.WindowType.Window]
    assert windows == []
