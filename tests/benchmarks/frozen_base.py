"""A frozen EfficientNet-Lite0 with a head, ten epochs: our Train job against the script that runs the
whole network in every epoch. The first time, and with the features kept from before."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from cnnstudio.catalog.bases.resolver import BUILT_IN
from tests.benchmarks.material import in_turn, measured, pictures, show, where_from

COUNT = 1119
EPOCHS = 10


def measure(rounds: int) -> None:
    """Print the seconds as JSON. The script's ten epochs are ten times the median of one."""
    import keras
    import msgspec

    from cnnstudio.catalog.context import context_of
    from cnnstudio.core.jobs import Train
    from cnnstudio.core.training import with_settings
    from cnnstudio.datasets.manifest import Entry, Header, write_manifest
    from cnnstudio.engine import environment
    from cnnstudio.engine.building import build
    from cnnstudio.engine.training.job import train
    from cnnstudio.network.new_project import Facts, new_project
    from cnnstudio.workers.link import Link
    from cnnstudio.workers.runs.folder import create_run

    class Silent(Link):
        """Nobody listens."""

        def emit(self, event: Any) -> None:
            pass

    environment.set_up("auto")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data"
        paths = pictures(root, "cats_dogs/train", COUNT, 224)
        names = sorted({path.parent.name for path in paths})
        project = new_project("benchmark", str(root), Facts(classes=tuple(names)), base="efficientnet_lite0")
        project = msgspec.structs.replace(project, training=with_settings(project.training, epochs=EPOCHS, callbacks=()))

        def ours(cache: Path) -> float:
            entries = [Entry(path=str(path.relative_to(root)), label=names.index(path.parent.name), split="train")
                       for path in paths]
            header = Header(root=str(root), class_names=tuple(names), label_mode=project.dataset.label_mode)
            run = create_run(Path(folder), project, lambda target: write_manifest(target, header, entries))
            begin = time.perf_counter()
            train(Train(run_folder=str(run.folder), cache=str(cache)), Silent(None))  # type: ignore[arg-type]
            return time.perf_counter() - begin

        context = context_of(project, len(names), BUILT_IN)
        model = build(project.network, context).model
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        data = keras.utils.image_dataset_from_directory(root, image_size=(224, 224), batch_size=32, seed=1,
                                                        label_mode="binary", verbose=False)

        def script() -> float:
            begin = time.perf_counter()
            model.fit(data, epochs=1, verbose=0)
            return time.perf_counter() - begin

        found = {"first": [], "kept": [], "script": []}  # type: dict[str, list[float]]
        for number in range(rounds):
            cache = Path(folder) / f"cache{number}"
            times = in_turn({"first": lambda cache=cache: ours(cache), "kept": lambda cache=cache: ours(cache),
                             "script": script}, 1)
            for name, seconds in times.items():
                found[name].append(seconds)
        print(json.dumps({name: statistics.median(each) for name, each in found.items()}))


def run(rounds: int = 3) -> list[dict[str, Any]]:
    """Rows of the table. Three turns: one takes a minute."""
    found = measured("frozen_base", rounds)
    script = EPOCHS * found["script"]
    work = f"frozen EfficientNet-Lite0, {COUNT} photos at 224 x 224, {EPOCHS} epochs ({where_from()})"
    return [
        {"work": f"{work}, the first time", "ours": f"{found['first']:.1f} s", "script": f"{script:.0f} s",
         "ratio": script / found["first"], "target": ">= 15"},
        {"work": f"{work}, features kept", "ours": f"{found['kept']:.1f} s", "script": f"{script:.0f} s",
         "ratio": script / found["kept"], "target": ">= 40"}]


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
