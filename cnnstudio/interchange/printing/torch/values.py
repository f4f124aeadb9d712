"""Dense, normalisations, dropouts and noise, reshaping, merging, attention."""

from __future__ import annotations

from math import sqrt
from typing import Any, Final

from cnnstudio.interchange.printing.torch.activations import activation_parts
from cnnstudio.interchange.printing.torch.entry import (
    Fixed,
    Part,
    Site,
    TorchLayer,
    Weight,
    Written,
    along_channels,
    one,
    torch_axis,
)

# Dense -------------------------------------------------------------------------------------------


def _linear(site: Site, units: int, bias: bool, activation: str | None) -> Written:
    code, prefix, helpers = along_channels(f"nn.Linear({site.channels}, {units}{'' if bias else ', bias=False'})", site.rank)
    weights = (Weight(f"{prefix}weight", "dense"), *((Weight(f"{prefix}bias"),) if bias else ()))
    return one(code, *weights, helpers=helpers, activation=activation_parts(activation, site.rank))


def _dense(site: Site) -> Written:
    return _linear(site, site.values["units"], site.values["use_bias"], site.values["activation"])


def _output(site: Site) -> Written:
    return _linear(site, site.context.output_units, True, site.context.output_activation)


# Normalisations ----------------------------------------------------------------------------------


def _affine(site: Site, prefix: str) -> tuple[tuple[Weight, ...], tuple[Fixed, ...]]:
    """Gamma and beta as weight and bias; where Keras has one only, the other stands fixed."""
    if not (site.values["scale"] or site.values["center"]):
        return (), ()
    weights, fixed = [], []
    for flag, key, value in (("scale", "weight", 1.0), ("center", "bias", 0.0)):
        if site.values[flag]:
            weights.append(Weight(prefix + key))
        else:
            fixed.append(Fixed(prefix + key, (site.channels,), value))
    return tuple(weights), tuple(fixed)


def _switch(site: Site, word: str) -> str:
    return "" if site.values["scale"] or site.values["center"] else f", {word}=False"


def _batch_normalization(site: Site) -> Written:
    values = site.values
    kind = "BatchNorm2d" if site.rank == 3 else "BatchNorm1d"
    code = f"nn.{kind}({site.channels}, eps={values['epsilon']!r}, momentum={round(1 - values['momentum'], 9)!r}" \
           f"{_switch(site, 'affine')})"
    code, prefix, helpers = (f"ChannelsSecond({code})", "module.", ("ChannelsSecond",)) if site.rank == 2 else (code, "", ())
    weights, fixed = _affine(site, prefix)
    return one(code, *weights, Weight(f"{prefix}running_mean"), Weight(f"{prefix}running_var"), helpers=helpers,
               fixed=(*fixed, Fixed(f"{prefix}num_batches_tracked", (), 0, learns=True, whole=True)))


def _layer_normalization(site: Site) -> Written:
    code, prefix, helpers = along_channels(
        f"nn.LayerNorm({site.channels}, eps={site.values['epsilon']!r}{_switch(site, 'elementwise_affine')})", site.rank)
    weights, fixed = _affine(site, prefix)
    return one(code, *weights, fixed=fixed, helpers=helpers)


def _group_normalization(site: Site) -> Written:
    code = f"nn.GroupNorm({site.values['groups']}, {site.channels}, eps={site.values['epsilon']!r}{_switch(site, 'affine')})"
    code, prefix, helpers = (f"ChannelsSecond({code})", "module.", ("ChannelsSecond",)) if site.rank == 2 else (code, "", ())
    weights, fixed = _affine(site, prefix)
    return one(code, *weights, fixed=fixed, helpers=helpers)


def _rms_normalization(site: Site) -> Written:
    code, prefix, helpers = along_channels(f"nn.RMSNorm({site.channels}, eps={site.values['epsilon']!r})", site.rank)
    return one(code, Weight(f"{prefix}weight"), helpers=helpers)


def rescaling_module(scale: Any, offset: Any, rank: int) -> str:
    """The module that computes x · scale + offset, numbers for all or one for each channel."""
    numbers = [list(each) if isinstance(each, tuple | list) else each for each in (scale, offset)]
    several = any(isinstance(each, list) for each in numbers)
    axes = "" if rank == 3 or not several else ", axes=0"
    return f"Rescaling({numbers[0]!r}, {numbers[1]!r}{axes})"


def _rescaling(site: Site) -> Written:
    return one(rescaling_module(site.values["scale"], site.values["offset"], site.rank), helpers=("Rescaling",))


def _normalization(site: Site) -> Written:
    """(x - mean) / deviation is x · 1/deviation - mean/deviation; the deviation is at least Keras's 1e-7."""
    def each(value: Any) -> tuple[float, ...]:
        return tuple(value) if isinstance(value, tuple | list) else (value,)

    means, deviations = each(site.values["mean"]), [max(sqrt(value), 1e-7) for value in each(site.values["variance"])]
    if site.values["invert"]:
        scale, offset = list(deviations), list(means)
    else:
        scale = [1 / deviation for deviation in deviations]
        offset = [-mean / deviation for mean, deviation in zip(means, deviations, strict=True)]
    if len(scale) == 1:
        return one(rescaling_module(scale[0], offset[0], site.rank), helpers=("Rescaling",))
    return one(rescaling_module(tuple(scale), tuple(offset), site.rank), helpers=("Rescaling",))


# Regularisation ----------------------------------------------------------------------------------


def _dropped(identifier: str, module: str, *helpers: str) -> TorchLayer:
    return TorchLayer(id=identifier, write=lambda site: one(f"{module}({site.values['rate']!r})", helpers=helpers))


def _dropout(site: Site) -> Written:
    rate = repr(site.values["rate"])
    if site.values["noise_shape"] == "picture":
        return one(f"DropPicture({rate})", helpers=("DropPicture",))
    return one(f"nn.{'Dropout2d' if site.values['noise_shape'] == 'maps' else 'Dropout'}({rate})")


# Reshaping ---------------------------------------------------------------------------------------


def _flatten(site: Site) -> Written:
    shape = site.inputs[0]
    if site.rank < 3 or shape[2] == 1 or shape[:2] == (1, 1):
        return one("nn.Flatten()")
    return one("Flatten()", helpers=("Flatten",))


def _zero_padding(site: Site) -> Written:
    top, bottom, left, right = site.values["padding"]
    return one(f"nn.ZeroPad2d({(left, right, top, bottom)})")


def _up_sampling(site: Site) -> Written:
    size, interpolation = tuple(site.values["size"]), site.values["interpolation"]
    if interpolation in ("nearest", "bilinear"):
        corners = ", align_corners=False" if interpolation == "bilinear" else ""
        return one(f'nn.Upsample(scale_factor={size}, mode="{interpolation}"{corners})')
    return one(f'Enlarge({size}, "{interpolation}")', helpers=("Enlarge",),
               remark=f"PyTorch's own {interpolation} uses other weights; these are TensorFlow's.")


# Merging -----------------------------------------------------------------------------------------


def _joined(identifier: str, sign: str) -> TorchLayer:
    return TorchLayer(id=identifier, write=lambda site: Written(
        expression=f" {sign} ".join(f"{{{number}}}" for number in range(len(site.inputs)))))


def _average(site: Site) -> Written:
    total = " + ".join(f"{{{number}}}" for number in range(len(site.inputs)))
    return Written(expression=f"({total}) / {len(site.inputs)}")


def _extreme(identifier: str) -> TorchLayer:
    def write(site: Site) -> Written:
        expression = "{0}"
        for number in range(1, len(site.inputs)):
            expression = f"torch.{identifier.lower()}({expression}, {{{number}}})"
        return Written(expression=expression)

    return TorchLayer(id=identifier, write=write)


def _concatenate(site: Site) -> Written:
    inside = ", ".join(f"{{{number}}}" for number in range(len(site.inputs)))
    return Written(expression=f"torch.cat([{inside}], dim={torch_axis(site.values['axis'], site.rank)})")


def _dot(site: Site) -> Written:
    axes = site.values["axes"]
    normalize = ", normalize=True" if site.values["normalize"] else ""
    return Written(expression=f"dot({{0}}, {{1}}, axes={(axes[0], axes[-1])}{normalize})", helpers=("dot",))


# Attention ---------------------------------------------------------------------------------------


def _several(site: Site) -> str:
    """The arguments of an attention: what asks and what is looked at."""
    return "{0}, {1}" if len(site.inputs) > 1 else "{0}"


def _heads(site: Site) -> Written:
    values = site.values
    key, bias = values["key_dim"], values["use_bias"]
    code = (f"MultiHeadAttention({site.channels}, {site.inputs[-1][-1]}, heads={values['num_heads']}, key_size={key}, "
            f"value_size={values['value_dim'] or key}" + (f", dropout={values['dropout']!r}" if values["dropout"] else "")
            + ("" if bias else ", bias=False") + ")")
    weights: list[Weight] = []
    for name in ("query", "key", "value"):
        weights += [Weight(f"{name}.weight", "heads in"), *([Weight(f"{name}.bias", "heads bias")] if bias else [])]
    weights += [Weight("output.weight", "heads out"), *([Weight("output.bias")] if bias else [])]
    return Written(parts=(Part(code, weights=tuple(weights), helpers=("MultiHeadAttention",)),), expression=_several(site))


def _attention(site: Site) -> Written:
    values = site.values
    scale, concat = values["use_scale"], values["score_mode"] == "concat"
    options = [*(["use_scale=True"] if scale else []), *(["concat=True"] if concat else []),
               *([f"dropout={values['dropout']!r}"] if values["dropout"] else [])]
    weights = (*((Weight("scale"),) if scale else ()), *((Weight("concat_weight"),) if concat else ()))
    return Written(parts=(Part(f"Attention({', '.join(options)})", weights=weights, helpers=("Attention",)),),
                   expression=_several(site))


LAYERS: Final = (
    TorchLayer(id="Dense", write=_dense), TorchLayer(id="Output", write=_output),
    TorchLayer(id="Identity", write=lambda _site: one("nn.Identity()")),
    TorchLayer(id="BatchNormalization", write=_batch_normalization),
    TorchLayer(id="LayerNormalization", write=_layer_normalization),
    TorchLayer(id="GroupNormalization", write=_group_normalization),
    TorchLayer(id="RMSNormalization", write=_rms_normalization),
    TorchLayer(id="UnitNormalization", write=lambda site: one(
        f"UnitLength(dim={1 if site.rank == 3 else -1})", helpers=("UnitLength",))),
    TorchLayer(id="Rescaling", write=_rescaling), TorchLayer(id="Normalization", write=_normalization),
    TorchLayer(id="Dropout", write=_dropout), _dropped("SpatialDropout2D", "nn.Dropout2d"),
    _dropped("AlphaDropout", "nn.AlphaDropout"), _dropped("GaussianDropout", "GaussianDropout", "GaussianDropout"),
    TorchLayer(id="GaussianNoise", write=lambda site: one(
        f"GaussianNoise({site.values['stddev']!r})", helpers=("GaussianNoise",))),
    TorchLayer(id="ActivityRegularization", write=lambda site: one(
        f"ActivityPenalty({site.values['l1']!r}, {site.values['l2']!r})", helpers=("ActivityPenalty",))),
    TorchLayer(id="Flatten", write=_flatten), TorchLayer(id="ZeroPadding2D", write=_zero_padding),
    TorchLayer(id="Cropping2D", write=lambda site: one(
        f"Crop({', '.join(map(str, site.values['cropping']))})", helpers=("Crop",))),
    TorchLayer(id="UpSampling2D", write=_up_sampling),
    TorchLayer(id="Reshape", write=lambda site: one(
        f"Reshape({', '.join(map(str, site.output))})", helpers=("Reshape",))),
    TorchLayer(id="Permute", write=lambda site: one(
        f"Permute({', '.join(map(str, site.values['dims']))})", helpers=("Permute",))),
    TorchLayer(id="RepeatVector", write=lambda site: one(f"Repeat({site.values['n']})", helpers=("Repeat",))),
    _joined("Add", "+"), _joined("Subtract", "-"), _joined("Multiply", "*"), _extreme("Maximum"), _extreme("Minimum"),
    TorchLayer(id="Average", write=_average), TorchLayer(id="Concatenate", write=_concatenate),
    TorchLayer(id="Dot", write=_dot), TorchLayer(id="MultiHeadAttention", write=_heads),
    TorchLayer(id="Attention", write=_attention),
)
