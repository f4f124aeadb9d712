"""The Network page: palette, canvas, inspector; the same network as a table and as code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.catalog.checks import check_weights
from cnnstudio.catalog.context import Context, context_of
from cnnstudio.catalog.drawing import id_for
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.shapes import NetworkReport, advice, report
from cnnstudio.catalog.starting import Facts, with_base, with_template
from cnnstudio.catalog.summary import summary, title
from cnnstudio.core import edits
from cnnstudio.core.commands import FetchBase
from cnnstudio.core.events import Failed
from cnnstudio.core.network import Edge, Node
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, language, tr
from cnnstudio.gui import theme
from cnnstudio.gui.canvas.items import NodeLook
from cnnstudio.gui.canvas.scene import NetworkScene
from cnnstudio.gui.canvas.view import NetworkView
from cnnstudio.gui.jobs import ChildJob
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.network_gallery import Gallery
from cnnstudio.gui.pages.network_inspector import NetworkInspector
from cnnstudio.gui.pages.network_palette import LayerPalette
from cnnstudio.gui.pages.network_views import CodeView, LayerTable, field_words
from cnnstudio.gui.session import Change, Session
from cnnstudio.gui.widgets.basics import Button
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.words import count, short

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
        self._scene = NetworkScene(self)
        self._scene.connected.connect(self._connect)
        self._scene.moved.connect(self._move)
        self._scene.dropped.connect(self._drop)
        self._scene.chosen.connect(self._chosen)

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        network = self.session.project.network
        layers = tr("{n} layers", "{n} capas", n=len(network.nodes))
        return f"{layers} · {_origin(network.origin)}" if network.origin else layers

    def side(self) -> QWidget:
        self._palette = LayerPalette()
        self._palette.wanted.connect(self.insert)
        return self._palette

    def centre(self) -> QWidget:
        self._view = NetworkView(self._scene)
        self._view.remove_wanted.connect(self.remove_chosen)
        self._table = LayerTable()
        self._table.chosen.connect(lambda identifier: self._scene.choose([identifier]))
        self._code = CodeView()
        self._gallery = Gallery()
        self._gallery.base_chosen.connect(self._take_base)
        self._gallery.template_chosen.connect(self._take_template)
        self._gallery.fetch_wanted.connect(self._fetch)
        self._gallery.left.connect(lambda: self._show("canvas"))
        self._stack = QStackedWidget()
        for widget in (self._view, self._table, self._code, self._gallery):
            self._stack.addWidget(widget)
        for keys, action in (("Ctrl+D", self._duplicate), ("/", self._search)):
            shortcut = QShortcut(QKeySequence(keys), self._stack)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(action)
        return self._stack

    def inspector(self) -> QWidget:
        self._inspector = NetworkInspector(self)
        return self._inspector

    def actions(self) -> Iterable[QWidget]:
        self._switch = SegmentedControl([("canvas", tr("Canvas", "Lienzo")), ("table", tr("Table", "Tabla")),
                                         ("code", tr("Code", "Código"))], self.state.get("view", "canvas"))
        self._switch.setFixedHeight(theme.CONTROL_HEIGHT)
        self._switch.chosen.connect(self._show)
        gallery = Button(tr("Gallery…", "Galería…"), on_click=lambda: self._show("gallery"))
        arrange = Button(tr("Arrange", "Ordenar"), tooltip=tr("Lay out all layers automatically",
                                                             "Colocar todas las capas automáticamente"),
                         on_click=self._arrange)
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
        self._scene.show_network(network, {node.id: self._look(node) for node in network.nodes})
        field = self.report.field
        self._view.totals.show_totals(count(self.report.parameters), short(self.report.multiply_adds),
                                      field_words(field))
        self._view.place_totals()
        self._table.show_report(network, self.report)
        if self._stack.currentWidget() is self._code:
            self._code.show_code(network, self.context)
        self._inspector.show_nodes(self._scene.chosen_nodes())
        if change.of("folder"):
            wanted = self.state.get("view", "canvas")
            self._show(wanted if network.nodes else "gallery")
            self._scene.choose(self.state.get("chosen", []))
            self._view.fit()
        self.header_changed.emit()

    def _look(self, node: Node) -> NodeLook:
        layer = LAYERS.find(node.type)
        found = self.report.nodes[node.id]
        mine = [problem for problem in self.problems if problem.where.node == node.id and problem.severity != "info"]
        severity = "" if not mine else "error" if any(problem.blocks for problem in mine) else "warning"
        words = summary(node, self.context)
        shape = " × ".join(str(each) for each in found.shape) if found.shape else ""
        detail = " · ".join(part for part in (shape, words) if part)
        if severity == "error":
            detail = str(next(problem for problem in mine if problem.blocks).text)
        tooltip = "\n".join([f"{title(node)} ({node.id})", *(str(problem.text) for problem in mine)])
        if not mine and detail:
            tooltip += f"\n{detail}"
        return NodeLook(title=title(node), detail=detail, count=short(found.cost.parameters),
                        family=layer.family if layer is not None else "input", severity=severity, tooltip=tooltip)

    def what_is_missing(self) -> Iterable[Problem]:
        """What has no node of its own on the canvas; a node's problems are marked on it."""
        return tuple(problem for problem in self.problems if problem.where.node is None and problem.severity != "info")

    def _show(self, view: object) -> None:
        name = str(view)
        self.state["view"] = name if name != "gallery" else self.state.get("view", "canvas")
        self._stack.setCurrentIndex(VIEWS.index(name))
        if name != "gallery":
            self._switch.set_value(name)
        if name == "code":
            self._code.show_code(self.session.project.network, self.context)
        elif name == "canvas":
            self._view.setFocus()

    def perform(self, action: str, arguments: dict[str, Any]) -> bool:
        if action == "open_gallery":
            self._show("gallery")
            return True
        if action == "fetch_base":
            self._fetch(str(arguments["base"]))
            return True
        return False

    def _fetch(self, base: str) -> None:
        """Download a base's weights in a child, with progress and Cancel in the status bar."""
        if self.session.jobs.of_kind("fetch") is None:
            wanted = FetchBase(base=base, cache=str(cache_folder()), language=language())
            job = ChildJob(wanted, Text("Fetching weights", "Descargando pesos"), "fetch", page="network")
            job.ended.connect(self._fetched)
            self.session.jobs.start(job)

    def _fetched(self, last: object) -> None:
        if isinstance(last, Failed):
            self.session.notice(last.problem)
        self._gallery.refresh()
        self.session.announce("network")

    def _chosen(self) -> None:
        nodes = self._scene.chosen_nodes()
        self.state["chosen"] = nodes
        self._inspector.show_nodes(nodes)

    # Edits ---------------------------------------------------------------------------------------

    def insert(self, kind: str, edge: Edge | None = None, where: object = None) -> None:
        """A new layer: on `edge`, after the node `where`, at the place `where`, else where it makes sense."""
        network = self.session.project.network
        position = where if isinstance(where, tuple) and edge is None else None
        node = Node(id=id_for(kind), type=kind, position=position)
        source: str | None = None
        if edge is None and position is None:
            chosen = self._scene.chosen_edges()
            nodes = self._scene.chosen_nodes()
            if isinstance(where, str):
                source = where
            elif chosen:
                edge = chosen[0]
            elif nodes:
                source = nodes[-1]
            elif self.report.output is not None:
                entering = [each for each in network.edges if each.target == self.report.output]
                edge = entering[0] if entering else None
                source = None if edge is not None else self.report.output
            if source is not None:
                leaving = [each for each in network.edges if each.source == source]
                if len(leaving) == 1:
                    edge, source = leaving[0], None
        before = {each.id for each in network.nodes}
        label = Text("Add {layer}", "Añadir {layer}").fill(layer=kind)
        if kind == "Input":
            edge = source = None
        if self.session.edit(lambda project: edits.add_node(project, node, source=source, edge=edge), label):
            new = [each.id for each in self.session.project.network.nodes if each.id not in before]
            self._scene.choose(new)
            if new:
                self._view.reveal(new[0])
            self._show("canvas")

    def _drop(self, kind: str, edge: object, where: object) -> None:
        self.insert(kind, edge if isinstance(edge, Edge) else None, where)

    def _connect(self, source: str, target: str) -> None:
        node = self.session.project.network.node(target)
        layer = LAYERS.find(node.type) if node is not None else None
        many = layer is not None and (layer.maximum_inputs is None or layer.maximum_inputs > 1)
        if layer is not None and layer.maximum_inputs == 0:
            return
        self.session.edit(lambda project: edits.connect(project, source, target, many=many),
                          Text("Connect", "Conectar"))

    def _move(self, positions: dict[str, tuple[float, float]]) -> None:
        self.session.edit(lambda project: edits.move_nodes(project, positions), Text("Move", "Mover"))

    def _arrange(self) -> None:
        network = self.session.project.network
        plain = [edits.replace(node, position=None) for node in network.nodes]
        self.session.edit(lambda project: edits.set_network(project, edits.replace(network, nodes=tuple(plain))),
                          Text("Arrange", "Ordenar"))
        self._view.fit()

    def remove_chosen(self) -> None:
        nodes, edges = self._scene.chosen_nodes(), self._scene.chosen_edges()
        if nodes:
            self.session.edit(lambda project: edits.remove_nodes(project, nodes), Text("Remove layers", "Eliminar capas"))
        elif edges:
            self.session.edit(lambda project: edits.disconnect(project, edges[0]), Text("Disconnect", "Desconectar"))

    def _duplicate(self) -> None:
        """A copy of the chosen layers with the connections among them, beside the originals."""
        chosen = self._scene.chosen_nodes()
        places = {identifier: self._scene.nodes[identifier].pos() for identifier in chosen}
        if not chosen:
            return
        before = {node.id for node in self.session.project.network.nodes}
        self.session.edit(lambda project: edits.duplicate_nodes(
            project, {each: (place.x() + 230, place.y()) for each, place in places.items()}),
            Text("Duplicate", "Duplicar"))
        self._scene.choose([node.id for node in self.session.project.network.nodes if node.id not in before])

    def _search(self) -> None:
        self._palette.focus_search()

    def _facts(self) -> Facts:
        return Facts(classes=self.session.class_names, grey=self.session.project.recipe.color_mode == "grayscale")

    def _take_base(self, identifier: str) -> None:
        from cnnstudio.catalog.bases import BASES

        base = BASES[identifier]
        self.session.edit(lambda project: with_base(project, base),
                          Text("Start from {name}", "Partir de {name}").fill(name=base.label))
        self._started()

    def _take_template(self, identifier: str) -> None:
        from cnnstudio.catalog.templates import TEMPLATES

        template = TEMPLATES[identifier]
        self.session.edit(lambda project: with_template(project, template, self._facts()),
                          Text("Start from {name}", "Partir de {name}").fill(name=template.label))
        self._started()

    def _started(self) -> None:
        self._show("canvas")
        self._scene.choose([])
        self._view.fit()


def _origin(origin: str) -> str:
    from cnnstudio.catalog.bases import BASES
    from cnnstudio.catalog.templates import TEMPLATES

    template = TEMPLATES.find(origin)
    base = BASES.find(origin)
    label = template.label if template is not None else base.label if base is not None else Text(origin, origin)
    return tr("started from {name}", "a partir de {name}", name=label)
