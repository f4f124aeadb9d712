"""The blocks of code in the sources of the guide, with the marks that stand before them.

`<!-- not run: why -->`: the block needs a device, a service or a trained model; it is checked for its syntax and flags.
`<!-- save as: NAME -->`: the block is the content of a file. `<!-- file: NAME` ... `-->`: a file that the block reads.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from cnnstudio.core.guide import contents, guide_folder

_BLOCK = re.compile(r"((?:^<!--.*?-->\n)*)^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"<!-- file: (\S+)\n(.*?)-->", re.DOTALL)
_SAVED = re.compile(r"<!-- save as: (\S+) -->")


@dataclass(frozen=True)
class Block:
    """A block of code: its language, its text, and what is said of it."""

    where: str
    language: str
    text: str
    runs: bool
    saved_as: str
    files: tuple[tuple[str, str], ...]

    def commands(self) -> list[list[str]]:
        """The words of each command line of the program."""
        lines = self.text.replace("\\\n", " ").splitlines()
        return [shlex.split(line, comments=True)[1:] for line in lines if line.startswith("cnnstudio ")]


def blocks(code: str, name: str) -> list[Block]:
    """The blocks of a section."""
    source = (guide_folder() / code / f"{name}.md").read_text("utf-8")
    found = []
    for number, match in enumerate(_BLOCK.finditer(source), start=1):
        marks, language, text = match.groups()
        saved = _SAVED.search(marks)
        found.append(Block(f"{code}/{name}.md, block {number}", language, text, "<!-- not run:" not in marks,
                           saved[1] if saved else "", tuple(_FILE.findall(marks))))
    return found


def all_blocks() -> list[Block]:
    """The blocks of all sections in both languages."""
    return [block for code in ("en", "es") for place in contents() for block in blocks(code, place.name)]


def write_files(block: Block, folder: Path) -> None:
    """Put the files that a block reads, or is, into a folder."""
    for name, text in block.files:
        (folder / name).write_text(text, "utf-8")
    if block.saved_as:
        (folder / block.saved_as).write_text(block.text, "utf-8")
