"""The kinds of findings of the audit."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

Group = Literal["files", "duplicates", "quality", "balance", "labels"]
Remedy = Literal["exclude", "relabel", "move", "keep_best", "delete_copies", "keep_together", "accept"]


class FindingKind(msgspec.Struct, frozen=True, kw_only=True):
    """`threshold` is the field of the AuditSpec that decides, "" if none; `badge` the short word on a thumbnail."""

    id: str
    label: Text
    badge: Text
    help: Text
    group: Group
    severity: Literal["error", "warning", "info"] = "warning"
    threshold: str = ""
    remedies: tuple[Remedy, ...] = ("exclude", "accept")


GROUPS: Final[dict[Group, Text]] = {
    "files": Text("Files", "Archivos"), "duplicates": Text("Duplicates", "Duplicadas"),
    "quality": Text("Picture quality", "Calidad de imagen"), "balance": Text("Balance", "Equilibrio"),
    "labels": Text("Labels", "Etiquetas"),
}
REMEDIES: Final[dict[Remedy, Text]] = {
    "exclude": Text("Exclude", "Excluir"),
    "relabel": Text("Change class to {suggested}", "Cambiar clase a {suggested}"),
    "move": Text("Move to the duplicate's split", "Pasar a la división de su copia"),
    "keep_best": Text("Exclude the copies", "Excluir las copias"),
    "delete_copies": Text("Delete the copies", "Borrar las copias"),
    "keep_together": Text("Keep together", "Mantener juntas"),
    "accept": Text("Mark as fine", "Marcar como correctas"),
}
_COPIES: Final[tuple[Remedy, ...]] = ("keep_best", "delete_copies", "accept")

KINDS: Final = Registry("finding", (
    FindingKind(id="unreadable", group="files", severity="error", label=Text("Unreadable", "Ilegibles"),
                badge=Text("unreadable", "ilegible"),
                help=Text("Damaged, empty or not a picture: cannot be used.",
                          "Dañadas, vacías o que no son imágenes: no se pueden usar.")),
    FindingKind(id="truncated", group="files", severity="error", label=Text("Truncated", "Truncadas"),
                badge=Text("truncated", "truncada"),
                help=Text("The end of the file is missing.", "Falta el final del archivo.")),
    FindingKind(id="wrong_extension", group="files", severity="info", label=Text("Wrong extension", "Extensión "
                                                                                                    "incorrecta"),
                badge=Text("extension", "extensión"), remedies=("accept", "exclude"),
                help=Text("The extension does not match the content. The file is read here all the same, but not "
                          "everywhere.",
                          "La extensión no corresponde al contenido. Aquí el archivo se lee igualmente, pero no en "
                          "todas partes.")),
    FindingKind(id="orientation", group="files", severity="info", label=Text("Orientation flag", "Marca de orientación"),
                badge=Text("turned", "girada"), remedies=("accept", "exclude"),
                help=Text("The camera's flag turns the picture; here it is applied, elsewhere it may be ignored.",
                          "La marca de la cámara gira la imagen; aquí se aplica, en otros sitios quizá no.")),
    FindingKind(id="exact_duplicate", group="duplicates", label=Text("Exact duplicates", "Duplicadas exactas"),
                badge=Text("duplicate", "duplicada"), remedies=_COPIES,
                help=Text("The same bytes as another file.", "Los mismos bytes que otro archivo.")),
    FindingKind(id="near_duplicate", group="duplicates", label=Text("Near duplicates", "Casi duplicadas"),
                badge=Text("near-duplicate", "casi duplicada"), threshold="near_duplicate",
                remedies=("keep_together", *_COPIES),
                help=Text("The same picture again: resized, recompressed or from a burst.",
                          "La misma imagen otra vez: reescalada, recomprimida o de una ráfaga.")),
    FindingKind(id="leakage", group="duplicates", severity="error", label=Text("Across splits", "Entre divisiones"),
                badge=Text("leak", "fuga"), threshold="near_duplicate",
                remedies=("move", "exclude", "keep_together", "accept"),
                help=Text("A copy is in the training split, so this picture cannot test what was learned.",
                          "Una copia está en entrenamiento, así que esta imagen no puede comprobar lo aprendido.")),
    FindingKind(id="cross_class_duplicate", group="duplicates", severity="error",
                label=Text("Across classes", "Entre clases"), badge=Text("two classes", "dos clases"),
                threshold="near_duplicate", remedies=("relabel", "exclude", "accept"),
                help=Text("A copy has another class: one of the two labels is wrong.",
                          "Una copia tiene otra clase: una de las dos etiquetas es incorrecta.")),
    FindingKind(id="blurry", group="quality", label=Text("Blurry", "Borrosas"), badge=Text("blurry", "borrosa"),
                threshold="blurry", help=Text("Fine detail is missing everywhere.",
                                              "Falta el detalle fino en toda la imagen.")),
    FindingKind(id="dark", group="quality", label=Text("Dark", "Oscuras"), badge=Text("dark", "oscura"),
                threshold="dark", help=Text("Even the brightest areas are dark.", "Incluso las zonas más claras son oscuras.")),
    FindingKind(id="bright", group="quality", label=Text("Bright", "Claras"), badge=Text("bright", "clara"),
                threshold="bright", help=Text("Even the darkest areas are bright.", "Incluso las zonas más oscuras son "
                                                                              "claras.")),
    FindingKind(id="low_contrast", group="quality", label=Text("Low contrast", "Poco contraste"),
                badge=Text("low contrast", "poco contraste"), threshold="low_contrast",
                help=Text("Light and dark areas hardly differ.", "Las zonas claras y oscuras apenas se distinguen.")),
    FindingKind(id="low_information", group="quality", label=Text("Low information", "Poca información"),
                badge=Text("plain", "lisa"), threshold="low_information",
                help=Text("Almost a single plain area.", "Casi una sola área lisa.")),
    FindingKind(id="not_numbers", group="files", label=Text("Samples without a number", "Muestras sin número"),
                badge=Text("NaN", "NaN"), remedies=("accept", "exclude"),
                help=Text("Floating point with samples that are not numbers (NaN) or infinite: they are read as black or "
                          "white.",
                          "Coma flotante con muestras que no son números (NaN) o son infinitas: se leen como negro o "
                          "blanco.")),
    FindingKind(id="flat_as_read", group="quality", label=Text("Flat as read", "Planas al leerlas"),
                badge=Text("flat", "plana"), remedies=("accept", "exclude"),
                help=Text("A single grey, or almost, with the black and white of the recipe.",
                          "Un solo gris, o casi, con el negro y el blanco de la receta.")),
    FindingKind(id="odd_size", group="quality", severity="info", label=Text("Odd size", "Tamaño raro"),
                badge=Text("odd size", "tamaño raro"), threshold="odd_size",
                help=Text("Much larger or smaller than the others.", "Mucho mayor o menor que las demás.")),
    FindingKind(id="odd_ratio", group="quality", severity="info", label=Text("Odd ratio", "Proporción rara"),
                badge=Text("odd ratio", "proporción rara"), threshold="odd_ratio",
                help=Text("Much wider or narrower than the others: resizing distorts or crops it.",
                          "Mucho más ancha o estrecha que las demás: al reescalar se deforma o recorta.")),
    FindingKind(id="color_mismatch", group="quality", severity="info", label=Text("Grey or colour", "Gris o color"),
                badge=Text("grey/colour", "gris/color"), threshold="color_mismatch",
                help=Text("Grey among coloured pictures, or coloured among grey ones.",
                          "Gris entre imágenes en color, o en color entre grises.")),
    FindingKind(id="imbalance", group="balance", label=Text("Imbalance", "Desequilibrio"),
                badge=Text("imbalance", "desequilibrio"), threshold="imbalance", remedies=("accept",),
                help=Text("A class has far fewer pictures than the largest.",
                          "Una clase tiene muchas menos imágenes que la mayor.")),
    FindingKind(id="tiny_class", group="balance", label=Text("Tiny classes", "Clases diminutas"),
                badge=Text("tiny class", "clase diminuta"), threshold="tiny_class", remedies=("accept",),
                help=Text("Too few pictures to learn and to measure from.",
                          "Muy pocas imágenes para aprender y medir.")),
    FindingKind(id="outlier", group="labels", severity="info", label=Text("Outliers", "Atípicas"),
                badge=Text("outlier", "atípica"), threshold="outlier",
                help=Text("Unlike all the others: perhaps it does not belong to this collection.",
                          "Distinta de todas las demás: quizá no pertenece a esta colección.")),
    FindingKind(id="mislabeled", group="labels", label=Text("Probably mislabelled", "Quizá mal etiquetadas"),
                badge=Text("label?", "¿etiqueta?"), threshold="mislabeled", remedies=("relabel", "exclude", "accept"),
                help=Text("A classifier that never saw the picture is sure of another class.",
                          "Un clasificador que no vio la imagen está seguro de otra clase.")),
))
LEARNED: Final = frozenset({"outlier", "mislabeled"})
"""Kinds that need the features of a network."""
