"""The disk cache: the same pictures, digests and faults as without it; nothing decoded twice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from data.disk.cached import GREY, entry, equals_ram, facts, split_of, through_disk
from data.samples import config, folder, noise, png_of

from nettrain.data.cache import decode, decode_all
from nettrain.data.cache_folder import entry_paths
from nettrain.data.config import ImageConfig
from nettrain.data.entry import Stored, describe
from nettrain.data.reader import Files, Item
from nettrain.errors import DataError


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


def test_no_picture_is_no_batch(root: Path, kept: Path) -> None:
    assert through_disk(root).take(np.array([], np.int64)).shape == (0, 4, 4, 1)


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
