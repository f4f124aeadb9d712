"""Judges by class names which augmentations could turn one class into another."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from cnnstudio.catalog.steps.entry import Augmentation
from cnnstudio.core.item import Step
from cnnstudio.core.text import Text

_COLORS: Final = {
    "red": "red roja rojo rojas rojos crimson scarlet", "orange": "orange naranja naranjas anaranjado anaranjada",
    "yellow": "yellow amarillo amarilla amarillos amarillas", "green": "green verde verdes",
    "blue": "blue azul azules navy cyan turquoise turquesa celeste", "purple": "purple violet morado morada violeta lila",
    "pink": "pink rosa rosas magenta fucsia", "brown": "brown marron marrones beige cafe",
    "black": "black negro negra negros negras", "white": "white blanco blanca blancos blancas",
    "grey": "grey gray gris grises silver plateado plateada", "gold": "gold golden dorado dorada",
}
_DIRECTIONS: Final = {
    "left": "left izquierda izquierdo leftward", "right": "right derecha derecho rightward",
    "up": "up upward arriba subir north norte", "down": "down downward abajo bajar south sur",
}
_STRONG_TURN: Final = 0.15
"""Of a full turn: 54 degrees."""


def looks_like_characters(classes: Sequence[str]) -> bool:
    """Whether most classes are single digits or letters, which a flip or a turn can change."""
    return bool(classes) and sum(len(name.strip()) == 1 for name in classes) > len(classes) / 2


def looks_like_colors(classes: Sequence[str]) -> bool:
    """Whether class names contain words for different colours, in English or Spanish."""
    return len(_meanings(classes, _COLORS)) > 1


def looks_like_directions(classes: Sequence[str]) -> bool:
    """Whether class names contain words for different directions."""
    return len(_meanings(classes, _DIRECTIONS)) > 1


def _meanings(classes: Sequence[str], meanings: dict[str, str]) -> set[str]:
    meaning_by_word = {synonym: meaning for meaning, synonyms in meanings.items() for synonym in synonyms.split()}
    return {meaning_by_word[synonym] for name in classes for synonym in _split_name(name) if synonym in meaning_by_word}


def _split_name(name: str) -> list[str]:
    """The words of a class's name in lower case and without accents: "Coche_rojo", "RedCar"."""
    plain = "".join(letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter))
    return re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", plain).lower())


def is_strong(step: Step) -> bool:
    """Whether a step is strong: a flip always, a rotation from about an eighth of a turn on."""
    if step.type != "random_rotation":
        return True
    factor = step.params.get("factor", 0.1)
    ends = factor if isinstance(factor, tuple) else (factor,)
    return any(isinstance(end, int | float) and abs(end) > _STRONG_TURN for end in ends)


def class_changes(step: Step, entry: Augmentation, classes: Sequence[str]) -> list[Text]:
    """Why this step can turn one of these classes into another, by their names; empty if nothing suggests it."""
    if not is_strong(step):
        return []
    reasons = ((entry.changes_class, looks_like_characters), (entry.changes_color, looks_like_colors),
               (entry.changes_direction, looks_like_directions))
    return [text for text, looks in reasons if text is not None and looks(classes)]
