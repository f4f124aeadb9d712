"""A job and a request of a trained run, and what plain Keras answers."""

from __future__ import annotations

import cv2
import keras
import numpy as np

from cnnstudio.core.commands import Predict
from cnnstudio.core.events import Stopped
from cnnstudio.core.jobs import Answered, Ready, Serve
from cnnstudio.engine.prediction_server import serve
from tests.engine.conftest import Recorder


def job(kind, trained, **fields):
    run, pictures = trained
    return kind(run_folder=str(run.folder), cache=str(pictures.parent / "cache"), **fields)


def ask(trained, *paths, model=None, top=0):
    """Serve one request in this process."""
    recorder = Recorder(lambda link, event: link.command(Predict(request=3, paths=tuple(map(str, paths)), top=top))
                        if isinstance(event, Ready) else link.request_stop() if isinstance(event, Answered) else None)
    run, pictures = trained
    last = serve(Serve(model=str(model or run.folder), cache=str(pictures.parent / "cache")), recorder)
    assert isinstance(last, Stopped)
    return recorder


def keras_answers(run, paths):
    model = keras.saving.load_model(run.model_path)
    pixels = np.stack([cv2.imread(str(path))[..., ::-1] for path in paths]).astype(np.float32)
    return np.asarray(model.predict_on_batch(pixels))
