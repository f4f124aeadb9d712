"""The user's settings of the collection: sources, classes and splits."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.audit import AuditSpec
from cnnstudio.core.display import PERCENT
from cnnstudio.core.params import Bool, Choice, Float, Int, Line, Option, Seed
from cnnstudio.core.text import Text

Split = Literal["train", "validation", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "validation", "test")
SPLIT_NAMES: Final = {
    "train": Text("Training", "Entrenamiento"),
    "validation": Text("Validation", "Validación"),
    "test": Text("Test", "Prueba"),
}
LabelMode = Literal["int", "categorical", "binary"]


class SplitSpec(msgspec.Struct, frozen=True, kw_only=True):
    """How pictures are divided into splits where their folder does not decide it.

    `train`, `validation` and `test` are shares of the whole; a folder that names only some of
    the splits is completed from its training pictures in the same proportions. `keep_together`:
    near duplicates and pictures of one burst stay in one split. `folds` of 2 or more
    divides training and validation into that many parts instead, of which number `fold` (from 0) is
    the validation part; the test split stays as it is.
    """

    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15
    seed: int = 42
    stratified: bool = True
    keep_together: bool = True
    folds: int = 0
    fold: int = 0


class SplitFolders(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the folders that hold the splits; empty means the usual names of several languages."""

    train: str = ""
    validation: str = ""
    test: str = ""


class DatasetSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The collection. `source` is a folder or a manifest file (.csv, .tsv, .parquet): absolute, or relative
    to the project's folder; `joined` are more of them, put behind the first (tf.data's concatenate).
    `source_classes` names the class of a source (as it is written there) that is a folder of loose pictures.

    `ignore` are patterns of files and folders that are not looked at, as in a .gitignore file. `path_columns` and
    `label_columns` name columns of lists where they are not known by themselves: of a list the first that it has counts;
    several columns of zeros and ones are a class each; a label column "." means the folders of the pictures.

    `hidden_classes` are ignored until the user shows them again.
    `class_names` is the order of the classes that the user chose; empty means the names of the
    folders in alphabetical order, as `image_dataset_from_directory` infers them.
    `class_keys` are (class, key) where the user chose the key that gives a picture this class.
    `label_mode` decides the form of the labels and with it the loss.
    """

    source: str = ""
    label_mode: LabelMode = "categorical"
    class_names: tuple[str, ...] = ()
    splits: SplitSpec = SplitSpec()
    split_folders: SplitFolders = SplitFolders()
    follow_links: bool = False
    joined: tuple[str, ...] = ()
    source_classes: dict[str, str] = {}
    ignore: tuple[str, ...] = ()
    path_columns: tuple[str, ...] = ()
    label_columns: tuple[str, ...] = ()
    hidden_classes: tuple[str, ...] = ()
    class_keys: tuple[tuple[str, str], ...] = ()
    audit: AuditSpec = AuditSpec()


DATASET_PARAMS: Final = (
    Line(name="source", default="", file=True, label=Text("Folder", "Carpeta"),
         help=Text("The folder whose subfolders are the classes.", "La carpeta cuyas subcarpetas son las clases.")),
    Choice(name="label_mode", default="categorical", label=Text("Label mode", "Forma de las etiquetas"),
           help=Text("How a class is encoded for the loss: int is its number, categorical a vector with a single 1, binary 0 "
                     "or 1 for exactly two classes.",
                     "Cómo se codifica una clase para la función de pérdida: int es su número, categorical un vector con un "
                     "solo 1, binary 0 o 1 para exactamente dos clases."),
           options=(Option("int", Text("int: sparse", "int: dispersa")),
                    Option("categorical", Text("categorical: one-hot", "categorical: one-hot")),
                    Option("binary", Text("binary: two classes", "binary: dos clases")))),
    Bool(name="follow_links", default=False, advanced=True, label=Text("Follow links", "Seguir enlaces"),
         help=Text("Include folders that are symbolic links.", "Incluir las carpetas que son enlaces simbólicos.")),
)

SPLIT_PARAMS: Final = (
    Float(name="train", default=0.7, minimum=0, maximum=1, above=True, display=PERCENT,
          label=SPLIT_NAMES["train"], help=Text("Share of the pictures that the network learns from.",
                                                "Proporción de las imágenes con las que aprende la red.")),
    Float(name="validation", default=0.15, minimum=0, maximum=1, display=PERCENT,
          label=SPLIT_NAMES["validation"],
          help=Text("Share of the pictures used to monitor the training and to decide when to stop early.",
                    "Proporción de las imágenes con las que se vigila el entrenamiento y se decide la parada temprana.")),
    Float(name="test", default=0.15, minimum=0, maximum=1, display=PERCENT, label=SPLIT_NAMES["test"],
          help=Text("Share of the pictures set aside for the final evaluation.",
                    "Proporción de las imágenes que se reserva para la evaluación final.")),
    Seed(name="seed", default=42, minimum=0, label=Text("Seed", "Semilla"),
         help=Text("The same seed gives the same splits.", "La misma semilla da la misma división.")),
    Bool(name="stratified", default=True, label=Text("Stratified", "Estratificada"),
         help=Text("Every split has the same proportions of the classes.",
                   "Todas las divisiones tienen las mismas proporciones de las clases.")),
    Bool(name="keep_together", default=True, label=Text("Keep duplicates together", "Mantener juntas las duplicadas"),
         help=Text("Near duplicates and pictures of the same burst stay in the same split, so that the test set contains "
                   "nothing the network has learned. Near duplicates are known after the audit, bursts by their names.",
                   "Las casi duplicadas y las imágenes de una misma ráfaga quedan en la misma división, para que la prueba "
                   "no contenga nada que la red haya aprendido. Las casi duplicadas se conocen tras la auditoría; las "
                   "ráfagas, por su nombre.")),
    Int(name="folds", default=0, minimum=0, maximum=20, advanced=True, label=Text("Folds", "Pliegues"),
        help=Text("k-fold cross-validation: 0 for none; otherwise training and validation are divided into this many parts.",
                  "Validación cruzada de k pliegues: 0 para ninguna; si no, entrenamiento y validación se dividen en este "
                  "número de partes.")),
    Int(name="fold", default=0, minimum=0, maximum=19, advanced=True, label=Text("Fold", "Pliegue"),
        help=Text("Which part, counted from 0, is the validation split.",
                  "Qué parte, contando desde 0, es la división de validación.")),
)
