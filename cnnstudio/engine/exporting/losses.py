"""The MeasureLosses job: which layers lose most with whole numbers of 8 bits, one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from cnnstudio.core.events import Event, Finished, Progress
from cnnstudio.core.export_jobs import Export, LayerLoss, LossesMeasured, MeasureLosses
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import inference, model_card, run_models
from cnnstudio.engine.exporting import litert_writers, quantizing
from cnnstudio.engine.exporting.layer_names import layer_types, weight_count
from cnnstudio.engine.exporting.pictures import check_pictures, training_pixels
from cnnstudio.engine.progress import phase
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

_PICTURES: Final = 64


def measure(job: MeasureLosses, link: Link) -> Event:
    """Send LossesMeasured. Raises ProblemError where libraries or pictures are missing."""
    run = RunFolder(Path(job.run_folder))
    phase(link, "loading")
    loaded = run_models.load(run.folder)
    content = litert_writers.convert(loaded.model)
    calibration = quantizing.calibrate(content, training_pixels(run, loaded.card, job.cache, link))
    types = layer_types(loaded.model)
    layers = quantizing.layers_of(content, types)
    request = Export(run_folder=job.run_folder, format="litert_int8", path="", cache=job.cache)
    with check_pictures(run, loaded.card, request, link) as pictures:
        pixels = pictures.pixels[:_PICTURES]
        wanted = _answers(content, pixels, loaded.card)
        phase(link, "measuring")
        rows = []
        for number, name in enumerate(layers, start=1):
            link.check()
            answers = _answers(quantizing.whole_numbers(content, calibration, only=name), pixels, loaded.card)
            rows.append(_loss(name, types.get(name, ""), weight_count(loaded.model, name), answers, wanted))
            link.emit(Progress(done=number, total=len(layers), unit="passes"))
        together = _loss("", "", loaded.model.count_params(),
                         _answers(quantizing.whole_numbers(content, calibration), pixels, loaded.card), wanted)
    rows.sort(key=lambda row: (-row.mean_abs_difference, row.top1_agreement))
    link.emit(LossesMeasured(run=run.id, images=len(pixels), layers=tuple(rows), together=together))
    return Finished(run=run.id)


def _answers(content: bytes, pixels: np.ndarray, card: model_card.Card) -> np.ndarray:
    """(n, classes) by the content of a LiteRT file; NaN where its interpreter fails."""
    try:
        engine = inference.LiteRTEngine(content, 2)
        return model_card.answers(engine.predict(pixels), card)
    except (RuntimeError, ValueError) as err:
        raise ProblemError(quantizing.unusable_problem(str(err))) from err


def _loss(name: str, kind: str, weights: int, answers: np.ndarray, wanted: np.ndarray) -> LayerLoss:
    same: Any = answers.argmax(axis=1) == wanted.argmax(axis=1)
    return LayerLoss(layer=name, type=kind, weights=weights, top1_agreement=float(same.mean()),
                     mean_abs_difference=float(np.abs(answers - wanted).mean()))
