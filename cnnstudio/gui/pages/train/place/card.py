"""The choice of where to train, above the settings of the training."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.place.status import cluster_status
from cnnstudio.gui.state.training_places import HERE, TrainingPlaces
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, column, row
from cnnstudio.gui.widgets.inputs import Select


class PlaceCard(QWidget):
    """This computer, or a cluster with its state and what is different there."""

    manage_wanted = Signal()

    def __init__(self, places: TrainingPlaces, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places = places
        title = tr("Where to train", "Dónde entrenar")
        self._choice = Select()
        self._choice.setAccessibleName(title)
        self._choice.chosen.connect(lambda name: places.choose(str(name)))
        self._state = Label("", "secondary", "dim", wrap=True, selectable=True)
        self._again = Button(tr("Check again", "Comprobar de nuevo"), "link",
                             on_click=lambda: places.check(places.chosen, again=True))
        self._different = Label(
            tr("While it trains there, answers and the inside of the layers cannot be watched, and a pause begins after the "
               "present batch. Curves and log come as always. You may close the window: the training goes on.",
               "Mientras entrena allí no se pueden observar las respuestas ni el interior de las capas; la pausa empieza tras "
               "el lote en curso. Las curvas y el registro llegan como siempre. Puede cerrar la ventana: el entrenamiento "
               "sigue."), "secondary", "dim", wrap=True)
        self._away = box(column(self._state, row(self._again, None), self._different, spacing=4))
        manage = Button(tr("Clusters…", "Clústeres…"), "link", on_click=self.manage_wanted.emit,
                        tooltip=tr("Add, check and remove clusters", "Añadir, comprobar y quitar clústeres"))
        self.setLayout(column(row(Caption(title), None, manage, spacing=8), self._choice, self._away, spacing=6,
                              margins=(16, 16, 16, 0)))
        places.changed.connect(self.show_places)
        if places.chosen != HERE and places.report(places.chosen) is None:
            places.check(places.chosen)
        self.show_places()

    def show_places(self) -> None:
        """Show the places that there are, and what is known of the chosen one."""
        places, chosen = self._places, self._places.chosen
        self._choice.set_choices([(HERE, tr("This computer", "Este equipo")),
                                  *((cluster.name, cluster.name) for cluster in places.clusters)], chosen)
        self._away.setVisible(chosen != HERE)
        if chosen == HERE:
            return
        text, tone = cluster_status(places, chosen)
        self._state.setText(text)
        self._state.set_tone(tone)
        self._again.setVisible(tone == "error")
