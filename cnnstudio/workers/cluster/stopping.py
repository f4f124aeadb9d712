"""Stops a job that nobody follows."""

from __future__ import annotations

import time

from cnnstudio.core.commands import Stop
from cnnstudio.core.messages import encode_command
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.layout import job_folder
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.runs.away import Away


def send_stop(away: Away, keep: bool) -> None:
    """Ask the training to end after the present batch; raises ProblemError."""
    name = f"{time.time_ns():020d}-stop.json"
    Storage(away.cluster.storage).write(f"{job_folder(away.job)}/{layout.COMMANDS}/{name}", encode_command(Stop(keep=keep)))
