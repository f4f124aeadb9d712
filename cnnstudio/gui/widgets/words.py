"""Numbers in words that people read: counts, sizes, durations, shares."""

from __future__ import annotations

import time
from collections.abc import Iterable

from cnnstudio.core.system_errors import device_text
from cnnstudio.core.text import format_number as written
from cnnstudio.core.text import tr

_THIN = "\u202f"


def count(value: int) -> str:
    """1 234 567, in groups with a thin space; four digits stay together."""
    return f"{value:,}".replace(",", _THIN) if abs(value) >= 10_000 else str(value)


def number(value: float, digits: int = 3) -> str:
    """A decimal number with the decimal sign of the language."""
    return written(value, f".{digits}f")


def percent(value: float, digits: int = 1) -> str:
    """0.978 as "97.8 %"."""
    return f"{number(value * 100, digits)}{_THIN}%"


def size(value: int) -> str:
    """Bytes as B, KB, MB, GB."""
    amount = float(value)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{number(amount, 1)} {unit}"
        amount /= 1000
    return f"{amount:.0f} GB"


def duration(seconds: float) -> str:
    """1 h 05 min, 1 min 50 s, 12 s, 0.4 s."""
    if seconds < 1:
        return f"{number(seconds, 1)} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def device(told: str) -> str:
    """What a job calls its device ("CPU: 2 cores", "GPU: NVIDIA T4"), in the language of the window."""
    return str(device_text(told)).replace(": ", " · ")


def moment(began: float, others: Iterable[float]) -> str:
    """Month, day and minute of something; with the second where another of `others` began in the same minute."""
    same = sum(int(other // 60) == int(began // 60) for other in others)
    return time.strftime("%m-%d %H:%M:%S" if same > 1 else "%m-%d %H:%M", time.localtime(began))


def pictures(value: int) -> str:
    """1 picture, 1 199 pictures."""
    return tr("1 picture", "1 imagen") if value == 1 else tr("{n} pictures", "{n} imágenes", n=count(value))


def classes(value: int) -> str:
    """1 class, 10 classes."""
    return tr("1 class", "1 clase") if value == 1 else tr("{n} classes", "{n} clases", n=count(value))


def short(value: float) -> str:
    """83714 as "83.7 k", 349e6 as "349 M"."""
    for limit, unit in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            scaled = value / limit
            return f"{number(scaled, 1) if scaled < 100 else round(scaled)} {unit}"
    return f"{value:.0f}"
