"""The tour: it opens the sample, trains it for ten seconds, lets the user draw a digit, and shows why.

It does what a user would do, through commands and what the pages offer; what it makes stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.core.display import format_percent
from cnnstudio.core.places import projects_folder
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.predict.page import DRAWING
from cnnstudio.gui.state import commands
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.window.context import WindowContext
from cnnstudio.gui.window.tour.card import TourCard, place_text
from cnnstudio.gui.window.tour.training import SECONDS, ShortTraining

OFFERED: Final = "tour_offered"
"""The detail that the user was offered the tour."""


@dataclass(frozen=True)
class Words:
    """What the card says of a step; without a `button` the step goes on by itself."""

    title: str
    text: str
    button: str = ""
    target: Callable[[], QWidget | None] = lambda: None


class Tour(QObject):
    """One walk. It ends itself, and is then deleted."""

    STEPS: Final = ("welcome", "data", "train", "trained", "draw", "why", "end")

    def __init__(self, context: WindowContext) -> None:
        super().__init__(context.window)
        self._context, self._session = context, context.workspace.session
        self._session.remember(OFFERED, True)
        self.step = ""
        self._opening = False
        self._accuracy: float | None = None
        self._training: ShortTraining | None = None
        self._failed = False
        self._card = self._make_card()
        self._session.changed.connect(self._on_changed)
        context.rebuilt.connect(self._follow_window)
        self._go("welcome")

    def _make_card(self) -> TourCard:
        card = TourCard(self._context.window)
        card.next_chosen.connect(self.go_on)
        card.left.connect(self.end)
        return card

    # Steps -----------------------------------------------------------------------------------------

    def go_on(self) -> None:
        """What the button of the present step does."""
        {"welcome": self._open_sample, "data": self._train, "train": self._train, "trained": self._draw, "draw": self._explain,
         "why": lambda: self._go("end"), "end": self._learn}[self.step]()

    def end(self) -> None:
        """Leave the tour; everything that it made stays."""
        if self._training is not None:
            self._training.leave()
        self._session.changed.disconnect(self._on_changed)
        self._context.rebuilt.disconnect(self._follow_window)
        self._card.close_tour()
        self.setParent(None)
        self.deleteLater()

    def _go(self, step: str, focus: bool = True) -> None:
        self.step = step
        words = self._words()
        leave = tr("Skip", "Omitir") if step != "end" else tr("Close", "Cerrar")
        self._card.show_step(place_text(self.STEPS.index(step) + 1, len(self.STEPS)), words.title, words.text, words.button,
                             leave, words.target())
        self._card.set_ready(step != "draw" or self._page("predict").drawing.answer is not None)
        if focus:
            self._card.take_focus()

    def _words(self) -> Words:
        return {"welcome": self._welcome_words, "data": self._data_words, "train": self._train_words,
                "trained": self._trained_words, "draw": self._draw_words, "why": self._why_words,
                "end": self._end_words}[self.step]()

    def _page(self, identifier: str) -> Any:
        """A page of the window, which is shown."""
        self._session.request(commands.ShowPage(identifier))
        return self._context.pages.current

    # Opening the sample ----------------------------------------------------------------------------

    def _welcome_words(self) -> Words:
        return Words(
            tr("A network that reads your handwriting, in two minutes",
               "Una red que lee su letra, en dos minutos"),
            tr("The program opens the bundled digits, trains on them for ten seconds, lets you draw one, and shows which "
               "strokes decided. Everything is real and stays on this computer.",
               "El programa abre los dígitos incluidos, entrena con ellos diez segundos, le deja dibujar uno y muestra qué "
               "trazos decidieron. Todo es real y se queda en este equipo."),
            tr("Show me around", "Muéstreme el programa"))

    def _open_sample(self) -> None:
        if self._is_sample():
            self._show_data()
        else:
            self._opening = True
            self._card.set_ready(False)
            self._session.request(commands.OpenSample())
            # A user who keeps the project that is open is asked again.
            self._card.set_ready(True)

    def _is_sample(self) -> bool:
        folder = self._session.folder
        return folder is not None and folder.parent == projects_folder().absolute() and folder.name == "Sample digits"

    def _on_changed(self, change: Change) -> None:
        if change.of("folder") and self._opening and self._session.is_open:
            self._opening = False
            self._show_data()
        elif change.of("folder") and self.step not in ("welcome", "end"):
            # Another project is open: the tour has nothing to show in it.
            self.end()

    def _show_data(self) -> None:
        self._session.request(commands.ShowPage("data"))
        self._go("data")

    def _data_words(self) -> Words:
        return Words(
            tr("5,000 digits in ten classes", "5000 dígitos en diez clases"),
            tr("Each class is a folder. Some pictures are for learning, others are kept apart to measure what was learned. "
               "The network is LeNet-5, which read cheques in the nineties.",
               "Cada clase es una carpeta. Unas imágenes sirven para aprender y otras se apartan para medir lo aprendido. La "
               "red es LeNet-5, que leía cheques en los años noventa."),
            tr("Train for {n} seconds", "Entrenar {n} segundos", n=SECONDS),
            lambda: self._context.window.findChild(ClassList))

    # Training --------------------------------------------------------------------------------------

    def _train(self) -> None:
        self._session.request(commands.ShowPage("train"))
        self._failed = False
        if self._training is not None:
            self._training.deleteLater()
        training = self._training = ShortTraining(self._context.workspace, self)
        training.ticked.connect(lambda left: self._card.set_text(self._learning_text(left)))
        training.ended.connect(self._on_trained)
        training.failed.connect(self._on_failed)
        self._go("train")
        training.start()

    def _train_words(self) -> Words:
        if self._failed:
            return Words(tr("The training did not begin", "El entrenamiento no ha empezado"),
                         tr("The page says why. Try again when that is mended.",
                            "La página dice por qué. Inténtelo de nuevo cuando esté arreglado."),
                         tr("Try again", "Reintentar"), lambda: self._context.pages.centre)
        return Words(tr("It learns", "Está aprendiendo"), tr(
            "Loading the libraries takes a moment the first time. Then the curves begin: the loss falls, the accuracy rises.",
            "Cargar las bibliotecas tarda un momento la primera vez. Después empiezan las curvas: la pérdida baja y la "
            "exactitud sube."), target=lambda: self._context.pages.centre)

    def _learning_text(self, left: int) -> str:
        return tr("The loss falls, the accuracy rises. “Training” are the pictures that it learns from, “validation” those "
                  "that were kept apart. {n} seconds left.",
                  "La pérdida baja y la exactitud sube. «Entrenamiento» son las imágenes con las que aprende; «validación», "
                  "las que se apartaron. Segundos restantes: {n}.", n=left)

    def _on_failed(self) -> None:
        self._failed = True
        self._go("train")

    def _on_trained(self, accuracy: float | None) -> None:
        self._accuracy = accuracy
        self._go("trained")

    def _trained_words(self) -> Words:
        share = tr("It is right", "Acierta") if self._accuracy is None else tr(
            "It is right for {share} of the digits that it has never seen",
            "Acierta el {share} de los dígitos que nunca ha visto", share=format_percent(self._accuracy))
        return Words(share, tr(
            "The model is kept, with the pictures and settings that it came from. Training can go on from here at any time.",
            "El modelo queda guardado, con las imágenes y los ajustes de los que salió. El entrenamiento puede seguir desde "
            "aquí cuando quiera."), tr("Draw a digit", "Dibujar un dígito"), lambda: self._context.pages.centre)

    # Drawing, and why ------------------------------------------------------------------------------

    def _draw(self) -> None:
        page = self._page("predict")
        page.show_mode(DRAWING)
        page.drawing.clear()
        page.drawing.answered.connect(self._on_answered)
        self._go("draw", focus=False)
        page.drawing.pad.setFocus()

    def _draw_words(self) -> Words:
        return Words(tr("Draw a digit", "Dibuje un dígito"), tr(
            "With the mouse, a pen or the keys: arrows move, Space puts the pen down. The bars follow while you draw. Then ask "
            "why.",
            "Con el ratón, un lápiz o las teclas: las flechas mueven y la barra espaciadora baja el lápiz. Las barras siguen "
            "el trazo. Después pregunte por qué."), tr("Why?", "¿Por qué?"), lambda: self._page("predict").drawing.widget)

    def _on_answered(self) -> None:
        if self.step == "draw":
            self._card.set_ready(True)

    def _explain(self) -> None:
        page = self._page("predict")
        page.drawing.explain()
        self._go("why")

    def _why_words(self) -> Words:
        return Words(tr("Why this digit", "Por qué este dígito"), tr(
            "The warm parts spoke most for the answer. Empty paper counts as well: where another digit would have a stroke, "
            "this one has none. On the right, an earlier layer or another method gives a finer map.",
            "Las partes cálidas fueron las que más hablaron a favor de la respuesta. El papel vacío también cuenta: donde otro "
            "dígito tendría un trazo, este no lo tiene. A la derecha, una capa anterior u otro método da un mapa más fino."),
            tr("Go on", "Seguir"), lambda: self._page("predict").picture_in_sight)

    # The end ---------------------------------------------------------------------------------------

    def _end_words(self) -> Words:
        return Words(tr("Now with your own pictures", "Ahora, con sus propias imágenes"), tr(
            "Drop a folder with one subfolder per class on the window. F1 explains the page at hand, Ctrl+K finds every "
            "action, Ctrl+Z takes everything back.",
            "Suelte sobre la ventana una carpeta con una subcarpeta por clase. F1 explica la página a la vista, Ctrl+K "
            "encuentra todas las acciones y Ctrl+Z deshace todo."), tr("Choose a folder…", "Elegir carpeta…"))

    def _learn(self) -> None:
        self.end()
        self._session.request(commands.NewProject())

    # The window is built again ---------------------------------------------------------------------

    def _follow_window(self, context: WindowContext) -> None:
        """Another language or theme: the same step on the new pages."""
        self._context = context
        self._card.close_tour()
        self._card = self._make_card()
        if self.step in ("draw", "why"):
            self._page("predict").drawing.answered.connect(self._on_answered)
        self._go(self.step)


def start_tour(context: WindowContext) -> Tour:
    """Begin the tour; one that is under way begins anew."""
    for before in context.window.findChildren(Tour):
        before.end()
    return Tour(context)
