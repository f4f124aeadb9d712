"""Commands whose children are threads of this process."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from cnnstudio.workers.link import Link
from cnnstudio.workers.supervisor import Supervisor
from tests.engine.commands.threads import ThreadChild


@pytest.fixture(autouse=True, scope="package")
def children_are_threads():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(Supervisor.__init__.__kwdefaults__, "transport", ThreadChild)
        # Signals are for the main thread, and this process does not end with the job.
        patch.setattr("cnnstudio.engine.child.signal", SimpleNamespace(SIGTERM=0, signal=lambda *_: None))
        patch.setattr(Link, "_leave_soon", lambda _link: None)
        yield
