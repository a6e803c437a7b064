"""The pass over all pictures: the same for any number of threads, every bad file named, nothing replaced."""

from __future__ import annotations

import hashlib
import os
import threading

import numpy as np
import pytest
from data.samples import config, folder, noise, png_of

from nettrain.data import cache
from nettrain.data.cache import Bad, decode
from nettrain.data.listing import list_folder
from nettrain.data.split import Split
from nettrain.errors import DataError, EnvironmentFault, ExitCode


def split_of(root) -> Split:
    listing = list_folder(root)
    return Split("train", listing.reader, listing.files, listing.labels, listing.classes)


@pytest.fixture
def root(tmp_path):
    return folder(tmp_path / "data", {"a": 40, "b": 9})


@pytest.mark.parametrize("kept", ["ram", "none"])
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_pixels_labels_and_digests_do_not_depend_on_threads(root, workers, kept):
    pictures = decode(split_of(root), config(channels=1), "error", kept, workers)
    assert len(pictures) == 49
    assert pictures.labels.tolist() == [0] * 40 + [1] * 9
    assert pictures.paths[:2] == ("a/000.png", "a/001.png")
    expected = [
        noise(4, 4, 1, seed=1000 * int(label) + number) for label, n in ((0, 40), (1, 9)) for number in range(n)
    ]
    everything = np.arange(49)
    np.testing.assert_array_equal(pictures.take(everything)[..., 0], expected)
    np.testing.assert_array_equal(pictures.take(everything[::-7]), pictures.take(everything)[::-7])
    assert pictures.take(everything[:0]).shape == (0, 4, 4, 1)
    assert pictures.sha256[3].tobytes().hex() == hashlib.sha256((root / "a" / "003.png").read_bytes()).hexdigest()
    assert pictures.bytes == (49 * 16 if kept == "ram" else 0)


def test_a_taken_batch_can_be_written_to(root):
    pictures = decode(split_of(root), config())
    before = pictures.take(np.arange(3))
    pictures.take(np.arange(3))[:] = 0
    np.testing.assert_array_equal(pictures.take(np.arange(3)), before)


@pytest.mark.parametrize("kept", ["ram", "none"])
@pytest.mark.parametrize("workers", [1, 3])
def test_all_bad_files_are_listed_in_order(root, workers, kept):
    (root / "a" / "007.png").write_bytes(b"")
    (root / "b" / "001.png").write_bytes(b"<html>")
    (root / "a" / "038.png").unlink()
    (root / "a" / "038.png").mkdir()
    (root / "a" / "gone.png").symlink_to(root / "nowhere")
    with pytest.raises(DataError) as caught:
        decode(split_of(root), config(), "error", kept, workers)
    assert caught.value.lines() == [
        f"nettrain: error: {root}/a/007.png: the file is empty (0 bytes)",
        f"nettrain: error: {root}/a/gone.png: a link to a file that is not there",
        f"nettrain: error: {root}/b/001.png: an HTML page; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF",
    ]


def test_twenty_of_many_bad_files_are_shown(root):
    for number in range(30):
        (root / "a" / f"{number:03d}.png").write_bytes(b"x")
    with pytest.raises(DataError) as caught:
        decode(split_of(root), config(), workers=2)
    assert len(caught.value.faults) == 30
    assert caught.value.lines()[20:] == ["nettrain: error: and 10 more"]


@pytest.mark.parametrize("kept", ["ram", "none"])
def test_skipped_files_are_listed_and_never_replaced(root, kept):
    (root / "a" / "000.png").write_bytes(b"")
    (root / "b" / "004.png").write_bytes(b"%PDF")
    pictures = decode(split_of(root), config(channels=1), "skip", kept, 2)
    assert pictures.bad == (
        Bad("a/000.png", "the file is empty (0 bytes)"),
        Bad("b/004.png", "a PDF document; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF"),
    )
    assert len(pictures) == len(pictures.labels) == len(pictures.sha256) == len(pictures.paths) == 47
    assert "a/000.png" not in pictures.paths
    place = pictures.paths.index("b/005.png")
    np.testing.assert_array_equal(pictures.take(np.array([place]))[0, ..., 0], noise(4, 4, 1, seed=1005))
    assert pictures.sha256[place].tobytes().hex() == hashlib.sha256((root / "b" / "005.png").read_bytes()).hexdigest()


def test_a_class_that_loses_all_its_pictures_is_an_error(root):
    for number in range(9):
        (root / "b" / f"{number:03d}.png").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        decode(split_of(root), config(), "skip")
    assert str(caught.value) == (
        f"{root}: b: no readable picture of this class is left in train; "
        "the first, 'b/000.png': the file is empty (0 bytes)"
    )


def test_memory_that_is_not_there(root, monkeypatch):
    monkeypatch.setattr(cache, "free_memory", lambda: 2 * 49 * 4 * 4 * 3 - 1)
    with pytest.raises(EnvironmentFault) as caught:
        decode(split_of(root), config())
    assert caught.value.code == ExitCode.ENVIRONMENT
    assert str(caught.value) == (
        "data.cache: 49 pictures take 0.0 MB, more than half of the 0.0 MB of memory that are free; "
        "set data.cache: disk, or a smaller data.image.size, or data.image.load_size where it is set"
    )
    assert decode(split_of(root), config(), cache="none").bytes == 0
    monkeypatch.setattr(cache, "free_memory", lambda: 2 * 49 * 4 * 4 * 3)
    assert decode(split_of(root), config()).bytes == 2352


def test_pictures_that_are_used_once_are_kept_in_a_quarter_of_the_memory_at_most(monkeypatch):
    for free, kept in ((None, "ram"), (4 * 480, "ram"), (4 * 480 - 1, "none"), (0, "none")):
        monkeypatch.setattr(cache, "free_memory", lambda free=free: free)
        assert cache.kept_if_it_fits(10, config()) == kept


def test_a_file_that_changes_under_an_uncached_run_is_an_error(root):
    pictures = decode(split_of(root), config(), cache="none", workers=2)
    (root / "a" / "002.png").write_bytes(png_of(noise(4, 4, 1, seed=9)))
    with pytest.raises(DataError) as caught:
        pictures.take(np.arange(5))
    assert str(caught.value) == f"{root}/a/002.png: the file has changed since it was checked"


def test_progress_counts_up_and_may_stop_the_pass(root):
    seen: list[tuple[int, int]] = []
    decode(split_of(root), config(), workers=2, progress=lambda done, total: seen.append((done, total)))
    assert [total for _, total in seen] == [49] * len(seen)
    assert seen[-1] == (49, 49)
    assert sorted(seen) == seen

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode(split_of(root), config(), progress=stop)
    assert not [thread for thread in threading.enumerate() if "nettrain-decode" in thread.name]


def test_no_byte_of_the_data_folder_changes(root):
    def state() -> dict[str, tuple[bytes, int]]:
        files = [path for path in root.rglob("*") if path.is_file()]
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    before = state()
    decode(split_of(root), config(), workers=2).take(np.arange(3))
    assert state() == before


def test_descriptors_are_given_back(root):
    before = len(os.listdir("/proc/self/fd"))
    (root / "a" / "000.png").write_bytes(b"")
    decode(split_of(root), config(), "skip", workers=3)
    assert len(os.listdir("/proc/self/fd")) == before
