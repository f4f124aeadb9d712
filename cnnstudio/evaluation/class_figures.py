"""The registry of figures of each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.evaluation import count_figures
from cnnstudio.evaluation.areas import class_area, class_average_precision
from cnnstudio.evaluation.figures import ONE_CLASS, Method
from cnnstudio.evaluation.sample import Resample, Sample


class ClassFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of each class against the others.

    `compute` gives (classes,) values by scikit-learn, NaN where one is undefined, for the reason `undefined`. The interval
    is Wilson's of `shares` (two arrays: right, of), or that of the bootstrap by `resampled`, (classes, r); a figure with
    neither has none.
    """

    id: str
    label: Text
    help: Text
    compute: Callable[[Any], np.ndarray]
    undefined: Text
    shares: Callable[[Any], tuple[np.ndarray, np.ndarray]] | None = None
    resampled: Callable[[Any], np.ndarray] | None = None
    needs_probabilities: bool = False
    costly: bool = False

    @property
    def method(self) -> Method | None:
        if self.shares is not None:
            return "wilson"
        return "bootstrap" if self.resampled is not None else None


def _areas(drawn: Resample) -> np.ndarray:
    sample = drawn.sample
    nothing = np.full(drawn.weights.shape[1], np.nan)
    return np.stack([class_area(drawn, number) if 0 < sample.support[number] < sample.images else nothing
                     for number in range(sample.classes)])


def _resampled_precisions(drawn: Resample) -> np.ndarray:
    nothing = np.full(drawn.weights.shape[1], np.nan)
    return np.stack([class_average_precision(drawn, number) if drawn.sample.support[number] else nothing
                     for number in range(drawn.sample.classes)])


def _average_precisions(sample: Sample) -> np.ndarray:
    from sklearn.metrics import average_precision_score

    return np.asarray([average_precision_score(sample.labels == number, sample.probabilities[:, number])
                       if sample.support[number] else np.nan for number in range(sample.classes)])


_NO_PICTURES: Final = Text("There are no pictures of this class.", "No hay imágenes de esta clase.")

CLASS_FIGURES: Final[Registry[ClassFigure]] = Registry("class figure", (
    ClassFigure(
        id="precision", label=Text("Precision", "Precisión"),
        help=Text("Of the pictures that were predicted as this class, the share that belongs to it.",
                  "De las imágenes predichas como esta clase, la proporción que pertenece a ella."),
        compute=lambda sample: sample.by_class[0], shares=lambda sample: (sample.right, sample.called),
        undefined=Text("No picture was predicted as this class.", "Ninguna imagen se predijo como esta clase.")),
    ClassFigure(
        id="recall", label=Text("Recall", "Exhaustividad"),
        help=Text("Of the pictures of this class, the share that was recognised.",
                  "De las imágenes de esta clase, la proporción reconocida."),
        compute=lambda sample: sample.by_class[1], shares=lambda sample: (sample.right, sample.support),
        undefined=_NO_PICTURES),
    ClassFigure(
        id="f1", label=Text("F1", "F1"),
        help=Text("The harmonic mean of precision and recall.", "La media armónica de precisión y exhaustividad."),
        compute=lambda sample: sample.by_class[2], resampled=count_figures.class_f1,
        undefined=Text("There are neither pictures nor predictions of this class.",
                       "No hay ni imágenes ni predicciones de esta clase.")),
    ClassFigure(
        id="auc", label=Text("Area under the ROC curve", "Área bajo la curva ROC"), needs_probabilities=True, costly=True,
        help=Text("How often a picture of this class has a higher probability of it than a picture of another class.",
                  "Con qué frecuencia una imagen de esta clase recibe más probabilidad de ella que una imagen de otra."),
        compute=lambda sample: sample.areas, resampled=_areas, undefined=ONE_CLASS),
    ClassFigure(
        id="average_precision", label=Text("Average precision", "Precisión media"), needs_probabilities=True,
        help=Text("The mean of the precision over all thresholds, by the recall that each of them adds.",
                  "La media de la precisión en todos los umbrales, según la exhaustividad que añade cada uno."),
        compute=_average_precisions, resampled=_resampled_precisions, costly=True, undefined=_NO_PICTURES),
))
