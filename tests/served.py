"""Small stand-ins for the sets that ``nettrain download`` knows: the same files with the same layout, from a server."""

from __future__ import annotations

import hashlib
from pathlib import Path

from commands import Ended, after, process
from data.archives.packing import packed
from data.sources.making import mnist, records, sample
from loopback import Server

from nettrain.data.download.sets import SETS

TEN = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
PART = "cifar-10-batches-bin"


def _digits(folder: Path) -> None:
    for name, each, seed in (("train", 4, 1), ("t10k", 1, 2)):
        mnist(folder, sample(each, 28, seed=seed, names="0123456789"), name, ".gz")


def _cifar10(folder: Path) -> None:
    """The members of the archive in the order in which they lie in it."""
    batches = {number: records(sample(1, 32, 3, seed=number, names=TEN)) for number in range(1, 6)}
    members = {
        f"{PART}/": b"",
        f"{PART}/data_batch_1.bin": batches[1],
        f"{PART}/batches.meta.txt": "".join(f"{name}\n" for name in [*TEN, ""]).encode(),
        f"{PART}/data_batch_3.bin": batches[3],
        f"{PART}/data_batch_4.bin": batches[4],
        f"{PART}/test_batch.bin": records(sample(1, 32, 3, seed=9, names=TEN)),
        f"{PART}/readme.html": b"<html></html>",
        f"{PART}/data_batch_5.bin": batches[5],
        f"{PART}/data_batch_2.bin": batches[2],
    }
    packed(folder / "cifar-10-binary.tar.gz", members)


MADE = {"mnist": _digits, "fashion-mnist": _digits, "cifar10": _cifar10}
SMALL = """
from nettrain.data.download import sets
from nettrain.data.download.sets import DataSet, Remote
sets.SETS[{name!r}] = DataSet("small", "https://example.com/", ("https://never.invalid/",), ({files}))
"""


def downloaded(name: str, output: str, served: Path, cwd: Path) -> Ended:
    """``nettrain download NAME --output OUTPUT``, of a small stand-in that lies in the folder ``served`` meanwhile."""
    served.mkdir()
    MADE[name](served)
    assert {file.name for file in SETS[name].files} == {path.name for path in served.iterdir()}
    rows = [
        (path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()) for path in served.iterdir()
    ]
    program = after(SMALL.format(name=name, files="".join(f"Remote{row!r}, " for row in rows)))
    with Server(served) as server:
        arguments = ("download", name, "--output", output, "--from", f"{server.address}/whole")
        return process(*arguments, cwd=cwd, program=program)
