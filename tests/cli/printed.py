"""What a command printed."""

from __future__ import annotations

import json

import pytest


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    """The objects that --json printed."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
