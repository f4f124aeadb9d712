"""Small ONNX models for the tests: an operator or a few, with drawn weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import helper

from tests.interchange.onnx_builder import CASES, CHANNELS, Build, case


def _single(name: str, kind: str, build: dict[str, Any] | None = None, **attributes: Any) -> None:
    CASES[name] = (lambda graph: graph.add(kind, "x", **attributes)), build or {}


# Convolutions ------------------------------------------------------------------------------------


def _convolution(name: str, kernel: tuple[int, int] = (3, 3), filters: int = 4, group: int = 1, bias: bool = True,
                 shape: tuple[int, ...] = (1, CHANNELS, 12, 10), **attributes: Any) -> None:
    def draw(graph: Build) -> str:
        weight = graph.weight(filters, CHANNELS // group, *kernel)
        return graph.add("Conv", "x", weight, *([graph.weight(filters)] if bias else []), group=group, **attributes)

    CASES[name] = draw, {"shape": shape}


_convolution("conv valid")
_convolution("conv same by pads", pads=[1, 1, 1, 1])
_convolution("conv without bias", bias=False)
_convolution("conv pads of a stride of 2", pads=[1, 1, 1, 1], strides=[2, 2])
_convolution("conv pads at the end only", pads=[0, 0, 1, 1], strides=[2, 2])
_convolution("conv odd pads", pads=[2, 0, 1, 3])
_convolution("conv 7 x 7 of ImageNet networks", kernel=(7, 7), pads=[3, 3, 3, 3], strides=[2, 2])
_convolution("conv 1 x 7", kernel=(1, 7), pads=[0, 3, 0, 3])
_convolution("conv even kernel", kernel=(4, 4), pads=[1, 1, 2, 2])
_convolution("conv dilated", dilations=[2, 2], pads=[2, 2, 2, 2])
_convolution("conv dilated across only", dilations=[1, 3])
_convolution("conv in groups", group=2)
_convolution("conv depthwise", group=CHANNELS, filters=CHANNELS, pads=[1, 1, 1, 1])
_convolution("conv depthwise, two for each channel", group=CHANNELS, filters=2 * CHANNELS)
_convolution("conv depthwise, unequal strides", group=CHANNELS, filters=CHANNELS, strides=[2, 1])
_convolution("conv auto_pad SAME_UPPER", auto_pad="SAME_UPPER", strides=[2, 2])
_convolution("conv auto_pad SAME_LOWER", auto_pad="SAME_LOWER", strides=[2, 2])
_convolution("conv auto_pad VALID", auto_pad="VALID")
_convolution("conv unequal strides", strides=[1, 3])


def _transposed(name: str, kernel: tuple[int, int] = (3, 3), **attributes: Any) -> None:
    def draw(graph: Build) -> str:
        return graph.add("ConvTranspose", "x", graph.weight(CHANNELS, 4, *kernel), graph.weight(4), **attributes)

    CASES[name] = draw, {"shape": (1, CHANNELS, 5, 4)}


_transposed("transposed valid", strides=[2, 2])
_transposed("transposed, kernel smaller than the stride", kernel=(2, 2), strides=[3, 3])
_transposed("transposed same", kernel=(4, 4), strides=[2, 2], pads=[1, 1, 1, 1])
_transposed("transposed of PyTorch", strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])
_transposed("transposed cropped", kernel=(5, 5), strides=[2, 2], pads=[1, 2, 0, 1])
_transposed("transposed with rows at the end", strides=[2, 2], output_padding=[1, 1])
_transposed("transposed auto_pad", strides=[2, 2], auto_pad="SAME_UPPER")

# Poolings ----------------------------------------------------------------------------------------

_single("max pooling", "MaxPool", kernel_shape=[2, 2], strides=[2, 2])
_single("max pooling, stride 1", "MaxPool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
_single("max pooling ceil_mode", "MaxPool", {"shape": (1, CHANNELS, 11, 9)}, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
_single("max pooling of GoogLeNet", "MaxPool", {"shape": (1, CHANNELS, 12, 12)}, kernel_shape=[3, 3], strides=[2, 2],
        ceil_mode=1)
_single("average pooling", "AveragePool", kernel_shape=[2, 2], strides=[2, 2])
_single("average pooling counts its border", "AveragePool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1],
        count_include_pad=1)
_single("average pooling leaves its border out", "AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
_single("average pooling auto_pad", "AveragePool", kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_UPPER")
_single("average pooling ceil_mode", "AveragePool", {"shape": (1, CHANNELS, 11, 9)}, kernel_shape=[2, 2], strides=[2, 2],
        ceil_mode=1)
_single("global average pooling", "GlobalAveragePool")
_single("global max pooling", "GlobalMaxPool")
_single("mean over height and width", "ReduceMean", axes=[2, 3], keepdims=0)
_single("mean over height and width, kept", "ReduceMean", axes=[-1, -2])
_single("largest over height and width", "ReduceMax", axes=[2, 3], keepdims=0)


@case("mean by an input of axes", opset=18)
def _mean(graph: Build) -> None:
    graph.add("ReduceMean", "x", graph.ints(2, 3), keepdims=0)


@case("max pooling with a border behind a ReLU")
def _padded_pooling(graph: Build) -> None:
    graph.add("MaxPool", graph.add("Relu", "x"), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])


# Activations -------------------------------------------------------------------------------------

for _kind in ("Relu", "Sigmoid", "Tanh", "Softplus", "Softsign", "Elu", "Selu", "LeakyRelu", "HardSwish", "Exp", "Celu",
              "ThresholdedRelu"):
    _single(_kind, _kind)
_single("Elu 0.5", "Elu", alpha=0.5)
_single("LeakyRelu 0.2", "LeakyRelu", alpha=0.2)
_single("HardSigmoid", "HardSigmoid", alpha=1 / 6, beta=0.5)
_single("Mish", "Mish", {"opset": 18})
_single("Gelu", "Gelu", {"opset": 20})
_single("Softmax of channels", "Softmax", axis=1)
_single("Softmax of rows", "Softmax", axis=2)
_single("LogSoftmax of channels", "LogSoftmax", axis=1)
_single("Shrink", "Shrink", lambd=0.5, bias=0.5)
_single("Clip by attributes", "Clip", {"opset": 7}, min=0.0, max=6.0)


@case("Clip from 0 to 6")
def _relu6(graph: Build) -> None:
    graph.add("Clip", "x", graph.number(0.0), graph.number(6.0))


@case("Clip from -1 to 1")
def _hard_tanh(graph: Build) -> None:
    graph.add("Clip", "x", graph.number(-1.0), graph.number(1.0))


@case("Max and Min with numbers")
def _limits(graph: Build) -> None:
    graph.add("Min", graph.add("Max", "x", graph.number(0.0)), graph.number(1.0))


@case("PRelu of channels")
def _prelu(graph: Build) -> None:
    graph.add("PRelu", "x", graph.weight(CHANNELS, 1, 1))


@case("PRelu of all values")
def _prelu_whole(graph: Build) -> None:
    graph.add("PRelu", "x", graph.weight(CHANNELS, 12, 10))


@case("SiLU written out")
def _silu(graph: Build) -> None:
    graph.add("Mul", graph.add("Sigmoid", "x"), "x")


@case("GELU by Erf")
def _gelu(graph: Build) -> None:
    one = graph.add("Add", graph.add("Erf", graph.add("Div", "x", graph.number(2 ** 0.5))), graph.number(1.0))
    graph.add("Mul", graph.add("Mul", "x", one), graph.number(0.5))


@case("GELU by Erf, half first")
def _gelu_other(graph: Build) -> None:
    one = graph.add("Add", graph.number(1.0), graph.add("Erf", graph.add("Mul", "x", graph.number(0.5 ** 0.5))))
    graph.add("Mul", graph.add("Mul", graph.number(0.5), "x"), one)


@case("Mish written out")
def _mish(graph: Build) -> None:
    graph.add("Mul", "x", graph.add("Tanh", graph.add("Softplus", "x")))


@case("hard swish written out")
def _hard_swish(graph: Build) -> None:
    six = graph.add("Clip", graph.add("Add", "x", graph.number(3.0)), graph.number(0.0), graph.number(6.0))
    graph.add("Div", graph.add("Mul", "x", six), graph.number(6.0))


@case("hard swish by HardSigmoid")
def _hard_swish_other(graph: Build) -> None:
    graph.add("Mul", "x", graph.add("HardSigmoid", "x", alpha=1 / 6))


# Normalisations ----------------------------------------------------------------------------------


@case("batch normalisation")
def _batch(graph: Build) -> None:
    graph.add("BatchNormalization", "x", graph.weight(CHANNELS), graph.weight(CHANNELS), graph.weight(CHANNELS),
              graph.weight(CHANNELS, low=0.5, high=1.5), epsilon=1e-3)


@case("instance normalisation")
def _instance(graph: Build) -> None:
    graph.add("InstanceNormalization", "x", graph.weight(CHANNELS), graph.weight(CHANNELS), epsilon=1e-4)


@case("group normalisation", opset=21)
def _group(graph: Build) -> None:
    graph.add("GroupNormalization", "x", graph.weight(CHANNELS), graph.weight(CHANNELS), num_groups=3)


@case("group normalisation of PyTorch")
def _group_torch(graph: Build) -> None:
    split = graph.add("Reshape", "x", graph.ints(0, 2, -1))
    inner = graph.add("InstanceNormalization", split, graph.number([1.0, 1.0]), graph.number([0.0, 0.0]))
    restored = graph.add("Reshape", inner, graph.add("Shape", "x"))
    graph.add("Add", graph.add("Mul", restored, graph.weight(CHANNELS, 1, 1)), graph.weight(CHANNELS, 1, 1))


@case("layer normalisation of channels")
def _layer(graph: Build) -> None:
    last = graph.add("Transpose", "x", perm=[0, 2, 3, 1])
    normal = graph.add("LayerNormalization", last, graph.weight(CHANNELS), graph.weight(CHANNELS), epsilon=1e-4)
    graph.add("Transpose", normal, perm=[0, 3, 1, 2])


@case("layer normalisation written out")
def _layer_written(graph: Build) -> None:
    last = graph.add("Transpose", "x", perm=[0, 2, 3, 1])
    less = graph.add("Sub", last, graph.add("ReduceMean", last, axes=[-1]))
    variance = graph.add("ReduceMean", graph.add("Pow", less, graph.number(2.0)), axes=[-1])
    normal = graph.add("Div", less, graph.add("Sqrt", graph.add("Add", variance, graph.number(1e-4))))
    graph.add("Add", graph.add("Mul", normal, graph.weight(CHANNELS)), graph.weight(CHANNELS))


@case("factor of each channel")
def _factor(graph: Build) -> None:
    graph.add("Mul", graph.add("Relu", "x"), graph.weight(CHANNELS, 1, 1))


# Dense layers and shapes -------------------------------------------------------------------------


@case("flattened and dense")
def _dense(graph: Build) -> None:
    flat = graph.add("Flatten", "x")
    graph.add("Gemm", flat, graph.weight(5, CHANNELS * 120), graph.weight(5), transB=1)


@case("flattened by Reshape and dense, softmax")
def _dense_reshape(graph: Build) -> None:
    flat = graph.add("Relu", graph.add("Reshape", "x", graph.ints(0, -1)))
    dense = graph.add("Add", graph.add("MatMul", flat, graph.weight(CHANNELS * 120, 5)), graph.weight(5))
    graph.add("Softmax", dense, axis=-1)


@case("flattened as PyTorch computes the shape", shape=("N", CHANNELS, 12, 10))
def _dense_computed(graph: Build) -> None:
    batch = graph.add("Gather", graph.add("Shape", "x"), graph.number(0, kind=np.int64))
    target = graph.add("Concat", graph.add("Unsqueeze", batch, graph.ints(0)), graph.ints(-1), axis=0)
    graph.add("Gemm", graph.add("Reshape", "x", target), graph.weight(CHANNELS * 120, 5))


@case("flattened and not dense")
def _flat(graph: Build) -> None:
    graph.add("Sigmoid", graph.add("Flatten", "x"))


@case("pooled, squeezed, dense")
def _squeezed(graph: Build) -> None:
    pooled = graph.add("Squeeze", graph.add("GlobalAveragePool", "x"), graph.ints(2, 3))
    graph.add("Gemm", pooled, graph.weight(CHANNELS, 3), graph.weight(3))


@case("dense of every place")
def _places(graph: Build) -> None:
    last = graph.add("Transpose", "x", perm=[0, 2, 3, 1])
    dense = graph.add("Add", graph.add("MatMul", last, graph.weight(CHANNELS, 8)), graph.weight(8))
    graph.add("Transpose", dense, perm=[0, 3, 1, 2])


@case("squeeze and excite")
def _excite(graph: Build) -> None:
    pooled = graph.add("Flatten", graph.add("GlobalAveragePool", "x"))
    small = graph.add("Relu", graph.add("Gemm", pooled, graph.weight(CHANNELS, 2), graph.weight(2)))
    gate = graph.add("Sigmoid", graph.add("Gemm", small, graph.weight(2, CHANNELS), graph.weight(CHANNELS)))
    graph.add("Mul", "x", graph.add("Reshape", gate, graph.ints(1, CHANNELS, 1, 1)))


@case("places in a row")
def _row(graph: Build) -> None:
    graph.add("Transpose", graph.add("Reshape", "x", graph.ints(0, CHANNELS, -1)), perm=[0, 2, 1])


@case("height and width exchanged")
def _exchanged(graph: Build) -> None:
    turned = graph.add("Transpose", "x", perm=[0, 1, 3, 2])
    graph.add("Conv", turned, graph.weight(4, CHANNELS, 3, 3))


@case("channels of groups in turn")
def _shuffle(graph: Build) -> None:
    split = graph.add("Reshape", "x", graph.ints(1, 2, 3, 12, 10))
    turned = graph.add("Transpose", split, perm=[0, 2, 1, 3, 4])
    graph.add("Reshape", turned, graph.ints(1, CHANNELS, 12, 10))


# Merges ------------------------------------------------------------------------------------------


def _merge(kind: str, count: int = 2) -> None:
    def draw(graph: Build) -> None:
        graph.add(kind, "x", *(graph.add("Sigmoid", "x") for _ in range(count - 1)))

    CASES[f"{kind} of {count}"] = draw, {}


for _kind, _count in (("Add", 2), ("Sub", 2), ("Mul", 2), ("Max", 3), ("Min", 2), ("Mean", 3), ("Sum", 3)):
    _merge(_kind, _count)


@case("Concat of channels")
def _concat(graph: Build) -> None:
    graph.add("Concat", "x", graph.add("Relu", "x"), graph.add("Tanh", "x"), axis=1)


@case("Concat of columns")
def _concat_columns(graph: Build) -> None:
    graph.add("Concat", "x", graph.add("Relu", "x"), axis=3)


# Borders and sizes -------------------------------------------------------------------------------


@case("Pad before a convolution")
def _pad(graph: Build) -> None:
    padded = graph.add("Pad", "x", graph.ints(0, 0, 1, 1, 0, 0, 2, 1))
    graph.add("Conv", padded, graph.weight(4, CHANNELS, 3, 3))


@case("Pad as padding same", opset=10, shape=(1, CHANNELS, 12, 12))
def _pad_same(graph: Build) -> None:
    padded = graph.add("Pad", "x", pads=[0, 0, 0, 0, 0, 0, 1, 1])
    graph.add("Conv", padded, graph.weight(4, CHANNELS, 3, 3), strides=[2, 2])


@case("Pad alone")
def _pad_alone(graph: Build) -> None:
    graph.add("Relu", graph.add("Pad", "x", graph.ints(0, 0, 1, 0, 0, 0, 2, 3)))


@case("Slice of height and width")
def _slice(graph: Build) -> None:
    graph.add("Slice", "x", graph.ints(1, 2), graph.ints(-1, 9), graph.ints(2, 3))


@case("Resize by scales")
def _resize(graph: Build) -> None:
    graph.add("Resize", "x", "", graph.number([1.0, 1.0, 2.0, 3.0]), mode="nearest",
              coordinate_transformation_mode="asymmetric", nearest_mode="floor")


@case("Resize to a size, linear")
def _resize_linear(graph: Build) -> None:
    graph.add("Resize", "x", "", "", graph.ints(1, CHANNELS, 24, 20), mode="linear")


@case("Upsample of version 9", opset=9)
def _upsample(graph: Build) -> None:
    graph.add("Upsample", "x", graph.number([1.0, 1.0, 2.0, 2.0]), mode="nearest")


@case("Dropout and Identity")
def _dropout(graph: Build) -> None:
    graph.add("Dropout", graph.add("Identity", "x"), graph.number(0.25))


@case("scaling of the pixels")
def _scaling(graph: Build) -> None:
    small = graph.add("Div", "x", graph.number(255.0))
    less = graph.add("Sub", small, graph.number(np.linspace(0.4, 0.5, CHANNELS).reshape(CHANNELS, 1, 1)))
    graph.add("Conv", graph.add("Div", less, graph.number(np.linspace(0.2, 0.3, CHANNELS).reshape(1, CHANNELS, 1, 1))),
              graph.weight(4, CHANNELS, 3, 3))


@case("channels last, as tf2onnx writes", shape=("N", 12, 10, CHANNELS))
def _channels_last(graph: Build) -> None:
    first = graph.add("Transpose", "x", perm=[0, 3, 1, 2])
    maps = graph.add("Conv", first, graph.weight(4, CHANNELS, 3, 3), graph.weight(4), pads=[1, 1, 1, 1])
    last = graph.add("Transpose", maps, perm=[0, 2, 3, 1])
    both = graph.add("Concat", last, "x", axis=3)
    flat = graph.add("Reshape", graph.add("Relu", both), graph.ints(-1, 1200))
    graph.add("MatMul", flat, graph.weight(1200, 3))


@case("an If whose condition is known")
def _if(graph: Build) -> None:
    then = helper.make_graph([helper.make_node("Relu", ["x"], ["a"])], "then", [],
                             [helper.make_empty_tensor_value_info("a")])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["b"])], "other", [],
                              [helper.make_empty_tensor_value_info("b")])
    rank = graph.add("Size", graph.add("Shape", "x"))
    graph.add("If", graph.add("Equal", rank, graph.number(4, kind=np.int64)), then_branch=then, else_branch=other)


@case("a function of the model's own", opset=18)
def _function(graph: Build) -> None:
    inner = [helper.make_node("Conv", ["a", "w"], ["c"], pads=[1, 1, 1, 1]), helper.make_node("LeakyRelu", ["c"], ["d"])]
    reference = onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    inner[1].attribute.append(reference)
    graph.functions.append(helper.make_function("mine", "Block", ["a", "w"], ["d"], inner, [helper.make_opsetid("", 18)],
                                                ["slope"]))
    graph.add("Relu", graph.add("Block", "x", graph.weight(4, CHANNELS, 3, 3), domain="mine", slope=0.3))
