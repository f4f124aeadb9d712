"""Rules about how the loss went: overfitting, underfitting, a plateau, and a learning rate that is too high or too low.

A loss is judged in units of that of guessing, the logarithm of the number of classes.
"""

from __future__ import annotations

import statistics
from typing import Final

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.text import Text
from cnnstudio.workers.coach.advice import Advice, Rule, sure
from cnnstudio.workers.coach.changes import more_capacity, other_rate, rate_changes, with_callback
from cnnstudio.workers.coach.evidence import Evidence
from cnnstudio.workers.coach.statistics import is_lower, roughness, trend

_GAP: Final = 0.10
"""A smaller difference between training and validation accuracy is usual."""
_POOR: Final = 0.35
"""A training loss above this share of guessing is no good fit."""
_FEWEST: Final = 4
"""With fewer epochs a curve says little."""
_P_VALUE: Final = 0.01


def _overfitting(evidence: Evidence) -> Advice | None:
    seen, losses, checked = evidence.inspected, evidence.curve("loss"), evidence.curve("val_loss")
    train, validation = evidence.train_accuracy, evidence.validation_accuracy
    if train is None or validation is None or len(checked) < _FEWEST or train - validation < _GAP:
        return None
    trained = seen.train_pictures if seen is not None else evidence.pictures("train")
    measured = seen.validation_pictures if seen is not None else evidence.pictures("validation")
    p_value = is_lower(round(validation * measured), measured, round(train * trained), trained)
    if p_value > _P_VALUE:
        return None
    best = min(range(len(checked)), key=checked.__getitem__)
    climb = checked[-1] / checked[best] - 1 if checked[best] > 0 else 0.0
    gap = train - validation
    text = Text("Overfitting: the network recognises {train:.1%} of its training pictures, but only {validation:.1%} of new "
                "ones. The validation loss was lowest in epoch {best} and was {climb:.0%} higher at the end. More variety "
                "helps: augmentation, more pictures, dropout or weight decay; a smaller network, too.",
                "Sobreajuste: la red reconoce el {train:.1%} de sus imágenes de entrenamiento, pero solo el {validation:.1%} "
                "de las nuevas. La pérdida de validación fue mínima en la época {best} y al final era un {climb:.0%} mayor. "
                "Ayuda la variedad: aumento, más imágenes, dropout o decaimiento de los pesos; también una red más pequeña.")
    return Advice(advice="overfitting", confidence=sure(0.55 + gap + min(0.2, climb / 5)), text=text.fill(
        train=train, validation=validation, best=best + 1, climb=climb),
        evidence={"train_accuracy": train, "val_accuracy": validation, "gap": gap, "p_value": p_value, "best_epoch": best + 1,
                  "val_loss_climb": climb, "train_loss": losses[-1] if losses else None},
        change=_more_variety(evidence))


def _more_variety(evidence: Evidence) -> dict[str, object]:
    """Augmentation where there is none; else more dropout, else weight decay."""
    if not evidence.project.augmentation.active and evidence.frozen_base is None:
        return {"augmentation.steps": [
            {"id": "random_rotation", "type": "random_rotation", "params": {"factor": 0.03}},
            {"id": "random_zoom", "type": "random_zoom", "params": {"height_factor": 0.1}},
            {"id": "random_translation", "type": "random_translation",
             "params": {"height_factor": 0.1, "width_factor": 0.1}}]}
    dropouts = [node for node in evidence.nodes() if (layer := LAYERS.find(node.type)) is not None and layer.training_only
                and layer.has_param("rate")]
    if dropouts:
        node = dropouts[-1]
        rate = float(node.params.get("rate", 0.5))
        if rate < 0.5:
            return {f"network.{node.id}.rate": min(0.5, round(rate + 0.2, 2))}
    return {"training.optimizer.weight_decay": 0.001}


def _underfitting(evidence: Evidence) -> Advice | None:
    losses, reached = evidence.curve("loss"), evidence.train_loss
    train, validation = evidence.train_accuracy, evidence.validation_accuracy
    if len(losses) < _FEWEST or reached is None or train is None or reached < _POOR * evidence.chance:
        return None
    if validation is not None and train - validation >= _GAP:
        return None
    tail = losses[-max(3, len(losses) // 3):]
    falling = (tail[0] - tail[-1]) / tail[0] if tail[0] else 0.0
    still = falling > 0.03 * len(tail)
    share = reached / evidence.chance
    why = Text("The loss was still falling when the training ended: train for more epochs.",
               "La pérdida aún bajaba al terminar: entrene más épocas.") if still else Text(
        "It hardly fell any more at the end: the network is too small for these pictures. Give its layers more filters or "
        "units, or add layers.",
        "Al final casi no bajaba: la red es demasiado pequeña para estas imágenes. Dé más filtros o unidades a sus capas, o "
        "añada capas.")
    text = Text("Underfitting: even of its own training pictures the network gets only {train:.1%} right, and its loss is "
                "{share:.0%} of that of guessing. {why}",
                "Subajuste: incluso de sus propias imágenes de entrenamiento la red acierta solo el {train:.1%}, y su pérdida "
                "es el {share:.0%} de la de adivinar. {why}")
    change = {"training.epochs": 2 * evidence.stage.epochs} if still else more_capacity(evidence.project)
    return Advice(advice="underfitting", confidence=sure(0.45 + 0.4 * min(1.0, share)), text=text.fill(
        train=train, share=share, why=why), change=change,
        evidence={"train_accuracy": train, "train_loss": reached, "loss_of_guessing": evidence.chance,
                  "last_fall": falling, "still_falling": still})


def _rate_too_high(evidence: Evidence) -> Advice | None:
    losses, chance = evidence.curve("loss"), evidence.chance
    change = other_rate(evidence, 0.1)
    if evidence.diverged:
        text = Text("The learning rate is too high: the loss became infinite or not a number in epoch {epoch}. A tenth of the "
                    "rate keeps the steps within reach of the minimum; so do clipped gradients.",
                    "La tasa de aprendizaje es demasiado alta: la pérdida se hizo infinita o dejó de ser un número en la "
                    "época {epoch}. Con una décima parte los pasos no se alejan del mínimo; también ayuda recortar los "
                    "gradientes.")
        return Advice(advice="rate_too_high", confidence=0.97, text=text.fill(epoch=evidence.diverged), change=change,
                      evidence={"diverged_in_epoch": evidence.diverged})
    if len(losses) < 2:
        return None
    top = max((*evidence.first_losses, losses[0]))
    checked = evidence.curve("val_loss")
    if len(checked) >= 2 and min(top, checked[-1]) > 2 * chance:
        text = Text("The learning rate is too high: the loss reached {top:.2f} in the first epoch, and the validation loss "
                    "ended at {end:.2f}, against {chance:.2f} for guessing. The weights have leapt so far that even wrong "
                    "answers are given with full confidence. Try a tenth of the rate, or let the finder suggest one.",
                    "La tasa de aprendizaje es demasiado alta: la pérdida llegó a {top:.2f} en la primera época, y la de "
                    "validación acabó en {end:.2f}, frente a {chance:.2f} de adivinar. Los pesos han dado saltos tan grandes "
                    "que hasta las respuestas equivocadas se dan con plena seguridad. Pruebe con una décima parte, o deje que "
                    "el buscador proponga una.")
        return Advice(advice="rate_too_high", confidence=sure(0.85), text=text.fill(top=top, end=checked[-1], chance=chance),
                      change=change, evidence={"highest_loss": top, "loss_of_guessing": chance, "last_val_loss": checked[-1]})
    poor = losses[-1] > 0.5 * chance
    jumps = roughness(losses) if len(losses) >= _FEWEST else 0.0
    thrown = top > 2 * chance and losses[-1] > 0.8 * chance
    rises = len(losses) >= _FEWEST and trend(losses).climbs and losses[-1] > 1.1 * min(losses)
    unsteady = jumps > 0.12
    worse = len(losses) >= _FEWEST and statistics.median(losses) > 1.03 * chance
    if not poor or not (thrown or rises or unsteady or worse):
        return None
    text = Text("The learning rate is too high: the loss reached {top:.2f} in the first epoch, against {chance:.2f} for "
                "guessing, and ended at {end:.2f}; from epoch to epoch it jumps by {jumps:.0%}. The steps are so large that "
                "they leap over the minimum. Try a tenth of the rate, or let the finder suggest one.",
                "La tasa de aprendizaje es demasiado alta: la pérdida llegó a {top:.2f} en la primera época, frente a "
                "{chance:.2f} de adivinar, y acabó en {end:.2f}; de una época a otra salta un {jumps:.0%}. Los pasos son tan "
                "grandes que pasan por encima del mínimo. Pruebe con una décima parte, o deje que el buscador proponga una.")
    confidence = 0.9 if thrown or worse else 0.82
    return Advice(advice="rate_too_high", confidence=sure(confidence), text=text.fill(
        top=top, chance=chance, end=losses[-1], jumps=jumps), change=change,
        evidence={"highest_loss": top, "loss_of_guessing": chance, "last_loss": losses[-1], "jumps": jumps, "rises": rises,
                  "worse_than_guessing": worse})


def _rate_too_low(evidence: Evidence) -> Advice | None:
    losses, chance = evidence.curve("loss"), evidence.chance
    if len(losses) < _FEWEST or losses[-1] < 0.5 * chance:
        return None
    own = trend(losses)
    half = len(losses) // 2
    early, late = losses[0] - losses[half], losses[half] - losses[-1]
    # Neither bent nor rough: the way to the minimum has only begun.
    if not own.falls or own.tau > -0.85 or late < 0.4 * early or roughness(losses) > 0.03:
        return None
    per_epoch = -own.slope / chance
    if per_epoch > 0.04 or losses[0] - losses[-1] > 0.3 * chance:
        return None
    text = Text("The learning rate is too low: the loss falls steadily but by only {step:.1%} of that of guessing per epoch, "
                "and does not bend: at this pace the minimum is far away. Try ten times the rate, or let the finder suggest "
                "one.",
                "La tasa de aprendizaje es demasiado baja: la pérdida baja sin parar, pero cada época solo un {step:.1%} de "
                "la de adivinar, y la curva no se dobla: a este paso el mínimo está lejos. Pruebe con diez veces la tasa, o "
                "deje que el buscador proponga una.")
    return Advice(advice="rate_too_low", confidence=sure(0.93 - 3 * per_epoch), text=text.fill(step=per_epoch),
                  change=other_rate(evidence, 10), evidence={
                      "first_loss": losses[0], "last_loss": losses[-1], "fall_per_epoch": per_epoch, "tau": own.tau})


def _plateau(evidence: Evidence) -> Advice | None:
    losses, rates, chance = evidence.curve("loss"), evidence.curve("learning_rate"), evidence.chance
    count = max(5, len(losses) // 3)
    if len(losses) < 8 or losses[-1] < 0.1 * chance or losses[-1] > 0.9 * chance:
        return None
    tail, before = losses[-count:], losses[:len(losses) - count]
    if rates and max(rates[-count:]) > 1.01 * min(rates[-count:]):
        return None
    level = statistics.median(tail)
    if before[0] < 1.15 * level or trend(tail).falls or roughness(tail) < 0.015:
        return None
    text = Text("A plateau: the loss fell to about {level:.3f} and has only moved up and down since epoch {since}, by "
                "{rough:.0%} from one epoch to the next, at the same learning rate. The steps are too large for the finer "
                "part of the way: lower the rate when the loss stops falling.",
                "Meseta: la pérdida bajó hasta cerca de {level:.3f} y desde la época {since} solo sube y baja, un {rough:.0%} "
                "de una época a otra, con la misma tasa de aprendizaje. Los pasos son demasiado grandes para la parte fina "
                "del camino: baje la tasa cuando la pérdida deje de bajar.")
    change = other_rate(evidence, 0.2) if rate_changes(evidence) else with_callback(
        evidence, "ReduceLROnPlateau", "reduce_lr_on_plateau", {"factor": 0.3, "patience": 3})
    return Advice(advice="plateau", confidence=sure(0.72 + min(0.15, roughness(tail))), text=text.fill(
        level=level, since=len(before) + 1, rough=roughness(tail)), change=change,
        evidence={"level": level, "since_epoch": len(before) + 1, "slope": trend(tail).slope, "roughness": roughness(tail)})


RULES: Final = (
    Rule(id="overfitting", label=Text("Overfitting", "Sobreajuste"), plot="loss", find=_overfitting, promise="gap"),
    Rule(id="underfitting", label=Text("Underfitting", "Subajuste"), plot="loss", find=_underfitting, promise="loss"),
    Rule(id="rate_too_high", label=Text("Learning rate too high", "Tasa de aprendizaje demasiado alta"), plot="loss",
         find=_rate_too_high, promise="loss", explains=("underfitting", "plateau", "dead_units", "saturated_output",
                                                        "unstable_batch_norm", "overfitting", "harmful_augmentation")),
    Rule(id="rate_too_low", label=Text("Learning rate too low", "Tasa de aprendizaje demasiado baja"), plot="loss",
         find=_rate_too_low, promise="loss", explains=("underfitting", "plateau", "dead_units")),
    Rule(id="plateau", label=Text("Plateau", "Meseta"), plot="loss", find=_plateau, promise="loss", explains=("underfitting",)),
)
