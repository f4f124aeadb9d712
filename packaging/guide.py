"""The site of the user guide, English and Spanish, from the same files that F1 shows: `python packaging/guide.py OUT`.

Needs the extra `guide`. A warning of Sphinx is a fault. OUT/index.html leads to the language of the browser.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
for folder in (ROOT, Path(__file__).resolve().parent):
    sys.path.insert(0, str(folder))

from guide_reference import write_reference  # noqa: E402

from cnnstudio import __version__  # noqa: E402
from cnnstudio.core.guide import GROUPS, contents, guide_folder, introduction  # noqa: E402
from cnnstudio.core.text import set_language, tr  # noqa: E402

LANGUAGES = {"en": "English", "es": "Español"}
SWITCH = """<div class="sidebar-tree"><ul>{% for code, name in languages %}<li class="toctree-l1"><a class="reference"
hreflang="{{ code }}" href="{{ content_root }}../{{ code }}/{{ pagename }}.html">{{ name }}</a></li>{% endfor %}</ul></div>
"""
CONFIGURATION = """project = "CNN Studio"
html_title = {title!r}
author = "CNN Studio contributors"
release = version = {version!r}
language = {language!r}
extensions = ["myst_parser"]
html_theme = "furo"
highlight_language = "none"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_logo = "_static/cnnstudio.svg"
html_favicon = "_static/cnnstudio.svg"
html_copy_source = False
html_show_sphinx = False
html_sidebars = {{"**": ["sidebar/brand.html", "sidebar/search.html", "sidebar/scroll-start.html", "sidebar/navigation.html",
                       "sidebar/languages.html", "sidebar/scroll-end.html"]}}
html_context = {{"languages": {others!r}}}
"""
ENTRANCE = """<!doctype html><meta charset="utf-8"><title>CNN Studio</title>
<script>location.replace((navigator.language || "en").startsWith("es") ? "es/index.html" : "en/index.html")</script>
<p><a href="en/index.html" lang="en">English</a> · <a href="es/index.html" lang="es">Español</a></p>
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, nargs="?", default=ROOT / "dist" / "guide", help="the folder (default: dist/guide)")
    parser.add_argument("--language", choices=tuple(LANGUAGES), action="append", help="only this one")
    parser.add_argument("--sources-only", action="store_true", help="write what Sphinx reads, and do not start it")
    arguments = parser.parse_args()
    out: Path = arguments.out.resolve()
    if not arguments.sources_only and importlib.util.find_spec("sphinx") is None:
        parser.error('Sphinx is missing: pip install ".[guide]" -c resources/constraints.txt')
    for code in arguments.language or LANGUAGES:
        write_sources(out / "sources" / code, code)
        if not arguments.sources_only and (error := build(out, code)):
            return error
    if not arguments.sources_only:
        (out / "index.html").write_text(ENTRANCE, "utf-8")
    return 0


def write_sources(folder: Path, code: str) -> None:
    """Everything that Sphinx reads for one language."""
    set_language(code)
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("_templates/sidebar", "_static", "reference"):
        (folder / name).mkdir(parents=True)
    for file in (guide_folder() / code).glob("*.md"):
        shutil.copyfile(file, folder / file.name)
    shutil.copyfile(ROOT / "resources" / "icons" / "cnnstudio.svg", folder / "_static" / "cnnstudio.svg")
    for place in contents():
        if place.screenshot:
            add_screenshot(folder, place.name, place.screenshot, code)
    reference = write_reference(folder / "reference")
    (folder / "index.md").write_text(index_page(code), "utf-8")
    titles = "\n".join(f"{name}" for name in reference)
    (folder / "reference" / "index.md").write_text(
        f"# {GROUPS['reference']}\n\n{reference_text()}\n\n```{{toctree}}\n:maxdepth: 1\n\n{titles}\n```\n", "utf-8")
    (folder / "_templates" / "sidebar" / "languages.html").write_text(SWITCH, "utf-8")
    others = [(other, name) for other, name in LANGUAGES.items() if other != code]
    (folder / "conf.py").write_text(CONFIGURATION.format(
        title=f"CNN Studio {__version__}", version=__version__, language=code, others=others), "utf-8")


def index_page(code: str) -> str:
    """The introduction with the lists of the sections."""
    opening = introduction(code)
    lines = [f"# {opening.title}", "", opening.text, ""]
    for group in ("tutorials", "pages"):
        names = [place.name for place in contents() if place.group == group]
        lines += ["```{toctree}", f":caption: {GROUPS[group]}", ":maxdepth: 1", "", *names, "```", ""]
    lines += ["```{toctree}", f":caption: {GROUPS['reference']}", ":maxdepth: 2", "", "reference/index", "```", ""]
    return "\n".join(lines)


def reference_text() -> str:
    return tr("Made from what the program declares: text, parameters with their ranges and defaults, formula, the code that "
              "the program prints, and what a step does to a picture.",
              "Se genera a partir de lo que declara el programa: texto, parámetros con sus intervalos y valores "
              "predeterminados, fórmula, el código que imprime el programa y lo que un paso hace con una imagen.")


def add_screenshot(folder: Path, name: str, screenshot: str, code: str) -> None:
    """Put the picture of a page, in the language of the site where there is one, below the title of its section."""
    shots = ROOT / "docs" / "screenshots"
    found = sorted(shots.glob(f"{screenshot}-{code}-*.png")) or sorted(shots.glob(f"{screenshot}-*.png"))
    if not found:
        return
    shutil.copyfile(found[0], folder / "_static" / found[0].name)
    title, _, rest = (folder / f"{name}.md").read_text("utf-8").partition("\n")
    (folder / f"{name}.md").write_text(f"{title}\n\n![{title.removeprefix('# ')}](_static/{found[0].name})\n{rest}", "utf-8")


def build(out: Path, code: str) -> int:
    """Let Sphinx make the pages of one language; its exit code."""
    from sphinx.cmd.build import build_main

    return build_main(["-b", "html", "-W", "--keep-going", "-q", "-d", str(out / "doctrees" / code),
                       str(out / "sources" / code), str(out / code)])


if __name__ == "__main__":
    sys.exit(main())
