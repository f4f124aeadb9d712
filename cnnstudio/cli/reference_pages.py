"""The reference: every entry of every registry as a page of Markdown, made from what the entry itself declares.

`cnnstudio help NAME` prints one page; `docs/reference.md` and `docs/referencia.md` are all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cnnstudio.catalog import findings
from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS
from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.blocks import BLOCKS
from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.layers import FAMILIES, LAYERS
from cnnstudio.catalog.plans import PLANS
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.catalog.steps.entry import GROUPS
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.catalog.training import CALLBACKS, LOSSES, METRICS, OPTIMIZERS
from cnnstudio.core.display import format_percent
from cnnstudio.core.params import Param
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.evaluation.class_figures import CLASS_FIGURES
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.rejection import REJECTIONS
from cnnstudio.interchange.printing.allowed_values import allowed_values, format_value
from cnnstudio.workers.search.importances import IMPORTANCES
from cnnstudio.workers.search.objectives import OBJECTIVES
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.special_keys import SPECIAL_KEYS
from cnnstudio.workers.search.terminators import TERMINATORS

Fact = tuple[str, str]
"""A label and what stands behind it, as Markdown."""


@dataclass(frozen=True)
class Section:
    """A registry in the reference, and what is said of its entries besides label, help and parameters."""

    title: Text
    registry: Registry[Any]
    facts: Callable[[Any], list[Fact]]


def sections() -> tuple[Section, ...]:
    """All registries in the order of the work."""
    return _SECTIONS


def find_entries(name: str) -> list[tuple[Section, Any]]:
    """The entries whose id or label in either language is `name`, in any case of letters."""
    wanted = name.casefold()
    return [(section, entry) for section in _SECTIONS for entry in section.registry
            if wanted in {text.casefold() for text in _names(entry)}]


def similar_names(name: str, count: int = 5) -> list[str]:
    """Ids that are spelled almost like `name`."""
    import difflib

    ids = {entry.id.casefold(): entry.id for section in _SECTIONS for entry in section.registry}
    return [ids[match] for match in difflib.get_close_matches(name.casefold(), ids, count)]


def reference_page(section: Section, entry: Any) -> str:
    """The page of one entry in the language of the program: Markdown that begins with a heading of the third level."""
    label = entry_label(entry)
    lines = [f"### {label}", ""]
    if label != entry.id:
        lines += [f"`{entry.id}`", ""]
    lines += [_escaped(str(entry.help)), ""]
    facts = section.facts(entry)
    if facts:
        lines += [*(f"- {name}: {text}" for name, text in facts), ""]
    params = [param for param in getattr(entry, "params", ()) if isinstance(param, Param)]
    if params:
        lines += [*_parameter_table(params), ""]
    return "\n".join(lines)


def reference() -> str:
    """The whole document in the language of the program."""
    return "\n".join(_document())


def entry_label(entry: Any) -> str:
    """What the window calls the entry."""
    return str(getattr(entry, "label", None) or entry.id)


def _document() -> Iterator[str]:
    yield "# " + tr("Reference", "Referencia")
    yield ""
    yield tr("All layers, blocks, architectures, pretrained bases, preparation steps, augmentations, training components, "
             "parts of a search, figures, reject options, explanations, export formats and audit findings, as the program "
             "declares them. `cnnstudio help NAME` shows one of these entries.",
             "Todas las capas, bloques, arquitecturas, bases preentrenadas, pasos de preparación, aumentos, componentes del "
             "entrenamiento, partes de una búsqueda, cifras, opciones de rechazo, explicaciones, formatos de exportación y "
             "hallazgos de la auditoría, tal como los declara el programa. `cnnstudio help NOMBRE` muestra una de estas "
             "entradas.")
    yield ""
    for section in _SECTIONS:
        yield f"## {section.title}"
        yield ""
        for entry in section.registry:
            yield reference_page(section, entry)


def _names(entry: Any) -> Iterator[str]:
    yield entry.id
    label = getattr(entry, "label", None)
    if label is not None:
        yield from (label.en, label.es)


def _parameter_table(params: Sequence[Param]) -> Iterator[str]:
    yield "| " + " | ".join((tr("parameter", "parámetro"), tr("default", "valor predeterminado"), tr("values", "valores"),
                             tr("meaning", "significado"))) + " |"
    yield "|---|---|---|---|"
    for param in params:
        cells = (f"`{param.name}`", f"`{format_value(param.default)}`", str(allowed_values(param)), str(param.help))
        yield "| " + " | ".join(_escaped(cell).replace("|", "\\|") for cell in cells) + " |"


def _escaped(text: str) -> str:
    """Text in one line in which Markdown sees neither tags nor emphasis."""
    return " ".join(text.split()).replace("<", "&lt;").replace("*", "\\*")


def _code(text: str) -> str:
    return f"`{text}`"


def _torch(form: Any) -> Fact:
    if isinstance(form, NotInTorch):
        return "PyTorch", tr("no: {reason}", "no: {reason}", reason=str(form.reason))
    return "PyTorch", tr("yes", "sí")


def _layer(layer: Any) -> list[Fact]:
    facts = [(tr("Family", "Familia"), str(FAMILIES[layer.family]))]
    if layer.formula:
        facts.append((tr("Computes", "Calcula"), _code(layer.formula)))
    facts.append(("Keras", _code(layer.call.target)))
    return facts if layer.torch is None else [*facts, _torch(layer.torch)]


def _component(component: Any) -> list[Fact]:
    return [("Keras", _code(component.call.target)), _torch(component.torch)]


def _loss(loss: Any) -> list[Fact]:
    return [("Keras", _code(loss.call.target)), ("PyTorch", tr("yes", "sí")),
            (tr("Labels", "Etiquetas"), _code(loss.label_mode))]


def _metric(metric: Any) -> list[Fact]:
    names = dict.fromkeys(f"keras.metrics.{name}" for name in metric.targets.values())
    return [("Keras", ", ".join(map(_code, names))), ("PyTorch", tr("yes", "sí")),
            (tr("Labels", "Etiquetas"), ", ".join(map(_code, metric.targets)))]


def _schedule(schedule: Any) -> list[Fact]:
    return [("Keras", _code(schedule.call.target)),
            ("PyTorch", tr("yes, as a function of the step", "sí, como función del paso"))]


def _augmentation(augmentation: Any) -> list[Fact]:
    facts = [(tr("Group", "Grupo"), str(GROUPS[augmentation.group]))]
    if augmentation.keras:
        facts.append(("Keras", _code(augmentation.keras)))
    warnings = (augmentation.changes_class, augmentation.changes_color, augmentation.changes_direction)
    return facts + [(tr("Caution", "Precaución"), _escaped(str(text))) for text in warnings if text is not None]


def _preset(preset: Any) -> list[Fact]:
    return [(tr("Steps", "Pasos"), ", ".join(_code(step.type) for step in preset.steps))] if preset.steps else []


def _source(entry: Any) -> list[Fact]:
    return [(tr("Source", "Fuente"), _escaped(entry.source))]


def _template(template: Any) -> list[Fact]:
    return [(tr("Year", "Año"), str(template.year)), *_source(template),
            (tr("About", "Acerca de"), _escaped(str(template.about)))]


def _base(base: Any) -> list[Fact]:
    facts = [(tr("Year", "Año"), str(base.year)), *_source(base), (tr("Licence", "Licencia"), base.licence),
             (tr("Parameters", "Parámetros"), format_number(base.parameters, ",")),
             (tr("Input size", "Tamaño de entrada"), f"{base.input_size} × {base.input_width or base.input_size}"),
             (tr("Scaling", "Escalado"), _escaped(str(base.scaling)))]
    if base.top1:
        facts.append((tr("ImageNet accuracy", "Exactitud en ImageNet"), format_percent(base.top1 / 100)))
    return facts


def _exporter(exporter: Any) -> list[Fact]:
    facts = [(tr("Contents", "Contenido"), "; ".join(f"{_code(content.name)} {content.text}" for content in exporter.contents)),
             (tr("Largest difference", "Diferencia máxima"), format_number(exporter.tolerance, "g"))]
    return facts + _needs(exporter)


def _needs(entry: Any) -> list[Fact]:
    """The libraries that do not come along."""
    return [(tr("Needs", "Necesita"), ", ".join(_code(library.package) for library in entry.libraries))
            ] if entry.libraries else []


def _objective(entry: Any) -> list[Fact]:
    better = {"maximize": tr("higher", "mayor"), "minimize": tr("lower", "menor")}
    return [(tr("Better", "Mejor"), better[entry.direction])]


def _explanation(entry: Any) -> list[Fact]:
    needs = tr("a layer with feature maps", "una capa con mapas de características") if entry.needs_maps else tr(
        "nothing: it works for every network", "nada: sirve para cualquier red")
    return [*_source(entry), (tr("Computes", "Calcula"), _code(entry.formula)), (tr("Needs", "Necesita"), needs),
            (tr("Cost", "Coste"), tr("about as much as predicting {n} pictures", "más o menos como predecir {n} imágenes",
                                     n=entry.passes(entry.values({}))))]


def _finding(kind: Any) -> list[Fact]:
    return [(tr("Group", "Grupo"), str(findings.GROUPS[kind.group])),
            (tr("Actions", "Acciones"), "; ".join(
                str(findings.REMEDIES[remedy]).replace("{suggested}", "…") for remedy in kind.remedies))]


def _figure(figure: Any) -> list[Fact]:
    intervals = {"wilson": tr("Wilson's", "de Wilson"), "bootstrap": "bootstrap", None: tr("none", "ninguno")}
    facts = [(tr("Interval (95%)", "Intervalo (95 %)"), intervals[figure.method])]
    if figure.needs_probabilities:
        facts.append((tr("Computed from", "Se calcula con"), tr("probabilities", "probabilidades")))
    if not getattr(figure, "higher_is_better", True):
        facts.append((tr("Better", "Mejor"), tr("lower", "menor")))
    return facts


def _rejection(option: Any) -> list[Fact]:
    return [(tr("Chosen", "Se elige"), f"{option.level} ({format_percent(option.default)})"),
            (tr("Command", "Comando"), _code(f"cnnstudio calibrate --reject {option.id}:{option.default}"))]


def _none(_entry: Any) -> list[Fact]:
    return []


_SECTIONS: Final = (
    Section(Text("Findings of the audit", "Hallazgos de la auditoría"), findings.KINDS, _finding),
    Section(Text("Preparation steps", "Pasos de preparación"), RECIPE_STEPS, _none),
    Section(Text("Augmentations", "Aumentos"), AUGMENTATIONS, _augmentation),
    Section(Text("Augmentation presets", "Ajustes preestablecidos de aumento"), AUGMENTATION_PRESETS, _preset),
    Section(Text("Layers", "Capas"), LAYERS, _layer),
    Section(Text("Blocks", "Bloques"), BLOCKS, _source),
    Section(Text("Architectures", "Arquitecturas"), TEMPLATES, _template),
    Section(Text("Pretrained bases", "Bases preentrenadas"), BASES, _base),
    Section(Text("Optimizers", "Optimizadores"), OPTIMIZERS, _component),
    Section(Text("Training plans", "Planes de entrenamiento"), PLANS, lambda _entry: []),
    Section(Text("Learning rate schedules", "Planes de la tasa de aprendizaje"), SCHEDULES, _schedule),
    Section(Text("Losses", "Pérdidas"), LOSSES, _loss),
    Section(Text("Metrics", "Métricas"), METRICS, _metric),
    Section(Text("Callbacks", "Callbacks"), CALLBACKS, _component),
    Section(Text("Search: what counts", "Búsqueda: qué cuenta"), OBJECTIVES, _objective),
    Section(Text("Search: samplers", "Búsqueda: samplers"), SAMPLERS, _needs),
    Section(Text("Search: pruners", "Búsqueda: pruners"), PRUNERS, _none),
    Section(Text("Search: terminators", "Búsqueda: terminators"), TERMINATORS, _needs),
    Section(Text("Search: importance measures", "Búsqueda: medidas de importancia"), IMPORTANCES, _none),
    Section(Text("Search: what can be varied besides all settings", "Búsqueda: qué se puede variar además de los ajustes"),
            SPECIAL_KEYS, _none),
    Section(Text("Figures of an evaluation", "Cifras de una evaluación"), FIGURES, _figure),
    Section(Text("Figures of a class", "Cifras de una clase"), CLASS_FIGURES, _figure),
    Section(Text("Reject options", "Opciones de rechazo"), REJECTIONS, _rejection),
    Section(Text("Explanations", "Explicaciones"), EXPLANATIONS, _explanation),
    Section(Text("Export formats", "Formatos de exportación"), EXPORTERS, _exporter),
)
