"""The flag that a signal handler sets and loops over pieces read: work stops between two pieces, never inside one."""

from __future__ import annotations


class Interrupted(BaseException):
    """A stop was asked for. Not an ``Exception``: no handler of ordinary errors may swallow it."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


class _Flag:
    signal_number: int | None = None


_flag = _Flag()


def request(signal_number: int) -> None:
    """Ask for a stop; safe inside a signal handler."""
    _flag.signal_number = signal_number


def requested() -> int | None:
    """The signal that asked for a stop, if one did."""
    return _flag.signal_number


def clear() -> None:
    """Take the request back."""
    _flag.signal_number = None


def check() -> None:
    """Raise ``Interrupted`` if a stop was asked for."""
    if _flag.signal_number is not None:
        raise Interrupted(_flag.signal_number)
