"""What the view of the shortcuts shows, read in a thread. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.catalog.shortcuts import SHORTCUTS, ShortcutProbe
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.trial_jobs import ShortcutProbed
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.imaging.errors import PictureError
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.shortcuts import read_shortcuts, shortcuts_path

_TRIED = 5
"""Pictures that are tried until one can be read."""


@dataclass(frozen=True, eq=False)
class ShortcutData:
    """The kept results of a run, `outdated` where they are those of a model that was trained further since. `examples`: one
    picture uint8 (height, width, channels) as each probe sees it, and "" as it is."""

    results: tuple[ShortcutProbed, ...] = ()
    outdated: bool = False
    examples: dict[str, np.ndarray] = field(default_factory=dict)


def read_shortcut_data(run: RunFolder) -> ShortcutData:
    """The results of a run and an example."""
    results = read_shortcuts(run)
    return ShortcutData(results, outdated=not results and shortcuts_path(run).exists(), examples=_examples(run))


def _examples(run: RunFolder) -> dict[str, np.ndarray]:
    try:
        recipe = run.spec().recipe.as_dictionary()
        manifest = read_located(run.manifest_path, run.project_folder)
    except ProblemError:
        return {}
    entries = next((entries for name in ("test", "validation", "train") if (entries := manifest.split(name))), ())
    for entry in entries[:_TRIED]:
        try:
            picture = prepare_file(manifest.path(entry), recipe)
        except (PictureError, OSError):
            continue
        seen = {probe.id: view for probe in SHORTCUTS if (view := see_as(probe, picture)) is not None}
        return {"": picture, **seen}
    return {}


def see_as(probe: ShortcutProbe, picture: np.ndarray) -> np.ndarray | None:
    """The picture as a probe sees it: its view, or the mean of each channel; None where it sees no pixel."""
    if probe.view is not None:
        return np.asarray(probe.view(picture[None])[0])
    if probe.of_file:
        return None
    means = picture.reshape(-1, picture.shape[-1]).mean(axis=0)
    return np.broadcast_to(np.rint(means).astype(np.uint8), picture.shape).copy()
