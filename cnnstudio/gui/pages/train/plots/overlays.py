"""Other runs behind the one on screen: each as a curve, those of a group of seeds or folds as one band."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from PySide6.QtGui import QColor

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.plots.curve_plot import OtherRun
from cnnstudio.gui.pages.train.plots.history import Curves, curves_of
from cnnstudio.workers.runs.folder import RunFolder, RunSummary
from cnnstudio.workers.runs.group_figures import are_trained_together


def others_of(runs: Sequence[RunSummary], shown: str, color: Callable[[RunSummary], QColor]) -> dict[str, OtherRun]:
    """The runs but the shown one by their ids. Two or more runs that were trained as one group are one entry, by the id of
    the first of them; the shown run has a part in its band."""
    groups: dict[str, list[RunSummary]] = defaultdict(list)
    for run in runs:
        if run.origin.grouped_by and run.group:
            groups[run.group].append(run)
    for group in groups.values():
        # In whatever order the runs come, the band has the colour of the first seed or fold.
        group.sort(key=lambda run: (run.origin.member, run.id))
    banded = {run.id: members for members in groups.values() if len(members) > 1 and are_trained_together(members)
              for run in members}
    others: dict[str, OtherRun] = {}
    for run in runs:
        members = banded.get(run.id)
        if members is None and run.id != shown:
            others[run.id] = OtherRun(run.title, color(run), _curves(run))
        elif members is not None and run is members[0]:
            curves = tuple(_curves(member) for member in members)
            others[run.id] = OtherRun(_group_name(run, len(members)), color(run), curves[0], curves)
    return others


def _curves(run: RunSummary) -> Curves:
    return curves_of(RunFolder(run.folder).epochs())


def _group_name(run: RunSummary, count: int) -> str:
    if run.group != run.origin.group:
        return tr("{group}, mean ± deviation", "{group}, media ± desviación", group=run.group)
    if run.origin.grouped_by == "folds":
        return tr("{n} folds, mean ± deviation", "{n} pliegues, media ± desviación", n=count)
    return tr("{n} seeds, mean ± deviation", "{n} semillas, media ± desviación", n=count)
