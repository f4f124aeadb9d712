"""The report of a run as one HTML file that needs nothing else: whether to trust its model, and how it was made.

Its first part is a model card (Mitchell et al., "Model cards for model reporting", 2019): what only a person can know, such
as the intended use, is the note that the user wrote about the run, or a line that says so.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.reports import REPORT_SECTIONS
from cnnstudio.catalog.shortcuts import SHORTCUTS
from cnnstudio.core.calibration import Calibration
from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.differences import flat_settings
from cnnstudio.core.display import format_count
from cnnstudio.core.events import Hello
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.templates import render_html
from cnnstudio.core.text import format_number, tr
from cnnstudio.datasets.manifest import Manifest, read_manifest
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.run_pictures import picture_files
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.class_figures import CLASS_FIGURES
from cnnstudio.evaluation.confusion import confused_pairs, row_shares
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.report import Report, Value, make_report
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.thumbnails import encode_thumbnail, thumbnail
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.shapes import report as network_report
from cnnstudio.network.summary import summary, title
from cnnstudio.workers.reports.charts import answer_charts, history_charts
from cnnstudio.workers.reports.parts import property_parts, scenario_parts
from cnnstudio.workers.runs.calibration import calibrated_answers, present_calibration
from cnnstudio.workers.runs.comparison import settings_of
from cnnstudio.workers.runs.data import data_facts
from cnnstudio.workers.runs.folder import STATE_NAMES, RunFolder
from cnnstudio.workers.runs.learning_curves import read_curve
from cnnstudio.workers.runs.shortcuts import read_shortcuts

_KEY: Final = ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")
_MOST_CLASSES: Final = 30
"""Classes of a confusion matrix that can be read on paper."""
_COLORS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#b8a800", "#999999")
"""Okabe and Ito's palette, which can be told apart without seeing all colours; its yellow is darker here, on white."""
_LEFT_OUT: Final = ("network.", "dataset.audit.")
"""The layers have a table of their own, and thresholds of the audit changed nothing of the training."""
_WORST: Final = 18
_SIDE: Final = 160


@dataclass(frozen=True)
class Picture:
    """A mistake: a thumbnail as a data address, and what is said of it."""

    address: str
    path: str
    label: str
    predicted: str
    probability: str


def run_report(run: RunFolder, split: str, network_svg: str = "", sections: Sequence[str] = REPORT_SECTIONS.ids(),
               on_progress: OnProgress | None = None, cancelled: Cancelled = never) -> str:
    """The report of a run on its evaluated `split` as one HTML page with these sections, in the language of the program. Raises
    ProblemError (no_answers, damaged_answers, ...)."""
    project = run.spec()
    answers = calibrated_answers(run, split)
    calibration, _problems = present_calibration(run)
    manifest = read_manifest(run.manifest_path)
    figures = make_report(answers)
    info = run.summary()
    hello = next((event for event in reversed(run.events()) if isinstance(event, Hello)), None)
    settings = flat_settings(settings_of(project))
    return render_html(
        "run.html", title=info.title, project=project.name,
        subtitle=f"{project.name} · {run.id} · {datetime.now().strftime('%Y-%m-%d %H:%M')}",
        key=[_row(figures[name]) for name in _KEY], images=len(answers), split=str(SPLIT_NAMES.get(split, split)),
        sections=sections, card=_card(run, manifest, answers, figures, calibration),
        figures=[_row(value) for value in figures.figures],
        class_figures=[str(entry.label) for entry in CLASS_FIGURES], classes=_class_rows(figures),
        matrix=_matrix(answers), pairs=_pairs(answers), worst=_worst(run, answers) if "mistakes" in sections else [],
        properties=property_parts(run, answers, on_progress, cancelled) if "properties" in sections else None,
        scenarios=scenario_parts(run) if "scenarios" in sections else [],
        charts=[*answer_charts(answers), *history_charts(run)],
        colors=_COLORS, shortcuts=_shortcuts(run), curve=_curve(run),
        network=network_svg, layers=_layers(run), data=_data_rows(manifest),
        source=manifest.header.root, version=data_facts(run.manifest_path, thorough=True).version,
        settings=[(key, _plain(value)) for key, value in settings.items() if not key.startswith(_LEFT_OUT)],
        versions={} if hello is None else hello.versions, device="" if hello is None else hello.device)


def _row(value: Value) -> dict[str, str]:
    """A figure as texts: label, value, interval with its method, or the reason why there is none."""
    figure = FIGURES[value.id]
    form = ".1%" if figure.percent else ".3f"
    interval = "" if value.interval is None else " – ".join(format_number(end, form) for end in value.interval)
    return {"label": str(figure.label), "help": str(figure.help), "method": value.method.capitalize(),
            "value": "–" if value.value is None else format_number(value.value, form), "interval": interval,
            "reason": "" if value.reason is None else str(value.reason)}


def _class_rows(figures: Report) -> list[dict[str, Any]]:
    def texts(value: Value) -> dict[str, str]:
        interval = "" if value.interval is None else " – ".join(format_number(end, ".2f") for end in value.interval)
        return {"value": "–" if value.value is None else format_number(value.value, ".3f"), "interval": interval}

    return [{"name": row.name, "support": row.support, "figures": [texts(row[entry.id]) for entry in CLASS_FIGURES]}
            for row in figures.classes]


def _card(run: RunFolder, manifest: Manifest, answers: Answers, figures: Report, calibration: Calibration | None
          ) -> list[tuple[str, str]]:
    """The model card: (heading, text)."""
    project, info = run.spec(), run.summary()
    counts = Counter(entry.split for entry in manifest.entries)
    shown = tr("{n} classes: {names}", "{n} clases: {names}", n=len(answers.class_names),
               names=", ".join(answers.class_names[:20]) + (", …" if len(answers.class_names) > 20 else ""))
    model = tr("{network}; picture {height} × {width}; {shown}", "{network}; imagen de {height} × {width}; {shown}",
               network=info.network, height=project.recipe.height, width=project.recipe.width, shown=shown)
    use = run.summary().labels.note or tr("Not described. Write a note about the run to say what it is for.",
                                          "Sin describir. Escriba una nota sobre el entrenamiento para decir para qué es.")
    epochs = tr("1 epoch", "1 época") if info.epochs == 1 else tr("{n} epochs", "{n} épocas", n=info.epochs)
    learned = tr("{train} training and {validation} validation pictures; {epochs} ({state})",
                 "{train} imágenes de entrenamiento y {validation} de validación; {epochs} ({state})",
                 train=format_count(counts["train"]), validation=format_count(counts["validation"]), epochs=epochs,
                 state=STATE_NAMES[info.state])
    return [(tr("Model", "Modelo"), model), (tr("Intended use", "Uso previsto"), use),
            (tr("Training", "Entrenamiento"), learned),
            (tr("Evaluation", "Evaluación"), tr("{n} pictures of the split “{split}”, which the model did not learn from",
                                                "{n} imágenes de «{split}», con las que el modelo no aprendió",
                                                n=format_count(len(answers)),
                                                split=SPLIT_NAMES.get(answers.split, answers.split))
             if answers.split != "train" else tr("{n} pictures that the model learned from: these figures say nothing about "
                                                 "new ones",
                                                 "{n} imágenes con las que el modelo aprendió: estas cifras no dicen nada de "
                                                 "las nuevas", n=format_count(len(answers)))),
            (tr("When it is not sure", "Cuando no está seguro"), _reject_text(calibration)),
            (tr("Caveats", "Advertencias"), " ".join(_caveats(run, manifest, figures)) or tr("None found.", "Ninguna."))]


def _reject_text(calibration: Calibration | None) -> str:
    if calibration is None:
        return tr("It always answers; its probabilities are not calibrated.",
                  "Responde siempre; sus probabilidades no están calibradas.")
    temperature = tr("Temperature {value}.", "Temperatura {value}.", value=format_number(calibration.temperature, ".3f"))
    if calibration.rejection is None:
        return tr("{temperature} It always answers.", "{temperature} Responde siempre.", temperature=temperature)
    return tr("{temperature} It says “not sure” by {kind} ({level}).", "{temperature} Dice «sin certeza» por {kind} ({level}).",
              temperature=temperature, kind=calibration.rejection.kind, level=format_number(calibration.rejection.level))


def _caveats(run: RunFolder, manifest: Manifest, figures: Report) -> list[str]:
    """What speaks against trusting the figures, from what is known."""
    found = []
    accuracy = figures["accuracy"]
    if accuracy.interval is not None and accuracy.interval[1] - accuracy.interval[0] > 0.1:
        found.append(tr("The accuracy is known to within {n} points only: there are few pictures.",
                        "La exactitud solo se conoce con un margen de {n} puntos: hay pocas imágenes.",
                        n=format_number(100 * (accuracy.interval[1] - accuracy.interval[0]), ".0f")))
    absent = [row.name for row in figures.classes if not row.support]
    if absent:
        found.append(tr("Classes without pictures here: {names}.", "Clases sin imágenes aquí: {names}.",
                        names=", ".join(absent[:10])))
    sizes = Counter(entry.label for entry in manifest.split("train"))
    if sizes and max(sizes.values()) >= 3 * max(1, min(sizes.values())):
        found.append(tr("The classes are of unequal size ({least} to {most} training pictures).",
                        "Las clases tienen tamaños desiguales (de {least} a {most} imágenes de entrenamiento).",
                        least=format_count(min(sizes.values())), most=format_count(max(sizes.values()))))
    found += [f"{SHORTCUTS[probe.probe].label}: {SHORTCUTS[probe.probe].meaning}" for probe in read_shortcuts(run)
              if probe.suspicious and probe.probe in SHORTCUTS]
    return found


def _matrix(answers: Answers) -> dict[str, Any]:
    """The confusion matrix with a shade (0 to 100) for each cell; empty where it is too large to read."""
    names = answers.class_names
    if len(names) > _MOST_CLASSES:
        return {"names": (), "rows": ()}
    shares = np.nan_to_num(row_shares(answers.confusion))
    return {"names": names, "rows": [
        [{"count": int(count), "shade": round(100 * float(share))} for count, share in zip(row, of, strict=True)]
        for row, of in zip(answers.confusion, shares, strict=True)]}


def _pairs(answers: Answers) -> list[str]:
    names = answers.class_names
    return [tr("{n} of {label} as {predicted} ({share})", "{n} de {label} como {predicted} ({share})",
               n=format_count(pair.count),
               label=names[pair.label], predicted=names[pair.predicted], share=format_number(pair.share, ".0%"))
            for pair in confused_pairs(answers.confusion, 10)]


def _worst(run: RunFolder, answers: Answers) -> list[Picture]:
    """The mistakes that the model was surest of."""
    files = picture_files(run.manifest_path, run.project_folder)
    predicted = answers.predicted
    sure = answers.probabilities[np.arange(len(answers)), predicted]
    wrong = np.flatnonzero(predicted != answers.labels)
    pictures = []
    for number in wrong[np.argsort(-sure[wrong], kind="stable")][:_WORST].tolist():
        path = answers.paths[number]
        try:
            data = encode_thumbnail(thumbnail(files[path][1] if path in files else Path(path), _SIDE), 80)
        except (OSError, PictureError):
            continue
        pictures.append(Picture("data:image/jpeg;base64," + base64.b64encode(data).decode(), path,
                                answers.class_names[int(answers.labels[number])],
                                answers.class_names[int(predicted[number])], format_number(float(sure[number]), ".0%")))
    return pictures


def _shortcuts(run: RunFolder) -> list[dict[str, Any]]:
    return [{"label": str(SHORTCUTS[probe.probe].label), "accuracy": format_number(probe.accuracy, ".1%"),
             "width": f"{100 * probe.accuracy:.1f}", "chance": f"{100 * probe.chance:.1f}", "suspicious": probe.suspicious,
             "interval": " – ".join(format_number(end, ".1%") for end in probe.interval)}
            for probe in read_shortcuts(run) if probe.probe in SHORTCUTS]


def _curve(run: RunFolder) -> list[str]:
    """The learning curve, a line each."""
    curve = read_curve(run)
    if curve is None:
        return []
    lines = [tr("{n} training pictures: {accuracy}", "{n} imágenes de entrenamiento: {accuracy}",
                n=format_count(point.pictures), accuracy=format_number(point.accuracy, ".1%")) for point in curve.points]
    if curve.expected is not None:
        low, high, gain = (format_number(100 * value, "+.1f") for value in (*curve.expected.interval, curve.expected.gain))
        lines.append(tr("expected with {n}: {gain} points ({low} to {high})",
                        "previsto con {n}: {gain} puntos (de {low} a {high})",
                        n=format_count(curve.expected.pictures), gain=gain, low=low, high=high))
    return lines


def _layers(run: RunFolder) -> list[dict[str, str]]:
    """The layers in order, with shape and parameters."""
    project = run.spec()
    names = read_manifest(run.manifest_path).header.class_names
    context = context_of(project, max(2, len(names)), ProjectBases(run.project_folder))
    found = network_report(project.network, context)
    rows = []
    for identifier in found.order:
        node, facts = found.network.node(identifier), found.nodes[identifier]
        if node is not None:
            rows.append({"name": title(node, context.bases), "settings": summary(node, context),
                         "shape": "" if facts.shape is None else " × ".join(map(str, facts.shape)),
                         "parameters": format_count(facts.cost.parameters)})
    return rows


def _data_rows(manifest: Manifest) -> list[dict[str, Any]]:
    """The pictures of each class by split."""
    counts = Counter((entry.label, entry.split) for entry in manifest.entries)
    return [{"name": name, "counts": [counts[number, split] for split in SPLITS]}
            for number, name in enumerate(manifest.header.class_names)]


def _plain(value: Any) -> str:
    if value in ((), [], {}, "", None):
        return "–"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def default_split(run: RunFolder) -> str:
    """The first of test, validation and training that the run's present model has answers for; raises ProblemError (the reason
    why there are none for the first that has pictures)."""
    manifest = read_manifest(run.manifest_path)
    present = [split for split in ("test", "validation", "train") if manifest.split(split)]
    problems = []
    for split in present:
        try:
            calibrated_answers(run, split)
        except ProblemError as problem_error:
            problems.append(problem_error)
        else:
            return split
    if problems:
        raise problems[0]
    return "test"
