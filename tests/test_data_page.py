"""docs/data.md: every command that it shows runs, and prints what it says; no data is changed by any."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, process, tree
from data.archives.packing import packed
from data.samples import saved
from data.sources.making import mnist, put, records, sample
from untouched import untouched

PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(console|python|csv)\n(.*?)```", PAGE, re.DOTALL)
SMALL = sample(10, 8, names="0123456789")
COLOUR = sample(4, 32, 3, names=["airplane", "bird", "cat"])


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a checkout, with small data sets under the names of the page's."""
    root = tmp_path_factory.mktemp("clone")
    for name in ("configs", "data/digits"):
        shutil.copytree(ROOT / name, root / name)
    for part, made in (("train", SMALL), ("t10k", sample(2, 8, seed=2, names="0123456789"))):
        mnist(root / "mnist", made, part, ".gz")
    names = "".join(f"{name}\n" for name in COLOUR.names).encode()
    ten = {f"data_batch_{number}.bin": records(COLOUR) for number in (1, 2)}
    ten |= {"test_batch.bin": records(COLOUR), "batches.meta.txt": names}
    packed(root / "cifar-10-binary.tar.gz", {f"cifar-10-batches-bin/{name}": data for name, data in ten.items()})
    put(root / "cifar-10-batches-py", dict.fromkeys(("data_batch_1", "data_batch_2", "test_batch"), b"\x80\x02N."))
    files = {
        f"cifar10/{COLOUR.names[label]}/{place:04d}.jpg": saved(np.asarray(pixels), "JPEG")
        for place, (label, pixels) in enumerate(zip(COLOUR.labels, COLOUR.pixels, strict=True))
    }
    packed(root / "cifar10-train.zip", files)
    return root


def data_of(clone: Path) -> dict[str, str]:
    """The hash of every file but those of runs."""
    return {name: what for name, what in tree(clone).items() if not name.startswith("runs")}


def test_every_example_runs_and_says_what_the_page_says(clone: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for kind, text in BLOCKS:
        if kind == "csv":
            put(clone, {"data/list.csv": text.encode()})
        elif kind == "python":
            assert process("-c", text, cwd=clone, program=(sys.executable,)).code == 0
        for block in text.split("$ ")[1:] if kind == "console" else ():
            command, *shown = block.splitlines()
            before = data_of(clone)
            if not command.startswith("nettrain"):
                assert process(command, cwd=clone, program=("bash", "-c"), PATH=path).code == 0, command
                continue
            if "runs/" in command:  # which is written
                assert process(command, cwd=clone, program=("bash", "-c"), PATH=path).code == 0, command
                assert data_of(clone) == before
                continue
            with untouched(clone):
                done = process(command, cwd=clone, program=("bash", "-c"), PATH=path)
            assert done.code == (3 if shown else 0), (command, done.err)
            told = done.err.replace(str(clone), "/home/ada/nettrain").splitlines()
            assert [line for line in told if shown] == shown
            ran += 1
    assert ran >= 14
