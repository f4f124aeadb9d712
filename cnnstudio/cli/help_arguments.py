"""The arguments of `cnnstudio help`."""

from __future__ import annotations

from cnnstudio.cli.run_arguments import Command
from cnnstudio.core.text import tr


def add_help(command: Command) -> None:
    explain = command("help", tr("explain a layer, step, augmentation, optimizer, base, export format, ..., or a command",
                                 "explica una capa, un paso, un aumento, un optimizador, una base, un formato de "
                                 "exportación... o un comando"), project=False)
    explain.add_argument("name", nargs="?", default="", metavar=tr("NAME", "NOMBRE"),
                         help=tr("such as Conv2D; if omitted, all names are listed",
                                 "como Conv2D; si se omite, se enumeran todos los nombres"))
    explain.add_argument("--all", action="store_true", dest="everything",
                         help=tr("the whole reference, as Markdown", "toda la referencia, en formato Markdown"))
