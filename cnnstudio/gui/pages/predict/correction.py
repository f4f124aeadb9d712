"""The right class of pictures that a model got wrong, by key or by choice, and the way back into the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from cnnstudio.core.class_keys import class_keys
from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.state.key_input import KeyInput
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.inputs import Select

if TYPE_CHECKING:
    from cnnstudio.datasets.collected import Added

_SHOWN_KEYS = 9


class CorrectionCard(Card):
    """For the answers of `targets()`: `corrected(answers)` when their right class was chosen or taken back, `added(answers)`
    when they went into the project's data. `everything()` is every answer on the page.

    The keys of the classes work while `area` is in sight, but for the letters of `taken`.
    """

    corrected = Signal(list)
    added = Signal(list)

    def __init__(self, workspace: Workspace, targets: Callable[[], Sequence[Answer]],
                 everything: Callable[[], Sequence[Answer]], area: QWidget, taken: Iterable[str] = ()) -> None:
        self._workspace, self._targets, self._everything = workspace, targets, everything
        self._area, self._taken = area, frozenset(letter.casefold() for letter in taken)
        self._names: tuple[str, ...] = ()
        self._shortcuts: dict[str, QShortcut] = {}
        self._class = Select()
        self._class.setMinimumContentsLength(14)
        self._class.setPlaceholderText(tr("Choose…", "Elegir…"))
        self._class.setAccessibleName(tr("Right class", "Clase correcta"))
        self._class.chosen.connect(lambda name: self.correct(str(name)))
        self._hint = Label("", "secondary", "dim", wrap=True)
        self._back = Button(tr("Take back", "Deshacer"), "link", on_click=lambda: self.correct(""))
        self._split = Select([(None, tr("Drawn split", "División al azar")),
                              *((name, str(SPLIT_NAMES[name])) for name in SPLITS)])
        self._split.set_value(None)
        self._split.setMinimumContentsLength(14)
        self._split.setAccessibleName(tr("Split of the pictures that are added", "División de las imágenes que se añaden"))
        self._add = Button(tr("Add to the data", "Añadir a los datos"), "", "plus", on_click=self._add_targets)
        self._add_all = Button("", "link", on_click=self._add_everything)
        self._state = Label("", "secondary", "dim", wrap=True)
        choice = row(Caption(tr("Right class", "Clase correcta")), None, self._back, self._class, spacing=10)
        self._adding = box(row(self._add, self._split, None, spacing=8))
        super().__init__(box(choice), self._hint, self._adding, self._state, self._add_all, spacing=8)
        self._keys = KeyInput(self.keys, self)
        self._keys.chosen.connect(self.correct)
        self._keys.typed.connect(self._show_typed)
        self.show_answers()

    def close_threads(self) -> None:
        """Stop the timer of the keys."""
        self._keys.clear()

    # Classes and keys ----------------------------------------------------------------------------

    def set_names(self, names: Sequence[str]) -> None:
        """The classes of the model; those of the project follow that it does not have."""
        own = self._workspace.counts.class_names if self._workspace.session.is_open else ()
        wanted = tuple(dict.fromkeys((*names, *own)))
        if wanted != self._names:
            self._names = wanted
            self._class.set_choices([(name, name) for name in wanted], None)
            self._install_keys()
            self.show_answers()

    def keys(self) -> dict[str, str]:
        """The key of each class: those of the Data page where it knows them."""
        chosen = self._workspace.session.project.dataset.class_keys
        return {name: key for name, key in class_keys(self._names, chosen).items() if key not in self._taken}

    def _install_keys(self) -> None:
        letters = {letter for key in self.keys().values() for letter in key}
        for letter in set(self._shortcuts) - letters:
            self._shortcuts.pop(letter).deleteLater()
        for letter in letters - set(self._shortcuts):
            shortcut = QShortcut(QKeySequence(letter.upper()), self._area)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(lambda letter=letter: self._keys.press(letter))
            self._shortcuts[letter] = shortcut

    def _show_typed(self, text: str) -> None:
        self._hint.setText(f"{text}…" if text else self._key_text())

    def _key_text(self) -> str:
        keys = list(self.keys().items())
        text = " · ".join(f"{key} {name}" for name, key in keys[:_SHOWN_KEYS])
        return tr("Keys: {keys}", "Teclas: {keys}", keys=text + (" …" if len(keys) > _SHOWN_KEYS else "")) if keys else ""

    # Correcting ----------------------------------------------------------------------------------

    def correct(self, name: str) -> None:
        """Say what these pictures are; "" takes it back."""
        answers = [answer for answer in self._targets() if answer.answered and answer.corrected != name]
        for answer in answers:
            answer.corrected, answer.added = name, False
        self.show_answers()
        if answers:
            self.corrected.emit(answers)

    def show_answers(self) -> None:
        """Show what is known of the answers, and what can be done."""
        answers = [answer for answer in self._targets() if answer.answered]
        names = {answer.corrected for answer in answers}
        self._class.set_value(next(iter(names)) if len(names) == 1 else None)
        self._hint.setText(self._key_text())
        self._back.setVisible(any(answer.corrected for answer in answers))
        self.setVisible(bool(answers) and bool(self._names))
        ready = _to_add(answers)
        self._adding.setVisible(bool(ready))
        self._add.setText(tr("Add to the data", "Añadir a los datos") if len(ready) < 2 else
                          tr("Add {n} to the data", "Añadir {n} a los datos", n=format_pictures(len(ready))))
        others = len(_to_add(self._everything())) - len(ready)
        self._add_all.setVisible(others > 0)
        self._add_all.setText(tr("Add all that were corrected: {n}", "Añadir todas las corregidas: {n}",
                                 n=format_pictures(others + len(ready))))
        self._show_state(answers)

    def _show_state(self, answers: Sequence[Answer]) -> None:
        blocked = self._workspace.additions.blocking_problem if self._workspace.session.is_open else None
        usable = self._workspace.session.is_open and blocked is None
        for widget in (self._add, self._add_all, self._split):
            widget.setEnabled(usable)
        inside = sum(answer.added for answer in answers)
        text = ""
        if inside:
            text = tr("In the data of the project.", "En los datos del proyecto.") if inside == len(answers) == 1 else \
                tr("In the data of the project: {n}.", "En los datos del proyecto: {n}.", n=format_pictures(inside))
        elif not self._workspace.session.is_open and self._adding.isVisibleTo(self):
            text = tr("Open a project to add pictures to its data.", "Abra un proyecto para añadir imágenes a sus datos.")
        self._state.setText(text)
        self._state.setVisible(bool(text))

    # Adding --------------------------------------------------------------------------------------

    def _add_targets(self) -> None:
        self._add_answers(_to_add(self._targets()))

    def _add_everything(self) -> None:
        self._add_answers(_to_add(self._everything()))

    def _add_answers(self, answers: Sequence[Answer]) -> None:
        from cnnstudio.datasets.collected import NewPicture

        split = self._split.value
        pictures = [NewPicture(answer.path, answer.corrected, None if split is None else str(split)) for answer in answers]
        self._workspace.additions.add(pictures, lambda added: self._on_added(answers, added))
        self.show_answers()

    def _on_added(self, answers: Sequence[Answer], added: Added) -> None:
        inside = {*added.added, *added.relabelled, *(item.path for item in added.present)}
        for answer in answers:
            answer.added = answer.path in inside
        self.show_answers()
        self.added.emit(list(answers))


def _to_add(answers: Iterable[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.corrected and not answer.added]
