"""The process: everything that must happen before NumPy loads, then the command line."""

from __future__ import annotations

import sys

from nettrain.training.loop import signals


def main() -> None:
    """Run the command line and leave with its exit code."""
    signals.begin()  # before anything else loads: a signal meanwhile would end in a traceback
    from nettrain.arrays.blas import ask_for_one_thread
    from nettrain.files.streams import open_streams

    ask_for_one_thread()
    open_streams()
    from nettrain.cli.main import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
