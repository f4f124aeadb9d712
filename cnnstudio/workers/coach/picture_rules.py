"""Rules about the pictures: classes of unequal size, a small validation set, leakage, and augmentation that harms."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text
from cnnstudio.workers.coach.advice import Advice, Rule, sure
from cnnstudio.workers.coach.evidence import Evidence
from cnnstudio.workers.coach.statistics import half_width, is_lower

_RATIO: Final = 4.0
_RECALL_GAP: Final = 0.15
_WIDE: Final = 0.08
"""Half an interval above this cannot tell good settings from better ones."""
_HARM: Final = 0.15


def _class_imbalance(evidence: Evidence) -> Advice | None:
    counts, seen = evidence.counts.get("train", ()), evidence.inspected
    present = [count for count in counts if count]
    if seen is None or len(present) < 2 or max(present) < _RATIO * min(present) or len(seen.recalls) != len(counts):
        return None
    rare = [number for number, count in enumerate(counts) if 0 < count * 2 <= max(present)]
    common = [number for number, count in enumerate(counts) if count * 2 > max(present)]
    right, all_rare = _answers(evidence, rare)
    other, all_common = _answers(evidence, common)
    if not all_rare or not all_common:
        return None
    low, high = right / all_rare, other / all_common
    p_value = is_lower(right, all_rare, other, all_common)
    if high - low < _RECALL_GAP or p_value > 0.05:
        return None
    worst = min(rare, key=lambda number: seen.recalls[number])
    weighted = evidence.project.training.class_weight == "balanced"
    what = Text("Collect more pictures of the rare classes.", "Reúna más imágenes de las clases raras.") if weighted else Text(
        "Balanced class weights make mistakes with rare classes cost as much as those with the others.",
        "Con pesos de clase equilibrados, fallar en las clases raras cuesta tanto como en las demás.")
    text = Text("The classes are of unequal size ({most:,} training pictures against {least:,}), and the network neglects the "
                "rare ones: it recognises {low:.0%} of their validation pictures, against {high:.0%} of the others ({worst}: "
                "{recall:.0%}). {what}",
                "Las clases tienen tamaños desiguales ({most:,} imágenes de entrenamiento frente a {least:,}) y la red "
                "descuida las raras: reconoce el {low:.0%} de sus imágenes de validación, frente al {high:.0%} de las demás "
                "({worst}: {recall:.0%}). {what}")
    return Advice(advice="class_imbalance", confidence=sure(0.6 + 0.4 * (high - low) + (0.1 if p_value < 0.01 else 0.0)),
                  text=text.fill(most=max(present), least=min(present), low=low, high=high, worst=evidence.class_names[worst],
                                 recall=seen.recalls[worst], what=what),
                  evidence={"largest": max(present), "smallest": min(present), "recall_rare": low, "recall_common": high,
                            "p_value": p_value, "worst_class": evidence.class_names[worst]},
                  change={} if weighted else {"training.class_weight": "balanced"})


def _answers(evidence: Evidence, classes: list[int]) -> tuple[int, int]:
    """Right answers and validation pictures of these classes."""
    seen = evidence.inspected
    assert seen is not None
    return (sum(round(seen.recalls[number] * seen.supports[number]) for number in classes),
            sum(seen.supports[number] for number in classes))


def _small_validation(evidence: Evidence) -> Advice | None:
    count, values = evidence.pictures("validation"), evidence.curve("val_accuracy")
    if not count or len(values) < 3:
        return None
    later = values[len(values) // 3:]
    best, spread = max(later), max(later) - min(later)
    # Of few pictures all may be right, which leaves an interval on one side alone.
    half = half_width(min(best, (count - 0.5) / count), count)
    if half < _WIDE or count > 120:
        return None
    text = Text("The validation set is too small: with {count:,} pictures an accuracy is known to ±{half:.0%} only (95% "
                "interval). The epochs differ by {spread:.0%}, so that neither the best epoch nor a better setting can be "
                "told from luck. Put more pictures into validation, or use folds.",
                "El conjunto de validación es demasiado pequeño: con {count:,} imágenes, la exactitud solo se conoce con un "
                "margen de ±{half:.0%} (intervalo del 95 %). Las épocas difieren un {spread:.0%}, así que ni la mejor época "
                "ni un ajuste mejor se distinguen del azar. Ponga más imágenes en la validación o use pliegues.")
    splits = evidence.project.dataset.splits
    change = {"dataset.splits.train": round(splits.train - (0.2 - splits.validation), 3), "dataset.splits.validation": 0.2} if (
        splits.validation < 0.15 and splits.train > 0.5) else {"dataset.splits.folds": 5}
    return Advice(advice="small_validation", confidence=sure(0.92 if count < 40 else 0.66), text=text.fill(
        count=count, half=half, spread=spread), change=dict(change),
        evidence={"pictures": count, "half_interval": half, "val_accuracy": best, "spread": spread})


def _leakage(evidence: Evidence) -> Advice | None:
    leaks = [leak for leak in evidence.leaks if leak.leaked >= 3 and leak.leaked >= 0.02 * leak.pictures]
    if not leaks:
        return None
    worst = max(leaks, key=lambda leak: leak.leaked / leak.pictures)
    share = worst.leaked / worst.pictures
    name = {"validation": Text("validation", "validación"), "test": Text("test", "prueba")}[worst.split]
    together = evidence.project.dataset.splits.keep_together
    what = Text("Look at Quality, Across splits, on the Data page and move or exclude the copies.",
                "Mire Calidad, Entre divisiones, en la página Datos y mueva o excluya las copias.") if together else Text(
        "Keep duplicates together, so that copies of a picture lie in one split.",
        "Mantenga juntas las duplicadas, para que las copias de una imagen queden en una sola división.")
    text = Text("Leakage: {leaked:,} of {pictures:,} {split} pictures ({share:.0%}) are also among the training pictures, "
                "byte for byte. The network has learned their answers, so its accuracy on them says nothing of new pictures. "
                "{what}",
                "Fuga: {leaked:,} de {pictures:,} imágenes de {split} ({share:.0%}) también están, byte a byte, entre las de "
                "entrenamiento. La red se aprendió sus respuestas, así que su exactitud con ellas no dice nada de imágenes "
                "nuevas. {what}")
    return Advice(advice="leakage", confidence=sure(0.94 + min(0.05, share)), text=text.fill(
        leaked=worst.leaked, pictures=worst.pictures, split=name, share=share, what=what),
        evidence={leak.split: {"leaked": leak.leaked, "pictures": leak.pictures} for leak in leaks},
        change={} if together else {"dataset.splits.keep_together": True})


def _harmful_augmentation(evidence: Evidence) -> Advice | None:
    seen = evidence.inspected
    if seen is None or seen.augmented_accuracy is None or not seen.steps:
        return None
    if (lost := _lost_pictures(evidence)) is not None:
        return lost
    worst = min(seen.steps, key=lambda step: step.accuracy)
    drop, alone = seen.train_accuracy - seen.augmented_accuracy, seen.train_accuracy - worst.accuracy
    if drop < _HARM or alone < _HARM / 2 or seen.augmented_accuracy > 0.8:
        return None
    text = Text("The augmentation harms: changed by {step} alone, only {changed:.0%} of the training pictures are still "
                "recognised, against {plain:.0%} unchanged; with all augmentations it is {augmented:.0%}. What the network is "
                "to learn is no longer in those pictures, or now belongs to another class. Switch {step} off, or make it "
                "weaker.",
                "El aumento perjudica: solo con {step} ya no se reconoce más que el {changed:.0%} de las imágenes de "
                "entrenamiento, frente al {plain:.0%} sin cambiar; con todos los aumentos es el {augmented:.0%}. Lo que la "
                "red debe aprender ya no está en esas imágenes, o ahora es de otra clase. Desactive {step} o debilítelo.")
    return Advice(advice="harmful_augmentation", confidence=sure(0.65 + max(drop, alone)), text=text.fill(
        step=worst.step, changed=worst.accuracy, plain=seen.train_accuracy, augmented=seen.augmented_accuracy),
        evidence={"plain": seen.train_accuracy, "augmented": seen.augmented_accuracy,
                  "steps": {step.step: step.accuracy for step in seen.steps}},
        change={f"augmentation.{worst.step}": False})


def _lost_pictures(evidence: Evidence) -> Advice | None:
    """An augmentation after which not even a classifier of its own finds the classes in the pixels, where unchanged ones tell
    them: then the network cannot learn either, and its own answers say nothing."""
    seen = evidence.inspected
    rows = [] if seen is None else [(step.linear, step) for step in seen.steps if step.linear is not None]
    guessing = 1 / max(2, len(evidence.class_names))
    if seen is None or not rows or seen.linear is None or seen.train_accuracy > 0.7 or seen.linear < min(0.7, 3 * guessing):
        return None
    left, worst = min(rows, key=lambda row: row[0])
    skill = (left - guessing) / (seen.linear - guessing)
    if skill > 0.45:
        return None
    text = Text("The augmentation harms: a simple linear classifier finds the classes in {plain:.0%} of the unchanged "
                "pictures, but only in {left:.0%} of those that {step} changed, even if it is trained on such pictures. What "
                "the network is to learn is no longer in them. Switch {step} off, or make it weaker.",
                "El aumento perjudica: un simple clasificador lineal encuentra las clases en el {plain:.0%} de las imágenes "
                "sin cambiar, pero solo en el {left:.0%} de las que cambió {step}, aunque se entrene con esas imágenes. Lo "
                "que la red debe aprender ya no está en ellas. Desactive {step} o debilítelo.")
    return Advice(advice="harmful_augmentation", confidence=sure(0.97 - 0.2 * max(0.0, skill)), text=text.fill(
        plain=seen.linear, left=left, step=worst.step), change={f"augmentation.{worst.step}": False},
        evidence={"train_accuracy": seen.train_accuracy, "linear_plain": seen.linear,
                  "linear_steps": {step.step: step.linear for step in seen.steps}})


RULES: Final = (
    Rule(id="class_imbalance", label=Text("Unequal classes", "Clases desiguales"), plot="classes", find=_class_imbalance,
         promise="lowest_recall", explains=("overfitting",)),
    Rule(id="small_validation", label=Text("Validation set too small", "Conjunto de validación demasiado pequeño"),
         plot="accuracy", find=_small_validation, promise="interval"),
    Rule(id="leakage", label=Text("Leakage between splits", "Fuga entre divisiones"), plot="splits", find=_leakage,
         promise="leaked"),
    Rule(id="harmful_augmentation", label=Text("Harmful augmentation", "Aumento perjudicial"), plot="steps",
         find=_harmful_augmentation, promise="val_accuracy", explains=("underfitting", "plateau", "rate_too_low")),
)
