"""What evens out classes of different sizes: weights in the loss, and drawing rare classes more often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnstudio.core.training import TrainingSpec


def drawn_counts(counts: Sequence[int], strength: float) -> tuple[int, ...]:
    """How many pictures of each class an epoch shows, from `counts`, the training pictures of each.

    A class with n pictures, the largest having m, gives n * (m / n) ** strength of them, rounded: strength 0 shows each
    picture once, 1 shows as many of each class as the largest has.
    """
    most = max(counts, default=0)
    return tuple(round(count * (most / count) ** strength) if count else 0 for count in counts)


def class_weights(training: TrainingSpec, class_names: Sequence[str], counts: Sequence[int]) -> tuple[float, ...] | None:
    """The weight of the pictures of each class in the loss; None without weights.

    "balanced": (n / (classes * pictures of the class)) ** strength, divided by its mean over the pictures that an epoch
    shows; `counts` are these, so that weights and oversampling do not both correct for the same. Classes without pictures
    have the weight 0 and do not count. "custom": those of the settings, 1 for a class without one.
    """
    if training.class_weight == "custom":
        return tuple(float(training.class_weights.get(name, 1.0)) for name in class_names)
    if training.class_weight != "balanced":
        return None
    total, present = sum(counts), max(1, sum(count > 0 for count in counts))
    raw = [(total / (present * count)) ** training.class_weight_strength if count else 0.0 for count in counts]
    mean = sum(weight * count for weight, count in zip(raw, counts, strict=True)) / max(1, total)
    return tuple(weight / mean if mean else 0.0 for weight in raw)


def shown_pictures(counts: Mapping[str, Mapping[str, int]], class_names: Sequence[str], oversampling: float) -> int:
    """How many training pictures an epoch shows; `counts` are the pictures of each class by split."""
    return sum(drawn_counts([counts.get(name, {}).get("train", 0) for name in class_names], oversampling))
