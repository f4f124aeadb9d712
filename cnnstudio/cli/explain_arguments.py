"""The arguments of the commands that explain answers and show features."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cnnstudio.cli.shared_arguments import add_force, add_reading, add_run
from cnnstudio.core.text import tr

Command = Callable[..., argparse.ArgumentParser]


def _add_model(target: argparse.ArgumentParser) -> None:
    target.add_argument("model", type=Path, metavar=tr("PROJECT-or-MODEL", "PROYECTO-o-MODELO"),
                        help=tr("a project, a run, an exported bundle or a .keras file",
                                "un proyecto, un entrenamiento, un paquete exportado o un archivo .keras"))
    target.add_argument("paths", nargs="*", type=Path, metavar=tr("PATH", "RUTA"),
                        help=tr("pictures and folders of pictures", "imágenes y carpetas de imágenes"))
    add_run(target)
    target.add_argument("--layer", metavar=tr("NAME", "NOMBRE"),
                        help=tr("at this layer, base/block within a base; `features --list` lists them (default: the last one "
                                "with feature maps)",
                                "en esta capa, base/bloque dentro de una base; `features --list` las enumera (predeterminado: "
                                "la última con mapas de características)"))
    target.add_argument("--of", metavar=tr("CLASS", "CLASE"), help=tr("the pictures of this class of the run",
                                                                      "las imágenes de esta clase del entrenamiento"))
    target.add_argument("--split", choices=("train", "validation", "test"),
                        help=tr("with --of: only those of this split", "con --of: solo las de esta división"))
    add_reading(target)


def _add_target(target: argparse.ArgumentParser, required: bool) -> None:
    target.add_argument("--to", type=Path, required=required, metavar=tr("FOLDER", "CARPETA"),
                        help=tr("where to write: a new or empty folder, or one of explanations",
                                "dónde escribir: una carpeta nueva o vacía, o una de explicaciones"))


def add_explain(command: Command) -> None:
    from cnnstudio.catalog.explanations import EXPLANATIONS

    explain = command("explain", tr("show which parts of a picture the model decided by",
                                    "muestra por qué partes de una imagen se decidió el modelo"), project=False)
    _add_model(explain)
    explain.add_argument("--method", choices=EXPLANATIONS.ids(), default="gradcam",
                         help=tr("default: gradcam", "predeterminado: gradcam"))
    explain.add_argument("--class", dest="class_name", metavar=tr("NAME", "NOMBRE"),
                         help=tr("what speaks for this class (default: the predicted one)",
                                 "qué habla a favor de esta clase (predeterminado: la predicha)"))
    explain.add_argument("--strength", type=float, default=0.6, metavar="0-1",
                         help=tr("how much the map covers the picture (default: 0.6)",
                                 "cuánto cubre el mapa la imagen (predeterminado: 0,6)"))
    explain.add_argument("--set", dest="values", action="append", default=[], metavar=tr("NAME=VALUE", "NOMBRE=VALOR"),
                         help=tr("a setting of the method, such as steps=100; `help METHOD` describes them",
                                 "un ajuste del método, como steps=100; `help MÉTODO` los describe"))
    explain.add_argument("--check", action="store_true",
                         help=tr("test each map: against a network with shuffled weights, and by blurring what it names; slow",
                                 "pone a prueba cada mapa: frente a una red con los pesos mezclados y desenfocando lo que "
                                 "señala; lento"))
    explain.add_argument("--mean", action="store_true", help=tr("also the mean of all maps",
                                                                "también la media de todos los mapas"))
    _add_target(explain, True)


def add_features(command: Command) -> None:
    features = command("features", tr("show what the layers of a model compute: feature maps, filters, what excites a unit, "
                                      "what it sees",
                                      "muestra qué calculan las capas de un modelo: mapas de características, filtros, qué "
                                      "excita una unidad, qué ve"), project=False)
    _add_model(features)
    what = features.add_mutually_exclusive_group()
    what.add_argument("--list", action="store_true", help=tr("list the layers with their output",
                                                             "enumera las capas con su salida"))
    what.add_argument("--filters", action="store_true",
                      help=tr("the kernels of a convolution (default: the first one)",
                              "los núcleos de una convolución (predeterminado: la primera)"))
    what.add_argument("--exciting", action="store_true",
                      help=tr("the pictures that excite each unit most (default: of the training pictures of the run)",
                              "las imágenes que más excitan cada unidad (predeterminado: entre las de entrenamiento)"))
    what.add_argument("--maximize", action="store_true",
                      help=tr("for each unit a picture that excites it, made by gradient ascent",
                              "para cada unidad, una imagen que la excita, creada por ascenso de gradiente"))
    what.add_argument("--at", metavar=tr("ROW,COLUMN", "FILA,COLUMNA"),
                      help=tr("what this position of the layer sees of each picture",
                              "qué ve esta posición de la capa en cada imagen"))
    features.add_argument("--unit", dest="units", type=int, action="append", default=[], metavar="N",
                          help=tr("a unit (channel) of the layer, from 0; may be repeated",
                                  "una unidad (canal) de la capa, desde 0; se puede repetir"))
    features.add_argument("--top", type=int, default=9, metavar="K",
                          help=tr("how many pictures for each unit (default: 9)",
                                  "cuántas imágenes por unidad (predeterminado: 9)"))
    _add_target(features, False)


def add_replay(command: Command) -> None:
    replay = command("replay", tr("replay the kept epochs of a run: a line for each, and a film",
                                  "repasa las épocas guardadas de un entrenamiento: una línea por cada una, y una película"))
    add_run(replay)
    replay.add_argument("--split", choices=("train", "validation", "test"),
                        help=tr("the pictures that every epoch answers (default: test, else validation)",
                                "las imágenes a las que responde cada época (predeterminado: prueba o, si no, validación)"))
    replay.add_argument("--pictures", nargs="+", metavar=tr("N|PICTURE", "N|IMAGEN"),
                        help=tr("the pictures that are followed: so many of the worst mistakes and of right ones, or these "
                                "files, at most 12 (default: 12)",
                                "las imágenes que se siguen: tantas de los peores errores y de aciertos, o estos archivos, 12 "
                                "como máximo (predeterminado: 12)"))
    replay.add_argument("--to", type=Path, metavar=tr("FILE", "ARCHIVO"),
                        help=tr("write a film: .gif or .mp4", "escribe una película: .gif o .mp4"))
    replay.add_argument("--size", default="1280x720", metavar=tr("WIDTHxHEIGHT", "ANCHOxALTO"),
                        help=tr("pixels of the film (default: 1280x720)", "píxeles de la película (predeterminado: 1280x720)"))
    replay.add_argument("--speed", type=float, default=2.0, metavar="N",
                        help=tr("epochs per second of the film (default: 2)",
                                "épocas por segundo de la película (predeterminado: 2)"))
    replay.add_argument("--theme", choices=("light", "dark"), default="light",
                        help=tr("of the film (default: light)", "de la película (predeterminado: light)"))
    add_force(replay)
