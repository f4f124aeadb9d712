"""Run as a program: whether a module that was just added can be imported."""

from __future__ import annotations

import importlib
import os
import sys

if __name__ == "__main__":
    importlib.import_module(sys.argv[1])
    sys.stdout.flush()
    # What a library does at the end of the interpreter is no part of the question.
    os._exit(0)
