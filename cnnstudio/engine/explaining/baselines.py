"""Pictures without information, from which explanations start or with which they cover."""

from __future__ import annotations

import cv2
import numpy as np


def baseline(picture: np.ndarray, kind: str) -> np.ndarray:
    """float32 of the shape of `picture` (height, width, channels; 0 to 255): "black", "grey", "white", "mean" (its mean
    colour) or "blur" (Gaussian, a tenth of the longer side)."""
    if kind == "blur":
        deviation = max(1.0, 0.1 * max(picture.shape[:2]))
        blurred = cv2.GaussianBlur(np.ascontiguousarray(picture, np.float32), (0, 0), deviation)
        return np.asarray(blurred, np.float32).reshape(picture.shape)
    values = {"black": 0.0, "grey": 127.5, "white": 255.0}
    if kind == "mean":
        return np.broadcast_to(picture.mean(axis=(0, 1), dtype=np.float64), picture.shape).astype(np.float32)
    return np.full(picture.shape, values[kind], np.float32)
