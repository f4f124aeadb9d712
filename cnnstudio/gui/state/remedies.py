"""Remedies for findings; each one is an undo step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cnnstudio.core import edits
from cnnstudio.core.text import Text

if TYPE_CHECKING:
    from cnnstudio.datasets.findings import Finding
    from cnnstudio.gui.state.decisions import Decisions
    from cnnstudio.gui.state.session import Session
    from cnnstudio.gui.state.trash import Trash


class Remedies(QObject):
    """Applies remedies by their id (see `catalog.findings`)."""

    def __init__(self, session: Session, decisions: Decisions, trash: Trash) -> None:
        super().__init__(session)
        self._session, self._decisions, self._trash = session, decisions, trash

    def apply(self, remedy: str, findings: Sequence[Finding]) -> bool:
        """Apply a remedy to findings of one kind; False where nothing changed."""
        if not findings:
            return False
        decisions = self._decisions
        ids = [finding.picture for finding in findings if finding.picture is not None]
        match remedy:
            case "exclude" | "keep_best":
                return decisions.exclude(ids, True)
            case "relabel":
                return decisions.relabel_each(_suggested_values(findings, "suggested"))
            case "move":
                return decisions.assign_splits(_suggested_values(findings, "split"))
            case "delete_copies":
                return self._trash.delete(ids)
            case "keep_together":
                return self._keep_together(findings)
            case "accept":
                kinds = {finding.kind for finding in findings}
                return all(decisions.accept(kind, [finding.path for finding in findings if finding.kind == kind])
                           for kind in sorted(kinds))
        return False

    def _keep_together(self, findings: Sequence[Finding]) -> bool:
        label = Text("Keep duplicates together", "Mantener juntas las duplicadas")
        near = [finding.path for finding in findings if finding.kind == "near_duplicate"]
        changed = edits.set_field(self._session.project, "dataset.splits", "keep_together", True)
        if near:
            return self._decisions.accept("near_duplicate", near, label, changed)
        return self._session.edit(lambda _project: changed, label)


def _suggested_values(findings: Sequence[Finding], name: str) -> dict[int, str]:
    """The values that the findings suggest under `name`, by the id of the picture."""
    return {finding.picture: str(finding.data[name]) for finding in findings
            if finding.picture is not None and finding.data.get(name)}
