"""`cnnstudio doctor`: what is here, and the libraries that the user adds to it and removes."""

from __future__ import annotations

import argparse
from typing import Any, Final

from cnnstudio import __version__
from cnnstudio.cli.benchmarking import benchmark
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events, jobs
from cnnstudio.core.jobs import Diagnose
from cnnstudio.core.libraries import GPU, AddedLibrary, added_libraries
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import warning
from cnnstudio.core.system_errors import device_text
from cnnstudio.core.text import Text, format_size, language, tr
from cnnstudio.core.updates import newer_version, release_page
from cnnstudio.workers.library_install import Plan, find_added, install_library, make_plan, remove_library


def doctor(arguments: argparse.Namespace, output: Output) -> int:
    """Report on this computer, or change what was added to the program."""
    if arguments.check_update:
        return _check_update(output)
    if arguments.benchmark:
        return benchmark(output)
    wanted = [*arguments.install, *([GPU] if arguments.install_gpu else [])]
    for identifier in arguments.remove:
        if arguments.dry_run:
            _print_removal(find_added(identifier), output)
            continue
        removed = remove_library(identifier)
        output.line({"removed": removed.id, "bytes": removed.bytes}, tr(
            "{name} was removed, {size}.", "Se quitó {name}, {size}.", name=removed.id, size=format_size(removed.bytes)))
    for identifier in wanted:
        if arguments.dry_run:
            _print_plan(make_plan(identifier, _reporter(output), _no_check), output)
        else:
            _print_added(install_library(identifier, _reporter(output), _no_check), output)
    return 0 if wanted or arguments.remove else _diagnose(output)


def _check_update(output: Output) -> int:
    newer = newer_version()
    output.line({"version": __version__, "newer": newer, "page": release_page()}, tr(
        "Version {version} is published; this is {present}. {page}",
        "Se ha publicado la versión {version}; esta es la {present}. {page}", version=newer, present=__version__,
        page=release_page()).rstrip() if newer else tr(
        "This is the newest version, {present}.", "Esta es la versión más reciente, la {present}.", present=__version__))
    return 0


def _no_check() -> None:
    """Ctrl+C raises by itself, and then nothing half is left behind."""


def _reporter(output: Output) -> Any:
    return lambda event: report_progress(event, output)


def _print_plan(plan: Plan, output: Output) -> None:
    size = format_size(plan.bytes) if plan.bytes else tr("of unknown size", "de tamaño desconocido")
    listed = ", ".join(f"{name} {version}" for name, version in plan.versions.items())
    output.line({"library": plan.id, "package": plan.library.package, "index": plan.library.index,
                 "versions": plan.versions, "bytes": plan.bytes}, tr(
        "{package} would be added: a download {size}, with {listed}.",
        "Se añadiría {package}: una descarga {size}, con {listed}.", package=plan.library.package, listed=listed,
        size=size if not plan.bytes else tr("of {size}", "de {size}", size=size)))


def _print_removal(library: AddedLibrary, output: Output) -> None:
    output.line({"would_remove": library.id, "bytes": library.bytes}, tr(
        "{name} would be removed, {size}.", "Se quitaría {name}, {size}.", name=library.id, size=format_size(library.bytes)))


def _print_added(library: AddedLibrary, output: Output) -> None:
    output.line(_added_facts(library), tr(
        "{name} was added to {folder}, {size}. To remove it: cnnstudio doctor --remove {id}.",
        "Se añadió {name} a {folder}, {size}. Para quitarlo: cnnstudio doctor --remove {id}.", name=library.package,
        folder=library.folder, size=format_size(library.bytes), id=library.id))
    if library.backend and library.backend != "tensorflow":
        output.print_message(tr(
            "It computes on the graphics card in projects whose backend it is: cnnstudio set PROJECT training.backend={name}",
            "Calcula con la tarjeta gráfica en los proyectos que lo tienen como motor: cnnstudio set PROYECTO "
            "training.backend={name}", name=library.backend))


def _added_facts(library: AddedLibrary) -> dict[str, Any]:
    return {"library": library.id, "package": library.package, "versions": library.versions, "bytes": library.bytes,
            "path": str(library.folder)}


def _diagnose(output: Output) -> int:
    facts: dict[str, Any] = {}

    def handle(event: events.Event) -> None:
        if isinstance(event, jobs.Report):
            facts.update(event.facts)
        elif isinstance(event, events.Notice):
            output.problems([event.problem])

    last = run_job(Diagnose(cache=str(cache_folder()), language=language()), output, handle)
    added = added_libraries()
    if output.as_json:
        output.line({**facts, "added": [_added_facts(library) for library in added]})
    else:
        for name, value in facts.items():
            output.line({}, f"{_FACTS.get(name, name)}: {_fact_text(name, value)}")
        for library in added:
            output.line({}, tr("added: {name} {version}, {size}, {folder}", "añadido: {name} {version}, {size}, {folder}",
                               name=library.package, version=_version_of(library), size=format_size(library.bytes),
                               folder=library.folder))
    for library in added:
        if library.unlike():
            text = Text("{name} was added for another version of the program ({list}) and is not used. {hint}",
                        "{name} se añadió para otra versión del programa ({list}) y no se usa. {hint}")
            listed = ", ".join(f"{name} {version}" for name, version in library.unlike().items())
            output.problems([warning("library_outdated", text.fill(name=library.package, list=listed, hint=Text(
                "Add it again: cnnstudio doctor --install {id}.", "Añádala de nuevo: cnnstudio doctor --install {id}.").fill(
                    id=library.id)), "machine")])
    return exit_code(last, output)


def _fact_text(name: str, value: Any) -> str:
    if name == "device":
        return str(device_text(value))
    if name == "devices":
        return f"{len(value)} ({', '.join(str(device_text(device)) for device in value)})"
    return _cards_text(value) if name == "cards" else _value_text(value)


def _cards_text(cards: list[dict[str, Any]]) -> str:
    """The graphics cards, with their memory where it is known."""
    return ", ".join(f"{card['name'] or card['maker']}"
                     + (f" ({format_size(round(card['memory_mb'] * 1e6))})" if card["memory_mb"] else "")
                     for card in cards) or tr("none", "ninguna")


def _version_of(library: AddedLibrary) -> str:
    wanted = library.package.partition("[")[0].lower()
    return next((version for name, version in library.versions.items() if name.lower() == wanted), "")


_FACTS: Final = {
    "versions": Text("versions", "versiones"), "backend": Text("backend", "motor"), "device": Text("device", "dispositivo"),
    "devices": Text("devices to compute on", "dispositivos para calcular"),
    "backends": Text("backends", "motores"), "cpu_count": Text("processor cores",
                                                               "núcleos del procesador"), "gpu": Text("GPU", "GPU"),
    "litert": Text("LiteRT", "LiteRT"), "opencv": Text("OpenCV", "OpenCV"), "platform": Text("platform", "plataforma"),
    "cards": Text("graphics cards", "tarjetas gráficas"), "cache": Text("cache", "caché"),
    "path": Text("path", "ruta"), "writable": Text("writable", "permite escritura"),
    "version": Text("version", "versión"), "formats": Text("formats", "formatos"),
}
"""Labels of the doctor's facts."""


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return tr("yes", "sí") if value else tr("no", "no")
    if isinstance(value, dict):
        return ", ".join(f"{_FACTS.get(name, name)} {_value_text(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value_text(item) for item in value) or "-"
    return "-" if value is None else str(value)
