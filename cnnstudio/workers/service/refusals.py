"""Why a request is refused: the HTTP status, and the problem that the client reads. No text names the machine."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.workers.service.settings import ServiceSettings

RETRY_SECONDS: Final = 2
"""When a client may ask again while the queue is full."""
RESTART_SECONDS: Final = 10
"""When a client may ask again while the model is loaded."""


class Refused(Exception):
    """Raised where a request is refused as a whole."""

    def __init__(self, status: int, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(problem.code)
        self.status, self.problem, self.headers = status, problem, headers or {}


def refused(status: int, code: str, text: Text, headers: dict[str, str] | None = None) -> Refused:
    """A refusal with a text in both languages."""
    return Refused(status, error(code, text, "machine"), headers)


def too_large(settings: ServiceSettings) -> Refused:
    text = Text("The request is larger than {limit:,} bytes, which is the most that this service takes at once. Send fewer "
                "pictures, or smaller ones.",
                "La solicitud supera los {limit:,} bytes, que es lo máximo que este servicio acepta de una vez. Envíe menos "
                "imágenes o imágenes más pequeñas.")
    return refused(413, "too_large", text.fill(limit=settings.max_bytes))


def too_many_files(settings: ServiceSettings) -> Refused:
    text = Text("A request may have at most {n} pictures. Send them in several requests.",
                "Una solicitud puede tener como máximo {n} imágenes. Envíelas en varias solicitudes.")
    return refused(400, "too_many_files", text.fill(n=settings.max_files))


def too_slow(settings: ServiceSettings) -> Refused:
    text = Text("The picture did not arrive within {n} seconds. Send it again, over a faster connection or smaller.",
                "La imagen no llegó en {n} segundos. Envíela de nuevo, por una conexión más rápida o más pequeña.")
    return refused(408, "too_slow", text.fill(n=settings.upload_seconds), {"connection": "close"})


def busy() -> Refused:
    text = Text("Too many pictures are waiting for an answer. Try again in a moment.",
                "Hay demasiadas imágenes esperando respuesta. Inténtelo de nuevo en un momento.")
    return refused(503, "busy", text, {"retry-after": str(RETRY_SECONDS)})


def not_ready() -> Refused:
    text = Text("The model is being loaded. Try again in a moment.",
                "El modelo se está cargando. Inténtelo de nuevo en un momento.")
    return refused(503, "not_ready", text, {"retry-after": str(RESTART_SECONDS)})


def interrupted() -> Refused:
    text = Text("The program that computes the answers ended and is being started again. Try again in a moment; if it happens "
                "again with the same picture, leave that one out.",
                "El programa que calcula las respuestas se cerró y se está iniciando de nuevo. Inténtelo otra vez en un "
                "momento; si vuelve a ocurrir con la misma imagen, omítala.")
    return refused(503, "interrupted", text, {"retry-after": str(RESTART_SECONDS)})


def stopping() -> Refused:
    text = Text("The service is being stopped.", "El servicio se está deteniendo.")
    return refused(503, "stopping", text, {"retry-after": str(RESTART_SECONDS), "connection": "close"})


def unknown_type() -> Refused:
    text = Text("Send the content of a picture file with its type in the header Content-Type, such as image/jpeg, or a form "
                "(multipart/form-data) with one or several files.",
                "Envíe el contenido de un archivo de imagen con su tipo en la cabecera Content-Type, como image/jpeg, o un "
                "formulario (multipart/form-data) con uno o varios archivos.")
    return refused(415, "unknown_type", text)


def bad_form() -> Refused:
    text = Text("The form is damaged or incomplete, so the files in it cannot be told apart.",
                "El formulario está dañado o incompleto, así que no se pueden distinguir sus archivos.")
    return refused(400, "bad_form", text)


def no_files() -> Refused:
    text = Text("The form holds no file.", "El formulario no contiene ningún archivo.")
    return refused(400, "no_files", text)


def bad_query(name: str) -> Refused:
    text = Text("The value of {name} in the address is not allowed. See /docs for what is.",
                "El valor de {name} en la dirección no está permitido. Consulte en /docs cuáles lo están.")
    return refused(400, "bad_query", text.fill(name=name))


def bad_request() -> Refused:
    return refused(400, "bad_request", Text("The request is not valid HTTP.", "La solicitud no es HTTP válido."))


def unknown_host() -> Refused:
    text = Text("This service answers only requests to this computer itself: open it as http://localhost or http://127.0.0.1.",
                "Este servicio solo responde a solicitudes dirigidas a este mismo equipo: ábralo como http://localhost o "
                "http://127.0.0.1.")
    return refused(403, "unknown_host", text)


def foreign_origin() -> Refused:
    text = Text("Pages of other sites may not use this service. Whoever runs it can allow one with --allow-origin.",
                "Las páginas de otros sitios no pueden usar este servicio. Quien lo ejecuta puede permitir una con "
                "--allow-origin.")
    return refused(403, "foreign_origin", text)


def no_token() -> Refused:
    text = Text("This service needs its token in the header Authorization: Bearer TOKEN.",
                "Este servicio necesita su token en la cabecera Authorization: Bearer TOKEN.")
    return refused(401, "no_token", text, {"www-authenticate": "Bearer"})


def not_found() -> Refused:
    return refused(404, "not_found", Text("There is nothing at this address. See /docs for what there is.",
                                          "No hay nada en esta dirección. Consulte en /docs lo que hay."))


def wrong_method(allowed: str) -> Refused:
    return refused(405, "wrong_method", Text("This address does not take such a request. See /docs.",
                                             "Esta dirección no acepta una solicitud así. Consulte /docs."),
                   {"allow": allowed} if allowed else {})


def unexpected() -> Refused:
    return refused(500, "unexpected", Text("The service failed on this request. Its log has the reason.",
                                           "El servicio falló con esta solicitud. Su registro contiene el motivo."))
