"""Attention: every place looks at every other (Vaswani et al., 2017)."""

from __future__ import annotations

from math import prod

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, bias_param, insert_before_fix, shape_text
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeError, Values, Window
from cnnstudio.catalog.layers.weights import weight_arguments, weight_defaults, weight_params
from cnnstudio.catalog.torch_form import Part, Site, TorchCode, Weight
from cnnstudio.core.params import Bool, Choice, Float, Int, options
from cnnstudio.core.text import Text, same


def _check_positions(layer: str, inputs: tuple[Shape, ...]) -> None:
    for port, shape in enumerate(inputs):
        if len(shape) < 2:
            text = Text("{layer} compares positions, but its input is a single row of {shape}.",
                        "{layer} compara posiciones, pero su entrada es una sola fila de {shape}.")
            raise ShapeError("not_places", text.fill(layer=layer, shape=shape_text(shape)),
                               insert_before_fix("Reshape", port, target_shape=(-1, 1)))


def _same_rank(layer: str, inputs: tuple[Shape, ...]) -> None:
    if len({len(shape) for shape in inputs}) > 1:
        text = Text("{layer} needs inputs with the same number of axes but gets {shapes}.",
                    "{layer} necesita entradas con el mismo número de ejes, pero recibe {shapes}.")
        raise ShapeError("shapes_differ", text.fill(layer=layer, shapes=" / ".join(map(shape_text, inputs))),
                           *(insert_before_fix("Reshape", port, target_shape=(-1, shape[-1]))
                             for port, shape in enumerate(inputs) if len(shape) > 2))


def _heads_shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _check_positions("MultiHeadAttention", inputs)
    _same_rank("MultiHeadAttention", inputs)
    return inputs[0]


def _heads_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    query, value = inputs[0], inputs[-1]
    heads, key_size = values["num_heads"], values["key_dim"]
    value_size = values["value_dim"] or key_size
    queries, keys = prod(query[:-1]), prod(value[:-1])
    query_weights, key_weights = query[-1] * heads * key_size, value[-1] * heads * key_size
    value_weights, output_weights = value[-1] * heads * value_size, heads * value_size * query[-1]
    biases = heads * (2 * key_size + value_size) + query[-1] if values["use_bias"] else 0
    return Cost(
        trainable=query_weights + key_weights + value_weights + output_weights + biases,
        multiply_adds=queries * (query_weights + output_weights) + keys * (key_weights + value_weights)
        + queries * keys * heads * (key_size + value_size))


def _attention_inputs(site: Site) -> str:
    """The arguments of an attention: the query and the value."""
    return "{0}, {1}" if len(site.inputs) > 1 else "{0}"


def _heads_torch(site: Site) -> TorchCode:
    values = site.values
    key, bias = values["key_dim"], values["use_bias"]
    code = (f"MultiHeadAttention({site.channels}, {site.inputs[-1][-1]}, heads={values['num_heads']}, key_size={key}, "
            f"value_size={values['value_dim'] or key}" + (f", dropout={values['dropout']!r}" if values["dropout"] else "")
            + ("" if bias else ", bias=False") + ")")
    weights: list[Weight] = []
    for name in ("query", "key", "value"):
        weights += [Weight(f"{name}.weight", "heads in"), *([Weight(f"{name}.bias", "heads bias")] if bias else [])]
    weights += [Weight("output.weight", "heads out"), *([Weight("output.bias")] if bias else [])]
    part = Part(code, weights=tuple(weights), helpers=(torch_helpers.MULTI_HEAD_ATTENTION,))
    return TorchCode(parts=(part,), expression=_attention_inputs(site))


MULTI_HEAD_ATTENTION = LayerType(
    id="MultiHeadAttention", family="attention", minimum_inputs=1, maximum_inputs=2, passing="arguments",
    help=Text("Every position of the picture gathers information from the positions that match its query, in several heads. "
              "With one input, the layer attends to that input itself; with two, the first attends to the second. The cost "
              "grows with the square of the number of positions: use this layer on small maps.",
              "Cada posición de la imagen reúne información de las posiciones que encajan con su consulta, en varias "
              "cabezas. Con una entrada, la capa atiende a esa misma entrada; con dos, la primera atiende a la segunda. El "
              "coste crece con el cuadrado del número de posiciones: use esta capa en mapas pequeños."),
    formula="y = Σ softmax(Q·Kᵀ / √d) · V · W,  Q = x·W_q, K = v·W_k, V = v·W_v",
    params=(
        Int(name="num_heads", default=4, minimum=1, maximum=256, label=same("num_heads"),
            help=Text("Number of attention heads.", "Número de cabezas de atención.")),
        Int(name="key_dim", default=32, minimum=1, maximum=4096, step=8, label=same("key_dim"),
            help=Text("Length of each head's query and key.", "Longitud de la consulta y la clave de cada cabeza.")),
        Int(name="value_dim", default=None, minimum=1, maximum=4096, optional=True, advanced=True,
            label=same("value_dim"),
            help=Text("Length of each head's value; None: same as key_dim.",
                      "Longitud del valor de cada cabeza; None: igual que key_dim.")),
        Float(name="dropout", default=0.0, minimum=0, maximum=0.99, step=0.05, decimals=2, label=same("dropout"),
              help=Text("Fraction of the attention weights dropped during training.",
                        "Fracción de los pesos de atención que se anula durante el entrenamiento.")),
        bias_param(), *weight_params("kernel", "bias", plain=()),
    ),
    id_stem="attention", has_kernel=True, positional=("num_heads", "key_dim", "value_dim", "dropout", "use_bias"),
    torch=_heads_torch, shape=_heads_shape, cost=_heads_cost, window=lambda _values: Window(is_global=True),
    call=Call("keras.layers.MultiHeadAttention",
              arguments("num_heads", "key_dim", "value_dim", "dropout", "use_bias", **weight_arguments("kernel", "bias")),
              {"value_dim": None, "dropout": 0.0, "use_bias": True} | weight_defaults("kernel", "bias")),
)


def _attention_shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _check_positions("Attention", inputs)
    for port, shape in enumerate(inputs):
        if len(shape) != 2:
            text = Text("Attention needs a sequence of positions (positions, channels) but gets {shape}.",
                        "Attention necesita una secuencia de posiciones (posiciones, canales) pero recibe {shape}.")
            raise ShapeError("not_places", text.fill(shape=shape_text(shape)),
                               insert_before_fix("Reshape", port, target_shape=(-1, shape[-1])))
    if inputs[0][1] != inputs[-1][1]:
        text = Text("The two inputs of Attention must have the same number of channels, not {a} and {b}.",
                    "Las dos entradas de Attention deben tener el mismo número de canales, no {a} y {b}.")
        raise ShapeError("shapes_differ", text.fill(a=shape_text(inputs[0]), b=shape_text(inputs[-1])),
                           insert_before_fix("Dense", len(inputs) - 1, units=inputs[0][1]))
    return inputs[0][0], inputs[-1][1]


def _attention_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    (queries, channels), keys = inputs[0], inputs[-1][0]
    products = 2 if values["score_mode"] == "dot" else 1
    return Cost(trainable=int(values["use_scale"]) + int(values["score_mode"] == "concat"),
                multiply_adds=products * queries * keys * channels)


def _attention_torch(site: Site) -> TorchCode:
    values = site.values
    scale, concat = values["use_scale"], values["score_mode"] == "concat"
    options = [*(["use_scale=True"] if scale else []), *(["concat=True"] if concat else []),
               *([f"dropout={values['dropout']!r}"] if values["dropout"] else [])]
    weights = (*((Weight("scale"),) if scale else ()), *((Weight("concat_weight"),) if concat else ()))
    return TorchCode(parts=(Part(f"Attention({', '.join(options)})", weights=weights, helpers=(torch_helpers.ATTENTION,)),),
                   expression=_attention_inputs(site))


ATTENTION = LayerType(
    id="Attention", family="attention", minimum_inputs=1, maximum_inputs=2, passing="list of two",
    help=Text("Attention without learned projections: positions are compared directly. The input must be a sequence of "
              "positions: put a Reshape before this layer.",
              "Atención sin proyecciones aprendidas: las posiciones se comparan directamente. La entrada debe ser una "
              "secuencia de posiciones: ponga un Reshape antes de esta capa."),
    formula="y = softmax(q·vᵀ) · v",
    params=(
        Bool(name="use_scale", default=False, label=same("use_scale"),
             help=Text("Learn one factor for the scores.", "Aprender un factor para las puntuaciones.")),
        Choice(name="score_mode", default="dot", advanced=True, label=same("score_mode"),
               help=Text("dot: product of query and key; concat: tanh of their sum.",
                         "dot: producto de consulta y clave; concat: tanh de su suma."), options=options("dot", "concat")),
        Float(name="dropout", default=0.0, minimum=0, maximum=0.99, step=0.05, decimals=2, label=same("dropout"),
              help=Text("Fraction of the attention weights dropped during training.",
                        "Fracción de los pesos de atención que se anula durante el entrenamiento.")),
    ),
    torch=_attention_torch, shape=_attention_shape, cost=_attention_cost, window=lambda _values: Window(is_global=True),
    call=Call("keras.layers.Attention", arguments("use_scale", "score_mode", "dropout"),
              {"use_scale": False, "score_mode": "dot", "dropout": 0.0}),
)

LAYERS = (MULTI_HEAD_ATTENTION, ATTENTION)
