"""The arguments of the command line: a function for each command, called only if needed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cnnstudio import __version__
from cnnstudio.cli.parsing import Parser
from cnnstudio.core.text import LANGUAGES, tr

Command = Callable[..., argparse.ArgumentParser]
"""Adds a command: name, help, and whether it takes a project."""


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser, with help in the chosen language; with `arguments` that begin with a command only for that one.

    The choices of a command (bases, architectures, formats) are imported for that command only.
    """
    root_parser = Parser(
        prog="cnnstudio",
        description=tr("A desktop laboratory for convolutional networks. Without a command it opens the window.",
                       "Un laboratorio de escritorio para redes convolucionales. Sin una orden abre la ventana."))
    root_parser.add_argument("--version", action="version", version=f"CNN Studio {__version__}",
                             help=tr("show the program's version and exit", "muestra la versión del programa y termina"))
    commands = root_parser.add_subparsers(dest="command", required=True, metavar=tr("COMMAND", "ORDEN"))
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true",
                        help=tr("print one JSON object a line", "imprime un objeto JSON por línea"))
    common.add_argument("--language", choices=tuple(LANGUAGES), help=tr("language of the messages",
                                                                        "idioma de los mensajes"))

    def command(name: str, help: str, project: bool = True) -> argparse.ArgumentParser:
        added = commands.add_parser(name, parents=[common], help=help, description=help)
        if project:
            added.add_argument("project", type=Path, metavar=tr("PROJECT", "PROYECTO"),
                               help=tr("the project's folder", "la carpeta del proyecto"))
        return added

    first = arguments[0] if arguments else ""
    for name, add in _COMMANDS.items():
        if name == first or first not in _COMMANDS:
            add(command)
    return root_parser


def _new(command: Command) -> None:
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.catalog.templates import TEMPLATES

    new = command("new", tr("make a project for a folder of pictures",
                            "crea un proyecto para una carpeta de imágenes"))
    new.add_argument("--data", type=Path, nargs="+", required=True, metavar=tr("SOURCE", "ORIGEN"),
                     help=tr("folder with one subfolder a class, list (.csv, .tsv, .parquet), arrays (.npz, .npy, MNIST) or "
                             "archive (.zip, .tar); several are joined",
                             "carpeta con una subcarpeta por clase, lista (.csv, .tsv, .parquet), matrices (.npz, .npy, "
                             "MNIST) o archivo comprimido (.zip, .tar); varios se unen"))
    chosen = new.add_mutually_exclusive_group()
    chosen.add_argument("--template", choices=TEMPLATES.ids(), help=tr("start from an architecture",
                                                                       "partir de una arquitectura"))
    chosen.add_argument("--base", type=_base, metavar=tr("BASE-or-MODEL", "BASE-o-MODELO"),
                        help=tr("start from a pretrained base: {ids}; or from a model of your own: a .keras or .h5 file, a "
                                "run, an exported bundle or a project",
                                "partir de una base preentrenada: {ids}; o de un modelo propio: un archivo .keras o .h5, "
                                "un entrenamiento, un paquete exportado o un proyecto", ids=", ".join(BASES.ids())))
    _add_reading(new)
    _add_columns(new)
    _add_set(new)


def _set(command: Command) -> None:
    change = command("set", tr("change settings", "cambia ajustes"))
    change.add_argument("values", nargs="+", metavar=tr("KEY=VALUE", "CLAVE=VALOR"),
                        help=tr("a setting as show names it, such as training.epochs=5",
                                "un ajuste como lo llama show, como training.epochs=5"))


def _show(command: Command) -> None:
    show = command("show", tr("show settings", "muestra ajustes"))
    show.add_argument("key", nargs="?", default="", metavar=tr("KEY", "CLAVE"),
                      help=tr("one setting, or all below it; all without it",
                              "un ajuste, o todos los que contiene; sin ella, todos"))


def _network(command: Command) -> None:
    network = command("network", tr("take the network of a Keras or ONNX file over",
                                    "toma la red de un archivo de Keras u ONNX"))
    taken = network.add_mutually_exclusive_group(required=True)
    taken.add_argument("--base", type=_base, metavar=tr("BASE-or-MODEL", "BASE-o-MODELO"),
                       help=tr("start again from a pretrained base, or from a model of your own without its classifier",
                               "partir de nuevo de una base preentrenada, o de un modelo propio sin su clasificador"))
    taken.add_argument("--from", dest="source", type=Path, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("a .keras or .h5 file, Keras's JSON, an ONNX model, Python source or a notebook",
                               "un archivo .keras o .h5, el JSON de Keras, un modelo ONNX, código Python o un cuaderno"))


def _check(command: Command) -> None:
    check = command("check", tr("list every problem of a project", "enumera los problemas de un proyecto"))
    check.add_argument("--set-index-aside", action="store_true",
                       help=tr("first keep a damaged index under another name and read the folder into a new one; decisions "
                               "about pictures are taken over where they can still be read",
                               "antes guarda un índice dañado con otro nombre y lee la carpeta en uno nuevo; las decisiones "
                               "sobre imágenes se recuperan donde aún se puedan leer"))


def _audit(command: Command) -> None:
    from cnnstudio.catalog.findings import KINDS

    audit = command("audit", tr("find damaged, duplicate, blurred, mislabelled and other problematic pictures",
                                "busca imágenes dañadas, duplicadas, borrosas, mal etiquetadas y otros problemas"),
                    project=False)
    audit.add_argument("place", type=Path, metavar=tr("FOLDER-or-PROJECT", "CARPETA-o-PROYECTO"),
                       help=tr("whose pictures", "de quién son las imágenes"))
    audit.add_argument("--only", metavar=tr("KIND,...", "TIPO,..."), help=", ".join(KINDS.ids()))
    audit.add_argument("--flips", action="store_true", help=tr("mirrored and rotated copies, too",
                                                               "también copias reflejadas y giradas"))
    audit.add_argument("--html", type=Path, metavar=tr("FILE", "ARCHIVO"), help=tr("write a report",
                                                                                   "escribe un informe"))
    _add_force(audit)
    _add_reading(audit)
    _add_set(audit)


def _map(command: Command) -> None:
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.datasets.embedding import BUNDLED

    arrange = command("map", tr("lay the pictures out by similarity: position, nearest ones, doubtful labels",
                                "ordena las imágenes por parecido: posición, vecinas, etiquetas dudosas"),
                      project=False)
    arrange.add_argument("place", type=Path, metavar=tr("FOLDER-or-PROJECT", "CARPETA-o-PROYECTO"),
                         help=tr("whose pictures", "de quién son las imágenes"))
    arrange.add_argument("--model", default=BUNDLED, metavar=tr("BASE-or-RUN", "BASE-o-ENTRENAMIENTO"),
                         help=", ".join(BASES.ids()))
    arrange.add_argument("--layout", choices=("tsne", "pca"), default="tsne",
                         help=tr("how features become positions; tsne unless given",
                                 "cómo pasan las características a posiciones; tsne si no se indica"))


def _import(command: Command) -> None:
    bring = command("import", tr("unpack an archive or arrays into a folder of class folders",
                                 "extrae un archivo comprimido o matrices en una carpeta con carpetas de clase"),
                    project=False)
    bring.add_argument("source", type=Path, metavar=tr("SOURCE", "ORIGEN"),
                       help=tr("an archive (.zip, .tar) or arrays (.npz, .npy, MNIST)",
                               "un archivo comprimido (.zip, .tar) o matrices (.npz, .npy, MNIST)"))
    bring.add_argument("folder", type=Path, metavar=tr("FOLDER", "CARPETA"),
                       help=tr("where the class folders go", "adónde van las carpetas de clase"))


def _collect(command: Command) -> None:
    from cnnstudio.catalog.collections import FORMS

    collect = command("collect", tr("write the curated collection elsewhere: decisions applied, originals untouched",
                                    "escribe la colección curada en otra parte: con las decisiones, sin tocar los "
                                    "originales"))
    collect.add_argument("--to", type=Path, required=True, metavar=tr("PATH", "RUTA"), help=tr("where", "dónde"))
    collect.add_argument("--format", choices=tuple(FORMS), default="folders",
                         help=tr("form of the collection; {name} unless given",
                                 "forma de la colección; {name} si no se indica", name="folders"))
    collect.add_argument("--links", action="store_true", help=tr("hard links instead of copies, where the disk can",
                                                                 "enlaces duros en lugar de copias, si el disco puede"))


def _datasets(command: Command) -> None:
    datasets = command("datasets", tr("list free collections, or download one", "enumera colecciones libres, o descarga "
                                      "una"), project=False)
    datasets.add_argument("name", nargs="?", default="", metavar=tr("NAME", "NOMBRE"),
                          help=tr("the one to download; all are listed without it",
                                  "la que se descarga; sin él se enumeran todas"))
    datasets.add_argument("--to", type=Path, metavar=tr("FOLDER", "CARPETA"), help=tr("where to", "adónde"))


def _decide(command: Command) -> None:
    decide = command("decide", tr("give pictures a class or split, leave them out, accept findings",
                                  "da clase o división a imágenes, las excluye, acepta hallazgos"))
    decide.add_argument("paths", nargs="+", metavar=tr("PATH", "RUTA"), help=tr(
        "pictures, by their path in the collection or any other; where some are unknown the others are decided and the "
        "exit code is 1",
        "imágenes, por su ruta en la colección o cualquier otra; si algunas no se conocen se decide sobre las demás y el "
        "código de salida es 1"))
    decide.add_argument("--class", dest="class_name", metavar=tr("NAME", "NOMBRE"),
                        help=tr("the class that they show", "la clase que muestran"))
    decide.add_argument("--split", choices=("train", "validation", "test", "drawn"),
                        help=tr("the split that they belong to; drawn: as the ratios draw it",
                                "la división a la que pertenecen; drawn: la que salga por las proporciones"))
    left = decide.add_mutually_exclusive_group()
    left.add_argument("--exclude", action="store_true", help=tr("leave them out", "las excluye"))
    left.add_argument("--include", action="store_true", help=tr("take them in again", "las vuelve a incluir"))
    decide.add_argument("--accept", metavar=tr("KIND", "TIPO"), help=tr("a finding of this kind is fine",
                                                                        "un hallazgo de este tipo está bien"))


def _train(command: Command) -> None:
    train = command("train", tr("train; Ctrl+C stops and keeps", "entrena; Ctrl+C detiene y conserva"))
    _add_set(train)
    train.add_argument("--resume", metavar=tr("RUN", "ENTRENAMIENTO"),
                       help=tr("go on with this run, with --set under other settings or for more epochs",
                               "continúa este entrenamiento, con --set con otros ajustes o más épocas"))


def _runs(command: Command) -> None:
    runs = command("runs", tr("list the trainings", "enumera los entrenamientos"))
    _add_run(runs)
    runs.add_argument("--csv", type=Path, metavar=tr("FILE", "ARCHIVO"),
                      help=tr("write the epochs of one training, the newest unless --run names another",
                              "escribe las épocas de un entrenamiento, el más reciente si --run no nombra otro"))
    runs.add_argument("--rename", metavar=tr("NAME", "NOMBRE"),
                      help=tr("give a training, the newest unless --run names another, a name; its id stays",
                              "da un nombre a un entrenamiento, el más reciente si --run no nombra otro; su id no cambia"))


def _evaluate(command: Command) -> None:
    evaluate = command("evaluate", tr("measure a trained model", "mide un modelo entrenado"))
    _add_run(evaluate)
    on = evaluate.add_mutually_exclusive_group()
    on.add_argument("--split", choices=("train", "validation", "test"),
                    help=tr("on this split of the project", "en esta división del proyecto"))
    on.add_argument("--data", type=Path, metavar=tr("FOLDER", "CARPETA"),
                    help=tr("on other pictures, with a subfolder a class", "en otras imágenes, con una subcarpeta por clase"))
    _add_columns(evaluate)


def _predict(command: Command) -> None:
    predict = command("predict", tr("classify pictures", "clasifica imágenes"), project=False)
    predict.add_argument("model", type=Path, metavar=tr("PROJECT-or-MODEL", "PROYECTO-o-MODELO"),
                         help=tr("a project, a run, an exported bundle or a .keras file",
                                 "un proyecto, un entrenamiento, un paquete exportado o un archivo .keras"))
    predict.add_argument("paths", nargs="+", type=Path, metavar=tr("PATH", "RUTA"),
                         help=tr("pictures, and folders of pictures", "imágenes, y carpetas de imágenes"))
    _add_run(predict)
    predict.add_argument("--top", type=int, default=5, metavar="K",
                         help=tr("how many classes are told; 5 unless given", "cuántas clases se dicen; 5 si no se indica"))
    predict.add_argument("--csv", type=Path, metavar=tr("FILE", "ARCHIVO"),
                         help=tr("write the answers as a table", "escribe las respuestas como tabla"))
    _add_force(predict)
    _add_reading(predict)


def _export(command: Command) -> None:
    from cnnstudio.catalog.exporters import EXPORTERS

    export = command("export", tr("write a trained model for use elsewhere",
                                  "escribe un modelo entrenado para usarlo en otra parte"))
    export.add_argument("--format", choices=EXPORTERS.ids(), required=True, help=tr("as what", "como qué"))
    export.add_argument("--to", type=Path, required=True, metavar=tr("PATH", "RUTA"), help=tr("where", "dónde"))
    checked = export.add_mutually_exclusive_group()
    checked.add_argument("--check-data", type=Path, metavar=tr("FOLDER", "CARPETA"),
                         help=tr("compare the export with the trained model on these pictures instead of the run's own",
                                 "compara la exportación con el modelo entrenado en estas imágenes y no en las del "
                                 "entrenamiento"))
    checked.add_argument("--unchecked", action="store_true",
                         help=tr("write it without comparing it on real pictures; the export says so",
                                 "la escribe sin compararla con imágenes reales; la exportación lo indica"))
    _add_run(export)


def _code(command: Command) -> None:
    code = command("code", tr("print the network as Keras or PyTorch source",
                              "imprime la red como código Keras o PyTorch"))
    code.add_argument("--framework", choices=("keras", "torch"), default="keras",
                      help=tr("Keras unless given", "Keras si no se indica"))
    code.add_argument("--whole", action="store_true",
                      help=tr("the whole training: pictures, recipe, network, fit",
                              "el entrenamiento completo: imágenes, receta, red, ajuste"))
    code.add_argument("--run", metavar="ID",
                      help=tr("as it was in this training; its weights come with export --format keras_source or torch",
                              "como era en este entrenamiento; sus pesos vienen con export --format keras_source o torch"))
    code.add_argument("--to", type=Path, metavar=tr("FILE", "ARCHIVO"),
                      help=tr("write it there instead of printing it, and the files that a training reads beside it",
                              "lo escribe ahí en lugar de mostrarlo, y a su lado los archivos que lee un entrenamiento"))
    _add_force(code)


def _add_force(command: argparse.ArgumentParser) -> None:
    command.add_argument("--force", action="store_true", help=tr("replace a file that this command did not write",
                                                                 "reemplaza un archivo que esta orden no escribió"))


def _draw(command: Command) -> None:
    from cnnstudio.catalog.exporters import DRAWINGS

    draw = command("draw", tr("draw the network as the canvas shows it", "dibuja la red como la muestra el lienzo"))
    draw.add_argument("--to", type=Path, required=True, metavar=tr("FILE", "ARCHIVO"), help=", ".join(DRAWINGS))
    draw.add_argument("--run", metavar="ID", help=tr("as it was in this training", "como era en este entrenamiento"))


def _measure(command: Command) -> None:
    command("measure", tr("measure mean and deviation of the training pictures, for recipe.normalization=standardize",
                          "mide la media y la desviación de las imágenes de entrenamiento, para "
                          "recipe.normalization=standardize"))


def _robustness(command: Command) -> None:
    robustness = command("robustness", tr("measure what each augmentation does to a trained model, class by class",
                                          "mide qué le hace cada aumento a un modelo entrenado, clase por clase"))
    _add_run(robustness)


def _probe(command: Command) -> None:
    command("probe", tr("compare the pretrained bases on this computer on the project's pictures",
                        "compara las bases preentrenadas de este equipo con las imágenes del proyecto"))


def _doctor(command: Command) -> None:
    command("doctor", tr("versions, backends, devices, and what is wrong", "versiones, motores, dispositivos y fallos"),
            project=False)


def _selfcheck(command: Command) -> None:
    command("selfcheck", tr("check this installation: everything there, the window opens, a training runs",
                            "comprueba esta instalación: todo está, la ventana se abre, un entrenamiento funciona"),
            project=False)


def _sample(command: Command) -> None:
    sample = command("sample", tr("the main job on the bundled digits: train, measure, classify",
                                  "el trabajo completo con las cifras incluidas: entrenar, medir, clasificar"),
                     project=False)
    sample.add_argument("project", type=Path, nargs="?", metavar=tr("PROJECT", "PROYECTO"),
                        help=tr("where; among the projects unless given", "dónde; entre los proyectos si no se indica"))


def _fetch(command: Command) -> None:
    from cnnstudio.catalog.bases import BASES

    fetch = command("fetch", tr("bring the weights of a pretrained base", "trae los pesos de una base preentrenada"),
                    project=False)
    fetch.add_argument("base", choices=BASES.ids(), metavar="BASE", help=", ".join(BASES.ids()))
    fetch.add_argument("--file", type=Path, default=None, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("take them from this file, which is checked, instead of downloading them",
                               "los toma de este archivo, que se comprueba, en lugar de descargarlos"))


def _help(command: Command) -> None:
    explain = command("help", tr("explain a layer, step, augmentation, optimizer, base, export format, ...",
                                 "explica una capa, un paso, un aumento, un optimizador, una base, un formato de "
                                 "exportación..."), project=False)
    explain.add_argument("name", nargs="?", default="", metavar=tr("NAME", "NOMBRE"),
                         help=tr("such as Conv2D; all names without it", "como Conv2D; sin él, todos los nombres"))
    explain.add_argument("--all", action="store_true", dest="everything",
                         help=tr("the whole reference, as Markdown", "toda la referencia, en Markdown"))


_COMMANDS: Final[dict[str, Callable[[Command], None]]] = {
    "new": _new, "set": _set, "show": _show, "network": _network, "check": _check, "audit": _audit, "map": _map,
    "import": _import, "collect": _collect, "datasets": _datasets, "decide": _decide, "train": _train, "runs": _runs,
    "evaluate": _evaluate, "predict": _predict, "export": _export, "code": _code, "draw": _draw, "measure": _measure,
    "robustness": _robustness, "probe": _probe, "doctor": _doctor, "sample": _sample, "fetch": _fetch, "help": _help,
    "selfcheck": _selfcheck,
}


def _base(text: str) -> str:
    """The id of a base, or the path of a model."""
    from cnnstudio.catalog.bases import BASES

    if text in BASES.ids() or Path(text).exists() or Path(text).suffix or len(Path(text).parts) > 1:
        return text
    raise argparse.ArgumentTypeError(tr("there is no base {word}, and no file of that name", "no hay base {word} ni archivo "
                                        "con ese nombre", word=text))


def _add_run(target: argparse.ArgumentParser) -> None:
    target.add_argument("--run", metavar="ID", help=tr("the training, as `runs` names it; the newest unless given",
                                                       "el entrenamiento, como lo llama `runs`; el último si no se indica"))


def _add_reading(target: argparse.ArgumentParser) -> None:
    target.add_argument("--follow-links", action="store_true",
                        help=tr("enter folders that are links", "entra en las carpetas que son enlaces"))
    target.add_argument("--ignore", action="append", default=[], metavar=tr("PATTERN", "PATRÓN"),
                        help=tr("leave out files and folders of this name, as in a .gitignore file; may be repeated",
                                "deja fuera los archivos y carpetas con este nombre, como en un archivo .gitignore; se puede "
                                "repetir"))


def _add_columns(target: argparse.ArgumentParser) -> None:
    target.add_argument("--label-column", action="append", default=[], metavar=tr("COLUMN", "COLUMNA"),
                        help=tr("the column of a list with the classes; repeat it for columns of zeros and ones; “.” stands "
                                "for the folder of each picture",
                                "la columna de una lista con las clases; repítala para columnas de ceros y unos; «.» es la "
                                "carpeta de cada imagen"))
    target.add_argument("--path-column", action="append", default=[], metavar=tr("COLUMN", "COLUMNA"),
                        help=tr("the column of a list with the pictures", "la columna de una lista con las imágenes"))


def _add_set(target: argparse.ArgumentParser) -> None:
    target.add_argument("--set", dest="values", action="append", default=[], metavar=tr("KEY=VALUE", "CLAVE=VALOR"),
                        help=tr("a setting, such as training.epochs=5; may be repeated",
                                "un ajuste, como training.epochs=5; se puede repetir"))
