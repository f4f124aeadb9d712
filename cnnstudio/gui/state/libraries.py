"""Adding and removing optional libraries in the background."""

from __future__ import annotations

from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.session import Session

_KIND = "library:"


def installation(session: Session, identifier: str) -> Job | None:
    """The running job that adds or removes a library."""
    return session.jobs.of_kind(_KIND + identifier)


def install(session: Session, identifier: str, name: str) -> Job:
    """Add a library in a thread; the job that does so already, if there is one. "libraries" is announced at its end."""
    def work(report: Report) -> object:
        from cnnstudio.workers.library_install import install_library

        return install_library(identifier, report.event, report.check)

    return installation(session, identifier) or session.jobs.run(
        work, Text("Installing {name}", "Instalando {name}").fill(name=name), _KIND + identifier,
        done=lambda _job: session.announce("libraries"))


def remove(session: Session, identifier: str, name: str) -> Work | Job:
    """Remove an added library in a thread: it may be large."""
    def work(_report: Report) -> object:
        from cnnstudio.workers.library_install import remove_library

        return remove_library(identifier)

    return installation(session, identifier) or session.jobs.run(
        work, Text("Removing {name}", "Quitando {name}").fill(name=name), _KIND + identifier, quiet=True,
        done=lambda _job: session.announce("libraries"))
