"""`cnnstudio audit`: what is wrong with a folder of pictures, one line a finding."""

from __future__ import annotations

import argparse

from cnnstudio.cli.output import Output
from cnnstudio.datasets.audit.helpers import Helpers, one_thread_for_algebra, spare


def audit(arguments: argparse.Namespace, output: Output) -> int:
    """Exit code 0 whatever was found; 2 when the folder or the words are wrong."""
    with Helpers(spare(here=True)) as beside:
        # They start while this process still imports: a sixth of a second for a user who waits.
        with one_thread_for_algebra():
            from cnnstudio.cli.run_audit import audit as audit_with

        return audit_with(arguments, output, beside)
