"""The arguments of the commands that export trained models."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.cli.run_arguments import Command
from cnnstudio.cli.shared_arguments import add_run
from cnnstudio.core.text import tr


def add_export(command: Command) -> None:
    from cnnstudio.catalog.exporters.bundles import BUNDLE_ENGINES

    export = command("export", tr("write a trained model for use elsewhere, and compare it with the trained one",
                                  "escribe un modelo entrenado para usarlo en otra parte y lo compara con el entrenado"))
    export.add_argument("--format", type=_formats, action="extend", required=True,
                        metavar=tr("FORMAT,...|all", "FORMATO,...|all"),
                        help=tr("one or several of {ids}; all: every one that this run and this computer can write",
                                "uno o varios de {ids}; all: todos los que este entrenamiento y este equipo pueden escribir",
                                ids=", ".join(_ids())))
    export.add_argument("--to", type=Path, required=True, metavar=tr("PATH", "RUTA"),
                        help=tr("where to write it; for several formats a folder",
                                "dónde escribirlo; para varios formatos, una carpeta"))
    export.add_argument("--engine", choices=BUNDLE_ENGINES.ids(),
                        help=tr("what a bundle answers with (default: keras)",
                                "con qué responde un paquete (predeterminado: keras)"))
    export.add_argument("--keep-in-float", action="append", default=[], metavar=tr("LAYER", "CAPA"),
                        help=tr("a layer that int8 leaves in float; may be repeated",
                                "una capa que int8 deja en coma flotante; se puede repetir"))
    export.add_argument("--losses", action="store_true",
                        help=tr("before int8, measure which layers lose most, one at a time",
                                "antes de int8, mide qué capas pierden más, de una en una"))
    export.add_argument("--example", action="store_true",
                        help=tr("print a minimal program that uses the export, for Python, a browser or a phone",
                                "imprime un programa mínimo que usa la exportación, para Python, un navegador o un móvil"))
    checked = export.add_mutually_exclusive_group()
    checked.add_argument("--check-data", type=Path, metavar=tr("FOLDER", "CARPETA"),
                         help=tr("compare the export with the trained model on these pictures instead of the run's own",
                                 "compara la exportación con el modelo en estas imágenes en lugar de las del entrenamiento"))
    checked.add_argument("--unchecked", action="store_true",
                         help=tr("export without a comparison on real pictures; the export is marked as unchecked",
                                 "exporta sin comparar con imágenes reales; la exportación queda marcada como no comprobada"))
    add_run(export)


def add_exports(command: Command) -> None:
    command("exports", tr("list the exports of all runs with their certificates: accuracy, size, time for a picture",
                          "enumera las exportaciones de todos los entrenamientos con sus certificados: exactitud, tamaño, "
                          "tiempo por imagen"))


def _ids() -> list[str]:
    from cnnstudio.catalog.exporters import EXPORTERS

    return list(EXPORTERS.ids())


def _formats(text: str) -> list[str]:
    """The ids of formats, separated by commas; ["all"] for all."""
    names = list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    unknown = [name for name in names if name not in (*_ids(), "all")]
    if unknown or not names:
        raise argparse.ArgumentTypeError(tr("invalid choice: {name} (choose from {ids})",
                                            "{name} no está entre lo posible: {ids}",
                                            name=", ".join(map(repr, unknown)) or "''",
                                            ids=", ".join([*_ids(), "all"])))
    return ["all"] if "all" in names else names
