"""The description of the service as OpenAPI, in the language of whoever reads it.

It is written out here, and not drawn from the handlers: it is in two languages, and what matters most in it, that the body is
any picture, is not in the signature of a function. The shapes of the answers are those of `answers`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio import __version__
from cnnstudio.core.text import Text
from cnnstudio.workers.service.answers import Health, ModelCard, PictureAnswer, Refusal
from cnnstudio.workers.service.settings import ServiceSettings

MOST_TOP: Final = 100_000
NAME: Final = "picture"
"""What a picture without a name is called."""
_SHAPES: Final = (PictureAnswer, Refusal, Health, ModelCard)
_STATUS: Final = {
    "400": Text("The query or the form is not valid, or there are too many files in it.",
                "La consulta o el formulario no es válido, o este tiene demasiados archivos."),
    "401": Text("The token is missing or wrong.", "Falta el token o es incorrecto."),
    "403": Text("The request came by another host name or from a page of another site.",
                "La solicitud llegó con otro nombre de equipo o desde una página de otro sitio."),
    "408": Text("The picture arrived too slowly.", "La imagen llegó demasiado despacio."),
    "413": Text("The request or the picture is too large.", "La solicitud o la imagen es demasiado grande."),
    "415": Text("This is not a picture that can be read.", "Esto no es una imagen que se pueda leer."),
    "422": Text("The picture is damaged.", "La imagen está dañada."),
    "500": Text("The model or the program failed on this picture.", "El modelo o el programa falló con esta imagen."),
    "503": Text("Too many pictures wait, or the model is being loaded; the header Retry-After says when to try again.",
                "Hay demasiadas imágenes en espera o el modelo se está cargando; la cabecera Retry-After indica cuándo "
                "intentarlo de nuevo."),
}
_OF_PICTURES: Final = ("413", "415", "422", "500", "503")
"""What a picture may be answered with, besides the request as a whole."""


def openapi_schema(settings: ServiceSettings, language: str) -> dict[str, Any]:
    """The description of all addresses, as OpenAPI 3.1."""
    return _Writer(settings, language).schema()


class _Writer:
    def __init__(self, settings: ServiceSettings, language: str) -> None:
        self._settings, self._language = settings, language
        _, components = msgspec.json.schema_components(_SHAPES, ref_template="#/components/schemas/{name}")
        self._components = components
        for shape in components.values():
            # What a class says of itself is for those who read the source.
            shape.pop("description", None)

    def schema(self) -> dict[str, Any]:
        components: dict[str, Any] = {"schemas": self._components}
        schema: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": {"title": "CNN Studio", "version": __version__, "description": self._text(
                "A trained image classifier as a service.", "Un clasificador de imágenes entrenado como servicio.")},
            "paths": {"/predict": {"post": self._predict()}, "/model": {"get": self._model()},
                      "/health": {"get": self._health()}, "/metrics": {"get": self._metrics()}},
            "components": components}
        if self._settings.token:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{"token": []}]
        return schema

    def _predict(self) -> dict[str, Any]:
        picture = {"schema": {"type": "string", "contentMediaType": "application/octet-stream", "minLength": 1}}
        answer = {"$ref": "#/components/schemas/PictureAnswer"}
        settings = self._settings
        return {
            "operationId": "predict",
            "summary": self._text("Classify pictures", "Clasificar imágenes"),
            "description": self._text(
                "The body is the content of a picture file in any format that the program reads (JPEG, PNG, WebP, TIFF, HEIC, "
                "...), or a form with one or several files, at most {files}. It may have {bytes:,} bytes, and a picture "
                "{pixels:,} pixels. A picture has the same answer as from `cnnstudio predict`, to the last digit.",
                "El cuerpo es el contenido de un archivo de imagen en cualquier formato que lea el programa (JPEG, PNG, WebP, "
                "TIFF, HEIC...) o un formulario con uno o varios archivos, como máximo {files}. Puede tener {bytes:,} bytes y "
                "una imagen, {pixels:,} píxeles. Una imagen recibe la misma respuesta que con `cnnstudio predict`, hasta la "
                "última cifra.", files=settings.max_files, bytes=settings.max_bytes, pixels=settings.max_pixels),
            "parameters": [
                self._parameter("query", "top", {"type": "integer", "minimum": 0, "maximum": MOST_TOP, "default": 5},
                                "How many classes to answer, the best first; 0: all.",
                                "Cuántas clases se responden, la mejor primero; 0: todas."),
                self._parameter("query", "name", {"type": "string", "maxLength": 1000, "default": NAME},
                                "The name of the picture, which comes back as path; files of a form have their own.",
                                "El nombre de la imagen, que se devuelve como path; los archivos de un formulario tienen el "
                                "suyo."),
                self._accept_language()],
            "requestBody": {"required": True, "content": {
                "image/*": picture, "application/octet-stream": picture,
                "multipart/form-data": {"schema": {
                    "type": "object", "required": ["file"], "properties": {"file": {
                        "type": "array", "minItems": 1, "maxItems": settings.max_files,
                        "items": {"type": "string", "contentMediaType": "application/octet-stream"}}}}}}},
            "responses": {
                "200": {"description": self._text(
                    "The answer; for a form, a line of JSON for each file in their order.",
                    "La respuesta; para un formulario, una línea de JSON por archivo, en su orden."),
                    "content": {"application/json": {"schema": answer},
                                "application/x-ndjson": {"schema": {"type": "string"}}}},
                **self._failures("400", "401", "403", "408", "413", "415", "422", "500", "503", picture=True)}}

    def _model(self) -> dict[str, Any]:
        return {"operationId": "model",
                "summary": self._text("The model that answers", "El modelo que responde"),
                "description": self._text(
                    "Its classes in the order of its outputs, the size to which pictures are brought, when it says that it is "
                    "not sure, and the SHA-256 of its file.",
                    "Sus clases en el orden de sus salidas, el tamaño al que se llevan las imágenes, cuándo dice que no tiene "
                    "certeza y el SHA-256 de su archivo."),
                "parameters": [self._accept_language()],
                "responses": {"200": self._ok("ModelCard", "The model.", "El modelo."),
                              **self._failures("401", "403", "503")}}

    def _health(self) -> dict[str, Any]:
        not_ready = self._ok("Health", "The model is being loaded.", "El modelo se está cargando.")
        return {"operationId": "health", "security": [],
                "summary": self._text("Whether the model takes pictures", "Si el modelo acepta imágenes"),
                "parameters": [self._accept_language()],
                "responses": {"200": self._ok("Health", "It does.", "Las acepta."), "503": not_ready,
                              **self._failures("403")}}

    def _metrics(self) -> dict[str, Any]:
        return {"operationId": "metrics",
                "summary": self._text("Counts and times for Prometheus", "Recuentos y tiempos para Prometheus"),
                "parameters": [self._accept_language()],
                "responses": {"200": {"description": self._text("The measures.", "Las medidas."),
                                      "content": {"text/plain": {"schema": {"type": "string"}}}},
                              **self._failures("401", "403")}}

    def _ok(self, shape: str, en: str, es: str) -> dict[str, Any]:
        return {"description": self._text(en, es),
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape}"}}}}

    def _failures(self, *statuses: str, picture: bool = False) -> dict[str, Any]:
        refusal: dict[str, Any] = {"$ref": "#/components/schemas/Refusal"}
        either = {"anyOf": [{"$ref": "#/components/schemas/PictureAnswer"}, refusal]}
        whole = {"application/json": {"schema": refusal}}
        of_picture = {"application/json": {"schema": either}, "application/x-ndjson": {"schema": {"type": "string"}}}
        return {status: {"description": _STATUS[status].in_language(self._language),
                         "content": of_picture if picture and status in _OF_PICTURES else whole}
                for status in statuses if status != "401" or self._settings.token}

    def _accept_language(self) -> dict[str, Any]:
        return self._parameter("header", "Accept-Language", {"type": "string"},
                               "The language of the texts: en or es.", "El idioma de los textos: en o es.")

    def _parameter(self, place: str, name: str, shape: dict[str, Any], en: str, es: str) -> dict[str, Any]:
        return {"in": place, "name": name, "required": False, "schema": shape, "description": self._text(en, es)}

    def _text(self, en: str, es: str, **values: Any) -> str:
        return (Text(en, es).fill(**values) if values else Text(en, es)).in_language(self._language)
