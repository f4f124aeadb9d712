"""What an export format is, for the Export page, the command line and the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from cnnstudio.core.libraries import Library, install_fix, install_hint, is_available
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text

Device = Literal["cpu", "gpu"]
Precision = Literal["float32", "float16", "int8"]
Group = Literal["model", "litert", "source", "document"]


class Content(msgspec.Struct, frozen=True):
    """One file of an export, or a part of it, and what it is."""

    name: str
    text: Text


class ExampleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The export that an example uses: its path, the recipe, the classes, and `prepare`, the source of a Python function
    `prepare(path)` that needs `cv2` and `np` and gives uint8 (height, width, channels)."""

    path: str
    recipe: RecipeSpec
    class_names: tuple[str, ...]
    prepare: str


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A minimal program that uses the export. `language` is that of its text: "python", "javascript", "kotlin", "shell".
    `runs`: it is complete, with the path of a picture as its argument, and a test runs it."""

    id: str
    label: Text
    language: str
    source: Callable[[ExampleFacts], str]
    runs: bool = False


class Exporter(msgspec.Struct, frozen=True, kw_only=True):
    """A format. `suffix` is that of the file; "" for a folder. `group` is where the Export page shows it.

    `writer`, `opener` and `recognizer` are functions of the engine as "module:name", which only its process resolves.
    `writer(request)` writes the export to `request.path`. `opener(path)` opens it with its own runtime, in a process of its
    own, for the comparison with the trained model; a format without one is a document that answers nothing.
    `recognizer(path)` says whether a file of this format is an earlier export of ours; folders have check.json.
    `backend` is the backend of Keras that writes it, "" for that of the run.

    The export is kept where its probabilities are within `tolerance` of the trained model's, on average within
    `mean_tolerance`, and its classes are the same for at least the share `least_agreement` of the pictures. `precision` is
    that of weights or sums; `calibrates`: it needs training pictures.

    `usage` gives a line to use the export at that path, in a terminal or in Python. `devices`: where it can run.
    `temperature_inside`: a calibrated temperature becomes a part of the weights, so that the outputs of the export itself are
    calibrated; else its own script applies it. `has_samples`: the user chooses how many sample pictures it carries.
    `framework`: that of the source code it needs the network in; layers without a form in it cannot be exported.
    `engines`: the runtimes that the user chooses from, by id; the first is the usual one. `as_model`: the program answers
    with such a file itself. `prepares_pictures`: the recipe is in the graph, as far as that can be.
    """

    id: str
    label: Text
    help: Text
    group: Group = "model"
    suffix: str = ""
    writer: str
    opener: str = ""
    recognizer: str = ""
    backend: str = ""
    tolerance: float = 1e-5
    least_agreement: float = 1.0
    mean_tolerance: float = 1.0
    precision: Precision = "float32"
    calibrates: bool = False
    contents: tuple[Content, ...]
    libraries: tuple[Library, ...] = ()
    devices: tuple[Device, ...] = ("cpu", "gpu")
    usage: Callable[[str], Text]
    usage_place: Literal["terminal", "python"] = "python"
    has_samples: bool = False
    temperature_inside: bool = True
    framework: Literal["", "keras", "torch"] = ""
    engines: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    as_model: bool = False
    prepares_pictures: bool = False

    @property
    def folder(self) -> bool:
        return not self.suffix

    @property
    def is_document(self) -> bool:
        """Whether it answers nothing, so that there is nothing to compare."""
        return not self.opener

    def missing_libraries(self) -> tuple[Problem, ...]:
        """A problem for every missing library."""
        return tuple(_missing(self, library) for library in self.absent_libraries())

    def absent_libraries(self) -> tuple[Library, ...]:
        """The libraries it needs that are not installed."""
        return tuple(library for library in self.libraries if not is_available(library))


def _missing(entry: Exporter, library: Library) -> Problem:
    text = Text("An export of the format {label} is reopened and compared before it is kept, which needs {name}, which is not "
                "installed. {install} {hint}",
                "Una exportación en el formato {label} se reabre y se compara antes de conservarla, para lo que hace falta "
                "{name}, que no está instalado. {install} {hint}")
    return error(f"{library.module}_missing", text.fill(label=entry.label, name=library.name, hint=library.hint,
                                                        install=install_hint(library)), "project", field="format",
                 fixes=(install_fix(library),))


def same(line: str) -> Text:
    """A text that is the same in both languages, as code is."""
    return Text(line, line)
