"""The arguments of the commands that try something out before a training, or judge one after it."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.catalog.reports import REPORT_SECTIONS
from cnnstudio.cli.run_arguments import Command
from cnnstudio.cli.shared_arguments import add_force, add_run, add_set
from cnnstudio.core.text import tr


def add_forecast(command: Command) -> None:
    forecast = command("forecast", tr("estimate time, memory and disk of a training from a few real steps",
                                      "estima el tiempo, la memoria y el disco de un entrenamiento con unos pasos reales"))
    add_set(forecast)


def add_find_batch(command: Command) -> None:
    find = command("find-batch", tr("find the largest batch that fits into memory, with the speed of every size tried",
                                    "busca el lote más grande que cabe en la memoria, con la velocidad de cada tamaño "
                                    "probado"))
    add_set(find)
    find.add_argument("--memory", type=float, metavar="MB",
                      help=tr("as if so much memory were free (default: what is free)",
                              "como si hubiera esa memoria libre (predeterminado: la que hay libre)"))


def add_coach(command: Command) -> None:
    coach = command("coach", tr("say what went wrong in a run, by what evidence, and what to change",
                                "dice qué falló en un entrenamiento, con qué indicios, y qué cambiar"))
    add_run(coach)
    coach.add_argument("--apply", action="store_true",
                       help=tr("make the change of the first advice in the project", "hace en el proyecto el cambio del "
                                                                                     "primer consejo"))


def add_shortcuts(command: Command) -> None:
    shortcuts = command("shortcuts", tr("from how little of a picture its class can be told: border, middle, thumbnail, "
                                        "colour, file, shuffled patches",
                                        "con cuán poco de una imagen se reconoce su clase: borde, centro, miniatura, color, "
                                        "archivo, fragmentos desordenados"))
    add_run(shortcuts)
    shortcuts.add_argument("--split", choices=("validation", "test"),
                           help=tr("measure on this split (default: test if there is one)",
                                   "mide con esta división (predeterminado: la de prueba, si existe)"))


def add_curve(command: Command) -> None:
    curve = command("curve", tr("would more pictures help? The training of a run, repeated on shares of its pictures",
                                "¿ayudarían más imágenes? El entrenamiento, repetido con partes de sus imágenes"))
    add_run(curve)
    curve.add_argument("--split", choices=("validation", "test"),
                       help=tr("measure on this split (default: test if there is one)",
                               "mide con esta división (predeterminado: la de prueba, si existe)"))
    curve.add_argument("--repeats", type=int, default=1, metavar="N",
                       help=tr("train on each share N times, with other pictures and seeds: a narrower band for more time",
                               "entrena con cada parte N veces, con otras imágenes y semillas: una banda más estrecha a cambio "
                               "de más tiempo"))


def add_scenarios(command: Command) -> None:
    scenarios = command("scenarios", tr("list, add, edit, remove or measure scenarios: named subsets of pictures on which "
                                        "every run is measured",
                                        "enumera, añade, edita, elimina o mide escenarios: subconjuntos de imágenes con nombre "
                                        "en los que se mide cada entrenamiento"))
    scenarios.add_argument("action", nargs="?", choices=("list", "add", "edit", "remove", "measure"), default="list",
                           metavar=tr("ACTION", "ACCIÓN"),
                           help=tr("list (default); add NAME, also to put more pictures into it; edit NAME; remove NAME, or "
                                   "with pictures only those; measure: every run, with what it has no answer for",
                                   "list (predeterminado); add NOMBRE, también para añadirle imágenes; edit NOMBRE; remove "
                                   "NOMBRE o, con imágenes, solo estas; measure: todos los entrenamientos, también con "
                                   "aquello para lo que no tienen respuesta"))
    scenarios.add_argument("name", nargs="?", default="", metavar=tr("NAME", "NOMBRE"),
                           help=tr("the name of a scenario", "el nombre de un escenario"))
    scenarios.add_argument("--paths", nargs="+", default=[], metavar=tr("PATH", "RUTA"),
                           help=tr("pictures, by their path in the collection or any other path",
                                   "imágenes, por su ruta en la colección o por cualquier otra"))
    scenarios.add_argument("--from", dest="list_file", type=Path, metavar=tr("LIST", "LISTA"),
                           help=tr("a text file with a path in each line, or - for standard input",
                                   "un archivo de texto con una ruta por línea, o - para la entrada estándar"))
    scenarios.add_argument("--note", metavar=tr("TEXT", "TEXTO"), help=tr("what it is about; empty takes the note away",
                                                                          "de qué trata; vacío borra la nota"))
    scenarios.add_argument("--rename", metavar=tr("NAME", "NOMBRE"), help=tr("edit: its new name", "edit: su nombre nuevo"))
    scenarios.add_argument("--run", action="append", metavar="ID",
                           help=tr("measure: only this run; may be repeated (default: all with a model)",
                                   "measure: solo este entrenamiento; se puede repetir (predeterminado: todos los que tienen "
                                   "modelo)"))


def add_report(command: Command) -> None:
    report = command("report", tr("write a report of a run: model card, figures, curves, mistakes, settings, pictures",
                                  "escribe un informe de un entrenamiento: ficha del modelo, cifras, curvas, errores, ajustes, "
                                  "imágenes"))
    add_run(report)
    report.add_argument("--split", choices=("train", "validation", "test"),
                        help=tr("on this split (default: test if there is one)",
                                "sobre esta división (predeterminado: la de prueba, si existe)"))
    report.add_argument("--to", type=Path, required=True, metavar=tr("FILE", "ARCHIVO"),
                        help=tr("the file; .html needs nothing else, .pdf the library WeasyPrint",
                                "el archivo; .html no necesita nada más, .pdf la biblioteca WeasyPrint"))
    report.add_argument("--sections", metavar=tr("SECTION,...", "SECCIÓN,..."),
                        help=tr("only these parts (default: all): {ids}", "solo estas partes (predeterminado: todas): {ids}",
                                ids=", ".join(REPORT_SECTIONS.ids())))
    add_force(report)
