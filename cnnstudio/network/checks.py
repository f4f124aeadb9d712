"""Checks of a project before a training: errors that block it, and warnings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.catalog.class_names import class_changes
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS, Augmentation, StepType
from cnnstudio.core.dataset import DATASET_PARAMS, SPLIT_NAMES, SPLIT_PARAMS
from cnnstudio.core.item import Step
from cnnstudio.core.network import BASE
from cnnstudio.core.params import check
from cnnstudio.core.problems import Area, Fix, Problem, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RECIPE_PARAMS, samples_key, statistics_key
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.core.training import TRAINING_PARAMS
from cnnstudio.network.advice import advice
from cnnstudio.network.device_checks import check_devices
from cnnstudio.network.freeze_checks import check_freeze_lines
from cnnstudio.network.loss_checks import check_class_weights, check_loss
from cnnstudio.network.metric_checks import check_metrics
from cnnstudio.network.shapes import report
from cnnstudio.network.stage_checks import check_stages

Counts = Mapping[str, Mapping[str, int]]
"""Usable pictures by class name and split."""
_MAX_SEPARATE: Final = 3
"""Up to this number of classes, every class has its own problem; more share one."""
_MAX_NAMES: Final = 8


def spec_fields(spec: object, params: Sequence[object]) -> dict[str, object]:
    """The declared fields of a spec as a mapping."""
    return {param.name: getattr(spec, param.name) for param in params}  # type: ignore[attr-defined]


def check_project(project: Project, classes: Sequence[str], counts: Counts, bases: BaseResolver,
                  pinned: Collection[str] = ()) -> tuple[Problem, ...]:
    """All problems at once, data first, each located and with its fixes.

    `bases` finds those of the project's folder. `pinned`: classes with pictures that the user put into another split
    than the draw would.
    """
    return (
        *check_dataset(project, classes, counts, pinned),
        *check_recipe(project, counts),
        *check_augmentation(project, classes),
        *check_network(project, len(classes), bases),
        *check_training(project, bases, len(classes)),
        *(problem for problem in check_class_weights(project, classes) if not problem.blocks),
    )


def check_values(project: Project, bases: BaseResolver) -> tuple[Problem, ...]:
    """Problems of single values (a batch of 0 pictures), which would stop whatever computes with them."""
    problems = (*check_recipe(project, {}), *check_augmentation(project, ()), *check_training(project, bases))
    return tuple(problem for problem in problems if problem.code == "value")


def check_dataset(project: Project, classes: Sequence[str], counts: Counts, pinned: Collection[str] = ()
                  ) -> tuple[Problem, ...]:
    dataset = project.dataset
    choose = Fix(action="choose_folder", label=Text("Choose a folder…", "Elegir carpeta…"))
    if not dataset.source:
        return (error("no_source", Text("No folder of pictures has been chosen yet.",
                                        "Aún no se ha elegido ninguna carpeta de imágenes."), "dataset", fixes=(choose,)),)
    problems = list(check(DATASET_PARAMS, spec_fields(dataset, DATASET_PARAMS), "dataset"))
    problems += check(SPLIT_PARAMS, spec_fields(dataset.splits, SPLIT_PARAMS), "dataset", node="splits")
    total = sum(sum(splits.values()) for splits in counts.values())
    if total == 0:
        problems.append(error("no_pictures", Text("There are no pictures in this folder. Add pictures, or choose another "
                                                  "folder.",
                                                  "No hay imágenes en esta carpeta. Añada imágenes o elija otra "
                                                  "carpeta."), "dataset",
                              path=dataset.source, fixes=(choose,)))
        return tuple(problems)
    if len(classes) < 2:
        text = Text("There is only one class ({name}). A classifier needs at least two: put the pictures of each class "
                    "into a folder of its own.",
                    "Solo hay una clase ({name}). Un clasificador necesita al menos dos: ponga las imágenes de cada "
                    "clase en su propia carpeta.")
        problems.append(error("one_class", text.fill(name=", ".join(classes) or "-"), "dataset", fixes=(choose,)))
    if dataset.label_mode == "binary" and len(classes) != 2:
        text = Text("Binary labels need exactly two classes; the number of classes is {n}.",
                    "Las etiquetas binarias requieren exactamente dos clases; el número de clases es {n}.")
        fix = Fix(action="set_field", label=Text("Use categorical labels", "Usar etiquetas categorical"),
                  arguments={"spec": "dataset", "field": "label_mode", "value": "categorical"})
        problems.append(error("binary_needs_two", text.fill(n=len(classes)), "dataset", field="label_mode",
                              fixes=(fix,)))
    pinned_classes = pinned if dataset.splits.train > 0 else ()
    problems += _check_splits(classes, counts, lambda names: _unlearned_fixes(names, classes, counts, pinned_classes))
    return tuple(problems)


_Fixes = Callable[[Sequence[str]], tuple[Fix, ...]]


def _class_problems(names: Sequence[str], numbers: Mapping[str, int], problem: Callable[..., Problem], code: str, one: Text,
                    many: Text, fixes: _Fixes = lambda _names: ()) -> list[Problem]:
    """A problem per class if they are few, else one for all, which would otherwise hide other problems."""
    if len(names) <= _MAX_SEPARATE:
        return [problem(code, one.fill(name=name, number=numbers[name]), "dataset", fixes=fixes([name]))
                for name in names]
    more = Text("{names} and {n} more", "{names} y {n} más").fill(
        names=", ".join(names[:_MAX_NAMES]), n=len(names) - _MAX_NAMES)
    return [problem(code, many.fill(n=len(names), names=more if len(names) > _MAX_NAMES else ", ".join(names)), "dataset",
                    fixes=fixes(names))]


def _unlearned_fixes(names: Sequence[str], classes: Sequence[str], counts: Counts, pinned: Collection[str]
                        ) -> tuple[Fix, ...]:
    """Fixes for classes without a training picture."""
    fixes: list[Fix] = []
    if held := [name for name in names if name in pinned and any(counts.get(name, {}).values())]:
        label = Text("Assign its splits again", "Asignar de nuevo sus divisiones") if len(held) == 1 else Text(
            "Assign their splits again", "Asignar de nuevo sus divisiones")
        fixes.append(Fix(action="draw_splits", label=label, arguments={"classes": list(held)}))
    if len(classes) - len(names) >= 2:
        label = Text("Hide the class", "Ocultar la clase") if len(names) == 1 else Text("Hide these classes",
                                                                                       "Ocultar estas clases")
        fixes.append(Fix(action="hide_classes", label=label, arguments={"names": list(names)}))
    return tuple(fixes)


def _check_splits(classes: Sequence[str], counts: Counts, unlearned: _Fixes) -> list[Problem]:
    problems: list[Problem] = []
    totals = {split: sum(counts.get(name, {}).get(split, 0) for name in classes) for split in SPLIT_NAMES}
    if not totals["train"]:
        problems.append(error("no_training_pictures", Text("The training split has no pictures. Change the shares of the "
                                                           "splits or assign pictures to it.",
                                                           "La división de entrenamiento no tiene imágenes. Cambie las "
                                                           "proporciones de las divisiones o asígnele imágenes."),
                              "dataset", field="splits"))
    if not totals["validation"]:
        problems.append(warning("no_validation_pictures", Text(
            "The validation split has no pictures: early stopping and the curves will follow the training pictures.",
            "La división de validación no tiene imágenes: la parada temprana y las curvas seguirán las imágenes de "
            "entrenamiento."), "dataset", field="splits"))
    learned = {name: counts.get(name, {}).get("train", 0) for name in classes}
    if totals["train"]:
        without_training = [name for name in classes if not learned[name]]
        problems += _class_problems(without_training, learned, error, "class_without_training", Text(
            "The class {name} has no training pictures.", "La clase {name} no tiene imágenes de entrenamiento."),
            Text("{n} classes have no training pictures: {names}.",
                 "{n} clases no tienen imágenes de entrenamiento: {names}."), unlearned)
    if totals["validation"]:
        held = {name: counts.get(name, {}).get("validation", 0) for name in classes}
        without_validation = [name for name in classes if not held[name] and learned[name]]
        problems += _class_problems(without_validation, held, warning, "class_without_validation", Text(
            "The class {name} has no validation pictures: during training it will not be known how well it is recognised.",
            "La clase {name} no tiene imágenes de validación: durante el entrenamiento no se sabrá si se reconoce bien."),
            Text("{n} classes have no validation pictures: {names}. During training it will not be known how well they are "
                 "recognised.",
                 "{n} clases no tienen imágenes de validación: {names}. Durante el entrenamiento no se sabrá si se reconocen "
                 "bien."))
    problems += _class_problems([name for name in classes if 0 < learned[name] < 10], learned, warning, "few_pictures", Text(
        "The class {name} has few training pictures: only {number}.",
        "La clase {name} tiene pocas imágenes de entrenamiento: solo {number}."),
        Text("{n} classes have fewer than 10 training pictures: {names}.",
             "{n} clases tienen menos de 10 imágenes de entrenamiento: {names}."))
    sizes = [sum(counts.get(name, {}).values()) for name in classes]
    if len(sizes) > 1 and min(sizes) > 0 and max(sizes) > 4 * min(sizes):
        text = Text("The classes are imbalanced: {most} has {high} pictures, {least} has {low}. Balanced class weights help.",
                    "Las clases están desequilibradas: {most} tiene {high} imágenes; {least}, {low}. Los pesos de clase "
                    "equilibrados ayudan.")
        fix = Fix(action="set_field", label=Text("Use balanced class weights", "Usar pesos de clase equilibrados"),
                  arguments={"spec": "training", "field": "class_weight", "value": "balanced"})
        problems.append(warning("uneven_classes", text.fill(
            most=classes[sizes.index(max(sizes))], high=max(sizes), least=classes[sizes.index(min(sizes))],
            low=min(sizes)), "dataset", fixes=(fix,)))
    return problems


def _check_steps(steps: Sequence[Step], registry: Registry[StepType], area: Area) -> list[Problem]:
    problems: list[Problem] = []
    for step in steps:
        entry = registry.find(step.type)
        if entry is None:
            if step.enabled:
                text = Text("This version does not know the step {type}. Switch it off to continue.",
                            "Esta versión no conoce el paso {type}. Desactívelo para continuar.")
                fix = Fix(action="enable_step", label=Text("Switch it off", "Desactivarlo"),
                          arguments={"spec": area, "step": step.id, "enabled": False})
                problems.append(error("unknown_step", text.fill(type=step.type), area, node=step.id, fixes=(fix,)))
            continue
        problems += check(entry.params, step.params, area, node=step.id)
    return problems


def check_recipe(project: Project, counts: Counts) -> tuple[Problem, ...]:
    recipe = project.recipe
    problems = list(check(RECIPE_PARAMS, spec_fields(recipe, RECIPE_PARAMS), "recipe"))
    problems += _check_sample_range(project, counts)
    if recipe.normalization == "standardize":
        if len(recipe.mean) != recipe.channels or len(recipe.deviation) != recipe.channels:
            problems.append(not_measured_problem())
        elif recipe.measured != statistics_key(recipe, project.dataset, training_pictures(counts)):
            problems.append(warning("stale_statistics", Text(
                "The mean and the standard deviation were measured on other training pictures or with another recipe. "
                "Measure them again.",
                "La media y la desviación estándar se midieron con otras imágenes de entrenamiento o con otra receta. "
                "Mídalas de nuevo."),
                "recipe", field="normalization", fixes=(_MEASURE,)))
    return (*problems, *_check_steps(recipe.steps, RECIPE_STEPS, "recipe"))


def _check_sample_range(project: Project, counts: Counts) -> list[Problem]:
    recipe = project.recipe
    if recipe.sample_range == "collection":
        if not recipe.samples_measured:
            return [samples_not_measured_problem()]
        if recipe.samples_measured != samples_key(recipe, project.dataset, training_pictures(counts)):
            return [warning("stale_sample_range", Text(
                "The range from black to white was measured on other training pictures or with other percentiles. Measure it "
                "again.",
                "El rango de negro a blanco se midió con otras imágenes de entrenamiento o con otros percentiles. Mídalo de "
                "nuevo."),
                "recipe", field="sample_range", fixes=(_MEASURE,))]
    elif recipe.sample_range in _ORDERED:
        low, high = _ORDERED[recipe.sample_range]
        if not getattr(recipe, high) > getattr(recipe, low):
            return [error("empty_range", Text("White must be greater than black: otherwise there is no grey between them.",
                                              "El blanco debe ser mayor que el negro: si no, entre ambos no queda ningún "
                                              "gris."),
                          "recipe", field=high)]
    return []


_ORDERED: Final = {"picture": ("low_percentile", "high_percentile"), "window": ("sample_low", "sample_high")}


def samples_not_measured_problem() -> Problem:
    """The problem of a recipe that reads deep pictures by a range of the collection that nobody measured."""
    return error("samples_not_measured", Text(
        "The range from black to white has not been measured on the training pictures yet.",
        "Aún no se ha medido el rango de negro a blanco en las imágenes de entrenamiento."),
        "recipe", field="sample_range", fixes=(_MEASURE,))


def not_measured_problem() -> Problem:
    """The problem of a recipe that standardises without measured statistics."""
    return error("not_measured", Text(
        "The mean and the standard deviation of the training pictures have not been measured yet.",
        "Aún no se han medido la media y la desviación estándar de las imágenes de entrenamiento."),
        "recipe", field="normalization", fixes=(_MEASURE,))


_MEASURE = Fix(action="measure_statistics", label=Text("Measure", "Medir"))


def training_pictures(counts: Counts) -> int:
    """Usable pictures of the training split."""
    return sum(splits.get("train", 0) for splits in counts.values())


def check_augmentation(project: Project, classes: Sequence[str]) -> tuple[Problem, ...]:
    problems = _check_steps(project.augmentation.steps, AUGMENTATIONS, "augmentation")
    for step in project.augmentation.active:
        entry = AUGMENTATIONS.find(step.type)
        if entry is not None:
            problems += _check_class_changes(step, entry, classes)
            problems += _check_effect(step, entry, project)
    return tuple(problems)


def _check_class_changes(step: Step, entry: Augmentation, classes: Sequence[str]) -> list[Problem]:
    """Warnings if the class names suggest that this step can turn one class into another."""
    return [warning("changes_class", text, "augmentation", node=step.id, fixes=(_switch_off(step),))
            for text in class_changes(step, entry, classes)]


def _check_effect(step: Step, entry: Augmentation, project: Project) -> list[Problem]:
    if entry.needs_color and project.recipe.channels == 1:
        return [warning("needs_color", Text("Grey pictures have no colour: this step does nothing.",
                                            "Las imágenes grises no tienen color: este paso no hace nada."),
                        "augmentation", node=step.id, fixes=(_switch_off(step),))]
    if entry.group != "mix":
        return []
    if project.dataset.label_mode == "int":
        return [mixing_problem(step)]
    if project.dataset.label_mode == "binary":
        text = Text("A mixed picture belongs partly to both classes; with one binary output the training accuracy counts it "
                    "as wrong (the validation accuracy is correct). With categorical labels its larger part counts.",
                    "Una imagen mezclada pertenece en parte a ambas clases; con una salida binaria, la exactitud de "
                    "entrenamiento la cuenta como error (la de validación es correcta). Con etiquetas categorical cuenta su "
                    "parte mayor.")
        return [warning("mixed_binary", text, "augmentation", node=step.id, fixes=(_use_categorical(),))]
    return []


def mixing_problem(step: Step) -> Problem:
    """The problem of a mixing step with integer labels."""
    text = Text("A mixed picture belongs partly to two classes, which whole-number labels (int) cannot express. Categorical "
                "labels can.",
                "Una imagen mezclada pertenece en parte a dos clases, y las etiquetas de números enteros (int) no pueden "
                "expresarlo. Las etiquetas categorical sí.")
    return error("mix_needs_shares", text, "augmentation", node=step.id, fixes=(_use_categorical(), _switch_off(step)))


def _use_categorical() -> Fix:
    return Fix(action="set_field", label=Text("Use categorical labels", "Usar etiquetas categorical"),
               arguments={"spec": "dataset", "field": "label_mode", "value": "categorical"})


def _switch_off(step: Step) -> Fix:
    return Fix(action="enable_step", label=Text("Switch it off", "Desactivarlo"),
               arguments={"spec": "augmentation", "step": step.id, "enabled": False})


def check_network(project: Project, class_count: int, bases: BaseResolver) -> tuple[Problem, ...]:
    context = context_of(project, max(class_count, 2), bases)
    network_report = report(project.network, context)
    return (*network_report.problems, *advice(project.network, context, network_report), *check_freeze_lines(project, bases),
            *check_weights(project))


def check_weights(project: Project) -> tuple[Problem, ...]:
    """Whether the weights of every pretrained base of the network are on this computer."""
    problems: list[Problem] = []
    for node in project.network.nodes:
        # The network report covers custom bases: without its file, the layers of one are unknown.
        base = BASES.find(node.params.get("base", "efficientnet_lite0")) if node.type == BASE else None
        weights = node.params.get("weights", "imagenet")
        if base is None or weights == "random":
            continue
        if weights == "file":
            file = str(node.params.get("weights_file") or "")
            if not file or not Path(file).expanduser().is_file():
                text = Text("The weights file {file} does not exist. Choose another file.",
                            "El archivo de pesos {file} no existe. Elija otro archivo.")
                problems.append(error("weights_missing", text.fill(file=file or "–"), "network", node=node.id,
                                      field="weights_file"))
        elif not base.weights.bundled and not base.weights.cached.is_file():
            text = Text("The weights of {base} are not on this computer yet. Download them once (this needs the internet; on "
                        "the command line: cnnstudio fetch {id}), choose a weights file of your own, or use the bundled "
                        "EfficientNet-Lite0.",
                        "Los pesos de {base} aún no están en este equipo. Descárguelos una vez (requiere internet; en la "
                        "línea de comandos: cnnstudio fetch {id}), elija un archivo de pesos propio o use la "
                        "EfficientNet-Lite0 incluida.")
            fetch = Fix(action="fetch_base", label=Text("Download", "Descargar"), arguments={"base": base.id})
            own = Fix(action="set_node_param", label=Text("From a file", "De un archivo"),
                      arguments={"node": node.id, "name": "weights", "value": "file"})
            problems.append(error("weights_missing", text.fill(base=base.label, id=base.id), "network", node=node.id,
                                  field="weights", fixes=(fetch, own)))
    return tuple(problems)


def check_training(project: Project, bases: BaseResolver, class_count: int = 0) -> tuple[Problem, ...]:
    training = project.training
    problems = list(check(TRAINING_PARAMS, spec_fields(training, TRAINING_PARAMS), "training"))
    problems += check_stages(project, bases)
    problems += check_loss(project)
    problems += check_metrics(project, class_count)
    problems += check_class_weights(project)
    problems += check_devices(project)
    if training.batch_size < 8 and any(
            (layer := LAYERS.find(node.type)) is not None and layer.batch_free for node in project.network.nodes):
        problems.append(warning("small_batch", Text(
            "BatchNormalization needs larger batches (8 or more) to estimate the mean and the variance.",
            "BatchNormalization necesita lotes más grandes (8 o más) para estimar la media y la varianza."),
            "training", field="batch_size",
            fixes=(Fix(action="set_field", label=Text("Use batches of 16", "Usar lotes de 16"),
                       arguments={"spec": "training", "field": "batch_size", "value": 16}),
                   Fix(action="replace_normalization",
                       label=Text("Use LayerNormalization instead", "Usar LayerNormalization en su lugar")))))
    return tuple(problems)
