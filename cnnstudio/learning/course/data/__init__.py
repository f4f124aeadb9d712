"""The sets of pictures of the course: the bundled digits, and pictures that the program draws by itself at first use."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.registry import Registry
from cnnstudio.learning.course.data.digits import DIGITS, FEW_DIGITS, SOME_DIGITS
from cnnstudio.learning.course.data.entry import DataSet
from cnnstudio.learning.course.data.faults import FAULTY_SHAPES
from cnnstudio.learning.course.data.shapes import SHAPES
from cnnstudio.learning.course.data.textures import TEXTURES

DATA_SETS: Final[Registry[DataSet]] = Registry("data set", (DIGITS, SOME_DIGITS, FEW_DIGITS, SHAPES, FAULTY_SHAPES, TEXTURES))
