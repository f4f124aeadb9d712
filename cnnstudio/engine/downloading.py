"""The FetchBase job: the weights of a base, downloaded once with resume and checksum, or taken from a file."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.commands import FetchBase
from cnnstudio.core.events import AnyEvent, Artifact, Finished
from cnnstudio.core.files import write_problem
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.base_weights import downloaded, weights_path
from cnnstudio.engine.phases import Told, phase
from cnnstudio.workers.link import Link

_CHUNK: Final = 1 << 16
_TIMEOUT_SECONDS: Final = 20.0


def fetch_base(job: FetchBase, link: Link) -> AnyEvent:
    """Bring the weights into the cache; nothing to do for a bundled base or one that is there."""
    base = BASES.find(job.base)
    if base is None:
        text = Text("This version does not know the base {base}.", "Esta versión no conoce la base {base}.")
        raise ProblemError(error("unknown_base", text.fill(base=job.base), "network"))
    phase(link, "fetching")
    target = downloaded(base)
    if base.weights.bundled:
        target = weights_path(base)
    elif job.file:
        take_file(Path(job.file), target, base.weights.checksum)
    elif not target.is_file() or not matches(target, base.weights.checksum):
        download(base.weights.url, target, base.weights.checksum, Told(link, "bytes"), link.check)
    link.emit(Artifact(kind="weights", path=str(target)))
    return Finished()


def download(url: str, target: Path, checksum: str, progress: Callable[[int, int], None],
             check: Callable[[], None]) -> None:
    """Download to `target`, going on where an earlier attempt broke off. Raises ProblemError
    (offline, download_failed, wrong_checksum, no_space...); what came is kept for the next attempt."""
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch(url, part, progress, check)
    except urllib.error.HTTPError as trouble:
        raise ProblemError(_failed(url, f"HTTP {trouble.code}")) from trouble
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as trouble:
        raise ProblemError(_offline(url, str(getattr(trouble, "reason", trouble)))) from trouble
    except OSError as trouble:
        raise ProblemError(write_problem(trouble, part)) from trouble
    if not matches(part, checksum):
        part.unlink()
        text = Text("What came from {url} is not the expected file (wrong checksum). It was thrown away: try again.",
                    "Lo recibido de {url} no es el archivo esperado (suma de control errónea). Se ha descartado: "
                    "inténtelo otra vez.")
        raise ProblemError(error("wrong_checksum", text.fill(url=url), "network"))
    os.replace(part, target)


def _fetch(url: str, part: Path, progress: Callable[[int, int], None], check: Callable[[], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as trouble:
        if trouble.code == 416 and have:
            # There is nothing behind what we have: it is whole, or it is not the same file.
            return
        raise
    with response:
        resumed = response.status == 206
        length = int(response.headers.get("Content-Length") or 0)
        done = have if resumed else 0
        total = done + length
        with part.open("ab" if resumed else "wb") as file:
            while chunk := response.read(_CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(done, max(total, done))
                check()
            file.flush()
            os.fsync(file.fileno())
    if length and done < total:
        raise ConnectionError(f"{done} of {total} bytes")


def take_file(source: Path, target: Path, checksum: str) -> None:
    """Copy a weights file that the user has; raises ProblemError."""
    if not source.is_file():
        text = Text("The weights file {path} is not there.", "El archivo de pesos {path} no está.")
        raise ProblemError(error("weights_missing", text.fill(path=source), "file", path=source))
    if not matches(source, checksum):
        text = Text("{path} is not the weights file that belongs to this base (wrong checksum).",
                    "{path} no es el archivo de pesos de esta base (suma de control errónea).")
        raise ProblemError(error("wrong_checksum", text.fill(path=source), "file", path=source))
    part = target.with_name(target.name + ".copy")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
        os.replace(part, target)
    except OSError as trouble:
        with contextlib.suppress(OSError):
            part.unlink()
        raise ProblemError(write_problem(trouble, target)) from trouble


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has that "sha256:..." or "md5:..." checksum; an empty one fits anything."""
    if not checksum:
        return True
    algorithm, _, wanted = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == wanted


def _mend() -> Text:
    return Text("Give a weights file that you have (parameter weights: from a file), or use the bundled "
                "EfficientNet-Lite0.",
                "Dé un archivo de pesos que tenga (parámetro weights: de un archivo) o use la EfficientNet-Lite0 "
                "incluida.")


def _offline(url: str, reason: str) -> Problem:
    text = Text("{url} cannot be reached ({reason}). Connect to the internet and try again: it goes on where it broke "
                "off. {mend}",
                "No se puede llegar a {url} ({reason}). Conéctese a internet e inténtelo otra vez: seguirá donde se "
                "cortó. {mend}")
    return error("offline", text.fill(url=url, reason=reason, mend=_mend()), "network", field="weights")


def _failed(url: str, reason: str) -> Problem:
    text = Text("{url} could not be downloaded ({reason}). {mend}", "No se pudo descargar {url} ({reason}). {mend}")
    return error("download_failed", text.fill(url=url, reason=reason, mend=_mend()), "network", field="weights")
