"""The scenarios of a project as its runs answer them: measured from kept answers, or by an evaluation of what is missing.

Accuracies are those on pictures that a run did not learn from. Pictures of its training split are counted apart: a model may
know them by heart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import Evaluate
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.renamed_classes import FILE, class_numbers
from cnnstudio.core.text import language
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.manifest import Entry, Header, read_manifest, write_manifest
from cnnstudio.datasets.run_pictures import picture_files
from cnnstudio.datasets.scenarios import Scenario, present_pictures
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.pictures import SCENARIOS, evaluated_manifest
from cnnstudio.workers.runs.run_problems import no_model_problem

_SPLITS: Final = ("test", "validation", "train", SCENARIOS)
"""In this order an answer is looked for."""


@dataclass(frozen=True)
class PictureAnswer:
    """What a run answers for a picture: its file, its path in the list of the evaluation of `split`, and the names of its class
    and of the predicted one with the probability (0 to 1). `learned`: the run was trained on it."""

    file: Path
    path: str
    label: str
    predicted: str
    probability: float
    split: str
    learned: bool
    file_bytes: int = 0
    modified_ns: int = 0

    @property
    def right(self) -> bool:
        return self.label == self.predicted


@dataclass(frozen=True)
class Measured:
    """A scenario as a run answers it. `held_out` are the answers by content hash of pictures that it did not learn from,
    `learned` those of pictures that it did; `waiting` are the hashes of pictures that could be measured, `unknown` counts
    those of classes that the model does not know, and `gone` those that are in the collection no more."""

    scenario: Scenario
    held_out: Mapping[str, PictureAnswer]
    learned: Mapping[str, PictureAnswer]
    waiting: tuple[str, ...] = ()
    unknown: int = 0
    gone: int = 0

    @cached_property
    def right(self) -> int:
        return sum(answer.right for answer in self.held_out.values())

    @property
    def pictures(self) -> int:
        """How many pictures the accuracy is of."""
        return len(self.held_out)

    @property
    def accuracy(self) -> float | None:
        """On pictures that the run did not learn from (0 to 1); None without any."""
        return self.right / self.pictures if self.held_out else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's, 95 %."""
        return wilson_interval(self.right / self.pictures, self.pictures) if self.held_out else None

    @property
    def learned_accuracy(self) -> float | None:
        """On pictures that the run learned from; it says nothing about others."""
        return sum(answer.right for answer in self.learned.values()) / len(self.learned) if self.learned else None

    def wrong(self) -> list[PictureAnswer]:
        """The wrong answers, the surest first; those of pictures that were learned from at the end."""
        answers = [*self.held_out.values(), *self.learned.values()]
        return sorted((answer for answer in answers if not answer.right),
                      key=lambda answer: (answer.learned, -answer.probability, answer.path))


@dataclass(frozen=True)
class Difference:
    """The accuracy of one run minus that of another on the `pictures` that both were measured on, and the p value of McNemar's
    exact test."""

    pictures: int
    difference: float
    p_value: float


def measure_scenarios(run: RunFolder, scenarios: Sequence[Scenario], present: Mapping[str, tuple[str, str]]
                      ) -> dict[int, Measured]:
    """The scenarios, by their ids, from the answers that the run's present model gave before. `present` are those of
    `datasets.scenarios.present_pictures`. Raises ProblemError where the run's list cannot be read."""
    known = _known_answers(run)
    names = class_numbers(run.folder, read_manifest(run.manifest_path).header.class_names)
    found = {}
    for scenario in scenarios:
        held_out: dict[str, PictureAnswer] = {}
        learned: dict[str, PictureAnswer] = {}
        waiting, unknown, gone = [], 0, 0
        for picture in scenario.pictures:
            answer = known.get(picture.hash)
            if answer is not None:
                (learned if answer.learned else held_out)[picture.hash] = answer
            elif picture.hash not in present:
                gone += 1
            elif present[picture.hash][1] not in names:
                unknown += 1
            else:
                waiting.append(picture.hash)
        found[scenario.id] = Measured(scenario, held_out, learned, tuple(waiting), unknown, gone)
    return found


def compare_measured(one: Measured, other: Measured) -> Difference | None:
    """`one` minus `other` on the pictures that neither run learned from; None without any."""
    from scipy.stats import binomtest

    common = one.held_out.keys() & other.held_out.keys()
    if not common:
        return None
    pairs = [(one.held_out[digest].right, other.held_out[digest].right) for digest in common]
    only_one, only_other = (sum(pair == wanted for pair in pairs) for wanted in ((True, False), (False, True)))
    apart = only_one + only_other
    p_value = float(binomtest(only_one, apart).pvalue) if apart else 1.0
    return Difference(len(common), (only_one - only_other) / len(common), p_value)


def best_runs(column: Mapping[str, Measured]) -> set[str]:
    """The ids of the runs with the highest accuracy of a scenario, among those that were measured on the most pictures: runs
    that learned from some of them cannot be put in order with the others."""
    most = max((item.pictures for item in column.values()), default=0)
    full = {run: item.right for run, item in column.items() if item.pictures == most and most}
    return {run for run, right in full.items() if right == max(full.values())} if len(full) > 1 else set()


# Known answers -------------------------------------------------------------------------------------


def _known_answers(run: RunFolder) -> Mapping[str, PictureAnswer]:
    """The answers of the run by content hash. Raises ProblemError."""
    paths = [run.manifest_path, run.model_path, run.calibration_path, run.folder / FILE,
             *(run.answers_path(split) for split in _SPLITS)]
    return _read_answers(run.folder, tuple(_state(path) for path in paths))


def _state(path: Path) -> tuple[int, int]:
    try:
        facts = path.stat()
    except OSError:
        return 0, 0
    return facts.st_mtime_ns, facts.st_size


@lru_cache(32)
def _read_answers(folder: Path, _states: tuple[tuple[int, int], ...]) -> Mapping[str, PictureAnswer]:
    """As `_known_answers`, once for each state of the files."""
    run = RunFolder(folder)
    learned = {entry.hash for entry in read_manifest(run.manifest_path).split("train") if entry.hash}
    found: dict[str, PictureAnswer] = {}
    for split in _SPLITS:
        try:
            answers = calibrated_answers(run, split)
            files = picture_files(evaluated_manifest(run, split), run.project_folder)
        except ProblemError:
            # Not evaluated, or by another model: then these pictures wait.
            continue
        names, predicted = answers.class_names, answers.predicted.tolist()
        for number, path in enumerate(answers.paths):
            entry, file = files.get(path, (None, None))
            if entry is None or file is None or not entry.hash or entry.hash in found:
                continue
            found[entry.hash] = PictureAnswer(
                file, path, names[int(answers.labels[number])], names[predicted[number]],
                float(answers.probabilities[number, predicted[number]]), split, entry.hash in learned,
                entry.size, entry.modified_ns)
    return found


# Measuring what is missing -------------------------------------------------------------------------


def scenarios_job(run: RunFolder, scenarios: Sequence[Scenario], index: Index, root: Path) -> Evaluate | None:
    """The job that evaluates the run on all pictures of these scenarios that it has no answer for; None where none waits.
    Raises ProblemError (no_model, ...)."""
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    present = present_pictures(index, scenarios)
    measured = measure_scenarios(run, scenarios, present)
    if not any(item.waiting for item in measured.values()):
        return None
    # The answers of an earlier job are replaced: their pictures come along.
    splits = {digest for digest, answer in _known_answers(run).items() if answer.split != SCENARIOS}
    wanted = {digest for scenario in scenarios for digest, _path in scenario.pictures if digest in present} - splits
    header = read_manifest(run.manifest_path).header
    numbers = class_numbers(run.folder, header.class_names)
    entries = [Entry(path=path, label=numbers[name], split=SCENARIOS, hash=digest)
               for digest, (path, name) in sorted(present.items(), key=lambda item: item[1])
               if digest in wanted and name in numbers]
    header = Header(root=str(root), class_names=header.class_names, label_mode=header.label_mode)
    manifest = evaluated_manifest(run, SCENARIOS)
    try:
        write_manifest(manifest, header, entries)
    except ProblemError:
        # The project cannot be written: the result is reported but not kept.
        manifest = cache_folder() / "evaluation" / f"{run.id}-{SCENARIOS}.manifest.jsonl"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        write_manifest(manifest, header, entries)
    training = run.spec().training
    return Evaluate(run_folder=str(run.folder), manifest=str(manifest), split=SCENARIOS, table=str(run.table_path(SCENARIOS)),
                    backend=training.backend, device=training.device, cache=str(cache_folder()), language=language())

