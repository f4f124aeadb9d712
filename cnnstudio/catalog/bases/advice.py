"""How much of a pretrained base should learn: the advice of the field, with its reason.

Four cases by the size of the collection and its likeness to ImageNet, after the course notes of Stanford's
CS231n (https://cs231n.github.io/transfer-learning/) and Yosinski, Clune, Bengio, Lipson, "How transferable are
features in deep neural networks?", NIPS 2014: early blocks see edges and colours, which serve everywhere; late
blocks see the things of ImageNet.
"""

from __future__ import annotations

from typing import Final, Literal

from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

Similarity = Literal["similar", "different"]
SOURCE: Final = "https://cs231n.github.io/transfer-learning/"
FEW: Final = 2_000
"""Training pictures below which letting a base learn tends to memorise them; a rule of thumb, not a law."""
_LATE: Final = 0.75
"""Share of a base's layers that stays frozen where its last blocks learn."""

_HEAD = Text(
    "Few pictures ({n}), similar to those of {source}: the base already recognises what matters, and with so few pictures it "
    "would overfit. Freeze the base and let only the layers after it learn.",
    "Pocas imágenes ({n}), parecidas a las de {source}: la base ya reconoce lo que importa, y con tan pocas imágenes se "
    "sobreajustaría. Congele la base y deje aprender solo las capas posteriores.")
_LAST = Text(
    "Few pictures ({n}), unlike those of {source}: the late blocks are too specialised for them, but the early ones are "
    "useful for any pictures. Let only the last block, {block}, learn, with a small learning rate, or use the frozen "
    "features of an earlier block (Ends at).",
    "Pocas imágenes ({n}), distintas de las de {source}: los bloques finales son demasiado específicos, pero los primeros "
    "sirven para cualquier imagen. Deje aprender solo el último bloque, {block}, con una tasa de aprendizaje pequeña, o use "
    "las características congeladas de un bloque anterior (Termina en).")
_LATE_BLOCKS = Text(
    "Many pictures ({n}), similar to those of {source}: enough to adapt the base without overfitting. Once the layers after "
    "the base have learned, let the blocks from {block} on learn as well, with a small learning rate.",
    "Muchas imágenes ({n}), parecidas a las de {source}: bastan para adaptar la base sin sobreajuste. Cuando hayan aprendido "
    "las capas posteriores a la base, deje aprender también los bloques desde {block}, con una tasa de aprendizaje pequeña.")
_ALL = Text(
    "Many pictures ({n}), unlike those of {source}: let the whole base learn, with a small learning rate. Its weights are "
    "still a better start than random ones.",
    "Muchas imágenes ({n}), distintas de las de {source}: deje aprender toda la base, con una tasa de aprendizaje pequeña. "
    "Sus pesos siguen siendo mejor punto de partida que unos aleatorios.")


def freeze_advice(pictures: int, similarity: Similarity, base: Base) -> tuple[str, Text]:
    """The recommended `trainable_from` for that many training pictures, and the reason."""
    source = training_collection(base)
    if pictures < FEW:
        if similarity == "similar":
            return "none", _HEAD.fill(n=pictures, source=source)
        return base.blocks[-1], _LAST.fill(n=pictures, block=base.blocks[-1], source=source)
    if similarity == "different":
        return "all", _ALL.fill(n=pictures, source=source)
    block = late_block(base)
    return block, _LATE_BLOCKS.fill(n=pictures, block=block, source=source)


def training_collection(base: Base) -> Text:
    """The name of the collection that the base was trained on."""
    return Text("its first training", "su primer entrenamiento") if base.own is not None else same("ImageNet")


def late_block(base: Base) -> str:
    """The first block behind three quarters of the layers, or the last one; never the first."""
    layers = [node.id for node in base.graph().nodes]
    for layer in layers[int(len(layers) * _LATE):]:
        block = base.block_of(layer)
        start = next(index for index, layer in enumerate(layers) if base.block_of(layer) == block)
        if start >= int(len(layers) * _LATE):
            return block
    return base.blocks[-1]
