"""The nearest training pictures of the picture in sight, and what they say of its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QColor, QDesktopServices
from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import tr
from cnnstudio.evaluation.feature_sets import Neighbour
from cnnstudio.gui.pages.neighbours.strip import Cell, NeighbourStrip
from cnnstudio.gui.state.commands import FilterPictures
from cnnstudio.gui.state.neighbours import NO_PICTURES, NeighbourFinder
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_time_left
from cnnstudio.gui.widgets.progress import show_progress


class NeighboursCard(Card):
    """`closed()` when the user does not want to see them any more. A click on a neighbour shows it in Data, or in the system's
    viewer where it is not of this project's collection."""

    closed = Signal()

    def __init__(self, workspace: Workspace, page: str, color_of: Callable[[str], QColor],
                 parent: QWidget | None = None) -> None:
        self._workspace, self._color_of = workspace, color_of
        self._predicted = ""
        self.verdict = Label("", "body", wrap=True)
        self.strip = NeighbourStrip(similar=True)
        self.compute_button = Button(tr("Compute", "Calcular"), "", "refresh")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(80)
        self._bar.setAccessibleName(tr("Progress of the features", "Progreso de las características"))
        self.cancel_button = Button(tr("Cancel", "Cancelar"), "link")
        work = row(self._bar, self.cancel_button, spacing=10)
        work.setStretch(0, 1)
        self._work = box(work)
        close = Button(tr("Close the nearest training pictures", "Cerrar las imágenes más cercanas"), "icon", "close")
        head = row(column(Caption(tr("Nearest training pictures", "Imágenes de entrenamiento más cercanas"), wrap=True),
                          self.verdict, spacing=2), close, spacing=8)
        head.setStretch(0, 1)
        super().__init__(box(head), self.strip, self._work, box(row(self.compute_button, None)), spacing=6,
                         margins=(16, 8, 8, 8), parent=parent)
        self.finder = NeighbourFinder(workspace.session, page, self)
        self.finder.changed.connect(self._show)
        self.compute_button.clicked.connect(self.finder.compute)
        self.cancel_button.clicked.connect(self.finder.cancel)
        self.strip.chosen.connect(self._open)
        close.clicked.connect(self.closed)
        self._show()

    def show_picture(self, model: Model, file: Path, predicted: str) -> None:
        """Look for the neighbours of a picture that was predicted as `predicted`."""
        self._predicted = predicted
        self.finder.show(model, file)
        self._show()

    def clear(self) -> None:
        """Look for nothing any more."""
        self.finder.clear()

    def close_threads(self) -> None:
        """The page will be deleted."""
        self.finder.clear()
        self.strip.close_threads()

    def _show(self) -> None:
        finder = self.finder
        stage = finder.stage
        if stage == "found":
            text, tone = judge_text(finder.neighbours, self._predicted)
        else:
            # That a model has no list of pictures is nothing that went wrong.
            wrong = finder.problem is not None and finder.problem.code != NO_PICTURES
            text, tone = self._stage_text(), "error" if wrong else "dim"
        self.verdict.setText(text)
        self.verdict.set_tone(tone)
        self.verdict.setVisible(bool(text))
        cells = [Cell(number, item, self._color_of(item.class_name)) for number, item in enumerate(finder.neighbours)]
        if tuple(cell.neighbour for cell in self.strip.cells) != finder.neighbours:
            self.strip.show_cells(cells)
        self.strip.setVisible(bool(cells))
        self.compute_button.setVisible(stage == "not_kept")
        job = finder.job
        self._work.setVisible(stage == "computing" and job is not None)
        if job is not None:
            show_progress(self._bar, job.progress)
            self.cancel_button.setEnabled(not job.cancelling)

    def _stage_text(self) -> str:
        job = self.finder.job
        match self.finder.stage:
            case "reading":
                return tr("Reading the features…", "Leyendo las características…")
            case "not_kept":
                return tr("The features of the training pictures have to be computed once.",
                          "Las características de las imágenes de entrenamiento se tienen que calcular una vez.")
            case "computing":
                left = job.seconds_left if job is not None else None
                text = tr("Computing the features of the training pictures…",
                          "Calculando las características de las imágenes de entrenamiento…")
                return text + (f" · {format_time_left(left)}" if left is not None and left >= 1 else "")
            case "asking":
                return tr("Comparing…", "Comparando…")
            case "failed":
                return str(self.finder.problem.text) if self.finder.problem is not None else ""
        return ""

    def _open(self, number: int) -> None:
        path, root = Path(self.finder.neighbours[number].path), self._workspace.collection.root
        if root is not None and path.is_relative_to(root):
            self._workspace.session.request(FilterPictures((path.relative_to(root).as_posix(),), path.name))
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def judge_text(neighbours: Sequence[Neighbour], predicted: str) -> tuple[str, str]:
    """How many neighbours are of the predicted class, and the tone of that: "" where most are, else "warn"."""
    if not neighbours:
        return tr("There are no other training pictures.", "No hay otras imágenes de entrenamiento."), "dim"
    votes = Counter(item.class_name for item in neighbours)
    count, total = votes[predicted], len(neighbours)
    name, most = votes.most_common(1)[0]
    if 2 * count > total:
        return tr("{n} of {all} neighbours are {name}, as was predicted.", "{n} de {all} vecinas son {name}, como se predijo.",
                  n=count, all=total, name=predicted), ""
    if not count:
        return tr("None of {all} neighbours is {predicted}, as was predicted; {most} are {name}.",
                  "Ninguna de {all} vecinas es {predicted}, como se predijo; {most} son {name}.", all=total,
                  predicted=predicted, most=most, name=name), "warn"
    if most > count:
        return tr("Only {n} of {all} neighbours are {predicted}, as was predicted; {most} are {name}.",
                  "Solo {n} de {all} vecinas son {predicted}, como se predijo; {most} son {name}.", n=count, all=total,
                  predicted=predicted, most=most, name=name), "warn"
    return tr("Only {n} of {all} neighbours are {predicted}, as was predicted.",
              "Solo {n} de {all} vecinas son {predicted}, como se predijo.", n=count, all=total, predicted=predicted), "warn"
