"""The arguments of the commands about clusters."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from cnnstudio.cli.shared_arguments import add_run
from cnnstudio.core.text import tr

Command = Callable[..., argparse.ArgumentParser]


def add_on(target: argparse.ArgumentParser) -> None:
    """Where a training happens."""
    target.add_argument("--on", dest="cluster", metavar=tr("NAME", "NOMBRE"),
                        help=tr("train on this cluster, as `cluster list` names it; Ctrl+C leaves it alone, and `attach` comes "
                                "back to it",
                                "entrena en este clúster, con el nombre que le da `cluster list`; Ctrl+C lo deja en marcha y "
                                "`attach` vuelve a él"))
    target.add_argument("--hosts", type=int, metavar="N",
                        help=tr("with --on: so many hosts of the cluster share each batch (default: as set when it was added)",
                                "con --on: tantos nodos del clúster se reparten cada lote (predeterminado: lo fijado al "
                                "añadirlo)"))


def add_cluster(command: Command) -> None:
    cluster = command("cluster", tr("add, list, check or remove clusters: other machines, on which Ray runs, to train on",
                                    "añade, enumera, comprueba o quita clústeres: otras máquinas, con Ray en marcha, en las "
                                    "que entrenar"), project=False)
    cluster.add_argument("action", choices=("add", "list", "check", "remove"),
                         help=tr("check asks a cluster for its versions and hosts", "check pregunta a un clúster por sus "
                                                                                    "versiones y nodos"))
    cluster.add_argument("name", nargs="?", default="", metavar=tr("NAME", "NOMBRE"),
                         help=tr("the name of the cluster", "el nombre del clúster"))
    cluster.add_argument("address", nargs="?", default="", metavar=tr("ADDRESS", "DIRECCIÓN"),
                         help=tr("with add: where Ray listens for jobs, such as lab.example.org:8265",
                                 "con add: dónde recibe Ray los trabajos, como lab.example.org:8265"))
    cluster.add_argument("--storage", metavar=tr("FOLDER-or-URL", "CARPETA-o-URL"),
                         help=tr("with add: the shared storage as this computer sees it: a folder, or s3://BUCKET/FOLDER",
                                 "con add: el almacenamiento compartido tal como lo ve este equipo: una carpeta o "
                                 "s3://BUCKET/CARPETA"))
    cluster.add_argument("--host-storage", default="", metavar=tr("FOLDER-or-URL", "CARPETA-o-URL"),
                         help=tr("with add: the same storage as the hosts see it, where that is another name",
                                 "con add: el mismo almacenamiento tal como lo ven los nodos, si tiene allí otro nombre"))
    for option, least, text in (
            ("--hosts", 1, tr("with add: how many hosts a training takes (default: 1)",
                              "con add: cuántos nodos toma un entrenamiento (predeterminado: 1)")),
            ("--cpus", 1, tr("with add: processor cores of each host (default: 1)",
                             "con add: núcleos de procesador de cada nodo (predeterminado: 1)")),
            ("--gpus", 0, tr("with add: graphics cards of each host (default: 0)",
                             "con add: tarjetas gráficas de cada nodo (predeterminado: 0)"))):
        cluster.add_argument(option, type=int, default=least, metavar="N", help=text)
    cluster.add_argument("--token-file", metavar=tr("FILE", "ARCHIVO"),
                         help=tr("with add: a file with the cluster's token, or - to read it from standard input; without this "
                                 "option it is asked for. It is kept in the system's keyring",
                                 "con add: un archivo con el token del clúster, o - para leerlo de la entrada estándar; sin "
                                 "esta opción se pregunta. Se guarda en el llavero del sistema"))


def add_jobs(command: Command) -> None:
    jobs = command("jobs", tr("list the trainings of this program on clusters, the newest first",
                              "enumera los entrenamientos de este programa en los clústeres, primero los más recientes"),
                   project=False)
    jobs.add_argument("--on", dest="cluster", metavar=tr("NAME", "NOMBRE"),
                      help=tr("of this cluster (default: of all)", "de este clúster (predeterminado: de todos)"))


def add_attach(command: Command) -> None:
    attach = command("attach", tr("come back to a training on a cluster: its events, checkpoints and model come into the run",
                                  "vuelve a un entrenamiento de un clúster: sus eventos, puntos de control y modelo llegan al "
                                  "entrenamiento del proyecto"))
    add_run(attach)


def add_stop(command: Command) -> None:
    stop = command("stop", tr("stop a training on a cluster, and keep its model",
                              "detiene un entrenamiento de un clúster y conserva su modelo"))
    add_run(stop)
    stop.add_argument("--discard", action="store_true", help=tr("discard the model", "descarta el modelo"))
    stop.add_argument("--now", action="store_true",
                      help=tr("end the job at once instead; its last checkpoint stays",
                              "termina el trabajo de inmediato; queda su último punto de control"))


