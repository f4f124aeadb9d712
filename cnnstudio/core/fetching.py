"""Downloads with progress, resume, retries and checksum."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import Area, Problem, ProblemError, error
from cnnstudio.core.text import Text

_CHUNK: Final = 1 << 16
_TIMEOUT_SECONDS: Final = 20.0
_PAUSE_SECONDS: Final = 1.0

_UNREACHED: Final = (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException)


def download(url: str, target: Path, checksum: str, progress: Callable[[int, int], None], check: Callable[[], None],
             *, mend: Text = Text("", ""), area: Area = "network", field: str | None = None, tries: int = 1) -> None:
    """Download to `target`, going on where an earlier attempt broke off. Raises ProblemError
    (offline, download_failed, wrong_checksum, no_space...); the part that has arrived is kept for the next attempt.

    `check` is called between the pieces and may raise to end it; `mend` is a sentence about what else helps. A
    connection that breaks is tried again up to `tries` times in all.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _fetch_patiently(url, part, progress, check, tries)
    except urllib.error.HTTPError as err:
        text = Text("{url} could not be downloaded ({reason}). {mend}", "No se pudo descargar {url} ({reason}). {mend}")
        raise ProblemError(_download_problem("download_failed", text, url, f"HTTP {err.code}", mend, area, field)) from err
    except _UNREACHED as err:
        text = Text("{url} cannot be reached ({reason}). Connect to the internet and try again: the download resumes where "
                    "it stopped. {mend}",
                    "No se puede acceder a {url} ({reason}). Conéctese a internet e inténtelo otra vez: la descarga "
                    "continuará donde se interrumpió. {mend}")
        reason = str(getattr(err, "reason", err))
        raise ProblemError(_download_problem("offline", text, url, reason, mend, area, field)) from err
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, part)) from os_error
    if not matches(part, checksum):
        part.unlink()
        text = Text("The file downloaded from {url} is not the expected one (wrong checksum) and was discarded. Try again.",
                    "El archivo descargado de {url} no es el esperado (suma de comprobación incorrecta) y se ha descartado. "
                    "Inténtelo otra vez.")
        raise ProblemError(error("wrong_checksum", text.fill(url=url), area))
    os.replace(part, target)


def _download_problem(code: str, text: Text, url: str, reason: str, mend: Text, area: Area, field: str | None) -> Problem:
    filled = text.fill(url=url, reason=reason, mend=mend)
    return error(code, Text(filled.en.rstrip(), filled.es.rstrip()), area, field=field)


def _fetch_patiently(url: str, part: Path, progress: Callable[[int, int], None], check: Callable[[], None],
                     tries: int) -> None:
    for attempt in range(1, tries + 1):
        try:
            _fetch(url, part, progress, check)
            return
        except _UNREACHED as err:
            # A server that answers "no" will do so again, unless it is only busy.
            refused = isinstance(err, urllib.error.HTTPError) and err.code < 500 and err.code != 429
            if refused or attempt == tries:
                raise
        end = time.monotonic() + _PAUSE_SECONDS * attempt
        while time.monotonic() < end:
            check()
            time.sleep(0.05)


def _fetch(url: str, part: Path, progress: Callable[[int, int], None], check: Callable[[], None]) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as err:
        if err.code == 416 and have:
            # The server has no more bytes: the file is complete, or it is another file.
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


def matches(path: Path, checksum: str) -> bool:
    """Whether a file has that "sha256:..." or "md5:..." checksum; an empty one fits anything."""
    if not checksum:
        return True
    algorithm, _, wanted = checksum.partition(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest() == wanted
