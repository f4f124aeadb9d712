"""Counts, sizes, durations and shares as text."""

from __future__ import annotations

from cnnstudio.core.display import format_count, format_percent
from cnnstudio.core.system_errors import device_text
from cnnstudio.core.text import format_number as number_text
from cnnstudio.core.text import format_size as size_text
from cnnstudio.core.text import tr


def format_number(value: float, digits: int = 3) -> str:
    """A decimal number with the decimal sign of the language."""
    return number_text(value, f".{digits}f")


def format_size(value: int) -> str:
    """Bytes as B, KB, MB, GB."""
    return size_text(value)


def format_duration(seconds: float) -> str:
    """1 h 05 min, 1 min 50 s, 12 s, 0.4 s, less than 0.1 s."""
    if seconds < 0.1:
        return tr("less than {n} s", "menos de {n} s", n=format_number(0.1, 1))
    if seconds < 1:
        return f"{format_number(seconds, 1)} s"
    total = round(seconds)
    if total < 60:
        return f"{total} s"
    if total < 3600:
        return f"{total // 60} min {total % 60:02d} s"
    return f"{total // 3600} h {total % 3600 // 60:02d} min"


def capitalize(text: object) -> str:
    """A text of its own, such as a cell, from one that also stands inside sentences."""
    return str(text)[:1].upper() + str(text)[1:]


def format_time_left(seconds: float) -> str:
    """What is left of a job; no figure below a second, where an estimate means nothing."""
    return tr("less than 1 s", "menos de 1 s") if seconds < 1 else format_duration(seconds)


def format_device(description: str) -> str:
    """The device of a job ("CPU: 2 cores", "GPU: NVIDIA T4"), in the language of the window."""
    return str(device_text(description)).replace(": ", " · ")


def format_engine(engine: str) -> str:
    """The name of what computed an answer, as its makers write it."""
    return {"litert": "LiteRT", "keras": "Keras", "onnx": "ONNX", "openvino": "OpenVINO"}.get(engine, engine)


def engine_help(engine: str) -> str:
    """What that is, for a tooltip; "" where the name says it."""
    return tr("LiteRT, a quicker form of the same model: its answers were compared with those of Keras.",
              "LiteRT, una forma más rápida del mismo modelo: sus respuestas se compararon con las de Keras."
              ) if engine == "litert" else ""


def format_pictures(value: int) -> str:
    """1 picture, 1,199 pictures."""
    return tr("1 picture", "1 imagen") if value == 1 else tr("{n} pictures", "{n} imágenes", n=format_count(value))


def format_classes(value: int) -> str:
    """1 class, 10 classes."""
    return tr("1 class", "1 clase") if value == 1 else tr("{n} classes", "{n} clases", n=format_count(value))


def format_compact(value: float) -> str:
    """83714 as "83.7 k", 349e6 as "349 M"."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            scaled = value / limit
            return f"{format_number(scaled, 1) if scaled < 100 else round(scaled)} {unit}"
    return f"{value:.0f}"


__all__ = ["capitalize", "engine_help", "format_classes", "format_compact", "format_count", "format_device", "format_duration",
           "format_engine", "format_number", "format_percent", "format_pictures", "format_size", "format_time_left"]
