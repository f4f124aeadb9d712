"""What the checks look at: one capsule, the key, and what the model answered when it was evaluated again."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import msgspec

from cnnstudio.core.events import Epoch, Finished, Stopped
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.datasets.manifest import Manifest, read_manifest
from cnnstudio.evaluation.report import Value
from cnnstudio.learning.assignments.capsule import Capsule
from cnnstudio.learning.assignments.facts import RunFacts, model_parameters, run_facts
from cnnstudio.learning.assignments.model import Assignment, Handed, Key, Known
from cnnstudio.learning.assignments.pictures import copies_between
from cnnstudio.learning.assignments.weights import weights_digest

NEAR: Final = 0.12
"""The difference of signatures up to which two pictures are copies: as the audit has it by default."""
_LONG_ANSWER: Final = 40
"""Characters of all answers together from which equal ones are no chance."""


@dataclass(frozen=True)
class Outcome:
    """The metric on the hidden and on the validation pictures, the number of hidden ones that were answered, and the digest
    of all answers; or the problem that prevented the evaluation."""

    hidden: Value | None = None
    validation: Value | None = None
    answered: int = 0
    digest: str = ""
    problem: Problem | None = None


@dataclass(frozen=True)
class Prints:
    """By what two hand-ins are found to be the same work."""

    file: str
    student: str
    weights: str = ""
    events: str = ""
    answers: str = ""
    predictions: str = ""


@dataclass(frozen=True)
class Evidence:
    """One capsule with everything that its checks need; `others` are the fingerprints of the other capsules."""

    key: Key
    capsule: Capsule
    file: str
    outcome: Outcome = Outcome()
    others: tuple[Prints, ...] = ()
    near: float = field(default=NEAR)

    def with_others(self, others: Sequence[Prints]) -> Evidence:
        """The same with the other capsules of the folder."""
        return replace(self, others=tuple(item for item in others if item.file != self.file))

    @property
    def assignment(self) -> Assignment:
        return self.key.assignment

    @cached_property
    def manifest(self) -> Manifest | None:
        """The pictures of the run; None where its list cannot be read."""
        try:
            return read_manifest(self.capsule.run.manifest_path, as_trained=True)
        except ProblemError:
            return None

    @cached_property
    def stated(self) -> RunFacts | None:
        """What the specs, the events and the list of pictures say; None where they cannot be read."""
        try:
            return run_facts(self.capsule.run, self.manifest)
        except ProblemError:
            return None

    @cached_property
    def facts(self) -> RunFacts | None:
        """As `stated`, with the parameters that the model's file has."""
        if self.stated is None:
            return None
        return msgspec.structs.replace(self.stated, parameters=model_parameters(self.capsule.run.model_path, self.stated))

    @cached_property
    def pictures(self) -> tuple[Handed, ...]:
        """The pictures of the run: the split and the hash that the run recorded count before what was handed in."""
        handed = {picture.path: picture for picture in self.capsule.pictures}
        if self.manifest is None:
            return self.capsule.pictures
        names, result = self.manifest.header.class_names, []
        for entry in self.manifest.entries:
            name = names[entry.label] if 0 <= entry.label < len(names) else ""
            picture = handed.get(entry.path, Handed(path=entry.path, split=entry.split, class_name=name, missing=True))
            result.append(msgspec.structs.replace(picture, split=entry.split, class_name=name, hash=entry.hash or picture.hash))
        return tuple(result)

    @cached_property
    def known(self) -> dict[str, Known]:
        """The pictures of the assignment by content; a content that is in it twice counts for the split it was given for."""
        return {picture.hash: picture for picture in self.key.pictures if picture.split != "hidden"}

    @cached_property
    def foreign(self) -> tuple[Handed, ...]:
        """Pictures of the run that the assignment did not give out."""
        return tuple(picture for picture in self.pictures if picture.hash and picture.hash not in self.known)

    @cached_property
    def exact_leaks(self) -> tuple[Handed, ...]:
        """Pictures of the run that are hidden ones."""
        hidden = {picture.hash for picture in self.key.split("hidden")}
        return tuple(picture for picture in self.foreign if picture.hash in hidden)

    @cached_property
    def near_leaks(self) -> tuple[Handed, ...]:
        """Pictures that were brought from elsewhere and are nearly the same as hidden ones."""
        exact = {picture.path for picture in self.exact_leaks}
        others = [picture for picture in self.foreign if picture.path not in exact]
        found = copies_between([picture.signature for picture in others],
                               [picture.signature for picture in self.key.split("hidden")], self.near)
        return tuple(others[place] for place in sorted({one for one, _two, _difference in found}))

    @cached_property
    def trained_accuracy(self) -> float | None:
        """The validation accuracy of the kept weights by the events of the training; None where they do not tell it."""
        try:
            events = self.capsule.run.events()
        except (OSError, ProblemError):
            return None
        last = next((event for event in reversed(events) if isinstance(event, Finished | Stopped)), None)
        return None if last is None else last.metrics.get("val_accuracy")

    @cached_property
    def prints(self) -> Prints:
        """The fingerprints of this capsule."""
        return Prints(file=self.file, student=self.capsule.info.student, weights=weights_digest(self.capsule.run.model_path),
                      events=_events_digest(self), answers=_answers_digest(self.capsule.info.answers),
                      predictions=self.outcome.digest)

    def split_changes(self) -> Counter[tuple[str, str]]:
        """How many given pictures are in another split: (given as, used as)."""
        return Counter((self.known[picture.hash].split, picture.split) for picture in self.pictures
                       if picture.hash in self.known and self.known[picture.hash].split != picture.split)

    def label_changes(self) -> int:
        """How many given pictures have another class."""
        return sum(self.known[picture.hash].class_name != picture.class_name for picture in self.pictures
                   if picture.hash in self.known)

    def dropped(self) -> int:
        """How many of the given validation pictures the run does not have."""
        used = {picture.hash for picture in self.pictures}
        return len({picture.hash for picture in self.key.split("validation")} - used)


def _events_digest(evidence: Evidence) -> str:
    """A digest of the course of the training: equal seeds and data give equal figures, but never equal seconds."""
    try:
        epochs = [event for event in evidence.capsule.run.events() if isinstance(event, Epoch)]
    except (OSError, ProblemError):
        return ""
    if not epochs:
        return ""
    course = [(event.epoch, sorted(event.metrics.items()), event.seconds, event.time) for event in epochs]
    return hashlib.sha256(msgspec.json.encode(course)).hexdigest()


def _answers_digest(answers: dict[str, str]) -> str:
    plain = {name: " ".join(text.casefold().split()) for name, text in sorted(answers.items())}
    if sum(map(len, plain.values())) < _LONG_ANSWER:
        return ""
    return hashlib.sha256(msgspec.json.encode(plain)).hexdigest()
