"""Temperature scaling: one number that makes the probabilities of a model as sure as they are right."""

from __future__ import annotations

from typing import Final

import numpy as np

from cnnstudio.core.calibration import Calibration, TemperatureFit
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answering import SMALLEST
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.sample import Sample

FEWEST: Final = 50
"""Pictures below which the temperature is mostly chance."""
_LOWEST, _HIGHEST = 0.05, 10.0
"""Beyond, what float32 rounds to 0 or 1 would matter."""
_UNSEEN: Final = "validation"
"""The split that a model may be calibrated on: not learned, and not kept for the final judgement."""


def temperature_problems(answers: Answers) -> tuple[Problem, ...]:
    """Why these answers cannot calibrate their model."""
    texts: list[tuple[str, Text]] = []
    if answers.split != _UNSEEN:
        texts.append(("wrong_split", Text(
            "A model is calibrated on its validation pictures. Training pictures it knows too well, and test pictures must "
            "stay unseen for the final evaluation.",
            "Un modelo se calibra con sus imágenes de validación. Las de entrenamiento las conoce demasiado bien, y las de "
            "prueba deben quedar sin usar para la evaluación final.")))
    if len(answers) < FEWEST:
        texts.append(("too_few_pictures", Text(
            "Calibration needs at least {least} validation pictures; there are {n}. Give more pictures to the validation "
            "split.",
            "La calibración necesita al menos {least} imágenes de validación; hay {n}. Asigne más imágenes a la división de "
            "validación.").fill(least=FEWEST, n=len(answers))))
    if len(np.unique(answers.labels)) < 2:
        texts.append(("one_class", Text(
            "Calibration needs validation pictures of at least two classes.",
            "La calibración necesita imágenes de validación de al menos dos clases.")))
    if not answers.are_shares:
        texts.append(("not_shares", Text(
            "The answers of this model do not add up to 1, so they cannot be calibrated with a temperature.",
            "Las respuestas de este modelo no suman 1, así que no se pueden calibrar con una temperatura.")))
    return tuple(error(code, text, "run") for code, text in texts)


def fit_temperature(answers: Answers) -> Calibration:
    """The temperature with the least log loss of these answers, which must be uncalibrated ones (Guo and others, 2017).

    Raises ProblemError (wrong_split, too_few_pictures, one_class, not_shares, no_temperature).
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    problems = temperature_problems(answers)
    if problems:
        raise ProblemError(*problems)

    logits = np.log(np.maximum(answers.probabilities.astype(np.float64), SMALLEST))
    places = np.arange(len(answers))

    def loss(logarithm: float) -> float:
        return float(-log_softmax(logits / np.exp(logarithm), axis=1)[places, answers.labels].mean())

    borders = np.log(_LOWEST), np.log(_HIGHEST)
    found = minimize_scalar(loss, bounds=borders, method="bounded", options={"xatol": 1e-4})
    temperature = round(float(np.exp(found.x)), 4)
    if min(map(loss, borders)) <= found.fun * (1 + 1e-6) + 1e-12:
        raise ProblemError(error("no_temperature", Text(
            "No temperature fits: the validation pictures are too few or too easy to tell how sure the model may be (the best "
            "one would be {t:.2f}).",
            "Ninguna temperatura encaja: las imágenes de validación son demasiado pocas o demasiado fáciles para saber cuánta "
            "seguridad merece el modelo (la mejor sería {t:.2f}).").fill(t=temperature), "run"))
    before, after = Sample(answers), Sample(answers.calibrated(Calibration(temperature=temperature)))
    if after.picture_losses.mean() >= before.picture_losses.mean():
        temperature, after = 1.0, before
    fit = TemperatureFit(
        split=answers.split, images=len(answers),
        loss_before=FIGURES["log_loss"].compute(before), loss_after=FIGURES["log_loss"].compute(after),
        ece_before=FIGURES["ece"].compute(before), ece_after=FIGURES["ece"].compute(after))
    return Calibration(temperature=temperature, fit=fit)


