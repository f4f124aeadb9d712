"""What is said of devices and backends, by computers that are made up."""

from __future__ import annotations

import psutil
import pytest

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.core.jobs import Benchmarked, Diagnose
from cnnstudio.workers import devices, telemetry
from cnnstudio.workers.benchmarking import benchmark_jobs, compare, on_processor
from cnnstudio.workers.devices import Card, Machine, plugged_cards, this_machine, why_unused
from cnnstudio.workers.gpu import Computer
from cnnstudio.workers.supervisor import Supervisor

LINUX, WINDOWS = Computer("linux", "x86_64", "/usr/bin/nvidia-smi"), Computer("win32", "amd64", "nvcuda.dll")
MAC = Computer("darwin", "arm64")
CARD = Card("NVIDIA", "NVIDIA T4", 15_000)
ALL = {"tensorflow": "2.21.0", "torch": "2.13.0", "jax": "0.10.2"}


def machine(computer=LINUX, cards=(CARD,), backends=ALL, with_gpu=()):
    return Machine(computer, tuple(cards), backends, frozenset(with_gpu))


@pytest.mark.parametrize(("found", "backend", "code", "words"), [
    (machine(), "tensorflow", "gpu_libraries", "doctor --install-gpu"),
    (machine(), "torch", "gpu_libraries", 'pip install "torch"'),
    (machine(), "jax", "gpu_libraries", "jax[cuda13]"),
    (machine(with_gpu=["tensorflow"]), "tensorflow", None, ""),
    (machine(Computer("linux", "x86_64"), [Card("NVIDIA")]), "tensorflow", "gpu_driver", "driver"),
    (machine(WINDOWS), "tensorflow", "gpu_native_windows", "PyTorch"),
    (machine(WINDOWS), "torch", "gpu_libraries", "doctor --install-gpu"),
    (machine(WINDOWS, with_gpu=["torch"]), "torch", None, ""),
    (machine(MAC, [Card("Apple", "Apple GPU")]), "tensorflow", "gpu_other_backend", "Metal"),
    (machine(MAC, [Card("Apple", "Apple GPU")]), "torch", None, ""),
    (machine(Computer("linux", "x86_64"), [Card("AMD")]), "torch", "gpu_maker", "NVIDIA"),
    (machine(cards=[]), "tensorflow", None, ""),
    (machine(backends={"tensorflow": "2.21.0"}), "jax", None, "")])
def test_why_a_card_is_not_used_and_what_mends_it(found, backend, code, words):
    problem = why_unused(found, BACKENDS[backend])
    assert (None if problem is None else problem.code) == code
    if problem is not None:
        assert words in problem.text.en and problem.text.es != problem.text.en
        assert found.cards[0].title in problem.text.es
        assert bool(problem.fixes) is ("--install-gpu" in problem.text.en and code == "gpu_libraries")


def test_cards_that_are_plugged_in_without_a_driver(tmp_path):
    for name, kind, vendor in (("0", "0x030000", "0x10de"), ("1", "0x020000", "0x10de"), ("2", "0x030200", "0x1002"),
                               ("3", "0x030000", "0x1234")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "class").write_text(f"{kind}\n")
        (tmp_path / name / "vendor").write_text(f"{vendor}\n")
    (tmp_path / "4").mkdir()
    assert [card.maker for card in plugged_cards(tmp_path)] == ["NVIDIA", "AMD"]
    assert plugged_cards(tmp_path / "absent") == ()


@pytest.mark.parametrize(("backend", "version", "packages", "expected"), [
    ("torch", "2.13.0+cpu", ["nvidia-cudnn-cu13"], False), ("torch", "2.13.0+cu130", [], True),
    ("torch", "2.13.0", ["nvidia-cudnn-cu13"], True), ("torch", "2.13.0", [], False),
    ("torch", "", ["nvidia-cudnn-cu13"], False),
    ("tensorflow", "2.21.0", ["nvidia-cudnn-cu12"], True), ("jax", "0.10.2", ["nvidia-cudnn-cu12"], False),
    ("jax", "0.10.2", ["jax-cuda12-plugin"], True)])
def test_a_build_for_a_card_is_known_by_its_packages(monkeypatch, backend, version, packages, expected):
    def installed(name):
        if name not in packages:
            raise devices.metadata.PackageNotFoundError
        return "1"

    monkeypatch.setattr(devices.metadata, "version", installed)
    assert devices._has_gpu_build(BACKENDS[backend], version) is expected


def test_this_machine_is_looked_at_without_importing_what_computes():
    found = this_machine()
    assert set(found.backends) == set(BACKENDS.ids())
    assert isinstance(found.with_gpu, frozenset)


def measured(backend="tensorflow", gpu=False, outputs=(0.5, 0.25), step=(1.0,)):
    return Benchmarked(backend=backend, version="1", device="GPU: T4" if gpu else "CPU: 2 cores", gpu=gpu, training=10.0,
                       prediction=20.0, outputs=outputs, step=step)


def test_every_installed_backend_is_measured_and_a_card_gets_the_processor_beside_it():
    jobs = benchmark_jobs(machine(backends={"tensorflow": "2", "torch": "", "jax": "1"}))
    assert [(job.backend, job.device) for job in jobs] == [("tensorflow", "auto"), ("jax", "auto")]
    assert on_processor(measured()) is None
    more = on_processor(measured("torch", gpu=True))
    assert (more.backend, more.device) == ("torch", "cpu")


@pytest.mark.parametrize(("other", "word"), [
    (measured("torch", outputs=(0.50001, 0.25)), "only rounding"),
    (measured("torch", step=(1.001,)), "roughly"),
    (measured("torch", outputs=(0.7, 0.25)), "do not trust"),
    (measured("torch", outputs=(float("nan"), 0.25)), "do not trust"),
    (measured("torch", outputs=(0.5,)), "do not trust")])
def test_numbers_are_judged_in_words(other, word):
    first, second = compare([measured(), other])
    assert first.outputs is None and word in second.verdict.en
    assert compare([]) == []


def test_the_memory_of_a_card_is_free_when_a_run_ends():
    """A driver frees what a process held as soon as that process ends: none is left of a job that has ended, however."""
    for target in ("good", "dies", "killed"):
        supervisor = Supervisor(Diagnose(), lambda _event: None, target=f"tests.workers.children:{target}")
        supervisor.run()
        assert supervisor.pid is not None and not psutil.pid_exists(supervisor.pid), target


@pytest.mark.skipif(not telemetry.gpu_loads(), reason="no GPU by NVIDIA")
@pytest.mark.nightly
@pytest.mark.keras
def test_a_real_card_has_its_memory_back():
    from cnnstudio.core.jobs import Benchmark

    before = telemetry.gpu_loads()[0].memory_mb
    for _ in range(3):
        Supervisor(Benchmark(seconds=1.0), lambda _event: None).run()
    assert telemetry.gpu_loads()[0].memory_mb < before + 50
