"""The arguments of `predict`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cnnstudio.cli.shared_arguments import add_force, add_reading, add_run
from cnnstudio.core.text import tr

Command = Callable[..., argparse.ArgumentParser]


def add_predict(command: Command) -> None:
    predict = command("predict", tr("classify pictures", "clasifica imágenes"), project=False)
    predict.add_argument("model", type=Path, nargs="?", metavar=tr("PROJECT-or-MODEL", "PROYECTO-o-MODELO"),
                         help=tr("a project, a run, an exported bundle or a .keras file",
                                 "un proyecto, un entrenamiento, un paquete exportado o un archivo .keras"))
    predict.add_argument("paths", nargs="*", type=Path, metavar=tr("PATH", "RUTA"),
                         help=tr("pictures, folders of pictures, and videos", "imágenes, carpetas de imágenes y vídeos"))
    add_run(predict)
    predict.add_argument("--top", type=int, default=5, metavar="K",
                         help=tr("how many classes to show (default: 5)", "cuántas clases se muestran (predeterminado: 5)"))
    predict.add_argument("--every", type=float, metavar=tr("SECONDS", "SEGUNDOS"),
                         help=tr("of a video, answer one frame every so many seconds (default: every frame); animated pictures "
                                 "are then read as videos, too",
                                 "de un vídeo, responde un fotograma cada tantos segundos (predeterminado: todos); así también "
                                 "se leen como vídeos las imágenes animadas"))
    table = predict.add_mutually_exclusive_group()
    table.add_argument("--to", type=Path, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("write the predictions as a table, in the format that the name ends with: .csv, .tsv, .parquet "
                               "or .json",
                               "escribe las predicciones como tabla, en el formato con el que termina el nombre: .csv, .tsv, "
                               ".parquet o .json"))
    table.add_argument("--csv", type=Path, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("write the predictions as a CSV table, whatever the name of the file",
                               "escribe las predicciones como tabla CSV, sea cual sea el nombre del archivo"))
    add_force(predict)
    _add_sorting(predict)
    predict.add_argument("--against", type=Path, metavar=tr("MODEL", "MODELO"),
                         help=tr("compare with the answers of a second model to the same pictures",
                                 "compara con las respuestas de un segundo modelo a las mismas imágenes"))
    add_reading(predict)


def _add_sorting(predict: argparse.ArgumentParser) -> None:
    predict.add_argument("--sort-to", type=Path, metavar=tr("FOLDER", "CARPETA"),
                         help=tr("copy each picture into a folder there that is called like its predicted class; nothing is "
                                 "moved or overwritten",
                                 "copia cada imagen a una carpeta de allí con el nombre de su clase predicha; no se mueve ni "
                                 "se sobrescribe nada"))
    predict.add_argument("--min-probability", type=float, default=0.0, metavar="P",
                         help=tr("with --sort-to: below this probability (0 to 1) a picture goes to the folder “not sure”",
                                 "con --sort-to: por debajo de esta probabilidad (0 a 1) una imagen va a la carpeta "
                                 "«sin certeza»"))
    predict.add_argument("--dry-run", action="store_true",
                         help=tr("with --sort-to: only list how many pictures would be copied where",
                                 "con --sort-to: solo enumera cuántas imágenes se copiarían y adónde"))
    predict.add_argument("--undo-sort", type=Path, metavar=tr("FOLDER", "CARPETA"),
                         help=tr("remove what the last --sort-to copied into this folder, as far as it is unchanged",
                                 "borra lo que el último --sort-to copió en esta carpeta, siempre que no haya cambiado"))
