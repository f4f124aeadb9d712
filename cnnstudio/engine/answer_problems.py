"""Why a picture that could be read has no answer."""

from __future__ import annotations

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text


def unanswered_problem(path: str, err: Exception) -> Problem:
    """The problem of a picture whose batch failed in the engine."""
    text = Text("{path} was not classified: the engine failed on its batch ({reason}). Try it again on its own.",
                "{path} no se clasificó: el motor falló con su lote ({reason}). Inténtelo de nuevo solo con esa imagen.")
    reason = (str(err).strip().splitlines() or [type(err).__name__])[0]
    return error("not_answered", text.fill(path=path, reason=reason[:200]), "file", path=path)


def no_number_problem(path: str) -> Problem:
    """The problem of a picture for which the model answers NaN or infinity."""
    text = Text("{path} was not classified: the model answers with values that are no numbers (NaN). Train it again with a "
                "lower learning rate, or choose another model.",
                "{path} no se clasificó: el modelo responde con valores que no son números (NaN). Entrénelo de nuevo con una "
                "tasa de aprendizaje menor o elija otro modelo.")
    return error("answer_not_a_number", text.fill(path=path), "file", path=path)
