"""The arguments of the command line: a function for each command, called only if needed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cnnstudio import __version__
from cnnstudio.cli.assignment_arguments import add_assignment, add_grade
from cnnstudio.cli.cluster_arguments import add_attach, add_cluster, add_jobs, add_stop
from cnnstudio.cli.explain_arguments import add_explain, add_features, add_replay
from cnnstudio.cli.export_arguments import add_export, add_exports
from cnnstudio.cli.help_arguments import add_help
from cnnstudio.cli.learn_arguments import add_learn
from cnnstudio.cli.parsing import Parser
from cnnstudio.cli.predict_arguments import add_predict
from cnnstudio.cli.run_arguments import (
    Command,
    add_calibrate,
    add_classes,
    add_compare,
    add_control,
    add_evaluate,
    add_find_rate,
    add_layers,
    add_reproduce,
    add_robustness,
    add_runs,
    add_train,
)
from cnnstudio.cli.serve_arguments import add_serve
from cnnstudio.cli.shared_arguments import add_columns, add_force, add_reading, add_set
from cnnstudio.cli.trial_arguments import (
    add_coach,
    add_curve,
    add_find_batch,
    add_forecast,
    add_report,
    add_scenarios,
    add_shortcuts,
)
from cnnstudio.core.text import LANGUAGES, tr


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser, with help in the chosen language; with `arguments` that begin with a command only for that one.

    The choices of a command (bases, architectures, formats) are imported for that command only.
    """
    return _parsers(arguments)[0]


def command_names() -> tuple[str, ...]:
    """All commands, in the order of the help."""
    return tuple(_COMMANDS)


def command_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one command, with its own choices."""
    return _parsers((name,))[1][name]


def _parsers(arguments: Sequence[str]) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    root_parser = Parser(
        prog="cnnstudio",
        description=tr("A desktop laboratory for convolutional networks. Without a command, the window opens.",
                       "Un laboratorio de escritorio para redes convolucionales. Sin un comando se abre la ventana."))
    root_parser.add_argument("--version", action="version", version=f"CNN Studio {__version__}",
                             help=tr("show the program's version and exit", "muestra la versión del programa y termina"))
    commands = root_parser.add_subparsers(dest="command", required=True, metavar=tr("COMMAND", "COMANDO"))
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true",
                        help=tr("print one JSON object per line", "imprime un objeto JSON por línea"))
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
    return root_parser, dict(commands.choices)


def _new(command: Command) -> None:
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.catalog.templates import TEMPLATES

    new = command("new", tr("create a project from a folder of pictures",
                            "crea un proyecto a partir de una carpeta de imágenes"))
    new.add_argument("--data", type=Path, nargs="+", metavar=tr("SOURCE", "ORIGEN"),
                     help=tr("folder with one subfolder per class, list (.csv, .tsv, .parquet), arrays (.npz, .npy, MNIST) "
                             "or archive (.zip, .tar); several sources are combined",
                             "carpeta con una subcarpeta por clase, lista (.csv, .tsv, .parquet), matrices (.npz, .npy, "
                             "MNIST) o archivo comprimido (.zip, .tar); si se dan varios orígenes, se unen"))
    chosen = new.add_mutually_exclusive_group()
    chosen.add_argument("--template", choices=TEMPLATES.ids(), help=tr("start from an architecture",
                                                                       "parte de una arquitectura"))
    chosen.add_argument("--base", type=_base, metavar=tr("BASE-or-MODEL", "BASE-o-MODELO"),
                        help=tr("start from a pretrained base: {ids}; or from a model of your own: a .keras or .h5 file, a "
                                "run, an exported bundle or a project",
                                "parte de una base preentrenada: {ids}; o de un modelo propio: un archivo .keras o .h5, un "
                                "entrenamiento, un paquete exportado o un proyecto", ids=", ".join(BASES.ids())))
    chosen.add_argument("--from", dest="script", type=Path, metavar=tr("SCRIPT", "SCRIPT"),
                        help=tr("take over a Keras or PyTorch training script or notebook: pictures, augmentation, network and "
                                "training; lists what was taken over and what was not, with the lines; its pictures' folder "
                                "is read unless --data names another",
                                "toma un script o cuaderno de entrenamiento de Keras o PyTorch: imágenes, aumento de datos, "
                                "red y entrenamiento; enumera lo que se tomó y lo que no, con sus líneas; se lee la carpeta "
                                "de imágenes que indica, salvo que --data nombre otra"))
    add_reading(new)
    add_columns(new)
    add_set(new)


def _set(command: Command) -> None:
    change = command("set", tr("change settings", "cambia ajustes"))
    change.add_argument("values", nargs="+", metavar=tr("KEY=VALUE", "CLAVE=VALOR"),
                        help=tr("a setting by the name that `show` gives it, such as training.epochs=5",
                                "un ajuste con el nombre que le da `show`, como training.epochs=5"))


def _show(command: Command) -> None:
    show = command("show", tr("show settings", "muestra ajustes"))
    show.add_argument("key", nargs="?", default="", metavar=tr("KEY", "CLAVE"),
                      help=tr("one setting, or a group of settings; all of them if omitted",
                              "un ajuste o un grupo de ajustes; si se omite, todos"))


def _network(command: Command) -> None:
    network = command("network", tr("import the network of a Keras or ONNX file, or of code",
                                    "importa la red de un archivo de Keras u ONNX, o de código"))
    taken = network.add_mutually_exclusive_group(required=True)
    taken.add_argument("--base", type=_base, metavar=tr("BASE-or-MODEL", "BASE-o-MODELO"),
                       help=tr("start again from a pretrained base, or from a model of your own without its classifier",
                               "parte de nuevo de una base preentrenada o de un modelo propio sin su clasificador"))
    taken.add_argument("--from", dest="source", type=Path, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("a .keras or .h5 file, Keras's JSON, an ONNX model, or Python source or a notebook with Keras "
                               "or PyTorch code",
                               "un archivo .keras o .h5, el JSON de Keras, un modelo ONNX, o código Python o un cuaderno con "
                               "código de Keras o PyTorch"))
    network.add_argument("--weights", type=Path, metavar=tr("FILE", "ARCHIVO"),
                         help=tr("with --base NET.py: its trained weights (.pth, .pt or .safetensors with a state dictionary)",
                                 "con --base RED.py: sus pesos entrenados (.pth, .pt o .safetensors con un state_dict)"))


def _check(command: Command) -> None:
    check = command("check", tr("list all problems of a project", "enumera todos los problemas de un proyecto"))
    check.add_argument("--set-index-aside", action="store_true",
                       help=tr("first move a damaged index aside under another name and read the folder into a new one; "
                               "decisions about pictures are recovered as far as they can still be read",
                               "antes aparta un índice dañado con otro nombre y lee la carpeta en uno nuevo; las decisiones "
                               "sobre las imágenes se recuperan en la medida en que aún se puedan leer"))


def _audit(command: Command) -> None:
    from cnnstudio.catalog.findings import KINDS

    audit = command("audit", tr("find damaged, duplicate, blurred, mislabelled and other problematic pictures",
                                "busca imágenes dañadas, duplicadas, borrosas, mal etiquetadas o con otros problemas"),
                    project=False)
    audit.add_argument("place", type=Path, metavar=tr("FOLDER-or-PROJECT", "CARPETA-o-PROYECTO"),
                       help=tr("folder or project with the pictures", "carpeta o proyecto con las imágenes"))
    audit.add_argument("--only", metavar=tr("KIND,...", "TIPO,..."), help=", ".join(KINDS.ids()))
    audit.add_argument("--flips", action="store_true", help=tr("also look for mirrored and rotated copies",
                                                               "busca también copias reflejadas y giradas"))
    audit.add_argument("--html", type=Path, metavar=tr("FILE", "ARCHIVO"), help=tr("write a report",
                                                                                   "escribe un informe"))
    add_force(audit)
    add_reading(audit)
    add_set(audit)


def _map(command: Command) -> None:
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.datasets.embedding import BUNDLED

    arrange = command("map", tr("arrange the pictures by similarity: positions, nearest pictures, doubtful labels",
                                "dispone las imágenes por parecido: posiciones, imágenes más cercanas, etiquetas dudosas"),
                      project=False)
    arrange.add_argument("place", type=Path, metavar=tr("FOLDER-or-PROJECT", "CARPETA-o-PROYECTO"),
                         help=tr("folder or project with the pictures", "carpeta o proyecto con las imágenes"))
    arrange.add_argument("--model", default=BUNDLED, metavar=tr("BASE-or-RUN", "BASE-o-ENTRENAMIENTO"),
                         help=", ".join(BASES.ids()))
    arrange.add_argument("--layout", choices=("tsne", "pca"), default="tsne",
                         help=tr("how features are turned into positions (default: tsne)",
                                 "cómo se convierten las características en posiciones (predeterminado: tsne)"))
    arrange.add_argument("--split", choices=("train", "validation", "test"),
                         help=tr("the pictures of this split of a run, by what its model sees: with the nearest training "
                                 "pictures and what they say of the answer",
                                 "las imágenes de esta división de un entrenamiento, por lo que ve su modelo: con las imágenes "
                                 "de entrenamiento más cercanas y lo que dicen de la respuesta"))


def _import(command: Command) -> None:
    bring = command("import", tr("unpack an archive or arrays into a folder of class folders",
                                 "extrae un archivo comprimido o matrices en una carpeta con carpetas de clase"),
                    project=False)
    bring.add_argument("source", type=Path, metavar=tr("SOURCE", "ORIGEN"),
                       help=tr("an archive (.zip, .tar) or arrays (.npz, .npy, MNIST)",
                               "un archivo comprimido (.zip, .tar) o matrices (.npz, .npy, MNIST)"))
    bring.add_argument("folder", type=Path, metavar=tr("FOLDER", "CARPETA"),
                       help=tr("where the class folders are written", "dónde se escriben las carpetas de clase"))


def _collect(command: Command) -> None:
    from cnnstudio.catalog.collections import FORMS

    collect = command("collect", tr("write the curated collection to another place, with your decisions applied and the "
                                    "originals untouched",
                                    "escribe la colección revisada en otro lugar, con sus decisiones aplicadas y sin tocar "
                                    "los originales"))
    collect.add_argument("--to", type=Path, required=True, metavar=tr("PATH", "RUTA"), help=tr("where to write it",
                                                                                               "dónde escribirla"))
    collect.add_argument("--format", choices=tuple(FORMS), default="folders",
                         help=tr("format of the collection (default: {name})",
                                 "formato de la colección (predeterminado: {name})", name="folders"))
    collect.add_argument("--links", action="store_true", help=tr("hard links instead of copies, where the disk supports them",
                                                                 "enlaces duros en lugar de copias, si el disco los admite"))


def _datasets(command: Command) -> None:
    datasets = command("datasets", tr("list free collections, or download one",
                                      "enumera colecciones libres o descarga una"), project=False)
    datasets.add_argument("name", nargs="?", default="", metavar=tr("NAME", "NOMBRE"),
                          help=tr("the collection to download; if omitted, all are listed",
                                  "la colección que se descarga; si se omite, se enumeran todas"))
    datasets.add_argument("--to", type=Path, metavar=tr("FOLDER", "CARPETA"), help=tr("where to save it", "dónde guardarla"))


def _decide(command: Command) -> None:
    decide = command("decide", tr("assign pictures to a class or split, exclude them, or accept findings",
                                  "asigna imágenes a una clase o división, las excluye o acepta hallazgos"))
    decide.add_argument("paths", nargs="+", metavar=tr("PATH", "RUTA"), help=tr(
        "pictures, by their path in the collection or any other path; if some are not in the project, the decision applies "
        "to the others and the exit code is 1",
        "imágenes, por su ruta en la colección o por cualquier otra; si algunas no están en el proyecto, la decisión se "
        "aplica a las demás y el código de salida es 1"))
    decide.add_argument("--class", dest="class_name", metavar=tr("NAME", "NOMBRE"),
                        help=tr("their class", "su clase"))
    decide.add_argument("--split", choices=("train", "validation", "test", "drawn"),
                        help=tr("their split; drawn: drawn at random by the split ratios",
                                "su división; drawn: se sortea según las proporciones"))
    left = decide.add_mutually_exclusive_group()
    left.add_argument("--exclude", action="store_true", help=tr("exclude them", "las excluye"))
    left.add_argument("--include", action="store_true", help=tr("include them again", "las vuelve a incluir"))
    decide.add_argument("--accept", metavar=tr("KIND", "TIPO"), help=tr("accept findings of this kind",
                                                                        "acepta los hallazgos de este tipo"))


def _add(command: Command) -> None:
    add = command("add", tr("add single pictures to the data, with their class",
                            "añade imágenes sueltas a los datos, con su clase"))
    add.add_argument("paths", nargs="+", type=Path, metavar=tr("PICTURE", "IMAGEN"), help=tr(
        "pictures and folders of pictures; they are copied into the project, and what it has already is named and left",
        "imágenes y carpetas de imágenes; se copian en el proyecto, y las que ya tiene se nombran y se dejan"))
    add.add_argument("--class", dest="class_name", required=True, metavar=tr("NAME", "NOMBRE"),
                     help=tr("their class", "su clase"))
    add.add_argument("--split", choices=("train", "validation", "test"),
                     help=tr("their split (default: drawn at random by the split ratios)",
                             "su división (predeterminado: se sortea según las proporciones)"))


def _code(command: Command) -> None:
    code = command("code", tr("print the network as Keras or PyTorch source",
                              "muestra la red como código de Keras o PyTorch"))
    code.add_argument("--framework", choices=("keras", "torch"), default="keras",
                      help=tr("default: keras", "predeterminado: keras"))
    code.add_argument("--whole", action="store_true",
                      help=tr("the whole training: pictures, recipe, network, fit",
                              "el entrenamiento completo: imágenes, receta, red, ajuste"))
    code.add_argument("--run", metavar="ID",
                      help=tr("as it was in this run; `export --format keras_source` or `torch` writes it with its weights",
                              "como era en este entrenamiento; `export --format keras_source` o `torch` incluye sus pesos"))
    code.add_argument("--to", type=Path, metavar=tr("FILE", "ARCHIVO"),
                      help=tr("write it to this file instead of printing it, together with the files that the training reads",
                              "lo escribe en este archivo en lugar de mostrarlo, junto con los que lee el entrenamiento"))
    add_force(code)


def _draw(command: Command) -> None:
    from cnnstudio.catalog.exporters import DRAWINGS

    draw = command("draw", tr("draw the network as the canvas shows it", "dibuja la red como la muestra el lienzo"))
    draw.add_argument("--to", type=Path, required=True, metavar=tr("FILE", "ARCHIVO"), help=", ".join(DRAWINGS))
    draw.add_argument("--run", metavar="ID", help=tr("as it was in this run", "como era en este entrenamiento"))


def _measure(command: Command) -> None:
    command("measure", tr("measure the mean and standard deviation of the training pictures, for "
                          "recipe.normalization=standardize",
                          "mide la media y la desviación estándar de las imágenes de entrenamiento, para "
                          "recipe.normalization=standardize"))


def _augment(command: Command) -> None:
    from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS

    augment = command("augment", tr("show the augmentations, or replace them by a preset",
                                    "muestra los aumentos o los reemplaza por un ajuste preestablecido"))
    augment.add_argument("preset", nargs="?", choices=AUGMENTATION_PRESETS.ids(), default=None,
                         metavar=tr("PRESET", "AJUSTE"), help=", ".join(AUGMENTATION_PRESETS.ids()))


def _plan(command: Command) -> None:
    from cnnstudio.catalog.plans import PLANS

    plan = command("plan", tr("show the training plan that suits the pretrained base and the pictures, or apply one",
                              "muestra el plan de entrenamiento que conviene a la base preentrenada y a las imágenes, o aplica "
                              "uno"))
    plan.add_argument("plan", nargs="?", choices=("advised", *PLANS.ids()), default=None,
                      metavar=tr("PLAN", "PLAN"), help=f"advised, {', '.join(PLANS.ids())}")
    plan.add_argument("--learns", default="", metavar=tr("BLOCK", "BLOQUE"),
                      help=tr("from where the base learns where it does: a block, all, or last:20 for its last 20 layers",
                              "desde dónde aprende la base donde lo hace: un bloque, all o last:20 para sus últimas 20 capas"))


def _probe(command: Command) -> None:
    command("probe", tr("compare the pretrained bases on this computer on the project's pictures",
                        "compara las bases preentrenadas de este equipo con las imágenes del proyecto"))


def _doctor(command: Command) -> None:
    from cnnstudio.cli.doctor_arguments import add_doctor

    add_doctor(command)


def _selfcheck(command: Command) -> None:
    command("selfcheck", tr("check this installation: everything there, the window opens, a training runs",
                            "comprueba esta instalación: todo está, la ventana se abre, un entrenamiento funciona"),
            project=False)


def _sample(command: Command) -> None:
    sample = command("sample", tr("try the program on the bundled digits: train, evaluate, classify",
                                  "prueba el programa con los dígitos incluidos: entrena, evalúa y clasifica"),
                     project=False)
    sample.add_argument("project", type=Path, nargs="?", metavar=tr("PROJECT", "PROYECTO"),
                        help=tr("where to create the project (default: in the projects folder)",
                                "dónde crear el proyecto (predeterminado: en la carpeta de proyectos)"))


def _fetch(command: Command) -> None:
    from cnnstudio.catalog.bases import BASES

    fetch = command("fetch", tr("download the weights of a pretrained base", "descarga los pesos de una base preentrenada"),
                    project=False)
    fetch.add_argument("base", choices=BASES.ids(), metavar="BASE", help=", ".join(BASES.ids()))
    fetch.add_argument("--file", type=Path, default=None, metavar=tr("FILE", "ARCHIVO"),
                       help=tr("read them from this file, after checking it, instead of downloading them",
                               "los lee de este archivo, tras comprobarlo, en lugar de descargarlos"))


def _search(command: Command) -> None:
    from cnnstudio.cli.search_arguments import add_search

    add_search(command)


_COMMANDS: Final[dict[str, Callable[[Command], None]]] = {
    "new": _new, "set": _set, "show": _show, "network": _network, "check": _check, "audit": _audit, "map": _map,
    "import": _import, "collect": _collect, "datasets": _datasets, "decide": _decide, "add": _add,
    "train": add_train, "runs": add_runs, "reproduce": add_reproduce, "control": add_control, "classes": add_classes,
    "evaluate": add_evaluate, "calibrate": add_calibrate,
    "predict": add_predict, "export": add_export, "exports": add_exports, "code": _code, "draw": _draw, "measure": _measure,
    "robustness": add_robustness, "probe": _probe, "plan": _plan, "augment": _augment,
    "doctor": _doctor, "sample": _sample, "fetch": _fetch, "help": add_help,
    "selfcheck": _selfcheck, "compare": add_compare, "find-rate": add_find_rate,
    "forecast": add_forecast, "find-batch": add_find_batch, "coach": add_coach, "layers": add_layers,
    "shortcuts": add_shortcuts, "curve": add_curve, "report": add_report,
    "scenarios": add_scenarios,
    "serve": add_serve, "learn": add_learn,
    "explain": add_explain, "features": add_features, "replay": add_replay,
    "assignment": add_assignment, "grade": add_grade, "search": _search,
    "cluster": add_cluster, "jobs": add_jobs, "attach": add_attach, "stop": add_stop,
}


def _base(text: str) -> str:
    """The id of a base, or the path of a model."""
    import difflib

    from cnnstudio.catalog.bases import BASES

    if text in BASES.ids() or Path(text).exists() or Path(text).suffix or len(Path(text).parts) > 1:
        return text
    similar = ", ".join(difflib.get_close_matches(text.casefold(), BASES.ids(), 3))
    raise argparse.ArgumentTypeError(
        tr("there is no base {word}, and no file of that name",
           "no hay ninguna base {word} ni ningún archivo con ese nombre", word=text)
        + (tr("; similar bases: {names}", "; bases parecidas: {names}", names=similar) if similar else ""))
