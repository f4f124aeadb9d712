"""What a lesson does with a bench: settings over the defaults, kept as JSON."""

from __future__ import annotations

import json

import pytest

CASES = (("architecture", {"depth": 5, "end": "dense"}), ("optimisation", {"surface": "saddle", "steps": 100}),
         ("regularisation", {"set": "batches"}), ("tensors", {"operation": "broadcast", "other": [4]}),
         ("pipeline", {"preset": "repeat_batch"}), ("feature_maps", {"layer": "conv"}))


@pytest.mark.parametrize(("bench", "settings"), CASES)
def test_settings_go_over_the_defaults_and_survive_json(open_bench, bench, settings) -> None:
    view = open_bench(bench)
    defaults = view.settings()
    view.restore(json.loads(json.dumps(defaults)) | settings)
    shown = json.loads(json.dumps(view.settings()))
    assert bench == "feature_maps" or shown != json.loads(json.dumps(defaults))
    for name, value in settings.items():
        assert shown.get(name, value) == value
    view.restore(json.loads(json.dumps(defaults)))
    view.restore(shown)
    assert json.loads(json.dumps(view.settings())) == shown
    assert not view.picture().isNull()


@pytest.mark.parametrize("bench", [bench for bench, _settings in CASES])
def test_nonsense_is_left_out(open_bench, bench) -> None:
    view = open_bench(bench)
    before = json.loads(json.dumps(view.settings()))
    view.restore({name: {"a": [1]} for name in before} | {"unknown": 1})
    view.restore({})
    assert set(view.settings()) == set(before)
