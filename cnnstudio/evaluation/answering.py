"""From the probabilities of a model to its answers: temperature, and when it is not sure.

Copied into exported bundles, so that Predict, Evaluate and a bundle compute the same bits: it imports NumPy alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SMALLEST = 1e-45
"""The smallest float32 above zero: what a probability of 0 stands for."""


def scale(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities (n, classes) whose logarithms are divided by the temperature (> 0), as float32 rows that add up to 1
    (Guo and others, On Calibration of Modern Neural Networks, 2017). Temperature 1 changes nothing."""
    if temperature == 1.0:
        return probabilities
    logarithms = np.log(np.maximum(probabilities.astype(np.float64), SMALLEST)) / temperature
    logarithms -= logarithms.max(axis=1, keepdims=True)
    powers = np.exp(logarithms)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def confident(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """The most probable class where its probability is at least the threshold, else no class: bool (n, classes)."""
    result = np.zeros(probabilities.shape, bool)
    result[np.arange(len(probabilities)), probabilities.argmax(axis=1)] = probabilities.max(axis=1) >= threshold
    return result


def probable_enough(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """All classes with at least that probability: the sets called LAC (Sadinle, Lei and Wasserman, 2019)."""
    return np.asarray(probabilities >= threshold)


def until_enough(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """The most probable classes in their order, as long as those before a class add up to no more than the threshold: the
    adaptive sets called APS (Romano, Sesia and Candès, 2020), without their random part; never empty."""
    return probability_before(probabilities) <= threshold


def probability_before(probabilities: np.ndarray) -> np.ndarray:
    """For each class the sum of the probabilities of all classes before it, the most probable first: float64 (n, classes)."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1).astype(np.float64)
    before = np.cumsum(ordered, axis=1) - ordered
    result = np.empty_like(before)
    np.put_along_axis(result, order, before, axis=1)
    return result


RULES: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "confidence": confident, "conformal": probable_enough, "conformal_aps": until_enough}
"""From probabilities and a threshold to sets of classes, by the kind of rejection."""


def answer_sets(probabilities: np.ndarray, kind: str, threshold: float) -> np.ndarray:
    """The classes that remain, bool (n, classes). A model is sure where exactly one does. ValueError for another kind."""
    if kind not in RULES:
        raise ValueError(f"Expected one of {tuple(RULES)}. Received: {kind!r}")
    return RULES[kind](probabilities, threshold)


def is_sure(sets: np.ndarray) -> np.ndarray:
    """Whether exactly one class remains: bool (n,)."""
    return np.asarray(sets.sum(axis=1) == 1)
