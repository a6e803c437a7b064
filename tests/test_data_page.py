"""docs/data.md: every command that it shows runs, and prints what it says; there is one for every kind of source."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from commands import ROOT, Ended, process
from data.archives.packing import packed
from data.samples import saved
from data.sources.making import mnist, put, records, sample
from served import downloaded

from nettrain.data.archives.opened import ARCHIVES
from nettrain.data.sources.table import SOURCES

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
    hundred = {"train.bin": records(COLOUR, coarse=True), "test.bin": records(COLOUR, coarse=True)}
    hundred |= {"fine_label_names.txt": names}
    packed(root / "cifar-100-binary.tar.gz", {f"cifar-100-binary/{name}": data for name, data in hundred.items()})
    put(root / "cifar-10-batches-py", dict.fromkeys(("data_batch_1", "data_batch_2", "test_batch"), b"\x80\x02N."))
    files = {
        f"cifar10/{COLOUR.names[label]}/{place:04d}.jpg": saved(np.asarray(pixels), "JPEG")
        for place, (label, pixels) in enumerate(zip(COLOUR.labels, COLOUR.pixels, strict=True))
    }
    packed(root / "cifar10-train.zip", files)
    return root


def test_every_example_runs_and_says_what_the_page_says(
    clone: Path, call: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of nettrain are called in this process, in which a guard hears that they change no data."""
    monkeypatch.chdir(clone)
    program = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for kind, text in BLOCKS:
        if kind == "csv":
            put(clone, {"data/list.csv": text.encode()})
        elif kind == "python":
            assert process("-c", text, cwd=clone, program=(sys.executable,)).code == 0
        for block in text.split("$ ")[1:] if kind == "console" else ():
            command, *shown = block.splitlines()
            name, *arguments = shlex.split(command)
            if name != "nettrain":
                assert process(command, cwd=clone, program=("bash", "-c"), PATH=program).code == 0, command
                continue
            if arguments[0] == "download":
                _, which, _, output = arguments
                done = downloaded(which, output, clone.parent / f"served {which}", clone)
            else:
                done = call(*arguments)
            assert done.code == (3 if shown else 0), (command, done.err)
            told = done.err.replace(str(clone), "/home/ada/nettrain").splitlines()
            assert [line for line in told if shown] == shown
            ran += 1
    assert ran >= 25
    every_kind_has_an_example(clone)


def every_kind_has_an_example(clone: Path) -> None:
    named = re.findall(
        r"data\.(?:train|test)=([^\s\"\[]+)", "".join(text for kind, text in BLOCKS if kind == "console")
    )
    kinds = [next(kind for kind, source in SOURCES.items() if source.fits(str(clone / path))) for path in named]
    assert set(kinds) == set(SOURCES)
    packings = {ending for ending in ARCHIVES if any(path.endswith(ending) for path in named)}
    assert packings == set(ARCHIVES) - {".tgz", ".txz", ".tbz2", ".tbz"}  # other names of three of them
    for kind in ("idx", "cifar"):
        paths = [clone / path for path, found in zip(named, kinds, strict=True) if found == kind]
        assert {path.is_dir() for path in paths} == {True, False}
