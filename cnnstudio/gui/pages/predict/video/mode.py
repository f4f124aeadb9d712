"""A video with its answers: streamed as they come, over the time of the video, and in segments."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from cnnstudio.core.jobs import Answered, Prediction
from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.segments import FrameAnswer, Segment, segments_of
from cnnstudio.gui.pages.file_dialogs import ask_files
from cnnstudio.gui.pages.predict.answers import answer_of_frame, format_note
from cnnstudio.gui.pages.predict.files import save_frame
from cnnstudio.gui.pages.predict.models import Models
from cnnstudio.gui.pages.predict.video.reading import FrameReader, Opened, Shown, look_at, suggested_step
from cnnstudio.gui.pages.predict.video.saving import VideoAnswers, ask_frames_path, ask_segments_path
from cnnstudio.gui.pages.predict.video.view import VideoView
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.prediction_server import PredictionServer
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.formatting import engine_help
from cnnstudio.workers.compact_answers import AnswerPacker

_SEGMENTS_SECONDS: Final = 0.5


class VideoMode(QObject):
    """`kept(Answer)` when a frame goes to the pictures."""

    kept = Signal(object)

    def __init__(self, session: Session, server: PredictionServer, models: Models, state: Callable[[], dict[str, Any]],
                 color_of: Callable[[str], QColor], parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._server, self._models, self._state = session, server, models, state
        self._request = 0
        self._opened: Opened | None = None
        self._every = 0.0
        self.answers = VideoAnswers()
        self._place = -1
        self._shown: Shown | None = None
        self._segmented = 0.0
        server.predicted.connect(self._on_predicted)
        server.answered.connect(self._on_answered)
        server.dropped.connect(self._on_dropped)
        self._looking = Latest(session.jobs, "video-look", look_at, self)
        self._looking.answered.connect(self._on_looked)
        self._reader = FrameReader()
        self._loading = Latest(session.jobs, "video-frame", self._reader.read, self)
        self._loading.answered.connect(self._on_loaded)
        self.widget: VideoView = VideoView(color_of)
        view = self.widget
        view.open_requested.connect(self.ask_video)
        view.dropped.connect(self._on_dropped_paths)
        view.every_chosen.connect(self.answer)
        view.cancel_requested.connect(self.cancel)
        view.clear_requested.connect(self.clear)
        view.frames_requested.connect(self._save_frames)
        view.segments_requested.connect(self._save_segments)
        view.keep_requested.connect(self._keep)
        view.timeline.seeked.connect(self.show_frame)
        view.segment_chosen.connect(self._on_segment_chosen)

    def close(self) -> None:
        """Stop the threads; the page will be deleted."""
        self.cancel()
        self.widget.timeline.stop()
        for part in (self._looking, self._loading):
            part.close()
        self._reader.close()

    # What comes in -------------------------------------------------------------------------------

    def ask_video(self) -> None:
        """Ask the user for a video."""
        from cnnstudio.imaging.video_names import ANIMATION_SUFFIXES, VIDEO_SUFFIXES

        kinds = " ".join(f"*{suffix}" for suffix in sorted(VIDEO_SUFFIXES | ANIMATION_SUFFIXES))
        paths = ask_files(self._session, self.widget.window(), tr("Open a video", "Abrir un vídeo"),
                          tr("Videos", "Vídeos") + f" ({kinds})")
        if paths:
            self.open(paths[0])

    def _on_dropped_paths(self, paths: list[str]) -> None:
        self.open(paths[0])

    def open(self, path: str) -> None:
        """Show a video and let the model answer its frames."""
        self.cancel()
        self._opened = None
        self.answers = VideoAnswers()
        self.widget.show_opening(path)
        self._looking.ask(path)

    def clear(self) -> None:
        """Close the video."""
        self.cancel()
        self._opened, self._place, self._shown = None, -1, None
        self.answers = VideoAnswers()
        self.widget.show_nothing()

    def _on_looked(self, path: str, opened: Opened | Failure) -> None:
        if isinstance(opened, Failure) or opened.info is None:
            self.widget.show_failure(path, opened.text if isinstance(opened, Failure) else opened.failure)
            return
        self._opened = opened
        self.answer(suggested_step(opened.info))

    # Answers -------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether answers are still expected."""
        return self._request != 0

    def answer(self, every: float) -> None:
        """Let the model answer the video again, one frame every so many seconds (0: every frame)."""
        opened = self._opened
        if opened is None or opened.info is None:
            return
        self.cancel()
        self._every = every
        self.answers = VideoAnswers()
        self._place, self._shown = -1, None
        self._models.serve(self._server)
        self.widget.show_video(opened, every, tuple(self._state().get("names", ())))
        if self._server.running:
            self._request = self._server.ask_video(opened.path, every)
        self.widget.show_progress(0, self._expected(), busy=self.busy)
        self._loading.ask((opened.path, 0.0))

    def follow_model(self) -> None:
        """Another model answers from now on."""
        self.answer(self._every)

    def cancel(self) -> None:
        """Expect no more answers; those that came stay."""
        request, self._request = self._request, 0
        if request:
            self._server.cancel(request)
            self._show_end("")

    def _expected(self) -> int:
        info = self._opened.info if self._opened is not None else None
        if info is None or info.frames is None:
            return 0
        return info.frames if self._every <= 0 else max(1, round((info.seconds or 0.0) / self._every))

    def _on_predicted(self, event: Prediction) -> None:
        if not self._request or event.request != self._request or event.seconds is None:
            return
        ready = self._server.ready
        if self.answers.packer is None and ready is not None:
            self.answers.packer = AnswerPacker(ready.class_names)
            self.widget.timeline.clear(ready.class_names, self._length())
        self.answers.add(event, self._server.rejection)
        self.widget.timeline.add(event.seconds, event.top)
        if self._place < 0:
            self.show_frame(0)
        now = time.monotonic()
        if now - self._segmented > _SEGMENTS_SECONDS:
            self._segmented = now
            self._show_segments()
            self.widget.show_progress(len(self.answers), self._expected(), busy=True)

    def _length(self) -> float:
        info = self._opened.info if self._opened is not None else None
        return (info.seconds or 0.0) if info is not None else 0.0

    def _on_answered(self, event: Answered) -> None:
        if not self._request or event.request != self._request:
            return
        self._request = 0
        if event.problem is not None and not len(self.answers):
            assert self._opened is not None
            self.widget.show_failure(self._opened.path, str(event.problem.text))
            return
        if event.problem is not None:
            self._session.report(event.problem)
        self._show_end(format_note(event), engine_help(event.engine))

    def _on_dropped(self, number: int) -> None:
        if number == self._request:
            self._request = 0
            self._show_end("")

    def _show_end(self, note: str, tooltip: str = "") -> None:
        self._show_segments()
        self.widget.show_progress(len(self.answers), len(self.answers), busy=False, note=note, tooltip=tooltip)

    def _show_segments(self) -> None:
        self.widget.show_segments(self.segments())

    def segments(self) -> list[Segment]:
        """The stretches of the video with the same answer."""
        answers = (FrameAnswer(seconds, answer.best.label if answer.best is not None else "",
                               answer.best.probability if answer.best is not None else 0.0, answer.not_sure)
                   for seconds, answer in zip(self.answers.times, self.answers.rows, strict=True))
        return segments_of(answers, None if self.busy else self._length())

    # One frame -----------------------------------------------------------------------------------

    def show_frame(self, place: int) -> None:
        """Show an answered frame, by its place in the order of time."""
        if self._opened is None or not 0 <= place < len(self.answers):
            return
        self._place, self._shown = place, None
        self.widget.timeline.set_cursor(place)
        self.widget.show_answer(self.answers.rows[place], self.answers.times[place], self.answers.frames[place])
        self._loading.ask((self._opened.path, self.answers.times[place]))

    def _on_segment_chosen(self, segment: Segment) -> None:
        self.show_frame(self.widget.timeline.place_at(segment.begin))

    def _on_loaded(self, request: tuple[str, float], shown: Shown | Failure) -> None:
        if self._opened is None or request[0] != self._opened.path:
            return
        self._shown = shown if isinstance(shown, Shown) else None
        self.widget.show_picture(shown.image if isinstance(shown, Shown) else shown)

    def _keep(self) -> None:
        """Give the frame in sight to the pictures, with its answer."""
        if self._shown is None or self._opened is None or not 0 <= self._place < len(self.answers):
            return
        pixels, folder = self._shown.pixels, self._server.paste_folder
        prediction = self.answers.prediction(self._place, "")
        path = folder / f"{Path(self._opened.path).stem}-{self.answers.frames[self._place]}.png"

        def ended(job: Work) -> None:
            if (problem := getattr(job.last, "problem", None)) is not None:
                self._session.report(problem)
            else:
                self.kept.emit(answer_of_frame(path, prediction, self._server))

        self._session.jobs.run(lambda _report: save_frame(pixels, path), Text("Saving", "Guardando"), "frame", quiet=True,
                               done=ended, owner=self)

    # Tables --------------------------------------------------------------------------------------

    def _save_frames(self) -> None:
        path = ask_frames_path(self._session, self.widget, self._stem())
        if path is not None:
            self.save_frames(path)

    def save_frames(self, path: Path) -> Work:
        """Write a row for each answered frame, as `cnnstudio predict --to` does."""
        video = self._opened.path if self._opened is not None else ""
        return self.answers.save_frames(self._session, path, video, self)

    def _save_segments(self) -> None:
        path = ask_segments_path(self._session, self.widget, self._stem())
        if path is not None:
            self.save_segments(path)

    def save_segments(self, path: Path) -> Work:
        """Write a row for each segment."""
        return self.answers.save_segments(self._session, path, self.segments(), self)

    def _stem(self) -> str:
        return Path(self._opened.path).stem if self._opened is not None else "video"
