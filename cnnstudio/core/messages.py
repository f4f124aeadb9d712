"""Events and commands as bytes: JSON by msgspec, decoded against the declared types."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final

import msgspec

from cnnstudio.core import (
    cluster_jobs,
    conversion_jobs,
    explain_jobs,
    export_jobs,
    feature_jobs,
    learning_jobs,
    search_jobs,
    service_jobs,
    trial_jobs,
)
from cnnstudio.core.commands import Command
from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec

JOBS: Final[tuple[type[JobSpec], ...]] = tuple(JobSpec.__subclasses__())
"""All jobs, those of all ten modules."""
assert {cluster_jobs.SharePictures, trial_jobs.Forecast, conversion_jobs.ConvertTorch,
        explain_jobs.ExplainPictures, export_jobs.Export,
        feature_jobs.ComputeFeatures, learning_jobs.SliceLoss, search_jobs.MeasureLatency,
        service_jobs.ServeUploads} <= {*JOBS}

if TYPE_CHECKING:
    AnyJob = JobSpec
else:
    AnyJob = reduce(or_, JOBS)


class Start(Command, frozen=True, kw_only=True):
    """The first command to a child: its job."""

    job: AnyJob


def _leaves(base: type) -> list[type]:
    below: list[type] = base.__subclasses__()
    return [leaf for part in below for leaf in _leaves(part)] if below else [base]


def _union(base: type) -> Any:
    """The union of all message types below a base, as msgspec decodes it."""
    return reduce(or_, _leaves(base))


_events: msgspec.json.Decoder[Event] = msgspec.json.Decoder(_union(Event))
_commands: msgspec.json.Decoder[Command] = msgspec.json.Decoder(_union(Command))
_encoder = msgspec.json.Encoder()


def encode_event(event: Event) -> bytes:
    """One line of JSON without the line end."""
    return _encoder.encode(event)


def decode_event(line: bytes | str) -> Event:
    """The event; raises ValueError for anything else."""
    try:
        return _events.decode(line)
    except RecursionError as recursion_error:
        raise ValueError("nested too deeply") from recursion_error


def encode_command(command: Command) -> bytes:
    """One line of JSON without the line end."""
    return _encoder.encode(command)


def decode_command(data: bytes) -> Command:
    """The command; raises ValueError for anything else."""
    try:
        return _commands.decode(data)
    except RecursionError as recursion_error:
        raise ValueError("nested too deeply") from recursion_error
