"""The Network page: palette, canvas, inspector; the same network as a table and as code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.core.class_balance import shown_pictures
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, same, tr
from cnnstudio.datasets.manifest import write_index_manifest
from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.network.actions import NetworkActions
from cnnstudio.gui.pages.network.activations import Activations
from cnnstudio.gui.pages.network.canvas.view import NetworkView
from cnnstudio.gui.pages.network.code import CodeView
from cnnstudio.gui.pages.network.draft import keep_draft, read_draft
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.pages.network.files import NetworkFiles
from cnnstudio.gui.pages.network.gallery import Gallery
from cnnstudio.gui.pages.network.inspector import NetworkInspector
from cnnstudio.gui.pages.network.menu import NetworkMenu
from cnnstudio.gui.pages.network.own_bases import OwnBases
from cnnstudio.gui.pages.network.palette import LayerPalette
from cnnstudio.gui.pages.network.starting_points import StartingPoints
from cnnstudio.gui.pages.network.torch_base import code_and_weights
from cnnstudio.gui.pages.network.views import LayerTable, format_receptive_field
from cnnstudio.gui.state.changes import Change, Step
from cnnstudio.gui.state.commands import ChooseCustomBase, Command, FetchWeights, ShowGallery, ShowPage
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Stack
from cnnstudio.gui.widgets.formatting import format_compact, format_count
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.interchange.apply_code import apply_code
from cnnstudio.interchange.open import SUFFIXES
from cnnstudio.interchange.python_source.source import SourceNetwork
from cnnstudio.network.summary import title

VIEWS = ("canvas", "table", "code", "gallery")


class NetworkPage(Page):
    id = "network"
    title = Text("Network", "Red")
    icon = "network"

    def __init__(self, workspace: Workspace, parent: Any = None) -> None:
        super().__init__(workspace, parent)
        self._folder: Path | None = None
        """The folder of the project on the page: the session may have opened another."""
        self.editor = NetworkEditor(workspace, self)
        self.edit_actions = NetworkActions(self.editor)
        self.starting = StartingPoints(self.editor, workspace)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        network = self.session.project.network
        layers = tr("{n} layers", "{n} capas", n=len(network.nodes))
        return f"{layers} · {_origin(network.origin, self.editor.context.bases)}" if network.origin else layers

    def side(self) -> QWidget:
        self._palette = LayerPalette()
        self._palette.wanted.connect(self.edit_actions.insertion.insert)
        return self._palette

    @property
    def needs_side(self) -> bool:
        """Layers are dragged onto the canvas only; the other views need the room."""
        return VIEWS[self._stack.currentIndex()] == "canvas"

    @property
    def needs_inspector(self) -> bool:
        """The gallery tells all of what it offers itself, and needs the room."""
        return VIEWS[self._stack.currentIndex()] != "gallery"

    def centre(self) -> QWidget:
        self.canvas = NetworkView(self.editor.scene)
        self.activations = Activations(self.session, self.editor.scene, self.canvas)
        self.activations.left.connect(self.canvas.setFocus)
        self.canvas.activations_requested.connect(self.activations.toggle)
        self.canvas.resized.connect(self.activations.place)
        self.files = NetworkFiles(self.editor, self.canvas)
        self.own = OwnBases(self.editor, self.files, self.canvas)
        self.menu = NetworkMenu(self.editor, self.edit_actions, self.canvas)
        self._table, self._code, self._gallery = LayerTable(), CodeView(self._write_list), Gallery(lambda: self.session.bases)
        self._stack = Stack()
        for widget in (self.canvas, self._table, self._code, self._gallery):
            self._stack.addWidget(widget)
        shortcut = QShortcut(QKeySequence("/"), self._stack)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(self._search_layers)
        self._connect()
        return self._stack

    def _connect(self) -> None:
        """Connect the signals of the page's parts."""
        editor, scene, canvas, actions = self.editor, self.editor.scene, self.canvas, self.edit_actions
        editor.visible_center = lambda: canvas.visible_part().center()
        editor.layers_added.connect(lambda nodes: canvas.reveal(nodes[0]))
        editor.layer_inserted.connect(lambda: self.show_view("canvas"))
        editor.network_replaced.connect(self._on_network_replaced)
        editor.arranged.connect(canvas.show_start)
        self.session.stepped.connect(self._on_stepped)
        scene.connected.connect(actions.arrangement.connect_layers)
        scene.moved.connect(actions.arrangement.move)
        scene.dropped.connect(actions.insertion.insert)
        scene.toggled.connect(actions.grouping.toggle)
        scene.noted.connect(actions.edit_note)
        scene.opened.connect(self.open_base)
        scene.wanted_at.connect(lambda position: actions.insertion.ask_layer(canvas, "", position))
        scene.chosen.connect(self._on_chosen)
        canvas.action_requested.connect(actions.do)
        canvas.typed.connect(lambda text: actions.insertion.ask_layer(canvas, text))
        canvas.menu_requested.connect(self.menu.show)
        canvas.finder.list_layers = lambda: [(node.id, title(node, self.editor.context.bases)) for node in editor.network.nodes]
        self._table.chosen.connect(lambda identifier: scene.choose([identifier]))
        self._code.problem_found.connect(self.session.report)
        self._code.save_requested.connect(lambda name: self.files.save_code(name, self._code.write))
        self._code.applied.connect(self._on_code_applied)
        self._code.drafted.connect(lambda text: keep_draft(self._folder, text))
        self._gallery.base_chosen.connect(self.starting.start_from_base)
        self._gallery.template_chosen.connect(self.starting.start_from_template)
        self._gallery.fetch_requested.connect(self.starting.fetch)
        self._gallery.probe_requested.connect(lambda: self.starting.compare(canvas.window()))
        self._gallery.file_requested.connect(self.files.choose)
        self._gallery.own_requested.connect(self.own.choose_file)
        self._gallery.run_requested.connect(self.own.choose_run)
        self._gallery.left.connect(lambda: self.show_view("canvas"))
        self.starting.weights_fetched.connect(self._gallery.refresh)

    def inspector(self) -> QWidget:
        self._inspector = NetworkInspector(self.editor, self.edit_actions, self.workspace.counts, self.state)
        self._inspector.layers_requested.connect(self.open_base)
        self.canvas.rename_requested.connect(self._inspector.edit_name)
        return self._inspector

    def actions(self) -> Iterable[QWidget]:
        self._switch = SegmentedControl([("canvas", tr("Canvas", "Lienzo")), ("table", tr("Table", "Tabla")),
                                         ("code", tr("Code", "Código"))], self.state.get("view", "canvas"))
        self._switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        self._switch.chosen.connect(self.show_view)
        gallery = Button(tr("Gallery…", "Galería…"), compact_icon="grid", on_click=lambda: self.show_view("gallery"))
        self._arrange = Button(tr("Arrange", "Ordenar"), compact_icon="layers", tooltip=tr("Lay out all layers automatically",
                                                                   "Colocar todas las capas automáticamente"),
                               on_click=self.edit_actions.arrangement.arrange)
        following = Button(tr("Next: Train", "Siguiente: Entrenar"), "primary", compact_icon="chevron-right",
                           on_click=lambda: self.session.request(ShowPage("train")))
        self._show_actions(self.state.get("view", "canvas"))
        return self._switch, self._arrange, gallery, following

    # Refresh -------------------------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        if not change.of("network", "recipe", "dataset", "pictures", "folder"):
            return
        editor = self.editor
        editor.refresh()
        self.canvas.minimap.redraw()
        self.canvas.totals.show_totals(format_count(editor.report.parameters), format_compact(editor.report.multiply_adds),
                                      format_receptive_field(editor.report.field))
        self.canvas.place_totals()
        self.activations.follow(editor.network)
        self._refresh_view()
        self._inspector.show_nodes(editor.scene.chosen_nodes())
        if change.of("folder"):
            self.activations.leave()
            self._folder = self.session.folder
            draft = read_draft(self._folder)
            self._code.show_draft(draft)
            wanted = self.state.get("view", "canvas" if draft is None else "code")
            self.show_view(wanted if editor.network.nodes else "gallery")
            editor.scene.choose(self.state.get("chosen", []))
            self.canvas.show_start()
        self.header_changed.emit()

    def enter(self) -> None:
        # The name of a layer can be typed at once.
        if self._stack.currentWidget() is self.canvas:
            self.canvas.setFocus()

    def blocking_problems(self) -> Iterable[Problem]:
        """Problems without a node on the canvas; a node's problems are marked on it."""
        return tuple(problem for problem in self.editor.problems
                     if problem.where.node is None and problem.severity != "info")

    def show_view(self, view: object) -> None:
        """Show the canvas, the table, the code or the gallery."""
        name = str(view)
        self.state["view"] = name if name != "gallery" else self.state.get("view", "canvas")
        self._stack.setCurrentIndex(VIEWS.index(name))
        self.side_changed.emit()
        # The gallery is none of the three views.
        self._switch.set_value(name)
        self._show_actions(name)
        self._inspector.show_hint(name)
        self._refresh_view()
        if name == "canvas":
            self.canvas.setFocus()

    def _show_actions(self, view: str) -> None:
        """Only the canvas shows where the layers are."""
        self._arrange.setEnabled(view == "canvas")

    def _refresh_view(self) -> None:
        """Table and code are updated only while they are visible: the canvas must not wait for them."""
        if self._stack.currentWidget() is self._table:
            self._table.show_report(self.editor.network, self.editor.report, self.editor.context.bases)
        elif self._stack.currentWidget() is self._code:
            counts, project = self.workspace.counts, self.session.project
            training = shown_pictures(counts.usable_counts(), counts.class_names, project.training.oversampling)
            self._code.show_code(self.session.project, self.editor.context, training)

    def _write_list(self, path: Path) -> None:
        """The pictures as a training would take them."""
        collection, dataset = self.workspace.collection, self.session.project.dataset
        if collection.index is not None and collection.root is not None:
            write_index_manifest(path, collection.index, collection.root, collection.index.class_names(dataset),
                                 dataset.label_mode)

    def handle(self, command: Command) -> None:
        match command:
            case ShowGallery():
                self.show_view("gallery")
            case FetchWeights(base=base):
                self.starting.fetch(base)
            case ChooseCustomBase(node=node):
                self.own.choose_file(node)
            case _:
                super().handle(command)

    def keep(self) -> None:
        self._code.keep()

    def close(self) -> None:
        self.keep()
        self.activations.close_threads()
        self.canvas.detach_scene()

    def drop_text(self, paths: list[str]) -> str:
        if code_and_weights(paths) is not None:
            return tr("Use as a base with these weights", "Usar como base con estos pesos")
        taken = len(paths) == 1 and Path(paths[0]).suffix.lower() in SUFFIXES
        return tr("Open this network", "Abrir esta red") if taken else ""

    def take_paths(self, paths: list[str]) -> bool:
        # A `.keras` or `.h5` file may be meant as a base: the user is asked; other networks are opened.
        return self.own.take_paths(paths) or self.files.take_paths(paths)

    def open_base(self, node: str) -> None:
        """Open the layers of a base; nothing for any other layer, or where its file is missing."""
        layer = self.editor.network.node(node)
        if layer is not None and base_of_node(layer, self.editor.context.bases) is not None:
            from cnnstudio.gui.pages.network.layers import BaseLayers

            dialog = BaseLayers(self.editor, node, self.canvas.window())
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def _search_layers(self) -> None:
        self._palette.focus_search()

    def _on_chosen(self) -> None:
        nodes = self.editor.scene.chosen_nodes()
        self.state["chosen"] = nodes
        self._inspector.show_nodes(nodes)

    def _on_code_applied(self, written: SourceNetwork) -> None:
        """Apply the network of edited code as one undo step."""
        self.session.edit(lambda project: apply_code(project, written, self.editor.context),
                          Text("Apply code", "Aplicar código"))
        self.editor.scene.choose([])

    def _on_stepped(self, step: Step) -> None:
        """Undo and Redo may bring back a network of another size."""
        if "network" in step.what:
            self.canvas.follow_network()

    def _on_network_replaced(self) -> None:
        """Show the whole of another network."""
        self.show_view("canvas")
        self.editor.scene.choose([])
        self.canvas.show_start()


def _origin(origin: str, bases: BaseResolver) -> str:
    from cnnstudio.catalog.templates import TEMPLATES

    template = TEMPLATES.find(origin)
    base = bases.find(origin)
    # The name of a user's own model, also where its file is missing.
    name = origin.removeprefix("bases/").rpartition("-")[0] or origin if origin.startswith("bases/") else origin
    label = template.label if template is not None else base.label if base is not None else same(name)
    return tr("started from {name}", "a partir de {name}", name=label)
