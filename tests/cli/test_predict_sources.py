"""``nettrain predict`` on what holds many pictures in one file: a row a picture, of all or of the one that is named."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import NETTRAIN, Ended
from data.archives.packing import packed
from data.samples import noise, png_of
from data.sources.making import COLOUR, GREY, Sample, idx, mnist, put, records, sample

import nettrain

Call = Callable[..., Ended]
MADE = {"grey": sample(2), "colour": sample(2, 32, 3)}
TEN = {"data_batch_1.bin": MADE["colour"], "test_batch.bin": sample(1, 32, 3, seed=2)}


def cifar_in_tar(root: Path, made: Sample) -> Path:
    root.mkdir()
    return packed(root / "a.tar.gz", {f"top/{name}": records(some) for name, some in TEN.items()})


def idx_in_zip(root: Path, made: Sample) -> Path:
    root.mkdir()
    return packed(root / "a.zip", {"t10k-images-idx3-ubyte": idx(made.pixels)})  # a set without labels


SOURCES: dict[str, tuple[str, Callable[[Path, Sample], Path], list[str]]] = {  # pictures, what holds them, its files
    "idx": ("grey", GREY["idx"], [""]),
    "idx.gz": ("grey", GREY["idx.gz"], [""]),
    "folder of idx": ("grey", GREY["folder of idx"], ["/train-images-idx3-ubyte"]),
    "idx in a zip": ("grey", idx_in_zip, ["/t10k-images-idx3-ubyte"]),
    "npz": ("grey", GREY["npz"], [""]),
    "npz, packed": ("grey", GREY["npz, packed"], [""]),
    "npz of colours": ("colour", COLOUR["npz"], [""]),
    "cifar": ("colour", COLOUR["cifar"], ["/data_batch_1.bin"]),
    "cifar-100": ("colour", COLOUR["cifar-100"], ["/train.bin"]),
    "cifar in a tar.gz": ("colour", cifar_in_tar, ["/top/data_batch_1.bin", "/top/test_batch.bin"]),
}


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("kind", SOURCES)
def test_a_file_of_many_gives_a_row_a_picture(call: Call, tmp_path: Path, finished: Path, kind: str) -> None:
    colours, make, files = SOURCES[kind]
    path, model = make(tmp_path / "data", MADE[colours]), ("--model", finished, "--all")
    samples = [MADE[colours]] if len(files) == 1 else list(TEN.values())
    names = [
        f"{path}{file}/{number:05d}"
        for file, made in zip(files, samples, strict=True)
        for number in range(len(made.pixels))
    ]
    ended = call("predict", path, *model)
    assert (ended.code, ended.err) == (0, "")
    found = rows(ended.out)
    assert [row["path"] for row in found] == names
    folders = [put(tmp_path / str(place), made.files) for place, made in enumerate(samples)]
    same = rows(call("predict", *folders, *model).out)
    assert [{**row, "path": ""} for row in found] == [{**row, "path": ""} for row in same]
    one = call("predict", names[-1], names[1], *model)
    assert (one.code, rows(one.out)) == (0, [found[-1], found[1]])


def test_what_is_not_in_a_file_or_is_wrong_with_it_is_a_row(call: Call, tmp_path: Path, finished: Path) -> None:
    path = GREY["npz"](tmp_path, MADE["grey"])
    images = mnist(tmp_path, MADE["grey"])
    images.write_bytes(images.read_bytes()[:-1])
    put(tmp_path, {"test.bin": bytes(100)})
    np.savez(tmp_path / "b.npz", images=np.zeros((2, 8, 8)))
    reasons = {
        f"{path}/00006": "no such picture in the file; expected 00000 to 00005",
        f"{path}/5": "no such picture in the file; expected 00000 to 00005",
        f"{tmp_path}/b.npz": "its images are float64 (2, 8, 8); "
        "expected uint8 (N,H,W), (N,H,W,1), (N,H,W,3) or (N,H,W,4), or clips (N,T,H,W,C) of so many channels",
        str(images): "is cut off: its header promises 6 x 8 x 8 bytes",
        f"{tmp_path}/test.bin": "has 100 bytes, not a number of records of 3074 bytes each",
        f"{tmp_path}/gone.npz": "no such file",
        f"{path}/00005": None,
    }
    ended = call("predict", *reasons, "--model", finished)
    assert {row["path"]: row["error"] for row in rows(ended.out)} == reasons
    last = "nettrain: error: 6 of the files could not be used; their rows say why\n"
    assert (ended.code, ended.err) == (3, last)


def test_a_folder_of_pickles_is_one_line(call: Call, tmp_path: Path, finished: Path) -> None:
    root = put(tmp_path / "cifar-10-batches-py", dict.fromkeys(("data_batch_1", "test_batch"), b"\x80\x02N."))
    ended = call("predict", root, "--model", finished)
    assert (ended.code, ended.out, ended.err) == (
        3,
        "",
        f"nettrain: error: {root}: is of CIFAR's Python version (pickle), which is never read, since reading it runs "
        "what stands in it; expected the binary version, cifar-10-binary.tar.gz\n",
    )


def test_a_stream_answers_for_one_picture_in_a_file_of_many(tmp_path: Path, finished: Path) -> None:
    made = MADE["grey"]
    path, several = packed(tmp_path / "a.zip", made.files), GREY["idx.gz"](tmp_path / "idx", made)
    refused = packed(tmp_path / "b.tar", {"../1.png": b"x"})
    wanted = {
        f"{path}/1/002.png": None,
        f"{several}/00002": None,
        f"{path}/1/003.png": None,
        f"{path}/1/gone.png": "no such file in the archive",
        f"{path}/1": "a folder, not a file",
        str(path): "an archive; name a picture in it",
        str(tmp_path): "a folder, not a file",
        str(several): f"holds several pictures; name one, such as {several}/00000",
        f"{several}/00006": "no such picture in the file; expected 00000 to 00005",
        f"{refused}/1.png": "its member '../1.png' leads out of it; expected names below its top",
    }
    command = [*NETTRAIN, "predict", "--stream", "--all", "--model", finished]
    found = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for name in wanted:
            child.stdin.write(os.fsencode(f"{name}\n"))
            child.stdin.flush()
            found += rows(child.stdout.readline().decode())
        out, err = child.communicate()
    assert [(row["path"], row["error"]) for row in found] == list(wanted.items())
    assert (child.returncode, out) == (3, b"")
    assert err == b"nettrain: error: 7 of the files could not be used; their rows say why\n"
    first, second, third = ({**row, "path": ""} for row in found[:3])
    assert first == second != third
    model = nettrain.load(finished)
    for row, prediction in zip(found[:3], model.predict(list(wanted)[:3]), strict=True):
        assert (row["path"], row["label"], row["confidence"]) == (
            prediction.path, prediction.label, pytest.approx(prediction.confidence, abs=1e-6),
        )  # fmt: skip
    with pytest.raises(nettrain.DataError, match=r"a\.zip: an archive; name a picture in it"):
        model.predict(path)


def test_an_archive_that_is_refused_is_a_row_among_others(call: Call, tmp_path: Path, finished: Path) -> None:
    (tmp_path / "good.png").write_bytes(png_of(noise(8, 8, 1)))
    (tmp_path / "bad.zip").write_bytes(b"PK\3\4 and no more")
    ended = call("predict", *(tmp_path / name for name in ("bad.zip", "good.png", "bad.zip/a.png")), "-m", finished)
    assert ended.code == 3
    found = [(Path(row["path"]).name, row["error"]) for row in map(json.loads, ended.out.splitlines())]
    assert [name for name, _ in found] == ["bad.zip", "good.png", "a.png"]
    assert found[0][1] is not None
    assert found[0][1] == found[2][1]
    assert found[0][1].endswith("expected a whole zip archive")
    assert found[1][1] is None
