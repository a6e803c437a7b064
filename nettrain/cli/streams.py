"""Standard streams that remember how a write to them failed, so that no other failure is taken for one of theirs."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Watched(io.FileIO):
    """The file behind a stream; ``failure`` is that of the last write, if it failed."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        super().__init__(stream.fileno(), "w", closefd=False)
        self.stream = stream  # which would close the file if it went
        self.failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        self.failure = None
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            raise


def watch(name: str) -> Watched | None:
    """Put a watched file behind ``stdout`` or ``stderr``; None where it is no file, as in a notebook."""
    stream = getattr(sys, name)
    buffer = getattr(stream, "buffer", None)
    raw = getattr(buffer, "raw", buffer)  # with ``python -u`` there is no buffer between
    if isinstance(raw, Watched) or not isinstance(raw, io.FileIO):
        return raw if isinstance(raw, Watched) else None
    stream.flush()
    watched = Watched(stream)
    at_once = stream.line_buffering or stream.write_through
    setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(watched), stream.encoding, line_buffering=at_once))
    return watched
