"""What the views of a search show: its trials with names and axes, and which of them are kept by a brush or chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cnnstudio.core.search import Choices
from cnnstudio.gui.pages.search.naming import value_text
from cnnstudio.gui.pages.search.results.scales import NumberScale, Scale, key_scale
from cnnstudio.workers.search.objectives import ObjectiveType, objective_type
from cnnstudio.workers.search.reading import Search, Trial


@dataclass(frozen=True)
class Shown:
    """`names` and `labels` are by key; `objective` is the place of the chosen one."""

    search: Search
    names: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    objective: int = 0

    @property
    def objective_type(self) -> ObjectiveType:
        """The chosen objective."""
        return objective_type(self.search.spec.objectives[self.objective])

    @property
    def keys(self) -> list[str]:
        """The varied keys."""
        return [item.key for item in self.search.spec.varied]

    def value(self, trial: Trial) -> float | None:
        """The value of a trial by the chosen objective; of one that ended early its last."""
        return trial.values[self.objective] if self.objective < len(trial.values) else None

    def better(self, one: float, other: float) -> bool:
        """Whether a value of the chosen objective is better than another."""
        maximize = self.search.spec.objectives[self.objective].direction == "maximize"
        return one > other if maximize else one < other

    @property
    def best(self) -> int | None:
        """The number of the best trial by the chosen objective."""
        return self.search.best[self.objective] if self.objective < len(self.search.best) else None

    def valued(self) -> list[tuple[Trial, float]]:
        """The complete trials with their values."""
        return [(trial, value) for trial in self.search.complete if (value := self.value(trial)) is not None]

    def scale(self, key: str) -> Scale:
        """The axis of a key."""
        item = next(item for item in self.search.spec.varied if item.key == key)
        return key_scale(item, self.names.get(key, key), self.labels.get(key))

    def is_choice(self, key: str) -> bool:
        return any(item.key == key and isinstance(item.values, Choices) for item in self.search.spec.varied)

    def objective_scale(self, place: int | None = None, *, pruned: bool = False) -> NumberScale:
        """The axis of an objective, over the values that were reached."""
        place = self.objective if place is None else place
        kind = objective_type(self.search.spec.objectives[place])
        trials = self.search.trials if pruned else self.search.complete
        values = [trial.values[place] for trial in trials if place < len(trial.values)]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        margin = (high - low) * 0.04
        form = ".1%" if kind.form.endswith("%") else kind.form
        return NumberScale(str(kind.label), low - margin, high + margin, form=form, unit=kind.unit)

    def share(self, value: float) -> float:
        """How good a value is among those of the complete trials, from 0 to 1."""
        values = [other for _trial, other in self.valued()]
        if not values or max(values) == min(values):
            return 1.0
        share = (value - min(values)) / (max(values) - min(values))
        return share if self.better(1, 0) else 1 - share

    def text(self, key: str, trial: Trial) -> str:
        """The value of a key in a trial; "–" where it does not matter."""
        return value_text(trial.params[key], self.labels.get(key)) if key in trial.params else "–"

    def objective_text(self, trial: Trial, place: int | None = None) -> str:
        """The value of an objective in a trial; "" before the end."""
        place = self.objective if place is None else place
        if place >= len(trial.values):
            return ""
        return objective_type(self.search.spec.objectives[place]).format(trial.values[place])

    def read(self, trial: Trial) -> str:
        """A trial in a few lines, for the readout at the cursor."""
        from cnnstudio.gui.pages.search.naming import STATES, trial_name

        head = trial_name(trial) + ("" if trial.state == "complete" else f" · {STATES[trial.state]}")
        values = [f"{objective_type(objective).label}: {self.objective_text(trial, place)}"
                  for place, objective in enumerate(self.search.spec.objectives) if place < len(trial.values)]
        settings = [f"{self.names.get(key, key)}: {self.text(key, trial)}" for key in trial.params][:8]
        return "\n".join((head, *values, *settings))
