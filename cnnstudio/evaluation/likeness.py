"""Whether evaluations can stand side by side: only where they are of the same pictures with the same labels."""

from __future__ import annotations

from collections.abc import Sequence

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answers import Answers


def unlike_problems(evaluations: Sequence[Answers]) -> tuple[Problem, ...]:
    """The reasons why evaluations cannot be compared with the first; runs are named by their ids."""
    problems: list[Problem] = []
    first, *others = evaluations
    for other in others:
        text = _difference(first, other)
        if text is not None:
            problems.append(error("unlike_evaluations", text.fill(first=first.run, second=other.run), "run"))
    return tuple(problems)


def _difference(first: Answers, other: Answers) -> Text | None:
    if set(first.class_names) != set(other.class_names):
        return Text("{first} and {second} cannot be compared: they know different classes ({names}; {others}).",
                    "{first} y {second} no se pueden comparar: conocen clases distintas ({names}; {others}).").fill(
                        first="{first}", second="{second}", names=", ".join(first.class_names),
                        others=", ".join(other.class_names))
    labels = [{path: answers.class_names[label] for path, label in zip(answers.paths, answers.labels.tolist(), strict=True)}
              for answers in (first, other)]
    only = [len(labels[0].keys() - labels[1].keys()), len(labels[1].keys() - labels[0].keys())]
    if any(only):
        return Text("{first} and {second} cannot be compared: they were not evaluated on the same pictures ({n:,} only by the "
                    "first, {m:,} only by the second). `cnnstudio compare` compares two runs on the pictures they share.",
                    "{first} y {second} no se pueden comparar: no se evaluaron con las mismas imágenes ({n:,} solo con el "
                    "primero, {m:,} solo con el segundo). `cnnstudio compare` compara dos entrenamientos con las imágenes que "
                    "comparten.").fill(first="{first}", second="{second}", n=only[0], m=only[1])
    changed = sum(labels[0][path] != labels[1][path] for path in labels[0])
    if changed:
        return Text("{first} and {second} cannot be compared: the labels of some pictures have changed in between ({n:,}). "
                    "Evaluate both again.",
                    "{first} y {second} no se pueden comparar: las etiquetas de algunas imágenes han cambiado entretanto "
                    "({n:,}). Evalúe ambos de nuevo.").fill(first="{first}", second="{second}", n=changed)
    return None
