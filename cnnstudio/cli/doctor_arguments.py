"""The arguments of `cnnstudio doctor`; the choices come from the registries, which other commands do without."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cnnstudio.core.libraries import GPU
from cnnstudio.core.text import tr
from cnnstudio.workers.libraries import known_libraries


def add_doctor(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command `doctor`."""
    names = (*known_libraries(), GPU)
    check = command("doctor", tr("show versions, backends and devices, and what is wrong; add libraries and remove them",
                                 "muestra versiones, motores y dispositivos, y lo que falla; añade bibliotecas y las quita"),
                    project=False)
    check.add_argument("--install", choices=names, action="append", default=[], metavar=tr("LIBRARY", "BIBLIOTECA"),
                       help=tr("download an optional library into a folder of yours, where the program finds it: {names}",
                               "descarga una biblioteca opcional en una carpeta del usuario, donde el programa la encuentra: "
                               "{names}", names=", ".join(names)))
    check.add_argument("--install-gpu", action="store_true",
                       help=tr("the same for what the graphics card of this computer needs",
                               "lo mismo con lo que necesita la tarjeta gráfica de este equipo"))
    check.add_argument("--remove", action="append", default=[], metavar=tr("LIBRARY", "BIBLIOTECA"),
                       help=tr("remove a library that was added", "quita una biblioteca añadida"))
    check.add_argument("--dry-run", action="store_true",
                       help=tr("only show what would be downloaded or removed, and how large it is",
                               "solo muestra qué se descargaría o se quitaría y cuánto ocupa"))
    check.add_argument("--benchmark", action="store_true",
                       help=tr("train a small network on every installed backend and device, about a minute in all: pictures a "
                               "second, and whether the numbers agree",
                               "entrena una red pequeña con cada motor instalado y cada dispositivo, cerca de un minuto en "
                               "total: imágenes por segundo y si los números coinciden"))
    check.add_argument("--check-update", action="store_true",
                       help=tr("ask once whether a newer version is published",
                               "consulta una vez si se ha publicado una versión más reciente"))
