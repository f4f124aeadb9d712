"""What is wrong or odd about the line from which a base learns."""

from __future__ import annotations

from cnnstudio.catalog.bases.entry import LAST, Base, keras_order, last_layers
from cnnstudio.core.text import Text


def layer_count(base: Base, ends_at: str = "all") -> int:
    """The number of layers up to that end, as len(base.layers) of Keras."""
    return len(keras_order(base.graph_for(*base.size, ends_at if ends_at in base.ends else "all")))


def unknown_line_text(base: Base, line: str, ends_at: str = "all") -> Text | None:
    """Why the base cannot learn from there; None if it can."""
    if base.has_line(line):
        return None
    if line.startswith(LAST):
        text = Text("“{line}” is not a number of layers. {base} has {n} layers: write {last} and a number from 1 to {n}, "
                    "such as last:20.",
                    "«{line}» no es un número de capas. {base} tiene {n} capas: escriba {last} y un número del 1 al {n}, como "
                    "last:20.")
        return text.fill(line=line, base=base.label, n=layer_count(base, ends_at), last=LAST)
    text = Text("{base} has no block called {block}. Available: {blocks}; or last:20 for the last 20 layers.",
                "{base} no tiene ningún bloque llamado {block}. Disponibles: {blocks}; o last:20 para las últimas 20 capas.")
    return text.fill(base=base.label, block=line, blocks=", ".join(base.lines))


def too_many_text(base: Base, line: str, ends_at: str = "all") -> Text | None:
    """What to know where "last:n" counts more layers than there are; None otherwise."""
    count = last_layers(line)
    layers = layer_count(base, ends_at) if count is not None else 0
    if count is None or count <= layers:
        return None
    text = Text("{base} has only {n} layers here: with {line} all of them learn, as with all.",
                "{base} solo tiene {n} capas aquí: con {line} aprenden todas, como con all.")
    return text.fill(base=base.label, n=layers, line=line)
