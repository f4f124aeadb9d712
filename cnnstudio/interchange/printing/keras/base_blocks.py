"""The layers of a pretrained base as functions of its kinds of blocks, and a loop over the settings of the blocks."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.call import Call, literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, LayerType, values_of
from cnnstudio.catalog.layers.merge import ADD, CONCATENATE
from cnnstudio.core.network import NetworkSpec
from cnnstudio.network.naming import variable_name

_SMALLEST: Final = 3
"""Layers of a block that is worth a function."""


_NUMBERED: Final = re.compile(r"(.*block_?\d+[a-z]?)_")


@dataclass(frozen=True)
class _Layer:
    """A layer as its code: the arguments of its call, and where its inputs are: in its block, or None for the tensor that
    enters the block."""

    id: str
    entry: LayerType
    kwargs: dict[str, str]
    inputs: tuple[int | None, ...]

    @property
    def kind(self) -> tuple[str, str]:
        return self.entry.id, self.entry.call.target


@dataclass
class _Block:
    """Consecutive layers that only the last one's output leaves."""

    name: str
    layers: list[_Layer] = field(default_factory=list)

    def suffix(self, layer: _Layer) -> str | None:
        """The end of the layer's name behind that of the block; None where the block's name does not begin it."""
        return layer.id.removeprefix(self.name) if layer.id.startswith(self.name) else None

    @property
    def form(self) -> tuple[Any, ...]:
        """The same for blocks that differ in arguments only."""
        return tuple((layer.kind, layer.inputs, self.suffix(layer)) for layer in self.layers)


def block_lines(base: Base, graph: NetworkSpec, learning: frozenset[str], start: str) -> list[str] | None:
    """The lines from the tensor `start` to `x`; None where the base is not a chain of blocks, or none repeats."""
    blocks = _blocks(base, graph, learning)
    if blocks is None:
        return None
    alike: dict[tuple[Any, ...], list[_Block]] = defaultdict(list)
    for block in blocks:
        if len(block.layers) >= _SMALLEST and all(block.suffix(layer) is not None for layer in block.layers):
            alike[block.form].append(block)
    functions = [_Function(members) for members in alike.values() if len(members) > 1]
    if not functions:
        return None
    taken: set[str] = set()
    for function in functions:
        function.choose_name(taken)
    owners = {id(block): function for function in functions for block in function.members}
    lines = [line for function in functions for line in (*function.lines(), "")]
    current = start
    for repeated, run in groupby(blocks, lambda block: id(block) in owners):
        members = list(run)
        if not repeated:
            for block in members:
                lines += _unit_lines(block, current, {}, literal)
                current = "x"
            continue
        rows = [(owners[id(block)], block) for block in members]
        one_kind = len({id(function) for function, _block in rows}) == 1
        if len(rows) == 1:
            function, block = rows[0]
            lines.append(f"x = {function.name}({', '.join([current, *function.row(block)])})")
        elif one_kind:
            function = rows[0][0]
            if not function.parameters:
                lines += [*_loop_over([block.name for block in members]), f"    x = {function.name}(x, name)"]
                current = "x"
                continue
            names = ", ".join(["name", *function.parameters])
            lines += [f"for {names} in (", *(f"    ({', '.join(function.row(block))})," for block in members), "):",
                      f"    x = {function.name}({', '.join(['x', 'name', *function.parameters])})"]
        else:
            lines += ["for block, *settings in (",
                      *(f"    ({', '.join([function.name, *function.row(block)])})," for function, block in rows), "):",
                      "    x = block(x, *settings)"]
        current = "x"
    if lines and start != "x" and current == "x":
        lines = _enter(lines, start)
    return lines


def _loop_over(names: Sequence[str]) -> list[str]:
    """The head of a loop over names, in lines of readable length."""
    rows = textwrap.wrap(", ".join(map(literal, names)) + ",", 108, break_on_hyphens=False)
    return ["for name in (", *(f"    {row}" for row in rows), "):"]


def _enter(lines: list[str], start: str) -> list[str]:
    """A loop at the very beginning needs its tensor under the name x."""
    begin = next((index for index, line in enumerate(lines) if line.startswith(("for ", "x = "))), 0)
    return [*lines[:begin], f"x = {start}", *lines[begin:]] if lines[begin].startswith("for ") else lines


class _Function:
    """Blocks of the same form as one function; its parameters are the arguments in which they differ."""

    def __init__(self, members: Sequence[_Block]) -> None:
        self.members = members
        self.name = ""
        columns: dict[tuple[str, ...], list[tuple[int, str]]] = {}
        self._constant: dict[tuple[int, str], str] = {}
        for place in range(len(members[0].layers)):
            names = dict.fromkeys(name for block in members for name in block.layers[place].kwargs)
            for name in names:
                values = tuple(_argument(block.layers[place], name) for block in members)
                if len(set(values)) == 1:
                    self._constant[place, name] = values[0]
                else:
                    columns.setdefault(values, []).append((place, name))
        self._columns = columns
        self.parameters = self._parameter_names()
        self._by_place = {place: parameter for parameter, places in zip(self.parameters, columns.values(), strict=True)
                          for place in places}

    def _parameter_names(self) -> list[str]:
        first = self.members[0]
        plain = [places[0][1] for places in self._columns.values()]
        result: list[str] = []
        for places, name in zip(self._columns.values(), plain, strict=True):
            layer = first.layers[places[0][0]]
            stem = re.sub(r"\W", "_", (first.suffix(layer) or "").strip("_"))
            wanted = name if plain.count(name) == 1 or not stem else f"{name}_{stem}" if stem[0].isdigit() else f"{stem}_{name}"
            number = 2
            while wanted in result:
                wanted, number = f"{name}_{number}", number + 1
            result.append(wanted)
        return result

    def choose_name(self, taken: set[str]) -> None:
        entries = [layer.entry for layer in self.members[0].layers]
        stem = "residual_block" if ADD in entries else "dense_block" if CONCATENATE in entries else "conv_block"
        name, number = stem, 2
        while name in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(name)
        self.name = name

    def row(self, block: _Block) -> list[str]:
        """The arguments of the call for a block."""
        index = next(index for index, member in enumerate(self.members) if member is block)
        return [literal(block.name), *(values[index] for values in self._columns)]

    def lines(self) -> list[str]:
        block = self.members[0]

        def named(identifier: str) -> str:
            suffix = identifier.removeprefix(block.name)
            return f'f"{{name}}{suffix}"' if suffix else "name"

        head = f"def {self.name}({', '.join(['x', 'name', *self.parameters])}):"
        body = _unit_lines(block, "x", {place: self._arguments(place) for place in range(len(block.layers))}, named)
        return [head, *(f"    {line}" for line in body), "    return x"]

    def _arguments(self, place: int) -> dict[str, str]:
        names = dict.fromkeys(name for block in self.members for name in block.layers[place].kwargs)
        return {name: self._constant.get((place, name)) or self._by_place[place, name] for name in names}


def _argument(layer: _Layer, name: str) -> str:
    """The code of an argument, its default where the call leaves it out."""
    if name in layer.kwargs:
        return layer.kwargs[name]
    return "True" if name == "trainable" else literal(layer.entry.call.defaults[name])


def _blocks(base: Base, graph: NetworkSpec, learning: frozenset[str]) -> list[_Block] | None:
    """The blocks in order; None where more than one tensor leads from one to the next."""
    context = Context(height=base.size[0], width=base.size[1], channels=base.channels, class_count=1)
    blocks: list[_Block] = []
    entering, places = graph.nodes[0].id, dict[str, int]()
    for node in graph.nodes[1:]:
        name = _block_name(base, node.id)
        if not blocks or blocks[-1].name != name:
            if blocks:
                entering = blocks[-1].layers[-1].id
            blocks.append(_Block(name))
            places = {}
        sources = graph.inputs_of(node.id)
        if any(source not in places and source != entering for source in sources):
            return None
        entry = LAYERS[node.type]
        values = values_of(node, entry) | {"context": context}
        kwargs = {key: value.code(values) if isinstance(value, Call) else literal(value)
                  for key, value in entry.call.arguments(values).items()}
        if node.id not in learning and entry.frozen_in_code:
            kwargs["trainable"] = "False"
        blocks[-1].layers.append(_Layer(node.id, entry, kwargs, tuple(places.get(source) for source in sources)))
        places[node.id] = len(blocks[-1].layers) - 1
    return blocks


def _block_name(base: Base, layer: str) -> str:
    """The block that a layer's name says, else the one where the freeze line can stand."""
    said = _NUMBERED.match(layer)
    return said.group(1) if said else base.block_of(layer) or layer


def _unit_lines(block: _Block, start: str, arguments: dict[int, dict[str, str]], named: Any) -> list[str]:
    """The layers of a block from the tensor `start` to x: a tensor that is needed later has a name of its own."""
    users: dict[int | None, list[int]] = defaultdict(list)
    for place, layer in enumerate(block.layers):
        for source in layer.inputs:
            users[source].append(place)
    names: dict[int | None, str] = {None: start}
    lines: list[str] = []
    if start == "x" and users[None] != [0]:
        names[None] = "shortcut"
        lines.append("shortcut = x")
    last = len(block.layers) - 1
    for place, layer in enumerate(block.layers):
        stem = (block.suffix(layer) or layer.id).strip("_")
        names[place] = "x" if place == last or users[place] == [place + 1] else variable_name(stem)
        kwargs = arguments.get(place, layer.kwargs)
        passed = {key: code for key, code in kwargs.items() if key != "trainable"} | {"name": named(layer.id)}
        passed |= {"trainable": kwargs["trainable"]} if "trainable" in kwargs else {}
        call = f"{layer.entry.call.target}({', '.join(f'{key}={code}' for key, code in passed.items())})"
        training = ", training=False" if layer.entry.training_flag else ""
        lines.append(f"{names[place]} = {call}({_inputs(layer.entry, [names[source] for source in layer.inputs])}{training})")
    return lines


def _inputs(entry: LayerType, names: Iterable[str]) -> str:
    """The arguments of a layer's call, in the form that its type takes its inputs."""
    passed = entry.passed(list(names))
    return ", ".join(f"[{', '.join(item)}]" if isinstance(item, list) else item for item in passed)
