"""Videos and frames of a camera in the prediction server: the same answers as for files."""

from __future__ import annotations

import os

import cv2
import numpy as np
import pytest

from cnnstudio.core.commands import Cancel, Predict, PredictFrame, PredictVideo, ShowPrepared
from cnnstudio.core.events import Notice, Progress, Stopped
from cnnstudio.core.jobs import Answered, Prediction, Prepared, Ready, Serve
from cnnstudio.engine.prediction_server import serve
from cnnstudio.imaging.frames import open_video, sampled
from tests.engine.answers_material import ask
from tests.engine.conftest import Recorder
from tests.imaging.video_material import write_video


def request(trained, *commands, answered=None):
    """Serve these requests in this process; `answered(link, event)` may send more."""
    left = {command.request for command in commands}

    def on_event(link, event):
        if isinstance(event, Ready):
            for command in commands:
                link.command(command)
        elif isinstance(event, Answered):
            left.discard(event.request)
            if not left:
                link.request_stop()
        if answered is not None:
            answered(link, event)

    recorder = Recorder(on_event)
    run, pictures = trained
    assert isinstance(serve(Serve(model=str(run.folder), cache=str(pictures.parent / "cache")), recorder), Stopped)
    return recorder


@pytest.fixture(scope="module")
def clip(trained, tmp_path_factory):
    """A video of the pictures of all classes."""
    _run, pictures = trained
    frames = [cv2.imread(str(path)) for path in sorted(pictures.rglob("*.png"))[::2]]
    frames = [cv2.resize(frame, (64, 48), interpolation=cv2.INTER_NEAREST) for frame in frames]
    return write_video(tmp_path_factory.mktemp("clip") / "clip.avi", frames)


def test_the_frames_of_a_video_have_the_answers_of_their_pngs(trained, clip, tmp_path):
    recorder = request(trained, PredictVideo(request=1, path=str(clip), top=0))
    answers = recorder.of(Prediction)
    source = open_video(clip)
    paths = []
    for frame in sampled(source):
        paths.append(tmp_path / f"{frame.number:03d}.png")
        cv2.imwrite(str(paths[-1]), frame.pixels)
    source.close()
    assert len(answers) == len(paths) and [answer.frame for answer in answers] == list(range(len(paths)))
    assert [answer.seconds for answer in answers] == pytest.approx([number / 10 for number in range(len(paths))], abs=0.002)
    wanted = ask(trained, *paths).of(Prediction)
    assert [answer.top for answer in answers] == [answer.top for answer in wanted], "to the last digit"
    (done,) = recorder.of(Answered)
    assert done.pictures == len(paths) and not done.cancelled and done.problem is None
    assert recorder.of(Progress)[-1].done == recorder.of(Progress)[-1].total == len(paths)


def test_a_frame_of_a_camera_has_the_answer_of_its_png(trained, tmp_path):
    _run, pictures = trained
    frame = cv2.resize(cv2.imread(str(next(pictures.rglob("*.png")))), (70, 50))
    frame.tofile(tmp_path / "store")
    cv2.imwrite(str(tmp_path / "frame.png"), frame)
    recorder = request(trained, PredictFrame(request=1, store=str(tmp_path / "store"), shape=frame.shape, frame=7, seconds=1.5),
                       PredictFrame(request=2, store=str(tmp_path / "gone"), shape=frame.shape),
                       PredictFrame(request=3, store=str(tmp_path / "store"), shape=(5000, 5000, 3)))
    good, *bad = recorder.of(Prediction)
    assert (good.frame, good.seconds) == (7, 1.5)
    assert good.top == ask(trained, tmp_path / "frame.png").of(Prediction)[0].top
    assert [answer.problem.code for answer in bad] == ["bad_frame"] * 2


def test_frames_and_single_pictures_do_not_wait_for_a_folder(trained, tmp_path, monkeypatch):
    from cnnstudio.engine import inference

    monkeypatch.setattr(inference, "BATCH", 4)
    monkeypatch.setattr(inference, "_PIECE", 2)
    _run, pictures = trained
    paths = tuple(map(str, sorted(pictures.rglob("*.png"))[:40]))
    frame = np.zeros((40, 40, 3), np.uint8)
    frame.tofile(tmp_path / "store")
    recorder = request(trained, Predict(request=1, paths=paths * 5),
                       PredictFrame(request=2, store=str(tmp_path / "store"), shape=frame.shape),
                       Predict(request=3, paths=paths[:1]))
    order = [event.request for event in recorder.of(Answered)]
    assert order == [2, 3, 1]
    assert len([answer for answer in recorder.of(Prediction) if answer.request == 1]) == 200


def test_a_video_is_sampled_and_can_be_cancelled(trained, clip):
    recorder = request(trained, PredictVideo(request=1, path=str(clip), every=0.5))
    assert [answer.frame for answer in recorder.of(Prediction)] == list(range(0, 30, 5))

    def cancel(link, event):
        if isinstance(event, Prediction):
            link.command(Cancel(request=1))

    recorder = request(trained, PredictVideo(request=1, path=str(clip)), answered=cancel)
    (done,) = recorder.of(Answered)
    assert done.cancelled and 0 < done.pictures < 30


def test_what_is_no_video_and_one_that_ends_early_are_told(trained, clip, tmp_path):
    (tmp_path / "bad.mp4").write_bytes(os.urandom(3000))
    recorder = request(trained, PredictVideo(request=1, path=str(tmp_path / "bad.mp4")))
    (done,) = recorder.of(Answered)
    assert done.problem.code == "no_video" and not recorder.of(Prediction)
    data = clip.read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[:len(data) // 2])
    recorder = request(trained, PredictVideo(request=1, path=str(tmp_path / "cut.avi")))
    told = [event.problem.code for event in (*recorder.of(Notice), *recorder.of(Answered)) if event.problem is not None]
    assert told in (["video_ends_early"], ["no_video"])


def test_the_picture_as_the_network_gets_it(trained, tmp_path):
    run, pictures = trained
    path = next(pictures.rglob("*.png"))
    recorder = request(trained, ShowPrepared(request=1, path=str(path)), ShowPrepared(request=2, path=str(tmp_path / "gone")))
    good, bad = recorder.of(Prepared)
    assert good.shape == run.spec().recipe.shape and len(good.pixels) == int(np.prod(good.shape))
    assert bad.problem is not None


def test_anything_may_be_dropped(trained, tmp_path):
    """A file of three gigabytes, a pipe, a device, a folder, what is gone: each is told, and the others are answered."""
    _run, pictures = trained
    good = next(pictures.rglob("*.png"))
    with (tmp_path / "huge.jpg").open("wb") as file:
        file.truncate(3 << 30)
    with (tmp_path / "huge.png").open("wb") as file:
        file.write(good.read_bytes())
        file.truncate(3 << 30)
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    paths = [tmp_path / name for name in ("huge.jpg", "huge.png", "pipe.png", "folder.png", "gone.png")]
    answers = ask(trained, *paths, "/dev/zero", good).of(Prediction)
    assert [answer.problem is None for answer in answers] == [False] * 6 + [True]


def test_a_model_that_is_deleted_goes_on_answering(trained, tmp_path):
    import shutil

    run, pictures = trained
    copy = tmp_path / "model.keras"
    shutil.copy(run.model_path, copy)
    path = str(next(pictures.rglob("*.png")))

    def on_event(link, event):
        if isinstance(event, Ready):
            copy.unlink()
            link.command(Predict(request=1, paths=(path,)))
        elif isinstance(event, Answered):
            link.request_stop()

    recorder = Recorder(on_event)
    serve(Serve(model=str(copy), cache=str(tmp_path / "cache")), recorder)
    assert recorder.of(Prediction)[0].problem is None
