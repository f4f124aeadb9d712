"""The registry of the formats in which a report is written."""

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


def report_format(suffix: str) -> ReportFormat | None:
    """The format of files with that ending, in upper or lower case."""
    return next((entry for entry in REPORT_FORMATS if entry.suffix == suffix.lower()), None)
