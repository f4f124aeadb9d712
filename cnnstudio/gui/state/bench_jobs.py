"""The children of the benches: they go on while the window is built anew in another language, or another page is shown."""

from __future__ import annotations

from cnnstudio.core.events import Event
from cnnstudio.core.jobs import JobSpec
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.session import Session


class BenchJob:
    """A child with everything that it has told, for a bench that is shown again later."""

    def __init__(self, spec: JobSpec, job: ChildJob) -> None:
        self.spec, self.job = spec, job
        self.events: list[Event] = []
        job.event.connect(self.events.append)


class BenchJobs:
    """The last child of each bench, by the bench and where it is shown, until another project is opened."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._kept: dict[str, BenchJob] = {}
        session.closing.connect(self._on_closing)

    def start(self, name: str, spec: JobSpec, job: ChildJob) -> None:
        """Start the child of a bench; what the one before has told is forgotten."""
        self._kept[name] = BenchJob(spec, job)
        self._session.jobs.start(job)

    def find(self, name: str) -> BenchJob | None:
        """The last child of a bench."""
        return self._kept.get(name)

    def forget(self, name: str) -> None:
        """What the child has told is no longer wanted."""
        self._kept.pop(name, None)

    def _on_closing(self) -> None:
        for kept in self._kept.values():
            if kept.job.running:
                kept.job.cancel(keep=False)
        self._kept.clear()
