"""The registry of figures of an evaluation: each by scikit-learn or SciPy, with the kind of its interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec
import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.evaluation import areas, count_figures
from cnnstudio.evaluation.sample import BINS, Counts, Resample, Sample, one_hot

Method = Literal["wilson", "bootstrap"]
Scale = Literal["logit", "fisher", "log"]
"""On which the values of resamples are spread evenly: for shares, correlations and losses."""
Shares = Callable[[Any], tuple[int, int]]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over all classes.

    `compute` gives it for a Sample, and for Counts where it needs no probabilities, by scikit-learn or SciPy; `undefined`
    the reason why there is none. The interval is Wilson's of `shares` (right, of), or else that of the bootstrap by
    `resampled`, which gives the figure of each resample, (r,), on the scale `scale`.
    """

    id: str
    label: Text
    help: Text
    compute: Callable[[Any], float]
    shares: Shares | None = None
    resampled: Callable[[Any], np.ndarray] | None = None
    undefined: Callable[[Any], Text | None] = lambda _sample: None
    needs_probabilities: bool = False
    higher_is_better: bool = True
    scale: Scale = "logit"
    percent: bool = False
    """Whether it is shown as a percentage."""
    passed_over: bool = False
    """Whether nothing is said where it is undefined."""
    costly: bool = False
    """Whether a resample takes long, by the number of classes: it gets fewer resamples."""

    @property
    def method(self) -> Method:
        return "wilson" if self.shares is not None else "bootstrap"


ONE_CLASS: Final = Text("There are pictures of a single class only.", "Solo hay imágenes de una clase.")
_NOT_SHARES: Final = Text("The answers of this model do not add up to 1, so they are no probabilities.",
                          "Las respuestas de este modelo no suman 1, así que no son probabilidades.")
_ONE_SIDED: Final = Text("All pictures, or all predictions, are of the same class.",
                         "Todas las imágenes, o todas las predicciones, son de la misma clase.")


def _no_shares(sample: Sample) -> Text | None:
    return None if sample.are_shares else _NOT_SHARES


def _single_class(sample: Counts) -> Text | None:
    return ONE_CLASS if (sample.support > 0).sum() < 2 else None


def _no_agreement_by_chance(sample: Counts) -> Text | None:
    """Kappa has no value where chance alone agrees always."""
    both = (sample.support > 0) | (sample.called > 0)
    return _ONE_SIDED if both.sum() < 2 else None


def _no_correlation(sample: Counts) -> Text | None:
    return _ONE_SIDED if (sample.support > 0).sum() < 2 or (sample.called > 0).sum() < 2 else None


def _scored(function: str) -> Callable[[Any], float]:
    """A score of scikit-learn from labels and predictions."""
    def compute(sample: Counts) -> float:
        from sklearn import metrics

        return float(getattr(metrics, function)(sample.labels, sample.predicted, sample_weight=sample.weights))

    return compute


def _balanced(sample: Counts) -> float:
    from sklearn.metrics import recall_score

    # balanced_accuracy_score is this mean, and warns of predicted classes without pictures.
    present = np.flatnonzero(sample.support)
    return float(recall_score(sample.labels, sample.predicted, labels=present, average="macro", zero_division=0,
                              sample_weight=sample.weights))


def _log_loss(sample: Sample) -> float:
    from sklearn.metrics import log_loss

    return float(log_loss(sample.labels, _normalized(sample), labels=range(sample.classes)))


def _normalized(sample: Sample) -> np.ndarray:
    """float32 rows of which scikit-learn accepts the sum."""
    return np.asarray(sample.probabilities / sample.probabilities.sum(axis=1, keepdims=True))


def _brier(sample: Sample) -> float:
    from sklearn.metrics import brier_score_loss

    if sample.classes == 2:
        return float(brier_score_loss(sample.labels, _normalized(sample)[:, 1], labels=(0, 1), pos_label=1))
    return float(brier_score_loss(sample.labels, _normalized(sample), labels=range(sample.classes)))


def _area(sample: Sample) -> float:
    return float(np.nanmean(sample.areas))


def _calibration_error(sample: Sample) -> float:
    """Guo and others, 2017: the mean distance of confidence and accuracy in bins of equal width, by their pictures."""
    from scipy.stats import binned_statistic

    apart = sample.confidence - sample.is_right
    sums = binned_statistic(sample.confidence, apart, "sum", BINS, (0.0, 1.0)).statistic
    return float(np.abs(sums).sum() / sample.images)


def _calibration_errors(drawn: Resample) -> np.ndarray:
    """As `_calibration_error`, with the distance of each bin first made smaller by what chance adds to it: else a resample
    would add that a second time, and the spread would be too wide."""
    sample = drawn.sample
    apart = sample.confidence - sample.is_right
    sums = np.bincount(sample.bins, apart, BINS)
    chance = np.bincount(sample.bins, apart ** 2, BINS) - sums ** 2 / sample.images
    shrunk = np.sign(sums) * np.sqrt(np.maximum(sums ** 2 - chance, 0))
    drawn_sums = one_hot(sample.bins, BINS, apart) @ drawn.weights
    return np.asarray(np.abs(drawn_sums + (shrunk - sums)[:, None]).sum(axis=0) / sample.images)


def _within(k: int) -> Shares:
    """How many labels are among the k most probable classes."""
    def shares(sample: Sample) -> tuple[int, int]:
        from sklearn.metrics import top_k_accuracy_score

        return int(top_k_accuracy_score(sample.labels, sample.probabilities, k=k, labels=range(sample.classes),
                                        normalize=False)), sample.images

    return shares


def _top(k: int) -> Figure:
    shares = _within(k)

    def compute(sample: Sample) -> float:
        right, of = shares(sample)
        return right / of

    reason = Text("The model has no more than {k} classes.", "El modelo no tiene más de {k} clases.").fill(k=k)
    return Figure(
        id=f"top_{k}", label=Text(f"Top-{k} accuracy", f"Exactitud top-{k}"), percent=True, needs_probabilities=True,
        passed_over=True,
        help=Text("The share of pictures whose class is among the {k} most probable ones.",
                  "La proporción de imágenes cuya clase está entre las {k} más probables.").fill(k=k),
        compute=compute, shares=shares, undefined=lambda sample: reason if sample.classes <= k else None)


def _averaged(kind: Literal["macro", "weighted"], name: Literal["precision", "recall", "f1"]) -> Figure:
    """Precision, recall or F1 over all classes."""
    what = {"precision": Text("precision", "precisión"), "recall": Text("recall", "exhaustividad"),
            "f1": Text("F1", "F1")}[name]
    label = (Text("{what}, mean of classes", "{what}, media de clases") if kind == "macro" else
             Text("{what}, by class size", "{what}, según tamaño de clase")).fill(what=what)
    means = {"precision": Text("of the pictures that were predicted as a class, the share that belongs to it",
                               "de las imágenes predichas como una clase, la proporción que pertenece a ella"),
             "recall": Text("of the pictures of a class, the share that was recognised",
                            "de las imágenes de una clase, la proporción reconocida"),
             "f1": Text("the harmonic mean of precision and recall", "la media armónica de precisión y exhaustividad")}[name]
    help = (Text("{means}; the mean in which every class counts the same (macro).",
                 "{means}; la media en la que todas las clases cuentan lo mismo (macro).") if kind == "macro" else
            Text("{means}; the mean in which every class counts by its pictures (weighted).",
                 "{means}; la media en la que cada clase cuenta según sus imágenes (weighted).")).fill(means=means)
    return Figure(id=f"{kind}_{name}", label=_capital(label), help=_capital(help),
                  compute=lambda sample: sample.averages[f"{kind}_{name}"],
                  resampled=getattr(count_figures, f"{kind}_{name}"))


def _capital(text: Text) -> Text:
    return Text(text.en[:1].upper() + text.en[1:], text.es[:1].upper() + text.es[1:])


FIGURES: Final[Registry[Figure]] = Registry("figure", (
    Figure(
        id="accuracy", label=Text("Accuracy", "Exactitud"), percent=True,
        help=Text("The share of pictures whose class was predicted.", "La proporción de imágenes cuya clase se predijo."),
        compute=_scored("accuracy_score"), shares=lambda sample: (int(sample.right.sum()), sample.images)),
    Figure(
        id="balanced_accuracy", label=Text("Balanced accuracy", "Exactitud equilibrada"), percent=True,
        help=Text("The mean of the recalls of the classes: every class counts the same, however many pictures it has.",
                  "La media de las exhaustividades de las clases: todas cuentan lo mismo, tengan las imágenes que tengan."),
        compute=_balanced, resampled=count_figures.balanced_accuracy),
    *(_averaged(kind, name) for kind in ("macro", "weighted") for name in ("precision", "recall", "f1")),
    _top(2), _top(3), _top(5),
    Figure(
        id="auc", label=Text("Area under the ROC curve", "Área bajo la curva ROC"), needs_probabilities=True, costly=True,
        help=Text("How often a picture of a class has a higher probability of that class than a picture of another class; the "
                  "mean over the classes (one against the others).",
                  "Con qué frecuencia una imagen de una clase recibe más probabilidad de esa clase que una imagen de otra; la "
                  "media de las clases (una frente a las demás)."),
        compute=_area, resampled=areas.mean_area, undefined=_single_class),
    Figure(
        id="log_loss", label=Text("Log loss", "Pérdida logarítmica"), needs_probabilities=True, higher_is_better=False,
        scale="log",
        help=Text("The mean of minus the logarithm of the probability of the right class (cross-entropy): sure mistakes cost "
                  "most.",
                  "La media de menos el logaritmo de la probabilidad de la clase correcta (entropía cruzada): los errores "
                  "seguros son los que más cuestan."),
        compute=_log_loss, resampled=lambda drawn: drawn.mean(drawn.sample.picture_losses), undefined=_no_shares),
    Figure(
        id="brier", label=Text("Brier score", "Puntuación de Brier"), needs_probabilities=True, higher_is_better=False,
        scale="log",
        help=Text("The mean squared distance of the probabilities from the truth; half of it for two classes.",
                  "La distancia cuadrática media entre las probabilidades y la verdad; la mitad si hay dos clases."),
        compute=_brier, resampled=lambda drawn: drawn.mean(drawn.sample.picture_squares), undefined=_no_shares),
    Figure(
        id="ece", label=Text("Expected calibration error", "Error de calibración esperado"), needs_probabilities=True,
        higher_is_better=False, scale="log",
        help=Text("How far the confidence is from the accuracy on average, in {n} bins of the confidence. Chance keeps it "
                  "above 0: the fewer pictures, the larger it is. Its interval is for as many pictures as these.",
                  "Cuánto se aparta de media la confianza de la exactitud, en {n} tramos de confianza. El azar lo mantiene por "
                  "encima de 0: cuantas menos imágenes, mayor es. Su intervalo vale para tantas imágenes como "
                  "estas.").fill(n=BINS),
        compute=_calibration_error, resampled=_calibration_errors),
    Figure(
        id="kappa", label=Text("Cohen's kappa", "Kappa de Cohen"), scale="fisher",
        help=Text("The agreement with the labels beyond what chance would give: 1 is perfect, 0 is chance.",
                  "El acuerdo con las etiquetas más allá del que daría el azar: 1 es perfecto, 0 es azar."),
        compute=_scored("cohen_kappa_score"), resampled=count_figures.kappa, undefined=_no_agreement_by_chance),
    Figure(
        id="matthews", label=Text("Matthews correlation", "Correlación de Matthews"), scale="fisher",
        help=Text("The correlation of predictions and labels, also where classes are of very different sizes: 1 is perfect, 0 "
                  "is chance.",
                  "La correlación entre predicciones y etiquetas, también con clases de tamaños muy distintos: 1 es perfecta y "
                  "0 es azar."),
        compute=_scored("matthews_corrcoef"), resampled=count_figures.matthews, undefined=_no_correlation),
))
