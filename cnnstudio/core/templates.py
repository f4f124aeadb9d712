"""HTML pages from the templates in `resources/templates`, in the language of the program."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.display import format_count
from cnnstudio.core.places import resource
from cnnstudio.core.text import language, tr


def render_html(template: str, **values: Any) -> str:
    """The page that `template` makes of `values`; every value is escaped for HTML.

    In a template `tr(en, es, **fields)` is the text in the language of the program, `language()` its code, and
    the filter `thousands` groups the digits of a whole number as the language does. A value that the template names and
    nobody passes raises `jinja2.UndefinedError`.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource("templates")), undefined=jinja2.StrictUndefined,
        autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals.update(tr=tr, language=language)
    environment.filters["thousands"] = format_count
    return environment.get_template(template).render(**values)
