"""The bench of regularisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.learning_jobs import CompareRemedies, Remedy, RemedyEpoch
from cnnstudio.core.places import cache_folder
from cnnstudio.core.text import Text, language, tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.regularisation.networks import NetworkCards, RemedyEditor
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, labelled
from cnnstudio.gui.pages.learn.drawing.child_bar import ChildBar
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, box, column
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.regularisation.code import codes
from cnnstudio.learning.benches.regularisation.pictures import (
    digit_pictures,
    pictures_path,
    project_files,
    project_pictures,
    write_pictures,
)
from cnnstudio.learning.benches.regularisation.remedies import (
    EPOCHS,
    MOST,
    PER_CLASS,
    SETS,
    Comparison,
    describe,
    gap,
    to_comparison,
)

KIND: Final = "remedies"
SEED: Final = 1


class RegularisationView(BenchView):
    """Networks side by side, trained live."""

    frames_per_second = 4
    target = ""
    """Another entry point of the child process, for tests."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._comparison = Comparison(remedies=SETS["dropout"].remedies)
        self._epochs: list[list[RemedyEpoch]] = []
        self._data = ""
        self._work: Work | None = None
        self._cards = NetworkCards()
        self._verdict = Label("", "body", wrap=True)
        self._verdict.setMinimumWidth(260)
        self._about = Label("", "secondary", "dim", wrap=True)
        self._about.setMinimumWidth(260)
        layout = column(self._about, self._cards, self._verdict, spacing=10)
        layout.setStretch(1, 1)
        self.setLayout(column(Board(box(layout), self._make_controls())))
        self.session.changed.connect(self._on_session_changed)
        self._show_sources()
        self._show_networks()

    def _on_session_changed(self, _change: Change) -> None:
        # A method: what is connected to a lambda would outlive the bench.
        self._show_sources()

    def _make_controls(self) -> QWidget:
        self._set_choice = Select([(entry.id, str(entry.label)) for entry in SETS], "dropout")
        self._set_choice.setAccessibleName(tr("What is compared", "Qué se compara"))
        self._set_choice.chosen.connect(lambda name: self._change(remedies=SETS[str(name)].remedies))
        self._editor = RemedyEditor()
        self._editor.changed.connect(self._replace)
        self._editor.added.connect(lambda: self._change(remedies=(*self._comparison.remedies, Remedy(dropout=0.5))))
        self._editor.removed.connect(self._remove)
        self._source = SegmentedControl([("digits", tr("Digits", "Dígitos")), ("project", tr("Project", "Proyecto"))],
                                        "digits")
        self._source.setAccessibleName(tr("Pictures", "Imágenes"))
        self._source.chosen.connect(lambda source: self._change(pictures=source))
        self._per_class = Select([(count, str(count)) for count in PER_CLASS], self._comparison.per_class)
        self._per_class.chosen.connect(lambda count: self._change(per_class=count))
        self._epoch_choice = Select([(count, str(count)) for count in EPOCHS], self._comparison.epochs)
        self._epoch_choice.chosen.connect(lambda count: self._change(epochs=count))
        self._rate = NumberBox(self._comparison.learning_rate, minimum=1e-5, maximum=0.1, decimals=6, logarithmic=True)
        self._rate.value_changed.connect(lambda rate: self._change(learning_rate=float(rate)))
        for field in (self._per_class, self._epoch_choice, self._rate):
            field.setFixedWidth(104)
        self._metric = SegmentedControl([(False, tr("Accuracy", "Exactitud")), (True, tr("Loss", "Pérdida"))], False)
        self._metric.setAccessibleName(tr("Curves", "Curvas"))
        self._metric.chosen.connect(lambda _losses: self._show_epochs())
        self._bar = ChildBar(self.workspace.bench_jobs, tr("Train", "Entrenar"), "play", KIND, Text("Small trainings",
                                                                                      "Entrenamientos pequeños"))
        self._bar.requested.connect(self.train)
        self._bar.event_arrived.connect(self._on_event)
        self._bar.ended.connect(self._on_ended)
        return controls(
            self._bar,
            group(tr("Comparison", "Comparación"), self._set_choice, self._editor),
            group(tr("Pictures", "Imágenes"), self._source,
                  labelled(tr("Of each class", "De cada clase"), self._per_class,
                           tooltip=tr("Training pictures of each class", "Imágenes de entrenamiento de cada clase"))),
            group(tr("Training", "Entrenamiento"), labelled(tr("Epochs", "Épocas"), self._epoch_choice),
                  labelled(tr("Learning rate", "Tasa de aprendizaje"), self._rate)),
            group(tr("Curves", "Curvas"), self._metric))

    # Settings ------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        return {**msgspec.to_builtins(self._comparison), "losses": bool(self._metric.value)}

    def restore(self, settings: dict[str, Any]) -> None:
        known = SETS.find(str(settings.get("set", "")))
        values = settings if known is None else settings | {"remedies": msgspec.to_builtins(known.remedies)}
        self._comparison = to_comparison(values)
        self._metric.set_value(bool(settings.get("losses", False)))
        self._forget()

    def code(self) -> tuple[Code, ...]:
        if not self._data:
            return ()
        chosen = self._comparison
        return codes([(describe(remedy), remedy) for remedy in chosen.remedies], self._data, chosen.learning_rate,
                     chosen.epochs, SEED)

    def no_code_text(self) -> str:
        return tr("Press Train: the program of these networks reads the pictures that are gathered then.",
                  "Pulse Entrenar: el programa de estas redes lee las imágenes que se reúnen entonces.")

    def _change(self, **values: Any) -> None:
        self._comparison = to_comparison(msgspec.to_builtins(msgspec.structs.replace(self._comparison, **values)))
        self._forget()

    def _replace(self, place: int, remedy: Remedy) -> None:
        remedies = list(self._comparison.remedies)
        remedies[place] = remedy
        self._change(remedies=tuple(remedies))

    def _remove(self, place: int) -> None:
        remedies = self._comparison.remedies
        self._change(remedies=remedies[:place] + remedies[place + 1:])

    def _forget(self) -> None:
        """Other settings: what was trained is no longer theirs."""
        self._bar.forget()
        self._epochs, self._data = [], ""
        self._show_networks()
        self.changed.emit()

    # What is shown -------------------------------------------------------------------------------

    @property
    def epochs(self) -> Sequence[Sequence[RemedyEpoch]]:
        """The epochs of each network so far."""
        return self._epochs

    def _show_sources(self) -> None:
        self._source.setVisible(self.session.is_open)
        if not self.session.is_open and self._comparison.pictures != "digits":
            self._change(pictures="digits")

    def _show_networks(self) -> None:
        chosen = self._comparison
        found = next((entry for entry in SETS if entry.remedies == chosen.remedies), None)
        self._set_choice.set_value(found.id if found is not None else None)
        self._set_choice.setPlaceholderText(tr("Your own", "Propia"))
        about = str(found.help) if found is not None else ""
        self._about.setText(" ".join((about, tr("Dashed: training pictures; line: validation pictures; between them the gap.",
                                                "Discontinua: imágenes de entrenamiento; continua: de validación; entre ellas, "
                                                "la distancia."))).strip())
        self._editor.show_remedies(chosen.remedies, MOST)
        self._source.set_value(chosen.pictures)
        self._per_class.set_value(chosen.per_class)
        self._epoch_choice.set_value(chosen.epochs)
        self._rate.set_value(chosen.learning_rate)
        self._cards.show_remedies(chosen.remedies)
        self._show_epochs()

    def _show_epochs(self) -> None:
        self._cards.show_epochs(self._epochs, self._comparison.epochs, losses=bool(self._metric.value))
        self._verdict.setText(_verdict(self._comparison.remedies, self._epochs))

    # Training ------------------------------------------------------------------------------------

    def train(self) -> None:
        """Gather the pictures, then train."""
        if self._bar.running or self._work is not None:
            return
        chosen = self._comparison
        folder = self.session.folder if chosen.pictures == "project" else None
        project = self.session.project

        def gather(report: Report) -> Path:
            pictures = digit_pictures(chosen.per_class) if folder is None else project_pictures(
                project_files(folder, project), project.recipe, chosen.per_class, report.check)
            return write_pictures(pictures, pictures_path(pictures))

        self._bar.button.setEnabled(False)
        self._work = self.session.jobs.run(gather, Text("Gathering pictures", "Reuniendo imágenes"), KIND, page="learn",
                                           quiet=True, done=self._on_gathered, owner=self)

    def _on_gathered(self, work: Work) -> None:
        if work is not self._work:
            return
        self._work = None
        self._bar.button.setEnabled(True)
        if isinstance(work.last, Failed):
            self.session.report(work.last.problem)
            return
        if not isinstance(work.result, Path):
            return
        chosen = self._comparison
        self._data = str(work.result)
        self._epochs = [[] for _ in chosen.remedies]
        self._show_epochs()
        training = self.session.project.training
        self._bar.start(CompareRemedies(
            data=self._data, remedies=chosen.remedies, epochs=chosen.epochs, learning_rate=chosen.learning_rate, seed=SEED,
            backend=training.backend, device=training.device, cache=str(cache_folder()), language=language()), self.target)
        self.changed.emit()

    def _on_event(self, event: Event) -> None:
        if isinstance(event, RemedyEpoch) and event.place < len(self._epochs):
            self._epochs[event.place].append(event)
            self._show_epochs()

    def _on_ended(self, _last: Event) -> None:
        self.changed.emit()

    # The frame -----------------------------------------------------------------------------------

    def frames(self) -> Iterator[QImage]:
        shown, kept, losses = NetworkCards(), [list(epochs) for epochs in self._epochs], bool(self._metric.value)
        shown.resize(self._cards.size())
        shown.show_remedies(self._comparison.remedies)
        count = max((len(epochs) for epochs in kept), default=0)
        return Frames(shown, lambda place: shown.show_epochs([epochs[:place + 1] for epochs in kept],
                                                             self._comparison.epochs, losses=losses), count)

    def resume(self, owner: str) -> None:
        self._bar.resume(owner, self._take_over)

    def _take_over(self, spec: JobSpec) -> bool:
        """Whether these networks are the ones that are shown; what they learned follows."""
        chosen = self._comparison
        if not isinstance(spec, CompareRemedies) or (spec.remedies, spec.epochs, spec.learning_rate) != (
                chosen.remedies, chosen.epochs, chosen.learning_rate):
            return False
        self._data = spec.data
        self._epochs = [[] for _ in spec.remedies]
        self._show_epochs()
        return True

    def close_bench(self) -> None:
        self._bar.leave_child()
        work, self._work = self._work, None
        if work is not None:
            work.cancel()


def _verdict(remedies: Sequence[Remedy], epochs: Sequence[Sequence[RemedyEpoch]]) -> str:
    """What the curves say, once every network has learned for some epochs."""
    if len(epochs) < 2 or any(len(items) < 3 for items in epochs):
        return ""
    gaps = [gap(items) for items in epochs]
    bests = [items[-1].val_accuracy for items in epochs]
    smallest, best = min(range(len(gaps)), key=gaps.__getitem__), max(range(len(bests)), key=bests.__getitem__)
    return tr("After {n} epochs the smallest gap is that of “{small}” ({points} points); “{best}” answers most new pictures "
              "right ({share}).",
              "Tras {n} épocas, la menor distancia es la de «{small}» ({points} puntos); «{best}» acierta más imágenes nuevas "
              "({share}).", n=min(len(items) for items in epochs), small=describe(remedies[smallest]),
              points=format_number(100 * gaps[smallest], 1), best=describe(remedies[best]), share=format_percent(bests[best]))
