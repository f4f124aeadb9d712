"""The FetchBase job: the weights of a base, downloaded once with resume and checksum, or taken from a file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core import fetching
from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.events import Artifact, Event, Finished
from cnnstudio.core.fetching import matches
from cnnstudio.core.jobs import FetchBase
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.base_weights import download_path
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.interchange.base_weights import unfit_problem, weights_path
from cnnstudio.workers.link import Link

_MEND: Final = Text("Choose a weights file of your own (parameter weights: from a file), or use the bundled "
                    "EfficientNet-Lite0.",
                    "Elija un archivo de pesos propio (parámetro weights: de un archivo) o use la EfficientNet-Lite0 "
                    "incluida.")


def fetch_base(job: FetchBase, link: Link) -> Event:
    """Put the weights into the cache, unless they are bundled or in it already."""
    base = BASES.find(job.base)
    if base is None:
        text = Text("This version does not know the base {base}.", "Esta versión no conoce la base {base}.")
        raise ProblemError(error("unknown_base", text.fill(base=job.base), "network"))
    phase(link, "fetching")
    target = download_path(base)
    if base.weights.bundled:
        target = weights_path(base)
    elif job.file:
        check_file(base, Path(job.file))
        take_file(Path(job.file), target, base.weights.checksum)
    elif not target.is_file() or not matches(target, base.weights.checksum) or _foreign(base, target) is not None:
        download(base.weights.url, target, base.weights.checksum, ThrottledProgress(link, "bytes"), link.check)
        problem = _foreign(base, target)
        if problem is not None:
            # If it stayed, it would count as the weights the next time.
            target.unlink(missing_ok=True)
            raise ProblemError(problem)
    link.emit(Artifact(kind="weights", path=str(target)))
    return Finished()


def check_file(base: Base, source: Path) -> None:
    """Raise ProblemError for an existing file without the weights of the base."""
    problem = _foreign(base, source) if source.is_file() else None
    if problem is not None:
        raise ProblemError(problem)


def _foreign(base: Base, path: Path) -> Problem | None:
    """A known checksum decides."""
    return None if base.weights.checksum else unfit_problem(base, path)


def download(url: str, target: Path, checksum: str, progress: Callable[[int, int], None],
             check: Callable[[], None]) -> None:
    """Download weights as `core.fetching` does it; its problems say what else helps."""
    fetching.download(url, target, checksum, progress, check, mend=_MEND, field="weights")


def take_file(source: Path, target: Path, checksum: str) -> None:
    """Copy a weights file that the user has; raises ProblemError."""
    if not source.is_file():
        text = Text("The weights file {path} does not exist. Choose another file.",
                    "El archivo de pesos {path} no existe. Elija otro archivo.")
        raise ProblemError(error("weights_missing", text.fill(path=source), "file", path=source))
    if not matches(source, checksum):
        text = Text("{path} is not the weights file of this base (wrong checksum). Choose another file.",
                    "{path} no es el archivo de pesos de esta base (suma de comprobación incorrecta). Elija otro archivo.")
        raise ProblemError(error("wrong_checksum", text.fill(path=source), "file", path=source))
    with atomic_path(target) as part:
        shutil.copyfile(source, part)
