"""The code of the program as a package that Ray unpacks on the hosts: never pictures, and under 100 MiB."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Final, NamedTuple

import cnnstudio
from cnnstudio.core.places import resource
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.workers.cluster.client import LARGEST_PACKAGE, JobsClient

_RESOURCES: Final = ("weights", "templates")
"""What a training reads besides the code."""
_LEFT_OUT: Final = ("gui",)
_MOMENT: Final = (2020, 1, 1, 0, 0, 0)


class Package(NamedTuple):
    """A zip whose name says its content."""

    name: str
    data: bytes


@functools.cache
def code_package() -> Package:
    """The package of this very program. Raises ProblemError where its source is not here (a program that was frozen without
    it) or it is too large."""
    root = Path(cnnstudio.__file__).parent
    sources = [path for path in sorted(root.rglob("*.py")) if path.relative_to(root).parts[0] not in _LEFT_OUT]
    if len(sources) < 100:
        text = Text("This program was installed without its source, which the hosts of a cluster need. Install it with pip to "
                    "train there.",
                    "Este programa se instaló sin su código fuente, que los nodos de un clúster necesitan. Instálelo con pip "
                    "para entrenar allí.")
        raise ProblemError(error("no_source", text, "machine"))
    files = {f"cnnstudio/{path.relative_to(root).as_posix()}": path for path in sources}
    for folder in _RESOURCES:
        place = resource(folder)
        files |= {f"resources/{folder}/{path.relative_to(place).as_posix()}": path
                  for path in sorted(place.rglob("*")) if path.is_file()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in files.items():
            archive.writestr(zipfile.ZipInfo(name, _MOMENT), path.read_bytes(), zipfile.ZIP_DEFLATED)
    data = buffer.getvalue()
    if len(data) > LARGEST_PACKAGE:
        text = Text("The package of the program has {n} MiB; Ray takes {most} at most.",
                    "El paquete del programa ocupa {n} MiB; Ray admite {most} como máximo.")
        raise ProblemError(error("package_too_large", text.fill(n=len(data) >> 20, most=LARGEST_PACKAGE >> 20), "machine"))
    return Package(f"_ray_pkg_{hashlib.sha256(data).hexdigest()[:32]}.zip", data)


def send_code(client: JobsClient) -> str:
    """Upload the package unless the cluster has it; returns its name. Raises ProblemError."""
    package = code_package()
    if not client.has_package(package.name):
        client.put_package(package.name, package.data)
    return package.name
