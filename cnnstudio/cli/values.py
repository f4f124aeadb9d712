"""How folders and lists are read, by the options of the command line."""

from __future__ import annotations

import argparse

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.project import Project
from cnnstudio.network.key_values import with_values


def reading_spec(arguments: argparse.Namespace) -> DatasetSpec:
    """How folders and lists are read, by the options of `new`, `audit` and `evaluate` and by --set; raises ProblemError."""
    values = [item for item in getattr(arguments, "values", ()) if item.startswith("dataset.")]
    spec = with_values(Project(), values).dataset
    return msgspec.structs.replace(
        spec, follow_links=spec.follow_links or getattr(arguments, "follow_links", False),
        ignore=(*spec.ignore, *(getattr(arguments, "ignore", None) or ())),
        path_columns=tuple(getattr(arguments, "path_column", None) or spec.path_columns),
        label_columns=tuple(getattr(arguments, "label_column", None) or spec.label_columns))
