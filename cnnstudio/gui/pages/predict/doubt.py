"""What the page says where a model is not sure, and why."""

from __future__ import annotations

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.jobs import Prediction
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.formatting import format_percent


def not_sure_text() -> str:
    return tr("Not sure", "Sin certeza")


def likely_classes(prediction: Prediction) -> tuple[str, ...]:
    """The classes that the answer leaves open: those of its set, else the two most probable."""
    if prediction.answer_set:
        return prediction.answer_set
    return tuple(item.label for item in prediction.top[:2])


def likely_text(prediction: Prediction) -> str:
    """The classes in question, in a phrase."""
    names = likely_classes(prediction)
    if prediction.answer_set is not None and not prediction.answer_set:
        return tr("No class is probable enough; nearest: {names}",
                  "Ninguna clase es lo bastante probable; las más cercanas: {names}", names=", ".join(names))
    return tr("Likely: {names}", "Probables: {names}", names=", ".join(names))


def doubt_reason(prediction: Prediction, rejection: Rejection | None) -> str:
    """Why the model is not sure, in a sentence; "" where it is."""
    if not prediction.not_sure or rejection is None or not prediction.top:
        return ""
    level = format_percent(rejection.level, 0 if round(rejection.level * 100) == rejection.level * 100 else 1)
    if prediction.answer_set is None:
        return tr("The best class has {share}; this model answers only from {level} on.",
                  "La mejor clase tiene {share}; este modelo solo responde a partir del {level}.",
                  share=format_percent(prediction.top[0].probability), level=level)
    if not prediction.answer_set:
        return tr("No class is probable enough for an error rate of {level}: the model is less certain than with almost all "
                  "pictures of its calibration.",
                  "Ninguna clase es lo bastante probable para una tasa de error del {level}: el modelo tiene menos certeza que "
                  "con casi todas las imágenes de su calibración.", level=level)
    return tr("With an error rate of {level} the right class is one of these {n}: {names}.",
              "Con una tasa de error del {level}, la clase correcta es una de estas {n}: {names}.", level=level,
              n=len(prediction.answer_set), names=", ".join(prediction.answer_set))
