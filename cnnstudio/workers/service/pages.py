"""The pages of the service in both languages, and the files that they use. Nothing comes from elsewhere."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from cnnstudio.core.places import resource
from cnnstudio.core.templates import render_html
from cnnstudio.core.text import Text
from cnnstudio.workers.service.settings import ServiceSettings

_TEXTS: Final = {
    "about": Text("{classes} classes · {height} × {width} pixels · {device}",
                  "{classes} clases · {height} × {width} píxeles · {device}"),
    "waiting": Text("Waiting…", "En espera…"),
    "not_sure": Text("not sure", "sin certeza"),
    "no_preview": Text("No preview", "Sin vista previa"),
    "one": Text("1 picture", "1 imagen"),
    "several": Text("{n} pictures", "{n} imágenes"),
    "too_large": Text("The file is larger than this service takes.", "El archivo es mayor de lo que acepta este servicio."),
    "unreachable": Text("The service cannot be reached.", "No se puede acceder al servicio."),
}
"""What the script of the page writes, by the names that it uses."""
_PLACES: Final = {"query": Text("in the address", "en la dirección"), "header": Text("header", "cabecera")}
_ASSETS: Final = {
    "service.css": ("service", "text/css; charset=utf-8"), "service.js": ("service", "text/javascript; charset=utf-8"),
    "cnnstudio.svg": ("icons", "image/svg+xml"), "Inter-Regular.otf": ("fonts", "font/otf"),
    "Inter-SemiBold.otf": ("fonts", "font/otf")}


class Asset(NamedTuple):
    """The content of a file with its media type."""

    content: bytes
    type: str


@functools.cache
def asset(name: str) -> Asset | None:
    """A file of the pages; None for any other name."""
    if name not in _ASSETS:
        return None
    folder, kind = _ASSETS[name]
    return Asset(resource(folder, name).read_bytes(), kind)


def main_page(language: str, needs_token: bool, settings: ServiceSettings) -> bytes:
    """The page for people: drop a picture, see its classes."""
    texts = {name: text.in_language(language) for name, text in _TEXTS.items()}
    return _render("service.html", language, texts=json.dumps(texts, ensure_ascii=False), needs_token=needs_token,
                   max_bytes=settings.max_bytes)


def docs_page(schema: Mapping[str, Any], language: str) -> bytes:
    """The page for those who write programs: the addresses as OpenAPI describes them."""
    places = {place: text.in_language(language) for place, text in _PLACES.items()}
    return _render("service_docs.html", language, schema=schema, places=places, kinds=format_shape)


def _render(template: str, language: str, **values: Any) -> bytes:
    def translate(en: str, es: str) -> str:
        return Text(en, es).in_language(language)

    own: dict[str, Callable[..., str]] = {"tr": translate, "language": lambda: language}
    return render_html(template, **own, **values).encode()


def format_shape(shape: Mapping[str, Any]) -> str:
    """A JSON schema in one expression: `array of RankedClass`, `string or null`, `"rgb" | "rgba"`."""
    if "$ref" in shape:
        return str(shape["$ref"]).rpartition("/")[2]
    if "anyOf" in shape:
        return " | ".join(format_shape(part) for part in shape["anyOf"])
    if "enum" in shape:
        return " | ".join(json.dumps(value) for value in shape["enum"])
    if shape.get("type") == "array":
        return f"[{format_shape(shape.get('items', {}))}]"
    return str(shape.get("type", "any"))
