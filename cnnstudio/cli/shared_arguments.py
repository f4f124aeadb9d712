"""Arguments that several commands take."""

from __future__ import annotations

import argparse

from cnnstudio.core.text import tr


def add_run(target: argparse.ArgumentParser) -> None:
    target.add_argument("--run", metavar="ID", help=tr("the id of the run, as listed by `runs` (default: the newest run)",
                                                       "el id del entrenamiento, tal como lo enumera `runs` (predeterminado: "
                                                       "el más reciente)"))


def add_reading(target: argparse.ArgumentParser) -> None:
    target.add_argument("--follow-links", action="store_true",
                        help=tr("follow links to folders", "sigue los enlaces a carpetas"))
    target.add_argument("--ignore", action="append", default=[], metavar=tr("PATTERN", "PATRÓN"),
                        help=tr("leave out files and folders that match this pattern, as in a .gitignore file; may be "
                                "repeated",
                                "omite los archivos y carpetas que coinciden con este patrón, como en un archivo .gitignore; "
                                "se puede repetir"))


def add_columns(target: argparse.ArgumentParser) -> None:
    target.add_argument("--label-column", action="append", default=[], metavar=tr("COLUMN", "COLUMNA"),
                        help=tr("the column of a list that holds the classes; repeat it for columns of zeros and ones; “.” "
                                "stands for the folder of each picture",
                                "la columna de una lista que contiene las clases; repítala para columnas de ceros y unos; "
                                "«.» es la carpeta de cada imagen"))
    target.add_argument("--path-column", action="append", default=[], metavar=tr("COLUMN", "COLUMNA"),
                        help=tr("the column of a list that holds the paths of the pictures",
                                "la columna de una lista que contiene las rutas de las imágenes"))


def add_set(target: argparse.ArgumentParser) -> None:
    target.add_argument("--set", dest="values", action="append", default=[], metavar=tr("KEY=VALUE", "CLAVE=VALOR"),
                        help=tr("a setting, such as training.epochs=5; may be repeated",
                                "un ajuste, como training.epochs=5; se puede repetir"))


def add_force(command: argparse.ArgumentParser) -> None:
    command.add_argument("--force", action="store_true", help=tr("replace a file that this command did not write",
                                                                 "reemplaza un archivo que este comando no escribió"))
