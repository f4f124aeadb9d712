"""What the last events of a run say of its state."""

from __future__ import annotations

from cnnstudio.core.events import Batch, Epoch, Event, Failed, Finished, Hello, Paused, Resumed, Stopped


def tells_state(events: list[Event]) -> bool:
    """Whether these last events are enough for the state: an epoch, or an end without one."""
    return any(isinstance(event, Epoch) for event in events)


def waits(tail: list[Event]) -> bool:
    """Whether a training is paused: loads and answers may be told during a pause."""
    moves = (event for event in reversed(tail) if isinstance(event, Paused | Resumed | Batch | Epoch | Hello))
    return isinstance(next(moves, None), Paused)


def final_event(tail: list[Event]) -> Failed | Stopped | Finished | None:
    """The event that ended the run, None where it has not ended.

    A try to continue it that failed before it trained anything changes neither its model nor how it ended.
    """
    last = tail[-1] if tail else None
    if isinstance(last, Failed):
        begin = max((number for number, event in enumerate(tail) if isinstance(event, Hello)), default=0)
        if not any(isinstance(event, Batch | Epoch) for event in tail[begin:]):
            earlier = final_event(tail[:begin])
            return earlier if isinstance(earlier, Finished | Stopped) else last
    return last if isinstance(last, Failed | Stopped | Finished) else None
