"""The choices of the user for explanations, remembered over pictures, pages and starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.explanations import EXPLANATIONS, GRADCAM
from cnnstudio.core.params import check
from cnnstudio.gui.pages.explanation.maps import MapLook
from cnnstudio.gui.state.session import Session

_NAME: Final = "explanation"


class ExplanationMemory:
    """Method, parameters of each method, and look."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def _plain(self) -> dict[str, Any]:
        plain = self._session.recall(_NAME, {})
        return dict(plain) if isinstance(plain, dict) else {}

    def _keep(self, **values: Any) -> None:
        self._session.remember(_NAME, self._plain() | values)

    @property
    def method(self) -> str:
        """The method that was chosen last."""
        method = self._plain().get("method")
        return str(method) if method in EXPLANATIONS else GRADCAM.id

    @method.setter
    def method(self, value: str) -> None:
        self._keep(method=value)

    def params(self, method: str) -> dict[str, Any]:
        """The parameters of a method; the defaults where what is remembered is not allowed."""
        entry = EXPLANATIONS[method]
        kept = self._plain().get("params", {})
        values = kept.get(method, {}) if isinstance(kept, dict) else {}
        return entry.values(values) if isinstance(values, dict) and not check(entry.params, values, "run") else entry.values({})

    def keep_params(self, method: str, values: Mapping[str, Any]) -> None:
        """Remember the parameters of a method."""
        kept = self._plain().get("params", {})
        self._keep(params=(kept if isinstance(kept, dict) else {}) | {method: dict(values)})

    @property
    def look(self) -> MapLook:
        """How maps are drawn."""
        return MapLook.from_plain(self._plain())

    def keep_look(self, look: MapLook) -> None:
        """Remember how maps are drawn."""
        self._keep(**look.as_plain())
