"""A data set's files into a folder: gone on with after a break, and under their names only when they are whole."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass

from nettrain.config.words import megabytes
from nettrain.data.download.connection import OtherFile, Trouble, asked, host_of
from nettrain.data.download.sets import DataSet, Remote
from nettrain.errors import DataError, EnvironmentFault, Fault
from nettrain.files import whole
from nettrain.files.causes import fault
from nettrain.files.folders import make_folder, prune
from nettrain.files.growing import Partial

PARTIAL = ".partial"  # what has come of a file, beside it
VALIDATOR = ".partial.etag"  # what the server calls the file that this is a part of
LONGEST = 256  # characters of that
PAUSES = (1.0, 2.0, 4.0)  # seconds before a file is asked for again, when nothing more of it had come
PATIENCE = 60.0  # seconds that a server may ask for
SECONDS = 30.0  # how long nothing may come
PIECE = 1 << 20  # bytes that are hashed at a time


@dataclass(frozen=True, slots=True)
class There:
    """A file is there already, and is whole."""

    path: str


@dataclass(frozen=True, slots=True)
class Begun:
    """Bytes of a file begin to come, from ``start`` of ``size`` on."""

    path: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Came:
    """So many bytes of a file have come."""

    done: int


@dataclass(frozen=True, slots=True)
class Setback:
    """Something went wrong at an address; ``next`` says what is done about it."""

    address: str
    reason: str
    next: str


@dataclass(frozen=True, slots=True)
class Whole:
    """A file has come, is what it should be, and has its name."""

    path: str
    size: int


Fact = There | Begun | Came | Setback | Whole


def download(wanted: DataSet, folder: str, mirror: str | None = None, seconds: float = SECONDS) -> Iterator[Fact]:
    """Put the files of a set into a folder that is made if need be; those that are there and whole stay.

    Errors   DataError: a file of that name is there, and is another; no address has the right one. EnvironmentFault:
             the network, the disk, another process at it. What has come by then is kept, and gone on with next time.
    Notes    ``mirror`` is asked in place of the set's own addresses; it must pass ``host_of``.
    """
    places = wanted.places if mirror is None else (f"{mirror.rstrip('/')}/",)
    missing = [file for file in wanted.files if not os.path.lexists(os.path.join(folder, file.name))]
    for file in wanted.files:
        if file not in missing:
            _refuse_another(os.path.join(folder, file.name), file)
            yield There(os.path.join(folder, file.name))
    if missing:
        make_folder(folder)
    for file in missing:
        yield from fetch(file, places, folder, seconds)


def fetch(file: Remote, places: Sequence[str], folder: str, seconds: float) -> Iterator[Fact]:
    """One file, from the first of these places that has it; errors as for ``download``."""
    target, hosts = os.path.join(folder, file.name), {host_of(place) for place in places}
    faults: list[Fault] = []
    unreached = False
    with Partial(target + PARTIAL) as partial:
        try:
            if partial.size > file.size:
                partial.truncate(0)
            _refuse_without_room(partial, file)
            for left, place in zip(range(len(places), 0, -1), places, strict=True):
                address = place + file.name
                try:
                    yield from _right_bytes(partial, file, address, hosts, seconds)
                except (Trouble, OtherFile) as error:
                    unreached = unreached or isinstance(error, Trouble)
                    faults.append(Fault(str(error), address))
                    if left > 1:
                        yield Setback(address, str(error), "asks the next address")
                    continue
                partial.keep(target)
                prune([target + VALIDATOR])
                yield Whole(target, file.size)
                return
        finally:
            if not partial.size:  # nothing to go on with
                prune([target + PARTIAL, target + VALIDATOR])
    raise _failure(faults, unreached, partial)


def _failure(faults: list[Fault], unreached: bool, partial: Partial) -> DataError | EnvironmentFault:
    """The error for a file that no address gave; the last line says what can be done."""
    cure = "try again later, or --from another address"
    if partial.size:
        cure = f"{megabytes(partial.size)} are kept in {partial.path}, and the same command goes on from there"
    last = faults.pop()
    faults.append(Fault(f"{last.message}; {cure}", last.where))
    return EnvironmentFault(faults=faults) if unreached else DataError(faults=faults)


def _right_bytes(
    partial: Partial, file: Remote, address: str, hosts: Collection[str], seconds: float
) -> Iterator[Fact]:
    """All bytes of a file from one address, its SHA-256 compared. Errors: Trouble, OtherFile."""
    for last in (False, True):
        in_one = yield from _all_bytes(partial, file, address, hosts, seconds)
        found = _sha256(partial.path)
        if found == file.sha256:
            return
        partial.truncate(0)
        if in_one or last:
            raise OtherFile(f"is another file: its SHA-256 is {found}, expected {file.sha256}")
        # parts of two files, it may be: not every server says that it has another by now
        yield Setback(address, "the parts that came one after another are not of one file", "begins anew")


def _all_bytes(
    partial: Partial, file: Remote, address: str, hosts: Collection[str], seconds: float
) -> Generator[Fact, None, bool]:
    """Ask again until as many bytes as wanted have come; returns whether all of them came with one answer."""
    in_one, best, tries = False, partial.size, 0
    while partial.size < file.size:
        try:
            with asked(address, hosts, file.size, partial.size, _remembered(partial), seconds) as reply:
                in_one = not reply.start
                if in_one:
                    partial.truncate(0)
                    _remember(partial, reply.validator)
                yield Begun(partial.path, reply.start, file.size)
                for piece in reply.pieces:
                    if partial.size + len(piece) > file.size:
                        partial.truncate(0)
                        raise OtherFile(f"has more than the {file.size:,} bytes that were expected")
                    partial.append(piece)
                    yield Came(partial.size)
            if partial.size < file.size:
                raise Trouble(f"broke off after {partial.size:,} of {file.size:,} bytes")
        except Trouble as trouble:
            if trouble.over:
                partial.truncate(0)
            tries = 1 if partial.size > best else tries + 1
            best = max(best, partial.size)
            if trouble.lasting or tries > len(PAUSES):
                raise
            wait = PAUSES[tries - 1] if trouble.wait is None else min(trouble.wait, PATIENCE)
            yield Setback(address, str(trouble), f"asks again in {wait:g} s")
            time.sleep(wait)
    return in_one


def _remember(partial: Partial, validator: str) -> None:
    """Put down what the server calls the file, before the first byte of it is."""
    beside = partial.path.removesuffix(PARTIAL) + VALIDATOR
    if validator and len(validator) <= LONGEST and validator.isascii() and validator.isprintable():
        whole.write_atomic(beside, validator.encode())
    else:
        prune([beside])


def _remembered(partial: Partial) -> str:
    """What the server called the file that the bytes so far are of; empty if that is not known."""
    try:
        with open(partial.path.removesuffix(PARTIAL) + VALIDATOR, "rb") as file:
            text = file.read(LONGEST + 1).decode("ascii", "replace")
    except OSError:
        return ""
    return text if len(text) <= LONGEST and text.isascii() and text.isprintable() else ""


def _refuse_another(path: str, file: Remote) -> None:
    """Errors: DataError if what has the name of a file of the set is not that file."""
    if not os.path.isfile(path) or os.path.getsize(path) != file.size or _sha256(path) != file.sha256:
        what = "is there already, and is another file; move it away, or choose another --output"
        raise DataError(what, path)


def _refuse_without_room(partial: Partial, file: Remote) -> None:
    disk = os.statvfs(os.path.dirname(partial.path) or os.curdir)
    needed, free = file.size - partial.size, disk.f_bavail * disk.f_frsize
    if needed > free:
        what = f"{megabytes(needed)} are to come, but {megabytes(free)} are free on the disk"
        raise EnvironmentFault(f"{what}; free some space, or choose another --output", partial.path)


def _sha256(path: str) -> str:
    """The SHA-256 of a file, as it is on the disk. Errors: EnvironmentFault."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    except OSError as error:
        raise fault(path, "read", error) from error
    return digest.hexdigest()
