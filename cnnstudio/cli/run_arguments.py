"""The arguments of the commands that make and use runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from cnnstudio.catalog.properties import PROPERTIES
from cnnstudio.cli.cluster_arguments import add_on
from cnnstudio.cli.shared_arguments import add_columns, add_run, add_set
from cnnstudio.core.text import tr

Command = Callable[..., argparse.ArgumentParser]
"""Adds a command: name, help, and whether it takes a project."""


def add_train(command: Command) -> None:
    train = command("train", tr("train; Ctrl+C stops and keeps the model", "entrena; Ctrl+C detiene y conserva el modelo"))
    add_set(train)
    train.add_argument("--from", dest="begin", metavar=tr("RUN[@EPOCH]", "ENTRENAMIENTO[@ÉPOCA]"),
                       help=tr("a new run that begins with the weights of this run: of its model, or of an epoch that is kept",
                               "un entrenamiento nuevo que parte de los pesos de este: los de su modelo o los de una época "
                               "conservada"))
    train.add_argument("--add-class", dest="new_class", metavar=tr("NAME=FOLDER", "NOMBRE=CARPETA"),
                       help=tr("a new run whose model has one class more than that of --from (default: of the newest run): "
                               "what it has learned is kept, and the folder becomes a source of the project; NAME alone for a "
                               "class that the project has already",
                               "un entrenamiento nuevo cuyo modelo tiene una clase más que el de --from (predeterminado: el "
                               "más reciente): lo aprendido se conserva y la carpeta pasa a ser un origen del proyecto; solo "
                               "NOMBRE para una clase que el proyecto ya tiene"))
    train.add_argument("--last-layers", action="store_true",
                       help=tr("with --add-class: after the layers behind the trunk, the last part of the trunk learns too",
                               "con --add-class: tras las capas posteriores al tronco aprende también la última parte de este"))
    way = train.add_mutually_exclusive_group()
    way.add_argument("--resume", metavar=tr("RUN", "ENTRENAMIENTO"),
                     help=tr("resume this run; with --set, with other settings or for more epochs",
                             "continúa este entrenamiento; con --set, con otros ajustes o durante más épocas"))
    way.add_argument("--continue", dest="more", type=int, metavar="N",
                     help=tr("train a run for N more epochs (the newest unless --run names another); its optimizer goes on",
                             "entrena N épocas más (el entrenamiento más reciente, si --run no indica otro); su optimizador "
                             "sigue"))
    way.add_argument("--seeds", type=int, metavar="N",
                     help=tr("train N times, with the seed of the project and the ones after it; mean and deviation at the end",
                             "entrena N veces, con la semilla del proyecto y las siguientes; al final, media y desviación"))
    way.add_argument("--folds", type=int, metavar="K",
                     help=tr("stratified k-fold cross-validation of the training and validation pictures",
                             "validación cruzada estratificada de k pliegues con las imágenes de entrenamiento y validación"))
    train.add_argument("--layers", action="store_true",
                       help=tr("record the insides of the layers after every epoch, which `layers` prints; the training is the "
                               "same, and somewhat slower",
                               "registra el interior de las capas tras cada época, que `layers` muestra; el entrenamiento es "
                               "el mismo, y algo más lento"))
    add_on(train)
    train.add_argument("--run", metavar="ID", help=tr("the run that --continue is about",
                                                      "el entrenamiento al que se refiere --continue"))


def add_reproduce(command: Command) -> None:
    reproduce = command("reproduce", tr("train a run again from its own settings, seed and pictures, and say whether the same "
                                        "came out",
                                        "repite un entrenamiento con sus propios ajustes, semilla e imágenes, y dice si sale "
                                        "lo mismo"))
    reproduce.add_argument("run", metavar=tr("RUN", "ENTRENAMIENTO"),
                           help=tr("the id of the run, as listed by `runs`",
                                   "el id del entrenamiento, tal como lo enumera `runs`"))


def add_classes(command: Command) -> None:
    classes = command("classes", tr("list the classes of a trained run, or rename them without training",
                                    "enumera las clases de un entrenamiento o cambia sus nombres sin entrenar"))
    add_run(classes)
    what = classes.add_mutually_exclusive_group()
    what.add_argument("--rename", nargs="+", action="extend", metavar=tr("OLD=NEW", "ANTES=AHORA"),
                      help=tr("give classes other names in this run and in what is exported of it from now on; the folders of "
                              "the pictures keep theirs",
                              "da otros nombres a las clases en este entrenamiento y en lo que se exporte de él desde ahora; "
                              "las carpetas de imágenes conservan los suyos"))
    what.add_argument("--as-trained", action="store_true",
                      help=tr("give all classes the names again that the run was trained with",
                              "devuelve a todas las clases los nombres con los que se entrenó"))


def add_control(command: Command) -> None:
    control = command("control", tr("pause, resume, stop or steer a training that runs in a window or another terminal",
                                    "pausa, continúa, detiene o dirige un entrenamiento en marcha en una ventana u otra "
                                    "terminal"))
    control.add_argument("--run", metavar="ID", help=tr("the id of the run (default: the one that is trained)",
                                                        "el id del entrenamiento (predeterminado: el que está en marcha)"))
    what = control.add_mutually_exclusive_group(required=True)
    what.add_argument("--pause", action="store_true", help=tr("pause after the present batch", "pausa tras el lote actual"))
    what.add_argument("--resume", action="store_true", help=tr("go on after a pause", "continúa tras una pausa"))
    what.add_argument("--stop", action="store_true", help=tr("stop and keep the model", "detiene y conserva el modelo"))
    what.add_argument("--discard", action="store_true", help=tr("stop and discard the model", "detiene y descarta el modelo"))
    what.add_argument("--rate", type=float, metavar=tr("RATE", "TASA"),
                      help=tr("train with this learning rate from the next batch on",
                              "entrena con esta tasa de aprendizaje desde el lote siguiente"))
    what.add_argument("--try", dest="try_pictures", nargs="+", type=Path, metavar=tr("PICTURE", "IMAGEN"),
                      help=tr("what the network answers for these pictures at this moment, and from now on after every epoch",
                              "qué responde la red para estas imágenes en este momento y, en adelante, tras cada época"))


def add_runs(command: Command) -> None:
    runs = command("runs", tr("list the runs, write about one, or delete one",
                              "enumera los entrenamientos, anota uno o lo elimina"))
    runs.add_argument("--run", metavar="ID", help=tr("the id of the run that is changed or written (default: the newest run)",
                                                     "el id del entrenamiento que se cambia o escribe (predeterminado: el más "
                                                     "reciente)"))
    runs.add_argument("--csv", type=Path, metavar=tr("FILE", "ARCHIVO"),
                      help=tr("write the epochs of a run as a table (the newest unless --run names another)",
                              "escribe las épocas de un entrenamiento como tabla (el más reciente, si --run no indica otro)"))
    runs.add_argument("--rename", metavar=tr("NAME", "NOMBRE"),
                      help=tr("rename a run (the newest unless --run names another); its id does not change",
                              "cambia el nombre de un entrenamiento (el más reciente, si --run no indica otro); su id no "
                              "cambia"))
    runs.add_argument("--note", metavar=tr("TEXT", "TEXTO"), help=tr("write a note about a run; empty takes it away",
                                                                     "anota algo sobre un entrenamiento; vacío lo borra"))
    runs.add_argument("--tag", metavar=tr("TAG,...", "ETIQUETA,..."), help=tr("set the tags of a run; empty takes them away",
                                                                              "pone las etiquetas de un entrenamiento; vacío "
                                                                              "las borra"))
    runs.add_argument("--group", metavar=tr("NAME", "NOMBRE"),
                      help=tr("put a run into a group, whose mean and deviation are listed; empty takes it out",
                              "pone un entrenamiento en un grupo, del que se enumeran media y desviación; vacío lo saca"))
    runs.add_argument("--color", type=int, metavar="N", help=tr("its colour: a number of the palette, from 0",
                                                                "su color: un número de la paleta, desde 0"))
    runs.add_argument("--filter", metavar=tr("TEXT", "TEXTO"),
                      help=tr("list only runs with this text in their id, name, note, tags, group, network or state",
                              "enumera solo los entrenamientos con este texto en su id, nombre, nota, etiquetas, grupo, red o "
                              "estado"))
    runs.add_argument("--sort", metavar=tr("COLUMN", "COLUMNA"),
                      help=tr("sort by a metric such as val_accuracy, by a setting such as training.batch_size, or by started, "
                              "name, network, state, epochs, duration, size, data or group; a minus in front reverses it "
                              "(--sort=-val_accuracy)",
                              "ordena por una métrica como val_accuracy, por un ajuste como training.batch_size o por started, "
                              "name, network, state, epochs, duration, size, data o group; un menos delante lo invierte "
                              "(--sort=-val_accuracy)"))
    runs.add_argument("--columns", metavar=tr("KEY,...", "CLAVE,..."),
                      help=tr("show these settings of each run; differing: all that differ among them",
                              "muestra estos ajustes de cada entrenamiento; differing: todos los que difieren entre ellos"))
    kept = runs.add_mutually_exclusive_group()
    kept.add_argument("--delete", metavar="ID", help=tr("move a run to the project's trash, which is emptied when the window "
                                                        "closes the project or by --empty-trash",
                                                        "mueve un entrenamiento a la papelera del proyecto, que se vacía al "
                                                        "cerrar el proyecto en la ventana o con --empty-trash"))
    kept.add_argument("--restore", metavar="ID", help=tr("bring a run back from the trash",
                                                         "recupera un entrenamiento de la papelera"))
    kept.add_argument("--empty-trash", action="store_true", help=tr("delete what is in the trash permanently",
                                                                    "borra definitivamente lo que hay en la papelera"))


def add_evaluate(command: Command) -> None:
    evaluate = command("evaluate", tr("evaluate trained models: all figures with their intervals",
                                      "evalúa modelos entrenados: todas las cifras con sus intervalos"))
    evaluate.add_argument("--run", action="append", metavar="ID",
                          help=tr("the id of the run, as listed by `runs` (default: the newest run); repeat it to put several "
                                  "runs side by side",
                                  "el id del entrenamiento, tal como lo enumera `runs` (predeterminado: el más reciente); "
                                  "repítalo para poner varios uno al lado de otro"))
    on = evaluate.add_mutually_exclusive_group()
    on.add_argument("--split", choices=("train", "validation", "test"),
                    help=tr("on this split of the project", "en esta división del proyecto"))
    on.add_argument("--data", type=Path, metavar=tr("FOLDER", "CARPETA"),
                    help=tr("on other pictures, with one subfolder per class",
                            "en otras imágenes, con una subcarpeta por clase"))
    add_columns(evaluate)
    evaluate.add_argument("--by", metavar=tr("PROPERTY", "PROPIEDAD"),
                          help=tr("the accuracy by a property of the pictures, with a test of whether it matters: {ids}, a "
                                  "column of the list, or all",
                                  "la exactitud según una propiedad de las imágenes, con una prueba de si importa: {ids}, una "
                                  "columna de la lista o all", ids=", ".join(PROPERTIES.ids())))
    evaluate.add_argument("--bins", type=int, metavar="N",
                          help=tr("into how many ranges with equal numbers of pictures a number is divided (default: as many "
                                  "as have 30 pictures, 2 to 8)",
                                  "en cuántos tramos con el mismo número de imágenes se divide un número (predeterminado: los "
                                  "que tengan 30 imágenes, de 2 a 8)"))


def add_calibrate(command: Command) -> None:
    calibrate = command("calibrate", tr("make the probabilities of a model as sure as they are right, and let it say “not "
                                        "sure”; kept with the run, and used by predict and every export",
                                        "hace que las probabilidades de un modelo sean tan seguras como acertadas y le permite "
                                        "decir «sin certeza»; se guarda con el entrenamiento y lo usan predict y todas las "
                                        "exportaciones"))
    add_run(calibrate)
    what = calibrate.add_mutually_exclusive_group()
    what.add_argument("--reject", metavar=tr("OPTION", "OPCIÓN"),
                      help=tr("when it is not sure: confidence:0.8 (below that probability), conformal:0.1 or "
                              "conformal_aps:0.1 (sets of classes that miss the right one for that share of new pictures), or "
                              "none (default: as it is)",
                              "cuándo no tiene certeza: confidence:0.8 (por debajo de esa probabilidad), conformal:0.1 o "
                              "conformal_aps:0.1 (conjuntos de clases en los que falta la correcta en esa proporción de "
                              "imágenes nuevas) o none (predeterminado: como está)"))
    what.add_argument("--remove", action="store_true", help=tr("remove the temperature and the reject option",
                                                               "quita la temperatura y la opción de rechazo"))
    calibrate.add_argument("--no-temperature", action="store_true",
                           help=tr("leave the temperature as it is, and set the reject option only",
                                   "deja la temperatura como está y pone solo la opción de rechazo"))




def add_robustness(command: Command) -> None:
    robustness = command("robustness", tr("measure how each augmentation affects a trained model, class by class",
                                          "mide cómo afecta cada aumento a un modelo entrenado, clase por clase"))
    add_run(robustness)


def add_compare(command: Command) -> None:
    compare = command("compare", tr("compare two or more runs: settings, figures, pictures on which they disagree, and whether "
                                    "one is significantly better",
                                    "compara dos o más entrenamientos: ajustes, cifras, imágenes en las que discrepan y si uno "
                                    "es significativamente mejor"))
    compare.add_argument("runs", nargs="+", metavar=tr("RUN", "ENTRENAMIENTO"),
                         help=tr("the ids of the runs, as listed by `runs`; each is compared with the first one, and what was "
                                 "not evaluated yet is evaluated first",
                                 "los id de los entrenamientos, tal como los enumera `runs`; cada uno se compara con el "
                                 "primero, y lo que aún no se ha evaluado se evalúa antes"))
    compare.add_argument("--split", choices=("validation", "test"),
                         help=tr("on this split (default: test pictures, else validation pictures)",
                                 "en esta división (predeterminado: imágenes de prueba o, si no hay, de validación)"))


def add_find_rate(command: Command) -> None:
    find = command("find-rate", tr("try learning rates from low to high, a batch each, and suggest some",
                                   "prueba tasas de aprendizaje de baja a alta, un lote cada una, y propone algunas"))
    add_set(find)
    find.add_argument("--stage", metavar="ID", help=tr("with the settings of this stage (default: the first)",
                                                       "con los ajustes de esta etapa (predeterminado: la primera)"))
    find.add_argument("--steps", type=int, default=100, metavar="N",
                      help=tr("how many batches (default: 100)", "cuántos lotes (predeterminado: 100)"))


def add_layers(command: Command) -> None:
    layers = command("layers", tr("look inside the layers of a run: gradients, updates, weights, activations and dead units",
                                  "mira dentro de las capas de un entrenamiento: gradientes, cambios, pesos, activaciones y "
                                  "unidades muertas"))
    layers.add_argument("--run", metavar="ID", help=tr("the id of the run (default: the newest run)",
                                                       "el id del entrenamiento (predeterminado: el más reciente)"))
    layers.add_argument("--epoch", type=int, metavar="N",
                        help=tr("as recorded after this epoch (default: the last; with --json all)",
                                "según lo registrado tras esta época (predeterminado: la última; con --json, todas)"))
    layers.add_argument("--measure", action="store_true",
                        help=tr("measure the finished model, as is done where a run recorded nothing",
                                "mide el modelo terminado, como se hace si un entrenamiento no registró nada"))
