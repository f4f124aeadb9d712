"""The sources of the guide: every page of the window, both languages alike, no link that leads nowhere."""

from __future__ import annotations

import ast
import re

import pytest

from cnnstudio.core.guide import (
    GROUPS,
    REFERENCE,
    contents,
    guide_folder,
    introduction,
    links,
    read_guide,
    read_reference,
)
from cnnstudio.gui.pages import PAGES
from cnnstudio.learning.benches import BENCHES
from tests.guide.blocks import all_blocks, blocks

LANGUAGES = ("en", "es")
NAMES = [place.name for place in contents()]


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)]


def test_every_page_of_the_window_has_its_section_and_learn_has_one():
    explained = [page for place in contents() for page in place.pages]
    assert {entry.id for entry in PAGES} == set(explained)
    assert len(explained) == len(set(explained))


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_file_is_a_section_and_every_section_a_file(code):
    files = {file.stem for file in (guide_folder() / code).iterdir()}
    assert files == {*NAMES, "index"}
    assert {place.group for place in contents()} <= set(GROUPS)


@pytest.mark.parametrize("name", ["index", *NAMES])
def test_both_languages_say_the_same_in_their_own_words(name):
    english, spanish = ((guide_folder() / code / f"{name}.md").read_text("utf-8") for code in LANGUAGES)
    assert headings(english) == headings(spanish)
    assert english.count("\n|") == spanish.count("\n|")
    assert links(english) == links(spanish)
    assert 0.7 < len(spanish) / len(english) < 1.5
    paragraphs = {line for line in english.splitlines() if len(line) > 60 and not line.startswith(("<!--", "cnnstudio"))}
    code = {line for block in blocks("en", name) for line in block.text.splitlines()} if name != "index" else set()
    assert not (paragraphs - code) & set(spanish.splitlines()), "a paragraph that was not translated"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_internal_link_leads_somewhere(code):
    seen = 0
    for section in (introduction(code), *read_guide(code)):
        for target in links(section.text):
            if "://" in target:
                continue
            seen += 1
            place = target.partition("#")[0]
            assert place == f"{REFERENCE}/index.md" or place.removesuffix(".md") in NAMES, f"{section.name}: {target}"
    assert seen > 20


@pytest.mark.parametrize("code", LANGUAGES)
def test_titles_are_there_and_no_mark_of_the_source_is_shown(code):
    sections = [*read_guide(code), *read_reference(code)]
    assert len({section.title for section in sections}) == len(sections)
    assert all(section.text and "<!--" not in section.text for section in sections)


def test_both_languages_have_the_same_code():
    english, spanish = ([block for block in all_blocks() if block.where.startswith(code)] for code in LANGUAGES)
    for one, other in zip(english, spanish, strict=True):
        assert (one.language, one.runs, one.saved_as) == (other.language, other.runs, other.saved_as), one.where
        if one.language == "python":
            assert _without_texts(one.text) == _without_texts(other.text), one.where
        elif one.runs and "PROJECT" not in one.text:
            assert one.text == other.text, one.where


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_bench_is_named_in_its_section(code):
    (learn,) = [section for section in read_guide(code) if "learn" in section.pages]
    missing = [bench.id for bench in BENCHES if f"| {getattr(bench.title, code)} |" not in learn.text]
    assert not missing


def _without_texts(source: str) -> str:
    """The program without its texts, which are in the language of the page."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)
