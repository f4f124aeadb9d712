"""Features of a frozen base: computed once and kept, so that only the head is trained. The result is the same
network."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.network import BASE, INPUT
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.system_errors import reason_of
from cnnstudio.engine import conversion, inference, stored_rows
from cnnstudio.engine.building import Built, apply
from cnnstudio.engine.pixels import Prepared, cached_rows, recipe_digest
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.engine.store import Store
from cnnstudio.workers.link import Link

_LARGEST_BYTES: Final = 8_000_000_000
_KEEP_EVERY: Final = 512


@dataclass(frozen=True)
class Cut:
    """A model cut in two: `base` computes features, `head` is trained on them; both share layers with the model.
    `tensors` are the outputs of the head's layers in the head, by node."""

    base: Any
    head: Any
    tensors: Mapping[str, Any] = field(default_factory=dict)


def find_cut(project: Project, built: Built, trainable_from: str = "") -> Cut | None:
    """The model cut behind its base, or None if the result would differ: the base must be frozen and the only layer
    behind the Input, and there must be no augmentation.

    `trainable_from` is that of the stage, which may freeze the base or not; "" leaves it as in the network.
    """
    network, _copies = expand_repeats(project.network)
    if not project.training.keep_features or project.augmentation.active:
        return None
    bases = [node for node in network.nodes if node.type == BASE]
    inputs = [node.id for node in network.nodes if node.type == INPUT]
    if len(bases) != 1 or len(inputs) != 1:
        return None
    base = bases[0]
    if (trainable_from or values_of(base, LAYERS[BASE])["trainable_from"]) != "none":
        return None
    if network.inputs_of(base.id) != (inputs[0],) or sum(edge.source == inputs[0] for edge in network.edges) != 1:
        return None
    features = keras.Model(built.model.inputs, built.tensors[base.id], name="features")
    start = keras.Input(built.tensors[base.id].shape[1:], name="features_input")
    tensors = {base.id: start}
    for identifier in built.order:
        if identifier in (inputs[0], base.id):
            continue
        node = network.node(identifier)
        assert node is not None
        tensors[identifier] = apply(built.layers[identifier],
                                    [tensors[source] for source in network.inputs_of(identifier)], node.type)
    if built.output == base.id:
        return None
    head = keras.Model(start, tensors[built.output], name="head")
    return Cut(features, head, {identifier: tensor for identifier, tensor in tensors.items() if identifier != base.id})


def fits(cut: Cut, pictures: int) -> bool:
    """Whether the features of that many pictures are small enough to keep."""
    return pictures * 4 * int(np.prod(cut.base.output_shape[1:])) <= _LARGEST_BYTES


def kept_names(cut: Cut, recipe: RecipeSpec, cache: Path) -> set[str]:
    """The content hashes of pictures whose features are in the store."""
    return stored_rows.kept_names(_folder(cache, recipe, conversion.model_digest(cut.base)), tuple(cut.base.output_shape[1:]))


def compute(cut: Cut, prepared: Prepared, project: Project, cache: Path, link: Link) -> tuple[Prepared, str]:
    """Features (float32) of all usable pictures of `prepared`, from the store if they are in it.

    Returns them with the same indices as the pictures, and the engine that computed them ("cache" if none did).
    """
    shape = tuple(cut.base.output_shape[1:])
    digest = conversion.model_digest(cut.base)
    folder = _folder(cache, project.recipe, digest)
    features = Prepared(shape, np.float32, np.full(len(prepared.rows), -1, np.int64), list(prepared.names),
                        np.empty((0, *shape), np.float32), [], list(prepared.problems))
    lock = ProjectLock(folder)
    store: Store | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if lock.acquire() is None:
            store = Store(folder, shape, "float32")
    except (OSError, sqlite3.Error):
        store = None
    try:
        engine = _fill(cut, features, prepared, store, digest, cache, link)
        if store is not None:
            features.mapped = store.mapped()
    finally:
        if store is not None:
            store.close()
        lock.release()
    return features, engine


def file_features(model: Any, paths: Sequence[Path], recipe: RecipeSpec, cache: Path, link: Link,
                  on_engine: Callable[[str], object] = lambda _name: None) -> Prepared:
    """Features (float32) of all usable files, from the store if they are in it. Unusable files are skipped. Pixels are
    not kept: of a hundred thousand photos they would take fifteen gigabytes. `on_engine` gets the name of the engine, if one
    is needed."""
    digest = conversion.model_digest(model)
    engine: inference.Engine | None = None

    def seen(pictures: np.ndarray) -> np.ndarray:
        nonlocal engine
        if engine is None:
            phase(link, "converting")
            engine = inference.engine_for(model, pictures[:4], cache, digest=digest)
            on_engine(engine.name)
            phase(link, "embedding")
        return inference.run(engine, len(pictures), lambda places: pictures[places], lambda _done: link.check())

    return cached_rows(paths, recipe, cache, _folder(cache, recipe, digest), tuple(model.output_shape[1:]), "float32", seen,
                       progress=ThrottledProgress(link), check=link.check)


def _folder(cache: Path, recipe: RecipeSpec, digest: str) -> Path:
    name = hashlib.blake2b(f"{recipe_digest(recipe)} {digest}".encode(), digest_size=16).hexdigest()
    return cache / "features" / name


def _fill(cut: Cut, features: Prepared, prepared: Prepared, store: Store | None, digest: str, cache: Path,
          link: Link) -> str:
    good = prepared.good
    first: dict[str, int] = {}
    for index in good.tolist():
        row = store.row_of(prepared.names[index]) if store is not None else None
        if row is not None:
            features.rows[index] = row
        else:
            first.setdefault(prepared.names[index], index)
    missing = np.asarray(list(first.values()), np.int64)
    name = "cache"
    if len(missing):
        phase(link, "converting")
        engine = inference.engine_for(cut.base, prepared.take(missing[:4]), cache, digest=digest)
        name = engine.name
        phase(link, "features")
        progress = ThrottledProgress(link)
        for begin in range(0, len(missing), _KEEP_EVERY):
            link.check()
            part = missing[begin:begin + _KEEP_EVERY]

            def rows(indices: np.ndarray, part: np.ndarray = part) -> np.ndarray:
                return prepared.take(part[indices])

            def on_batch(done: int, begin: int = begin) -> None:
                progress(begin + done, len(missing))

            answers = inference.run(engine, len(part), rows, on_batch)
            store = _keep(features, prepared, store, part, answers)
    for index in good.tolist():
        if features.rows[index] == -1:
            features.rows[index] = features.rows[first[prepared.names[index]]]
    return name


def _keep(features: Prepared, prepared: Prepared, store: Store | None, part: np.ndarray, answers: np.ndarray
          ) -> Store | None:
    if store is not None:
        try:
            features.rows[part] = store.add([prepared.names[index] for index in part.tolist()], list(answers))
        except (OSError, sqlite3.Error) as err:
            features.store_problem = str(reason_of(err))
        else:
            return store
    for index, answer in zip(part.tolist(), answers, strict=True):
        features.rows[index] = -2 - len(features.memory)
        features.memory.append(answer)
    return None
