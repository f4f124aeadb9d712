"""The Export page: choices, target, the job that is started, its result, and earlier exports."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QLabel

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.export_jobs import Export, ExportCheck, Exported, LayerLoss, LossesMeasured, MeasureLosses, Share
from cnnstudio.core.files import read_project
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.export import page as export_page
from cnnstudio.gui.pages.export.cards import EarlierExports, ResultCard
from cnnstudio.gui.pages.export.details import FormatDetails
from cnnstudio.gui.pages.export.examples_card import ExamplesCard
from cnnstudio.gui.pages.export.format_cards import FormatCard
from cnnstudio.gui.pages.export.losses import LossesCard
from cnnstudio.gui.pages.export.pareto import pareto_points
from cnnstudio.gui.pages.export.pareto_card import ParetoCard
from cnnstudio.gui.pages.export.records import default_target, earlier_exports, record_of
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.runs.exports import ExportRecord, add_export, list_exports
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, choose, click, field, part, parts, press, wait_idle, write

CHECK = ExportCheck(images=40, top1_agreement=1.0, max_abs_difference=2.4e-7)


@pytest.fixture
def run(project_folder) -> RunFolder:
    """A run of the project with a file in the model's place."""
    from cnnstudio.datasets.index import Index

    index = Index(project_folder / "dataset.sqlite")
    run_folder, _job = prepare_training(project_folder, read_project(project_folder), index)
    index.close()
    run_folder.model_path.write_bytes(b"a model")
    return run_folder


@pytest.fixture
def children(monkeypatch) -> list[Export]:
    """The jobs that were given to children; the children themselves cannot start."""
    jobs: list[Export] = []

    def child(job, *arguments, **options):
        jobs.append(job)
        return ChildJob(job, *arguments, target="no_such_module:main", **options)

    monkeypatch.setattr(export_page, "ChildJob", child)
    return jobs


def format_card(page, identifier) -> FormatCard:
    """The card of an export format."""
    return next(card for card in parts(page, FormatCard) if card.exporter.id == identifier)


def opened(qtbot, window, folder):
    assert window.session.open(folder)
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=10_000)
    assert window.go("export")
    return window.current


def test_without_a_model_the_way_to_train_is_shown(qtbot, window, project_folder):
    page = opened(qtbot, window, project_folder)
    assert [problem.code for problem in page.blocking_problems()] == ["no_run"]
    assert not button(window.header, "Export").isEnabled()
    page.start()
    assert not len(window.session.jobs)


def test_the_default_target_lies_in_the_project(qtbot, window, project_folder, run):
    page = opened(qtbot, window, project_folder)
    name = window.session.project.name
    assert page.target() == project_folder / "exports" / f"{name}-{run.id}"
    assert field(page, "Save to").text() == str(page.target())
    assert not list(page.blocking_problems())


@pytest.mark.usefixtures("run")
def test_choosing_a_format_is_an_edit_that_can_be_undone(qtbot, window, project_folder):
    page = opened(qtbot, window, project_folder)
    keras = format_card(page, "keras")
    qtbot.mouseClick(keras, Qt.MouseButton.LeftButton)
    assert window.session.project.export.format == "keras"
    assert page.target().suffix == ".keras"
    assert not field(page, "Sample pictures").isVisible()
    window.session.undo()
    assert window.session.project.export.format == "bundle"
    assert page.target().suffix == ""
    assert field(page, "Sample pictures").isVisible()


@pytest.mark.usefixtures("run")
def test_a_written_target_keeps_its_name_and_changes_its_suffix(qtbot, window, project_folder):
    page = opened(qtbot, window, project_folder)
    write(page, "Save to", "shared/birds")
    assert page.target() == project_folder / "shared" / "birds"
    format_card(page, "keras").clicked.emit()
    assert page.target() == project_folder / "shared" / "birds.keras"
    format_card(page, "bundle").clicked.emit()
    assert page.target() == project_folder / "shared" / "birds"
    format_card(page, "keras").clicked.emit()
    write(page, "Save to", "shared/v1.2")
    assert page.target() == project_folder / "shared" / "v1.2.keras"


@pytest.mark.usefixtures("run")
def test_a_format_whose_library_is_missing_cannot_be_exported_and_says_why(qtbot, window, project_folder, monkeypatch):
    page = opened(qtbot, window, project_folder)
    export = next(child for child in parts(window, Button) if child.text() == "Export")
    assert export.isEnabled()
    monkeypatch.setattr("cnnstudio.catalog.exporters.entry.is_available", lambda _library: False)
    qtbot.mouseClick(format_card(page, "torch"), Qt.MouseButton.LeftButton)
    assert not export.isEnabled()
    assert "PyTorch" in export.toolTip()
    monkeypatch.setattr("cnnstudio.catalog.exporters.entry.is_available", lambda _library: True)
    window.session.announce("libraries")
    assert export.isEnabled() and not export.toolTip()


def test_export_starts_a_child_and_its_failure_is_a_banner(qtbot, window, project_folder, run, children):
    page = opened(qtbot, window, project_folder)
    field(page, "Sample pictures").value_changed.emit(5)
    click(button(window.header, "Export"))
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=30_000)
    (job,) = children
    assert (job.format, job.samples, job.run_folder) == ("bundle", 5, str(run.folder))
    assert Path(job.path) == page.target()
    assert part(page, Banner).problem is page.state["failures"][0]
    assert button(window.header, "Export").isEnabled()
    press(part(page, Banner), "Close")
    assert not parts(page, Banner)


@pytest.mark.usefixtures("run")
def test_an_export_is_compared_on_other_pictures_or_marked_unchecked(qtbot, window, project_folder, children, monkeypatch):
    page = opened(qtbot, window, project_folder)
    choose(field(page, "Compare on"), "Nothing (export without a check)")
    assert not field(page, "Sample pictures").isVisible()
    click(button(window.header, "Export"))
    wait_idle(qtbot, window.session)
    monkeypatch.setattr(export_page.QFileDialog, "getExistingDirectory", lambda *_arguments: str(project_folder))
    choose(field(page, "Compare on"), "Other pictures…")
    click(button(window.header, "Export"))
    wait_idle(qtbot, window.session)
    assert [(job.unchecked, job.data) for job in children] == [(True, ""), (False, str(project_folder))]
    record = ExportRecord(path="x", format="bundle", check=ExportCheck(images=0, top1_agreement=1, max_abs_difference=0,
                                                                       unchecked=True))
    page.state["result"] = record
    page.refresh(Change(frozenset(("runs",))))
    assert part(page, ResultCard).isVisible()
    assert "Exported, not checked" in [label.text() for label in part(page, ResultCard).findChildren(QLabel)]


def test_a_result_is_shown_kept_and_can_be_copied(qtbot, window, project_folder, run, monkeypatch):
    def child(job, label, kind, **options):
        def work(report):
            Path(job.path).mkdir(parents=True)
            exported = Exported(path=job.path, format="bundle", check=CHECK, time=time.time())
            add_export(RunFolder(Path(job.run_folder)), exported)
            report.event(exported)

        return Work(work, label, kind, **options)

    monkeypatch.setattr(export_page, "ChildJob", child)
    page = opened(qtbot, window, project_folder)
    target = page.target()
    press(window.header, "Export")
    wait_idle(qtbot, window.session)
    result, earlier = part(page, ResultCard), part(page, EarlierExports)
    assert result.isVisible()
    assert str(target / "predict.py") in result.command
    assert "--json" in result.command
    press(result, "Copy path")
    assert QGuiApplication.clipboard().text() == str(target)
    assert not earlier.isVisible()
    page.state.pop("result")
    page.refresh(Change(frozenset({"runs"})))
    assert [record.path for record in earlier.records] == [str(target)]
    assert earlier.records[0].run == run.id


def test_earlier_exports_are_those_of_the_runs_and_of_the_project(tmp_path):
    run = RunFolder(tmp_path / "runs" / "r")
    run.folder.mkdir(parents=True)
    for name in ("gone", "one", "one"):
        add_export(run, Exported(path=str(tmp_path / f"{name}.keras"), format="keras", check=CHECK))
    with (run.folder / "exports.jsonl").open("a") as file:
        file.write("damaged\n")
    (tmp_path / "one.keras").write_bytes(b"x")
    for name, program in (("ours", "CNN Studio"), ("other", "")):
        folder = tmp_path / "exports" / name
        folder.mkdir(parents=True)
        (folder / "check.json").write_text(json.dumps({
            "program": program, "images": 3, "top1_agreement": 1.0, "max_abs_difference": 0.0}))
    assert [record.run for record in list_exports([run])] == ["r"]
    exports, damaged = earlier_exports(tmp_path, [run])
    assert damaged == 1 and earlier_exports(None, [run]) == ([], 0)
    assert {record.path for record in exports} == {str(tmp_path / "exports" / "ours"), str(tmp_path / "one.keras")}


def test_names_that_no_file_can_have_are_mended(tmp_path):
    assert default_target(tmp_path, "Años: a/b", "run-1", "keras") == tmp_path / "exports" / "Años-a-b-run-1.keras"


def test_a_record_carries_what_was_told():
    event = Exported(path="/x", format="bundle", check=CHECK, time=7.0)
    assert record_of(event, "r") == ExportRecord(path="/x", format="bundle", run="r", time=7.0, check=CHECK)


def test_formats_of_one_suffix_have_different_targets(tmp_path):
    targets = {default_target(tmp_path, "a", "r", entry.id) for entry in EXPORTERS}
    assert len(targets) == len(EXPORTERS)


@pytest.mark.parametrize("entry", list(EXPORTERS), ids=lambda entry: entry.id)
def test_every_format_is_described_with_what_it_contains(qtbot, entry):
    card, details = FormatCard(entry), FormatDetails()
    qtbot.addWidget(card)
    qtbot.addWidget(details)
    details.show_format(entry)
    assert str(entry.label) in [label.text() for label in card.findChildren(QLabel)]
    labels = [label.text() for label in details.findChildren(QLabel)]
    assert entry.contents
    for content in entry.contents:
        assert str(content.text) in labels


def measured(accuracy, size, latency):
    share = Share(value=accuracy, low=accuracy - 0.02, high=min(1.0, accuracy + 0.02))
    return ExportCheck(images=200, top1_agreement=1.0, max_abs_difference=0.1, labelled=200, accuracy=share,
                       accuracy_before=share, bytes=size, latency_ms=latency, latency_p95_ms=2 * latency, memory_bytes=1,
                       runtime="Runtime 1")


RECORDS = [ExportRecord(path="a", format="litert", run="r", check=measured(0.97, 4_000_000, 2.0)),
           ExportRecord(path="b", format="litert_int8", run="r", check=measured(0.95, 1_000_000, 3.0)),
           ExportRecord(path="c", format="keras", run="r", check=measured(0.97, 9_000_000, 9.0)),
           ExportRecord(path="d", format="script", run="r")]


def test_what_no_other_beats_is_on_the_line():
    assert [(point.record.path, point.best) for point in pareto_points(RECORDS, "size")] == [
        ("b", True), ("a", True), ("c", False)]
    assert [(point.record.path, point.best) for point in pareto_points(RECORDS, "time")] == [
        ("a", True), ("b", False), ("c", False)]


def test_a_point_of_the_plot_shows_its_certificate(qtbot):
    card = ParetoCard()
    qtbot.addWidget(card)
    card.show_records(RECORDS)
    assert not card.isHidden()
    chosen = []
    card.record_chosen.connect(chosen.append)
    card.resize(800, 500)
    card.show()
    qtbot.waitExposed(card)
    box = card.plot.getPlotItem().getViewBox()
    point = card.plot.mapFromScene(box.mapViewToScene(QPointF(*card.plot.places[0])))
    qtbot.mouseClick(card.plot.viewport(), Qt.MouseButton.LeftButton, pos=point)
    assert [record.path for record in chosen] == ["b"]
    card.show_records(RECORDS[:1])
    assert card.isHidden()


LOSSES = LossesMeasured(
    run="r", images=64, together=LayerLoss(layer="", type="", weights=9, top1_agreement=0.95, mean_abs_difference=0.02),
    layers=tuple(LayerLoss(layer=name, type="Conv2D", weights=9, top1_agreement=1.0, mean_abs_difference=loss)
                 for name, loss in (("stem", 0.01), ("head", 0.001))))


def test_layers_that_lose_most_can_stay_in_float(qtbot, window, project_folder, run, children):
    page = opened(qtbot, window, project_folder)
    losses = part(page, LossesCard)
    assert losses.isHidden()
    qtbot.mouseClick(format_card(page, "litert_int8"), Qt.MouseButton.LeftButton)
    assert not losses.isHidden()
    press(losses, "Measure layer by layer")
    wait_idle(qtbot, window.session)
    assert isinstance(children[0], MeasureLosses) and children[0].run_folder == str(run.folder)
    page.state["losses"] = msgspec.structs.replace(LOSSES, run=run.id)
    page.refresh(Change(frozenset({"runs"})))
    stem, _head = losses.findChildren(QCheckBox)
    stem.click()
    assert losses.kept == ["stem"]
    press(window.header, "Export")
    wait_idle(qtbot, window.session)
    assert children[1].keep_in_float == ("stem",)


def test_all_formats_are_exported_one_after_the_other(qtbot, window, project_folder, run, children):
    page = opened(qtbot, window, project_folder)
    page.export_all(project_folder / "all")
    qtbot.waitUntil(lambda: len(children) == len(EXPORTERS) and not len(window.session.jobs), timeout=60_000)
    assert [job.format for job in children] == list(EXPORTERS.ids())
    assert len({job.path for job in children}) == len(EXPORTERS)
    assert all(Path(job.path).is_relative_to(project_folder / "all" / run.id) for job in children)


@pytest.mark.usefixtures("run")
def test_the_example_is_for_this_export(qtbot, window, project_folder):
    page = opened(qtbot, window, project_folder)
    qtbot.mouseClick(format_card(page, "onnx"), Qt.MouseButton.LeftButton)
    card = part(page, ExamplesCard)
    assert str(page.target()) in card.text and "def prepare(path):" in card.text and "onnxruntime" in card.text
    choose(field(page, "Language of the example"), "Browser")
    assert "ort.InferenceSession.create" in card.text


def test_layers_without_a_form_in_pytorch_disable_its_formats_and_say_why(qtbot, window, project_folder, run, monkeypatch):
    from cnnstudio.core.problems import error

    def refused(entry, _run, _engine=""):
        return (error("not_in_torch", Text("no form", "sin forma"), "network"),) if entry.framework == "torch" else ()

    monkeypatch.setattr(export_page, "unsupported_problems", refused)
    page = opened(qtbot, window, project_folder)
    qtbot.mouseClick(format_card(page, "torch"), Qt.MouseButton.LeftButton)
    assert not button(window.header, "Export").isEnabled()
    assert "no form" in [label.text() for label in format_card(page, "torch").findChildren(QLabel)]
    assert run.id
