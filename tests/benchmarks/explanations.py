"""Explanations of cats and dogs: the pointing game against the centre of the picture, the sanity checks, seconds a picture.

The pointing game (Zhang et al., 2016): a method hits where the greatest value of its map lies in the box. The boxes are those
of heads, since the animal as a whole contains the centre of nearly every picture.
`python -m tests.benchmarks.explanations [PROJECT]`.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.material import SHARED, measured, show

BOXES = Path(__file__).with_suffix(".json")
CHECKED = 6
"""Pictures whose maps go through the sanity checks."""


def trained(folder: Path) -> Path:
    """A project with the frozen and then fine-tuned bundled base, trained on cats and dogs."""
    from cnnstudio import cli

    project = str(folder / "cats")
    for command in (["new", project, "--data", str(SHARED / "cats_dogs"), "--base", "efficientnet_lite0"],
                    ["plan", project, "fine_tuning"], ["train", project]):
        if cli.main([*command, "--json"]):
            raise RuntimeError(f"{command[0]} failed")
    return Path(project)


def hits(values: np.ndarray, box: list[float]) -> bool:
    """Whether the greatest value of a map of the picture lies in the box; of several the middle one of the first row."""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    across, down = (column + 0.5) / values.shape[1], (row + 0.5) / values.shape[0]
    return bool(box[0] <= across <= box[2] and box[1] <= down <= box[3])


def measure(_rounds: int, project: Path | None = None) -> None:
    """Print what was found as JSON."""
    from cnnstudio.catalog.explanations import EXPLANATIONS
    from cnnstudio.engine import environment, run_models
    from cnnstudio.engine.explaining.explain import Explainer
    from cnnstudio.engine.explaining.pictures import EnteredPicture, read_picture
    from cnnstudio.imaging import overlay
    from cnnstudio.workers.runs.folder import find_run

    environment.set_up("auto")
    with tempfile.TemporaryDirectory() as folder:
        run = find_run(project or trained(Path(folder)), None)
        explainer = Explainer(run_models.load(run.folder))
    boxes: dict[str, list[float]] = json.loads(BOXES.read_text())["boxes"]
    found: dict[str, Any] = {"centre": sum(box[0] <= 0.5 <= box[2] and box[1] <= 0.5 <= box[3] for box in boxes.values()),
                             "pictures": len(boxes)}
    for entry in EXPLANATIONS:
        layer = explainer.layer(entry, "")
        hit, seconds, similarity, better = 0, [], [], []
        for number, (name, box) in enumerate(boxes.items()):
            entered = read_picture(str(SHARED / "cats_dogs" / "test" / name), explainer.card.recipe)
            assert isinstance(entered, EnteredPicture)
            label = explainer.label(name.split("/", maxsplit=1)[0])
            begin = time.monotonic()
            answer = explainer.explain(entered.pixels, entry, layer, label, {})
            seconds.append(time.monotonic() - begin)
            hit += hits(entered.placement.lay_back(overlay.smoothed(answer.values, entry.grain)), box)
            if number % (len(boxes) // CHECKED) == 0 and entry.passes(entry.values({})) < 10:
                checks = explainer.explain(entered.pixels, entry, layer, label, {}, checked=True).checks
                assert checks is not None
                similarity.append(checks.similarity)
                better.append(checks.better_than)
        found[entry.id] = {"hits": hit, "seconds": float(np.median(seconds)),
                           "similarity": float(np.mean(similarity)) if similarity else None,
                           "better": float(np.mean(better)) if better else None}
        print(entry.id, found[entry.id], file=sys.stderr)
    print(json.dumps(found))


def run(rounds: int = 1) -> list[dict[str, Any]]:
    """Rows of the table: hits of each method against the centre."""
    if not SHARED.is_dir():
        return []
    found = measured("explanations", rounds)
    return [{"work": f"{name}: heads hit, {result['seconds']:.1f} s a picture", "ours": f"{result['hits']} of "
             f"{found['pictures']}", "script": f"{found['centre']} (the centre)", "ratio": result["hits"] / found["centre"],
             "target": "> 1"} for name, result in found.items() if isinstance(result, dict)]


def main() -> None:
    if sys.argv[1:]:
        measure(1, Path(sys.argv[1]))
    else:
        show(run())


if __name__ == "__main__":
    main()
