"""Whole trainings of the course's two-convolution CNN at 224 x 224 (11.9 million weights), checkpoints and all: epochs of
our Train job against those of the script."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from cnnstudio.catalog.networks import network_builder
from tests.benchmarks.epoch_photos import network
from tests.benchmarks.material import in_turn, measured, pictures, show, where_from

COUNT = 320
EPOCHS = 4


def measure(rounds: int) -> None:
    """Print the seconds of an epoch as JSON; the first of each training, in which graphs are compiled, is left out."""
    import keras
    import msgspec

    from cnnstudio.core.events import Epoch
    from cnnstudio.core.jobs import Train
    from cnnstudio.core.training import with_settings
    from cnnstudio.datasets.manifest import Entry, Header, write_manifest
    from cnnstudio.engine import environment
    from cnnstudio.engine.training import train
    from cnnstudio.network.new_project import Facts, new_project
    from cnnstudio.workers.link import Link
    from cnnstudio.workers.runs import create_run

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
            augmentation=replace(project.augmentation, steps=()),
            recipe=replace(project.recipe, height=224, width=224), dataset=replace(project.dataset, label_mode="int"))

        def ours() -> float:
            entries = [Entry(path=str(path.relative_to(root)), label=names.index(path.parent.name), split="train")
                       for path in paths]
            header = Header(root=str(root), class_names=tuple(names), label_mode="int")
            run = create_run(Path(folder), project, lambda target: write_manifest(target, header, entries))
            clock = Clock()
            train(Train(run_folder=str(run.folder), cache=str(Path(folder) / "cache")), clock)
            return (clock.moments[-1] - clock.moments[0]) / (EPOCHS - 1)

        data = keras.utils.image_dataset_from_directory(root, image_size=(224, 224), batch_size=32, seed=1, verbose=False)

        def script() -> float:
            model = network([keras.layers.Rescaling(1 / 255)])
            model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
            moments: list[float] = []
            each = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: moments.append(time.perf_counter()))
            model.fit(data, epochs=EPOCHS, verbose=0, callbacks=[each])
            return (moments[-1] - moments[0]) / (EPOCHS - 1)

        print(json.dumps(in_turn({"ours": ours, "script": script}, rounds)))


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Rows of the table."""
    found = measured("training", rounds)
    return [{"work": f"an epoch of a whole training at 224 x 224, {COUNT} pictures, checkpoints of 140 MB ({where_from()})",
             "ours": f"{found['ours']:.2f} s", "script": f"{found['script']:.2f} s",
             "ratio": found["script"] / found["ours"], "target": ">= 1"}]


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
