"""What the tests of ONNX models ask of a file that was read."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.core.problems import ProblemError
from cnnstudio.interchange.foreign import ForeignNetwork
from cnnstudio.interchange.open import read_network
from cnnstudio.network.shapes import report
from tests.interchange.onnx_builder import Build


def opened(graph: Build, folder: Path, *outputs: str) -> ForeignNetwork:
    return read_network(graph.save(folder, *outputs))


def kinds(foreign: ForeignNetwork) -> list[str]:
    return [node.type for node in foreign.network.nodes]


def notes(foreign: ForeignNetwork) -> str:
    return " ".join(note.en for note in foreign.notes)


def shapes(foreign: ForeignNetwork) -> dict[str, tuple[int, ...] | None]:
    height, width, channels = foreign.shape
    context = Context(height=height, width=width, channels=channels, class_count=2)
    return {name: node.shape for name, node in report(foreign.network, context, headless=True).nodes.items()}


def refused(path: Path) -> str:
    with pytest.raises(ProblemError) as caught:
        read_network(path)
    (problem,) = caught.value.problems
    assert problem.where.area == "network"
    assert problem.where.path == str(path)
    assert problem.text.en != problem.text.es
    return problem.code
