"""The disk cache: the same pictures, digests and faults as without it; nothing decoded twice; damage seen."""

from __future__ import annotations

import errno
import gc
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data.samples import config, folder, noise, overwritten, png_of, refuse

from nettrain import files
from nettrain.data import cache_room, disk, pictures
from nettrain.data.cache import Pictures, decode, decode_all
from nettrain.data.cache_folder import entry_paths
from nettrain.data.config import ImageConfig
from nettrain.data.entry import Stored, describe
from nettrain.data.listing import list_folder
from nettrain.data.reader import Files, Item, on_disk
from nettrain.data.split import Split
from nettrain.errors import DataError, EnvironmentFault

GREY = config(channels=1)


def split_of(root: Path) -> Split:
    listing = list_folder(root)
    return Split("train", listing.reader, listing.files, listing.labels, listing.classes)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return folder(tmp_path / "data", {"a": 40, "b": 9})


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the test."""
    monkeypatch.setenv("NETTRAIN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are decoded from here on."""
    seen: list[str] = []
    real = pictures.decode

    def counted(data: bytes, image: ImageConfig, path: str) -> np.ndarray:
        seen.append(os.path.basename(path))
        return real(data, image, path)

    monkeypatch.setattr(pictures, "decode", counted)
    return seen


def through_disk(root: Path, image: ImageConfig = GREY, on_bad: str = "error", workers: int = 2) -> Pictures:
    return decode(split_of(root), image, on_bad, "disk", workers)  # type: ignore[arg-type]


def facts(pictures: Pictures) -> tuple[object, ...]:
    """All that a training depends on."""
    everything = pictures.take(np.arange(len(pictures)))
    return (
        pictures.paths,
        pictures.labels.tolist(),
        pictures.sha256.tobytes(),
        pictures.bad,
        everything.tobytes(),
        everything.shape,
    )


def equals_ram(root: Path, image: ImageConfig = GREY, on_bad: str = "error") -> bool:
    plain = decode(split_of(root), image, on_bad, "ram")  # type: ignore[arg-type]
    return facts(through_disk(root, image, on_bad)) == facts(plain)


def entry(kept: Path) -> Path:
    (path,) = entry_paths(str(kept))
    return Path(path)


def stat_kept(path: Path, data: bytes) -> None:
    """Write other bytes into a file, of the same number, and put its time of change back."""
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    "image", [GREY, config(3, 5), config(2, 2, channels=4, fit="pad")], ids=["grey", "rgb", "rgba"]
)
def test_pictures_are_those_of_ram_the_first_time_and_the_second(
    root: Path, kept: Path, workers: int, image: ImageConfig
) -> None:
    plain = facts(decode(split_of(root), image))
    for _ in range(2):
        pictures = through_disk(root, image, workers=workers)
        assert facts(pictures) == plain
        assert isinstance(pictures.pixels, Stored)
        assert pictures.bytes == 0
        taken = pictures.take(np.array([48, 0, 7]))
        taken[:] = 0  # a taken batch can be written to, and nobody sees it
        assert facts(pictures) == plain


def test_a_second_run_decodes_nothing(root: Path, kept: Path, decoded: list[str]) -> None:
    (first,) = through_disk(root).notes
    assert len(decoded) == 49
    (second,) = through_disk(root).notes
    assert len(decoded) == 49
    assert first == f"data.cache: 49 pictures, 0.0 MB, kept for later runs: {entry(kept)}"
    assert second == f"data.cache: 49 pictures, 0.0 MB, decoded by an earlier run: {entry(kept)}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda root: None, ", decoded by an earlier run"),
        (lambda root: os.utime(root / "a/003.png"), ", decoded by an earlier run"),
        (lambda root: (root / "b/003.png").unlink(), ", decoded by an earlier run"),
        (lambda root: (root / "a/003.png").write_bytes(b""), ": 1 decoded, 48 from an earlier run"),
        (lambda root: shutil.copy(root / "a/003.png", root / "b/new.png"), ": 1 decoded, 49 from an earlier run"),
        (lambda root: [os.rename(path, f"{path}.png") for path in root.glob("*/*")], ", kept for later runs"),
    ],
    ids=["nothing", "touched", "one less", "now bad", "one more", "all renamed"],
)
def test_the_note_says_what_was_decoded_and_what_was_there(
    root: Path, kept: Path, change: Callable[[Path], object], said: str
) -> None:
    through_disk(root)
    change(root)
    (note,) = through_disk(root, on_bad="skip").notes
    assert note == f"data.cache: {len(list(root.glob('*/*')))} pictures, 0.0 MB{said}: {entry(kept)}"


IN_USE = {
    "a byte of a picture": (lambda path: overwritten(path, b"\x80", 17 * 16 + 3), "changed"),
    "cut off within a picture": (lambda path: os.truncate(path, 17 * 16 + 3), "been cut off"),
    "cut off before it": (lambda path: os.truncate(path, 0), "been cut off"),
}


@pytest.mark.parametrize(("damage", "how"), IN_USE.values(), ids=IN_USE)
@pytest.mark.parametrize("earlier", [False, True], ids=["new", "from an earlier run"])
def test_a_cache_that_changes_while_it_is_in_use_is_one_line_and_then_made_anew(
    root: Path, kept: Path, damage: Callable[[Path], object], how: str, earlier: bool
) -> None:
    (root / "a/017.png").write_bytes(png_of(np.zeros((4, 4, 1), np.uint8)))
    if earlier:
        through_disk(root)
    pictures = through_disk(root)
    good = facts(pictures)
    damage(entry(kept))
    with pytest.raises(EnvironmentFault) as caught:
        pictures.take(np.array([17, 0]))
    cure = "do the same again, or resume the run: they are then decoded anew"
    what = f"these decoded pictures have {how} while they were in use, number 17 first"
    assert caught.value.lines() == [f"nettrain: error: {entry(kept)}: {what}; {cure}"]
    assert facts(through_disk(root)) == good


def test_a_disk_that_cannot_be_read_any_more_is_one_line(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = through_disk(root)

    def broken(handle: int, length: int, place: int) -> bytes:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "pread", broken)
    for action in (lambda: pictures.take(np.array([0])), lambda: through_disk(root)):
        with pytest.raises(EnvironmentFault) as caught:
            action()
        what = "cannot read: the disk reports an input/output error; check the disk"
        assert str(caught.value) == f"{entry(kept)}: {what}"


def test_no_picture_is_no_batch(root: Path, kept: Path) -> None:
    assert through_disk(root).take(np.array([], np.int64)).shape == (0, 4, 4, 1)


IN_THE_WAY = {
    "a folder": (os.mkdir, "is a folder; remove it, or set NETTRAIN_CACHE to another folder"),
    "a pipe": (os.mkfifo, "is a device or pipe; remove it, or set NETTRAIN_CACHE to another folder"),
}


@pytest.mark.parametrize(("make", "said"), IN_THE_WAY.values(), ids=IN_THE_WAY)
def test_what_is_no_file_in_the_place_of_an_entry_is_one_line(
    root: Path, kept: Path, make: Callable[[str], None], said: str
) -> None:
    path = disk.entry_path(on_disk(root), GREY)
    kept.mkdir()
    make(path)
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    assert str(caught.value) == f"{path}: cannot read: {said}"


def test_an_entry_of_somebody_else_names_the_variable_that_leads_elsewhere(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through_disk(root)
    refuse(monkeypatch, entry(kept))
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    cure = "set NETTRAIN_CACHE to a folder of your own"
    assert str(caught.value) == f"{entry(kept)}: cannot read: permission denied; {cure}"


def test_progress_is_of_the_pass_and_a_second_run_has_none(root: Path, kept: Path) -> None:
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        decode(split_of(root), GREY, cache="disk", progress=lambda done, total: seen.append((done, total)))
    assert [total for _, total in seen] == [49] * 4
    assert seen[-1] == (49, 49)


CHANGES = {
    "other content": lambda root: (root / "a/003.png").write_bytes(png_of(noise(4, 4, 1, seed=77))),
    "another size": lambda root: (root / "a/003.png").write_bytes(png_of(noise(9, 4, 1, seed=77))),
    "as long and as old": lambda root: stat_kept(root / "a/003.png", (root / "a/004.png").read_bytes()),
    "two exchanged": lambda root: (
        os.rename(root / "a/003.png", root / "x"),
        os.rename(root / "b/003.png", root / "a/003.png"),
        os.rename(root / "x", root / "b/003.png"),
    ),
    "one more": lambda root: (root / "b/new.png").write_bytes(png_of(noise(4, 4, 1, seed=77))),
    "one less": lambda root: (root / "b/003.png").unlink(),
    "moved": lambda root: os.rename(root / "a/003.png", root / "b/a3.png"),
    "now bad": lambda root: (root / "a/003.png").write_bytes(b""),
    "now a link to nothing": lambda root: (
        (root / "a/003.png").unlink(),
        (root / "a/003.png").symlink_to("nowhere"),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_is_decoded_again_and_nothing_else(
    root: Path, kept: Path, decoded: list[str], change: object
) -> None:
    (root / "a/003.png").write_bytes(png_of(noise(4, 4, 1, seed=3)))
    through_disk(root)
    change(root)  # type: ignore[operator]
    decoded.clear()
    pictures = through_disk(root, on_bad="skip")
    assert set(decoded) <= {"003.png", "new.png", "a3.png"}
    assert len(decoded) <= 2
    assert facts(pictures) == facts(decode(split_of(root), GREY, "skip"))
    decoded.clear()
    assert facts(through_disk(root, on_bad="skip")) == facts(pictures)
    assert decoded == []


def test_a_file_that_is_only_touched_is_not_decoded_again(root: Path, kept: Path, decoded: list[str]) -> None:
    through_disk(root)
    os.utime(root / "a/003.png")
    (root / "a/004.png").chmod(0o600)
    decoded.clear()
    assert equals_ram(root)
    assert len(decoded) == 49  # those of ram


def test_a_touched_file_is_read_once_more_and_not_by_every_run(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through_disk(root)
    os.utime(root / "a/003.png")
    read: list[str] = []

    real = Files.read

    def counted(reader: Files, name: str, most: int) -> Item:
        read.append(name)
        return real(reader, name, most)

    monkeypatch.setattr(Files, "read", counted)
    for _ in range(3):
        through_disk(root)
    assert read == ["a/003.png"]


def test_bad_pictures_are_remembered_and_a_mended_one_is_seen(root: Path, kept: Path, decoded: list[str]) -> None:
    (root / "a/000.png").write_bytes(b"")
    (root / "b/004.png").write_bytes(b"%PDF")
    (root / "b/gone.png").symlink_to("nowhere")
    lines = []
    for cache in ("ram", "disk", "disk"):
        with pytest.raises(DataError) as caught:
            decode(split_of(root), GREY, "error", cache, 2)  # type: ignore[arg-type]
        lines.append(caught.value.lines())
    assert (
        lines[0]
        == lines[1]
        == lines[2]
        == [
            f"nettrain: error: {root}/a/000.png: the file is empty (0 bytes)",
            f"nettrain: error: {root}/b/004.png: a PDF document; expected one of PNG, JPEG, BMP, GIF, WebP, TIFF",
            f"nettrain: error: {root}/b/gone.png: a link to a file that is not there",
        ]
    )
    decoded.clear()
    skipping = through_disk(root, on_bad="skip")
    assert decoded == []
    assert facts(skipping) == facts(decode(split_of(root), GREY, "skip"))
    (root / "b/nowhere").write_bytes(png_of(noise(4, 4, 1, seed=5)))
    (root / "a/000.png").write_bytes(png_of(noise(4, 4, 1, seed=6)))
    decoded.clear()
    assert [one.path for one in through_disk(root, on_bad="skip").bad] == ["b/004.png"]
    assert sorted(decoded) == ["000.png", "gone.png"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_no_longer_be_read_is_bad(root: Path, kept: Path) -> None:
    through_disk(root)
    (root / "a/003.png").chmod(0)
    assert [one.reason for one in through_disk(root, on_bad="skip").bad] == ["no permission to read it"]
    (root / "a/003.png").chmod(0o600)
    assert equals_ram(root)


def test_settings_and_folders_have_entries_of_their_own(root: Path, kept: Path, tmp_path: Path) -> None:
    other = folder(tmp_path / "other", {"a": 3, "b": 3})
    images = [GREY, config(channels=3), config(5, channels=1), config(channels=1, fit="crop")]
    for image in [*images, config(channels=1, animated="first"), config(channels=1, max_megapixels=1.0)]:
        assert equals_ram(root, image)
    assert equals_ram(other)
    assert len(entry_paths(str(kept))) == 7
    for image in images:
        assert equals_ram(root, image)


def test_another_decoder_decodes_anew(
    root: Path, kept: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    through_disk(root)
    monkeypatch.setattr("PIL.__version__", "99.0")
    through_disk(root)
    assert len(decoded) == 98


def test_splits_of_one_folder_share_an_entry(root: Path, kept: Path, decoded: list[str]) -> None:
    whole = split_of(root)
    parts = [whole.only(np.arange(0, 49, 2)), whole.only(np.arange(1, 49, 2), "val")]
    for split in (parts, parts[::-1], [whole]):  # another seed, another division: the same pictures
        shared = list(decode_all(split, lambda _: GREY, cache="disk", workers=2))
        assert [facts(one) for one in shared] == [facts(one) for one in decode_all(split, lambda _: GREY)]
        assert [len(one.notes) for one in shared] == [1] + [0] * (len(split) - 1)
    assert len(decoded) == 49 * 4
    assert len(entry_paths(str(kept))) == 1


def test_pictures_that_another_division_does_not_want_stay_while_their_files_do(
    root: Path, kept: Path, decoded: list[str]
) -> None:
    """Of a first seed, a second, and the first again: the third decodes what has changed since."""
    (root / "a/002.png").write_bytes(b"")
    whole = split_of(root)
    first, second = whole.only(np.arange(30)), whole.only(np.arange(20, 49))
    before = facts(decode(first, GREY, "skip", "disk"))
    for changed in (["a/003.png", "a/025.png"], []):
        decode(second, GREY, "skip", "disk")
        for name in changed:
            (root / name).write_bytes(png_of(noise(4, 4, 1, seed=77)))
        decoded.clear()
        again = decode(first, GREY, "skip", "disk")
        assert facts(again) == facts(decode(first, GREY, "skip"))
        assert sorted(decoded[: len(changed)]) == [os.path.basename(name) for name in changed]
        assert len(decoded) == len(changed) + 30  # those of ram
    assert facts(again) != before
    (root / "a/004.png").unlink()
    os.utime(root / "b/000.png")  # a reason to write the entry anew
    decode(second, GREY, "skip", "disk")
    (found,) = describe(entry_paths(str(kept)))
    assert found.pictures == 48  # the bad one too, of the bytes of which that is known


def test_where_there_is_no_room_for_pictures_that_are_not_wanted_they_go(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = split_of(root)
    decode(whole.only(np.arange(30)), GREY, cache="disk")
    monkeypatch.setattr(cache_room, "free_bytes", lambda folder: 29 * 16 + 200 * 29 + 4096)
    part = whole.only(np.arange(20, 49))
    assert facts(decode(part, GREY, cache="disk")) == facts(decode(part, GREY))
    (found,) = describe(entry_paths(str(kept)))
    assert found.pictures == 29


DAMAGES = {
    "a pixel": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "the last pixel": lambda data: data[: 49 * 16 - 1] + bytes([data[49 * 16 - 1] ^ 128]) + data[49 * 16 :],
    "the index": lambda data: data.replace(b"a/003.png", b"a/004.png", 1),
    "cut off": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "longer": lambda data: data + b"\0",
    "pixels missing": lambda data: data[16:],
    "pixels too many": lambda data: bytes(16) + data,
    "a length out of the blue": lambda data: data[:-56] + b"\xff" * 8 + data[-48:],
    "something else": lambda data: b"x" * len(data),
}
HOW = {
    "a pixel": "its pixels have changed, those of block 0 first",
    "the last pixel": "its pixels have changed, those of block 3 first",
    "the index": "its index has changed",
    "pixels missing": "it holds 768 bytes of pixels, where 784 were written",
    "pixels too many": "it holds 800 bytes of pixels, where 784 were written",
    "a length out of the blue": "its index has changed",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_entry_is_found_said_and_made_anew(root: Path, kept: Path, decoded: list[str], damage: str) -> None:
    good = facts(through_disk(root))
    data = entry(kept).read_bytes()
    entry(kept).write_bytes(DAMAGES[damage](data))
    decoded.clear()
    pictures = through_disk(root)
    assert facts(pictures) == good
    assert len(decoded) == 49
    how = HOW.get(damage, "it is cut off, or no file of this version")
    assert pictures.notes[0] == (f"{entry(kept)}: this cache of decoded pictures is damaged: {how}; it is made anew")
    assert len(through_disk(root).notes) == 1
    assert len(decoded) == 49


def test_an_interrupted_pass_leaves_nothing(root: Path, kept: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decode(split_of(root), GREY, cache="disk", progress=stop)
    assert os.listdir(kept) == []
    assert not [thread for thread in threading.enumerate() if "nettrain-decode" in thread.name]


def test_leftovers_of_a_dead_process_are_swept_those_of_a_live_one_are_not(root: Path, kept: Path) -> None:
    kept.mkdir()
    dead = kept / "x".join(files.TEMPORARY)
    dead.write_bytes(b"half")
    with files.Draft(kept / "theirs", held=True):
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


TESTS = Path(__file__).parents[1]
PASS = """
import resource, sys
import numpy as np
from pathlib import Path
from data.samples import config
from data.test_disk import through_disk
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


def test_a_disk_without_room_says_what_is_needed(root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needed = 49 * 16 + 200 * 49 + 4096
    monkeypatch.setattr(cache_room, "free_bytes", lambda folder: needed - 1)
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    cure = "free some space, set NETTRAIN_CACHE to a folder on another disk, or set data.cache: none"
    line = f"data.cache: the decoded pictures take 0.0 MB, but 0.0 MB are free; {cure}"
    assert str(caught.value) == f"{kept}: {line}"
    assert entry_paths(str(kept)) == []


@pytest.mark.parametrize("call", ["_write_at", "_sync", "_replace"])
def test_a_disk_that_fills_up_on_the_way_leaves_nothing(
    root: Path, kept: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "full")

    through_disk(folder(root.parent / "other", {"a": 1, "b": 1}))
    before = os.listdir(kept)
    monkeypatch.setattr(files, call, full)
    with pytest.raises(EnvironmentFault) as caught:
        through_disk(root)
    path = disk.entry_path(on_disk(root), GREY)
    cure = "free some space, set NETTRAIN_CACHE to a folder on another disk, or set data.cache: none"
    assert str(caught.value) == (f"{path}: data.cache: the decoded pictures take 0.0 MB, but the disk is full; {cure}")
    assert os.listdir(kept) == before


def test_the_data_folder_is_never_written_to(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root.parent / "link").symlink_to(root)
    for place in (root, root / "a", root.parent / "link/below"):
        monkeypatch.setenv("NETTRAIN_CACHE", str(place))
        with pytest.raises(EnvironmentFault) as caught:
            through_disk(root)
        assert str(caught.value) == (
            f"{place}: decoded pictures would be written into the data folder {root}; "
            "set NETTRAIN_CACHE to another folder"
        )
    assert sorted(os.listdir(root)) == ["a", "b"]


def test_descriptors_are_given_back(root: Path, kept: Path) -> None:
    gc.collect()  # what earlier tests left
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        through_disk(root)
    assert len(os.listdir("/proc/self/fd")) == before
