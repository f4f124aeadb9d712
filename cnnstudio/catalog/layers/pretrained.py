"""A pretrained base as one layer of the network, with its freeze line."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.finding import OWN, base_of, find_base
from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import need_picture, shape_text
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeTrouble, Values, Window
from cnnstudio.core.params import Choice, Line, Option, ShownWhen
from cnnstudio.core.problems import Fix, ProblemError
from cnnstudio.core.text import Text, same

if TYPE_CHECKING:
    from cnnstudio.core.network import NetworkSpec
    from cnnstudio.network.shapes import NetworkReport


@lru_cache(maxsize=256)
def base_cost(base: str, height: int, width: int, trainable_from: str, ends_at: str = "all") -> tuple[Shape, Cost]:
    """Shape of the feature maps and cost of a base for pictures of that size, up to the block `ends_at`."""
    from cnnstudio.network.shapes import report

    entry = find_base(base)
    assert entry is not None
    graph = entry.graph_for(height, width, ends_at)
    context = Context(height=height, width=width, channels=entry.channels, class_count=1, normalization="none")
    found = report(graph, context, headless=True)
    shape = found.nodes[graph.nodes[-1].id].shape
    if shape is None or (entry.own is not None and not _weights_fit(entry, found, graph, context)):
        raise ShapeTrouble("base_fixed_size", Text(
            "Up to {end}, the weights of {base} fit pictures of {size} only.",
            "Hasta {end}, los pesos de {base} solo sirven para imágenes de {size}.").fill(
                end=graph.nodes[-1].id, base=entry.label, size=shape_text(entry.size)), _use_size(entry))
    learning = entry.trainable_layers(trainable_from)
    trainable = sum(found.nodes[node.id].cost.trainable for node in graph.nodes if node.id in learning)
    return shape, Cost(trainable=trainable, non_trainable=found.parameters - trainable,
                       multiply_adds=found.multiply_adds)


def _weights_fit(base: Base, found: NetworkReport, graph: NetworkSpec, context: Context) -> bool:
    """Whether every layer has as many weights as with the pictures that the model was trained on."""
    height, width = base.size
    if (context.height, context.width) == (height, width):
        return True
    from cnnstudio.network.shapes import report

    trained = report(graph, Context(height=height, width=width, channels=base.channels, class_count=1,
                                    normalization="none"), headless=True)
    return all(found.nodes[node.id].cost.parameters == trained.nodes[node.id].cost.parameters for node in graph.nodes)


def _use_size(base: Base) -> Fix:
    height, width = base.size
    return Fix(action="set_size", arguments={"height": height, "width": width},
               label=Text("Use {size}", "Usar {size}").fill(size=shape_text(base.size)))


def _own(values: Values) -> Base:
    """The user's base, or the trouble with its file."""
    from cnnstudio.interchange.own_base.reader import choose_again, own_base

    try:
        return own_base(str(values["file"] or ""), str(values["scaling"]))
    except ProblemError as trouble:
        first = trouble.problems[0]
        raise ShapeTrouble(first.code, first.text, choose_again()) from None


def _checked(values: Values, inputs: tuple[Shape, ...]) -> tuple[Shape, Cost]:
    base = _own(values) if values["base"] == OWN else base_of(values)
    if base is None:
        text = Text("This version does not know the base {base}.", "Esta versión no conoce la base {base}.")
        raise ShapeTrouble("unknown_base", text.fill(base=values["base"]))
    height, width, channels = need_picture(inputs, str(base.label))
    if channels != base.channels and base.own is not None:
        mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[base.channels]
        text = Text("{base} was trained on pictures of {wanted} channels but gets {n}.",
                    "{base} se entrenó con imágenes de {wanted} canales pero recibe {n}.")
        fix = Fix(action="set_field", arguments={"spec": "recipe", "field": "color_mode", "value": mode},
                  label=Text("Use colour mode {mode}", "Usar el modo de color {mode}").fill(mode=mode))
        raise ShapeTrouble("base_channels", text.fill(base=base.label, wanted=base.channels, n=channels), fix)
    if channels != base.channels:
        text = Text("{base} was trained on colour pictures: it needs 3 channels but gets {n}.",
                    "{base} se entrenó con imágenes en color: necesita 3 canales pero recibe {n}.")
        fix = Fix(action="set_field", label=Text("Use colour mode rgb", "Usar el modo de color rgb"),
                  arguments={"spec": "recipe", "field": "color_mode", "value": "rgb"})
        raise ShapeTrouble("base_needs_rgb", text.fill(base=base.label, n=channels), fix)
    if min(height, width) < base.minimum_size:
        text = Text("{base} needs pictures of at least {n} pixels a side.",
                    "{base} necesita imágenes de al menos {n} píxeles por lado.")
        raise ShapeTrouble("base_too_small", text.fill(base=base.label, n=base.minimum_size),
                           _use_size(base))
    for name, others, whole, known in (("trainable_from", ("none", "all"), "none", base.lines),
                                       ("ends_at", ("all",), "all", base.ends)):
        if values[name] in (*others, *known):
            continue
        text = Text("{base} has no block called {block}; it has {blocks}.",
                    "{base} no tiene un bloque llamado {block}; tiene {blocks}.")
        label = (Text("Freeze the whole base", "Congelar toda la base") if name == "trainable_from" else
                 Text("Use the whole base", "Usar toda la base"))
        raise ShapeTrouble("unknown_block", text.fill(base=base.label, block=values[name],
                                                      blocks=", ".join(known)),
                           Fix(action="set_node_param", arguments={"name": name, "value": whole}, label=label))
    return base_cost(base.id, height, width, values["trainable_from"], values["ends_at"])


def _shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    shape, _cost = _checked(values, inputs)
    return shape if values["pooling"] == "none" or len(shape) != 3 else (shape[-1],)


def _base_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return _checked(values, inputs)[1]


_IS_OWN = ShownWhen("base", (OWN,))
_BUILT_IN = ShownWhen("base", BASES.ids())

PRETRAINED_BASE = LayerType(
    id="PretrainedBase", family="base", label=Text("Pretrained base", "Base preentrenada"),
    help=Text("A network that already learned to see on 1.3 million photos. Frozen, it turns each picture into "
              "features; from the freeze line on it learns too.",
              "Una red que ya aprendió a ver con 1,3 millones de fotos. Congelada, convierte cada imagen en "
              "características; a partir de la línea de congelado también aprende."),
    params=(
        Choice(name="base", default="efficientnet_lite0", label=Text("Base", "Base"),
               help=Text("Which network.", "Qué red."),
               options=(*(Option(base.id, base.label) for base in BASES),
                        Option(OWN, Text("a model of your own", "un modelo propio")))),
        Line(name="file", default="", label=Text("File in the project", "Archivo en el proyecto"), shown_when=_IS_OWN,
             help=Text("The copy of your model in the project's folder; its name ends with the digest of its content.",
                       "La copia de su modelo en la carpeta del proyecto; su nombre acaba en el resumen del contenido.")),
        Choice(name="scaling", default="none", label=Text("Scaling", "Escalado"), shown_when=_IS_OWN,
               help=Text("What is done to pixels of 0-255 before the model, where it does not scale them itself: what it was "
                         "trained with.",
                         "Qué se hace con los píxeles de 0-255 antes del modelo, si no los escala él mismo: aquello con lo "
                         "que se entrenó."),
               options=(Option("none", Text("none", "ninguno")), Option("zero_one", same("[0, 1]")),
                        Option("minus_one_one", same("[-1, 1]")))),
        Choice(name="weights", default="imagenet", label=same("weights"), shown_when=_BUILT_IN,
               help=Text("Where its weights come from.", "De dónde vienen sus pesos."),
               options=(Option("imagenet", same("ImageNet")), Option("random", Text("random", "al azar")),
                        Option("file", Text("from a file", "de un archivo")))),
        Line(name="weights_file", default="", file=True, label=Text("Weights file", "Archivo de pesos"),
             shown_when=_BUILT_IN,
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
    id_stem="base", shape=_shape, cost=_base_cost, window=lambda _values: Window(whole=True),
    call=Call("cnnstudio.base", {"base": P("base"), "file": P("file"), "scaling": P("scaling"),
                                 "weights": P("weights"), "weights_file": P("weights_file"),
                                 "trainable_from": P("trainable_from"), "ends_at": P("ends_at"),
                                 "pooling": P("pooling")}),
)

LAYERS = (PRETRAINED_BASE,)
