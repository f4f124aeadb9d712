"""`cnnstudio audit`: findings about a folder of pictures, one on each line."""

from __future__ import annotations

import argparse

from cnnstudio.cli.output import Output
from cnnstudio.datasets.audit.helpers import Helpers, one_thread_for_algebra, spare


def audit(arguments: argparse.Namespace, output: Output) -> int:
    """Exit code 0, with or without findings; 2 if the folder or the arguments are wrong."""
    with Helpers(spare(here=True)) as beside:
        # They start while this process still imports, which saves a sixth of a second.
        with one_thread_for_algebra():
            from cnnstudio.cli.run_audit import audit as audit_with

        return audit_with(arguments, output, beside)
