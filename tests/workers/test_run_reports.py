"""The report of a run as one page."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from msgspec import structs

from cnnstudio.catalog.reports import REPORT_FORMATS, REPORT_SECTIONS
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import set_language
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.workers.reports import files
from cnnstudio.workers.reports.files import check_format, check_sections, write_run_report
from cnnstudio.workers.reports.run_report import default_split, run_report
from cnnstudio.workers.runs.labels import RunLabels, write_labels
from tests.workers.calibrated_runs import answered_run
from tests.workers.scenario_place import Place


class _Reader(HTMLParser):
    """Collects the text, and fails where tags are not closed in order."""

    EMPTY = {"meta", "img", "br", "rect", "polyline"}

    def __init__(self):
        super().__init__()
        self.open, self.text, self.tags = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def _read(page):
    reader = _Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


@pytest.fixture
def run(tmp_path):
    made = answered_run(tmp_path)
    write_labels(made.folder, RunLabels(note="<script>for pets</script>"))
    return made


@pytest.mark.parametrize(("language", "heading"), [("en", "Model card"), ("es", "Ficha del modelo")])
def test_it_says_everything_and_needs_no_other_file(run, language, heading):
    set_language(language)
    try:
        page = run_report(run, "test")
    finally:
        set_language("en")
    reader = _read(page)
    text = " ".join(reader.text)
    assert heading in text
    assert "<script>for pets</script>" in text, "what the user wrote is text, not markup"
    assert "script" not in reader.tags
    assert not re.search(r'(src|href)="(?!data:|#)', page)
    for figure in FIGURES:
        assert str(figure.label.es if language == "es" else figure.label.en) in text
    assert "recipe.height" in text


@pytest.mark.parametrize(("language", "said"), [("en", "1 epoch ("), ("es", "1 época (")])
def test_one_epoch_is_not_said_in_the_plural(run, monkeypatch, language, said):
    summary = structs.replace(run.summary(), epochs=1)
    monkeypatch.setattr(type(run), "summary", lambda _self: summary)
    set_language(language)
    try:
        page = run_report(run, "test")
    finally:
        set_language("en")
    assert said in page


def test_the_split_that_was_evaluated_is_reported_on(run, tmp_path):
    assert default_split(run) == "test"
    empty = answered_run(tmp_path / "other", splits=())
    with pytest.raises(ProblemError) as caught:
        default_split(empty)
    assert caught.value.problems[0].code == "no_answers"


def test_the_ending_decides_and_an_unknown_one_is_refused(run, tmp_path):
    write_run_report(tmp_path / "r.HTML", run, "test")
    assert (tmp_path / "r.HTML").read_text("utf-8").startswith("<!doctype html>")
    with pytest.raises(ProblemError) as caught:
        write_run_report(tmp_path / "r.docx", run, "test")
    assert caught.value.problems[0].code == "unknown_format"
    assert not (tmp_path / "r.docx").exists()


def test_a_missing_library_is_named_with_what_helps(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "is_available", lambda _library: False)
    with pytest.raises(ProblemError) as caught:
        check_format(tmp_path / "r.pdf")
    (problem,) = caught.value.problems
    assert problem.code == "library_missing"
    assert problem.fixes[0].arguments == {"library": "weasyprint"}


@pytest.mark.parametrize("fails", [False, True])
def test_a_pdf_appears_only_when_it_is_whole(run, tmp_path, monkeypatch, fails):
    monkeypatch.setattr(files, "is_available", lambda _library: True)

    def convert(command, **_options):
        if not fails:
            with open(command[-1], "wb") as file:
                file.write(b"%PDF-1.7")
        return SimpleNamespace(returncode=int(fails), stderr=b"cannot load library pango")

    monkeypatch.setattr(subprocess, "run", convert)
    target = tmp_path / "r.pdf"
    if not fails:
        write_run_report(target, run, "test")
        assert target.read_bytes() == b"%PDF-1.7"
        return
    with pytest.raises(ProblemError) as caught:
        write_run_report(target, run, "test")
    assert caught.value.problems[0].code == "report_failed"
    assert "pango" in caught.value.problems[0].details
    assert list(tmp_path.glob("*.pdf")) == []


def test_formats_are_told_apart_by_their_ending():
    assert len({entry.suffix for entry in REPORT_FORMATS}) == len(REPORT_FORMATS)


def test_only_the_chosen_sections_are_written(run, tmp_path):
    for section in REPORT_SECTIONS:
        page = run_report(run, "test", sections=[section.id])
        heads = re.findall(r'<h2 class="group">([^<]*)</h2>', page)
        assert len(heads) <= 1
        _read(page)
    assert not re.findall("<h2", run_report(run, "test", sections=[]))
    assert check_sections(["figures", "card"]) == ("card", "figures"), "in the order of a report"
    for names in ([], ["weather"]):
        with pytest.raises(ProblemError) as caught:
            check_sections(names)
        assert caught.value.problems[0].code == "unknown_section"
    write_run_report(tmp_path / "r.html", run, "test", cancelled=lambda: True)
    assert not (tmp_path / "r.html").exists(), "nothing is written where the user cancelled"


@pytest.mark.parametrize(("language", "headings"), [
    ("en", ("Accuracy by property", "Scenarios", "not measured")),
    ("es", ("Exactitud por propiedad", "Escenarios", "Sin medir"))])
def test_properties_and_scenarios_stand_in_it(tmp_path, language, headings):
    place = Place(tmp_path)
    run = place.run(wrong=("cat/3.png",))
    place.scenario("at night <i>", "cat/3.png", "dog/3.png", "cat/0.png")
    place.index.close()
    set_language(language)
    try:
        text = " ".join(_read(run_report(run, "test")).text)
    finally:
        set_language("en")
    for heading in headings:
        assert heading.casefold() in text.casefold()
    assert "at night <i>" in text
    assert ("50,0 %" if language == "es" else "50.0%") in text.replace("\u202f", " ").replace("\xa0", " ")
