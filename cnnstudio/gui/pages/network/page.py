"""The Network page: palette, canvas, inspector; the same network as a table and as code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.catalog.bases.finding import base_of_node, find_base
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.commands import FetchBase
from cnnstudio.core.events import Failed
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, language, same, tr
from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene
from cnnstudio.gui.pages.network.canvas.view import NetworkView
from cnnstudio.gui.pages.network.code import CodeView
from cnnstudio.gui.pages.network.draft import keep_draft, read_draft
from cnnstudio.gui.pages.network.files import NetworkFiles
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector
from cnnstudio.gui.pages.network.looks import Looks
from cnnstudio.gui.pages.network.menu import NetworkMenu
from cnnstudio.gui.pages.network.own import OwnBases
from cnnstudio.gui.pages.network.palette import LayerPalette
from cnnstudio.gui.pages.network.views import LayerTable, field_words
from cnnstudio.gui.pages.network.work import NetworkWork
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.session import Change, Session
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.words import count, short
from cnnstudio.interchange.keras_source import Written
from cnnstudio.interchange.keras_source.apply import with_code
from cnnstudio.network.checks import check_weights
from cnnstudio.network.shapes import NetworkReport, advice, report
from cnnstudio.network.starting import Facts, with_base, with_template
from cnnstudio.network.summary import title

VIEWS = ("canvas", "table", "code", "gallery")


class NetworkPage(Page):
    id = "network"
    title = Text("Network", "Red")
    icon = "network"

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(session, parent)
        self.context: Context = context_of(session.project, 2)
        self.report: NetworkReport = report(session.project.network, self.context)
        self.problems: tuple[Problem, ...] = ()
        self._looks = Looks()
        self._folder: Path | None = None
        """Of the project that is shown: the session may have gone on to another."""
        self.scene = NetworkScene(self)
        self.work = NetworkWork(self)
        self.files = NetworkFiles(self)
        self.own = OwnBases(self)
        self.scene.connected.connect(self.work.connect_layers)
        self.scene.moved.connect(self.work.move)
        self.scene.dropped.connect(self.work.insert)
        self.scene.toggled.connect(self.work.toggle)
        self.scene.noted.connect(self.work.write_note)
        self.scene.opened.connect(self.open_base)
        self.scene.wanted_at.connect(lambda place: self.work.ask_layer("", place))
        self.scene.chosen.connect(self._chosen)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        network = self.session.project.network
        layers = tr("{n} layers", "{n} capas", n=len(network.nodes))
        return f"{layers} · {_origin(network.origin)}" if network.origin else layers

    def side(self) -> QWidget:
        self._palette = LayerPalette()
        self._palette.wanted.connect(self.work.insert)
        return self._palette

    @property
    def side_helps(self) -> bool:
        """There is nothing to drag a layer to in the gallery, which needs the room."""
        return VIEWS[self._stack.currentIndex()] != "gallery"

    def centre(self) -> QWidget:
        self.canvas = NetworkView(self.scene)
        self.canvas.wanted.connect(self.work.do)
        self.canvas.typed.connect(self.work.ask_layer)
        self.menu = NetworkMenu(self)
        self.canvas.menu_wanted.connect(self.menu.show)
        self.canvas.searchable = lambda: [(node.id, title(node)) for node in self.session.project.network.nodes]
        self._table = LayerTable()
        self._table.chosen.connect(lambda identifier: self.scene.choose([identifier]))
        self._code = CodeView()
        self._code.trouble.connect(self.session.notice)
        self._code.applied.connect(self._apply_code)
        self._code.drafted.connect(lambda text: keep_draft(self._folder, text))
        self._gallery = Gallery()
        self._gallery.base_chosen.connect(self._take_base)
        self._gallery.template_chosen.connect(self._take_template)
        self._gallery.fetch_wanted.connect(self._fetch)
        self._gallery.probe_wanted.connect(self._probe)
        self._gallery.file_wanted.connect(self.files.choose)
        self._gallery.own_wanted.connect(self.own.choose_file)
        self._gallery.run_wanted.connect(self.own.choose_run)
        self._gallery.left.connect(lambda: self.show_view("canvas"))
        self._stack = QStackedWidget()
        for widget in (self.canvas, self._table, self._code, self._gallery):
            self._stack.addWidget(widget)
        shortcut = QShortcut(QKeySequence("/"), self._stack)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self._search)
        return self._stack

    def inspector(self) -> QWidget:
        self._inspector = NetworkInspector(self)
        return self._inspector

    def actions(self) -> Iterable[QWidget]:
        self._switch = SegmentedControl([("canvas", tr("Canvas", "Lienzo")), ("table", tr("Table", "Tabla")),
                                         ("code", tr("Code", "Código"))], self.state.get("view", "canvas"))
        self._switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        self._switch.chosen.connect(self.show_view)
        gallery = Button(tr("Gallery…", "Galería…"), on_click=lambda: self.show_view("gallery"))
        arrange = Button(tr("Arrange", "Ordenar"), tooltip=tr("Lay out all layers automatically",
                                                             "Colocar todas las capas automáticamente"),
                         on_click=self.work.arrange)
        following = Button(tr("Next: Train", "Siguiente: Entrenar"), "primary",
                           on_click=lambda: self.session.asked.emit("open_page", {"page": "train"}))
        return self._switch, arrange, gallery, following

    # Refresh -------------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        if not change.of("network", "recipe", "dataset", "pictures", "folder"):
            return
        network = self.session.project.network
        self.context = context_of(self.session.project, max(2, len(self.session.class_names)))
        self.report = report(network, self.context)
        self.problems = (*self.report.problems, *advice(network, self.context, self.report),
                         *check_weights(self.session.project))
        self.scene.show_network(network, self._looks.of(network, self.context, self.report, self.problems))
        self.canvas.minimap.redraw()
        field = self.report.field
        self.canvas.totals.show_totals(count(self.report.parameters), short(self.report.multiply_adds),
                                      field_words(field))
        self.canvas.place_totals()
        self._refresh_view()
        self._inspector.show_nodes(self.scene.chosen_nodes())
        if change.of("folder"):
            self._folder = self.session.folder
            draft = read_draft(self._folder)
            self._code.show_draft(draft)
            wanted = self.state.get("view", "canvas" if draft is None else "code")
            self.show_view(wanted if network.nodes else "gallery")
            self.scene.choose(self.state.get("chosen", []))
            self.canvas.fit()
        self.header_changed.emit()

    def what_is_missing(self) -> Iterable[Problem]:
        """What has no node of its own on the canvas; a node's problems are marked on it."""
        return tuple(problem for problem in self.problems if problem.where.node is None and problem.severity != "info")

    def show_view(self, view: object) -> None:
        name = str(view)
        self.state["view"] = name if name != "gallery" else self.state.get("view", "canvas")
        self._stack.setCurrentIndex(VIEWS.index(name))
        self.side_changed.emit()
        if name != "gallery":
            self._switch.set_value(name)
        self._refresh_view()
        if name == "canvas":
            self.canvas.setFocus()

    def _refresh_view(self) -> None:
        """Table and code are made when they are looked at: the canvas must not wait for them."""
        network = self.session.project.network
        if self._stack.currentWidget() is self._table:
            self._table.show_report(network, self.report)
        elif self._stack.currentWidget() is self._code:
            training = self.session.pictures.split_counts().get("train", 0)
            self._code.show_code(self.session.project, self.context, training)

    def perform(self, action: str, arguments: dict[str, Any]) -> bool:
        if action == "open_gallery":
            self.show_view("gallery")
            return True
        if action == "fetch_base":
            self._fetch(str(arguments["base"]))
            return True
        if action == "choose_own_base":
            self.own.choose_file(str(arguments.get("node", "")))
            return True
        return False

    def keep(self) -> None:
        self._code.keep()

    def close(self) -> None:
        self.keep()
        self.canvas.let_go()

    def dropped(self, paths: list[str]) -> bool:
        # Of a `.keras` or `.h5` file it is asked whether it is meant as a base; other networks are opened.
        return self.own.dropped(paths) or self.files.dropped(paths)

    def open_base(self, node: str) -> None:
        """A base opened into its layers; nothing for any other layer, or where its file is missing."""
        found = self.session.project.network.node(node)
        if found is not None and base_of_node(found) is not None:
            from cnnstudio.gui.pages.network.layers import BaseLayers

            dialog = BaseLayers(self, node, self.canvas.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _fetch(self, base: str) -> None:
        """Download a base's weights in a child, with progress and Cancel in the status bar."""
        if self.session.jobs.of_kind("fetch") is None:
            wanted = FetchBase(base=base, cache=str(cache_folder()), language=language())
            job = ChildJob(wanted, Text("Fetching weights", "Descargando pesos"), "fetch", page="network")
            job.ended.connect(self._fetched)
            self.session.jobs.start(job)

    def _probe(self) -> None:
        """Compare the bases on the project's pictures, or show the kept comparison."""
        from cnnstudio.gui.pages.network.probe import ProbeDialog

        dialog = ProbeDialog(self.session, self.canvas.window())
        dialog.taken.connect(self._take_base)
        dialog.open()

    def _fetched(self, last: object) -> None:
        if isinstance(last, Failed):
            self.session.notice(last.problem)
        self._gallery.refresh()
        self.session.announce("network")

    def _chosen(self) -> None:
        nodes = self.scene.chosen_nodes()
        self.state["chosen"] = nodes
        self._inspector.show_nodes(nodes)

    def _search(self) -> None:
        self._palette.focus_search()

    def _facts(self) -> Facts:
        """What the pictures are, as for a new project; where none is at hand, as the recipe takes them."""
        session, index = self.session, self.session.pictures.index
        if index is not None and session.source_root is not None and session.source_root.is_dir() and index.sizes(1):
            from cnnstudio.datasets.opening import facts_of

            return facts_of(index, session.project, session.source_root)
        return Facts(classes=session.class_names, grey=session.project.recipe.color_mode == "grayscale")

    def _take_base(self, identifier: str) -> None:
        base = find_base(identifier)
        if base is None:
            return
        self.session.edit(lambda project: with_base(project, base),
                          Text("Start from {name}", "Partir de {name}").fill(name=base.label))
        self.started()

    def _take_template(self, identifier: str) -> None:
        from cnnstudio.catalog.templates import TEMPLATES

        template = TEMPLATES[identifier]
        self.session.edit(lambda project: with_template(project, template, self._facts()),
                          Text("Start from {name}", "Partir de {name}").fill(name=template.label))
        self.started()

    def _apply_code(self, written: Written) -> None:
        """The network of changed code in place of this one: one step, undone as one."""
        self.session.edit(lambda project: with_code(project, written, self.context),
                          Text("Apply code", "Aplicar código"))
        self.scene.choose([])

    def started(self) -> None:
        """Another network is there: show it whole."""
        self.show_view("canvas")
        self.scene.choose([])
        self.canvas.fit()


def _origin(origin: str) -> str:
    from cnnstudio.catalog.templates import TEMPLATES

    template = TEMPLATES.find(origin)
    base = find_base(origin)
    # Of a user's own model the name, also where its file is not there.
    word = origin.removeprefix("bases/").rpartition("-")[0] or origin if origin.startswith("bases/") else origin
    label = template.label if template is not None else base.label if base is not None else same(word)
    return tr("started from {name}", "a partir de {name}", name=label)
