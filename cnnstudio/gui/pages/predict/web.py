"""A picture that lies on the web: it is fetched only where the user says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from cnnstudio.core.problems import Fix, Location, Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report

_LARGEST: Final = 128 << 20


def web_picture_message(url: str) -> Problem:
    """Says where a picture lies, with a button that fetches it."""
    host = urlsplit(url).hostname or "?"
    text = Text("This picture lies on the web, at {host}. Nothing has been fetched.",
                "Esta imagen está en la web, en {host}. No se ha descargado nada.")
    fix = Fix(action="download_picture", label=Text("Download from {host}", "Descargar de {host}").fill(host=host),
              arguments={"url": url})
    return Problem(code="web_picture", severity="info", text=text.fill(host=host), where=Location(area="network"), fixes=(fix,))


def fetch_picture(url: str, folder: Path, report: Report) -> str:
    """Download a picture into a folder, in a thread; its path. Raises ProblemError."""
    from cnnstudio.core.fetching import download

    if urlsplit(url).scheme not in ("http", "https"):
        raise ProblemError(error("download_failed", Text("{url} is no address of the web.",
                                                         "{url} no es una dirección de la web.").fill(url=url), "network"))

    def on_progress(done: int, total: int) -> None:
        if max(done, total) > _LARGEST:
            text = Text("{url} is larger than {size} MB, and was not fetched.",
                        "{url} ocupa más de {size} MB y no se descargó.")
            raise ProblemError(error("download_failed", text.fill(url=url, size=_LARGEST >> 20), "network"))
        report.progress(done, total, "bytes")

    target = folder / f"{len(list(folder.iterdir())) + 1}-{_name(url)}"
    try:
        download(url, target, "", on_progress, report.check)
    finally:
        target.with_name(target.name + ".part").unlink(missing_ok=True)
    return str(target)


def _name(url: str) -> str:
    name = re.sub(r"[^\w.-]+", "_", unquote(urlsplit(url).path).rsplit("/", 1)[-1])[-80:].lstrip(".")
    return name or "picture"
