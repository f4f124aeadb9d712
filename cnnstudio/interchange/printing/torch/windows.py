"""Convolutions and poolings. PyTorch pads both sides alike; TensorFlow's "same" does not, so borders are counted here.

Padding of TensorFlow's "same": max((⌈n / s⌉ − 1) · s + k − n, 0), the smaller half before
(tensorflow.org/api_docs/python/tf/nn, notes on padding).
"""

from __future__ import annotations

from typing import Final

from cnnstudio.interchange.printing.torch.activations import activation_parts
from cnnstudio.interchange.printing.torch.entry import Part, Site, TorchLayer, Weight, Written, one, pair_code

Borders = tuple[tuple[int, int], tuple[int, int]]
"""(above, below) and (left, right)."""


def _borders(site: Site, window: tuple[int, int], strides: tuple[int, int], dilation: tuple[int, int] = (1, 1)) -> Borders:
    """The rows and columns that padding "same" adds; none for "valid"."""
    if site.values["padding"] == "valid":
        return (0, 0), (0, 0)
    found = []
    for axis in (0, 1):
        size, reach = site.inputs[0][axis], (window[axis] - 1) * dilation[axis] + 1
        total = max((-(-size // strides[axis]) - 1) * strides[axis] + reach - size, 0)
        found.append((total // 2, total - total // 2))
    return found[0], found[1]


def _even(borders: Borders) -> bool:
    return all(before == after for before, after in borders)


def _padding(borders: Borders, module: str = "nn.ZeroPad2d({})") -> tuple[Part, ...]:
    """A border of its own where the two sides differ."""
    (above, below), (left, right) = borders
    return () if _even(borders) else (Part(module.format((left, right, above, below)), suffix="padding"),)


def _options(**values: object) -> str:
    return "".join(f", {name}={value}" for name, value in values.items() if value is not None)


def _sliding(site: Site, outputs: int, groups: int, bias: bool) -> tuple[tuple[Part, ...], str]:
    """(the border before it, the code) of an nn.Conv2d with this layer's window."""
    window, strides, dilation = (site.values[name] for name in ("kernel_size", "strides", "dilation_rate"))
    borders = _borders(site, window, strides, dilation)
    padding = (borders[0][0], borders[1][0])
    code = f"nn.Conv2d({site.channels}, {outputs}, {pair_code(window)}" + _options(
        stride=pair_code(strides) if max(strides) > 1 else None,
        padding=pair_code(padding) if _even(borders) and max(padding) else None,
        dilation=pair_code(dilation) if max(dilation) > 1 else None,
        groups=groups if groups > 1 else None, bias=None if bias else False) + ")"
    return _padding(borders), code


def _biased(site: Site, *weights: Weight) -> tuple[Weight, ...]:
    return (*weights, Weight("bias")) if site.values["use_bias"] else weights


def _conv2d(site: Site) -> Written:
    before, code = _sliding(site, site.values["filters"], site.values["groups"], site.values["use_bias"])
    return Written(parts=(*before, Part(code, weights=_biased(site, Weight("weight", "convolution"))),
                          *activation_parts(site.values["activation"], 3)))


def _depthwise(site: Site) -> Written:
    outputs = site.channels * site.values["depth_multiplier"]
    before, code = _sliding(site, outputs, site.channels, site.values["use_bias"])
    return Written(parts=(*before, Part(code, weights=_biased(site, Weight("weight", "depthwise"))),
                          *activation_parts(site.values["activation"], 3)))


def _separable(site: Site) -> Written:
    middle, filters = site.channels * site.values["depth_multiplier"], site.values["filters"]
    before, code = _sliding(site, middle, site.channels, bias=False)
    bias = "" if site.values["use_bias"] else ", bias=False"
    return Written(parts=(
        *before, Part(code, suffix="depthwise", weights=(Weight("weight", "depthwise"),)),
        Part(f"nn.Conv2d({middle}, {filters}, 1{bias})", weights=_biased(site, Weight("weight", "convolution"))),
        *activation_parts(site.values["activation"], 3)))


def _transposed(site: Site) -> Written:
    """PyTorch cuts both sides alike; what TensorFlow cuts off more at one side is cropped."""
    window, strides = site.values["kernel_size"], site.values["strides"]
    cuts, paddings, longer = [], [], []
    for axis in (0, 1):
        out, whole = site.output[axis], (site.inputs[0][axis] - 1) * strides[axis] + window[axis]
        before = 0
        if site.values["padding"] == "same":
            before = max((-(-out // strides[axis]) - 1) * strides[axis] + window[axis] - out, 0) // 2
        after = whole - before - out
        both = before if after <= before else 0
        paddings.append(both)
        longer.append(max(both - after, 0))
        cuts.append((before - both, max(after - both, 0)))
    bias = None if site.values["use_bias"] else False
    code = f"nn.ConvTranspose2d({site.channels}, {site.values['filters']}, {pair_code(window)}" + _options(
        stride=pair_code(strides), padding=pair_code(tuple(paddings)) if max(paddings) else None,
        output_padding=pair_code(tuple(longer)) if max(longer) else None, bias=bias) + ")"
    crop: tuple[Part, ...] = ()
    if any(max(cut) for cut in cuts):
        (above, below), (left, right) = cuts
        crop = (Part(f"Crop({above}, {below}, {left}, {right})", suffix="crop", helpers=("Crop",)),)
    return Written(parts=(Part(code, weights=_biased(site, Weight("weight", "transposed"))), *crop,
                          *activation_parts(site.values["activation"], 3)))


def _pooled(site: Site) -> tuple[str, Borders]:
    """(size and stride as written, borders) of a pooling."""
    window = site.values["pool_size"]
    strides = site.values["strides"] or window
    return pair_code(window) + ("" if strides == window else f", stride={pair_code(strides)}"), _borders(
        site, window, strides)


def _max_pooling(site: Site) -> Written:
    size, borders = _pooled(site)
    padding = (borders[0][0], borders[1][0])
    even = f", padding={pair_code(padding)}" if _even(borders) and max(padding) else ""
    # What lies outside must never be the largest.
    return Written(parts=(*_padding(borders, 'nn.ConstantPad2d({}, float("-inf"))'), Part(f"nn.MaxPool2d({size}{even})")))


def _average_pooling(site: Site) -> Written:
    size, borders = _pooled(site)
    (above, below), (left, right) = borders
    if not _even(borders):
        return one(f"AveragePool({(left, right, above, below)}, {size})", helpers=("AveragePool",))
    outside = f", padding={pair_code((above, left))}, count_include_pad=False" if max(above, left) else ""
    return one(f"nn.AvgPool2d({size}{outside})")


def _global(module: str) -> TorchLayer:
    def write(site: Site) -> Written:
        flat = () if site.values["keepdims"] else (Part("nn.Flatten()", suffix="flat"),)
        return Written(parts=(Part(f"nn.Adaptive{module}Pool2d(1)"), *flat))

    return TorchLayer(id="GlobalAveragePooling2D" if module == "Avg" else "GlobalMaxPooling2D", write=write)


def _adaptive(identifier: str, module: str) -> TorchLayer:
    return TorchLayer(id=identifier, write=lambda site: one(f"nn.{module}({pair_code(site.values['output_size'])})"))


LAYERS: Final = (
    TorchLayer(id="Conv2D", write=_conv2d), TorchLayer(id="DepthwiseConv2D", write=_depthwise),
    TorchLayer(id="SeparableConv2D", write=_separable), TorchLayer(id="Conv2DTranspose", write=_transposed),
    TorchLayer(id="MaxPooling2D", write=_max_pooling), TorchLayer(id="AveragePooling2D", write=_average_pooling),
    _global("Avg"), _global("Max"),
    _adaptive("AdaptiveAveragePooling2D", "AdaptiveAvgPool2d"), _adaptive("AdaptiveMaxPooling2D", "AdaptiveMaxPool2d"),
)
