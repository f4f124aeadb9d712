"""One process at a time works on a run."""

from __future__ import annotations

import time

from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.runs.folder import RunFolder


def lock_run(run: RunFolder) -> ProjectLock:
    """Hold the run for the life of this process; raises ProblemError (run_in_use)."""
    lock = ProjectLock(run.folder)
    for _ in range(20):
        problem = lock.acquire()
        if problem is None:
            return lock
        if problem.code != "project_in_use":
            raise ProblemError(problem)
        # A process that checks whether the run is active holds the lock for a moment.
        time.sleep(0.05)
    text = Text("Another process is working on the run {id}. Wait until it ends.",
                "Otro proceso está trabajando en el entrenamiento {id}. Espere a que termine.")
    raise ProblemError(error("run_in_use", text.fill(id=run.id), "run", path=run.folder))
