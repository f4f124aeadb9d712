"""The parts of a report about properties of the pictures and about scenarios, as plain values for the template."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.core.display import format_count
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import format_number, tr
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.scenarios import list_scenarios, present_pictures
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.by_property import CORRECTION, TESTS, accuracies_by
from cnnstudio.workers.property_texts import bin_label
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.properties import property_values
from cnnstudio.workers.runs.scenarios import measure_scenarios

_MOST: Final = 6
"""Properties of which the bins are shown; the others have a line each."""


def property_parts(run: RunFolder, answers: Answers, on_progress: OnProgress | None = None, cancelled: Cancelled = never
                   ) -> dict[str, Any]:
    """The accuracy by properties: `shown` with their bins, the most telling first, and `others` in a line each."""
    values = property_values(run, answers, on_progress=on_progress, cancelled=cancelled)
    found = accuracies_by(answers, values.values)
    shown = [item for item in found if item.p_value is not None][:_MOST]
    return {
        "overall": f"{100 * found[0].accuracy:.1f}" if found else "0", "correction": str(CORRECTION),
        "shown": [{"label": str(values.find(item.id).label), "matters": item.matters,
                   "p": format_number(item.adjusted or 0.0, ".2g"), "test": str(TESTS[item.test]),
                   "bins": [{"label": bin_label(values.find(item.id), part), "accuracy": format_number(part.accuracy, ".1%"),
                             "width": f"{100 * part.accuracy:.1f}", "differs": part.differs_from(item.accuracy),
                             "interval": " – ".join(format_number(end, ".1%") for end in part.interval),
                             "pictures": format_count(part.pictures)} for part in item.bins]} for item in shown],
        "others": [f"{values.find(item.id).label}: " + (
            str(item.reason) if item.adjusted is None else tr("no sign that it matters (p = {p})",
                                                              "no hay indicios de que importe (p = {p})",
                                                              p=format_number(item.adjusted, ".2g")))
                   for item in found if item not in shown]}


def scenario_parts(run: RunFolder) -> list[dict[str, str]]:
    """The scenarios of the project as the run answers them; none where the index cannot be read."""
    try:
        index = open_index(run.project_folder)
    except ProblemError:
        return []
    try:
        scenarios = list_scenarios(index)
        present = present_pictures(index, scenarios)
    finally:
        index.close()
    rows = []
    for measured in measure_scenarios(run, scenarios, present).values() if scenarios else ():
        interval = measured.interval
        rows.append({
            "name": measured.scenario.name, "note": measured.scenario.note,
            "accuracy": "–" if measured.accuracy is None else format_number(measured.accuracy, ".1%"),
            "interval": "" if interval is None else " – ".join(format_number(end, ".1%") for end in interval),
            "pictures": format_count(measured.pictures), "learned": format_count(len(measured.learned)),
            "missing": format_count(len(measured.waiting) + measured.unknown + measured.gone)})
    return rows
