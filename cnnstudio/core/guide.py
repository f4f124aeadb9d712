"""The user guide: its sections in their order, as Markdown, in each language. The window and the site read the same files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.places import document, resource
from cnnstudio.core.text import Text

GROUPS: Final = {"pages": Text("The window", "La ventana"), "tutorials": Text("Tutorials", "Tutoriales"),
                 "reference": Text("Reference", "Referencia")}
REFERENCE: Final = "reference"
"""The place of the pages that are made from the registries."""
_DOCUMENTS: Final = {"en": "reference.md", "es": "referencia.md"}
_LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_COMMENT: Final = re.compile(r"^<!--.*?-->\n", re.MULTILINE | re.DOTALL)
_FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A section as `contents.toml` lists it."""

    name: str
    group: str
    pages: tuple[str, ...] = ()
    screenshot: str = ""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A section of the guide as Markdown without its title, and the pages of the window that it explains."""

    name: str
    group: str
    title: str
    text: str
    pages: tuple[str, ...] = ()


def guide_folder() -> Path:
    """The folder with the contents and a folder for each language."""
    return resource("guide")


def contents() -> tuple[Place, ...]:
    """The sections in their order."""
    raw = tomllib.loads((guide_folder() / "contents.toml").read_text("utf-8"))
    return msgspec.convert(raw["section"], tuple[Place, ...])


def introduction(code: str) -> Section:
    """What stands before the sections."""
    title, text = _title_and_text((guide_folder() / code / "index.md").read_text("utf-8"))
    return Section(name="index", group="", title=title, text=text)


def read_guide(code: str) -> list[Section]:
    """The sections of the guide in a language ("en" or "es")."""
    sections = []
    for place in contents():
        title, text = _title_and_text((guide_folder() / code / f"{place.name}.md").read_text("utf-8"))
        sections.append(Section(name=place.name, group=place.group, title=title, text=text, pages=place.pages))
    return sections


def read_reference(code: str) -> list[Section]:
    """The sections of the reference, one for each registry, as the program prints it."""
    parts = document(_DOCUMENTS[code]).read_text("utf-8").split("\n## ")[1:]
    sections = []
    for number, part in enumerate(parts, start=1):
        title, _, text = part.partition("\n")
        sections.append(Section(name=f"{REFERENCE}-{number}", group=REFERENCE, title=title.strip(), text=text.strip()))
    return sections


def links(text: str) -> list[str]:
    """The targets of the links of a section, those in blocks of code aside."""
    return _LINK.findall(_FENCE.sub("", text))


def count(section: Section, words: str) -> int:
    """How often these words stand in a section, in any case of letters."""
    wanted = words.strip().casefold()
    return (section.title + "\n" + section.text).casefold().count(wanted) if wanted else 0


def _title_and_text(source: str) -> tuple[str, str]:
    title, _, text = source.partition("\n")
    return title.removeprefix("# ").strip(), _COMMENT.sub("", text).strip()
