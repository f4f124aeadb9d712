"""A user's trained model as a base: the layers read from its file, and where it can be truncated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cnnstudio.catalog.bases import Base
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.interchange.own_base.truncation import up_to

if TYPE_CHECKING:
    from cnnstudio.interchange.foreign import LayerOrigin


def own_model(base: Base) -> OwnModel:
    """The model of a custom base."""
    assert isinstance(base.own, OwnModel), base.id
    return base.own


@dataclass(frozen=True, eq=False)
class OwnModel:
    """`file` is its path in the project ("bases/<name>-<digest>.keras", or .h5), `path` where that is now, `bytes` its size.

    `network` are its layers up to the last of `ends`, the scaling that the user chose included; `end` is where it
    ends by default. `scaling` is the user's choice; with `scales` the model scales pixels itself.
    `flattened`: behind `end` the model flattened its maps rather than averaging them. `recipe` and `classes` are what
    those of its pictures, if the file comes from this program.
    """

    file: str
    path: str
    digest: str
    bytes: int
    network: NetworkSpec
    end: str
    ends: tuple[str, ...]
    block_of: Mapping[str, str]
    origins: Mapping[str, LayerOrigin]
    scaling: str = "none"
    scales: bool = False
    flattened: bool = False
    recipe: RecipeSpec | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[Text, ...] = ()
    _cut: dict[str, NetworkSpec] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the file without its digest."""
        return self.file.removeprefix("bases/").rpartition("-")[0]

    @property
    def blocks(self) -> tuple[str, ...]:
        """All blocks where the freeze line can be, also those behind `end`."""
        return tuple(name for name in dict.fromkeys(self.block_of.values()) if name)

    def until(self, ends_at: str = "all") -> NetworkSpec:
        """The layers up to that one."""
        end = self.end if ends_at == "all" else ends_at
        if end not in self._cut:
            self._cut[end] = up_to(self.network, end)
        return self._cut[end]

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of its node that differ from the defaults."""
        result: dict[str, Any] = {"base": "own", "file": self.file}
        if self.scaling != "none":
            result["scaling"] = self.scaling
        return result | ({"pooling": "none"} if self.flattened else {})
