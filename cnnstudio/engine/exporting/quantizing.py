"""LiteRT files with weights, or everything, as whole numbers of 8 bits, by AI Edge Quantizer.

Ranges of activations come from calibration: the least and greatest value that each tensor has for training pictures. Weights
have a range for each channel.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting.graphs import INPUT
from cnnstudio.engine.exporting.runtimes.saved_model_runtime import SIGNATURE

CALIBRATION: Final = 128
"""Training pictures for the calibration; Krishnamoorthi, Quantizing deep convolutional networks for efficient inference (2018),
section 3.1.4, finds about 100 batches of one enough."""
_KERNEL_OPERATIONS: Final = ("convolution", "depthwise", "MatMul", "conv2d_transpose", "separable_conv2d")
_THREADS: Final = 2


@dataclass(frozen=True)
class Operation:
    """An operation of a LiteRT file: its kind ("CONV_2D"), and the name of its output, which joins those of what was fused
    with ";"."""

    kind: str
    output: str


def dynamic(content: bytes) -> bytes:
    """The file with weights of 8 bits; activations stay in float."""
    from ai_edge_quantizer import recipe

    return _quantized(content, recipe.dynamic_wi8_afp32(), None)


def calibrate(content: bytes, pixels: np.ndarray) -> Any:
    """Ranges of all tensors for pictures uint8 (n, height, width, channels): the least and the greatest value of all. The
    library's own choice, a moving average of both, would cut off a tensor of one number, such as the logit of two classes."""
    from ai_edge_quantizer import calibrator, recipe, recipe_manager
    from ai_edge_quantizer.utils import qsv_utils

    with _quiet():
        plan = recipe_manager.RecipeManager()
        plan.load_quantization_recipe(recipe.static_wi8_ai8())
        made = calibrator.Calibrator(content, num_threads=_THREADS, qsv_update_func=qsv_utils.min_max_update,
                                     mode=calibrator.CalibrationMode.CALIBRATION_PRESERVE_ALL_TENSORS)
        batches = [{INPUT: picture[None].astype(np.float32)} for picture in pixels[:CALIBRATION]]
        made.calibrate({SIGNATURE: batches}, plan)
        return made.get_model_qsvs()


def whole_numbers(content: bytes, calibration: Any, kept: Collection[str] = (), only: str = "") -> bytes:
    """The file with weights and sums of 8 bits. Operations of the layers `kept` stay in float; with `only`, all but those of
    that layer do. Input and output stay float32."""
    from ai_edge_quantizer import recipe

    plan = recipe.static_wi8_ai8()
    if only:
        plan[0]["regex"] = _pattern([operation.output for operation in layers_of(content).get(only, [])])
    names = [operation.output for layer in kept for operation in layers_of(content).get(layer, [])]
    return _quantized(content, plan, calibration, _pattern(names) if names else "")


def layers_of(content: bytes, names: Collection[str] = ()) -> dict[str, list[Operation]]:
    """The operations with a kernel by the name of their Keras layer, in the order of the network. `names` are those of the
    network's layers, as far as they are known: a scope may end with a number that TensorFlow appended."""
    found: list[tuple[str, Operation]] = []
    for operation in operations(content):
        for part in operation.output.split(";"):
            scopes = part.split("/")
            if len(scopes) > 1 and scopes[-1].partition(":")[0] in _KERNEL_OPERATIONS:
                found.append((scopes[-2], operation))
                break
    # TensorFlow appends the number to all scopes or to none, because the network was called as often.
    numbered = all(re.search(r"_\d+$", scope) for scope, _ in found) and bool(found)
    result: dict[str, list[Operation]] = {}
    for scope, operation in found:
        name = re.sub(r"_\d+$", "", scope) if numbered and scope not in names else scope
        result.setdefault(name, []).append(operation)
    return result


def checked_layers(content: bytes, kept: Sequence[str]) -> tuple[str, ...]:
    """The layers, if all are in the file; raises ProblemError (unknown_layer)."""
    known = layers_of(content)
    unknown = [name for name in kept if name not in known]
    if unknown:
        text = Text("There is no layer with a kernel called {names}. Available: {known}.",
                    "No hay ninguna capa con núcleo llamada {names}. Disponibles: {known}.")
        raise ProblemError(error("unknown_layer", text.fill(names=", ".join(unknown), known=", ".join(known)), "project",
                                 field="keep_in_float"))
    return tuple(kept)


def operations(content: bytes) -> list[Operation]:
    """All operations of the main graph, in their order."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    kinds = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    graph = model.subgraphs[0]
    return [Operation(kinds[codes[item.opcodeIndex]], graph.tensors[item.outputs[0]].name.decode()) for item in graph.operators]


def _pattern(names: Sequence[str]) -> str:
    return "^(" + "|".join(re.escape(name) for name in names) + ")"


def _quantized(content: bytes, plan: Any, calibration: Any, kept: str = "") -> bytes:
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    with _quiet():
        made = quantizer.Quantizer(content)
        made.load_quantization_recipe(plan)
        _leave_ends(made)
        if kept:
            made.update_quantization_recipe(kept, TFLOperationName.ALL_SUPPORTED, algorithm_key=AlgorithmName.NO_QUANTIZE)
        return bytes(made.quantize(calibration, enable_progress_report=False).quantized_model)


def _leave_ends(made: Any) -> None:
    """Input and output stay float32, so that a file of whole numbers is used as every other; and so do the probabilities: steps
    of 1/256 would be most of what is lost."""
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    kinds = TFLOperationName
    for kind in (kinds.INPUT, kinds.OUTPUT, kinds.LOGISTIC, kinds.SOFTMAX):
        made.update_quantization_recipe(".*", kind, algorithm_key=AlgorithmName.NO_QUANTIZE)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without its bars of progress, and without warnings that concern its authors."""
    import warnings

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def unusable_problem(reason: str) -> Any:
    """The problem of a network whose whole numbers LiteRT cannot compute with."""
    text = Text("LiteRT cannot compute this network with whole numbers: {reason}. Keep layers in float, or choose float16.",
                "LiteRT no puede calcular esta red con números enteros: {reason}. Conserve capas en coma flotante o elija "
                "float16.")
    return error("not_convertible", text.fill(reason=reason.partition("\n")[0][:200]), "project", field="format")
