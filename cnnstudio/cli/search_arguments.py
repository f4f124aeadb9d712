"""The arguments of `cnnstudio search`."""

from __future__ import annotations

import argparse

from cnnstudio.cli.run_arguments import Command
from cnnstudio.cli.shared_arguments import add_set
from cnnstudio.core.text import tr
from cnnstudio.workers.search.importances import IMPORTANCES
from cnnstudio.workers.search.objectives import OBJECTIVES
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.terminators import TERMINATORS


def add_search(command: Command) -> None:
    search = command("search", tr("search for better settings: each trial is an ordinary run",
                                  "busca mejores ajustes: cada ensayo es un entrenamiento normal"))
    search.add_argument("--vary", action="append", default=[], metavar=tr("KEY=VALUES", "CLAVE=VALORES"),
                        help=tr("a setting and what it is tried with: LOW:HIGH, LOW:HIGH:log, LOW:HIGH:STEP, or choices A,B,C "
                                "(A;B where they have commas); besides all settings: augmentation.preset and base; may be "
                                "repeated",
                                "un ajuste y con qué se prueba: MÍN:MÁX, MÍN:MÁX:log, MÍN:MÁX:PASO u opciones A,B,C (A;B si "
                                "llevan comas); además de todos los ajustes: augmentation.preset y base; se puede repetir"))
    search.add_argument("--trials", type=int, metavar="N",
                        help=tr("how many trials in all (default: 20)", "cuántos ensayos en total (predeterminado: 20)"))
    search.add_argument("--seconds", type=float, metavar="N",
                        help=tr("end after so many seconds of work; what runs then can go on with --resume",
                                "termina tras tantos segundos de trabajo; lo que esté en marcha puede seguir con --resume"))
    search.add_argument("--parallel", type=int, metavar="N",
                        help=tr("how many trials at once, as far as the memory allows (default: 1)",
                                "cuántos ensayos a la vez, si la memoria alcanza (predeterminado: 1)"))
    search.add_argument("--objective", action="append", default=[], metavar=tr("NAME", "NOMBRE"),
                        help=tr("what counts: {ids}, or any metric of the runs such as val_f1; NAME:min or NAME:max "
                                "sets the direction; several give a front (default: val_accuracy)",
                                "qué cuenta: {ids} o cualquier métrica de los entrenamientos, como val_f1; NOMBRE:min o "
                                "NOMBRE:max fija el sentido; varios dan un frente (predeterminado: val_accuracy)",
                                ids=", ".join(OBJECTIVES.ids())))
    search.add_argument("--sampler", choices=SAMPLERS.ids(),
                        help=tr("how the next settings are chosen (default: tpe)",
                                "cómo se eligen los ajustes siguientes (predeterminado: tpe)"))
    search.add_argument("--pruner", choices=PRUNERS.ids(),
                        help=tr("which trials end early (default: median, with several objectives none)",
                                "qué ensayos terminan antes (predeterminado: median; con varios objetivos, none)"))
    search.add_argument("--terminator", choices=TERMINATORS.ids(),
                        help=tr("when more trials will not help (default: none)",
                                "cuándo más ensayos no ayudarán (predeterminado: none)"))
    search.add_argument("--folds", type=int, metavar="K",
                        help=tr("train each trial on K folds of a cross-validation, and judge it by their mean",
                                "entrena cada ensayo en K pliegues de una validación cruzada y lo juzga por su media"))
    search.add_argument("--seed", type=int, metavar="N", help=tr("the seed of the sampler (default: 0)",
                                                                 "la semilla del sampler (predeterminado: 0)"))
    search.add_argument("--no-present", action="store_true",
                        help=tr("do not begin with the settings that the project has",
                                "no empieza con los ajustes que tiene el proyecto"))
    add_set(search)
    search.add_argument("--on", dest="cluster", metavar=tr("NAME", "NOMBRE"),
                        help=tr("train the trials on this cluster, each on one host of it unless --hosts says more; with "
                                "--parallel N, N of them at once",
                                "entrena los ensayos en este clúster, cada uno en un nodo salvo que --hosts indique más; con "
                                "--parallel N, N a la vez"))
    search.add_argument("--hosts", type=int, metavar="N", help=tr("with --on: hosts for each trial (default: 1)",
                                                                  "con --on: nodos para cada ensayo (predeterminado: 1)"))
    _add_ways(search)


def _add_ways(search: argparse.ArgumentParser) -> None:
    ways = search.add_mutually_exclusive_group()
    ways.add_argument("--resume", nargs="?", const="", metavar="ID",
                      help=tr("go on with a search (default: the newest); --trials and --seconds extend it",
                              "continúa una búsqueda (predeterminado: la más reciente); --trials y --seconds la amplían"))
    ways.add_argument("--list", action="store_true", help=tr("list the searches of the project",
                                                             "enumera las búsquedas del proyecto"))
    ways.add_argument("--show", nargs="?", const="", metavar="ID",
                      help=tr("show the trials of a search and what matters among its settings (default: the newest)",
                              "muestra los ensayos de una búsqueda y qué ajustes importan (predeterminado: la más reciente)"))
    ways.add_argument("--apply", nargs="?", const="", metavar="ID",
                      help=tr("put the settings of the best trial of a search into the project (default: the newest)",
                              "pone en el proyecto los ajustes del mejor ensayo de una búsqueda (predeterminado: la más "
                              "reciente)"))
    search.add_argument("--trial", type=int, metavar="N", help=tr("with --apply: the settings of this trial",
                                                                  "con --apply: los ajustes de este ensayo"))
    search.add_argument("--importance", choices=IMPORTANCES.ids(),
                        help=tr("with --show: how it is measured what matters (default: ped_anova)",
                                "con --show: cómo se mide qué importa (predeterminado: ped_anova)"))
