"""What a search will try and cost, before it begins."""

from __future__ import annotations

import math

from cnnstudio.core.search import Choices, SearchSpec
from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.formatting import format_duration
from cnnstudio.workers.forecasts import find_forecast, forecast_key
from cnnstudio.workers.search.grid import grid_size, grid_values
from cnnstudio.workers.search.reading import Search
from cnnstudio.workers.search.samplers import SAMPLERS


def combinations_text(spec: SearchSpec) -> str:
    """How many settings there are."""
    if not spec.varied:
        return ""
    sampler = SAMPLERS.find(spec.sampler)
    if sampler is not None and sampler.finite:
        count = grid_size(spec.varied)
        words = tr("The grid has {n} combinations", "La cuadrícula tiene {n} combinaciones", n=format_number(count, ",d"))
        if count > spec.trials:
            return words + tr("; {n} of them are tried.", "; se prueban {n}.", n=format_number(spec.trials, ",d"))
        return words + "."
    sizes = [_size(item.values) for item in spec.varied]
    if math.inf in sizes:
        return tr("Continuous ranges: any number of combinations, of which {n} are tried.",
                  "Intervalos continuos: infinitas combinaciones, de las que se prueban {n}.",
                  n=format_number(spec.trials, ",d"))
    count = math.prod(int(size) for size in sizes)
    shown = format_number(count, ",d") if count < 1e7 else format_number(float(count), ".2g")
    return tr("{all} combinations, of which {n} are tried.", "{all} combinaciones, de las que se prueban {n}.", all=shown,
              n=format_number(min(spec.trials, count) if count < 1e7 else spec.trials, ",d"))


def _size(values: object) -> float:
    """How many values a key can have."""
    from cnnstudio.core.search import Range, Varied

    if isinstance(values, Choices):
        return len(values.values)
    assert isinstance(values, Range)
    if values.step is not None:
        return len(grid_values(Varied(key="", values=values)))
    return math.floor(values.high) - math.ceil(values.low) + 1 if values.whole else math.inf


def cost_text(workspace: Workspace, spec: SearchSpec, earlier: Search | None) -> str:
    """How long it will take at most: by the forecast of the present settings, else by the trials of an earlier search."""
    folder = workspace.session.folder
    told = None if folder is None else find_forecast(folder, forecast_key(workspace.session.project,
                                                                          workspace.counts.usable_counts()))
    seconds = None if told is None else told.total_seconds
    source = tr("by the forecast of the present settings", "según la previsión de los ajustes actuales")
    if seconds is None and earlier is not None:
        took = [trial.seconds for trial in earlier.trials if trial.state == "complete" and trial.seconds]
        seconds = sum(took) / len(took) if took else None
        source = tr("as long a trial as in the last search", "con la duración por ensayo de la última búsqueda")
    if seconds is None:
        return tr("No forecast yet: Estimate on the Train page tells what one training takes.",
                  "Aún sin previsión: Estimar, en la página Entrenar, dice lo que tarda un entrenamiento.")
    total = seconds * max(1, spec.folds) * spec.trials / spec.parallel
    if spec.seconds is not None and total > spec.seconds:
        return tr("It will use its whole time, {time}: about {n} trials, {source}.",
                  "Usará todo su tiempo, {time}: unos {n} ensayos, {source}.", time=format_duration(spec.seconds),
                  n=max(1, round(spec.trials * spec.seconds / total)), source=source)
    return tr("About {time} at most, {source}.", "Como máximo unos {time}, {source}.", time=format_duration(total),
              source=source)
