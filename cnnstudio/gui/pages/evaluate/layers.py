"""The view of the layers: what each of them computes of a picture of the evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

from cnnstudio.core.jobs import Evaluated
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.gui.pages.evaluate.orders import ORDERS
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.evaluate.views import INSIDE, EvaluationContext, EvaluationView
from cnnstudio.gui.pages.layers.browser import LayerBrowser, Subject
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Elided, Label, box, column, row
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.workers.runs.folder import RunFolder

_LARGE = 768


class LayersView(EvaluationView):
    id = "layers"
    title = Text("Layers", "Capas")
    group = INSIDE

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._answer: Answer | None = None
        self._selected: Answer | None = None
        self._run: Path | None = None
        self._evaluated: Evaluated | None = None
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_image)
        self._view = PictureView(radius=4)
        self._view.setFixedSize(48, 48)
        self._name = Elided("", "body_strong", mode=Qt.TextElideMode.ElideMiddle)
        about = Label(tr("What every layer computes of this picture. Select another one at the right.",
                         "Lo que calcula cada capa con esta imagen. Elija otra a la derecha."), "secondary", "dim", wrap=True)
        head = row(self._view, box(column(self._name, about, spacing=2)), spacing=12, margins=(24, 12, 24, 8))
        head.setStretch(1, 1)
        self.browser = LayerBrowser(workspace.session, state)
        layout = column(head, self.browser, spacing=0, margins=(0, 0, 0, 0))
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def close_threads(self) -> None:
        self.browser.close_threads()
        self._thumbnails.close()

    def show_evaluation(self, context: EvaluationContext) -> None:
        if context.run.folder != self._run:
            self._run = context.run.folder
            self._read_examples(context.run)
        if context.evaluated is not self._evaluated:
            self._evaluated, self._answer, self._selected = context.evaluated, None, None
        if context.read is None:
            return
        known = self._selected if self._selected is not None else self._answer
        if known is None:
            chosen = next((found for order in ORDERS if (found := context.read.results.ordered(order, 1))), [])
            known = chosen[0] if chosen else None
        if known is not None:
            self._show_answer(known)

    def show_selection(self, answers: Sequence[Answer]) -> None:
        self._selected = answers[0] if len(answers) == 1 else self._selected
        if self._selected is not None and self.context is not None and self.isVisible():
            self._show_answer(self._selected)

    def _show_answer(self, answer: Answer) -> None:
        assert self.context is not None
        self._answer = answer
        self._name.setText(answer.relative)
        run = self.context.run
        self.browser.show_subject(Subject((str(run.project_folder), run.id), answer.file))
        self._thumbnails.want([self._wanted(answer)])
        self._show_image()

    def _wanted(self, answer: Answer) -> Wanted:
        return Wanted(str(answer.file), answer.file, answer.file_bytes, answer.modified_ns, _LARGE)

    def _show_image(self) -> None:
        if self._answer is None:
            return
        image: QImage | None = self._thumbnails.get(self._wanted(self._answer))
        self._view.set_image(image)
        self.browser.set_image(self._answer.file, image)

    def _read_examples(self, run: RunFolder) -> None:
        def read(_report: object) -> list[Path]:
            manifest = read_located(run.manifest_path, run.project_folder)
            return [manifest.path(entry) for entry in manifest.entries if entry.split == "train"]

        def done(work: Work) -> None:
            if self._run == run.folder:
                self.browser.set_examples(work.result if isinstance(work.result, list) else [])

        self.browser.set_examples([])
        self.workspace.session.jobs.run(read, Text("Training pictures", "Imágenes de entrenamiento"), "layer examples",
                                        quiet=True, done=done, owner=self)
