"""Too little memory, a loss that is no number, a graphics card that is gone: what is said and offered."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cnnstudio.core.item import Item
from cnnstudio.core.project import Project
from cnnstudio.core.training import TrainingSpec, with_settings
from cnnstudio.network.fixes import apply_fix
from cnnstudio.workers.child_problems import death_problem
from cnnstudio.workers.trouble import (
    gpu_lost_problem,
    is_disk_full,
    is_gpu_lost,
    is_out_of_memory,
    memory_problem,
    nan_problem,
)

ADAM = TrainingSpec()


@pytest.mark.parametrize("exception", [
    MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 20 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:116] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    RuntimeError("Operation received an exception:Status: 1, message: could not create a primitive, in file mkl_conv_ops.cc"),
    RuntimeError("RESOURCE_EXHAUSTED: OOM when allocating tensor"), ValueError("Unable to allocate 3.1 TiB for an array")])
def test_memory_is_recognised_by_type_or_words(exception):
    assert is_out_of_memory(exception)
    assert not is_gpu_lost(exception)


def test_a_full_disk_is_no_want_of_memory():
    exception = RuntimeError("RESOURCE_EXHAUSTED: /disk/variables.data; No space left on device")
    assert is_disk_full(exception) and not is_out_of_memory(exception)


@pytest.mark.parametrize("words", ["failed call to cuInit: CUDA_ERROR_NO_DEVICE", "CUDA error: device-side assert triggered",
                                   "Unable to determine the device handle: GPU is lost."])
def test_a_lost_card_is_recognised(words):
    assert is_gpu_lost(RuntimeError(words))
    assert not is_gpu_lost(RuntimeError("the shapes do not match"))


@pytest.mark.parametrize(("size", "accumulation", "half", "twice"), [(32, 1, 16, 2), (7, 4, 4, 8), (2, 1024, 1, 1024)])
def test_the_batch_is_halved_and_its_effect_kept(size, accumulation, half, twice):
    training = replace(ADAM, batch_size=size, accumulation=accumulation)
    problem = memory_problem(training)
    (fix,) = problem.fixes
    changed = apply_fix(replace(Project(), training=training), fix).training
    assert (changed.batch_size, changed.accumulation) == (half, twice)
    assert str(half) in problem.text.en
    assert str(half) in problem.text.es


def test_a_batch_of_one_cannot_be_halved():
    problem = memory_problem(replace(ADAM, batch_size=1))
    assert problem.fixes == ()
    assert problem.text == memory_problem(None).text


def test_a_training_that_the_system_killed_offers_the_same():
    assert death_problem(-9, None, ADAM).fixes == memory_problem(ADAM).fixes
    assert death_problem(-9, None).fixes == ()
    assert death_problem(-11, None, ADAM).fixes == (), "a crash is no want of memory"


def test_a_process_without_memory_to_report_it_says_so_in_its_log(tmp_path):
    log = tmp_path / "worker.log"
    log.write_text("Traceback (most recent call last):\n  File ...\nMemoryError\n", "utf-8")
    problem = death_problem(1, log, ADAM)
    assert problem.code == "out_of_memory"
    assert problem.fixes == memory_problem(ADAM).fixes
    log.write_text("MemoryError was handled\nValueError: no\n", "utf-8")
    assert death_problem(1, log, ADAM).code == "child_died"


def test_a_diverged_loss_offers_a_lower_rate_or_clipping():
    problem = nan_problem(ADAM, ADAM.last_stage, 2, "14", 0.001)
    assert "batch 14 of epoch 2" in problem.text.en
    assert "lote 14 de la época 2" in problem.text.es
    lower, clipped = (apply_fix(Project(), fix).training.last_stage.optimizer.params for fix in problem.fixes)
    assert lower["learning_rate"] == pytest.approx(0.0001)
    assert clipped["global_clipnorm"] == 1.0
    assert "validation" in nan_problem(ADAM, ADAM.last_stage, 2, "", 0.001).text.en


def test_a_schedule_is_lowered_in_its_own_place_and_clipping_offered_once():
    cosine = Item(type="CosineDecay", params={"initial_learning_rate": 0.5})
    training = with_settings(ADAM, schedule=cosine, optimizer=Item(type="sgd", params={"clipnorm": 1.0}))
    (fix,) = nan_problem(training, training.last_stage, 1, "1", 0.5).fixes
    changed = apply_fix(replace(Project(), training=training), fix).training
    assert changed.last_stage.schedule.params["initial_learning_rate"] == pytest.approx(0.05)


def test_without_a_card_the_processor_goes_on():
    (fix,) = gpu_lost_problem().fixes
    assert apply_fix(Project(), fix).training.device == "cpu"
