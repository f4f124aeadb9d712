"""Reads a file or a text of Keras source as a network; every problem has its line."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.foreign_files import decode_json, read_bytes
from cnnstudio.core.network import NetworkSpec, Node
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import ForeignNetwork, outer_scaling, without_scaling
from cnnstudio.interchange.keras_source.data_scaling import find_scaling
from cnnstudio.interchange.keras_source.description import Description, describe
from cnnstudio.interchange.keras_source.interpreter import Interpreter
from cnnstudio.interchange.keras_source.values import Remark, SourceError

LARGEST: Final = 4 << 20
"""Bytes of source that are read; a notebook with its pictures may have more."""
LARGEST_NOTEBOOK: Final = 128 << 20
_TORCH: Final = re.compile(r"^\s*(import\s+torch\b|from\s+torch\b)|\bnn\.Module\b", re.MULTILINE)
_KERAS: Final = re.compile(r"\bkeras\b")
replace = msgspec.structs.replace


class SourceNetwork(ForeignNetwork, frozen=True, kw_only=True):
    """The network of Keras source. `problems` are the remarks with their lines; `unscaled` is the network with the
    Rescaling that became the recipe's normalisation."""

    problems: tuple[Problem, ...] = ()
    unscaled: NetworkSpec = NetworkSpec()


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


def read_file(path: Path) -> SourceNetwork:
    """The network in a Python file or in the code cells of a notebook; raises ProblemError."""
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
    source = _read_notebook(data, path) if notebook else Source(_decode(data, path))
    try:
        return read(source, with_data=True)
    except ProblemError as problem_error:
        located = (replace(problem, where=replace(problem.where, path=str(path))) for problem in problem_error.problems)
        raise ProblemError(*located) from None


def read_code(text: str, bases: Mapping[str, Node] | None = None) -> SourceNetwork:
    """The network that Python source describes; raises ProblemError with the lines.

    `bases` maps printed functions to the nodes of the bases that they build.
    """
    return read(Source(text), bases)


def read(source: Source, bases: Mapping[str, Node] | None = None, with_data: bool = False) -> SourceNetwork:
    """The network of a source, `with_data` also the scaling of its data code; raises ProblemError."""
    if _TORCH.search(source.text) and not _KERAS.search(source.text):
        raise _error(source, "torch_code", Text(
            "This is PyTorch code. The program writes PyTorch code but does not read it. Write the network with Keras, or "
            "open an exported model.",
            "Es código de PyTorch. El programa escribe código de PyTorch, pero no lo lee. Escriba la red con Keras o abra un "
            "modelo exportado."), 0)
    try:
        tree = _parse(source)
        interpreter = Interpreter()
        interpreter.state.bases = {ast.dump(ast.parse(function).body[0]): node for function, node in (bases or {}).items()
                        if function.startswith("def ")}
        interpreter.follow(tree)
        return _to_source_network(source, describe(interpreter.state), tree if with_data else None)
    except SourceError as source_error:
        raise _error(source, source_error.code, source_error.text, source_error.line) from None
    except (RecursionError, MemoryError):
        raise _error(source, "code_too_deep", Text("The code is nested too deeply.", "El código está demasiado anidado."),
                     0) from None


def _parse(source: Source) -> ast.Module:
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


def _error(source: Source, code: str, text: Text, line: int) -> ProblemError:
    problem = error(code, _with_location(source, text, line) if line else text, "network")
    return ProblemError(replace(problem, where=replace(problem.where, line=line or None)))


def _with_location(source: Source, text: Text, line: int) -> Text:
    return Text("{place}: {what}", "{place}: {what}").fill(place=source.location(line), what=text)


def _to_source_network(source: Source, description: Description, data_code: ast.Module | None) -> SourceNetwork:
    network, inner = without_scaling(description.network)
    normalization, remarks = outer_scaling(network, inner), list(description.remarks)
    if normalization is None and data_code is not None:
        normalization, remark = _scaling_of_data(data_code)
        remarks += [remark] if remark is not None else []
    problems = tuple(_to_problem(source, item) for item in remarks)
    return SourceNetwork(network=network, unscaled=description.network, shape=description.shape,
                   normalization=normalization, unknown=description.unknown,
                   notes=tuple(item.text for item in problems), problems=problems, training=description.training)


def _scaling_of_data(data_code: ast.Module) -> tuple[str | None, Remark | None]:
    scaling = find_scaling(data_code)
    if scaling is None:
        return None, None
    if not scaling.normalization and not scaling.is_of_base:
        return None, Remark("data_scaling", Text(
            "The code scales its pictures with {code}, which no normalisation of the recipe reproduces exactly. If it uses "
            "means and deviations, “standardize” (recipe.normalization) is the closest.",
            "El código escala sus imágenes con {code}, que ninguna normalización de la receta reproduce con exactitud. Si "
            "usa medias y desviaciones, «standardize» (recipe.normalization) es la más "
            "parecida.").fill(code=scaling.code), scaling.line)
    if not scaling.normalization:
        return None, Remark("data_scaling", Text(
            "{code} scales the pictures as they were when its base was trained. No normalisation of the recipe does this; a "
            "pretrained base (network.base) does it itself.",
            "{code} escala las imágenes como cuando se entrenó su base. Ninguna normalización de la receta lo hace; una base "
            "preentrenada (network.base) lo hace por sí misma.").fill(code=scaling.code), scaling.line)
    return scaling.normalization, Remark("data_scaling", Text(
        "The code scales its pictures ({code}): from now on, the recipe does this.",
        "El código escala sus imágenes ({code}): desde ahora lo hace la receta.").fill(code=scaling.code), scaling.line)


_INFO: Final = ("training_taken", "data_scaling", "follows_classes", "resizing",
                "from_logits", "several_models", "open_shape", "no_model")
"""Codes of remarks that only inform."""


def _to_problem(source: Source, remark: Remark) -> Problem:
    problem = warning(remark.code, _with_location(source, remark.text, remark.line), "network")
    problem = replace(problem, severity="info") if remark.code in _INFO else problem
    return replace(problem, where=replace(problem.where, line=remark.line or None))


# Files ------------------------------------------------------------------------------------------------

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
