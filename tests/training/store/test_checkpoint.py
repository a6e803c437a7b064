"""Checkpoints: what was saved comes back to the bit; nothing else is accepted, and one line says why."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import pickle
import random
import string
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nettrain import formats
from nettrain.config.words import megabytes
from nettrain.errors import CheckpointError, EnvironmentFault
from nettrain.files import system
from nettrain.training.store import checkpoint, safetensors_file

ANOTHER = "use an earlier checkpoint, or another copy of this one"
OURS = "expected a .safetensors file that nettrain wrote"

META: dict[str, Any] = {"classes": ["cat", "dög", 'a"b'], "epoch": 2, "step": 7, "best": None, "loss": 0.1}
TENSORS = {
    "layers.0.weight": np.arange(6, dtype=np.float32).reshape(2, 3),
    "layers.0.count": np.array(3, dtype=np.int64),
    "layers.1.mask": np.array([1, 2, 3], dtype=np.uint8),
    "empty": np.zeros((0, 4), np.float64),
}
WHOLE = checkpoint.encode(META, TENSORS)


def fault_of(data: bytes) -> str:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.decode(data, "c.safetensors")
    (line,) = caught.value.lines()
    return line.removeprefix("nettrain: error: c.safetensors: ")


def same(first: np.ndarray, second: np.ndarray) -> bool:
    return (first.dtype, first.shape, first.tobytes()) == (second.dtype, second.shape, second.tobytes())


def resigned(data: bytes) -> bytes:
    """The same bytes with a SHA-256 that is right again."""
    digits = safetensors_file.DIGITS
    blank = data[: digits.start] + b"0" * 64 + data[digits.stop :]
    return data[: digits.start] + hashlib.sha256(blank).hexdigest().encode() + data[digits.stop :]


def with_header(change: Callable[[bytes], bytes]) -> bytes:
    """The whole file with another header, of the right length, and signed."""
    size = int.from_bytes(WHOLE[:8], "little")
    header = change(WHOLE[8 : 8 + size].rstrip())
    header += b" " * (-len(header) % 8)
    return resigned(len(header).to_bytes(8, "little") + header + WHOLE[8 + size :])


def swapped(old: bytes, new: bytes) -> bytes:
    changed = with_header(lambda header: header.replace(old, new))
    assert changed != WHOLE
    return changed


# What was saved comes back


def test_a_saved_checkpoint_comes_back(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "c.safetensors", META, TENSORS)
    found = checkpoint.load(tmp_path / "c.safetensors")
    assert found.meta == META
    assert found.tensors.keys() == TENSORS.keys()
    assert all(same(found.tensors[name], TENSORS[name]) for name in TENSORS)
    assert found.sha256 == hashlib.sha256((tmp_path / "c.safetensors").read_bytes()).hexdigest()
    assert os.listdir(tmp_path) == ["c.safetensors"]


def test_the_safetensors_package_reads_it() -> None:
    found = safetensors.numpy.load(WHOLE)
    assert all(same(found[name], TENSORS[name]) for name in TENSORS)


def test_the_metadata_is_one_key_of_canonical_json(tmp_path: Path) -> None:
    (tmp_path / "c.safetensors").write_bytes(WHOLE)
    with safetensors.safe_open(tmp_path / "c.safetensors", "np") as file:
        metadata = file.metadata()
    assert list(metadata) == ["nettrain"]
    found = json.loads(metadata["nettrain"])
    assert found.pop("SHA-256") in WHOLE.decode("latin-1")
    assert found == META | {"format_version": 1}
    again = json.dumps(json.loads(metadata["nettrain"]), sort_keys=True, separators=(",", ":"))
    assert metadata["nettrain"] == again


def test_the_bytes_do_not_depend_on_the_order_of_anything() -> None:
    turned = checkpoint.encode(dict(reversed(META.items())), dict(reversed(TENSORS.items())))
    assert turned == WHOLE


@pytest.mark.parametrize("version", [1])
def test_a_file_of_every_released_format_is_read(version: int) -> None:
    path = Path(__file__).parent / f"golden/format-{version}.safetensors"
    found = checkpoint.load(path)
    assert found.meta == META
    assert all(same(found.tensors[name], TENSORS[name]) for name in TENSORS)


def test_the_bytes_of_the_present_format_never_change() -> None:
    path = Path(__file__).parent / f"golden/format-{formats.CHECKPOINT}.safetensors"
    assert path.read_bytes() == WHOLE


@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_dtype_comes_back_in_either_byte_order(dtype: str, order: str) -> None:
    array = np.array([0, 1, 2, 100], np.dtype(order + dtype))
    found = checkpoint.decode(checkpoint.encode({}, {"x": array}), "c").tensors["x"]
    assert found.dtype == np.dtype("<" + dtype)
    assert found.tolist() == array.tolist()


VIEWS: dict[str, np.ndarray] = {
    "transposed": np.arange(12, dtype=np.float32).reshape(3, 4).T,
    "every second": np.arange(12, dtype=np.float32)[::2],
    "backwards": np.arange(12, dtype=np.float32)[::-1],
    "fortran": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
    "broadcast": np.broadcast_to(np.float32(3), (2, 2)),
    "read-only": np.frombuffer(b"12345678", np.float32),
    "0-d": np.array(5.0, np.float32),
}


@pytest.mark.parametrize("array", VIEWS.values(), ids=VIEWS)
def test_an_array_in_odd_memory_is_written_right(array: np.ndarray) -> None:
    data = checkpoint.encode({}, {"x": array})
    for found in (checkpoint.decode(data, "c").tensors["x"], safetensors.numpy.load(data)["x"]):
        assert found.shape == array.shape
        assert found.tolist() == array.tolist()


def test_loaded_tensors_are_views_that_cannot_be_written() -> None:
    for data in (WHOLE, bytearray(WHOLE)):
        found = checkpoint.decode(data, "c").tensors["layers.0.weight"]
        with pytest.raises(ValueError, match="read-only"):
            found[0, 0] = 1
        assert found.flags.aligned
        assert not found.flags.owndata


NAMES = st.text(min_size=1, max_size=20).filter(lambda name: name != "__metadata__")
DTYPES = st.sampled_from([np.dtype(text) for text in safetensors_file.DTYPES.values()])
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(
        dtype,
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
        elements={"allow_nan": False, "allow_infinity": False} if dtype.kind == "f" else None,
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.text(string.ascii_lowercase + "_", min_size=1, max_size=8).filter(
    lambda key: key != "format_version" and not key.startswith("_")
)


@given(meta=st.dictionaries(KEYS, JSON, max_size=4), tensors=st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_anything_comes_back(meta: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    found = checkpoint.decode(checkpoint.encode(meta, tensors), "c")
    assert found.meta == meta
    assert found.tensors.keys() == tensors.keys()
    assert all(same(found.tensors[name], tensors[name]) for name in tensors)


def test_numpy_numbers_in_the_metadata_come_back_shortest() -> None:
    meta = {"lr": np.float32(0.1), "n": np.int64(3), "mean": np.array([0.1, 0.2], np.float32), "pair": (1, 2)}
    assert checkpoint.decode(checkpoint.encode(meta, {}), "c").meta == {
        "lr": 0.1,
        "n": 3,
        "mean": [0.1, 0.2],
        "pair": [1, 2],
    }


# What cannot be saved


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_a_state_that_is_not_finite_is_never_saved(tmp_path: Path, value: float, dtype: type) -> None:
    tensors = {**TENSORS, "layers.1.bias": np.array([[1, 2], [value, 3]], dtype)}
    with pytest.raises(CheckpointError) as caught:
        checkpoint.save(tmp_path / "c", META, tensors)
    message = "not finite: layers.1.bias; a state with NaN or infinity is never saved"
    assert str(caught.value) == f"{tmp_path}/c: {message}"
    assert os.listdir(tmp_path) == []


def test_metadata_that_is_not_finite_is_never_saved() -> None:
    with pytest.raises(CheckpointError, match=r"^not finite: a number in the metadata; a state with NaN or inf"):
        checkpoint.encode({"loss": float("nan")}, {})


def test_what_no_reader_would_accept_is_not_written() -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.encode({"history": [1] * (1 << 18)}, {})
    message = "cannot hold this metadata (262147 values; at most 262144); keep long histories as tensors"
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("meta", "tensors"),
    [
        ({"format_version": 1}, {}),
        ({"SHA-256": ""}, {}),
        ({"A": 1}, {}),
        ({"": 1}, {}),
        ({"a": {1: 2}}, {}),
        ({"a": object()}, {}),
        ({}, {"__metadata__": np.zeros(1)}),
        ({}, {"x": np.zeros(1, bool)}),
        ({}, {"x": np.zeros(1, complex)}),
        ({}, {"x": np.array(["a"])}),
        ({}, {"x": np.array([None])}),
    ],
)
def test_a_slip_of_the_program_is_a_type_error(meta: dict[str, Any], tensors: dict[str, np.ndarray]) -> None:
    with pytest.raises(TypeError):
        checkpoint.encode(meta, tensors)


# Damage: exhaustive on a small file


def accepted(damaged: Iterator[bytes]) -> int:
    count = 0
    for data in damaged:
        try:
            checkpoint.decode(data, "c")
        except CheckpointError as error:
            (line,) = error.lines()
            assert line.startswith("nettrain: error: c: ")
            assert "; " in line
        else:
            count += 1
    return count


def test_no_flipped_bit_is_accepted() -> None:
    def flips() -> Iterator[bytes]:
        for bit in range(8 * len(WHOLE)):
            data = bytearray(WHOLE)
            data[bit // 8] ^= 1 << bit % 8
            yield bytes(data)

    assert accepted(flips()) == 0


def test_no_part_is_accepted() -> None:
    assert accepted(WHOLE[:size] for size in range(len(WHOLE))) == 0


def test_nothing_appended_is_accepted() -> None:
    assert accepted(WHOLE + tail for tail in (b"\0", b" ", b"\0" * 512, WHOLE)) == 0


def test_no_block_lost_or_swapped_is_accepted() -> None:
    size = 512
    data = checkpoint.encode(META, {"x": np.random.default_rng(1).normal(size=1000).astype(np.float32)})
    blocks = [data[start : start + size] for start in range(0, len(data), size)]

    def broken() -> Iterator[bytes]:
        for i in range(len(blocks)):
            zeroed = [*blocks]
            zeroed[i] = bytes(len(blocks[i]))
            yield b"".join(zeroed)
            for j in range(i):
                turned = [*blocks]
                turned[i], turned[j] = turned[j], turned[i]
                yield b"".join(turned)

    assert accepted(broken()) == 0


def test_signed_nonsense_is_an_error_line_or_a_checkpoint() -> None:
    chance = random.Random(1)
    pieces = [
        b'"',
        b"{",
        b"[",
        b"}",
        b"]",
        b",",
        b":",
        b"0",
        b"-1",
        b"1e9",
        b"99999999999999999999",
        b"\\",
        b"\xff",
        b"NaN",
    ]

    def mutants() -> Iterator[bytes]:
        for _ in range(3000):
            data = bytearray(WHOLE)
            for _ in range(chance.randint(1, 3)):
                at = chance.randrange(safetensors_file.DIGITS.stop, len(data))
                data[at : at + chance.randint(0, 4)] = chance.choice(pieces)
            yield resigned(bytes(data))

    assert accepted(mutants()) < 300  # those that changed a number or a letter into another


HEADER = int.from_bytes(WHOLE[:8], "little")

DAMAGED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", f"is empty; {ANOTHER}"),
    "7 bytes": (WHOLE[:7], f"is 7 bytes long, too short for a checkpoint; {ANOTHER}"),
    "cut in the header": (
        WHOLE[:200],
        f"is cut short: its header alone takes {HEADER + 8} bytes, but the file has 200; {ANOTHER}",
    ),
    "cut by a byte": (
        WHOLE[:-1],
        f"is damaged or cut short: the SHA-256 of its {len(WHOLE) - 1} bytes is not the one written in it; {ANOTHER}",
    ),
    "appended": (
        WHOLE + b"x",
        f"is damaged or cut short: the SHA-256 of its {len(WHOLE) + 1} bytes is not the one written in it; {ANOTHER}",
    ),
    "appended and signed": (
        resigned(WHOLE + b"x"),
        f"holds {len(WHOLE) + 1} bytes, but its header describes {len(WHOLE)}; {ANOTHER}",
    ),
    "header of 2^63 bytes": (
        (1 << 63).to_bytes(8, "little") + WHOLE[8:],
        f"has a header length of 9223372036854775808, which nettrain never writes; {ANOTHER}",
    ),
    "header of odd length": (
        (HEADER + 1).to_bytes(8, "little") + WHOLE[8:],
        f"has a header length of {HEADER + 1}, which nettrain never writes; {ANOTHER}",
    ),
    "newer": (
        swapped(rb"\"format_version\":1", rb"\"format_version\":2"),
        "has format version 2, this nettrain reads up to 1; use a newer nettrain",
    ),
    "version as text": (
        swapped(rb"\"format_version\":1", rb"\"format_version\":\"1\""),
        f"has format version '1'; {ANOTHER}",
    ),
    "no version": (swapped(rb",\"format_version\":1", b""), f"has format version None; {ANOTHER}"),
    "not ASCII": (swapped(b"layers.1.mask", b"layers.1.m\xe4sk"), f"has a header that is not ASCII; {ANOTHER}"),
    "not JSON": (
        swapped(b"}}", b"}"),
        f"has a header that cannot be read (not JSON: Expecting ',' delimiter at character 496); {ANOTHER}",
    ),
    "twice": (
        swapped(b"layers.1.mask", b"layers.0.count"),
        f"has a header that cannot be read (key 'layers.0.count' stands twice); {ANOTHER}",
    ),
    "deep": (
        swapped(b'"shape":[2,3]', b'"shape":' + b"[" * 64 + b"]" * 64),
        f"has a header that cannot be read (nested more than 64 deep); {ANOTHER}",
    ),
    "a million tensors": (
        with_header(
            lambda header: header[:-1] + b',"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}' * 70000 + b"}"
        ),
        f"has a header that cannot be read (490032 values; at most 262144); {ANOTHER}",
    ),
    "unknown dtype": (
        swapped(b'"U8"', b'"BOOL"'),
        f"layers.1.mask: dtype 'BOOL' is not one of F64, I64, U64, F32, I32, U32, F16, I16, U16, I8, U8; {ANOTHER}",
    ),
    "shape of text": (
        swapped(b"[2,3]", b'["2",3]'),
        f"layers.0.weight: shape holds something else than lengths; {ANOTHER}",
    ),
    "negative shape": (
        swapped(b"[2,3]", b"[-2,-3]"),
        f"layers.0.weight: shape holds something else than lengths; {ANOTHER}",
    ),
    "too many dimensions": (
        swapped(b"[2,3]", b"[2,3" + b",1" * 31 + b"]"),
        f"layers.0.weight: shape is not a list of at most 32 lengths; {ANOTHER}",
    ),
    "empty but huge": (
        swapped(b"[0,4]", b"[0,4611686018427387904]"),
        f"empty: shape [0, 4611686018427387904] is larger than any memory; {ANOTHER}",
    ),
    "negative offsets": (
        swapped(b"[8,32]", b"[-8,16]"),
        f"layers.0.weight: data_offsets are [-8, 16], expected [8, 32]; {ANOTHER}",
    ),
    "overlap": (
        swapped(b"[8,32]", b"[0,24]"),
        f"layers.0.weight: data_offsets are [0, 24], expected [8, 32]; {ANOTHER}",
    ),
    "hole": (
        swapped(b"[32,35]", b"[33,36]"),
        f"layers.1.mask: data_offsets are [33, 36], expected [32, 35]; {ANOTHER}",
    ),
    "other size": (
        swapped(b"[2,3]", b"[2,2]"),
        f"layers.0.weight: data_offsets are [8, 32], expected [8, 24]; {ANOTHER}",
    ),
    "past the end": (
        swapped(b'"shape":[3],"data_offsets":[32,35]', b'"shape":[9],"data_offsets":[32,41]'),
        f"holds {len(WHOLE)} bytes, but its header describes {len(WHOLE) + 6}; {ANOTHER}",
    ),
    "an entry too much": (
        swapped(b'"dtype":"U8",', b'"dtype":"U8","x":1,'),
        f"layers.1.mask: expected dtype, shape and data_offsets, and nothing else; {ANOTHER}",
    ),
    "floats as offsets": (swapped(b"[32,35]", b"[32,35.0]"), f"has a header that is not in nettrain's form; {ANOTHER}"),
    "spaces": (swapped(b'"dtype":"U8"', b'"dtype": "U8"'), f"has a header that is not in nettrain's form; {ANOTHER}"),
    "unsorted metadata": (
        swapped(rb"\"epoch\":2,\"format_version\":1", rb"\"format_version\":1,\"epoch\":2"),
        f"has a header that is not in nettrain's form; {ANOTHER}",
    ),
    "foreign metadata": (
        swapped(rb"\"step\"", rb"\"Step\""),
        f"has metadata that nettrain never writes ('Step' cannot be a key of a checkpoint's metadata); {ANOTHER}",
    ),
    "infinite metadata": (
        swapped(rb"\"loss\":0.1", rb"\"loss\":1e999"),
        "not finite: a number in the metadata; a state with NaN or infinity is never saved",
    ),
    "NaN weights": (
        resigned(WHOLE.replace(np.float32(5).tobytes(), np.float32("nan").tobytes())),
        "not finite: layers.0.weight; a state with NaN or infinity is never saved",
    ),
}


@pytest.mark.parametrize(("data", "message"), DAMAGED.values(), ids=DAMAGED)
def test_each_damage_is_named(data: bytes, message: str) -> None:
    assert fault_of(data) == message


def test_memory_stays_near_the_size_of_the_file(tmp_path: Path) -> None:
    worst = [
        b",0" * 262_000,
        b",[]" * 87_000,
        b",{}" * 87_000,
        b',"abcdefgh"' * 260_000,
        b"".join(b',{"%x":%d}' % (k, k) for k in range(87_000)),
    ]
    for values in worst:
        data = with_header(lambda header, values=values: header.replace(b"[2,3]", b"[0" + values + b"]"))
        tracemalloc.start()
        assert fault_of(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 32 << 20, values[:5]


# Files of other tools


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (os.abort, ())


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, pickle.dumps(Bomb()))
    return out.getvalue()


def npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, weight=np.zeros(3))
    return out.getvalue()


FOREIGN = {
    "a safetensors file without nettrain's metadata": [
        safetensors.numpy.save({"x": np.zeros(3)}),
        safetensors.numpy.save({"x": np.zeros(3)}, {"nettrain": "{}"}),
        safetensors.numpy.save({"x" * 582: np.zeros(3)}),  # its header's length looks like a pickle
    ],
    "a pickle (.pt, .pkl)": [pickle.dumps(Bomb(), protocol) for protocol in (2, 3, 4, 5)],
    "a PyTorch archive (.pt)": [zipped("archive/data.pkl", "archive/version"), zipped("model/.format_version")],
    "a NumPy archive (.npz)": [npz()],
    "a Keras archive (.keras)": [zipped("metadata.json", "config.json")],
    "a zip archive": [zipped("readme.txt")],
    "a NumPy array (.npy)": [b"\x93NUMPY\x01\x00" + b" " * 100],
    "an HDF5 file (.h5)": [b"\x89HDF\r\n\x1a\n" + bytes(100)],
    "a TensorFlow Lite model": [b"\x1c\0\0\0TFL3" + bytes(100)],
    "an ONNX model": [b"\x08\x07\x12\x07pytorch\x1a\x051.9.0"],
    "a gzip file": [b"\x1f\x8b\x08" + bytes(100)],
    "a Git LFS pointer (run 'git lfs pull')": [b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"],
    "a web page": [b"<!DOCTYPE html><html></html>", b"\n<html>"],
    "a text file": [b"name: cifar10\nseed: 1\n"],
}


@pytest.mark.parametrize(("kind", "data"), [(kind, data) for kind, all_of in FOREIGN.items() for data in all_of])
def test_a_file_of_another_tool_is_named_and_never_executed(tmp_path: Path, kind: str, data: bytes) -> None:
    assert fault_of(data) == f"is {kind}, not a checkpoint; {OURS}"
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path}: is {kind}, not a checkpoint; {OURS}"


def test_an_unknown_file_is_just_not_a_checkpoint() -> None:
    assert fault_of(bytes(1000)) == f"is not a checkpoint; {OURS}"


# Loading


def test_what_is_no_file_says_what_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(WHOLE)
    rows = {
        "": "is a folder",
        "pipe": "is a device or pipe",
        "gone": "no such file",
        "file/below": "no such file",
    }
    for name, message in rows.items():
        with pytest.raises(CheckpointError) as caught:
            checkpoint.load(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {message}; {OURS}"


def test_a_name_from_outside_is_escaped(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load("a\x1b[2Jb\n")
    assert str(caught.value) == rf"a\x1b[2Jb\n: no such file; {OURS}"


def test_a_system_that_refuses_to_read_is_an_environment_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise OSError(errno.EMFILE, "x")

    monkeypatch.setattr("builtins.open", refuse)
    (path := tmp_path / "c").touch()
    with pytest.raises(EnvironmentFault) as caught:
        checkpoint.load(path)
    message = "cannot read: this process has too many open files; raise the limit (ulimit -n)"
    assert str(caught.value) == f"{path}: {message}"


def test_a_file_larger_than_memory_is_an_environment_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Large(io.BytesIO):
        def peek(self) -> bytes:
            return WHOLE

        def read(self, *_: object) -> bytes:
            raise MemoryError

    monkeypatch.setattr("builtins.open", lambda *_: Large())
    (path := tmp_path / "c").touch()
    os.truncate(path, 1 << 40)
    with pytest.raises(EnvironmentFault) as caught:
        checkpoint.load(path)
    assert str(caught.value) == f"{path}: cannot read: needs 1099.5 GB of memory; free some and try again"


def test_a_failed_save_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "best.safetensors"
    checkpoint.save(path, META, TENSORS)

    def full(handle: int, data: memoryview) -> int:
        raise OSError(errno.ENOSPC, "x")

    monkeypatch.setattr(system, "write", full)
    with pytest.raises(EnvironmentFault, match=r"best\.safetensors: cannot write: the disk is full; free some space"):
        checkpoint.save(path, META | {"step": 8}, TENSORS)
    assert checkpoint.load(path).meta["step"] == 7
    assert os.listdir(tmp_path) == ["best.safetensors"]


# The newest


def save_steps(folder: Path, *steps: int) -> None:
    for step in steps:
        checkpoint.save(checkpoint.step_path(folder, step), {"step": step}, {})


def test_the_newest_is_found_by_number(tmp_path: Path) -> None:
    save_steps(tmp_path, 9, 1_000_000_000, 100)
    for name in ("step-9999999999.tmp", ".nettrain-00.tmp", "step-1.safetensors", "best.safetensors"):
        (tmp_path / name).write_bytes(b"")
    found = checkpoint.newest(tmp_path)
    assert (found.checkpoint.meta, found.passed_over) == ({"step": 1_000_000_000}, ())
    assert found.path == tmp_path / "step-1000000000.safetensors"
    assert checkpoint.step_path(tmp_path, 1200).name == "step-000001200.safetensors"


def test_a_broken_one_is_passed_over_and_named(tmp_path: Path) -> None:
    save_steps(tmp_path, 1, 2)
    (tmp_path / "step-000000003.safetensors").write_bytes(b"")
    (tmp_path / "step-000000004.safetensors").mkdir()
    found = checkpoint.newest(tmp_path)
    assert found.checkpoint.meta == {"step": 2}
    assert [str(error) for error in found.passed_over] == [
        f"{tmp_path}/step-000000004.safetensors: is a folder; {OURS}",
        f"{tmp_path}/step-000000003.safetensors: is empty; {ANOTHER}",
    ]


def test_one_under_the_name_of_another_step_is_passed_over(tmp_path: Path) -> None:
    save_steps(tmp_path, 1, 2)
    (tmp_path / "step-000000002.safetensors").rename(tmp_path / "step-000000005.safetensors")
    found = checkpoint.newest(tmp_path)
    assert found.checkpoint.meta == {"step": 1}
    message = "is the checkpoint of step 2, under the name of step 5; rename it"
    assert [str(error) for error in found.passed_over] == [f"{tmp_path}/step-000000005.safetensors: {message}"]


def test_without_a_whole_one_every_fault_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.newest(tmp_path / "gone")
    assert str(caught.value) == f"{tmp_path}/gone: holds no checkpoint; start a new run in another folder"
    (tmp_path / "step-000000003.safetensors").write_bytes(b"")
    with pytest.raises(CheckpointError) as caught:
        checkpoint.newest(tmp_path)
    assert caught.value.lines() == [
        f"nettrain: error: {tmp_path}/step-000000003.safetensors: is empty; {ANOTHER}",
        f"nettrain: error: {tmp_path}: no checkpoint in it is whole; start a new run in another folder",
    ]


def test_one_that_cannot_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_steps(tmp_path, 1)

    def refuse(*args: object) -> None:
        raise OSError(errno.EIO, "x")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(EnvironmentFault, match=r"cannot read: the disk reports an input/output error; check the disk$"):
        checkpoint.newest(tmp_path)


@pytest.mark.parametrize(
    ("regular", "kept"),
    [([1, 2, 3, 4], [3, 4, 9]), ([2, 4], [2, 4, 9]), ([1], [1, 4, 9]), ([], [4, 9])],
    ids=str,
)
def test_two_are_kept_and_later_ones_left_alone(tmp_path: Path, regular: list[int], kept: list[int]) -> None:
    save_steps(tmp_path, 1, 2, 3, 4, 9)
    checkpoint.prune(tmp_path, 4, regular.__contains__)
    assert sorted(checkpoint.steps(tmp_path)) == kept


def test_a_save_without_memory_says_how_much_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(safetensors_file, "write", no_memory)
    with pytest.raises(EnvironmentFault) as caught:
        checkpoint.save(tmp_path / "c", META, TENSORS)
    needed = sum(array.nbytes for array in TENSORS.values())
    message = f"cannot write: needs {megabytes(needed)} of memory; free some and try again"
    assert str(caught.value) == f"{tmp_path}/c: {message}"
