"""Errors of picture files in English and Spanish.

This module is copied as it is into exported bundles: it needs the standard library only.
"""

from __future__ import annotations

import errno
from typing import Any, Final

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "empty_file": (
        "The file is empty (0 bytes). Copy it again from its source.",
        "El archivo está vacío (0 bytes). Cópielo de nuevo desde su origen.",
    ),
    "not_a_picture": (
        "The file is not a picture in a format that this program reads (JPEG, PNG, BMP, GIF, WebP, TIFF, AVIF, HEIC, JPEG "
        "2000, PNM, TGA, ICO). Remove it, or convert it to PNG or JPEG.",
        "El archivo no es una imagen en un formato que este programa lea (JPEG, PNG, BMP, GIF, WebP, TIFF, AVIF, HEIC, JPEG "
        "2000, PNM, TGA, ICO). Quítelo o conviértalo a PNG o JPEG.",
    ),
    "truncated": (
        "The {format} picture is incomplete: {detail}. Copy it again from its source.",
        "La imagen {format} está incompleta: {detail}. Cópiela de nuevo desde su origen.",
    ),
    "corrupt": (
        "The {format} picture is damaged: {detail}. Copy it again from its source.",
        "La imagen {format} está dañada: {detail}. Cópiela de nuevo desde su origen.",
    ),
    "unsupported": (
        "This kind of {format} picture cannot be read: {detail}. Convert it to PNG or JPEG.",
        "Este tipo de imagen {format} no se puede leer: {detail}. Conviértala a PNG o JPEG.",
    ),
    "too_large": (
        "The picture has {width} × {height} pixels, more than the limit of {maximum} in total. Reduce its size.",
        "La imagen tiene {width} × {height} píxeles, más que el límite de {maximum} en total. Reduzca su tamaño.",
    ),
    "too_many_pixels": (
        "The picture has {pixels} pixels, more than the limit of {maximum}. Reduce its size.",
        "La imagen tiene {pixels} píxeles, más que el límite de {maximum}. Reduzca su tamaño.",
    ),
    "out_of_memory": (
        "There is not enough memory for a picture of {width} × {height} pixels. Close other programs, or reduce the size of "
        "the picture.",
        "No hay memoria suficiente para una imagen de {width} × {height} píxeles. Cierre otros programas o reduzca el tamaño "
        "de la imagen.",
    ),
    "vanished": (
        "The file no longer exists. Put it back, or scan the folder again.",
        "El archivo ya no existe. Vuelva a ponerlo o examine la carpeta de nuevo.",
    ),
    "is_folder": (
        "This is a folder, not a picture. Choose a file.",
        "Esto es una carpeta, no una imagen. Elija un archivo.",
    ),
    "not_regular": (
        "This is not a regular file (a pipe, socket or device) and was not opened.",
        "Esto no es un archivo normal (es una tubería, un socket o un dispositivo) y no se abrió.",
    ),
    "no_permission": (
        "You have no permission to read the file. Change its permissions.",
        "No tiene permiso para leer el archivo. Cambie sus permisos.",
    ),
    "unreadable": (
        "The file cannot be read from the disk ({reason}). Check the disk or the connection.",
        "El archivo no se puede leer del disco ({reason}). Revise el disco o la conexión.",
    ),
}

_DETAILS: Final[dict[str, tuple[str, str]]] = {
    "header": ("the beginning of the file is missing or incomplete", "falta el principio del archivo o está incompleto"),
    "pixels": ("pixel data is missing", "faltan datos de píxeles"),
    "end": ("the end of the file is missing", "falta el final del archivo"),
    "content": ("its content contradicts itself", "su contenido se contradice"),
    "checksum": ("a checksum does not match", "una suma de comprobación no coincide"),
    "decoding": ("its data cannot be decoded", "sus datos no se pueden decodificar"),
    "size": ("its width or height is invalid", "su ancho o su alto no es válido"),
    "compression": ("its compression is not supported", "su compresión no se admite"),
    "colors": ("its colour type is not supported", "su tipo de color no se admite"),
    "kind": ("it uses a part of the format that is not supported", "usa una parte del formato que no se admite"),
    "library": ("the library pi-heif, which reads it, is not installed",
                "no está instalada la biblioteca pi-heif, que la lee"),
    "bits": ("its number of bits per sample is not supported", "su número de bits por muestra no se admite"),
    "range": (
        "its values lie outside 0 to 1 and 0 to 255, so it is unknown which is black and which is white",
        "sus valores están fuera de 0 a 1 y de 0 a 255, y no se sabe cuál es negro y cuál es blanco",
    ),
}


_REASONS: Final[dict[str, tuple[str, str]]] = {
    "ENOENT": ("No such file or directory", "no existe el archivo o la carpeta"),
    "EIO": ("Input/output error", "error de entrada/salida"),
    "ENXIO": ("No such device or address", "no existe el dispositivo o la dirección"),
    "ENOMEM": ("Cannot allocate memory", "no hay memoria suficiente"),
    "EACCES": ("Permission denied", "permiso denegado"),
    "EBUSY": ("Device or resource busy", "el dispositivo o recurso está ocupado"),
    "ENODEV": ("No such device", "no existe el dispositivo"),
    "ENOTDIR": ("Not a directory", "no es una carpeta"),
    "EISDIR": ("Is a directory", "es una carpeta"),
    "EINVAL": ("Invalid argument", "argumento no válido"),
    "ENFILE": ("Too many open files in system", "demasiados archivos abiertos en el sistema"),
    "EMFILE": ("Too many open files", "demasiados archivos abiertos"),
    "ENAMETOOLONG": ("File name too long", "nombre de archivo demasiado largo"),
    "ELOOP": ("Too many levels of symbolic links", "demasiados enlaces simbólicos encadenados"),
    "ETIMEDOUT": ("Connection timed out", "se agotó el tiempo de espera"),
    "EHOSTDOWN": ("Host is down", "el equipo remoto está apagado"),
    "ESTALE": ("Stale file handle", "el archivo ya no está en la unidad de red"),
}
"""Errors of the disk, as in `core.system_errors`, which an exported bundle does not have."""


def disk_reason(exception: Exception) -> str:
    """The reason of an OSError for a PictureError: a key of the table above, else its own message."""
    name = errno.errorcode.get(getattr(exception, "errno", None) or 0, "")
    return name if name in _REASONS else getattr(exception, "strerror", None) or type(exception).__name__


def disk_text(reason: str, language: str = "en") -> str:
    """The text of a `disk_reason`."""
    return _REASONS[reason][1 if language == "es" else 0] if reason in _REASONS else reason


class PictureError(Exception):
    """A picture that cannot be used, and why.

    `code` is one of the keys of the table above (`truncated`, `not_a_picture`, ...); `values` fill its
    text. A value `detail` is the key of another text of the table.
    """

    def __init__(self, code: str, **values: Any) -> None:
        self.code = code
        self.values: dict[str, Any] = values
        super().__init__(self.text("en"))

    def text(self, language: str = "en") -> str:
        """What is wrong and what to do, in one or two sentences; English unless `language` is "es"."""
        column = 1 if language == "es" else 0
        values = {"format": "", "detail": "content", "width": 0, "height": 0, "maximum": 0, "reason": "", "pixels": 0}
        values.update(self.values)
        values["reason"] = disk_text(str(values["reason"]), language)
        detail = _DETAILS.get(str(values["detail"]))
        if detail is not None:
            values["detail"] = detail[column]
        return " ".join(_TEXTS.get(self.code, _TEXTS["unreadable"])[column].format(**values).split())

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.values)


def _rebuild(code: str, values: dict[str, Any]) -> PictureError:
    return PictureError(code, **values)


def truncated(picture_format: str, detail: str = "pixels") -> PictureError:
    """The error of a picture with a missing part."""
    return PictureError("truncated", format=picture_format, detail=detail)


def corrupt(picture_format: str, detail: str = "content") -> PictureError:
    """The error of a picture with wrong bytes."""
    return PictureError("corrupt", format=picture_format, detail=detail)


def unsupported(picture_format: str, detail: str) -> PictureError:
    """The error of a valid picture of an unsupported kind."""
    return PictureError("unsupported", format=picture_format, detail=detail)
