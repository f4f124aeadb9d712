"""Source text from files and notebooks, its syntax tree, and the problems of its lines."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.foreign_files import decode_json, read_bytes
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import ForeignNetwork
from cnnstudio.interchange.python_source.values import Remark, SourceError

LARGEST: Final = 4 << 20
"""Bytes of source that are read; a notebook with its pictures may have more."""
LARGEST_NOTEBOOK: Final = 128 << 20
replace = msgspec.structs.replace


Framework = Literal["keras", "torch"]


class SourceNetwork(ForeignNetwork, frozen=True, kw_only=True):
    """The network of source, in `framework`. `problems` are the remarks with their lines; `unscaled` is the network with the
    Rescaling that became the recipe's normalisation."""

    problems: tuple[Problem, ...] = ()
    unscaled: NetworkSpec = NetworkSpec()
    framework: Framework = "keras"


class Source(msgspec.Struct, frozen=True):
    """Source text; `cells` has the cell and the line in it, both from 1, for the lines of a notebook."""

    text: str
    cells: tuple[tuple[int, int], ...] = ()

    def location(self, line: int) -> Text:
        """The location of a line as text."""
        if 1 <= line <= len(self.cells):
            cell, inner = self.cells[line - 1]
            return Text("Cell {cell}, line {line}", "Celda {cell}, línea {line}").fill(cell=cell, line=inner)
        return Text("Line {line}", "Línea {line}").fill(line=line)


def read_source(path: Path) -> Source:
    """The text of a Python file, or of the code cells of a notebook; raises ProblemError."""
    notebook = path.suffix.lower() == ".ipynb"
    try:
        if path.stat().st_size > (LARGEST_NOTEBOOK if notebook else LARGEST):
            text = Text("{path} is far larger than any source file and was not read.",
                        "{path} es mucho más grande que cualquier archivo de código y no se leyó.")
            raise ProblemError(error("code_too_large", text.fill(path=path.name), "network", path=path))
        data = read_bytes(path, LARGEST_NOTEBOOK)
    except OSError as os_error:
        text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
        raise ProblemError(error("network_unreadable", text.fill(path=path.name, reason=reason_of(os_error)), "network",
                                 path=path)) from None
    return _read_notebook(data, path) if notebook else Source(_decode(data, path))


def parse(source: Source) -> ast.Module:
    if len(source.text) > LARGEST:
        text = Text("This is far larger than any source file and was not read.",
                    "Es mucho más grande que cualquier archivo de código y no se leyó.")
        raise SourceError("code_too_large", text, 0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as syntax_error:
        raise SourceError("code_syntax", _syntax_message(syntax_error.msg), syntax_error.lineno or 1) from None
    except (ValueError, OverflowError):
        raise SourceError("code_syntax", Text("This is not valid Python.", "Esto no es Python válido."), 1) from None


_SYNTAX: Final = {
    "Perhaps you forgot a comma": "sintaxis no válida; quizá falte una coma", "was never closed": "un paréntesis no se cierra",
    "unterminated": "un texto entre comillas no se cierra", "expected ':'": "faltan los dos puntos (:)",
    "expected an indented block": "falta un bloque con sangría", "unexpected indent": "la sangría sobra",
    "unindent does not match": "la sangría no corresponde a ningún bloque", "unmatched": "un paréntesis sobra",
    "inconsistent use of tabs": "se mezclan tabuladores y espacios",
    "does not match opening": "un paréntesis no corresponde al que abre", "f-string": "un texto con formato no es válido",
}
"""Spanish translations of Python's syntax errors, by a part of the message."""


def _syntax_message(message: str) -> Text:
    spanish = next((translation for part, translation in _SYNTAX.items() if part in message), "la sintaxis no es válida")
    text = Text("This is not valid Python ({en}).", "Esto no es Python válido ({es}).")
    return text.fill(en=message.rstrip("?."), es=spanish)


def source_problem(source: Source, code: str, text: Text, line: int) -> ProblemError:
    problem = error(code, _with_location(source, text, line) if line else text, "network")
    return ProblemError(replace(problem, where=replace(problem.where, line=line or None)))


def _with_location(source: Source, text: Text, line: int) -> Text:
    return Text("{place}: {what}", "{place}: {what}").fill(place=source.location(line), what=text)


_INFO: Final = ("training_taken", "data_scaling", "follows_classes", "resizing",
                "from_logits", "several_models", "open_shape", "no_model", "flatten_order", "flattened_outside")
"""Codes of remarks that only inform."""


def to_problem(source: Source, remark: Remark) -> Problem:
    text = _with_location(source, remark.text, remark.line) if remark.line else remark.text
    problem = warning(remark.code, text, "network")
    problem = replace(problem, severity="info") if remark.code in _INFO else problem
    return replace(problem, where=replace(problem.where, line=remark.line or None))


def _decode(data: bytes, path: Path) -> str:
    """In the encoding that the first lines name (PEP 263), else UTF-8."""
    try:
        encoding, _lines = tokenize.detect_encoding(io.BytesIO(data).readline)
        return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except (SyntaxError, UnicodeError, LookupError):
        text = Text("{path} is neither UTF-8 text nor text in an encoding declared in its first lines. Save it as UTF-8.",
                    "{path} no es texto en UTF-8 ni en una codificación declarada en sus primeras líneas. Guárdelo como "
                    "UTF-8.")
        raise ProblemError(error("code_no_text", text.fill(path=path.name), "network", path=path)) from None


def _read_notebook(data: bytes, path: Path) -> Source:
    """The code cells joined; magic commands (%, !) become `pass`."""
    try:
        cells: Any = decode_json(data)["cells"]
        codes = [_cell_text(item["source"]) for item in cells if item["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError):
        text = Text("{path} is damaged or not a notebook.", "{path} está dañado o no es un cuaderno.")
        raise ProblemError(error("network_damaged", text.fill(path=path.name), "network", path=path)) from None
    lines: list[str] = []
    locations: list[tuple[int, int]] = []
    for number, code in enumerate(codes, start=1):
        for inner, line in enumerate(code.split("\n"), start=1):
            lines.append("pass" if line.lstrip().startswith(("%", "!")) and line == line.lstrip() else line)
            locations.append((number, inner))
    return Source("\n".join(lines), tuple(locations))


def _cell_text(source: Any) -> str:
    text = "".join(source) if isinstance(source, list) else str(source)
    # %%bash and its like hand the whole cell to another program.
    return "" if text.lstrip().startswith("%%") and not text.lstrip().startswith("%%time") else text
