"""New assignment: what the teacher decides at the left, and at the right how a student sees it."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.display import PERCENT
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import LANGUAGES, Text, language, tr
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.dialogs.base import PathField, WorkDialog, make_progress
from cnnstudio.gui.pages.learn.assignments.fields import FileField, LimitField, TwoTexts, labelled
from cnnstudio.gui.pages.learn.assignments.questions import QuestionList
from cnnstudio.gui.pages.learn.assignments.sheet import AssignmentSheet
from cnnstudio.gui.state.jobs import Job, Report
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Caption, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_count, format_pictures
from cnnstudio.gui.widgets.inputs import SegmentedControl, Select, Switch
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.assignments.making import Draft, HiddenBy, Made, default_paths, draft_problems, make_assignment
from cnnstudio.learning.assignments.model import Assignment, Limits

_ANY, _NONE, _SOME = "any", "none", "some"


class NewAssignmentDialog(WorkDialog):
    """Writes the students' file and the teacher's key of the open project."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace.session, tr("New assignment", "Nueva práctica"), tr(
            "The students get one file with the pictures, the goal and the limits. The hidden pictures, by which their models "
            "are graded, stay with you.",
            "El alumnado recibe un archivo con las imágenes, el objetivo y los límites. Las imágenes ocultas, con las que se "
            "califican sus modelos, se quedan con usted."), tr("Write the files", "Escribir los archivos"), parent)
        self.resize(1080, 780)
        self._collection, self._counts = workspace.collection, workspace.counts
        self.made: Made | None = None
        self._fields = box(column(
            self._texts(), self._hidden(), self._goal(), self._limits(), self._questions_part(), self._files(), None,
            spacing=14, margins=(0, 0, 12, 0)))
        self._code = SegmentedControl([(code, name) for code, name in LANGUAGES.items()], language(), stretch=False)
        self._code.setAccessibleName(tr("Language of the preview", "Idioma de la vista previa"))
        self._code.chosen.connect(lambda _code: self._show())
        self._sheet = AssignmentSheet()
        preview = Card(spacing=12)
        head = row(Caption(tr("As a student sees it", "Como lo ve el alumnado")), None, self._code)
        preview.body.addLayout(head)
        preview.body.addWidget(scroll_area(self._sheet), 1)
        sides = row(scroll_area(self._fields), preview, spacing=16)
        sides.setStretch(0, 5)
        sides.setStretch(1, 4)
        self.body.addLayout(sides, 1)
        self._result = Card(edge="ok", margins=(14, 10, 14, 10))
        self._result_text = Label("", wrap=True, selectable=True)
        self._result.body.addWidget(self._result_text)
        self._result.hide()
        self.body.addWidget(self._result)
        self._on_hidden_chosen()
        self._on_secret_chosen()
        self._show()

    # The parts -----------------------------------------------------------------------------------

    def _texts(self) -> QWidget:
        self._title = TwoTexts(tr("Title", "Título"))
        self._told = TwoTexts(tr("What is to be done", "Qué hay que hacer"), long=True)
        for field in (self._title, self._told):
            field.changed.connect(self._show)
        self._title.changed.connect(self._propose_files)
        return box(column(self._title, self._told, spacing=10))

    def _hidden(self) -> QWidget:
        counts = self._counts.split_counts()
        tests = counts.get("test", 0)
        self._by = SegmentedControl([
            ("test", str(SPLIT_NAMES["test"])), ("share", tr("A share of all", "Una proporción")),
            ("folder", tr("A folder", "Una carpeta"))], "test" if tests else "share")
        self._by.setAccessibleName(tr("Hidden pictures", "Imágenes ocultas"))
        self._by.chosen.connect(lambda _way: self._on_hidden_chosen())
        self._by_note = Label("", "secondary", "dim", wrap=True)
        self._share = NumberBox(0.2, minimum=0.01, maximum=0.9, display=PERCENT)
        self._share_row = labelled(tr("Share of every class", "Proporción de cada clase"), self._share)
        self._share.value_changed.connect(lambda _value: self._show())
        self._folder = PathField(tr("Folder with one subfolder per class", "Carpeta con una subcarpeta por clase"))
        self._inside = Switch(True, tr("Put the pictures into the file", "Incluir las imágenes en el archivo"))
        self._inside.switched.connect(lambda _on: self._on_inside_changed())
        self._source = TwoTexts(tr("Where the students have the pictures from", "De dónde tiene el alumnado las imágenes"))
        self._source.changed.connect(self._show)
        self._source.hide()
        return box(column(
            Caption(tr("Hidden pictures", "Imágenes ocultas")), self._by, self._by_note, self._share_row, self._folder,
            row(self._inside, Label(tr("Put the pictures into the file", "Incluir las imágenes en el archivo")), None),
            self._source, spacing=8))

    def _goal(self) -> QWidget:
        self._metric = Select([(figure.id, str(figure.label)) for figure in FIGURES], "accuracy")
        self._metric.chosen.connect(lambda _metric: self._on_metric_chosen())
        self._threshold = NumberBox(0.9, minimum=0, step=0.01)
        self._threshold.value_changed.connect(lambda _value: self._show())
        line = row(labelled(tr("Figure", "Cifra"), self._metric),
                   labelled(tr("To be reached", "Por alcanzar"), self._threshold), spacing=10)
        line.setStretch(0, 2)
        line.setStretch(1, 1)
        return box(column(Caption(tr("Goal", "Objetivo")), line, spacing=8))

    def _limits(self) -> QWidget:
        names = (tr("Parameters", "Parámetros"), tr("Epochs", "Épocas"), tr("Training pictures", "Imágenes de entrenamiento"))
        self._most = [LimitField(name) for name in names]
        line = row(spacing=10)
        for name, field in zip(names, self._most, strict=True):
            field.value_changed.connect(lambda _value: self._show())
            line.addWidget(labelled(name, field), 1)
        self._bases = SegmentedControl([(_ANY, tr("Any", "Cualquiera")), (_NONE, tr("None", "Ninguna")),
                                        (_SOME, tr("Chosen ones", "Las elegidas"))], _ANY)
        self._bases.setAccessibleName(tr("Pretrained bases", "Bases preentrenadas"))
        self._bases.chosen.connect(lambda _way: self._on_bases_chosen())
        self._base_list = QWidget()
        flow = FlowLayout(self._base_list, spacing=6)
        self._base_switches: dict[str, Switch] = {}
        for base in BASES:
            switch = self._base_switches[base.id] = Switch(False, str(base.label))
            switch.switched.connect(lambda _on: self._show())
            flow.addWidget(box(row(switch, Label(str(base.label), "secondary"), spacing=6)))
        self._base_list.hide()
        self._own = Switch(False, tr("Other pictures may be added", "Se pueden añadir otras imágenes"))
        self._own.switched.connect(lambda _on: self._show())
        own = row(self._own, Label(tr("Other pictures may be added", "Se pueden añadir otras imágenes")), None)
        return box(column(Caption(tr("Limits", "Límites")), line, labelled(tr("Pretrained bases", "Bases preentrenadas"),
                                                                            self._bases), self._base_list, own, spacing=8))

    def _questions_part(self) -> QWidget:
        self._questions = QuestionList()
        self._questions.changed.connect(self._show)
        return box(column(Caption(tr("Questions to answer in words", "Preguntas por responder con palabras")), self._questions,
                          spacing=8))

    def _files(self) -> QWidget:
        kinds = tr("Assignments (*.zip)", "Prácticas (*.zip)")
        self._target = FileField(tr("Students' file", "Archivo del alumnado"), kinds, save=True)
        self._secret = SegmentedControl([("apart", tr("In a key of its own", "En una clave aparte")),
                                         ("inside", tr("Encrypted in the students' file", "Cifradas en el archivo"))], "apart")
        self._secret.setAccessibleName(tr("Where the hidden pictures are", "Dónde están las imágenes ocultas"))
        self._secret.chosen.connect(lambda _way: self._on_secret_chosen())
        self._key = FileField(tr("Key (keep it to yourself)", "Clave (guárdela para usted)"), kinds, save=True)
        self._passphrase = QLineEdit()
        self._passphrase.setFont(theme.font())
        self._passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self._passphrase_row = labelled(tr("Passphrase", "Frase de contraseña"), self._passphrase, tr(
            "Without it nobody can grade. A long one is hard to guess.",
            "Sin ella nadie puede calificar. Una larga es difícil de adivinar."))
        self._target_chosen = False
        self._propose_files()
        return box(column(Caption(tr("Files", "Archivos")), self._target, labelled(
            tr("Hidden pictures", "Imágenes ocultas"), self._secret), self._key, self._passphrase_row, spacing=8))

    # What changes with what ----------------------------------------------------------------------

    def _on_hidden_chosen(self) -> None:
        way, counts = self._by.value, self._counts.split_counts()
        self._share_row.setVisible(way == "share")
        self._folder.setVisible(way == "folder")
        self._by_note.setText({
            "test": tr("The {pictures} of the test split are hidden; the others are given out with their splits.",
                       "Se ocultan las {pictures} de la división de prueba; las demás se reparten con su división.",
                       pictures=format_pictures(counts.get("test", 0))),
            "share": tr("Drawn from every class; copies of one picture stay together. Test pictures that are not drawn go to "
                        "training.",
                        "Se sortean de cada clase; las copias de una imagen quedan juntas. Las de prueba no sorteadas pasan a "
                        "entrenamiento."),
            "folder": tr("Pictures that no student has seen; the project's test pictures go to training.",
                         "Imágenes que el alumnado no ha visto; las de prueba del proyecto pasan a entrenamiento."),
        }[str(way)])
        self._show()

    def _on_inside_changed(self) -> None:
        self._source.setVisible(not self._inside.isChecked())
        self._show()

    def _on_metric_chosen(self) -> None:
        figure = FIGURES[str(self._metric.value)]
        self._threshold.set_value(0.9 if figure.higher_is_better else 0.3)
        self._show()

    def _on_bases_chosen(self) -> None:
        self._base_list.setVisible(self._bases.value == _SOME)
        self._show()

    def _on_secret_chosen(self) -> None:
        apart = self._secret.value == "apart"
        self._key.setVisible(apart)
        self._passphrase_row.setVisible(not apart)

    def _propose_files(self) -> None:
        folder = self.session.folder
        if folder is None or not hasattr(self, "_target"):
            return
        if (self._target.path, self._key.path) in ((None, None), getattr(self, "_proposed", (None, None))):
            title = self._title.text
            self._proposed = default_paths(folder, str(title) or title.en or title.es)
            self._target.set_path(self._proposed[0])
            self._key.set_path(self._proposed[1])

    # The draft -----------------------------------------------------------------------------------

    @property
    def draft(self) -> Draft:
        """What is set."""
        parameters, epochs, pictures = (field.limit for field in self._most)
        chosen = tuple(name for name, switch in self._base_switches.items() if switch.isChecked())
        bases = {_ANY: None, _NONE: (), _SOME: chosen}[str(self._bases.value)]
        return Draft(
            title=self._title.text, goal=self._told.text, inside=self._inside.isChecked(), source=self._source.text,
            metric=str(self._metric.value), threshold=float(self._threshold.value or 0.0),
            limits=Limits(parameters=parameters, epochs=epochs, training_pictures=pictures, bases=bases,
                          own_pictures=self._own.isChecked()),
            questions=self._questions.questions, hidden_by=cast(HiddenBy, self._by.value),
            share=float(self._share.value or 0.0), folder=str(self._folder.path or ""))

    def _show(self) -> None:
        """Show the draft as a student would see it."""
        if not hasattr(self, "_sheet"):
            return
        draft, counts = self.draft, self._counts.split_counts()
        hidden = {"test": counts.get("test", 0), "share": round(sum(counts.values()) * draft.share), "folder": 0}
        self._sheet.show_assignment(Assignment(
            id="", title=draft.title, goal=draft.goal, class_names=(), inside=draft.inside, source=draft.source,
            metric=draft.metric, threshold=draft.threshold, limits=draft.limits, questions=draft.questions,
            hidden_pictures=hidden[draft.hidden_by]), str(self._code.value))

    # The work ------------------------------------------------------------------------------------

    def start_work(self) -> Job | None:
        session, index = self.session, self._collection.index
        draft, target = self.draft, self._target.path
        apart = self._secret.value == "apart"
        key, passphrase = (self._key.path, "") if apart else (None, self._passphrase.text())
        problems = draft_problems(draft, None if apart else passphrase)
        if target is None or (apart and key is None):
            problems.append(error("no_target", Text("Enter a full path for every file.",
                                                    "Escriba una ruta completa para cada archivo."), "file"))
        if problems or session.folder is None or index is None or target is None:
            self.show_problems(problems)
            return None
        self._result.hide()
        folder, project = session.folder, session.project

        def work(report: Report) -> Made:
            progress = make_progress(report, Text("Reading the pictures", "Leyendo las imágenes"))
            try:
                return make_assignment(folder, project, index, draft, target, key, passphrase, progress, report.check)
            except ProblemError:
                report.check()
                raise

        return session.jobs.run(work, Text("Making the assignment", "Creando la práctica"), "assignment", page="learn")

    def _on_succeeded(self, job: Job) -> None:
        self.made = made = job.result  # type: ignore[attr-defined]
        lines = [tr("{path}: {pictures} for the students, {hidden} hidden",
                    "{path}: {pictures} para el alumnado, {hidden} ocultas", path=made.path,
                    pictures=format_pictures(made.given), hidden=format_count(made.hidden))]
        if made.key is not None:
            lines.append(tr("{path}: the key. Without it nothing can be graded.",
                            "{path}: la clave. Sin ella no se puede calificar nada.", path=made.key))
        if made.leaked:
            lines.append(tr("{pictures} of the hidden ones have a copy among those of the students: audit the pictures and "
                            "make it again.",
                            "{pictures} de las ocultas tienen una copia entre las del alumnado: audite las imágenes y créela "
                            "de nuevo.", pictures=format_pictures(made.leaked)))
        self._result_text.setText("\n".join(lines))
        self._result.show()

    def _on_working_changed(self, _on_working_changed: bool) -> None:
        self._fields.setEnabled(not _on_working_changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Enter must not write files at once: the focus would be on the button.
        self._title.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Enter in a field ends the field, and does not write files.
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.focusWidget() is not self.primary:
            event.accept()
            return
        super().keyPressEvent(event)
