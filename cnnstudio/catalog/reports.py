"""The registries of the formats in which a report is written, and of its sections."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.libraries import Library
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same

WEASYPRINT: Final = Library(
    "weasyprint", "WeasyPrint", "weasyprint",
    hint=Text("Without it, write the report as HTML and print it into a PDF file in a browser.",
              "Sin ella, escriba el informe en HTML e imprímalo como PDF en un navegador."))


class ReportFormat(msgspec.Struct, frozen=True, kw_only=True):
    """A format by the ending of its files. A report is made as HTML; `module` is a program that turns that into the format:
    `python -m MODULE HTML TARGET`. `libraries` are those it needs and that do not come along."""

    id: str
    label: Text
    suffix: str
    module: str = ""
    libraries: tuple[Library, ...] = ()


REPORT_FORMATS: Final = Registry("report format", (
    ReportFormat(id="html", label=same("HTML"), suffix=".html"),
    ReportFormat(id="pdf", label=same("PDF"), suffix=".pdf", module="weasyprint", libraries=(WEASYPRINT,)),
))


class ReportSection(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the report of a run that can be left out; the template has a block of that id."""

    id: str
    label: Text


REPORT_SECTIONS: Final = Registry("report section", (
    ReportSection(id="card", label=Text("Model card", "Ficha del modelo")),
    ReportSection(id="figures", label=Text("Figures", "Cifras")),
    ReportSection(id="classes", label=Text("Classes", "Clases")),
    ReportSection(id="confusion", label=Text("Confusion", "Confusión")),
    ReportSection(id="properties", label=Text("Accuracy by property", "Exactitud por propiedad")),
    ReportSection(id="scenarios", label=Text("Scenarios", "Escenarios")),
    ReportSection(id="mistakes", label=Text("Mistakes with pictures", "Errores con imágenes")),
    ReportSection(id="curves", label=Text("Curves", "Curvas")),
    ReportSection(id="shortcuts", label=Text("Shortcuts", "Atajos")),
    ReportSection(id="more", label=Text("More pictures?", "¿Más imágenes?")),
    ReportSection(id="pictures", label=Text("Pictures", "Imágenes")),
    ReportSection(id="network", label=Text("Network", "Red")),
    ReportSection(id="settings", label=Text("Settings", "Ajustes")),
    ReportSection(id="versions", label=Text("Versions", "Versiones")),
))


def report_format(suffix: str) -> ReportFormat | None:
    """The format of files with that ending, in upper or lower case."""
    return next((entry for entry in REPORT_FORMATS if entry.suffix == suffix.lower()), None)
