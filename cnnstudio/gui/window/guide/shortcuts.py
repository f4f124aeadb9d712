"""Every shortcut, as the last section of the guide."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QKeySequence

from cnnstudio.core.guide import Section
from cnnstudio.core.text import tr
from cnnstudio.gui.window.actions import Entry

NAME = "shortcuts"


def shortcuts_section(entries: Sequence[Entry]) -> Section:
    """The keys of all actions, and those of single pages."""
    pairs = [(QKeySequence(entry.shortcut).toString(QKeySequence.SequenceFormat.NativeText), str(entry.label))
             for entry in entries if entry.shortcut]
    pairs += [("0–9", tr("Data, Predict: assign the class with that key to the selected pictures",
                         "Datos, Predecir: asignar a las imágenes elegidas la clase de esa tecla")),
              (tr("Space", "Espacio"), tr("Predict: freeze the frame of the camera, or go on",
                                          "Predecir: congelar el fotograma de la cámara, o seguir")),
              (tr("Delete", "Supr"), tr("Data: exclude the selected pictures; Predict: clear the drawing",
                                        "Datos: excluir las imágenes elegidas; Predecir: borrar el dibujo")),
              ("F2", tr("Data, Network, Train: rename the selected class, layer or run",
                        "Datos, Red, Entrenar: cambiar el nombre de la clase, la capa o el entrenamiento elegidos")),
              (tr("Ctrl+wheel", "Ctrl+rueda"), tr("Data: size of the thumbnails; Train: zoom of the curves",
                                                  "Datos: tamaño de las miniaturas; Entrenar: ampliación de las curvas"))]
    lines = [f"| {tr('keys', 'teclas')} | |", "|---|---|", *(f"| {keys} | {text} |" for keys, text in pairs)]
    return Section(name=NAME, group="pages", title=tr("Shortcuts", "Atajos"), text="\n".join(lines))
