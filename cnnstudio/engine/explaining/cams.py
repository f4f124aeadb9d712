"""Class activation maps: a layer's feature maps, weighted by the gradient of the score. All answer float32 (h, w) >= 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from cnnstudio.engine.explaining.gradients import ClassScores, Gradient


def gradcam(scores: ClassScores, picture: np.ndarray, label: int, layer: str, _values: Mapping[str, Any]) -> np.ndarray:
    """max(0, sum over k of w_k A_k), w_k the mean of the gradient over the positions (Selvaraju et al., 2017)."""
    found = _at(scores, picture, label, layer)
    weights = found.gradient[0].mean(axis=(0, 1))
    return _on_input(found.output[0] @ weights, picture)


def gradcam_plus_plus(scores: ClassScores, picture: np.ndarray, label: int, layer: str, _values: Mapping[str, Any]
                      ) -> np.ndarray:
    """max(0, sum over k of w_k A_k), w_k = sum of alpha max(0, g), alpha = g^2 / (2 g^2 + g^3 sum(A_k)) (Chattopadhay et
    al., 2018, equation 19; the exponential of the score is the same factor everywhere and drops out)."""
    found = _at(scores, picture, label, layer)
    maps, gradient = found.output[0].astype(np.float64), found.gradient[0].astype(np.float64)
    below = 2 * gradient ** 2 + gradient ** 3 * maps.sum(axis=(0, 1))
    # Where the gradient is zero so is the weight.
    alpha = np.divide(gradient ** 2, below, out=np.zeros_like(below), where=np.abs(below) > 1e-30)
    weights = (alpha * np.maximum(gradient, 0)).sum(axis=(0, 1))
    return _on_input(maps @ weights, picture)


def hirescam(scores: ClassScores, picture: np.ndarray, label: int, layer: str, _values: Mapping[str, Any]) -> np.ndarray:
    """max(0, sum over k of g_k A_k), position by position (Draelos and Carin, 2020)."""
    found = _at(scores, picture, label, layer)
    return _on_input((found.output[0] * found.gradient[0]).sum(axis=-1), picture)


def _at(scores: ClassScores, picture: np.ndarray, label: int, layer: str) -> Gradient:
    return scores.gradient(picture[None], np.asarray([label]), layer)


def _on_input(values: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """The positive part of a layer's map, linear in between, in the size of the input."""
    return enlarged(np.maximum(values, 0), picture)


def enlarged(values: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """A map of a layer (h, w), linear in between, in the size of the input."""
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.resize(values.astype(np.float32), size, interpolation=cv2.INTER_LINEAR), np.float32)
