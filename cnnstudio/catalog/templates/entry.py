"""What one entry of the gallery of architectures declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """An architecture that opens as an editable graph and ends in an Output that follows the classes.

    `recipe` and `training` are the fields of the specs it was made for; `adapts` says that the size
    of the pictures may follow the collection.
    """

    id: str
    label: Text
    help: Text
    source: str
    year: int
    network: Callable[[], NetworkSpec]
    recipe: dict[str, Any] = {}
    training: dict[str, Any] = {}
    adapts: bool = False
