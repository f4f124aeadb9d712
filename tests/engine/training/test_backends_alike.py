"""The same specs, seed and pictures on every backend reach the same accuracy, but for chance."""

from __future__ import annotations

import json
import math

import pytest

from cnnstudio.core.events import Finished
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
    """The difference of the two shares is within the 95 % interval of no difference (pooled, normal approximation): weights are
    drawn by generators of each backend, so that these are two trainings of one kind, not one training."""
    if backend not in accuracies:
        pytest.skip(f"{backend} is not installed")
    (right, count), (others_right, others_count) = accuracies["tensorflow"], accuracies[backend]
    assert count == others_count
    share = (right + others_right) / (2 * count)
    assert abs(right - others_right) / count <= 1.96 * math.sqrt(2 * share * (1 - share) / count)
    assert min(right, others_right) / count > 0.9, "both learned"
