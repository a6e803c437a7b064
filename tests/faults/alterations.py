"""What a forked command may be told to do otherwise: surroundings that must not matter, stops, and planted defects."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any


def put(owner: Any, name: str, value: Any) -> None:
    """Put something in the place of a function of the product, in a process that is there for nothing else."""
    setattr(owner, name, value)


def umask(mask: int) -> None:
    """New files get other permissions."""
    os.umask(mask)


def clock(zone: str) -> None:
    """The local time is that of another zone."""
    os.environ["TZ"] = zone
    time.tzset()


def shuffle(seed: int) -> None:
    """Folders list their names in another order, as another file system would."""
    order, listdir, scandir = random.Random(seed), os.listdir, os.scandir

    def shuffled_names(*arguments: Any) -> list[Any]:
        names = listdir(*arguments)
        order.shuffle(names)
        return names

    @contextmanager
    def shuffled_entries(*arguments: Any) -> Any:
        with scandir(*arguments) as found:
            entries = list(found)
        order.shuffle(entries)
        yield iter(entries)

    put(os, "listdir", shuffled_names)
    put(os, "scandir", shuffled_entries)


def stop(plan: list[int]) -> None:
    """``[step, signal]``: the process sends itself a signal when a step has been logged."""
    from nettrain.training.store.logs import EventLog

    step, number = plan
    event = EventLog.event

    def stopping(log: EventLog, kind: str, **facts: Any) -> None:
        event(log, kind, **facts)
        if kind == "step" and facts["step"] == step:
            signal.raise_signal(number)

    put(EventLog, "event", stopping)


def _write_in_place() -> None:
    """Files are written under their final name."""
    from nettrain.files import system, whole
    from nettrain.files.causes import AnyPath

    def in_place(path: AnyPath, data: Any) -> None:
        handle = system.open_file(os.fspath(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        for piece in [data] if isinstance(data, bytes | bytearray | memoryview) else data:
            system.write(handle, memoryview(piece).cast("B"))
        system.sync(handle)
        system.close(handle)

    put(whole, "write_atomic", in_place)


def _keep_the_log() -> None:
    """A resumed run does not cut the logs back to where the checkpoint was."""
    from nettrain.files.growing import Log

    put(Log, "truncate", lambda log, length: None)


def _forget_a_part() -> None:
    """A resumed run has lost the running sums of its epoch."""
    from nettrain.training.loop.loop import Progress
    from nettrain.training.run.state import State

    restore = State.restore

    def forgetting(state: State, saved: Any, path: Any) -> None:
        restore(state, saved, path)
        old = state.progress
        state.progress = Progress(old.epoch, old.step, old.position)

    put(State, "restore", forgetting)


def _leave_temporaries() -> None:
    """What dead processes left of files is not removed."""
    from nettrain.training.store.run_folder import RunFolder

    put(RunFolder, "sweep", lambda folder: None)


def _exit_well() -> None:
    """A process that a signal stopped says that all is well."""
    from nettrain.training.loop import signals

    put(signals, "die_of", lambda number: os._exit(0))


def _be_deaf() -> None:
    """SIGUSR1 is heard, and nothing is saved."""
    from nettrain.training.loop import signals

    put(signals, "take_save_request", lambda: False)


def _touch_inputs() -> None:
    """A picture of the data folder is changed by the run."""
    from nettrain.training.run import opening

    prepare: Any = vars(opening)["prepare"]

    def touching(document: Any, *arguments: Any, **settings: Any) -> Any:
        prepared = prepare(document, *arguments, **settings)
        split = prepared.splits.train
        with open(os.path.join(split.root, split.files[0]), "ab") as file:
            file.write(b"x")
        return prepared

    put(opening, "prepare", touching)


def _show_threads() -> None:
    """With three threads or more a result is another."""
    from nettrain.arrays.threads import get_threads
    from nettrain.training.store.logs import EventLog

    event = EventLog.event

    def showing(log: EventLog, kind: str, **facts: Any) -> None:
        event(log, kind, **{**facts, **({"threads": get_threads()} if get_threads() > 2 else {})})

    put(EventLog, "event", showing)


DEFECTS: dict[str, Callable[[], None]] = {
    "written in place": _write_in_place,
    "log kept": _keep_the_log,
    "part forgotten": _forget_a_part,
    "temporaries left": _leave_temporaries,
    "exit 0 of a signal": _exit_well,
    "deaf to SIGUSR1": _be_deaf,
    "inputs touched": _touch_inputs,
    "threads shown": _show_threads,
}


def defect(name: str) -> None:
    """The product gets one of ``DEFECTS``, so that it can be seen whether a test notices."""
    DEFECTS[name]()


ALTERATIONS: dict[str, Callable[[Any], None]] = {
    "umask": umask,
    "clock": clock,
    "shuffle": shuffle,
    "stop": stop,
    "defect": defect,
}
