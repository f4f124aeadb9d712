"""A pretrained base as one layer of the network, with its freeze line."""

from __future__ import annotations

from functools import lru_cache

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import need_picture
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeTrouble, Values, Window
from cnnstudio.core.params import Choice, Line, Option
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text, same


@lru_cache(maxsize=256)
def base_cost(base: str, height: int, width: int, trainable_from: str, ends_at: str = "all") -> tuple[Shape, Cost]:
    """Shape of the feature maps and cost of a base for pictures of that size, up to the block `ends_at`."""
    from cnnstudio.catalog.shapes import report

    entry = BASES[base]
    graph = entry.graph_for(height, width, ends_at)
    found = report(graph, Context(height=height, width=width, channels=3, class_count=1), headless=True)
    learning = entry.trainable_layers(trainable_from)
    trainable = sum(found.nodes[node.id].cost.trainable for node in graph.nodes if node.id in learning)
    shape = found.nodes[graph.nodes[-1].id].shape
    assert shape is not None
    return shape, Cost(trainable=trainable, non_trainable=found.parameters - trainable,
                       multiply_adds=found.multiply_adds)


def _checked(values: Values, inputs: tuple[Shape, ...]) -> tuple[Shape, Cost]:
    base = BASES.find(values["base"])
    if base is None:
        text = Text("This version does not know the base {base}.", "Esta versión no conoce la base {base}.")
        raise ShapeTrouble("unknown_base", text.fill(base=values["base"]))
    height, width, channels = need_picture(inputs, str(base.label))
    if channels != 3:
        text = Text("{base} was trained on colour pictures: it needs 3 channels but gets {n}.",
                    "{base} se entrenó con imágenes en color: necesita 3 canales pero recibe {n}.")
        fix = Fix(action="set_field", label=Text("Use colour mode rgb", "Usar el modo de color rgb"),
                  arguments={"spec": "recipe", "field": "color_mode", "value": "rgb"})
        raise ShapeTrouble("base_needs_rgb", text.fill(base=base.label, n=channels), fix)
    if min(height, width) < base.minimum_size:
        text = Text("{base} needs pictures of at least {n} pixels a side.",
                    "{base} necesita imágenes de al menos {n} píxeles por lado.")
        raise ShapeTrouble("base_too_small", text.fill(base=base.label, n=base.minimum_size),
                           Fix(action="set_size", arguments={"height": base.input_size, "width": base.input_size},
                               label=Text("Use {n} × {n}", "Usar {n} × {n}").fill(n=base.input_size)))
    for name, others, whole in (("trainable_from", ("none", "all"), "none"), ("ends_at", ("all",), "all")):
        if values[name] in (*others, *base.blocks):
            continue
        text = Text("{base} has no block called {block}; it has {blocks}.",
                    "{base} no tiene un bloque llamado {block}; tiene {blocks}.")
        label = (Text("Freeze the whole base", "Congelar toda la base") if name == "trainable_from" else
                 Text("Use the whole base", "Usar toda la base"))
        raise ShapeTrouble("unknown_block", text.fill(base=base.label, block=values[name],
                                                      blocks=", ".join(base.blocks)),
                           Fix(action="set_node_param", arguments={"name": name, "value": whole}, label=label))
    return base_cost(base.id, height, width, values["trainable_from"], values["ends_at"])


def _shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    shape, _cost = _checked(values, inputs)
    return shape if values["pooling"] == "none" else (shape[-1],)


def _base_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return _checked(values, inputs)[1]


PRETRAINED_BASE = LayerType(
    id="PretrainedBase", family="base", label=Text("Pretrained base", "Base preentrenada"),
    help=Text("A network that already learned to see on 1.3 million photos. Frozen, it turns each picture into "
              "features; from the freeze line on it learns too.",
              "Una red que ya aprendió a ver con 1,3 millones de fotos. Congelada, convierte cada imagen en "
              "características; a partir de la línea de congelado también aprende."),
    params=(
        Choice(name="base", default="efficientnet_lite0", label=Text("Base", "Base"),
               help=Text("Which network.", "Qué red."), options=tuple(Option(base.id, base.label) for base in BASES)),
        Choice(name="weights", default="imagenet", label=same("weights"),
               help=Text("Where its weights come from.", "De dónde vienen sus pesos."),
               options=(Option("imagenet", same("ImageNet")), Option("random", Text("random", "al azar")),
                        Option("file", Text("from a file", "de un archivo")))),
        Line(name="weights_file", default="", file=True, label=Text("Weights file", "Archivo de pesos"),
             help=Text("A weights file of this base without its top (.h5 of Keras Applications, or .npz).",
                       "Un archivo de pesos de esta base sin su cima (.h5 de Keras Applications, o .npz).")),
        Line(name="trainable_from", default="none", optional=False, label=Text("Learns from", "Aprende desde"),
             help=Text("none: the whole base is frozen. all: all of it learns. A block's name: from there on.",
                       "none: toda la base está congelada. all: toda aprende. El nombre de un bloque: desde ahí.")),
        Line(name="ends_at", default="all", optional=False, advanced=True, label=Text("Ends at", "Termina en"),
             help=Text("all: the whole base. A block's name: its maps are the features. Early blocks see edges and "
                       "textures, which serve for pictures unlike photos.",
                       "all: toda la base. El nombre de un bloque: sus mapas son las características. Los primeros "
                       "bloques ven bordes y texturas, que sirven para imágenes distintas de las fotos.")),
        Choice(name="pooling", default="avg", label=same("pooling"),
               help=Text("How the feature maps end: one number each (avg, max), or as maps (none).",
                         "Cómo terminan los mapas: un número cada uno (avg, max) o como mapas (none)."),
               options=(Option("avg", same("avg")), Option("max", same("max")), Option("none", Text("none", "ninguno")))),
    ),
    shape=_shape, cost=_base_cost, window=lambda _values: Window(whole=True),
    call=Call("cnnstudio.base", {"base": P("base"), "weights": P("weights"), "weights_file": P("weights_file"),
                                 "trainable_from": P("trainable_from"), "ends_at": P("ends_at"),
                                 "pooling": P("pooling")}),
)

LAYERS = (PRETRAINED_BASE,)
