"""Shapes of tensors and values of parameters, as the entries of the registries name them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Shape = tuple[int, ...]
"""Shape of one picture's tensor, without the batch: (height, width, channels) or (units,)."""
Values = Mapping[str, Any]
"""Values of an entry's parameters by name, all of them present."""
