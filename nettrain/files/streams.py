"""The three streams of a process, where the caller has closed them."""

from __future__ import annotations

import os
import sys


def open_streams() -> None:
    """Where the caller closed stdin, stdout or stderr, put one that leads nowhere.

    Notes    Else the next file opened would get the number, and what is printed would go there.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(handle, mode, encoding="utf-8"))  # noqa: SIM115  it stays open
