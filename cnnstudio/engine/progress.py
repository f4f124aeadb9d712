"""Texts of phases, and progress with rate and time left."""

from __future__ import annotations

import time
from typing import Final

from cnnstudio.core.events import Phase, Progress
from cnnstudio.core.text import Text
from cnnstudio.workers.link import Link

_TEXTS: Final = {
    "loading": Text("Loading the model", "Cargando el modelo"),
    "preparing": Text("Preparing pictures", "Preparando imágenes"),
    "building": Text("Building the network", "Construyendo la red"),
    "converting": Text("Preparing for fast prediction", "Preparando la predicción rápida"),
    "features": Text("Computing the features of the frozen base (once)",
                     "Calculando las características de la base congelada (una sola vez)"),
    "training": Text("Training", "Entrenando"),
    "evaluating": Text("Evaluating", "Evaluando"),
    "saving": Text("Saving the model", "Guardando el modelo"),
    "exporting": Text("Writing the export", "Escribiendo la exportación"),
    "checking": Text("Checking the export on real pictures", "Comprobando la exportación con imágenes reales"),
    "embedding": Text("Computing the features of the pictures", "Calculando las características de las imágenes"),
    "comparing": Text("Finding the nearest pictures", "Buscando las imágenes más cercanas"),
    "labels": Text("Checking the labels", "Revisando las etiquetas"),
    "classifying": Text("Training the linear classifiers", "Entrenando los clasificadores lineales"),
    "arranging": Text("Computing the map", "Calculando el mapa"),
    "records": Text("Writing the records", "Escribiendo los registros"),
    "counting": Text("Checking what was written", "Comprobando lo escrito"),
    "measuring": Text("Measuring real steps", "Midiendo pasos reales"),
    "looking": Text("Looking into the network", "Examinando la red"),
    "probing": Text("Looking for shortcuts", "Buscando atajos"),
    "explaining": Text("Explaining the answers", "Explicando las respuestas"),
    "replaying": Text("Replaying the kept epochs", "Repasando las épocas guardadas"),
    "sending": Text("Sending the pictures to the shared storage", "Enviando las imágenes al almacenamiento compartido"),
    "fetching": Text("Downloading weights", "Descargando pesos"),
}
_GAP: Final = 0.05


def phase(link: Link, name: str, detail: Text | None = None) -> None:
    """Report a new phase; `detail` follows its text."""
    text = _TEXTS[name]
    link.emit(Phase(name=name, text=text if detail is None else Text("{text}, {detail}", "{text}, {detail}").fill(
        text=text, detail=detail)))


class ThrottledProgress:
    """Reports progress when called with (done, total), about twenty times a second and at the end."""

    def __init__(self, link: Link, unit: str = "pictures", request: int = 0) -> None:
        self._link = link
        self._unit = unit
        self._request = request
        self._begin = time.monotonic()
        self._first: int | None = None
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = done
        if now - self._last < _GAP and done < total:
            return
        self._last = now
        seconds = now - self._begin
        rate = (done - self._first) / seconds if seconds > 0 and done > self._first else None
        self._link.emit(Progress(done=done, total=total, unit=self._unit, rate=rate,
                                 seconds_left=(total - done) / rate if rate else None, request=self._request))
