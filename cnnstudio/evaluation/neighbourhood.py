"""What the nearest pictures say of an answer: whether they vote for it, for the label, or know nothing like the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.evaluation.feature_sets import Neighbour

CLEAR: Final = 0.7
"""The share of the votes from which they are clear."""
Verdict = Literal["unlike", "agrees", "label", "answer", "mixed", "nothing"]


class Neighbourhood(msgspec.Struct, frozen=True, kw_only=True):
    """The nearest training pictures, their votes by class (most votes first), and what follows.

    `verdict`: "unlike": the training set has nothing like the picture; "agrees": the votes are for an answer that is right;
    "label": they are for an answer that the label contradicts; "answer": they are for the label, against the answer; "mixed":
    for no class or for a third one; "nothing": there are no neighbours.
    """

    neighbours: tuple[Neighbour, ...]
    votes: tuple[tuple[str, int], ...]
    verdict: Verdict
    text: Text


def judge_neighbourhood(neighbours: Sequence[Neighbour], far: float, predicted: str, label: str = "") -> Neighbourhood:
    """The votes of the nearest training pictures, nearest first, about a picture that was predicted as `predicted`; `label` is
    its class, "" where that is unknown. 99 % of the training pictures have another one within the distance `far`."""
    votes = tuple(Counter(item.class_name for item in neighbours if item.class_name).most_common())
    verdict = _verdict(neighbours, votes, far, predicted, label)
    count = sum(number for _name, number in votes)
    first, most = votes[0] if votes else ("", 0)
    text = _TEXTS[verdict].fill(n=most, all=count, name=first, label=label, predicted=predicted,
                                distance=neighbours[0].distance if neighbours else 0.0, far=far)
    return Neighbourhood(neighbours=tuple(neighbours), votes=votes, verdict=verdict, text=text)


def _verdict(neighbours: Sequence[Neighbour], votes: Sequence[tuple[str, int]], far: float, predicted: str, label: str
             ) -> Verdict:
    if not votes:
        return "nothing"
    if neighbours[0].distance > far:
        return "unlike"
    (first, most), count = votes[0], sum(number for _name, number in votes)
    if most < CLEAR * count:
        return "mixed"
    if first == predicted:
        return "label" if label and label != predicted else "agrees"
    return "answer" if first == label else "mixed"


_TEXTS: Final[dict[Verdict, Text]] = {
    "nothing": Text("There are no training pictures to compare with.",
                    "No hay imágenes de entrenamiento con las que comparar."),
    "unlike": Text("The training set has nothing like it: the nearest training picture is at {distance:.2f}, and 99 % of "
                   "the training pictures have another one within {far:.2f}. The answer is a guess.",
                   "El conjunto de entrenamiento no tiene nada parecido: la imagen de entrenamiento más cercana está a "
                   "{distance:.2f}, y el 99 % de las imágenes de entrenamiento tiene otra a menos de {far:.2f}. La respuesta "
                   "es una conjetura."),
    "agrees": Text("{n} of the {all} nearest training pictures are {name}, as was answered.",
                   "{n} de las {all} imágenes de entrenamiento más cercanas son {name}, como se respondió."),
    "label": Text("{n} of the {all} nearest training pictures are {name}, as was answered, and not {label}: either its label "
                  "is wrong, or it looks like a {name} to this network.",
                  "{n} de las {all} imágenes de entrenamiento más cercanas son {name}, como se respondió, y no {label}: o bien "
                  "su etiqueta es errónea, o bien esta red la ve como {name}."),
    "answer": Text("{n} of the {all} nearest training pictures are {label}, its own class: the answer {predicted} goes against "
                   "the neighbourhood. It lies close to where the classifier draws its line.",
                   "{n} de las {all} imágenes de entrenamiento más cercanas son {label}, su propia clase: la respuesta "
                   "{predicted} va en contra del vecindario. Está cerca de donde el clasificador traza su frontera."),
    "mixed": Text("The nearest training pictures disagree: at most {n} of {all} are of one class ({name}). The picture lies "
                  "between the classes.",
                  "Las imágenes de entrenamiento más cercanas no coinciden: como mucho {n} de {all} son de una clase ({name}). "
                  "La imagen está entre las clases."),
}
