"""Signals: the first asks for a stop between two pieces of work, a second of the same kind leaves at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from nettrain.arrays import interrupt

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Requests:
    save = False
    heard = False  # somebody is inside ``stop_between_pieces``


_requests = _Requests()


def take_save_request() -> bool:
    """Whether SIGUSR1 asked for a save since the last look."""
    asked, _requests.save = _requests.save, False
    return asked


def begin() -> None:
    """What holds from the start of the process, before there is anything to save.

    SIGINT, SIGTERM and SIGHUP end it at once, and SIGUSR1 does nothing.

    Notes    Not by ``KeyboardInterrupt``: Python drops that where it comes while an object is being finalised.
             A signal that was ignored stays so.
    """
    for number in STOPPING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            _leave_at_the_next(number)
    if signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL:
        signal.signal(signal.SIGUSR1, lambda number, frame: None)


def _leave_at_the_next(number: int) -> None:
    """The next signal of this kind ends the process at once; as process 1 that takes a handler."""
    if os.getpid() == 1:
        signal.signal(number, lambda number, frame: os._exit(128 + number))
    else:
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def stop_between_pieces() -> Iterator[None]:
    """Inside, SIGINT, SIGTERM and SIGHUP ask for a stop (``arrays/interrupt.py``), and SIGUSR1 for a save.

    Notes    A signal that was ignored stays so. Python hands signals to its main thread: in another nothing changes.
             Who is inside already stays so until the outer end. A signal that nobody heeded until then is raised anew.
    """
    if _requests.heard or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (*STOPPING, signal.SIGUSR1)}

    def stop(number: int, frame: FrameType | None) -> None:
        interrupt.request(number)
        _leave_at_the_next(number)

    def save(number: int, frame: FrameType | None) -> None:
        _requests.save = True

    _requests.heard = True
    unheeded = None
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, save if number == signal.SIGUSR1 else stop)
    try:
        yield
        unheeded = interrupt.requested()
    finally:
        _requests.heard = _requests.save = False
        interrupt.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
    if unheeded is not None:
        signal.raise_signal(unheeded)


def die_of(signal_number: int) -> None:
    """End the process as the signal would have, so that a shell sees 128 + its number."""
    signal.signal(signal_number, signal.SIG_DFL)
    os.kill(os.getpid(), signal_number)
    os._exit(128 + signal_number)  # as process 1 a signal without a handler does nothing
