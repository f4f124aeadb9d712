"""Export to an ONNX file that takes the bytes of a picture file: its graph decodes, resizes and answers.

DecodeImage of onnxruntime-extensions reads the file. Resizing is that of ONNX, linear with antialiasing, which averages where a
side shrinks much as the program does, but not to the last digit. Orientation by EXIF, pictures of more than 8 bits and
transparency are left to whoever gives the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.exporters.graph_recipes import recipe_problems
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine.exporting import graphs, metadata
from cnnstudio.engine.exporting.onnx_writers import converted_model
from cnnstudio.engine.exporting.reopened import Reopened
from cnnstudio.engine.exporting.request import Request
from cnnstudio.engine.exporting.runtimes.onnx_runtime import EXTENSIONS
from cnnstudio.imaging.picture_files import read_regular

PICTURE: Final = "picture"
_OPSET: Final = 18
"""The first with antialiasing in Resize."""


def write_onnx_pictures(request: Request) -> None:
    """One `.onnx` file: bytes of a file, uint8 (length,) -> probabilities (1, outputs). Raises ProblemError
    (recipe_not_in_graph, not_convertible)."""
    import onnx

    recipe = request.loaded.card.recipe
    problems = recipe_problems(recipe)
    if problems:
        raise ProblemError(*problems)
    request.path.parent.mkdir(parents=True, exist_ok=True)
    network = converted_model(request.loaded.model, _OPSET)
    graph = onnx.parser.parse_graph(_graph_text(recipe))
    network.opset_import.append(onnx.helper.make_opsetid(EXTENSIONS, 1))
    network.graph.node.reverse()
    for node in reversed(graph.node):
        network.graph.node.append(node)
    network.graph.node.reverse()
    network.graph.initializer.extend(graph.initializer)
    del network.graph.input[:]
    network.graph.input.append(onnx.helper.make_tensor_value_info(PICTURE, onnx.TensorProto.UINT8, ["length"]))
    metadata.write_onnx_card(network, request.loaded.card)
    onnx.save(network, request.path)


def _graph_text(recipe: RecipeSpec) -> str:
    """The nodes from the bytes of a file to pixels, in the text form of ONNX. Resize has sizes for all four axes: ONNX Runtime
    1.32 moves transpositions past it as if it always had."""
    height, width = recipe.height, recipe.width
    colours = ("gray = MatMul(colours, grey_weights)\n rounded_gray = Round(gray)" if recipe.color_mode == "grayscale"
               else "rounded_gray = Identity(colours)")
    weights = "float[3, 1] grey_weights = {0.299, 0.587, 0.114}, " if recipe.color_mode == "grayscale" else ""
    crop = _crop_text() if recipe.fit == "crop" else "cropped = Identity(planes)"
    ratio = (f", float[1] high_per_wide = {{{height / width}}}, float[1] wide_per_high = {{{width / height}}}, "
             "int64[1] two = {2}, int64[1] one = {1}, int64[2] sides = {2, 3}") if recipe.fit == "crop" else ""
    linear = "nearest" if recipe.interpolation.startswith("nearest") else "linear"
    antialias = 0 if linear == "nearest" else 1
    return f"""
decoding (uint8[length] {PICTURE}) => (float[1, {height}, {width}, {recipe.channels}] {graphs.INPUT})
<int64[3] flipped = {{2, 1, 0}}, {weights}int64[1] first = {{0}}, float low = {{0}}, float high = {{255}},
 int64[4] size = {{1, {recipe.channels}, {height}, {width}}}{ratio}> {{
 bgr = {EXTENSIONS}.DecodeImage({PICTURE})
 rgb = Gather<axis = 2>(bgr, flipped)
 colours = Cast<to = 1>(rgb)
 {colours}
 chw = Transpose<perm = [2, 0, 1]>(rounded_gray)
 planes = Unsqueeze(chw, first)
 {crop}
 resized = Resize<antialias = {antialias}, mode = "{linear}", coordinate_transformation_mode = "half_pixel">(
   cropped, , , size)
 rounded = Round(resized)
 clipped = Clip(rounded, low, high)
 {graphs.INPUT} = Transpose<perm = [0, 2, 3, 1]>(clipped)
}}"""


def _crop_text() -> str:
    """The largest part in the middle with the ratio of the target, as the recipe crops."""
    return """
 rows = Shape<start = 2, end = 3>(planes)
 columns = Shape<start = 3, end = 4>(planes)
 rows_f = Cast<to = 1>(rows)
 columns_f = Cast<to = 1>(columns)
 high_f = Mul(columns_f, high_per_wide)
 wide_f = Mul(rows_f, wide_per_high)
 high_r = Round(high_f)
 wide_r = Round(wide_f)
 high_i = Cast<to = 7>(high_r)
 wide_i = Cast<to = 7>(wide_r)
 high_1 = Max(high_i, one)
 wide_1 = Max(wide_i, one)
 high_n = Min(high_1, rows)
 wide_n = Min(wide_1, columns)
 rows_left = Sub(rows, high_n)
 columns_left = Sub(columns, wide_n)
 top = Div(rows_left, two)
 left = Div(columns_left, two)
 bottom = Add(top, high_n)
 right = Add(left, wide_n)
 starts = Concat<axis = 0>(top, left)
 ends = Concat<axis = 0>(bottom, right)
 cropped = Slice(planes, starts, ends, sides)"""


def open_onnx_pictures(path: Path) -> Reopened:
    """The file with ONNX Runtime and its extensions."""
    import onnxruntime
    import onnxruntime_extensions

    options: Any = onnxruntime.SessionOptions()
    options.register_custom_ops_library(onnxruntime_extensions.get_library_path())
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def predict(files: list[bytes]) -> np.ndarray:
        return np.concatenate([session.run([graphs.OUTPUT], {PICTURE: np.frombuffer(data, np.uint8)})[0] for data in files])

    card = metadata.required(metadata.onnx_card(path), path)
    return Reopened(lambda paths: [read_regular(item) for item in paths], predict, card,
                    f"ONNX Runtime {onnxruntime.__version__} + onnxruntime-extensions {onnxruntime_extensions.__version__}")
