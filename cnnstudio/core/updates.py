"""Whether a newer version is published. Nothing is asked from the network unless the user wants it."""

from __future__ import annotations

import json
import os
import urllib.request
from importlib import metadata
from typing import Final

from packaging.version import InvalidVersion, Version

from cnnstudio import __version__
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text

FEED: Final = "Release feed"
PAGE: Final = "Releases"
"""The names of the two addresses in the metadata of the package: [project.urls] of pyproject.toml."""
_SECONDS: Final = 10.0
_BYTES: Final = 1 << 20


def _address(name: str) -> str:
    try:
        listed = metadata.metadata("cnnstudio").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    pairs = (entry.partition(",") for entry in listed)
    return next((address.strip() for label, _, address in pairs if label.strip() == name), "")


def release_feed() -> str:
    """Where programs ask for the newest version; "" where this build names no address. CNNSTUDIO_RELEASES overrides it."""
    return os.environ.get("CNNSTUDIO_RELEASES", "") or _address(FEED)


def release_page() -> str:
    """Where people find the versions; "" where this build names no address."""
    return _address(PAGE)


def newer_version() -> str | None:
    """The newest published version if it is newer than this one. Raises ProblemError (no_release_feed, offline).

    The feed answers with a JSON object whose `tag_name` is the version, as GitHub's interface for the latest release does.
    """
    feed = release_feed()
    if not feed:
        text = Text("This build names no address where new versions are published, so it cannot ask for them.",
                    "Esta edición no indica ninguna dirección donde se publiquen versiones nuevas, así que no puede "
                    "consultarlas.")
        raise ProblemError(error("no_release_feed", text, "machine"))
    try:
        request = urllib.request.Request(feed, headers={"Accept": "application/json", "User-Agent": "cnnstudio"})
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            found = Version(str(json.loads(answer.read(_BYTES))["tag_name"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, InvalidVersion) as err:
        text = Text("{feed} cannot be asked for the newest version ({reason}). Connect to the internet and try again.",
                    "No se puede consultar la versión más reciente en {feed} ({reason}). Conéctese a internet e inténtelo de "
                    "nuevo.")
        raise ProblemError(error("offline", text.fill(feed=feed, reason=err), "machine")) from err
    return str(found) if found > Version(__version__) else None
