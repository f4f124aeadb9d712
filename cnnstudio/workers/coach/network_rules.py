"""Rules about what goes on inside the network: dead units, a saturated output, unsteady batch normalisation, a base that does
not fit."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.bases.resolver import base_of_node
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import Node
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.workers.coach.advice import Advice, Rule, sure
from cnnstudio.workers.coach.changes import clipped, other_rate
from cnnstudio.workers.coach.evidence import Evidence

_DEAD: Final = 0.6
_LEAST_UNITS: Final = 8
_SMALL_BATCH: Final = 8
_BATCH_GAP: Final = 0.2
"""With a greater difference the moving averages are wrong, whatever the size of the batches."""
_SMALL_PICTURES: Final = 0.4


def _dead_units(evidence: Evidence) -> Advice | None:
    seen, reached = evidence.inspected, evidence.train_loss
    layers = [layer for layer in (() if seen is None else seen.layers) if layer.units >= _LEAST_UNITS]
    if not layers or reached is None:
        return None
    worst = max(layers, key=lambda layer: layer.dead / layer.units)
    share = worst.dead / worst.units
    # A network that fits its pictures has no use for more units.
    if share < _DEAD or reached < 0.3 * evidence.chance:
        return None
    node = next((node for node in evidence.nodes() if node.id == worst.node), None)
    text = Text("Dead units: {dead} of {units} units of {node} give nothing for any picture. Their gradient is zero, so they "
                "cannot learn any more; large steps or a large negative bias do this to {activation}. An activation that lets "
                "negative values through, such as leaky_relu, brings them back.",
                "Unidades muertas: {dead} de {units} unidades de {node} no responden a ninguna imagen. Su gradiente es cero, "
                "así que ya no pueden aprender; los pasos grandes o un sesgo muy negativo le hacen esto a {activation}. Una "
                "activación que deje pasar valores negativos, como leaky_relu, las recupera.")
    return Advice(advice="dead_units", confidence=sure(0.5 + 0.45 * share), text=text.fill(
        dead=worst.dead, units=worst.units, node=worst.node, activation=worst.activation or "relu"),
        evidence={layer.node: {"units": layer.units, "dead": layer.dead} for layer in layers if layer.dead},
        change=_leaky(evidence, node))


def _leaky(evidence: Evidence, node: Node | None) -> dict[str, Any]:
    """Another activation for every layer of the same kind, or a lower rate where it is a layer of its own."""
    own = {f"network.{item.id}.activation": "leaky_relu" for item in evidence.nodes()
           if (layer := LAYERS.find(item.type)) is not None and layer.has_param("activation")
           and values_of(item, layer).get("activation") == "relu"}
    return own if node is not None and own else other_rate(evidence, 0.1)


def _saturated_output(evidence: Evidence) -> Advice | None:
    seen = evidence.inspected
    if seen is None or not seen.validation_pictures:
        return None
    wrong = seen.certain * (1 - seen.certain_right)
    raw = seen.pixel_scale > 5
    if seen.certain < 0.3 or wrong < 0.05 or not (raw or seen.train_accuracy < 0.9):
        return None
    what = Text("The pixels enter the network as they are, from 0 to 255: normalise them.",
                "Los píxeles entran en la red tal cual, de 0 a 255: normalícelos.") if raw else Text(
        "Clip the gradients or lower the learning rate, so that the last layer does not run away.",
        "Recorte los gradientes o baje la tasa de aprendizaje, para que la última capa no se dispare.")
    text = Text("The output is saturated: for {certain:.0%} of the validation pictures the network is surer than 99.9 %, and "
                "only {right:.0%} of those answers are right. At such values softmax and sigmoid have next to no gradient, "
                "and each mistake costs a great loss. {what}",
                "La salida está saturada: en el {certain:.0%} de las imágenes de validación la red está segura en más de un "
                "99,9 %, y solo acierta el {right:.0%} de esas respuestas. Con esos valores softmax y sigmoid casi no tienen "
                "gradiente, y cada error cuesta una gran pérdida. {what}")
    change = {"recipe.normalization": "zero_one"} if raw else clipped(evidence)
    return Advice(advice="saturated_output", confidence=sure(0.7 + wrong / 2 + (0.15 if raw else 0.0)), text=text.fill(
        certain=seen.certain, right=seen.certain_right, what=what), change=dict(change),
        evidence={"certain": seen.certain, "certain_right": seen.certain_right, "pixel_scale": seen.pixel_scale,
                  "val_loss": seen.validation_loss})


def _unstable_batch_norm(evidence: Evidence) -> Advice | None:
    seen, training = evidence.inspected, evidence.project.training
    if seen is None or seen.batch_noise is None:
        return None
    gap, small = abs(seen.batch_gap or 0.0), training.batch_size <= _SMALL_BATCH
    if not (small and seen.batch_noise >= 0.3 and gap >= 0.04) and gap < _BATCH_GAP:
        return None
    text = Text("Batch normalisation is unsteady with batches of {size}: the mean of a batch deviates by {noise:.1f} standard "
                "deviations from that of all pictures, so that the network learns with other statistics than it answers with: "
                "of the same training pictures it gets {gap:.0%} more or fewer right. Use larger batches, or group or layer "
                "normalisation.",
                "La normalización por lotes es inestable con lotes de {size}: la media de un lote se aparta {noise:.1f} "
                "desviaciones típicas de la de todas las imágenes, así que la red aprende con otras estadísticas que aquellas "
                "con las que responde: de las mismas imágenes de entrenamiento acierta un {gap:.0%} más o menos. Use lotes "
                "más grandes, o normalización por grupos o por capas.")
    return Advice(advice="unstable_batch_norm", confidence=sure(0.75 + gap), text=text.fill(
        size=training.batch_size, noise=seen.batch_noise, gap=gap),
        evidence={"batch_size": training.batch_size, "batch_noise": seen.batch_noise, "batch_gap": seen.batch_gap},
        change={"training.batch_size": max(32, 4 * training.batch_size)})


def _unfit_base(evidence: Evidence) -> Advice | None:
    node, validation, reached = evidence.frozen_base, evidence.validation_accuracy, evidence.train_loss
    if node is None or validation is None or reached is None or evidence.epochs < 3:
        return None
    base = base_of_node(node, ProjectBases(evidence.project_folder))
    if base is None:
        return None
    recipe, count = evidence.project.recipe, evidence.pictures("validation")
    small = min(recipe.height, recipe.width) / base.input_size if base.input_size else 1.0
    guessing = 1 / max(2, len(evidence.class_names))
    # How much of what guessing leaves is reached.
    skill = (validation - guessing) / (1 - guessing)
    better = _better_base(evidence, base.id, validation)
    if skill > 0.75 or count < 20:
        return None
    if small < _SMALL_PICTURES:
        size = min(base.input_size, 160)
        why = Text("The base was made for pictures of {own} pixels and gets {height} × {width}: its maps shrink to next to "
                   "nothing. Enlarge the pictures, or let the base learn.",
                   "La base se hizo para imágenes de {own} píxeles y recibe {height} × {width}: sus mapas se quedan en casi "
                   "nada. Agrande las imágenes o deje que la base aprenda.").fill(
                       own=base.input_size, height=recipe.height, width=recipe.width)
        change: dict[str, Any] = {"recipe.height": size, "recipe.width": size}
    elif better is not None:
        why = Text("The comparison of bases found {name} with {accuracy:.1%}.",
                   "La comparación de bases dio {name} con {accuracy:.1%}.").fill(name=better[0], accuracy=better[1])
        change = {f"network.{node.id}.base": better[0]}
    else:
        why = Text("Let it learn with a low rate, or compare the bases (cnnstudio probe).",
                   "Déjela aprender con una tasa baja, o compare las bases (cnnstudio probe).")
        change = {f"network.{node.id}.trainable_from": "all", "training.optimizer.learning_rate": 0.0001}
    text = Text("The base does not fit: it is frozen, and what it sees in these pictures does not tell the classes apart "
                "({validation:.1%} of the validation pictures right, {guessing:.0%} by guessing). {why}",
                "La base no es adecuada: está congelada, y lo que ve en estas imágenes no distingue las clases "
                "({validation:.1%} de aciertos en validación; adivinando, {guessing:.0%}). {why}")
    confidence = 0.62 + 0.2 * (0.75 - max(0.0, skill)) + (0.22 if small < _SMALL_PICTURES or better is not None else 0.0)
    return Advice(advice="unfit_base", confidence=sure(confidence), text=text.fill(
        validation=validation, guessing=guessing, why=why), change=change,
        evidence={"base": base.id, "val_accuracy": validation, "guessing": guessing, "train_loss": reached,
                  "size_share": small})


def _better_base(evidence: Evidence, present: str, accuracy: float) -> tuple[str, float] | None:
    """The best base of the kept comparison, if its whole interval lies above what was reached."""
    rows = [row for row in (() if evidence.probed is None else evidence.probed.rows) if row.base != present]
    best = max(rows, key=lambda row: row.accuracy, default=None)
    return (best.base, best.accuracy) if best is not None and best.low > accuracy else None


RULES: Final = (
    Rule(id="dead_units", label=Text("Dead units", "Unidades muertas"), plot="layers", find=_dead_units, promise="loss",
         explains=("underfitting", "plateau", "rate_too_low")),
    Rule(id="saturated_output", label=Text("Saturated output", "Salida saturada"), plot="loss", find=_saturated_output,
         explains=("underfitting", "plateau", "rate_too_high", "overfitting", "dead_units", "unstable_batch_norm")),
    Rule(id="unstable_batch_norm", label=Text("Unstable batch normalisation", "Normalización por lotes inestable"),
         plot="loss", find=_unstable_batch_norm, explains=("underfitting", "plateau", "overfitting", "dead_units")),
    Rule(id="unfit_base", label=Text("Base that does not fit", "Base inadecuada"), plot="accuracy", find=_unfit_base,
         promise="val_accuracy", explains=("underfitting", "plateau", "overfitting")),
)
