"""Exports that say how the model was made: a notebook and scripts that train it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.engine.exporting.request import Request
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.printing.keras.script import keras_script_parts
from cnnstudio.interchange.printing.settings_comment import settings_comment
from cnnstudio.interchange.printing.torch.script import torch_problems
from cnnstudio.workers.printed_scripts import Framework, ScriptSource, code_problems, run_source, write_script

_STEM: Final = "train"


def write_keras_script(request: Request) -> None:
    """A folder with train.py and what it reads."""
    _write(request, "keras")


def write_torch_script(request: Request) -> None:
    """A folder with train.py and what it reads; raises ProblemError for what is not in PyTorch."""
    _write(request, "torch")


def write_notebook(request: Request) -> None:
    """A folder with train.ipynb and what it reads."""
    source, context = _write(request, "keras")
    (request.path / f"{_STEM}.py").unlink()
    import nbformat

    notebook = _notebook(source, context, request)
    nbformat.validate(notebook)
    nbformat.write(notebook, request.path / f"{_STEM}.ipynb")


def _write(request: Request, framework: Framework) -> tuple[ScriptSource, Context]:
    source = run_source(request.run)
    bases = ProjectBases(request.run.project_folder)
    context = context_of(source.project, max(2, len(source.classes)), bases)
    problems = [*code_problems(source.project, source.classes, source.counts, bases, whole=True)]
    if framework == "torch":
        problems += torch_problems(source.project, context, True)
    # The pictures are those of the run, wherever the project has its own now.
    blocking = [problem for problem in problems if problem.blocks and problem.where.area != "dataset"]
    if blocking:
        raise ProblemError(*blocking)
    request.path.mkdir(parents=True)
    written = write_script(request.path / f"{_STEM}.py", framework, source.project, context, source.training, source.write_list)
    if written.problems:
        raise ProblemError(*written.problems)
    return source, context


def _notebook(source: ScriptSource, context: Context, request: Request) -> Any:
    from nbformat import v4

    parts = keras_script_parts(source.project, context, source.training, _STEM)
    # A notebook has no file of its own: the list lies in the folder in which it runs.
    pictures = parts.pictures.replace("Path(__file__).with_name(", "Path(")
    training = parts.training.replace("Path(__file__).with_name(", "Path(")
    markdown: Callable[[str], Any] = v4.new_markdown_cell

    def code(text: str) -> Any:
        return v4.new_code_cell(text.strip("\n"))

    counts = {split: sum(of_class.get(split, 0) for of_class in source.counts.values())
              for split in ("train", "validation", "test")}
    cells = [
        markdown(_introduction(source, request, counts)),
        markdown(tr("## Libraries", "## Bibliotecas")), code(parts.imports),
        markdown(tr("## Pictures\n\nThe list of the pictures, how a file becomes pixels (the recipe), and the random changes "
                    "of training pictures (augmentation).",
                    "## Imágenes\n\nLa lista de las imágenes, cómo un archivo se convierte en píxeles (la receta) y los "
                    "cambios al azar de las imágenes de entrenamiento (aumento).")),
        code(pictures),
        markdown(tr("A few training pictures as the network sees them, changed at random:",
                    "Algunas imágenes de entrenamiento tal como las ve la red, cambiadas al azar:")),
        code(_SHOW_PICTURES),
        markdown(tr("## Network", "## Red")), code(parts.model),
        markdown(tr("## Training\n\nLoss, optimizer, callbacks and stages are those of the run.",
                    "## Entrenamiento\n\nLa pérdida, el optimizador, los callbacks y las etapas son los del entrenamiento.")),
        code(training),
        markdown(tr("## Curves", "## Curvas")), code(_CURVES),
        markdown(tr("## Result\n\nThe confusion matrix of the test pictures: rows are the true classes, columns the answers.",
                    "## Resultado\n\nLa matriz de confusión de las imágenes de prueba: las filas son las clases verdaderas; "
                    "las columnas, las respuestas.")),
        code(_CONFUSION)]
    # As a script, the notebook becomes the project again.
    program = "\n".join(cell["source"] for cell in cells if cell["cell_type"] == "code")
    cells.append(code(settings_comment(program, source.project)))
    for number, cell in enumerate(cells):
        # Ids that are drawn at random would make two exports of one run differ.
        cell["id"] = f"cell-{number}"
    notebook = v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["cnnstudio"] = {"run": request.run.id}
    return notebook


def _introduction(source: ScriptSource, request: Request, counts: dict[str, int]) -> str:
    name = source.project.name or "CNN Studio"
    return tr("# {name}\n\nThis notebook trains the network of the run `{run}` again, with the same pictures, recipe, settings "
              "and random numbers: {train} pictures to train, {validation} to validate and {test} to test, in {n} classes. "
              "CNN Studio wrote it.\n\nIt needs `pip install keras tensorflow opencv-python-headless matplotlib`.",
              "# {name}\n\nEste cuaderno vuelve a entrenar la red del entrenamiento `{run}` con las mismas imágenes, receta, "
              "ajustes y números al azar: {train} imágenes para entrenar, {validation} para validar y {test} para probar, en "
              "{n} clases. Lo escribió CNN Studio.\n\nNecesita `pip install keras tensorflow opencv-python-headless "
              "matplotlib`.", name=name, run=request.run.id, n=len(source.classes), **counts)


_SHOW_PICTURES: Final = """
import matplotlib.pyplot as plt

batch, labels = next(iter(train))
figure, axes = plt.subplots(2, 6, figsize=(12, 4.4))
for axis, picture, label in zip(axes.flat, np.asarray(batch), np.asarray(labels)):
    axis.imshow(picture.squeeze().astype(np.uint8), cmap="gray")
    number = int(label.argmax()) if np.ndim(label) and len(label) > 1 else int(np.ravel(label)[0])
    axis.set_title(CLASSES[number], fontsize=9)
for axis in axes.flat:
    axis.axis("off")
plt.show()
"""
_CURVES: Final = """
figure, axes = plt.subplots(1, 2, figsize=(12, 4))
for axis, name in zip(axes, ("loss", "accuracy")):
    for key, values in history.history.items():
        if key in (name, f"val_{name}"):
            axis.plot(range(1, len(values) + 1), values, label=key)
    axis.set_xlabel("epoch")
    axis.set_title(name)
    axis.legend()
plt.show()
"""
_CONFUSION: Final = """
split = test if len(test) else validation
truth, answers = [], []
for batch, labels in split:
    outputs = np.asarray(model.predict_on_batch(batch))
    labels = np.asarray(labels)
    answers += (outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] >= 0.5).astype(int)).tolist()
    truth += (labels.argmax(axis=1) if labels.ndim > 1 and labels.shape[1] > 1 else labels.reshape(-1).astype(int)).tolist()
matrix = np.zeros((len(CLASSES), len(CLASSES)), int)
np.add.at(matrix, (truth, answers), 1)
print(f"accuracy: {np.mean(np.array(truth) == np.array(answers)):.4f} of {len(truth)} pictures")
plt.figure(figsize=(6, 6))
plt.imshow(matrix, cmap="Blues")
plt.xticks(range(len(CLASSES)), CLASSES, rotation=90)
plt.yticks(range(len(CLASSES)), CLASSES)
for row in range(len(CLASSES)):
    for column in range(len(CLASSES)):
        if matrix[row, column]:
            plt.text(column, row, matrix[row, column], ha="center", va="center")
plt.show()
"""
