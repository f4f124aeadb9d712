"""The Pipeline view of the Prepare page: the chain of tf.data operations, a real batch, and the code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QStackedWidget, QWidget

from cnnstudio.core.project import Project
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.prepare.preview import GridRequest, shrink
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.code_editor import Python
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_number
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.gui.widgets.splitter import Splitter
from cnnstudio.interchange.printing.keras.pipeline import Operation, Tensor, operations, pipeline_code

if TYPE_CHECKING:
    import numpy as np

LARGEST: Final = 64
"""At most so many pictures of a batch are prepared for the view."""
ROOM: Final = 256 << 20
"""The most bytes they may take: a batch of 4096 x 4096 pixels would not fit into the memory."""
_CORNER: Final = 8
_SIGN: Final = " · "
"""The separator of numbers: the comma is a decimal sign in Spanish."""


@dataclass(frozen=True)
class BatchRequest:
    """The first batch of an epoch; `labels(positions)` returns the class numbers of these training pictures."""

    grid: GridRequest
    labels: Callable[[list[int]], list[int]]
    label_mode: str
    classes: tuple[str, ...]


@dataclass(frozen=True)
class BatchLook:
    """A real batch: its pictures, their labels as the loss receives them, and some of its numbers."""

    images: tuple[QImage | None, ...]
    captions: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    corner: str


def make_batch(request: BatchRequest, report: Report) -> BatchLook | Failure:
    """Prepare the batch as training does."""
    import numpy as np

    from cnnstudio.catalog.augmenting import KINDS
    from cnnstudio.catalog.pixels import prepare_file
    from cnnstudio.gui.widgets.picture import image_of
    from cnnstudio.imaging.errors import PictureError
    from cnnstudio.imaging.preview import Training, first_positions, training_previews

    grid = request.grid
    training = Training(grid.pictures, grid.batch_size, grid.seed, grid.steps, KINDS)
    fitting = ROOM // (4 * int(grid.recipe["height"]) * int(grid.recipe["width"]))
    cells = first_positions(training, grid.epoch, max(1, min(grid.batch_size, LARGEST, fitting)))

    def load(position: int) -> np.ndarray | None:
        report.check()
        try:
            return prepare_file(grid.files([position])[0], grid.recipe)
        except (PictureError, OSError):
            return None

    try:
        seen = training_previews(cells, training, load)
    except (ValueError, KeyError):
        return Failure(tr("This recipe cannot be applied. See the marked card.",
                          "Esta receta no se puede aplicar. Vea la tarjeta señalada."))
    pictures = [item.picture for item in seen if item.picture is not None]
    if not pictures:
        return Failure(tr("None of these pictures can be read.", "No se puede leer ninguna de estas imágenes."))
    positions = sorted({position for item in seen for position in item.shares})
    numbers = dict(zip(positions, request.labels(positions), strict=True))
    labels = np.zeros((len(seen), len(request.classes)), np.float32)
    for index, item in enumerate(seen):
        for position, share in item.shares.items():
            labels[index, numbers[position]] += share
    batch = np.stack(pictures)
    captions = [label_text(label, request.label_mode) for label in labels]
    facts = (
        (tr("Pictures", "Imágenes"), f"{_format_shape(batch.shape)} {batch.dtype}"),
        (tr("Lowest, highest", "Mínimo, máximo"), f"{batch.min()}, {batch.max()}"),
        (tr("Mean of each channel", "Media de cada canal"),
         _SIGN.join(format_number(item, 1) for item in batch.mean(axis=(0, 1, 2)).tolist())),
        (tr("Standard deviation of each channel", "Desviación estándar de cada canal"),
         _SIGN.join(format_number(item, 1) for item in batch.std(axis=(0, 1, 2)).tolist())),
        (tr("Pictures of each class", "Imágenes de cada clase"),
         _SIGN.join(f"{name}: {format_number(total, 0 if round(total, 1) == round(total) else 1)}" for name, total in
                    zip(request.classes, labels.sum(axis=0).tolist(), strict=True))),
    )
    corner = "\n".join("  ".join(f"{value:3d}" for value in line) for line in
                       batch[0, :_CORNER, :_CORNER, 0].tolist())
    return BatchLook(tuple(None if item.picture is None else image_of(shrink(item.picture, 160)) for item in seen),
                     tuple(captions), facts, corner)


def label_text(label: np.ndarray, mode: str) -> str:
    """A label in the form that the loss receives."""
    if mode == "int":
        return str(int(label.argmax()))
    values = label[1:2] if mode == "binary" else label
    if len(values) > 4:
        present = [(place, float(value)) for place, value in enumerate(values) if value > 0]
        return "\n".join(f"[{place}] = {value:.2f}".rstrip("0").rstrip(".") for place, value in present)
    return "[" + ", ".join(f"{float(value):.2f}".rstrip("0").rstrip(".") for value in values) + "]"


def _format_shape(shape: Sequence[int | None]) -> str:
    text = ", ".join("n" if size is None else str(size) for size in shape)
    return f"({text},)" if len(shape) == 1 else f"({text})"


def format_tensor(tensor: Tensor) -> str:
    """"picture (n, 96, 96, 3) uint8"."""
    names = {"path": tr("Path", "Ruta"), "split": tr("Split", "División"), "class": tr("Class", "Clase"),
             "picture": tr("Picture", "Imagen"), "label": tr("Label", "Etiqueta"), "seed": tr("Seed", "Semilla")}
    return f"{names.get(tensor.name, tensor.name)} {_format_shape(tensor.shape)} {tensor.dtype}"


class _Arrow(QWidget):
    """The arrow between two operations, with the tensors that flow along it."""

    def __init__(self, tensors: Sequence[Tensor]) -> None:
        super().__init__()
        lines = [Label(format_tensor(tensor), "secondary", "dim") for tensor in tensors]
        for line in lines:
            line.setFont(theme.mono_font(12))
        self.setLayout(column(*lines, spacing=2, margins=(44, 7, 0, 7)))
        self.setMinimumHeight(30)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("faint"), 1.4))
        x, end = 26, self.height() - 3
        painter.drawLine(x, 2, x, end)
        painter.drawLine(x, end, x - 4, end - 5)
        painter.drawLine(x, end, x + 4, end - 5)


class _Operation(Card):
    """One operation of the chain."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(spacing=4, margins=(16, 10, 16, 10))
        name = Label(operation.id, "body_strong")
        code = Label(operation.code, "secondary", "text" if not operation.code.startswith("#") else "dim", wrap=True,
                     selectable=True)
        code.setFont(theme.mono_font(12))
        self.body.addWidget(name)
        self.body.addWidget(Label(str(operation.text), "secondary", "dim", wrap=True))
        self.body.addWidget(code)
        self.setAccessibleName(f"{operation.id}: {operation.text}")


class _Numbers(QWidget):
    """Facts in two columns, left-aligned and selectable."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = column(spacing=6)
        self.setLayout(self._lines)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        clear(self._lines)
        for name, value in facts:
            key = Label(name, "secondary", "dim", wrap=True)
            key.setFixedWidth(150)
            value_label = Label(value, "secondary", wrap=True, selectable=True)
            line = row(key, value_label, spacing=12)
            line.setStretch(1, 1)
            self._lines.addLayout(line)


class _Tile(QWidget):
    """A picture of the batch above its label."""

    def __init__(self, image: QImage | None, caption: str) -> None:
        super().__init__()
        view = PictureView()
        view.setFixedSize(92, 92)
        view.set_image(image)
        label = Label(caption, "secondary", "dim")
        label.setFont(theme.mono_font(11))
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        label.setFixedWidth(92)
        label.setToolTip(caption)
        self.setLayout(column(view, label, spacing=4))


class PipelineView(QWidget):
    """The chain at the left; a real batch or the code at the right."""

    def __init__(self, view: str) -> None:
        super().__init__()
        self._chain = column(spacing=0, margins=(24, 14, 12, 24))
        self.operations: tuple[Operation, ...] = ()
        self.which = SegmentedControl([("batch", tr("A real batch", "Un lote real")), ("code", tr("Code", "Código"))],
                                      view, stretch=False)
        self.which.chosen.connect(self._show)
        self._copy = Button(tr("Copy", "Copiar"), icon="copy",
                            on_click=lambda: QGuiApplication.clipboard().setText(self.code))
        self._stack = QStackedWidget()
        self._stack.addWidget(scroll_area(self._batch()))
        self._stack.addWidget(self._code())
        right = column(row(self.which, None, self._copy, spacing=8), self._stack, spacing=12, margins=(12, 14, 24, 16))
        splitter = Splitter(1, [520, 800])
        chain = scroll_area(box(self._chain))
        chain.setMinimumWidth(380)
        splitter.addWidget(chain)
        splitter.addWidget(box(right))
        self.setLayout(column(splitter))
        self._show(view)

    def _batch(self) -> QWidget:
        self._problem = Label("", "body", "error", wrap=True)
        self._problem.hide()
        self._numbers = _Numbers()
        self._corner = Label("", "secondary", selectable=True)
        self._corner.setFont(theme.mono_font(12))
        self._tiles = QWidget()
        self._tiles.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._flow = FlowLayout(self._tiles, spacing=10)
        return box(column(
            self._problem, Caption(tr("Numbers", "Números")), self._numbers, 8,
            Caption(tr("First values of the first picture", "Primeros valores de la primera imagen")), self._corner, 8,
            Caption(tr("Pictures and their labels", "Imágenes y sus etiquetas")), self._tiles, None, spacing=8,
            margins=(0, 0, 8, 0)))

    def _code(self) -> QWidget:
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setFont(theme.mono_font())
        self._text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._text.setAccessibleName(tr("tf.data code", "Código tf.data"))
        self._highlighter = Python(self._text.document())
        note = Label(tr("Works next to the manifest.jsonl of any run and produces the same pictures; random changes "
                        "follow the same distribution.",
                        "Funciona junto al manifest.jsonl de cualquier entrenamiento y da las mismas imágenes; los cambios al "
                        "azar tienen la misma distribución."), "secondary", "dim", wrap=True)
        return box(column(note, self._text, spacing=10))

    @property
    def pictures(self) -> list[QWidget]:
        """The pictures of the batch on screen."""
        items = [self._flow.itemAt(index) for index in range(self._flow.count())]
        return [widget for item in items if item is not None and (widget := item.widget()) is not None]

    def _show(self, which: object) -> None:
        self._stack.setCurrentIndex(1 if which == "code" else 0)
        self._copy.setVisible(which == "code")

    @property
    def code(self) -> str:
        """The script."""
        return self._text.toPlainText()

    def show_project(self, project: Project, classes: int, pictures: int) -> None:
        """Show the chain and the code of a project with so many training pictures."""
        current = operations(project, classes, pictures)
        if current != self.operations:
            self.operations = current
            clear(self._chain)
            for number, item in enumerate(current):
                self._chain.addWidget(_Operation(item))
                if number < len(current) - 1 or item.out:
                    self._chain.addWidget(_Arrow(item.out))
            self._chain.addWidget(Label(tr("the network", "la red"), "body_strong"))
            self._chain.addStretch(1)
        code = pipeline_code(project, classes, pictures)
        if code != self.code:
            place = self._text.verticalScrollBar().value()
            self._text.setPlainText(code)
            self._text.verticalScrollBar().setValue(place)

    def show_batch(self, batch_look: BatchLook | Failure) -> None:
        """Show a real batch, or why there is none."""
        self._problem.setVisible(isinstance(batch_look, Failure))
        clear(self._flow)
        if isinstance(batch_look, Failure):
            self._problem.setText(batch_look.text)
            return
        self._numbers.show_facts(batch_look.facts)
        self._corner.setText(batch_look.corner)
        for image, caption in zip(batch_look.images, batch_look.captions, strict=True):
            self._flow.addWidget(_Tile(image, caption))
