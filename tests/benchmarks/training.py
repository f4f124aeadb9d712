"""Whole trainings of the course's two-convolution CNN at 224 x 224 (11.9 million weights), checkpoints of ours included:
epochs of our Train job against those of two scripts, without and with the four augmentations."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from cnnstudio.catalog.networks import network_builder
from tests.benchmarks.epoch_photos import network
from tests.benchmarks.material import STEPS, in_turn, measured, pictures, show, where_from
from tests.benchmarks.scripts import augmentation_layers, careful_data, course_data

COUNT = 1119
EPOCHS = 3


def measure(rounds: int) -> None:
    """Print the seconds of an epoch as JSON; the first of each training, in which graphs are compiled, is left out."""
    import keras
    import msgspec

    from cnnstudio.core.events import Epoch
    from cnnstudio.core.jobs import Train
    from cnnstudio.core.recipe import Step
    from cnnstudio.core.training import with_settings
    from cnnstudio.datasets.manifest import Entry, Header, write_manifest
    from cnnstudio.engine import environment
    from cnnstudio.engine.training.job import train
    from cnnstudio.network.new_project import Facts, new_project
    from cnnstudio.workers.link import Link
    from cnnstudio.workers.runs.folder import create_run

    class Clock(Link):
        """Nobody listens; the moments of the epochs are kept."""

        def __init__(self) -> None:
            super().__init__(None)  # type: ignore[arg-type]
            self.moments: list[float] = []

        def emit(self, event: Any) -> None:
            if isinstance(event, Epoch):
                self.moments.append(time.perf_counter())

    environment.set_up("auto")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        paths = pictures(root, "cats_dogs/train", COUNT, 224)
        names = sorted({path.parent.name for path in paths})
        drawing = network_builder()
        for kind, params in (("Input", {}), ("Conv2D", {"filters": 32, "activation": "relu"}), ("MaxPooling2D", {}),
                             ("Conv2D", {"filters": 64, "activation": "relu"}), ("MaxPooling2D", {}), ("Flatten", {}),
                             ("Dense", {"units": 64, "activation": "relu"}), ("Output", {})):
            drawing.add(kind, **params)
        project = new_project("benchmark", str(root), Facts(classes=tuple(names)), template="small_cnn")
        replace = msgspec.structs.replace
        project = replace(
            project, network=drawing.network(), training=with_settings(project.training, epochs=EPOCHS, callbacks=()),
            recipe=replace(project.recipe, height=224, width=224), dataset=replace(project.dataset, label_mode="int"))

        def ours(augment: bool) -> float:
            steps = msgspec.convert(STEPS if augment else [], tuple[Step, ...])
            changed = replace(project, augmentation=replace(project.augmentation, steps=steps))
            entries = [Entry(path=str(path.relative_to(root)), label=names.index(path.parent.name), split="train")
                       for path in paths]
            header = Header(root=str(root), class_names=tuple(names), label_mode="int")
            run = create_run(Path(folder), changed, lambda target: write_manifest(target, header, entries))
            clock = Clock()
            train(Train(run_folder=str(run.folder), cache=str(Path(folder) / "cache")), clock)
            return (clock.moments[-1] - clock.moments[0]) / (EPOCHS - 1)

        def script(data: Any, front: list[Any]) -> float:
            model = network([*front, keras.layers.Rescaling(1 / 255)])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            moments: list[float] = []
            clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: moments.append(time.perf_counter()))
            model.fit(data, epochs=EPOCHS, verbose=0, callbacks=[clock])
            return (moments[-1] - moments[0]) / (EPOCHS - 1)

        print(json.dumps(in_turn({
            "ours": lambda: ours(False),
            "course": lambda: script(course_data(root, 224), []),
            "careful": lambda: script(careful_data(root, 224, augment=False), []),
            "ours augmented": lambda: ours(True),
            "course augmented": lambda: script(course_data(root, 224), augmentation_layers()),
            "careful augmented": lambda: script(careful_data(root, 224, augment=True), [])}, rounds)))


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Rows of the table. Three turns: one takes several minutes."""
    found = measured("training", rounds)
    name = f"an epoch of a whole training at 224 x 224, {COUNT} pictures, checkpoints of 140 MB ({where_from()})"
    return [{"work": f"{name}{work}, against a {side} script", "ours": f"{found['ours' + kind]:.2f} s",
             "script": f"{found[side + kind]:.2f} s", "ratio": found[side + kind] / found["ours" + kind], "target": target}
            for work, kind, targets in (("", "", (">= 1", ">= 1")), (", augmented", " augmented", (">= 1.5", ">= 1.3")))
            for side, target in zip(("course", "careful"), targets, strict=True)]


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
