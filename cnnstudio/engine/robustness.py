"""The MeasureAugmentation job: how each augmentation changes the predictions, by class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnnstudio.catalog.augmenting import make_augmenter
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.events import Event, Finished, Notice
from cnnstudio.core.item import Step
from cnnstudio.core.jobs import AugmentationMeasured, Changed, MeasureAugmentation
from cnnstudio.core.messages import encode_event
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.engine import inference, model_card, models, run_models
from cnnstudio.engine.classifiers import open_classifier
from cnnstudio.engine.evaluation import measured_entries, nothing_usable_problem
from cnnstudio.engine.pixels import notices, prepare_pictures
from cnnstudio.engine.progress import ThrottledProgress, phase
from cnnstudio.evaluation.answers import predicted_classes
from cnnstudio.imaging.augment import Augmenter
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder


def measure_augmentation(job: MeasureAugmentation, link: Link) -> Event:
    """Do the job: an AugmentationMeasured event, kept in the run's folder. Raises ProblemError and StopRequested."""
    run = RunFolder(Path(job.run_folder))
    cache = Path(job.cache) if job.cache else cache_folder()
    phase(link, "loading")
    path = run_models.file_of(run.folder)
    card = model_card.read_card(path) or models.load(path).card
    manifest = read_located(run.manifest_path, run.project_folder)
    entries = measured_entries(manifest, job.split, card.class_names)
    # Spread evenly over the list, which is sorted by class.
    entries = [entries[number] for number in np.linspace(0, len(entries) - 1, min(job.most, len(entries))).astype(int)]
    link.check()
    phase(link, "preparing")
    recipe = card.recipe
    prepared = prepare_pictures([manifest.path(entry) for entry in entries], recipe, cache, progress=ThrottledProgress(link),
                                check=link.check)
    for problem in notices(prepared):
        link.emit(Notice(problem=problem))
    good = prepared.good
    if not len(good):
        raise ProblemError(nothing_usable_problem(job.split, manifest))
    labels = np.asarray([entries[index].label for index in good.tolist()])
    engine = open_classifier(path, lambda _path, _card: prepared.take(good[:8]), cache,
                             on_converting=lambda: phase(link, "converting")).engine
    phase(link, "evaluating")
    progress, total = ThrottledProgress(link), len(good) * (1 + job.draws * len(job.steps))
    done = 0

    def answers(rows: Any) -> np.ndarray:
        nonlocal done

        def on_batch(count: int) -> None:
            link.check()
            progress(done + count, total)

        outputs = inference.run(engine, len(good), rows, on_batch)
        done += len(good)
        return predicted_classes(model_card.probabilities(outputs, card.label_mode))

    plain = answers(lambda places: prepared.take(good[places]))
    rows: list[Changed] = []
    for step in job.steps:
        augmenter = make_augmenter([_always(step)], recipe.height, recipe.width, recipe.channels)
        drawn = []
        for epoch in range(1, job.draws + 1):
            def changed(places: np.ndarray, epoch: int = epoch, augmenter: Augmenter = augmenter) -> np.ndarray:
                return augmenter(prepared.take(good[places]), augmenter.draw(0, epoch, places))

            drawn.append(answers(changed))
        rows += compare(step, labels, plain, np.stack(drawn), card.class_names)
    rows.sort(key=lambda row: row.changed - row.plain)
    event = AugmentationMeasured(run=run.id, split=job.split, rows=tuple(rows), engine=engine.name)
    write_atomically(run.augmentation_path, encode_event(event))
    link.emit(event)
    return Finished(run=run.id)


def _always(step: Step) -> dict[str, Any]:
    """The step in its plain form, with probability 1."""
    plain: dict[str, Any] = msgspec.to_builtins(step)
    return {**plain, "enabled": True, "params": {**plain["params"], "probability": 1.0}}


def compare(step: Step, labels: np.ndarray, plain: np.ndarray, changed: np.ndarray, names: tuple[str, ...]
            ) -> list[Changed]:
    """A row for each class that has pictures: `labels` and `plain` (n,), `changed` (draws, n) are class numbers."""
    rows = []
    for number, name in enumerate(names):
        own = labels == number
        if not own.any():
            continue
        answers = changed[:, own]
        counts = np.bincount(answers.ravel(), minlength=len(names))
        wrong = np.where(np.arange(len(names)) == number, 0, counts)
        called = int(wrong.argmax())
        rows.append(Changed(
            step=step.id, type=step.type, class_name=name, pictures=int(own.sum()), draws=len(changed),
            plain=float((plain[own] == number).mean()), changed=float((answers == number).mean()),
            called=names[called] if wrong[called] else "", called_share=float(wrong[called] / answers.size)))
    return rows
