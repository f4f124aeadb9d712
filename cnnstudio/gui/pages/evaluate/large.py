"""A picture of an evaluation large, with its answers below and its explanation beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QBoxLayout, QWidget

from cnnstudio.core.jobs import Ranked
from cnnstudio.core.text import tr
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.pages.explanation.panel import ExplanationPanel
from cnnstudio.gui.pages.neighbours.card import NeighboursCard
from cnnstudio.gui.pages.picture_viewer import PictureViewer
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.answer_bars import AnswerBars
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.zoom import ZoomView

_MOST, _FEW = 5, 3
"""Classes with a bar, also where there is little room."""
_HIGH: Final = 760
"""From this height in pixels there is room for all of them."""
_PANEL: Final = 292
_WIDE: Final = 1200
_EXPLAIN, _MAP, _NEAR = "e", "m", "n"


class LargeView(QWidget):
    """`left` to go back to the figures, `stepped(-1 or 1)` for the previous or the next picture of the panel; the keys of
    classes and Delete act as on the panel. `explaining_changed`: the explanation needs room, or none any more."""

    left = Signal()
    stepped = Signal(int)
    label_key = Signal(str)
    exclude_key = Signal()
    explaining_changed = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._most = _MOST
        self._files: dict[int, Path] = {}
        self._colors: dict[str, QColor] = {}
        self._shown: tuple[Answer, EvaluationContext] | None = None
        self.explaining = self.showing_neighbours = False
        self._viewer = PictureViewer(workspace.session.jobs, lambda picture: self._files[picture.id], tr("Figures", "Cifras"))
        self._viewer.left.connect(self.left)
        self._viewer.stepped.connect(self.stepped)
        self._viewer.label_key.connect(self._on_key)
        self._viewer.exclude_key.connect(self.exclude_key)
        self._viewer.loaded.connect(self._on_loaded)
        self.view = self._viewer.view
        self.other_view = ZoomView()
        self.other_view.setAccessibleName(tr("The same picture with another map", "La misma imagen con otro mapa"))
        self.other_view.stepped.connect(self.stepped)
        self.other_view.left.connect(self.left)
        self.view.moved.connect(lambda: self.other_view.follow(self.view))
        self._captions = [Elided("", "secondary", "dim") for _ in range(2)]
        self._pair = self._viewer.stage
        first, self._other = (box(column(view, caption, spacing=4)) for view, caption in zip(
            (self.view, self.other_view), self._captions, strict=True))
        for half in (first, self._other):
            half.layout().setStretch(0, 1)  # type: ignore[union-attr]
            self._pair.addWidget(half, 1)
        self._other.hide()
        self._words = Label("", "body_strong", wrap=True)
        self.explain_button = Button(tr("Explain", "Explicar"), "", "eye", on_click=self.toggle_explanation)
        self._bars = AnswerBars(lambda name: self._colors.get(name, theme.class_color(-1)), most=_MOST)
        self.neighbours_button = Button(tr("Neighbours", "Vecinas"), "", "grid", on_click=self.toggle_neighbours)
        head = row(self._words, self.neighbours_button, self.explain_button, spacing=12)
        head.setStretch(0, 1)
        answers = Card(box(head), self._bars, spacing=8)
        self.neighbours = NeighboursCard(workspace, "evaluate", lambda name: self._colors.get(name, theme.class_color(-1)))
        self.neighbours.closed.connect(self.toggle_neighbours)
        self.neighbours.hide()
        left = column(self._viewer, answers, self.neighbours, spacing=12)
        left.setStretch(0, 1)
        self.panel = ExplanationPanel(workspace.session)
        self.panel.changed.connect(self._show_maps)
        self.panel.closed.connect(self.toggle_explanation)
        self._side = scroll_area(box(column(self.panel, margins=(0, 0, 8, 0))))
        self._side.setFixedWidth(_PANEL)
        self._side.hide()
        layout = row(left, self._side, spacing=16, margins=(24, 14, 16, 16))
        layout.setStretch(0, 1)
        # On a small screen, or with large text, nothing is cut off.
        self._content = box(layout)
        self._area = scroll_area(self._content, sideways=True)
        self.setLayout(column(self._area))
        # Where a class has the key E or N these still have one.
        for keys, action in (("Ctrl+E", self.toggle_explanation), ("Ctrl+Shift+N", self.toggle_neighbours)):
            always = QShortcut(QKeySequence(keys), self)
            always.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            always.activated.connect(action)

    @property
    def explaining_in_sight(self) -> bool:
        """Whether a picture is shown with its explanation."""
        return self.explaining and self._shown is not None

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._reserve()
        most = _MOST if event.size().height() >= _HIGH else _FEW
        if most != self._most:
            self._most = most
            self._bars.set_most(most)
            self._show_bars()
        self._arrange_pair()

    def _arrange_pair(self) -> None:
        """Two maps stand beside each other in a wide room, in a high one they stand one above the other."""
        room = self._viewer.size()
        beside = room.width() >= room.height()
        self._pair.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def _reserve(self) -> None:
        """In a wide window the panels at both sides make room, so that nothing needs to be scrolled sideways."""
        wide = self.window().width() >= _WIDE
        self._area.setMinimumWidth(self._content.minimumSizeHint().width() if wide else 0)

    def show_answer(self, answer: Answer, context: EvaluationContext) -> None:
        """Show a picture of the evaluation."""
        before, self._shown = self.explaining_in_sight, (answer, context)
        if self.explaining_in_sight != before:
            self.explaining_changed.emit()
        names = context.class_names
        self._colors = {name: context.class_color(number) for number, name in enumerate(names)}
        true, predicted = names[answer.label], names[answer.predicted]
        share = format_percent(answer.probability)
        self._words.setText(
            tr("{true}, recognised with {share}", "{true}, reconocida con {share}", true=true, share=share) if answer.right else
            tr("{true}, predicted as {predicted} with {share}", "{true}, predicha como {predicted} con {share}", true=true,
               predicted=predicted, share=share))
        ranked = context.read.ranked(answer, _MOST) if context.read is not None else ()
        self._bars.show_ranked(ranked)
        self._show_bars()
        key = "" if self._is_class_key(_NEAR) else "N, "
        self.neighbours_button.setToolTip(tr("The nearest training pictures ({key}Ctrl+Shift+N)",
                                             "Las imágenes de entrenamiento más cercanas ({key}Ctrl+Mayús+N)", key=key))
        key = "" if self._is_class_key(_EXPLAIN) else "E, "
        self.explain_button.setToolTip(tr("Which parts of the picture decided ({key}Ctrl+E)",
                                          "Qué partes de la imagen decidieron ({key}Ctrl+E)", key=key))
        # The viewer shows pictures of an index by their number: a path has one here as well.
        number = hash(str(answer.file))
        self._files = {number: answer.file}
        self._viewer.show_picture(Picture(
            id=number, path=answer.relative, class_name=true, split=context.split, size=answer.file_bytes,
            modified_ns=answer.modified_ns, width=None, height=None, hash=None, problem=None, problem_text=None, excluded=False,
            folder_class=true))
        self._explain()
        self._show_neighbours()

    def hide_picture(self) -> None:
        """The view is left: nothing is computed for it any more. The next picture is explained again where this one was."""
        before, self._shown = self.explaining_in_sight, None
        self.panel.clear()
        self.neighbours.clear()
        if before:
            self.explaining_changed.emit()

    def close_threads(self) -> None:
        """The page will be deleted."""
        self.panel.clear()
        self.neighbours.close_threads()

    # The neighbours ------------------------------------------------------------------------------

    def toggle_neighbours(self) -> None:
        """Show the nearest training pictures from now on, or no longer."""
        self.showing_neighbours = not self.showing_neighbours
        self.neighbours_button.setVisible(not self.showing_neighbours)
        self.neighbours.setVisible(self.showing_neighbours)
        self._show_bars()
        if self.showing_neighbours:
            self._show_neighbours()
        else:
            self.neighbours.clear()
        self.view.setFocus()

    def _show_neighbours(self) -> None:
        if self.showing_neighbours and self._shown is not None:
            answer, context = self._shown
            self.neighbours.show_picture((str(context.run.project_folder), context.run.id), answer.file,
                                         context.class_names[answer.predicted])

    def _show_bars(self) -> None:
        """On a small screen the neighbours take the place of the bars."""
        self._bars.setVisible(bool(self._bars.ranked) and not (self.showing_neighbours and self._most == _FEW))

    # The explanation -----------------------------------------------------------------------------

    def toggle_explanation(self) -> None:
        """Explain the pictures from now on, or no longer."""
        self.explaining = not self.explaining
        self._side.setVisible(self.explaining)
        self.explain_button.setVisible(not self.explaining)
        self._reserve()
        if self.explaining:
            self._explain()
        else:
            self.panel.clear()
        self.view.setFocus()
        self.explaining_changed.emit()

    def _explain(self) -> None:
        if not self.explaining or self._shown is None:
            return
        answer, context = self._shown
        names = context.class_names
        ranked = context.read.ranked(answer, len(names)) if context.read is not None else ()
        if not ranked:
            order = [answer.predicted, *(number for number in range(len(names)) if number != answer.predicted)]
            ranked = tuple(Ranked(label=names[number], probability=-1.0) for number in order)
        self.panel.show_picture((str(context.run.project_folder), context.run.id), answer.file, ranked)

    def _show_maps(self) -> None:
        self._other.setVisible(self.panel.comparing and self.explaining)
        self._arrange_pair()
        for number, view in enumerate((self.view, self.other_view)):
            view.set_overlay(self.panel.overlay(number) if self.explaining else None)
            self._captions[number].setText(self.panel.caption(number))
            self._captions[number].setVisible(self.explaining)
        if self.panel.comparing and self.other_view.image is not self.view.image:
            self.other_view.set_image(self.view.image)
            self.other_view.follow(self.view)

    def _on_loaded(self, _image: object) -> None:
        self._show_maps()

    def _is_class_key(self, letter: str) -> bool:
        return letter in self._workspace.classes.keys().values()

    def _on_key(self, letter: str) -> None:
        if letter.lower() == _EXPLAIN and not self._is_class_key(_EXPLAIN):
            self.toggle_explanation()
        elif letter.lower() == _NEAR and not self._is_class_key(_NEAR):
            self.toggle_neighbours()
        elif letter.lower() == _MAP and self.explaining and not self._is_class_key(_MAP):
            self.panel.toggle_map()
        else:
            self.label_key.emit(letter)
