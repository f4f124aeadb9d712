"""A pretrained base as one layer of the network, with its freeze line."""

from __future__ import annotations

from functools import partial

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.freezing import unknown_line_text
from cnnstudio.catalog.bases.resolver import OWN, base_of, choose_model_fix
from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import require_picture, shape_text
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeError, Subgraph, Values, Window
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.params import Choice, Line, Option, ShownWhen
from cnnstudio.core.problems import Fix, ProblemError
from cnnstudio.core.text import Text, same


def _use_size(base: Base) -> Fix:
    height, width = base.size
    return Fix(action="set_size", arguments={"height": height, "width": width},
               label=Text("Use {size}", "Usar {size}").fill(size=shape_text(base.size)))


def _custom_base(values: Values, context: Context) -> Base:
    """The custom base; raises ShapeError if its file cannot be used."""
    try:
        return context.bases.require_own(str(values["file"] or ""), str(values["scaling"]))
    except ProblemError as problem_error:
        problem = problem_error.problems[0]
        raise ShapeError(problem.code, problem.text, choose_model_fix()) from None


def _subgraph(values: Values, inputs: tuple[Shape, ...], context: Context) -> Subgraph:
    """The layers of the base for pictures of that size, up to the end that the node sets."""
    base = _custom_base(values, context) if values["base"] == OWN else base_of(values, context.bases)
    if base is None:
        text = Text("This version does not know the base {base}. Choose another base.",
                    "Esta versión no conoce la base {base}. Elija otra base.")
        raise ShapeError("unknown_base", text.fill(base=values["base"]))
    _check(base, values, inputs)
    height, width = inputs[0][:2]
    ends_at, trainable_from = str(values["ends_at"]), str(values["trainable_from"])
    trained = _context(*base.size, base) if base.own is not None and (height, width) != base.size else None
    return Subgraph(key=(base, height, width, ends_at, trainable_from), context=_context(height, width, base),
                    network=partial(base.graph_for, height, width, ends_at),
                    trainable=partial(base.trainable_layers, trainable_from, ends_at), unfit=partial(_weights_error, base),
                    weights_from=trained)


def _context(height: int, width: int, base: Base) -> Context:
    return Context(height=height, width=width, channels=base.channels, class_count=1, normalization="none")


def _weights_error(base: Base, network: NetworkSpec) -> ShapeError:
    """The error if the weights of the base do not fit pictures of this size."""
    text = Text("Up to {end}, the weights of {base} work only with pictures of {size}.",
                "Hasta {end}, los pesos de {base} solo sirven para imágenes de {size}.")
    return ShapeError("base_fixed_size", text.fill(end=network.nodes[-1].id, base=base.label,
                                                     size=shape_text(base.size)), _use_size(base))


def _check(base: Base, values: Values, inputs: tuple[Shape, ...]) -> None:
    """Raises ShapeError if the base cannot take these pictures or has no such blocks."""
    height, width, channels = require_picture(inputs, str(base.label))
    if channels != base.channels and base.own is not None:
        mode = {1: "grayscale", 3: "rgb", 4: "rgba"}[base.channels]
        text = Text("{base} was trained on pictures with {wanted} channels; the number of channels here is {n}.",
                    "{base} se entrenó con imágenes de {wanted} canales; aquí el número de canales es {n}.")
        fix = Fix(action="set_field", arguments={"spec": "recipe", "field": "color_mode", "value": mode},
                  label=Text("Use colour mode {mode}", "Usar el modo de color {mode}").fill(mode=mode))
        raise ShapeError("base_channels", text.fill(base=base.label, wanted=base.channels, n=channels), fix)
    if channels != base.channels:
        text = Text("{base} was trained on colour pictures and needs 3 channels; the number of channels here is {n}.",
                    "{base} se entrenó con imágenes en color y necesita 3 canales; aquí el número de canales es {n}.")
        fix = Fix(action="set_field", label=Text("Use colour mode rgb", "Usar el modo de color rgb"),
                  arguments={"spec": "recipe", "field": "color_mode", "value": "rgb"})
        raise ShapeError("base_needs_rgb", text.fill(base=base.label, n=channels), fix)
    if min(height, width) < base.minimum_size:
        text = Text("{base} needs pictures of at least {n} pixels per side.",
                    "{base} necesita imágenes de al menos {n} píxeles por lado.")
        raise ShapeError("base_too_small", text.fill(base=base.label, n=base.minimum_size),
                           _use_size(base))
    ends_at, line = str(values["ends_at"]), str(values["trainable_from"])
    if ends_at != "all" and ends_at not in base.ends:
        text = Text("{base} has no block called {block}. Available: {blocks}.",
                    "{base} no tiene ningún bloque llamado {block}. Disponibles: {blocks}.")
        raise ShapeError("unknown_block", text.fill(base=base.label, block=ends_at, blocks=", ".join(base.ends)),
                         Fix(action="set_node_param", arguments={"name": "ends_at", "value": "all"},
                             label=Text("Use the whole base", "Usar toda la base")))
    unknown = unknown_line_text(base, line, ends_at)
    if unknown is not None:
        raise ShapeError("unknown_block", unknown, Fix(
            action="set_node_param", arguments={"name": "trainable_from", "value": "none"},
            label=Text("Freeze the whole base", "Congelar toda la base")))


def _shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    """`inputs` is the output of the base's last layer."""
    (maps,) = inputs
    return maps if values["pooling"] == "none" or len(maps) != 3 else (maps[-1],)


_IS_OWN = ShownWhen("base", (OWN,))
_BUILT_IN = ShownWhen("base", BASES.ids())

PRETRAINED_BASE = LayerType(
    id="PretrainedBase", family="base", label=Text("Pretrained base", "Base preentrenada"),
    help=Text("A network that has already learned from 1.3 million photos. If the base is frozen, it turns each picture into "
              "features; the part after the freeze line learns as well.",
              "Una red que ya ha aprendido de 1,3 millones de fotos. Si está congelada, convierte cada imagen en "
              "características; la parte que sigue a la línea de congelación también aprende."),
    params=(
        Choice(name="base", default="efficientnet_lite0", label=Text("Base", "Base"),
               help=Text("The network that is used as the base.", "La red que se usa como base."),
               options=(*(Option(base.id, base.label) for base in BASES),
                        Option(OWN, Text("A model of your own", "Un modelo propio")))),
        Line(name="file", default="", label=Text("File in the project", "Archivo en el proyecto"), shown_when=_IS_OWN,
             help=Text("The copy of your model in the project's folder; its name ends with the checksum of its content.",
                       "La copia de su modelo en la carpeta del proyecto; su nombre termina con la suma de comprobación de "
                       "su contenido.")),
        Choice(name="scaling", default="none", label=Text("Scaling", "Escalado"), shown_when=_IS_OWN,
               help=Text("How pixels from 0 to 255 are scaled before the model, if the model does not scale them itself. "
                         "Choose the scaling that it was trained with.",
                         "Cómo se escalan los píxeles de 0 a 255 antes del modelo, si el modelo no los escala por sí mismo. "
                         "Elija el escalado que se usó al entrenarlo."),
               options=(Option("none", Text("None", "Ninguno")), Option("zero_one", same("[0, 1]")),
                        Option("minus_one_one", same("[-1, 1]")))),
        Choice(name="weights", default="imagenet", label=Text("Weights", "Pesos"), shown_when=_BUILT_IN,
               help=Text("Where the weights come from.", "De dónde vienen los pesos."),
               options=(Option("imagenet", same("ImageNet")), Option("random", Text("Random", "Aleatorios")),
                        Option("file", Text("From a file", "De un archivo")))),
        Line(name="weights_file", default="", file=True, label=Text("Weights file", "Archivo de pesos"),
             shown_when=ShownWhen("weights", ("file",)),
             help=Text("A weights file of this base without its classifier (.h5 of Keras Applications, or .npz).",
                       "Un archivo de pesos de esta base sin su clasificador (.h5 de Keras Applications, o .npz).")),
        Line(name="trainable_from", default="none", optional=False, label=Text("Learns from", "Aprende desde"),
             help=Text("none: the whole base is frozen. all: the whole base learns. The name of a block: the base learns "
                       "from that block on. last:20: its last 20 layers learn, counted as in base.layers[-20:] of Keras. The "
                       "batch normalisation of a base stays in inference mode.",
                       "none: toda la base está congelada. all: aprende toda la base. El nombre de un bloque: la base "
                       "aprende desde ese bloque. last:20: aprenden sus últimas 20 capas, contadas como en base.layers[-20:] "
                       "de Keras. La normalización por lotes de una base permanece en modo de inferencia.")),
        Line(name="ends_at", default="all", optional=False, advanced=True, label=Text("Ends at", "Termina en"),
             help=Text("all: the whole base. The name of a block: its maps are the features. Early blocks respond to edges "
                       "and textures, which is useful for pictures that are not photos.",
                       "all: toda la base. El nombre de un bloque: sus mapas son las características. Los primeros bloques "
                       "responden a bordes y texturas, lo que es útil con imágenes que no son fotos.")),
        Choice(name="pooling", default="avg", label=Text("Pooling", "Agrupamiento"),
               help=Text("What becomes of the feature maps: one number each (avg, max), or unchanged (none).",
                         "En qué se convierten los mapas: un número cada uno (avg, max) o sin cambios (none)."),
               options=(Option("avg", same("avg")), Option("max", same("max")), Option("none", Text("None", "Ninguno")))),
    ),
    id_stem="base", shape=_shape, subgraph=_subgraph, window=lambda _values: Window(is_global=True),
    call=Call("cnnstudio.base", {"base": P("base"), "file": P("file"), "scaling": P("scaling"),
                                 "weights": P("weights"), "weights_file": P("weights_file"),
                                 "trainable_from": P("trainable_from"), "ends_at": P("ends_at"),
                                 "pooling": P("pooling")}),
)

LAYERS = (PRETRAINED_BASE,)
