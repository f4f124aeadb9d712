"""Save report: what stands in it is chosen, the place is asked for, and the file can be opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from cnnstudio.gui.pages.evaluate import report_dialog
from cnnstudio.gui.pages.evaluate.report_dialog import ReportDialog
from cnnstudio.gui.state import libraries
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import button, choose, part, press, says
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.test_evaluate import opened, settled, trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    run = trained_run(project_folder)
    evaluate_with_answers(run)
    return run


@pytest.fixture
def dialog(qtbot, window, project_folder, run):
    assert run.has_model
    opened(qtbot, window, project_folder)
    press(window.header, "Save report…")
    asked = part(window, ReportDialog)
    yield asked
    asked.reject()


def save_as(monkeypatch, path: Path | str) -> list[str]:
    """The place that the user chooses; the names that were proposed."""
    proposed = []

    def ask(_parent, _title, start, _kinds):
        proposed.append(start)
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    return proposed


def test_a_report_of_the_chosen_sections_is_saved_and_opened(qtbot, window, dialog, run, tmp_path, monkeypatch):
    proposed = save_as(monkeypatch, tmp_path / "report")
    opened_files = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened_files.append(url.toLocalFile()))
    for name in ("network", "curves", "versions"):
        dialog.sections[name].setChecked(False)
    press(dialog, "Save…")
    settled(qtbot, window)
    assert Path(proposed[0]).name == f"{run.id}.html"
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "Model card" in page and "Accuracy by property" in page
    assert "Versions" not in page and "<svg" not in page
    assert says(dialog, "The report is saved.") and says(dialog, str(tmp_path / "report.html"))
    press(dialog, "Open")
    assert opened_files == [str(tmp_path / "report.html")]
    again = ReportDialog(window.session, run, "test", "run")
    assert not again.sections["network"].isChecked() and again.sections["card"].isChecked(), "the choice is remembered"
    again.deleteLater()


def test_nothing_is_written_where_the_user_cancels_or_chooses_no_section(dialog, tmp_path, monkeypatch):
    save_as(monkeypatch, "")
    press(dialog, "Save…")
    assert not says(dialog, "The report is saved.")
    press(dialog, "None")
    assert not button(dialog, "Save…").isEnabled()
    press(dialog, "All")
    assert button(dialog, "Save…").isEnabled()
    assert list(tmp_path.glob("*.html")) == []


def test_a_place_that_cannot_be_written_is_said(qtbot, window, dialog, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    save_as(monkeypatch, blocked / "report.html")
    press(dialog, "Save…")
    settled(qtbot, window)
    assert not says(dialog, "The report is saved.")
    assert dialog.failure.text() and dialog.failure.isVisible()
    assert button(dialog, "Save…").isEnabled()


def test_a_missing_library_is_offered(dialog, monkeypatch):
    asked = []
    monkeypatch.setattr(report_dialog, "is_available", lambda _library: False)
    monkeypatch.setattr(libraries, "install", lambda _session, library, _name: asked.append(library))
    choose(dialog.format, "PDF")
    assert says(dialog, "WeasyPrint") and not button(dialog, "Save…").isEnabled()
    press(dialog, "Install WeasyPrint")
    assert asked == ["weasyprint"]
    choose(dialog.format, "HTML")
    assert button(dialog, "Save…").isEnabled() and not says(dialog, "WeasyPrint")


def test_there_is_no_button_without_an_evaluation(qtbot, window, project_folder):
    trained_run(project_folder)
    opened(qtbot, window, project_folder)
    assert not button(window.header, "Save report…", hidden=True).isVisible()
