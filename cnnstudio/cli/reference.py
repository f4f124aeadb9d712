"""The command that explains what a user can choose."""

from __future__ import annotations

import argparse
from typing import Any

from cnnstudio.cli.arguments import command_names, command_parser
from cnnstudio.cli.output import Output
from cnnstudio.cli.reference_pages import (
    Section,
    entry_label,
    find_entries,
    reference,
    reference_page,
    sections,
    similar_names,
)
from cnnstudio.core.params import Param
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.interchange.printing.allowed_values import allowed_values, format_value


def explain(arguments: argparse.Namespace, output: Output) -> int:
    """Print one entry, or with --all the whole reference, or the names of all entries."""
    if arguments.everything and not output.as_json:
        output.write_line(reference().rstrip("\n"))
    elif arguments.name:
        entries = find_entries(arguments.name)
        if not entries and arguments.name in command_names():
            text = command_parser(arguments.name).format_help().rstrip("\n")
            output.line({"kind": "command", "id": arguments.name, "help": text}, text)
        elif not entries:
            raise ProblemError(_unknown(arguments.name))
        for section, entry in entries:
            output.line(_json(section, entry), reference_page(section, entry).rstrip("\n") + "\n")
    elif output.as_json:
        for section in sections():
            for entry in section.registry:
                output.line(_json(section, entry))
    else:
        for section in sections():
            output.write_line(f"{section.title}: {', '.join(section.registry.ids())}\n")
        output.print_message(tr("`cnnstudio help NAME` explains one of them.", "`cnnstudio help NOMBRE` explica uno de ellos."))
    return 0


def _json(section: Section, entry: Any) -> dict[str, Any]:
    params = [param for param in getattr(entry, "params", ()) if isinstance(param, Param)]
    return {"kind": section.registry.kind, "id": entry.id, "label": entry_label(entry), "help": entry.help,
            "facts": {name: text.replace("`", "") for name, text in section.facts(entry)},
            "parameters": [{"name": param.name, "default": format_value(param.default), "values": allowed_values(param),
                            "help": param.help} for param in params]}


def _unknown(name: str) -> Any:
    names = similar_names(name)
    if names:
        text = Text("Nothing is called {name}. Similar names: {names}.",
                    "Nada se llama {name}. Nombres parecidos: {names}.").fill(
            name=name, names=", ".join(names))
    else:
        text = Text("Nothing is called {name}. `cnnstudio help` lists all names.",
                    "Nada se llama {name}. `cnnstudio help` enumera todos los nombres.").fill(name=name)
    return error("unknown_entry", text, "project")
