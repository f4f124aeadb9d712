"""`cnnstudio doctor --benchmark`: every installed backend on every device."""

from __future__ import annotations

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.jobs import Benchmarked
from cnnstudio.core.system_errors import device_text
from cnnstudio.core.text import format_number, tr
from cnnstudio.workers.benchmarking import Compared, benchmark_jobs, compare, on_processor
from cnnstudio.workers.devices import this_machine


def benchmark(output: Output) -> int:
    """Measure one after the other; a backend that fails does not keep the others from being measured."""
    measured: list[Benchmarked] = []
    code = 0
    waiting = benchmark_jobs(this_machine())
    while waiting:
        job = waiting.pop(0)
        output.print_message(tr("{backend}…", "{backend}…", backend=BACKENDS[job.backend].label))

        def handle(event: events.Event) -> None:
            if isinstance(event, Benchmarked):
                measured.append(event)
                more = on_processor(event)
                waiting[:0] = [more] if more is not None else []
            elif not isinstance(event, events.Phase):
                report_progress(event, output)

        last = run_job(job, output, handle)
        code = max(code, exit_code(last, output))
        if isinstance(last, events.Stopped):
            return 1
    for row in compare(measured):
        output.line(_json(row), _text(row))
    return code


def _json(row: Compared) -> dict[str, object]:
    measured = row.measured
    return {"backend": measured.backend, "version": measured.version, "device": measured.device, "gpu": measured.gpu,
            "training": measured.training, "prediction": measured.prediction, "output_difference": row.outputs,
            "step_difference": row.step, "verdict": str(row.verdict)}


def _text(row: Compared) -> str:
    measured = row.measured
    differences = "" if row.outputs is None or row.step is None else tr(
        "; largest difference of outputs {outputs}, after a step {step}",
        "; mayor diferencia de las salidas {outputs}, tras un paso {step}", outputs=format_number(row.outputs, ".1e"),
        step=format_number(row.step, ".1e"))
    return tr("{backend} {version}, {device}: training {training}/s, prediction {prediction}/s{differences}. {verdict}",
              "{backend} {version}, {device}: entrenamiento {training}/s, predicción {prediction}/s{differences}. {verdict}",
              backend=BACKENDS[measured.backend].label, version=measured.version, device=device_text(measured.device),
              training=format_number(measured.training, ",.0f"), prediction=format_number(measured.prediction, ",.0f"),
              differences=differences, verdict=row.verdict)
