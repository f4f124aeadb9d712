"""Pictures as the network gets them, together with the picture that the user knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import read_regular
from cnnstudio.imaging.placement import Placement, placement
from cnnstudio.imaging.prepare import sample_range_of
from cnnstudio.imaging.problems import picture_problem


@dataclass(frozen=True)
class EnteredPicture:
    """`pixels` uint8 of the recipe's shape; `picture` uint8 (height, width, 3), upright; where the one lies on the other."""

    path: str
    pixels: np.ndarray
    picture: np.ndarray
    placement: Placement


def read_picture(path: str, recipe: RecipeSpec) -> EnteredPicture | Problem:
    """A file prepared by the very recipe of predictions, or why it cannot be."""
    plain = recipe.as_dictionary()
    try:
        data = read_regular(path)
        pixels = prepare(data, plain)
        picture = decode(data, channels=3, background=recipe.background, sample_range=sample_range_of(plain))
    except PictureError as picture_error:
        return picture_problem(picture_error, path)
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        return error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)
    return EnteredPicture(path, pixels, picture, placement(picture.shape[0], picture.shape[1], plain))
