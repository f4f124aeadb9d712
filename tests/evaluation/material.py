"""Drawn answers of classifiers whose true figures are known."""

from __future__ import annotations

import numpy as np

from cnnstudio.evaluation.answers import Answers


def make_answers(labels, probabilities, split="validation", names=None) -> Answers:
    """Answers from lists."""
    probabilities = np.asarray(probabilities, np.float32)
    names = names or tuple(f"c{number}" for number in range(probabilities.shape[1]))
    return Answers(tuple(f"{number}.png" for number in range(len(labels))), np.asarray(labels, np.int64), probabilities, names,
                   run="run", split=split)


def draw(random: np.random.Generator, count: int, classes: int, sharp: float = 1.5, temperature: float = 0.7, prior=None,
         split: str = "validation") -> Answers:
    """A classifier that adds `sharp` to the right logit of noise. Its probabilities would be right at temperature
    1 / `sharp`; a smaller one makes it too sure."""
    labels = random.choice(classes, count, p=prior)
    logits = random.normal(size=(count, classes))
    logits[np.arange(count), labels] += sharp
    logits /= temperature
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    return make_answers(labels, chances / chances.sum(axis=1, keepdims=True), split)
