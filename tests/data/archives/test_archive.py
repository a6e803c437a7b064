"""Archives of every kind: the same folders and files as on the disk, read from any thread; harm is refused."""

from __future__ import annotations

import bz2
import gc
import gzip
import io
import lzma
import os
import random
import struct
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from data.archives.packing import ENDINGS, member, packed, tarred, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.data.archives import unpacked
from nettrain.data.archives import zip as zips
from nettrain.data.archives.opened import located, open_archive
from nettrain.data.bad_picture import BadPicture
from nettrain.data.spans import OpenFile
from nettrain.data.tree import DISK
from nettrain.data.walk import Ignored
from nettrain.errors import DataError, EnvironmentFault

FILES = {
    "pets/cat/2.png": b"two",
    "pets/cat/10.png": b"ten" * 1000,
    "pets/cat/in/1.gif": b"",
    "pets/cat-fish/1.png": bytes(range(256)) * 600,
    "pets/dog/é.jpg": b"dog",
    "pets/dog/notes.txt": b"text",
    "pets/.DS_Store": b"x",
    "pets/dog/.hidden/1.png": b"x",
    "__MACOSX/pets/._1.png": b"x",
    "pets/empty/": b"",
}
each = pytest.mark.parametrize("ending", ENDINGS)


def unfolded(root: Path) -> Path:
    """The same on the disk."""
    for name, data in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.write_bytes(data)
    return root


@each
def test_folders_are_those_that_the_disk_would_have(tmp_path: Path, ending: str) -> None:
    archive, disk = open_archive(str(packed(tmp_path / f"a{ending}", FILES))), unfolded(tmp_path / "disk")
    for folder in ("pets", "pets/cat", "pets/cat/in", "pets/cat-fish", "pets/dog", "pets/empty"):
        here, there = Ignored(), Ignored()
        assert archive.entries(folder, here) == DISK.entries(f"{disk}/{folder}", there), folder
        assert archive.pictures_below(folder, here) == DISK.pictures_below(f"{disk}/{folder}", there)
        assert here.other == there.other
        assert archive.is_folder(folder)
        assert archive.is_folder(f"{folder}/")
        assert archive.exists(folder)
    assert archive.entries("", Ignored()) == (["pets"], [])
    assert not archive.is_folder("pets/ca")
    assert not archive.is_folder("pets/cat/2.png")
    assert not archive.exists("pets/cat/3.png")
    assert not archive.exists("../a.zip")
    assert archive.exists("pets/dog/../cat/./2.png")


@each
def test_what_is_passed_over_is_counted_once(tmp_path: Path, ending: str) -> None:
    archive, ignored = open_archive(str(packed(tmp_path / f"a{ending}", FILES))), Ignored()
    archive.entries("pets", ignored)
    for folder in ("cat", "cat-fish", "dog"):
        archive.pictures_below(f"pets/{folder}", ignored)
    assert str(ignored) == "ignored 3 hidden or system entries, 1 file '.txt'"


@each
def test_members_are_read_whole_from_many_threads(tmp_path: Path, ending: str) -> None:
    contents = {f"{number % 7}/{number}.bin": random.Random(number).randbytes(number * 97) for number in range(100)}
    archive = open_archive(str(packed(tmp_path / f"a{ending}", contents)))
    failed: list[object] = []

    def read(seed: int) -> None:
        names = list(contents)
        if seed:
            random.Random(seed).shuffle(names)
        failed.extend(name for name in names if archive.read(name, 1 << 20) != contents[name])

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    order = archive.ordered("", ["6/6.bin", "0/0.bin", "1/1.bin"])
    assert list(order) == [1, 2, 0]
    name = "1/99.bin"
    span = archive.span(name)
    assert (span.size, span.stamp) == (len(contents[name]), archive.stamp(name))
    for place, length in ((0, 5), (8_000, 2_000), (17, 9_000), (30_000, 5), (0, 1 << 20)):
        assert span.read(length, place) == contents[name][place : place + length]


@each
def test_what_cannot_be_read_is_said(tmp_path: Path, ending: str) -> None:
    path = str(packed(tmp_path / f"a{ending}", {"a/1.png": b"0123456789"}))
    archive = open_archive(path)
    assert archive.read("a/1.png", 10) == b"0123456789"
    for name, most, reason in (
        ("a/1.png", 9, "the file is larger than 9 bytes, more than a picture within the pixel cap needs"),
        ("a/2.png", 9, "no such file in the archive"),
        ("../a.png", 9, "no such file in the archive"),
        ("a", 9, "no such file in the archive"),
    ):
        with pytest.raises(BadPicture) as caught:
            archive.read(name, most)
        assert str(caught.value) == f"{path}/{name}: {reason}"


@each
def test_an_archive_that_is_open_is_opened_once_and_then_let_go(tmp_path: Path, ending: str) -> None:
    gc.collect()
    before = len(os.listdir("/proc/self/fd"))
    path = packed(tmp_path / f"a{ending}", {"a/1.png": b"x"})
    (tree, name), (other, _) = located(f"{path}/a/1.png"), located(f"{path}/")
    assert tree is other
    assert (name, tree.path(name)) == ("a/1.png", f"{path}/a/1.png")
    os.replace(packed(tmp_path / f"b{ending}", {"a/2.png": b"y"}), path)
    assert located(str(path))[0] is not tree
    assert tree.read("a/1.png", 9) == b"x"
    del tree, other
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_path_that_leads_into_no_archive_is_one_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.zip").mkdir()
    for path in (f"{tmp_path}/a.zip/b", f"{tmp_path}/none/b.png", "none.zip", "none.zip/a", ""):
        assert located(path) == (DISK, path)


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        open_archive(str(path))
    (line,) = caught.value.lines()
    return line.removeprefix(f"nettrain: error: {path}: ")


HOSTILE = {
    "../x.png": "its member '../x.png' leads out of it; expected names below its top",
    "a/../../x.png": "its member 'a/../../x.png' leads out of it; expected names below its top",
    "a/../b.png": "its member 'a/../b.png' leads out of it; expected names below its top",
    "/etc/x.png": "its member '/etc/x.png' has an absolute path; expected names below its top",
    "C:/x.png": "its member 'C:/x.png' has an absolute path; expected names below its top",
    "..": "its member '..' leads out of it; expected names below its top",
    ".git/../../x": "its member '.git/../../x' leads out of it; expected names below its top",
}


@each
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, ending: str, name: str) -> None:
    path = packed(tmp_path / f"a{ending}", {"a/1.png": b"x", name: b"x"})
    assert refused(path) == HOSTILE[name]
    assert sorted(os.listdir(tmp_path)) == [path.name]


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a/1.png": b"x", "b!/1.png": b"x"})
    path.write_bytes(path.read_bytes().replace(b"b!/", b"b\0/"))
    assert refused(path) == r"its member 'b\x00/1.png' has a NUL in its name, as no file can"


@each
def test_one_line_tells_of_many(tmp_path: Path, ending: str) -> None:
    path = packed(tmp_path / f"a{ending}", {"a/1.png": b"x", "../x\x1b[2J": b"x", "../y": b"", "/z": b""})
    what = r"its member '../x\x1b[2J' leads out of it; expected names below its top"
    assert refused(path) == f"{what}, and 2 more are not as they should be"


@each
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_there_twice_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as made:
            for name in ("a/1.png", "./a//1.png"):
                made.writestr(name, b"x")
    else:
        packing = {".tar": "", ".tar.xz": "xz", ".tar.bz2": "bz2"}.get(ending, "gz")
        with tarfile.open(path, f"w:{packing}") as made:  # type: ignore[call-overload]
            for name in ("a/1.png", "./a//1.png"):
                made.addfile(*member(name, b"x"))
    assert refused(path) == "its member 'a/1.png' is there twice; expected each name once"


@each
@pytest.mark.parametrize("name", ["a/b", "a"])
def test_a_file_that_is_a_folder_too_is_refused(tmp_path: Path, ending: str, name: str) -> None:
    path = packed(tmp_path / f"a{ending}", {name: b"x", "a-z/1.png": b"x", "a/b/c/1.png": b"x"})
    assert refused(path) == f"its member '{name}' is a folder, too; expected one of them"


def test_a_folder_may_be_there_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as made:
        for name in ("./", "a/", "./a/", "a/1.png"):
            made.addfile(*member(name))
    assert open_archive(str(path)).entries("", Ignored()) == (["a"], [])


LINKS = {
    tarfile.SYMTYPE: "is a link; pack the file itself (tar --dereference)",
    tarfile.LNKTYPE: "is a link; pack the file itself (tar --hard-dereference)",
    tarfile.CHRTYPE: "is a device; expected files and folders alone",
    tarfile.FIFOTYPE: "is a pipe; expected files and folders alone",
    b"Z": "is of a kind b'Z' that is not known; expected files and folders alone",
    tarfile.GNUTYPE_SPARSE: "is a sparse file; expected whole ones (tar without --sparse)",
}


@pytest.mark.parametrize("kind", LINKS)
def test_what_is_no_file_in_a_tar_is_refused(tmp_path: Path, kind: bytes) -> None:
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as made:
        made.addfile(member("a/1.png", type=kind, linkname="/etc/passwd")[0])
    assert refused(path) == f"its member 'a/1.png' {LINKS[kind]}"


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (0o120777, "is a link; pack the file itself"),
        (0o010644, "is a device or pipe; expected files and folders alone"),
    ],
)
def test_what_is_no_file_in_a_zip_is_refused(tmp_path: Path, mode: int, reason: str) -> None:
    info = zipfile.ZipInfo("a/1.png")
    info.external_attr = mode << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(info, "/etc/passwd")
    assert refused(tmp_path / "a.zip") == f"its member 'a/1.png' {reason}"


def changed(path: Path, find: bytes, put: bytes, count: int = 1) -> Path:
    """The file with some bytes replaced, the last ones that are found."""
    data = path.read_bytes()
    for _ in range(count):
        at = data.rindex(find)
        data = data[:at] + put + data[at + len(find) :]
    path.write_bytes(data)
    return path


def entry(path: Path, place: int, put: bytes) -> Path:
    """The zip with some bytes of the directory's first entry replaced."""
    data = path.read_bytes()
    at = data.index(b"PK\1\2") + place
    path.write_bytes(data[:at] + put + data[at + len(put) :])
    return path


BROKEN_ZIPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "encrypted": (
        lambda path: entry(path, 8, b"\1\0"),
        "its member 'a/1.png' is encrypted; expected an archive without a password",
    ),
    "Deflate64": (
        lambda path: entry(path, 10, b"\x09\0"),
        "its member 'a/1.png' is packed by Deflate64; expected what every zip program can read, stored or deflated",
    ),
    "method 77": (
        lambda path: entry(path, 10, b"\x4d\0"),
        "its member 'a/1.png' is packed by method 77; expected what every zip program can read, stored or deflated",
    ),
    "empty": (
        lambda path: path.write_bytes(b""),
        "is no zip archive, or cut off: it has no directory at its end; expected a whole zip archive",
    ),
    "cut off": (
        lambda path: os.truncate(path, path.stat().st_size - 1),
        "is no zip archive, or cut off: it has no directory at its end; expected a whole zip archive",
    ),
    "something else": (
        lambda path: path.write_bytes(b"no archive" * 1000),
        "is no zip archive, or cut off: it has no directory at its end; expected a whole zip archive",
    ),
    "a part": (
        lambda path: changed(path, b"PK\5\6\0\0", b"PK\5\6\1\0"),
        "is one of several parts; expected a whole zip archive",
    ),
    "directory elsewhere": (
        lambda path: changed(path, path.read_bytes()[-10:-6], struct.pack("<L", 1 << 20)),
        "is damaged: its directory is not where it says; expected a whole zip archive",
    ),
    "directory of something else": (
        lambda path: changed(path, b"PK\1\2", b"PK\1\3"),
        "is damaged: its directory does not list its members; expected a whole zip archive",
    ),
    "out of it": (
        lambda path: entry(path, 42, struct.pack("<L", 1 << 20)),
        "is damaged: its member 'a/1.png' lies out of it; expected a whole zip archive",
    ),
    "over one another": (
        lambda path: entry(path, 20, struct.pack("<L", 80)),
        "its members lie over one another; expected each in a place of its own",
    ),
    "a bomb": (
        lambda path: entry(path, 24, struct.pack("<L", 0xFFFFFFF0)),
        "unpacks to more than 200 times its size, so that it is not read",
    ),
    "a larger bomb": (
        lambda path: zipped(path, {"a/1.png": b"x"}) and large(path, (1 << 63) - 1),
        "is damaged: its member 'a/1.png' lies out of it; expected a whole zip archive",
    ),
}


def large(path: Path, size: int) -> Path:
    """The zip, whose first member is said to unpack to so many bytes, more than fit their place."""
    with zipfile.ZipFile(path) as made:
        (info,) = made.infolist()
        data = made.read(info)
    packed = zipfile.ZipInfo(info.filename)
    packed.extra = struct.pack("<2HQ", 1, 8, size)
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(packed, data)
    return entry(path, 24, b"\xff" * 4)


@pytest.mark.parametrize("fault", BROKEN_ZIPS)
def test_a_broken_zip_is_one_line(tmp_path: Path, fault: str) -> None:
    path = zipped(tmp_path / "a.zip", {"a/1.png": b"x" * 50, "a/2.png": b"y" * 50})
    change, said = BROKEN_ZIPS[fault]
    change(path)
    assert refused(path) == said


BROKEN_TARS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "empty": (".tar", lambda path: path.write_bytes(b""), "is no tar archive: it is too short"),
    "short": (".tar", lambda path: path.write_bytes(b"x" * 99), "is no tar archive: it is too short"),
    "something else": (".tar", lambda path: path.write_bytes(b"no archive" * 1000), "is no tar archive"),
    "no end": (".tar", lambda path: os.truncate(path, 2048), "is cut off: it has no end"),
    "in a member": (".tar", lambda path: os.truncate(path, 1700), "is cut off: it has no end"),
    "in a header": (".tar", lambda path: os.truncate(path, 1400), "is cut off"),
    "a header": (
        ".tar",
        lambda path: changed(path, b"a/2.png", b"b/2.png"),
        "is damaged: a header has another checksum",
    ),
    "gzip cut off": (".tar.gz", lambda path: os.truncate(path, path.stat().st_size - 9), "is cut off"),
    "gzip's checksum": (
        ".tgz",
        lambda path: path.write_bytes(path.read_bytes()[:-8] + b"abcd" + path.read_bytes()[-4:]),
        "is damaged: Error -3 while decompressing data: incorrect data check",
    ),
    "xz cut off": (".tar.xz", lambda path: os.truncate(path, path.stat().st_size - 9), "is cut off"),
    "no xz": (
        ".tar.xz",
        lambda path: path.write_bytes(b"x" * 99),
        "is damaged: Input format not supported by decoder",
    ),
    "bzip2 cut off": (".tar.bz2", lambda path: os.truncate(path, path.stat().st_size - 9), "is cut off"),
    "bzip2's checksum": (
        ".tar.bz2",
        lambda path: changed(path, path.read_bytes()[-3:], b"abc"),
        "is damaged: Invalid data stream",
    ),
    "no bzip2": (".tar.bz2", lambda path: path.write_bytes(b"x" * 99), "is damaged: Invalid data stream"),
    "something else, packed": (".tgz", lambda path: path.write_bytes(gzip.compress(b"x" * 999)), "is no tar archive"),
}


@pytest.mark.parametrize("fault", BROKEN_TARS)
def test_a_broken_tar_is_one_line(tmp_path: Path, fault: str) -> None:
    ending, change, said = BROKEN_TARS[fault]
    path = tarred(tmp_path / f"a{ending}", {"a/1.png": b"x", "a/2.png": b"y" * 300})
    change(path)
    whole = "tar.gz" if ending == ".tgz" else ending[1:]
    assert refused(path) == f"{said}; expected a whole {whole} archive"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"Rar!\x1a\7\1\0", "a RAR archive"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "a 7z archive"),
        (b"<!DOCTYPE html>", "an HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
        (b"PK\3\4", "a ZIP archive"),
        (gzip.compress(b"x" * 999), "a gzip archive"),
        (bz2.compress(b"x" * 999), "a bzip2 archive"),
        (lzma.compress(b"x" * 999), "an xz archive"),
        (member("a/1.png")[0].tobuf(tarfile.GNU_FORMAT) + bytes(1024), "a tar archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_archive_of_another_kind_than_its_name_says_is_told(
    tmp_path: Path, ending: str, data: bytes, what: str
) -> None:
    of = {".tgz": "tar.gz"}.get(ending, ending[1:])
    own = {"zip": "a ZIP archive", "tar": "a tar archive", "tar.gz": "a gzip archive", "tar.xz": "an xz archive"}
    path = tmp_path / f"a{ending}"
    path.write_bytes(data.ljust(1000, b"\0"))
    if what != own.get(of, "a bzip2 archive"):
        assert refused(path).endswith(f"; it begins as {what} does; expected a whole {of} archive")


def header(**fields: object) -> bytes:
    """The header of a member without data."""
    return member("a/1.png", **fields)[0].tobuf(tarfile.GNU_FORMAT)


def with_size(field: bytes, kind: bytes = b"0") -> bytes:
    """A header with this in the place of its size, and a checksum that is right."""
    block = bytearray(header(type=kind))
    block[124:136] = field.ljust(12, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


HEADERS = {
    "less than nothing": (with_size(b"\xff" * 12), "is damaged: it has a member without a size"),
    "an endless one": (with_size(b"\x80" + b"\x7f" * 11), "is damaged: it has a member without a size"),
    "no number": (with_size(b"abc"), "is damaged: it has a member without a size"),
    "a long name of 8 GB": (with_size(b"77777777777", b"L"), "is damaged: it has a header of 8589934591 bytes"),
    "keywords of nothing": (
        with_size(b"3", b"x") + b"0 =".ljust(512, b"\0"),
        "is damaged: a header of keywords is none",
    ),
    "keywords of too much": (
        with_size(b"11", b"x") + b"99 size=1".ljust(512, b"\0"),
        "is damaged: a header of keywords is none",
    ),
    "a size in words": (
        with_size(b"14", b"x") + b"12 size=abc\n".ljust(512, b"\0") + header(),
        "is damaged: it has a member without a size",
    ),
}


@pytest.mark.parametrize("fault", HEADERS)
def test_a_header_that_would_lead_a_reader_round_for_ever_is_one_line(tmp_path: Path, fault: str) -> None:
    data, said = HEADERS[fault]
    (tmp_path / "a.tar").write_bytes(data + bytes(1024))
    assert refused(tmp_path / "a.tar") == f"{said}; expected a whole tar archive"


@pytest.mark.parametrize("ending", [".tar.gz", ".tar.xz", ".tar.bz2"])
def test_a_tar_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(unpacked, "FREE", 1 << 20)
    path = tarred(tmp_path / f"a{ending}", {"a/1.png": bytes(1 << 24)})
    assert refused(path) == (
        f"unpacks to more than 200 times its size, so that it is not read; expected a whole {ending[1:]} archive"
    )


def test_a_member_of_a_zip_that_is_not_what_the_directory_says_is_bad(tmp_path: Path) -> None:
    contents = {f"{number}.png": b"abcd" * 100 for number in range(5)} | {"last.png": b"x"}
    path = zipped(tmp_path / "a.zip", contents)
    data = bytearray(path.read_bytes())
    starts = [data.index(f"{number}.png".encode()) - 30 for number in range(5)]
    data[starts[0]] = 0  # no header there
    data[starts[1] + 40] ^= 255  # not what deflate makes
    at = data.index(b"PK\1\2") + 2 * (46 + 5)
    data[at + 24] += 1  # one byte more than there is
    data[at + 46 + 5 + 24] -= 1  # one byte less
    data[at + 2 * (46 + 5) + 16] ^= 1  # another CRC
    path.write_bytes(data)
    archive = open_archive(str(path))
    reasons = []
    for number in range(5):
        with pytest.raises(BadPicture) as caught:
            archive.read(f"{number}.png", 1 << 20)
        reasons.append(caught.value.reason)
    assert archive.read("last.png", 9) == b"x"
    assert reasons[0] == "in the archive it is damaged: it is not where the directory says"
    assert reasons[1].startswith("in the archive it is damaged: ")
    assert reasons[2] == "in the archive it is cut off: 400 of 401 bytes are there"
    assert reasons[3] == "in the archive it is damaged: it does not unpack to the 399 bytes that it should"
    assert reasons[4] == "in the archive it is damaged: its CRC-32 is another one"


def test_a_part_of_a_zip_that_has_changed_is_found_before_any_of_it_is_read(tmp_path: Path) -> None:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = zipped(tmp_path / "a.zip", {"1.bin": b"abcd" * 100_000, "2.bin": b"x"}, method)
        changed(path, b"abcd", b"abce") if method == zipfile.ZIP_STORED else entry(path, 16, b"0123")
        archive = open_archive(str(path))
        with pytest.raises(BadPicture) as caught:
            archive.span("1.bin")
        assert caught.value.reason == "in the archive it is damaged: its CRC-32 is another one"
        assert archive.span("2.bin").read(9, 0) == b"x"


def test_no_more_of_a_member_is_taken_into_memory_than_may_be(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.png": random.Random(1).randbytes(1000)})
    entry(path, 24, struct.pack("<L", 10))  # so many bytes, it says, out of a thousand
    with pytest.raises(BadPicture, match="the file is larger than 100 bytes"):
        open_archive(str(path)).read("1.png", 100)


def test_an_archive_that_is_cut_off_while_it_is_in_use(tmp_path: Path) -> None:
    for ending in (".zip", ".tar"):
        path = packed(tmp_path / f"a{ending}", {"1.png": bytes(2000), "2.png": random.Random(1).randbytes(2000)})
        archive = open_archive(str(path))
        os.truncate(path, 1500)
        with pytest.raises(BadPicture, match="in the archive it is "):
            archive.read("2.png", 1 << 20)


def test_a_disk_that_cannot_be_read_is_no_fault_of_the_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = open_archive(str(zipped(tmp_path / "a.zip", {"1.png": b"x"})))

    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", broken)
    with pytest.raises(EnvironmentFault) as caught:
        archive.read("1.png", 9)
    assert str(caught.value) == f"{tmp_path}/a.zip: cannot read the picture: Input/output error"


def test_what_is_no_file_is_no_archive(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.zip")
    assert refused(tmp_path / "a.zip") == "a named pipe (FIFO), not a file"
    (tmp_path / "b.tar").symlink_to("nowhere")
    assert refused(tmp_path / "b.tar") == "a link to a file that is not there"


def test_a_zip_that_something_stands_before_or_behind(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a/1.png": b"x" * 100})
    path.write_bytes(b"#!/bin/sh\n" * 100 + path.read_bytes())
    with zipfile.ZipFile(path, "a") as made:
        made.comment = b"PK\5\6" * 100
    assert open_archive(str(path)).read("a/1.png", 100) == b"x" * 100


def test_a_zip_of_more_than_plain_numbers_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 3)
    contents = {f"{number}.png": bytes([number]) * 200 for number in range(9)}
    path = zipped(tmp_path / "a.zip", contents, zipfile.ZIP_STORED)
    assert b"PK\6\6" in path.read_bytes()
    archive = open_archive(str(path))
    assert {name: archive.read(name, 999) for name in contents} == contents


def test_names_of_a_zip_are_those_that_were_meant(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"cat/xx.png": b"1", "dog/yyy.png": b"2", "owl/zzz.png": b"3"})
    data = path.read_bytes().replace(b"xx.png", "é.png".encode()).replace(b"yyy.png", b"\x81\x81y.png")
    path.write_bytes(data.replace(b"owl/zzz", b"owl\\zzz"))
    found = open_archive(str(path))
    assert [found.pictures_below(folder, Ignored()) for folder in ("cat", "dog")] == [["é.png"], ["üüy.png"]]
    assert found.entries("", Ignored()) == (["cat", "dog"], ["owl\\zzz.png"])  # made on Unix, as it says
    data = path.read_bytes()
    for _ in range(3):
        data = data.replace(b"PK\1\2\x14\3", b"PK\1\2\x14\0")
    path.write_bytes(data)
    assert open_archive(str(path)).read("owl/zzz.png", 9) == b"3"


NAMES = st.text(st.characters(exclude_characters="\0/", exclude_categories=("Cs",)), min_size=1, max_size=120)
PLAIN = NAMES.filter(lambda name: name.strip(".") and ":" not in name and not name.startswith((".", "__", "Th", "de")))


@settings(max_examples=60, deadline=None)
@given(
    names=st.lists(st.lists(PLAIN, min_size=1, max_size=4).map("/".join), min_size=1, max_size=8, unique=True),
    form=st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
)
def test_any_name_and_any_form_of_tar_is_read_as_tarfile_reads_it(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], form: int
) -> None:
    path = tmp_path_factory.mktemp("tar") / "a.tar"
    tarred(path, {name: name.encode() for name in names}, form)
    archive = open_archive(str(path))
    with tarfile.open(path) as reference:
        assert {name: archive.read(name, 1 << 20) for name in reference.getnames()} == {
            name: name.encode() for name in names
        }


def test_old_tars_are_read(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"x" * 90 + "/" + "y" * 90: b"1", "short": b"2"}, tarfile.USTAR_FORMAT)
    assert open_archive(str(path)).read("x" * 90 + "/" + "y" * 90, 9) == b"1"
    old = bytearray(path.read_bytes()[1024:])
    old[257:265] = bytes(8)  # from before ustar
    old[148:156] = b" " * 8
    old[148:156] = b"%06o\0 " % sum(old[:512])
    (tmp_path / "old.tar").write_bytes(old)
    assert open_archive(str(tmp_path / "old.tar")).read("short", 9) == b"2"


def test_packed_bytes_are_read_from_any_place_however_they_were_packed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacked, "APART", 1 << 16)
    data = random.Random(1).randbytes(500_000)
    half = len(data) // 2
    for kind, pack in (("gzip", gzip.compress), ("xz", lzma.compress), ("bzip2", bz2.compress)):
        (tmp_path / kind).write_bytes(pack(data[:half]) + bytes(12) + pack(data[half:]) + bytes(4))
        span, places = unpacked.Unpacked(OpenFile(str(tmp_path / kind)), kind), random.Random(2)
        for _ in range(30 if kind == "gzip" else 5):
            place, length = places.randrange(len(data)), places.randrange(1, 100_000)
            assert span.read(length, place) == data[place : place + length]
        assert span.size == len(data)
        assert span.read(10, len(data)) == b""


def test_states_that_are_kept_do_not_grow_in_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "APART", 1 << 12)
    monkeypatch.setattr(unpacked, "MOST_KEPT", 8)
    monkeypatch.setattr(unpacked, "STEP", 1 << 12)
    data = random.Random(1).randbytes(1 << 20)
    (tmp_path / "x.gz").write_bytes(gzip.compress(data))
    span = unpacked.Unpacked(OpenFile(str(tmp_path / "x.gz")), "gzip")
    assert span.size == len(data)
    assert 4 <= len(span._kept) <= 8
    for place in range(0, len(data), 99_991):
        assert span.read(100, len(data) - place) == data[len(data) - place :][:100]


def test_the_local_slack_is_no_limit(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a/1.png")
    info.extra = struct.pack("<2H", 0x7777, 3000) + bytes(3000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(info, b"0123456789" * 99)
    assert zips.SLACK < 3000
    assert open_archive(str(tmp_path / "a.zip")).read("a/1.png", 1 << 20) == b"0123456789" * 99


def test_nothing_of_an_archive_is_ever_written(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.tar.gz", {"a/1.png": b"x"})
    before = (path.read_bytes(), path.stat().st_mtime_ns, os.listdir(tmp_path))
    archive = open_archive(str(path))
    assert io.BytesIO(archive.read("a/1.png", 9)).read() == archive.open("a/1.png").read() == b"x"
    assert (path.read_bytes(), path.stat().st_mtime_ns, os.listdir(tmp_path)) == before
