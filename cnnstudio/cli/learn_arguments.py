"""The arguments of `learn`."""

from __future__ import annotations

from cnnstudio.cli.run_arguments import Command
from cnnstudio.core.text import tr


def add_learn(command: Command) -> None:
    learn = command("learn", tr("open a lesson of the course in the window; list the lessons, make the project of one, or "
                                "check its tasks",
                                "abre en la ventana una lección del curso; enumera las lecciones, crea el proyecto de una o "
                                "comprueba sus tareas"), project=False)
    learn.add_argument("lesson", nargs="?", default="", metavar=tr("LESSON", "LECCIÓN"),
                       help=tr("the lesson, by its number or its id; without options the window opens with it",
                               "la lección, por su número o su id; sin opciones se abre la ventana con ella"))
    chosen = learn.add_mutually_exclusive_group()
    chosen.add_argument("--list", action="store_true", help=tr("list the lessons with what was done of them",
                                                               "enumera las lecciones y lo que se ha hecho de ellas"))
    chosen.add_argument("--start", nargs=2, metavar=(tr("LESSON", "LECCIÓN"), tr("FOLDER", "CARPETA")),
                        help=tr("make the project of a lesson in a new folder",
                                "crea el proyecto de una lección en una carpeta nueva"))
    chosen.add_argument("--check", nargs=2, metavar=(tr("LESSON", "LECCIÓN"), tr("PROJECT", "PROYECTO")),
                        help=tr("tell which tasks of a lesson are done, what was measured and what is missing; exit code 0 "
                                "where all are done, else 1",
                                "indica qué tareas de una lección están hechas, qué se midió y qué falta; código de salida 0 "
                                "si todas lo están, si no 1"))
    chosen.add_argument("--reset", metavar=tr("LESSON", "LECCIÓN"),
                        help=tr("forget what was done of a lesson; its project stays",
                                "olvida lo que se ha hecho de una lección; su proyecto se conserva"))
    learn.add_argument("--answer", action="append", default=[], metavar=tr("TASK=VALUE[:REASON]", "TAREA=VALOR[:MOTIVO]"),
                       help=tr("with --check: the answer to a question, a number or the id of a choice and of its reason",
                               "con --check: la respuesta a una pregunta, un número o el id de una opción y el de su motivo"))
