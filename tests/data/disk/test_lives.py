"""How long entries of the disk cache live, and what of them: files, half files, descriptors, memory."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from data.disk.cached import GREY, entry, facts, split_of, through_disk
from data.samples import folder, noise, png_of

from nettrain.data.cache import Pictures, decode
from nettrain.files.whole import TEMPORARY, Draft


def test_an_interrupted_pass_leaves_nothing(root: Path, kept: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode(split_of(root), GREY, cache="disk", progress=stop)
    assert os.listdir(kept) == []
    assert not [thread for thread in threading.enumerate() if "nettrain-decode" in thread.name]


def test_leftovers_of_a_dead_process_are_swept_those_of_a_live_one_are_not(root: Path, kept: Path) -> None:
    kept.mkdir()
    dead = kept / "x".join(TEMPORARY)
    dead.write_bytes(b"half")
    with Draft(kept / "theirs", held=True):
        (live,) = [name for name in os.listdir(kept) if name != dead.name]
        through_disk(root)
        assert sorted(os.listdir(kept)) == sorted([live, entry(kept).name])
    assert os.listdir(kept) == [entry(kept).name]


def test_an_entry_that_goes_or_is_replaced_is_used_to_the_end(root: Path, kept: Path) -> None:
    pictures = through_disk(root)
    before = facts(pictures)
    (root / "a/003.png").write_bytes(png_of(noise(4, 4, 1, seed=77)))
    through_disk(root)
    assert facts(pictures) == before
    shutil.rmtree(kept)
    assert facts(pictures) == before


def test_two_that_build_the_same_entry_do_no_harm(root: Path, kept: Path) -> None:
    found: list[Pictures] = []
    both = threading.Barrier(2)

    def build() -> None:
        both.wait()
        found.append(through_disk(root))

    threads = [threading.Thread(target=build) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert facts(found[0]) == facts(found[1]) == facts(decode(split_of(root), GREY))
    assert os.listdir(kept) == [entry(kept).name]


TESTS = Path(__file__).parents[2]
PASS = """
import resource, sys
import numpy as np
from pathlib import Path
from data.samples import config
from data.disk.cached import through_disk
pictures = through_disk(Path(sys.argv[1]), config(1024, channels=3), workers=1)
for n in (*range(len(pictures)), *range(len(pictures))):
    pictures.take(np.array([n]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def test_memory_does_not_grow_with_the_pictures(tmp_path: Path, kept: Path) -> None:
    """30 and 300 MB of pixels, decoded by one process, used again by the next."""
    peaks = []
    for count in (5, 50):
        root = folder(tmp_path / f"of{count}", {"a": count, "b": count}, size=64)
        for _ in range(2):
            command = [sys.executable, "-c", PASS, root]
            done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, check=True)
            peaks.append(int(done.stdout))
    assert max(peaks[2] - peaks[0], peaks[3] - peaks[1]) < 60_000_000


def test_descriptors_are_given_back(root: Path, kept: Path) -> None:
    gc.collect()  # what earlier tests left
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        through_disk(root)
    assert len(os.listdir("/proc/self/fd")) == before
