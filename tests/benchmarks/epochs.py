"""An epoch of our training against an epoch of each of two scripts, for one network and one folder."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.material import STEPS, in_turn, pictures
from tests.benchmarks.scripts import augmentation_layers, careful_data, course_data


class _Nobody:
    """Watches nothing: what the training itself does between batches is measured in `training`."""

    def epoch_begun(self, epoch: int) -> None: ...

    def batch_done(self, batch: int, logs: Any) -> None: ...

    def epoch_done(self, epoch: int, logs: Any) -> None: ...


def measure_epochs(network: Callable[[list[Any]], Any], source: str, count: int, size: int, rounds: int) -> None:
    """Print as JSON the seconds of an epoch: ours and those of the two scripts, each without and with the augmentations.

    `network(front)` makes the model with `front` layers behind its input. Our pictures come from the store, which was
    filled before (told apart as "fill"); the course's script decodes them in every epoch, the careful one keeps them.
    """
    import keras

    from cnnstudio.catalog.augmenting import make_augmenter
    from cnnstudio.core.recipe import RecipeSpec
    from cnnstudio.engine import environment
    from cnnstudio.engine.batches import BatchSource
    from cnnstudio.engine.pixels import prepare_pictures
    from cnnstudio.engine.training.callbacks import Dispatcher
    from cnnstudio.engine.training.feed import Feed

    environment.set_up("auto")
    with tempfile.TemporaryDirectory() as folder:
        paths = pictures(Path(folder) / "data", source, count, size)
        names = sorted({path.parent.name for path in paths})
        labels = np.asarray([names.index(path.parent.name) for path in paths], np.int32)
        begin = time.perf_counter()
        prepared = prepare_pictures(paths, RecipeSpec(height=size, width=size), Path(folder) / "cache")
        fill = time.perf_counter() - begin
        layers = keras.layers

        def compiled(front: list[Any], jit: Any) -> Any:
            model = network([*front, layers.Rescaling(1 / 255)])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit)
            return model

        def ours(augment: bool) -> Callable[[], float]:
            model = compiled([], False)
            augmenter = make_augmenter(STEPS, size, size, 3) if augment else None
            batches = BatchSource(prepared.take, labels, 32, seed=1, shuffle=True, augmenter=augmenter)
            callbacks = Dispatcher({}, model, _Nobody(), 1, len(batches))
            callbacks.begin()

            def epoch() -> float:
                begin = time.perf_counter()
                model.fit(Feed(batches, epoch=1), epochs=1, verbose=0, shuffle=False, callbacks=callbacks)
                return time.perf_counter() - begin

            return epoch

        def script(data: Any, front: list[Any]) -> Callable[[], float]:
            model = compiled(front, "auto")

            def epoch() -> float:
                begin = time.perf_counter()
                model.fit(data, epochs=1, verbose=0)
                return time.perf_counter() - begin

            return epoch

        root = Path(folder) / "data"
        sides = {"ours": ours(False), "course": script(course_data(root, size), []),
                 "careful": script(careful_data(root, size, augment=False), []),
                 "ours augmented": ours(True), "course augmented": script(course_data(root, size), augmentation_layers()),
                 "careful augmented": script(careful_data(root, size, augment=True), [])}
        for side in sides.values():
            side()
        print(json.dumps(in_turn(sides, rounds) | {"fill": fill}))


def rows(name: str, count: int, found: dict[str, float]) -> list[dict[str, Any]]:
    """Rows of the table from the measured seconds."""
    def row(work: str, ours: str, script: str, target: str) -> dict[str, Any]:
        return {"work": f"epoch of {name}, {count} pictures, {work}", "ours": f"{found[ours]:.2f} s",
                "script": f"{found[script]:.2f} s", "ratio": found[script] / found[ours], "target": target}

    fill = f"store filled once before, in {found['fill']:.1f} s"
    return [row(f"against a course's script ({fill})", "ours", "course", ">= 1"),
            row("against a careful script", "ours", "careful", ">= 1"),
            row("four augmentations, against a course's script", "ours augmented", "course augmented", ">= 1.5"),
            row("four augmentations, against a careful script", "ours augmented", "careful augmented", ">= 1.3"),
            {"work": f"our epoch without against with the four augmentations, {name}",
             "ours": f"{found['ours augmented']:.2f} s", "script": f"{found['ours']:.2f} s",
             "ratio": found["ours"] / found["ours augmented"], "target": ">= 0.95"}]
