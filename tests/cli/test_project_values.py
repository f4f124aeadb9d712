"""Values in a project's file that are out of their range: every command answers with Problems."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cnnstudio import cli
from cnnstudio.core.files import PROJECT_FILE

VALUES = [
    {"training": {"batch_size": 0}}, {"recipe": {"height": 0}}, {"recipe": {"height": -5, "width": 10**18}},
    {"dataset": {"splits": {"validation": -1.0, "test": 1e308}}}, {"training": {"stages": []}},
    {"recipe": {"steps": [{"id": "a", "type": "gaussian_blur", "params": {"sigma": "x"}}]}},
    {"network": {"nodes": [], "edges": []}}, {"dataset": {"label_mode": "zz"}},
]


@pytest.mark.parametrize("change", VALUES, ids=str)
def test_values_out_of_range_are_problems(project, change, capsys):
    path = Path(project) / PROJECT_FILE
    raw = json.loads(path.read_text())
    for name, values in change.items():
        raw[name] = raw[name] | values
    path.write_text(json.dumps(raw))
    for command in (["check"], ["code"], ["code", "--framework", "torch"], ["code", "--whole"],
                    ["code", "--whole", "--framework", "torch"], ["show"], ["set", "name=x"]):
        code = cli.main([command[0], project, *command[1:]])
        written = capsys.readouterr()
        assert code in (0, 2)
        assert code == 0 or "error" in written.err
        if command == ["check"]:
            assert code == 2
