"""Where to train: this computer, or one of the clusters that the user added, with what is known of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from cnnstudio.core.clusters import Cluster, find_cluster, keep_cluster, read_clusters, remove_cluster
from cnnstudio.core.problems import Problem, ProblemError

if TYPE_CHECKING:
    from cnnstudio.gui.state.session import Session
    from cnnstudio.workers.cluster.checking import ClusterReport

HERE: Final = ""
"""The name of this computer among the places."""
_CHOICE: Final = "train_on"


class TrainingPlaces(QObject):
    """Clusters, keyring and network are asked in threads of their own, which the end of the program does not wait for."""

    changed = Signal()
    kept = Signal(object)
    """The problems of `keep`: empty where the cluster is kept."""
    _arrived = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.clusters: tuple[Cluster, ...] = ()
        self.problems: tuple[Problem, ...] = ()
        """Why the clusters cannot be read."""
        self._reports: dict[str, ClusterReport] = {}
        self._asked: set[str] = set()
        self._to_ask_again: set[str] = set()
        self._arrived.connect(lambda done: done(), Qt.ConnectionType.QueuedConnection)
        self.reload()

    def reload(self) -> None:
        """Read the clusters again."""
        try:
            self.clusters, self.problems = read_clusters(), ()
        except ProblemError as problem_error:
            self.clusters, self.problems = (), problem_error.problems
        self.changed.emit()

    # The choice ----------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """The name of the cluster that the next training goes to; "" for this computer."""
        name = str(self._session.recall(_CHOICE, HERE))
        return name if any(cluster.name == name for cluster in self.clusters) else HERE

    def choose(self, name: str) -> None:
        """Choose a place for the next training; a cluster that was not asked yet is."""
        self._session.remember(_CHOICE, name)
        if name != HERE and self.report(name) is None:
            self.check(name)
        self.changed.emit()

    def find(self, name: str) -> Cluster:
        """The cluster of that name; raises ProblemError."""
        return find_cluster(name)

    # What is known of it -------------------------------------------------------------------------

    def report(self, name: str) -> ClusterReport | None:
        """What the last check found; None where there was none."""
        return self._reports.get(name)

    def is_asked(self, name: str) -> bool:
        """Whether a check of that cluster goes on."""
        return name in self._asked

    def check(self, name: str, again: bool = False) -> None:
        """Ask a cluster in the background; `changed` follows. `again`: although a good answer is kept."""
        cluster = next((cluster for cluster in self.clusters if cluster.name == name), None)
        if cluster is None or name in self._asked:
            if again:
                # What is asked now may not know of another token.
                self._to_ask_again.add(name)
            return
        self._asked.add(name)

        def ask() -> Callable[[], None]:
            from cnnstudio.workers.cluster.checking import check_cluster

            report = check_cluster(cluster, again=again)
            return lambda: self._on_checked(cluster, report)

        self._in_thread(ask)
        self.changed.emit()

    def _on_checked(self, cluster: Cluster, report: ClusterReport) -> None:
        self._asked.discard(cluster.name)
        again = cluster.name in self._to_ask_again
        self._to_ask_again.discard(cluster.name)
        if cluster in self.clusters and not again:
            self._reports[cluster.name] = report
        elif any(other.name == cluster.name for other in self.clusters):
            # It was edited meanwhile: what was asked is another address, or with another token.
            self.check(cluster.name, again=True)
        self.changed.emit()

    # Changing ------------------------------------------------------------------------------------

    def keep(self, cluster: Cluster, token: str, before: str = "") -> None:
        """Add a cluster, or replace the one called `before`; an empty token leaves that which is kept. `kept` follows."""

        def write() -> Callable[[], None]:
            from cnnstudio.workers.cluster.tokens import file_notice, forget_token, keep_token, read_token

            problems: tuple[Problem, ...] = ()
            try:
                kept = keep_cluster(cluster)
                secret = token or (read_token(before) if before and before != kept.name else "")
                if secret and keep_token(kept.name, secret) == "file":
                    problems = (file_notice(kept.name),)
                if before and before != kept.name:
                    remove_cluster(before)
                    forget_token(before)
            except ProblemError as problem_error:
                problems = problem_error.problems
            return lambda: self._on_kept(cluster.name, before, problems)

        self._in_thread(write)

    def _on_kept(self, name: str, before: str, problems: tuple[Problem, ...]) -> None:
        chosen = self.chosen
        for known in (name, before):
            self._reports.pop(known, None)
        self.reload()
        if before and chosen == before:
            self._session.remember(_CHOICE, name)
        if not any(problem.blocks for problem in problems):
            self.check(name, again=True)
            # Such as a token that had to go into a file.
            self._session.report(*problems)
        self.kept.emit(problems)

    def remove(self, name: str) -> None:
        """Forget a cluster and its token. What it trains goes on there."""

        def forget() -> Callable[[], None]:
            from cnnstudio.workers.cluster.tokens import forget_token

            problems: tuple[Problem, ...] = ()
            try:
                remove_cluster(name)
                forget_token(name)
            except ProblemError as problem_error:
                problems = problem_error.problems
            return lambda: self._on_removed(name, problems)

        self._in_thread(forget)

    def _on_removed(self, name: str, problems: tuple[Problem, ...]) -> None:
        self._reports.pop(name, None)
        self.reload()
        self._session.report(*problems)

    # ---------------------------------------------------------------------------------------------

    def _in_thread(self, work: Callable[[], Any]) -> None:
        def run() -> None:
            done = work()
            if isValid(self):
                self._arrived.emit(done)

        threading.Thread(target=run, daemon=True, name="cluster").start()
