"""The sample project: bundled handwritten digits, written out as an ordinary folder of pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.places import resource
from cnnstudio.core.problems import ProblemError

LICENCE_FILE = "LICENSE.txt"
"""Written last, beside the pictures that it is about."""


def write_digits(folder: Path, per_digit: int = 500) -> Path:
    """Write the 5,000 digits, or fewer, as `folder/<digit>/<number>.png` unless they are there; returns the folder.

    Each is 28 x 28 pixels, 8-bit grey, white on black. Raises ProblemError when it cannot be written.
    """
    try:
        # The licence alone is no set: who lost a picture gets it back.
        if (folder / LICENCE_FILE).exists() and sum(1 for _ in folder.glob("[0-9]/*.png")) >= 10 * per_digit:
            return folder
        with np.load(resource("sample", "digits.npz"), allow_pickle=False) as bundled:
            pictures, labels = bundled["pictures"], bundled["labels"]
        for digit in range(10):
            (folder / str(digit)).mkdir(parents=True, exist_ok=True)
        for number in np.sort(np.concatenate([np.flatnonzero(labels == digit)[:per_digit] for digit in range(10)])):
            picture, label = pictures[number], labels[number]
            _done, data = cv2.imencode(".png", picture)
            (folder / str(label) / f"{number:04d}.png").write_bytes(data.tobytes())
        (folder / LICENCE_FILE).write_text(LICENCE, encoding="utf-8")
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, folder)) from os_error
    return folder


LICENCE = """These digits are 5,000 of the MNIST database (Yann LeCun, Corinna Cortes, Christopher J.C. Burges),
made available under the Creative Commons Attribution-Share Alike 3.0 licence:
https://creativecommons.org/licenses/by-sa/3.0/
"""
