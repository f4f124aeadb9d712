"""A dropped picture and a folder: the warm server against `model.predict` fed by the script's loader."""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from cnnstudio.catalog.bases.resolver import BUILT_IN
from tests.benchmarks.material import in_turn, measured, pictures, show, where_from

COUNT = 256


def measure(rounds: int) -> None:
    """Print seconds as JSON: one picture from its path to the answer's event, and a folder of COUNT."""
    import keras
    import numpy as np

    from cnnstudio.catalog.context import context_of
    from cnnstudio.core.commands import Predict
    from cnnstudio.engine import environment
    from cnnstudio.engine.building import build
    from cnnstudio.engine.classifiers import open_classifier
    from cnnstudio.engine.model_card import Card
    from cnnstudio.engine.models import save_model
    from cnnstudio.engine.prediction_server import Server
    from cnnstudio.network.new_project import Facts, new_project
    from cnnstudio.workers.link import Link

    class Silent(Link):
        """Nobody listens."""

        def emit(self, event: Any) -> None:
            pass

    environment.set_up("auto")
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in pictures(Path(folder) / "data", "cats_dogs/train", COUNT, 224)]
        project = new_project("benchmark", folder, Facts(classes=("cat", "dog")), base="efficientnet_lite0")
        model = build(project.network, context_of(project, 2, BUILT_IN)).model
        file = Path(folder) / "model.keras"
        save_model(model, file, Card(recipe=project.recipe, class_names=("cat", "dog"), label_mode="binary"))
        server = Server(open_classifier(file, lambda _path, _card: None, Path(folder) / "cache"), Path(folder) / "cache")
        link = Silent(None)  # type: ignore[arg-type]
        pool = ThreadPoolExecutor(4)

        def timed(work: Any) -> float:
            begin = time.perf_counter()
            work()
            return time.perf_counter() - begin

        def ours(some: list[str]) -> float:
            return timed(lambda: server.answer(Predict(request=1, paths=tuple(some)), link, pool))

        def script_one() -> None:
            picture = keras.utils.img_to_array(keras.utils.load_img(paths[0], target_size=(224, 224)))
            model.predict(np.expand_dims(picture, 0), verbose=0)

        def script_folder() -> None:
            data = keras.utils.image_dataset_from_directory(Path(folder) / "data", image_size=(224, 224),
                                                            shuffle=False, verbose=False)
            model.predict(data, verbose=0)

        sides = {"one": lambda: ours(paths[:1]), "script one": lambda: timed(script_one),
                 "folder": lambda: ours(paths), "script folder": lambda: timed(script_folder)}
        for side in sides.values():
            side()
        print(json.dumps(in_turn(sides, rounds) | {"engine": server.engine.name}))


def run(rounds: int = 7) -> list[dict[str, Any]]:
    """Rows of the table."""
    found = measured("predict", rounds)
    engine = f"EfficientNet-Lite0 through {found['engine']}, {where_from()}"
    return [
        {"work": f"a dropped picture, warm ({engine})", "ours": f"{1000 * found['one']:.0f} ms",
         "script": f"{1000 * found['script one']:.0f} ms", "ratio": found["script one"] / found["one"],
         "target": "<= 50 ms"},
        {"work": f"a folder of {COUNT} ({engine})", "ours": f"{COUNT / found['folder']:.0f} pictures/s",
         "script": f"{COUNT / found['script folder']:.0f} pictures/s",
         "ratio": found["script folder"] / found["folder"], "target": ">= 3"}]


def main() -> None:
    show(run())


if __name__ == "__main__":
    main()
