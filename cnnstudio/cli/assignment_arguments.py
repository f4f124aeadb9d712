"""The arguments of `assignment` and `grade`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cnnstudio.cli.run_arguments import Command
from cnnstudio.cli.shared_arguments import add_force
from cnnstudio.core.text import tr

_Add = Callable[..., argparse.ArgumentParser]


def add_assignment(command: Command) -> None:
    """Subcommands: new, show, open, hand-in."""
    assignment = command("assignment", tr("make an assignment from a project, open one, or hand one in",
                                          "crea una práctica a partir de un proyecto, la abre o la entrega"), project=False)
    actions = assignment.add_subparsers(dest="action", required=True, metavar=tr("ACTION", "ACCIÓN"),
                                        help=tr("what is to be done with it", "qué se hace con ella"))
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS,
                        help=tr("print one JSON object per line", "imprime un objeto JSON por línea"))
    common.add_argument("--language", default=argparse.SUPPRESS, help=argparse.SUPPRESS)

    def action(name: str, help: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, parents=[common], help=help, description=help)

    _new(action)
    _show(action)
    _open(action)
    _hand_in(action)


def _new(action: _Add) -> None:
    from cnnstudio.evaluation.figures import FIGURES

    new = action("new", tr("write the students' file and the teacher's key", "escribe el archivo del alumnado y la clave"))
    _project(new)
    file = tr("FILE", "ARCHIVO")
    new.add_argument("file", type=Path, metavar=file, help=tr("the students' file (.assignment.zip)",
                                                              "el archivo del alumnado (.assignment.zip)"))
    secret = new.add_mutually_exclusive_group(required=True)
    secret.add_argument("--key", type=Path, metavar=file, help=tr("write the hidden pictures into this file, which the teacher "
                                                                  "keeps (.key.zip)",
                                                                  "escribe las imágenes ocultas en este archivo, que guarda el "
                                                                  "profesorado (.key.zip)"))
    secret.add_argument("--passphrase-file", type=Path, metavar=file,
                        help=tr("encrypt the hidden pictures in the students' file with the first line of this file",
                                "cifra las imágenes ocultas en el archivo del alumnado con la primera línea de este archivo"))
    both = (tr("ENGLISH", "INGLÉS"), tr("SPANISH", "ESPAÑOL"))
    new.add_argument("--title", nargs=2, required=True, metavar=both, help=tr("title", "título"))
    new.add_argument("--goal", nargs=2, default=("", ""), metavar=both, help=tr("what is to be done", "qué hay que hacer"))
    new.add_argument("--question", nargs=2, action="append", default=[], metavar=both,
                     help=tr("a question to answer in words; may be repeated", "una pregunta por responder; se puede repetir"))
    new.add_argument("--metric", choices=FIGURES.ids(), default="accuracy", metavar=tr("FIGURE", "CIFRA"),
                     help=", ".join(FIGURES.ids()))
    new.add_argument("--threshold", type=float, default=0.9, metavar="X",
                     help=tr("what the figure must reach on the hidden pictures (default: {x:g})",
                             "lo que debe alcanzar la cifra con las imágenes ocultas (predeterminado: {x:g})", x=0.9))
    hidden = new.add_mutually_exclusive_group()
    hidden.add_argument("--share", type=float, metavar="X",
                        help=tr("hide this share of all pictures (default: the test pictures are hidden)",
                                "oculta esta proporción de todas las imágenes (predeterminado: se ocultan las de prueba)"))
    hidden.add_argument("--folder", type=Path, metavar=tr("FOLDER", "CARPETA"),
                        help=tr("hide the pictures in the class folders of this folder",
                                "oculta las imágenes de las carpetas de clase de esta carpeta"))
    new.add_argument("--source", nargs=2, metavar=both,
                     help=tr("put no pictures into the file, and say where the students have them from",
                             "no incluye imágenes en el archivo e indica de dónde las tiene el alumnado"))
    for name, text in (("parameters", tr("at most this many parameters", "como máximo este número de parámetros")),
                       ("epochs", tr("at most this many epochs", "como máximo este número de épocas")),
                       ("pictures", tr("at most this many training pictures",
                                       "como máximo este número de imágenes de entrenamiento"))):
        new.add_argument(f"--{name}", type=int, metavar="N", help=text)
    new.add_argument("--bases", nargs="*", metavar="BASE", help=tr("only these pretrained bases (without a name: none)",
                                                                   "solo estas bases preentrenadas (sin nombre: ninguna)"))
    new.add_argument("--own-pictures", action="store_true", help=tr("other pictures may be added",
                                                                    "se pueden añadir otras imágenes"))
    add_force(new)


def _show(action: _Add) -> None:
    show = action("show", tr("show an assignment, and in its project where you stand",
                             "muestra una práctica y, en su proyecto, cómo va usted"))
    show.add_argument("place", type=Path, metavar=tr("FILE-or-PROJECT", "ARCHIVO-o-PROYECTO"),
                      help=tr("the students' file, or the project that was made from it",
                              "el archivo del alumnado o el proyecto creado con él"))


def _open(action: _Add) -> None:
    opened = action("open", tr("make the project of an assignment", "crea el proyecto de una práctica"))
    opened.add_argument("file", type=Path, metavar=tr("FILE", "ARCHIVO"),
                        help=tr("the file that the teacher gave out", "el archivo que repartió el profesorado"))
    opened.add_argument("folder", type=Path, metavar=tr("FOLDER", "CARPETA"),
                        help=tr("the new folder of the project", "la carpeta nueva del proyecto"))
    opened.add_argument("--pictures", type=Path, metavar=tr("FOLDER", "CARPETA"),
                        help=tr("where the pictures lie, if the assignment does not contain them",
                                "dónde están las imágenes, si la práctica no las contiene"))


def _hand_in(action: _Add) -> None:
    hand_in = action("hand-in", tr("write a run of the project into a file for the teacher",
                                   "escribe un entrenamiento del proyecto en un archivo para el profesorado"))
    _project(hand_in)
    file = tr("FILE", "ARCHIVO")
    hand_in.add_argument("file", type=Path, metavar=file, help=tr("the file to hand in (.capsule.zip)",
                                                                  "el archivo que se entrega (.capsule.zip)"))
    hand_in.add_argument("--name", required=True, metavar=tr("NAME", "NOMBRE"), help=tr("your name", "su nombre"))
    hand_in.add_argument("--run", metavar="ID", help=tr("the run (default: the best on the validation pictures)",
                                                        "el entrenamiento (predeterminado: el mejor con las imágenes de "
                                                        "validación)"))
    hand_in.add_argument("--answer", action="append", default=[], metavar=tr("TEXT", "TEXTO"),
                         help=tr("the answer to the next question; may be repeated",
                                 "la respuesta a la siguiente pregunta; se puede repetir"))
    add_force(hand_in)


def _project(action: argparse.ArgumentParser) -> None:
    action.add_argument("project", type=Path, metavar=tr("PROJECT", "PROYECTO"),
                        help=tr("the project's folder", "la carpeta del proyecto"))


def add_grade(command: Command) -> None:
    grade = command("grade", tr("check the hand-ins of a folder: evaluate them on the hidden pictures, and look for what is "
                                "not in order",
                                "comprueba las entregas de una carpeta: las evalúa con las imágenes ocultas y busca lo que no "
                                "está en orden"), project=False)
    grade.add_argument("folder", type=Path, metavar=tr("FOLDER", "CARPETA"),
                       help=tr("the folder with the hand-ins", "la carpeta con las entregas"))
    grade.add_argument("--key", type=Path, required=True, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("the key, or the students' file with the encrypted one",
                               "la clave, o el archivo del alumnado con la clave cifrada"))
    grade.add_argument("--passphrase-file", type=Path, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("its first line is the passphrase of an encrypted key",
                               "su primera línea es la frase de contraseña de una clave cifrada"))
    grade.add_argument("--to", type=Path, metavar=tr("FILE", "ARCHIVO"), help=tr("write the table (.csv)",
                                                                                 "escribe la tabla (.csv)"))
    add_force(grade)
