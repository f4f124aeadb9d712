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
                help=Text("The extension does not match the content. This program reads the file anyway, but others may not.",
                          "La extensión no corresponde al contenido. Este programa lee el archivo de todos modos, pero otros "
                          "quizá no.")),
    FindingKind(id="orientation", group="files", severity="info", label=Text("Orientation flag", "Marca de orientación"),
                badge=Text("rotated", "girada"), remedies=("accept", "exclude"),
                help=Text("The orientation flag of the camera rotates the picture. This program applies the flag; others may "
                          "ignore it.",
                          "La marca de orientación de la cámara gira la imagen. Este programa la aplica; otros quizá no.")),
    FindingKind(id="exact_duplicate", group="duplicates", label=Text("Exact duplicates", "Duplicadas exactas"),
                badge=Text("duplicate", "duplicada"), remedies=_COPIES,
                help=Text("Identical to another file, byte for byte.", "Idénticas a otro archivo, byte a byte.")),
    FindingKind(id="near_duplicate", group="duplicates", label=Text("Near duplicates", "Casi duplicadas"),
                badge=Text("near-duplicate", "casi duplicada"), threshold="near_duplicate",
                remedies=("keep_together", *_COPIES),
                help=Text("The same picture as another one, resized, recompressed or from the same burst.",
                          "La misma imagen que otra, redimensionada, recomprimida o de la misma ráfaga.")),
    FindingKind(id="leakage", group="duplicates", severity="error", label=Text("Across splits", "Entre divisiones"),
                badge=Text("leak", "fuga"), threshold="near_duplicate",
                remedies=("move", "exclude", "keep_together", "accept"),
                help=Text("A duplicate is in the training split, so this picture cannot be used to evaluate the network.",
                          "Hay una copia en la división de entrenamiento, así que esta imagen no sirve para evaluar la "
                          "red.")),
    FindingKind(id="cross_class_duplicate", group="duplicates", severity="error",
                label=Text("Across classes", "Entre clases"), badge=Text("two classes", "dos clases"),
                threshold="near_duplicate", remedies=("relabel", "exclude", "accept"),
                help=Text("A duplicate has another class: one of the two labels is wrong.",
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
                badge=Text("uniform", "uniforme"), threshold="low_information",
                help=Text("The picture is almost uniform.", "La imagen es casi uniforme.")),
    FindingKind(id="not_numbers", group="files", label=Text("Invalid samples", "Muestras no válidas"),
                badge=Text("NaN", "NaN"), remedies=("accept", "exclude"),
                help=Text("Floating-point picture with samples that are not numbers (NaN) or infinite: they are read as "
                          "black or white.",
                          "Imagen en coma flotante con muestras que no son números (NaN) o son infinitas: se leen como negro "
                          "o blanco.")),
    FindingKind(id="flat_as_read", group="quality", label=Text("Flat with the recipe", "Planas con la receta"),
                badge=Text("flat", "plana"), remedies=("accept", "exclude"),
                help=Text("With the recipe's range from black to white, the picture is a single grey or almost so.",
                          "Con el rango de negro a blanco de la receta, la imagen es de un solo gris o casi.")),
    FindingKind(id="odd_size", group="quality", severity="info", label=Text("Unusual size", "Tamaño inusual"),
                badge=Text("unusual size", "tamaño inusual"), threshold="odd_size",
                help=Text("Much larger or smaller than the others.", "Mucho más grande o más pequeña que las demás.")),
    FindingKind(id="odd_ratio", group="quality", severity="info", label=Text("Unusual ratio", "Proporción inusual"),
                badge=Text("unusual ratio", "proporción inusual"), threshold="odd_ratio",
                help=Text("Much wider or narrower than the others: resizing distorts or crops the picture.",
                          "Mucho más ancha o estrecha que las demás: al redimensionarla se deforma o se recorta.")),
    FindingKind(id="color_mismatch", group="quality", severity="info", label=Text("Grey or colour", "Gris o color"),
                badge=Text("grey/colour", "gris/color"), threshold="color_mismatch",
                help=Text("Grey where most pictures are in colour, or in colour where most are grey.",
                          "Gris donde la mayoría está en color, o en color donde la mayoría es gris.")),
    FindingKind(id="imbalance", group="balance", label=Text("Imbalance", "Desequilibrio"),
                badge=Text("imbalance", "desequilibrio"), threshold="imbalance", remedies=("accept",),
                help=Text("A class has far fewer pictures than the largest class.",
                          "Una clase tiene muchas menos imágenes que la clase más grande.")),
    FindingKind(id="tiny_class", group="balance", label=Text("Tiny classes", "Clases muy pequeñas"),
                badge=Text("tiny class", "clase muy pequeña"), threshold="tiny_class", remedies=("accept",),
                help=Text("Too few pictures for training and evaluation.",
                          "Muy pocas imágenes para entrenar y evaluar.")),
    FindingKind(id="outlier", group="labels", severity="info", label=Text("Outliers", "Atípicas"),
                badge=Text("outlier", "atípica"), threshold="outlier",
                help=Text("Unlike all the others: perhaps the picture does not belong to this collection.",
                          "Distinta de todas las demás: quizá no pertenece a esta colección.")),
    FindingKind(id="mislabeled", group="labels", label=Text("Probably mislabelled", "Probablemente mal etiquetadas"),
                badge=Text("label?", "¿etiqueta?"), threshold="mislabeled", remedies=("relabel", "exclude", "accept"),
                help=Text("A classifier that was not trained on the picture is sure of another class.",
                          "Un clasificador no entrenado con la imagen está seguro de otra clase.")),
))
LEARNED: Final = frozenset({"outlier", "mislabeled"})
"""Kinds that need the features of a network."""
