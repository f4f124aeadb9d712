"""The key figures of a search: the best value, the trials, the time and what is left of it."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.search import Ending
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.search.naming import trial_name
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.state.search_job import SearchJob
from cnnstudio.gui.widgets.cards import KeyFigure, KeyFigures
from cnnstudio.gui.widgets.formatting import format_duration, format_time_left

_ENDINGS: Final[dict[Ending, Text]] = {
    "trials": Text("all trials done", "todos los ensayos hechos"), "seconds": Text("its time is over", "se acabó su tiempo"),
    "no_more_to_gain": Text("more trials will hardly help", "más ensayos apenas ayudarán"),
    "all_tried": Text("every combination was tried", "se probaron todas las combinaciones"),
    "stopped": Text("stopped, can go on", "detenida, puede continuar"),
    "problem": Text("ended by a problem", "terminada por un problema")}


class SearchFigures(KeyFigures):
    """Best, trials, time, left."""

    def __init__(self) -> None:
        self._best = KeyFigure(tr("Best", "El mejor"))
        self._trials = KeyFigure(tr("Trials", "Ensayos"))
        self._time = KeyFigure(tr("Time", "Tiempo"))
        self._left = KeyFigure(tr("Time left", "Tiempo restante"))
        super().__init__(self._best, self._trials, self._time, self._left, wide=760)

    def show_search(self, shown: Shown, job: SearchJob | None) -> None:
        """Show a search, and the session of it that this window drives."""
        search = shown.search
        self._best.set_caption(str(shown.objective_type.label))
        best = None if shown.best is None else search.trial(shown.best)
        front = len(search.front) if len(search.spec.objectives) > 1 else 0
        note = "" if best is None else trial_name(best) + (tr(", {n} on the front", ", {n} en el frente", n=front) if front
                                                           else "")
        self._best.set("–" if best is None else shown.objective_text(best), note)
        over = sum(trial.state in ("complete", "pruned", "failed") for trial in search.trials)
        pruned = sum(trial.state == "pruned" for trial in search.trials)
        failed = sum(trial.state == "failed" for trial in search.trials)
        parts = []
        if pruned:
            parts.append(tr("{n} ended early", "{n} terminado antes" if pruned == 1 else "{n} terminados antes", n=pruned))
        if failed:
            parts.append(tr("{n} failed", "{n} fallido" if failed == 1 else "{n} fallidos", n=failed))
        self._trials.set(tr("{n} of {all}", "{n} de {all}", n=over, all=search.spec.trials), ", ".join(parts))
        self._time.set(format_duration(search.seconds) if search.seconds else "–", self._each(shown))
        self.show_left(shown, job)

    @staticmethod
    def _each(shown: Shown) -> str:
        seconds = [trial.seconds for trial in shown.search.trials if trial.seconds and trial.state == "complete"]
        return tr("{time} a trial", "{time} por ensayo", time=format_duration(sum(seconds) / len(seconds))) if seconds else ""

    def show_left(self, shown: Shown, job: SearchJob | None) -> None:
        """The time left, and how the search stands."""
        search = shown.search
        if job is not None:
            running = sum(trial.state == "running" for trial in search.trials)
            self._left.set("–" if job.seconds_left is None or job.cancelling else format_time_left(job.seconds_left),
                           tr("stopping…", "deteniendo…") if job.cancelling else tr("{n} running", "{n} en marcha", n=running)
                           if running else tr("starting", "iniciando"))
        elif search.running:
            self._left.set("–", tr("going on in another program", "en marcha en otro programa"))
        else:
            ending = _ENDINGS[search.ending] if search.ending is not None else Text("interrupted, can go on",
                                                                                    "interrumpida, puede continuar")
            self._left.set("–", str(ending))
