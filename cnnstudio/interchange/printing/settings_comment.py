"""The settings of a project as a comment at the end of a printed script, so that the script becomes that project again.

The network stands in the code; the comment has what code of Keras or PyTorch does not say, such as how pictures are
divided and changed. It tells whether the code was changed since.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from typing import Any, Final

import msgspec

from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.training import TrainingSpec

_HEAD: Final = "# The settings of the project, for: cnnstudio new PROJECT --from this file"
_MARK: Final = "#: "
_WIDTH: Final = 110
_LONGEST: Final = 1 << 20
"""Characters of the comment that are read."""


class PrintedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of a comment; `code` is the digest of the code before it."""

    code: str
    dataset: DatasetSpec = DatasetSpec()
    recipe: RecipeSpec = RecipeSpec()
    augmentation: AugmentationSpec = AugmentationSpec()
    training: TrainingSpec = msgspec.field(default_factory=TrainingSpec)


def with_settings_comment(code: str, project: Project) -> str:
    """The script with the settings behind it."""
    return "\n".join([code.rstrip("\n"), "", "", settings_comment(code, project)])


def settings_comment(code: str, project: Project) -> str:
    """The settings behind the code."""
    # Where the pictures are stands in their list.
    dataset = msgspec.structs.replace(project.dataset, source="", joined=(), source_classes={})
    settings = PrintedSettings(code=_digest(code), dataset=dataset, recipe=project.recipe, augmentation=project.augmentation,
                               training=project.training)
    plain = _changes(msgspec.to_builtins(settings), msgspec.to_builtins(PrintedSettings(code="")))
    text = json.dumps(plain, ensure_ascii=True, separators=(", ", ": "))
    # Lines are joined with one space again: what has two side by side stays on one line.
    lines = [text] if "  " in text else textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join([_HEAD, *(_MARK + line for line in lines)]) + "\n"


def read_settings_comment(text: str) -> tuple[PrintedSettings, bool] | None:
    """(the settings behind a printed script, whether its code is as it was printed); None if there are none, or they are
    damaged."""
    before, separator, after = text.partition(_HEAD + "\n")
    if not separator or len(after) > _LONGEST:
        return None
    lines = [line.removeprefix(_MARK) for line in after.splitlines() if line.startswith(_MARK)]
    try:
        settings = msgspec.json.decode(" ".join(lines).encode(), type=PrintedSettings)
    except (msgspec.DecodeError, RecursionError):
        return None
    return settings, settings.code == _digest(before)


def _digest(code: str) -> str:
    """Of the code without the marks that files have at their ends."""
    lines = [line.rstrip() for line in code.splitlines() if not line.startswith("# Written by CNN Studio;")]
    return hashlib.blake2b("\n".join(lines).strip().encode(), digest_size=8).hexdigest()


def _changes(value: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """What differs from the defaults."""
    result: dict[str, Any] = {}
    for name, item in value.items():
        before = usual.get(name)
        if name in usual and item == before:
            continue
        is_spec = isinstance(item, dict) and isinstance(before, dict) and item.keys() == before.keys()
        result[name] = _changes(item, before) if is_spec and before is not None else item
    return result
