"""Messages of the operating system in both languages, and the name of the device."""

from __future__ import annotations

import errno
from typing import Final

from cnnstudio.core.text import Text

_REASONS: Final[dict[str, Text]] = {
    "EPERM": Text("Operation not permitted", "operación no permitida"),
    "ENOENT": Text("No such file or directory", "no existe el archivo o la carpeta"),
    "EIO": Text("Input/output error", "error de entrada/salida"),
    "ENXIO": Text("No such device or address", "no existe el dispositivo o la dirección"),
    "EBADF": Text("Bad file descriptor", "descriptor de archivo incorrecto"),
    "EAGAIN": Text("Resource temporarily unavailable", "recurso no disponible por ahora"),
    "ENOMEM": Text("Cannot allocate memory", "no hay memoria suficiente"),
    "EACCES": Text("Permission denied", "permiso denegado"),
    "EBUSY": Text("Device or resource busy", "el dispositivo o recurso está ocupado"),
    "EEXIST": Text("File exists", "el archivo ya existe"),
    "EXDEV": Text("Invalid cross-device link", "el origen y el destino están en unidades distintas"),
    "ENODEV": Text("No such device", "no existe el dispositivo"),
    "ENOTDIR": Text("Not a directory", "no es una carpeta"),
    "EISDIR": Text("Is a directory", "es una carpeta"),
    "EINVAL": Text("Invalid argument", "argumento no válido"),
    "ENFILE": Text("Too many open files in system", "demasiados archivos abiertos en el sistema"),
    "EMFILE": Text("Too many open files", "demasiados archivos abiertos"),
    "ETXTBSY": Text("Text file busy", "el archivo está en uso"),
    "EFBIG": Text("File too large", "archivo demasiado grande"),
    "ENOSPC": Text("No space left on device", "no queda espacio en el disco"),
    "EROFS": Text("Read-only file system", "sistema de archivos de solo lectura"),
    "EMLINK": Text("Too many links", "demasiados enlaces"),
    "EPIPE": Text("Broken pipe", "el receptor cerró la comunicación"),
    "ENAMETOOLONG": Text("File name too long", "nombre de archivo demasiado largo"),
    "ENOTEMPTY": Text("Directory not empty", "la carpeta no está vacía"),
    "ELOOP": Text("Too many levels of symbolic links", "demasiados enlaces simbólicos encadenados"),
    "EOVERFLOW": Text("Value too large for defined data type", "valor demasiado grande para su tipo de dato"),
    "ENOTSUP": Text("Operation not supported", "operación no admitida"),
    "ENETUNREACH": Text("Network is unreachable", "no se puede acceder a la red"),
    "ECONNREFUSED": Text("Connection refused", "conexión rechazada"),
    "ECONNRESET": Text("Connection reset by peer", "el otro extremo cortó la conexión"),
    "ETIMEDOUT": Text("Connection timed out", "se agotó el tiempo de espera"),
    "EHOSTDOWN": Text("Host is down", "el equipo remoto está apagado"),
    "EHOSTUNREACH": Text("No route to host", "no se puede acceder al equipo remoto"),
    "ESTALE": Text("Stale file handle", "el archivo ya no está en la unidad de red"),
    "EDQUOT": Text("Disk quota exceeded", "cuota de disco superada"),
}
"""By name, because the numbers differ between systems and no system has all of them."""
_BY_NUMBER: Final = {getattr(errno, name): text for name, text in _REASONS.items() if hasattr(errno, name)}


class ReasonedError(OSError):
    """An OSError of the program's own that has its reason in both languages."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


def reason_of(exception: BaseException) -> Text:
    """The reason of an exception: of an OSError by its number, else its own message."""
    if isinstance(exception, ReasonedError):
        return exception.text
    if isinstance(exception, OSError):
        text = _BY_NUMBER.get(exception.errno or 0)
        if text is not None:
            return text
        if exception.strerror:
            return Text(exception.strerror, exception.strerror)
    message = str(exception) or type(exception).__name__
    return Text(message, message)


def device_text(device: str) -> Text:
    """The device of a job as text: "CPU: 2 cores", "GPU: NVIDIA T4"."""
    cores = device.removesuffix(" cores")
    return Text(device, f"{cores} núcleos" if cores != device else device)
