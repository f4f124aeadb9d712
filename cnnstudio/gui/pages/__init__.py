"""The pages in the order of the work, by dotted name: each is imported on its first visit."""

from __future__ import annotations

import importlib
import importlib.util
from typing import TYPE_CHECKING, Final, NamedTuple

from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.gui.pages.base import Page


class PageEntry(NamedTuple):
    """What the rail shows of a page before the page is imported."""

    id: str
    title: Text
    icon: str
    dotted: str
    needs_project: bool = True
    lower: bool = False
    """Whether it stands at the lower end of the rail: it is no step of the work."""
    shortcut: str = ""
    """Its keys, if not Ctrl with its number: Ctrl+0 shows a whole canvas or matrix."""


def page_shortcut(entry: PageEntry, number: int) -> str:
    """The keys of a page, which is number `number` from 1."""
    return entry.shortcut or f"Ctrl+{number}"


PAGES: Final = (
    PageEntry("start", Text("Start", "Inicio"), "start", "cnnstudio.gui.pages.start.page:StartPage", False),
    PageEntry("data", Text("Data", "Datos"), "data", "cnnstudio.gui.pages.data.page:DataPage"),
    PageEntry("prepare", Text("Prepare", "Preparar"), "prepare", "cnnstudio.gui.pages.prepare.page:PreparePage"),
    PageEntry("network", Text("Network", "Red"), "network", "cnnstudio.gui.pages.network.page:NetworkPage"),
    PageEntry("train", Text("Train", "Entrenar"), "train", "cnnstudio.gui.pages.train.page:TrainPage"),
    PageEntry("search", Text("Search", "Buscar"), "search-trials", "cnnstudio.gui.pages.search.page:SearchPage"),
    PageEntry("evaluate", Text("Evaluate", "Evaluar"), "evaluate", "cnnstudio.gui.pages.evaluate.page:EvaluatePage"),
    PageEntry("predict", Text("Predict", "Predecir"), "predict", "cnnstudio.gui.pages.predict.page:PredictPage"),
    PageEntry("export", Text("Export", "Exportar"), "export", "cnnstudio.gui.pages.export.page:ExportPage"),
    PageEntry("learn", Text("Learn", "Aprender"), "learn", "cnnstudio.gui.pages.learn.page:LearnPage", False, True,
              "F9"),
)


AREA_PAGES: Final = {"dataset": "data", "file": "data", "recipe": "prepare", "augmentation": "prepare",
                     "network": "network", "training": "train", "run": "train", "project": "data", "machine": "train"}
"""Areas of problems that are fixed on this page."""


SPEC_PAGES: Final = {"network": "network", "recipe": "prepare", "augmentation": "prepare", "training": "train",
                     "export": "export", "dataset": "data", "pictures": "data", "runs": "train",
                     "calibration": "evaluate", "classes": "train"}
"""The page that shows a part of the project; of several changed parts the first one counts."""


def present_pages() -> tuple[PageEntry, ...]:
    """The pages whose module exists; nothing is imported."""
    return tuple(entry for entry in PAGES if importlib.util.find_spec(entry.dotted.partition(":")[0]) is not None)


def load_page(entry: PageEntry) -> type[Page]:
    """Import the class of a page."""
    module, _, name = entry.dotted.partition(":")
    page: type[Page] = getattr(importlib.import_module(module), name)
    return page
