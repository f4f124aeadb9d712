"""The RunPipeline job: what tf.data makes of the cards of the bench."""

from __future__ import annotations

from functools import partial
from io import StringIO

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.learning_jobs import PipelineRan, RunPipeline
from cnnstudio.learning.benches.pipeline.pipeline import program, to_cards
from cnnstudio.workers.link import Link


def run_pipeline(job: RunPipeline, link: Link) -> Event:
    """Do the job: a PipelineRan event with what the printed program prints, and the first line of the error that ends it."""
    import tensorflow as tf

    printed, failed = StringIO(), ""
    try:
        exec(program(to_cards(list(job.cards))), {"print": partial(print, file=printed)})  # our own text
    except (ValueError, TypeError, tf.errors.OpError) as err:
        failed = f"{type(err).__name__}: {str(err).strip().splitlines()[0]}"
    link.emit(PipelineRan(lines=tuple(printed.getvalue().splitlines()), error=failed))
    return Finished()
