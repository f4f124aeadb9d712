"""The reference has a page for every entry of every registry, and the documents are what the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio.cli.reference_pages import (
    entry_label,
    find_entries,
    reference,
    reference_page,
    sections,
    similar_names,
)
from cnnstudio.core.text import set_language

DOCS = Path(__file__).resolve().parents[2] / "docs"
ENTRIES = [pytest.param(section, entry, id=f"{section.registry.kind}-{entry.id}")
           for section in sections() for entry in section.registry]


@pytest.mark.parametrize(("language", "file"), [("en", "reference.md"), ("es", "referencia.md")])
def test_the_documents_are_what_the_program_prints(language, file):
    """`cnnstudio help --all --language en > docs/reference.md` writes it anew."""
    set_language(language)
    assert (DOCS / file).read_text("utf-8") == reference().rstrip("\n") + "\n"


@pytest.mark.parametrize(("section", "entry"), ENTRIES)
def test_every_entry_has_a_page_with_all_its_parameters(section, entry):
    pages = {}
    for language in ("en", "es"):
        set_language(language)
        pages[language] = reference_page(section, entry)
        heading, *rest = pages[language].splitlines()
        assert heading == f"### {entry_label(entry)}"
        rows = [line for line in rest if line.startswith("| `")]
        names = [param.name for param in getattr(entry, "params", ()) if hasattr(param, "name")]
        assert [row.split("`")[1] for row in rows] == names
        assert all(row.replace("\\|", "").count("|") == 5 for row in rows)
    assert pages["en"] != pages["es"]
    assert (section, entry) in find_entries(entry.id)


def test_names_are_found_in_either_language_and_any_case():
    assert [entry.id for _section, entry in find_entries("conv2d")] == ["Conv2D"]
    assert [entry.id for _section, entry in find_entries("Desenfoque gaussiano")] == ["gaussian_blur", "random_gaussian_blur"]
    assert find_entries("Conv9D") == []
    assert "Conv2D" in similar_names("Konv2D")
