"""What a training cannot go on with, as problems that say what to do: too little memory, a loss that is no number, a
graphics card that is gone."""

from __future__ import annotations

import errno
import os
from typing import Any, Final

from cnnstudio.catalog.rate_keys import rate_key, rate_of, rounded_rate, stage_place
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.core.training import Stage, TrainingSpec
from cnnstudio.workers.runs.folder import RunFolder

_MEMORY_SIGNS: Final = ("ResourceExhausted", "RESOURCE_EXHAUSTED", "out of memory", "OutOfMemory", "OOM when allocating",
                        "can't allocate memory", "not enough memory", "bad_alloc", "Unable to allocate",
                        "exception:Status: 1, message")
"""What TensorFlow, PyTorch, JAX, NumPy and oneDNN say (oneDNN's status 1 is out_of_memory, in dnnl_types.h)."""
_GPU_SIGNS: Final = ("CUDA_ERROR_NO_DEVICE", "CUDA_ERROR_DEVICE_UNAVAILABLE", "CUDA_ERROR_SYSTEM_NOT_READY",
                     "CUDA_ERROR_ILLEGAL_ADDRESS", "CUDA_ERROR_LAUNCH_FAILED", "CUDA_ERROR_NOT_INITIALIZED",
                     "no CUDA-capable device", "CUDA error: device", "CUDA-capable device(s) is/are busy or unavailable",
                     "GPU is lost", "GPU has fallen off the bus", "device kernel image is invalid")
_CLIP: Final = 1.0
_FACTOR: Final = 10.0


def is_out_of_memory(exception: BaseException) -> bool:
    """Whether there was not enough memory, by the type or the words of an exception of any backend."""
    message = f"{type(exception).__name__}: {exception}"
    return isinstance(exception, MemoryError) or (any(sign in message for sign in _MEMORY_SIGNS)
                                                  and not is_disk_full(exception))


def is_disk_full(exception: BaseException) -> bool:
    """Whether a disk was full, by the words of an exception: TensorFlow raises for it what it raises for want of memory."""
    return os.strerror(errno.ENOSPC) in str(exception) or "No space left on device" in str(exception)


def is_memory_report(log: str) -> bool:
    """Whether the end of a log says that a process died for want of memory: there may be none left to report it."""
    end = log.rstrip().rpartition("\n")[2]
    return end.startswith("MemoryError") or any(sign in end for sign in _MEMORY_SIGNS)


def is_gpu_lost(exception: BaseException) -> bool:
    """Whether the graphics card does not answer any more, by the words of the backend."""
    message = f"{type(exception).__name__}: {exception}"
    return any(sign in message for sign in _GPU_SIGNS)


def memory_fix(training: TrainingSpec) -> Fix | None:
    """Half the batch and twice the accumulation: steps of the optimizer over as many pictures as before; None for a batch
    of one picture."""
    if training.batch_size < 2:
        return None
    half, twice = (training.batch_size + 1) // 2, min(1024, training.accumulation * 2)
    label = Text("Batches of {half}, accumulation {twice}", "Lotes de {half}, acumulación {twice}")
    return Fix(action="set_values", label=label.fill(half=half, twice=twice), arguments={"values": {
        "training.batch_size": half, "training.accumulation": twice}})


def memory_problem(training: TrainingSpec | None, details: str = "") -> Problem:
    """There was not enough memory. The fix is for the settings of a training, where it was one."""
    fix = None if training is None else memory_fix(training)
    if fix is None:
        text = Text("There is not enough memory. Choose a smaller batch, smaller pictures or a smaller network. Everything "
                    "finished before that is kept.",
                    "No hay memoria suficiente. Elija un lote, unas imágenes o una red más pequeños. Todo lo terminado hasta "
                    "entonces se conserva.")
        return error("out_of_memory", text, "training", field="batch_size", details=details)
    values = fix.arguments["values"]
    text = Text("There is not enough memory for batches of {size} pictures. Batches of {half} with a gradient accumulation of "
                "{twice} make the same steps with about half the memory (batch normalisation sees the smaller batches). "
                "Everything finished before that is kept: the run can be continued with these settings.",
                "No hay memoria suficiente para lotes de {size} imágenes. Los lotes de {half} con una acumulación de "
                "gradientes de {twice} dan los mismos pasos con cerca de la mitad de la memoria (la normalización por lotes "
                "ve los lotes más pequeños). Todo lo terminado hasta entonces se conserva: el entrenamiento se puede "
                "continuar con estos ajustes.")
    return error("out_of_memory", text.fill(size=training.batch_size if training is not None else "?",
                                            half=values["training.batch_size"], twice=values["training.accumulation"]),
                 "training", field="batch_size", fixes=(fix,), details=details)


def gpu_lost_problem(details: str = "") -> Problem:
    """The graphics card does not answer any more."""
    text = Text("The graphics card no longer responds: it was removed, taken by another program or reset, or its driver "
                "failed. Everything up to the last checkpoint is kept. Check the card (cnnstudio doctor) and resume the run, "
                "or continue on the processor, which is slower.",
                "La tarjeta gráfica ya no responde: se quitó, la ocupa otro programa, se reinició o falló su controlador. Se "
                "conserva todo hasta el último punto de control. Compruebe la tarjeta (cnnstudio doctor) y reanude el "
                "entrenamiento, o continúe con el procesador, que es más lento.")
    fix = Fix(action="set_values", label=Text("Use the processor", "Usar el procesador"),
              arguments={"values": {"training.device": "cpu"}})
    return error("gpu_lost", text, "training", field="device", fixes=(fix,), details=details)


def rate_fixes(training: TrainingSpec, stage: Stage) -> tuple[Fix, ...]:
    """A tenth of the learning rate of a stage, or shorter gradients."""
    fixes = []
    key, rate = rate_key(training, stage), rate_of(stage)
    if key and rate:
        lower = rounded_rate(rate / _FACTOR)
        fixes.append(_fix(Text("Learning rate {rate:g}", "Tasa de aprendizaje {rate:g}").fill(rate=lower), {key: lower}))
    if not any(stage.optimizer.params.get(name) for name in ("clipnorm", "clipvalue", "global_clipnorm")):
        clip = f"{stage_place(training, stage)}.optimizer.global_clipnorm"
        label = Text("Clip the gradients (global_clipnorm {n})", "Recortar los gradientes (global_clipnorm {n})")
        fixes.append(_fix(label.fill(n=_CLIP), {clip: _CLIP}))
    return tuple(fixes)


def _fix(label: Text, values: dict[str, Any]) -> Fix:
    return Fix(action="set_values", label=label, arguments={"values": values})


def nan_problem(training: TrainingSpec, stage: Stage, epoch: int, batch: str, rate: float) -> Problem:
    """The loss is infinite or no number; `batch` is the number of the batch, or "a-b" where only these bounds are known, and
    "" for the pictures of the validation."""
    where = Text("in batch {batch} of epoch {epoch}", "en el lote {batch} de la época {epoch}") if batch else Text(
        "for the validation pictures after epoch {epoch}", "con las imágenes de validación tras la época {epoch}")
    text = Text("The loss became infinite or not a number {where}: the training diverged. In most cases the learning rate "
                "({rate:g}) is too high: try a tenth of it, or clip the gradients. Other possible causes are pixels that are "
                "not normalised and a last layer that does not match the loss. What was reached before is kept.",
                "La pérdida se hizo infinita o dejó de ser un número {where}: el entrenamiento divergió. En la mayoría de los "
                "casos la tasa de aprendizaje ({rate:g}) es demasiado alta: pruebe con una décima parte o recorte los "
                "gradientes. Otras causas posibles son píxeles sin normalizar y una última capa que no corresponde a la "
                "pérdida. Lo alcanzado hasta entonces se conserva.")
    return error("nan_loss", text.fill(where=where.fill(batch=batch, epoch=epoch), rate=rate), "training",
                 field="optimizer", fixes=rate_fixes(training, stage))


def training_of_job(job: JobSpec) -> TrainingSpec | None:
    """The settings of the run that a job trains; None for other jobs and damaged runs."""
    if job.run_to_lock is None:
        return None
    try:
        return RunFolder(job.run_to_lock).spec().training
    except ProblemError:
        return None
