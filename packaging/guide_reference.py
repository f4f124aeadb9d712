"""The reference pages of the site: a page for each registry, with the code that the program prints and small pictures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from guide_pictures import augmentation_picture, step_picture

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.component import Place, TorchCallback, TorchOptimizer, TrainingComponent
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.schedules import SCHEDULES, schedule_values
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS
from cnnstudio.cli.arguments import command_names, command_parser
from cnnstudio.cli.reference_pages import Section, entry_label, reference_page, sections
from cnnstudio.core import edits
from cnnstudio.core.item import Item, Step
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.params import with_defaults
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import tr
from cnnstudio.interchange.printing.augmentation import augmentation_code, mixing_code
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.interchange.printing.recipe import recipe_code
from cnnstudio.interchange.printing.torch.module import torch_model
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report

LONGEST = 150
"""The most lines of a program in the reference; longer ones are printed by the command that is named instead."""
CONTEXT = Context(height=32, width=32, channels=3, class_count=4)
WAYS: tuple[tuple[tuple[str, dict[str, Any]], ...], ...] = (
    (), (("Conv2D", {"filters": 8, "padding": "same"}),), (("Flatten", {}),),
    (("Reshape", {"target_shape": (-1, 6)}),), (("Dense", {"units": 3}),))
"""What may have to stand between the input and a layer, so that the layer fits."""
Program = tuple[str, str]
"""The name of a framework, and source."""


def write_reference(folder: Path) -> list[str]:
    """Write a page for each registry and one for the command line; their names without the ending."""
    names = []
    for section in sections():
        name = section.registry.kind.replace(" ", "_")
        (folder / f"{name}.md").write_text("\n".join(registry_page(section, folder)), "utf-8")
        names.append(name)
    (folder / "commands.md").write_text("\n".join(commands_page()), "utf-8")
    return [*names, "commands"]


def registry_page(section: Section, folder: Path) -> Iterator[str]:
    """The entries of a registry, one below the other."""
    yield f"# {section.title}\n"
    draw = PICTURES.get(section.registry.kind)
    for entry in section.registry:
        heading, _, rest = reference_page(section, entry).partition("\n")
        yield f"({section.registry.kind.replace(' ', '-')}-{entry.id})="
        yield f"#{heading.removeprefix('###')}".replace("#", "##", 1) + "\n"
        if draw is not None:
            draw(entry, folder / "pictures" / f"{entry.id}.png")
            yield f"![{picture_text(section, entry)}](pictures/{entry.id}.png)\n"
        yield rest
        for title, code in programs(section, entry):
            yield f"```{{code-block}} {'sh' if title == SHELL else 'python'}\n:caption: {title}\n\n{code.strip()}\n```\n"


SHELL = "cnnstudio"


def picture_text(section: Section, entry: Any) -> str:
    """What a screen reader says of the picture."""
    if section.registry is RECIPE_STEPS:
        return tr("{name}: before and after", "{name}: antes y después", name=entry_label(entry))
    return tr("{name}: before, and four random results", "{name}: antes, y cuatro resultados al azar", name=entry_label(entry))


def programs(section: Section, entry: Any) -> list[Program]:
    """What the program prints for an entry with its default values."""
    write = WRITERS.get(section.registry.kind)
    return [] if write is None else [(title, code) for title, code in write(entry) if code.strip()]


# Layers -------------------------------------------------------------------------------------------


def fitting_network(entry: Any) -> NetworkSpec | None:
    """The input, what must stand before the layer, and the layer; None where none of the ways fits."""
    for way in WAYS:
        nodes, edges = [Node(id="input", type="Input")], []
        for port in range(entry.minimum_inputs):
            last = "input"
            for number, (kind, params) in enumerate(way):
                nodes.append(Node(id=f"before_{port}_{number}", type=kind, params=params))
                edges.append(Edge(source=last, target=nodes[-1].id))
                last = nodes[-1].id
            edges.append(Edge(source=last, target="layer", port=port))
        network = NetworkSpec(nodes=(*nodes, Node(id="layer", type=entry.id)), edges=tuple(edges))
        if len({edge.source for edge in edges if edge.target == "layer"}) == entry.minimum_inputs \
                and report(network, CONTEXT).nodes["layer"].shape is not None:
            return network
    return None


def layer_programs(entry: Any) -> Iterator[Program]:
    network = fitting_network(entry)
    if network is None:
        yield "Keras", entry.call.code(with_defaults(entry.params, {}) | {"context": CONTEXT})
        return
    yield "Keras", keras_code(network, CONTEXT)
    torch = torch_model(network, CONTEXT)
    if not torch.missing:
        yield "PyTorch", "import torch\nfrom torch import nn\n\n\n" + torch.code


# Recipe and augmentation --------------------------------------------------------------------------


def step_programs(entry: Any) -> Iterator[Program]:
    step = Step(id="step", type=entry.id, params=with_defaults(entry.params, {}))
    yield "NumPy, OpenCV", recipe_code(RecipeSpec(height=64, width=64, steps=(step,)))


def augmentation_programs(entry: Any) -> Iterator[Program]:
    project = new_project("x", "/pictures", Facts(classes=("a", "b")), template="small_cnn")
    project = edits.with_steps(project, "augmentation", ())
    project = edits.add_step(project, "augmentation", entry.id)
    yield "NumPy, OpenCV", augmentation_code(project) + mixing_code(project)


# Training -----------------------------------------------------------------------------------------


def component_values(entry: TrainingComponent) -> dict[str, Any]:
    values = with_defaults(entry.params, {})
    return values | entry.placed(values, Place(id=entry.id)) if entry.placed is not None else values


def component_programs(entry: TrainingComponent) -> Iterator[Program]:
    values = component_values(entry)
    yield "Keras", entry.call.code(values)
    if isinstance(entry.torch, TorchOptimizer):
        yield "PyTorch", "optimizer = " + entry.torch.code(values, "network.parameters()")
    elif isinstance(entry.torch, TorchCallback):
        helper = entry.torch.helper.code + "\n\n" if entry.torch.helper is not None else ""
        yield "PyTorch", helper + "\n".join(entry.torch.lines(values, Place(id=entry.id)))


def schedule_programs(entry: Any) -> Iterator[Program]:
    values = schedule_values(Item(type=entry.id), 1000, 100)
    yield "Keras", entry.call.code(values)
    body = "\n".join(f"    {line}" for line in entry.formula.strip().splitlines())
    given = ", ".join(f"{name}={values[name]!r}" for name in values)
    yield tr("Formula, as PyTorch takes it", "Fórmula, como la toma PyTorch"), f"def rate(step, {given}):\n{body}"


# Bases and formats --------------------------------------------------------------------------------


def base_programs(entry: Any) -> Iterator[Program]:
    project = new_project("x", "/pictures", Facts(classes=("a", "b", "c")), base=entry.id)
    context = Context(height=project.recipe.height, width=project.recipe.width, channels=3, class_count=3)
    code = keras_code(project.network, context)
    if code.count("\n") <= LONGEST:
        yield "Keras", code
    yield SHELL, f"cnnstudio new PROJECT --data FOLDER --base {entry.id}\ncnnstudio code PROJECT --framework torch"


def exporter_programs(entry: Any) -> Iterator[Program]:
    yield SHELL, f"cnnstudio export PROJECT --format {entry.id} --to PATH"


WRITERS: dict[str, Callable[[Any], Iterator[Program]]] = {
    LAYERS.kind: layer_programs, RECIPE_STEPS.kind: step_programs, AUGMENTATIONS.kind: augmentation_programs,
    OPTIMIZERS.kind: component_programs, CALLBACKS.kind: component_programs, SCHEDULES.kind: schedule_programs,
    BASES.kind: base_programs, EXPORTERS.kind: exporter_programs,
}
PICTURES: dict[str, Callable[[Any, Path], None]] = {
    RECIPE_STEPS.kind: step_picture, AUGMENTATIONS.kind: augmentation_picture}


# The command line ---------------------------------------------------------------------------------


def commands_page() -> Iterator[str]:
    """The help of every command, as the parser prints it."""
    os.environ["COLUMNS"] = "100"
    yield "# " + tr("Command line", "Línea de comandos") + "\n"
    yield tr("Every command ends with 0 if it is done, 1 if the job failed, and 2 if the input was wrong.",
             "Cada comando termina con 0 si se ha cumplido, 1 si la tarea ha fallado y 2 si la entrada era errónea.") + "\n"
    for name in command_names():
        yield f"## {name}\n\n```text\n{command_parser(name).format_help().strip()}\n```\n"
