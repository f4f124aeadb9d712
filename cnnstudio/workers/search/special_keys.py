"""What a search can vary besides the keys of a project, because it changes several of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS
from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import BaseResolver, identifier_of
from cnnstudio.core.edits import set_network
from cnnstudio.core.network import BASE, Node
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import CHANNELS
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.network.augmentation_presets import present_preset, with_preset

replace = msgspec.structs.replace


class SpecialKey(msgspec.Struct, frozen=True, kw_only=True):
    """`choices(project, bases)` are what it can be set to, `present(project, classes)` what it is now (None where that is no
    choice), `apply(project, choice, classes, bases)` the project with a choice; it raises ProblemError."""

    id: str
    label: Text
    help: Text
    choices: Callable[[Project, BaseResolver], tuple[str, ...]]
    present: Callable[[Project, Sequence[str]], str | None]
    apply: Callable[[Project, str, Sequence[str], BaseResolver], Project]


def _with_preset(project: Project, choice: str, classes: Sequence[str], _bases: BaseResolver) -> Project:
    preset = AUGMENTATION_PRESETS.find(choice)
    if preset is None:
        raise ProblemError(error("value", _expected("augmentation.preset", AUGMENTATION_PRESETS.ids(), choice), "augmentation",
                                 field="augmentation.preset"))
    return with_preset(project, preset, classes)


def _preset_of(project: Project, classes: Sequence[str]) -> str | None:
    preset = present_preset(project, classes)
    return None if preset is None else preset.id


def _base_ids(_project: Project, bases: BaseResolver) -> tuple[str, ...]:
    return (*BASES.ids(), *(base.own.file for base in bases.own_bases() if base.own is not None))


def _base_node(project: Project) -> Node | None:
    return next((node for node in project.network.nodes if node.type == BASE), None)


def _present_base(project: Project, _classes: Sequence[str]) -> str | None:
    node = _base_node(project)
    return None if node is None else identifier_of({"base": "efficientnet_lite0"} | node.params) or None


def _with_base(project: Project, choice: str, _classes: Sequence[str], bases: BaseResolver) -> Project:
    """Another base in the place of the one that is there, with the layers after it; pictures get its size and colours."""
    node, base = _base_node(project), bases.find(choice)
    if node is None:
        text = Text("The network has no pretrained base that could be exchanged. Start from one: cnnstudio network PROJECT "
                    "--base BASE",
                    "La red no tiene ninguna base preentrenada que se pueda cambiar. Parta de una: cnnstudio network PROYECTO "
                    "--base BASE")
        raise ProblemError(error("no_base", text, "network", field="base"))
    if base is None:
        raise ProblemError(error("value", _expected("base", _base_ids(project, bases), choice), "network", field="base"))
    if choice == _present_base(project, ()):
        return project
    own = {name: value for name, value in node.params.items() if name == "trainable_from"}
    changed = replace(node, params=base.params | own)
    nodes = tuple(changed if item is node else item for item in project.network.nodes)
    network = replace(project.network, nodes=nodes, origin=base.id if base.own is None else base.own.file)
    return _with_size(set_network(project, network), base)


def _with_size(project: Project, base: Base) -> Project:
    height, width = base.size
    mode = next(mode for mode, count in CHANNELS.items() if count == base.channels)
    return replace(project, recipe=replace(project.recipe, height=height, width=width, color_mode=mode))


def _expected(key: str, choices: Sequence[str], value: str) -> Text:
    return Text("{key}: Expected one of {names}. Received: {value}",
                "{key}: Se esperaba uno de {names}. Se recibió: {value}").fill(key=key, names=", ".join(choices), value=value)


SPECIAL_KEYS: Final[Registry[SpecialKey]] = Registry("special key", (
    SpecialKey(
        id="augmentation.preset", label=Text("Augmentation strength", "Intensidad del aumento"),
        help=Text("All augmentations at once, from none to strong.", "Todos los aumentos a la vez, de ninguno a fuertes."),
        choices=lambda _project, _bases: AUGMENTATION_PRESETS.ids(), present=_preset_of, apply=_with_preset),
    SpecialKey(
        id="base", label=Text("Pretrained base", "Base preentrenada"),
        help=Text("Which base the network begins with; the layers after it stay, and the pictures get its size.",
                  "Con qué base empieza la red; las capas posteriores se quedan y las imágenes toman su tamaño."),
        choices=_base_ids, present=_present_base, apply=_with_base),
))
