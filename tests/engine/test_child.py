"""The child's border: known mistakes get their mend, and the doctor's facts."""

from __future__ import annotations

import errno

import msgspec
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.events import Artifact, Finished
from cnnstudio.core.jobs import FetchBase, Report
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import TrainingSpec
from cnnstudio.engine.child import unexpected_problem
from cnnstudio.engine.doctor import diagnose
from cnnstudio.engine.weights_download import fetch_base
from tests.engine.conftest import Recorder


@pytest.mark.parametrize(("fault", "code", "field"), [
    (MemoryError(), "out_of_memory", "batch_size"),
    (RuntimeError("CUDA out of memory. Tried to allocate"), "out_of_memory", "batch_size"),
    (RuntimeError("RESOURCE_EXHAUSTED: OOM when allocating tensor"), "out_of_memory", "batch_size"),
    (ModuleNotFoundError("No module named 'jax'", name="jax"), "backend_missing", "backend"),
    (OSError(errno.ENOSPC, "full", "/x"), "no_space", None),
    (ZeroDivisionError("division by zero"), "unexpected", None),
])
def test_mistakes_are_explained(fault, code, field):
    problem = unexpected_problem(fault, "the report")
    assert (problem.code, problem.where.field, problem.details) == (code, field, "the report")
    assert problem.text.en != problem.text.es


def test_too_little_memory_for_a_training_halves_its_batch():
    problem = unexpected_problem(MemoryError(), "", TrainingSpec(batch_size=64))
    (fix,) = problem.fixes
    assert fix.arguments["values"] == {"training.batch_size": 32, "training.accumulation": 2}


def test_a_lost_card_is_told():
    assert unexpected_problem(RuntimeError("CUDA_ERROR_LAUNCH_FAILED: unspecified"), "").code == "gpu_lost"


def test_the_doctor_tells_plain_facts():
    recorder = Recorder()
    assert isinstance(diagnose(None, recorder), Finished)
    facts = recorder.of(Report)[0].facts
    assert msgspec.json.decode(msgspec.json.encode(facts)) == facts
    assert facts["backends"][facts["backend"]]
    assert facts["opencv"]["formats"][".png"]
    assert facts["cache"]["writable"]


def test_a_bundled_base_needs_no_download():
    recorder = Recorder()
    assert isinstance(fetch_base(FetchBase(base="efficientnet_lite0"), recorder), Finished)
    assert recorder.of(Artifact)[0].path.endswith(BASES["efficientnet_lite0"].weights.resource)
    with pytest.raises(ProblemError):
        fetch_base(FetchBase(base="unknown"), recorder)
