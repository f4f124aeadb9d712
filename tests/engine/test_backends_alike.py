"""The same specs, seed and pictures on every backend reach the same accuracy, but for chance."""

from __future__ import annotations

import json

import pytest

from cnnstudio.core.events import Finished
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.jobs import Evaluate, Evaluated
from cnnstudio.core.training import with_settings
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.sample import write_digits
from cnnstudio.workers.job_setup import prepare_training, refresh_index
from cnnstudio.workers.supervisor import Supervisor
from tests.engine.collections_of_pictures import replace

BACKENDS = ("tensorflow", "torch", "jax")
EPOCHS = 8


@pytest.fixture(scope="module")
def accuracies(tmp_path_factory):
    """{backend: (right, of)} on the test pictures of the bundled digits, each trained in a real child."""
    folder = tmp_path_factory.mktemp("digits")
    write_digits(folder / "pictures")
    created, index = create_project(folder / "project", folder / "pictures", template="lenet5")
    project = created.project
    found = {}
    for backend in BACKENDS:
        try:
            __import__(backend)
        except ImportError:
            continue
        spec = replace(project, training=with_settings(project.training, epochs=EPOCHS, backend=backend))
        refresh_index(folder / "project", spec, index)
        index.apply(spec.dataset)
        run, job = prepare_training(folder / "project", spec, index)
        assert isinstance(Supervisor(replace(job, cache=str(folder / "cache")), lambda _event: None).run(), Finished)
        told = []
        evaluation = Evaluate(run_folder=str(run.folder), manifest=str(run.manifest_path), split="test", backend=backend,
                              table=str(folder / f"{backend}.jsonl"), cache=str(folder / "cache"))
        assert isinstance(Supervisor(evaluation, told.append).run(), Finished)
        evaluated = next(event for event in told if isinstance(event, Evaluated))
        found[backend] = (round(evaluated.accuracy * evaluated.images), evaluated.images)
    index.close()
    print(json.dumps(found))
    return found


@pytest.mark.keras
@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_accuracies_agree_within_their_intervals(accuracies, backend):
    """The accuracy of each is within the 95 % interval of the other one's, on the same test pictures."""
    if backend not in accuracies:
        pytest.skip(f"{backend} is not installed")
    (right, count), (others_right, others_count) = accuracies["tensorflow"], accuracies[backend]
    assert count == others_count
    low, high = wilson_interval(right / count, count)
    other_low, other_high = wilson_interval(others_right / others_count, others_count)
    assert low <= others_right / count <= high
    assert other_low <= right / count <= other_high
    assert right / count > 0.9, "both learned"
