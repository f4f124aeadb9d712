"""Reads Keras source as a network; every problem has its line."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from cnnstudio.core.network import Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import outer_scaling, without_scaling
from cnnstudio.interchange.keras_source.data_scaling import DataScaling, find_scaling
from cnnstudio.interchange.keras_source.description import describe
from cnnstudio.interchange.keras_source.interpreter import Interpreter
from cnnstudio.interchange.keras_source.language import KerasState
from cnnstudio.interchange.python_source.description import Description
from cnnstudio.interchange.python_source.source import Source, SourceNetwork, to_problem
from cnnstudio.interchange.python_source.state import STEPS
from cnnstudio.interchange.python_source.values import Remark


def read(source: Source, tree: ast.Module, bases: Mapping[str, Node] | None = None, with_data: bool = False) -> SourceNetwork:
    """The network of a source with this syntax tree, `with_data` also the scaling of its data code. `bases` maps printed
    functions to the nodes of the bases that they build. Raises SourceError."""
    return to_network(source, follow(tree, bases), tree if with_data else None)


def follow(tree: ast.Module, bases: Mapping[str, Node] | None = None, steps: int = STEPS) -> KerasState:
    """The state after all statements were followed, at most so many steps."""
    interpreter = Interpreter()
    interpreter.state.steps = steps
    interpreter.state.bases = {ast.dump(ast.parse(function).body[0]): node for function, node in (bases or {}).items()
                               if function.startswith("def ")}
    interpreter.follow(tree)
    return interpreter.state


def to_network(source: Source, state: KerasState, data_code: ast.Module | None) -> SourceNetwork:
    """The network of the state, with the scaling of the data code. Raises SourceError."""
    return _to_source_network(source, describe(state), data_code)


def _to_source_network(source: Source, description: Description, data_code: ast.Module | None) -> SourceNetwork:
    network, inner = without_scaling(description.network)
    normalization, remarks = outer_scaling(network, inner), list(description.remarks)
    if normalization is None and data_code is not None:
        normalization, remark = scaling_of_data(find_scaling(data_code))
        remarks += [remark] if remark is not None else []
    problems = tuple(to_problem(source, item) for item in remarks)
    return SourceNetwork(network=network, unscaled=description.network, shape=description.shape,
                   normalization=normalization, unknown=description.unknown,
                   notes=tuple(item.text for item in problems), problems=problems, training=description.training)


def scaling_of_data(scaling: DataScaling | None) -> tuple[str | None, Remark | None]:
    """The recipe's normalisation for a scaling that the data code does, and what is said of it."""
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
