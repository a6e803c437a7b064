"""A training in a Python program: ``nettrain.fit``, an iterator over what happens."""

from __future__ import annotations

import os
import signal
import weakref
from collections.abc import Generator, Iterator, Mapping
from inspect import GEN_CREATED, getgeneratorstate
from pathlib import Path
from typing import Any

from nettrain.arrays import interrupt
from nettrain.config.document import Document
from nettrain.config.dotted import Override
from nettrain.config.reader import read_config, read_text
from nettrain.python.model import Model, load
from nettrain.python.scope import surroundings
from nettrain.training.config import TABLES, Config
from nettrain.training.loop.signals import stop_between_pieces
from nettrain.training.run.notes import first_notes
from nettrain.training.run.opening import begin, begin_or_take_up, named
from nettrain.training.run.run import Run, RunFact, Stopped
from nettrain.training.store import json_text
from nettrain.training.store.run_folder import now

NAMELESS = "python"  # what a config that is no file is called, in errors and for its run


class Fitting:
    """A training under way: iterate over it, and it trains. Made by ``nettrain.fit``.

    ``folder`` is that of the run; ``steps_per_epoch`` and ``epochs`` say how long it is; ``notes`` are the lines
    that the command line would print at first.
    """

    def __init__(self, run: Run, threads: int | None) -> None:
        self._threads = threads
        self.folder: Path = run.folder.path
        self.epochs: int = run.state.lineage.epochs(run.config)
        self.steps_per_epoch: int = run.prepared.steps_per_epoch
        self.notes: tuple[str, ...] = (*run.prepared.document.notes, *first_notes(run), *run.notes)
        self._facts = _facts_of(run)
        self._leave = weakref.finalize(self, _left, self._facts, run, os.getpid())  # also when the program ends

    def __iter__(self) -> Iterator[RunFact]:
        return self

    def __next__(self) -> RunFact:
        """Train up to the next fact: a committed step, or an epoch's end with its validation.

        Errors   ``KeyboardInterrupt`` after Ctrl-C, saved before; ``nettrain.Diverged``, with nothing bad saved;
                 ``nettrain.EnvironmentFault``.
        Notes    Signals are answered in here alone: between two facts they are the program's own.
        """
        try:
            with surroundings(self._threads), stop_between_pieces():
                fact = next(self._facts)
                interrupt.check()  # one that came after the last piece
                return fact
        except (Stopped, interrupt.Interrupted) as stop:
            self.close()
            if stop.signal_number == signal.SIGINT:
                raise KeyboardInterrupt from stop
            signal.raise_signal(stop.signal_number)
            raise StopIteration from None  # the program has answered it, and goes on

    def finish(self) -> Model:
        """Train to the end, and give the model of the best epoch."""
        for _ in self:
            pass
        return load(self.folder, threads=self._threads)

    def close(self) -> None:
        """Stop here: what has been trained is saved, and ``nettrain resume`` goes on from it."""
        self._leave()


def _facts_of(run: Run) -> Generator[RunFact, None, None]:
    """What happens in a run; of one that is finished nothing."""
    if run.finished:
        run.complete()
    else:
        yield from run.go()  # begun within a call of ``__next__``, which hears the signals


def _left(facts: Generator[RunFact, None, None], run: Run, process: int) -> None:
    """Save a run that its reader has enough of, and let go of its folder; a child made by fork leaves it alone."""
    if os.getpid() != process:
        return
    if getgeneratorstate(facts) == GEN_CREATED:
        try:
            if not run.finished:
                run.mark("stopped", reason="nobody read it", ended=now())  # nothing was trained: all of it is saved
        finally:
            run.close()
    facts.close()


def fit(
    config: str | os.PathLike[str] | Mapping[str, Any],
    *,
    settings: Mapping[str, object] | None = None,
    run_dir: str | os.PathLike[str] | None = None,
    resume: bool = False,
    threads: int | None = None,
) -> Fitting:
    """Begin a training, as ``nettrain fit`` does, and give an iterator that goes on with it.

    ``config``    the path of a YAML file, or the same as nested dicts and lists (paths relative to the current folder).
    ``settings``  overrides by dotted key: ``{"train.epochs": 5, "optimizer.sgd.lr": 0.05}``; None takes a key out.
    ``run_dir``   exactly this folder for the run; otherwise ``runs/<name>``.
    ``resume``    with ``run_dir``: go on with the run there, if any; it has to be of this config and these pictures.
    ``threads``   never change a result; all cores if None.
    Errors   ``nettrain.ConfigError``, ``DataError``, ``CheckpointError``, ``EnvironmentFault``, before the first step.
             ``ValueError`` for ``resume`` without ``run_dir``.
    """
    if resume and run_dir is None:
        raise ValueError("resume needs run_dir, the folder to look for a run in")
    document = _document(config, settings or {})
    folder = None if run_dir is None else os.fspath(run_dir)
    threads = document.config.train.threads if threads is None else threads
    with surroundings(threads):
        if resume and folder is not None:
            run = begin_or_take_up(document, _silent, folder)
        else:
            run = begin(document, _silent, folder)
    return Fitting(run, threads)


def _document(config: str | os.PathLike[str] | Mapping[str, Any], settings: Mapping[str, object]) -> Document[Config]:
    overrides = [Override(key, _text(value), f"settings[{key!r}]") for key, value in settings.items()]
    if isinstance(config, Mapping):
        text = json_text.readable(_plain(config))
        return named(read_text(text, NAMELESS, Config, TABLES, os.getcwd(), overrides), NAMELESS)
    return named(read_config(config, Config, TABLES, overrides), os.fspath(config))


def _text(value: object) -> str:
    """A value as a config's text: a string stands for itself, anything else is JSON, which is YAML too."""
    plain = _plain(value)
    return plain if isinstance(plain, str) else json_text.canonical(plain)


def _plain(value: object) -> Any:
    """Paths as text, at any depth; the rest is left to JSON."""
    match value:
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case os.PathLike():
            return os.fspath(value)
        case _:
            return value


def _silent(what: str, done: int, total: int) -> None:
    """Nobody watches the decoding."""
