"""The bytes of a checkpoint: a safetensors file of one canonical form, with a SHA-256 of itself, written and read.

    length of the header, 8 bytes, little endian
    header   {"__metadata__":{"nettrain":"{\\"SHA-256\\":\\"<64 digits>\\",...}"},"name":{"dtype":...},...}
             and spaces up to a multiple of 8
    tensors  one after the other, in the order of the header, little endian

The digits stand at the same place in every file, so a reader can verify before it parses. A header is accepted only
if it is, byte for byte, the one that we would write for the same metadata, names, dtypes and shapes: then nothing
overlaps, nothing is left out, nothing stands twice.
Source: the format's description, https://github.com/huggingface/safetensors (README, "Format").
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from nettrain.formats import CHECKPOINT
from nettrain.training.store import json_text

MAX_HEADER = 1 << 24  # bytes
MAX_DIMENSIONS = 32
MAX_TENSOR = 1 << 47  # bytes, counting an empty dimension as 1: what an address space holds
START = rb'{"__metadata__":{"nettrain":"{\"SHA-256\":\"'
DIGITS = slice(8 + len(START), 8 + len(START) + 64)
RESERVED = ("SHA-256", "format_version")

DTYPES = {
    "F64": "<f8", "I64": "<i8", "U64": "<u8",
    "F32": "<f4", "I32": "<i4", "U32": "<u4",
    "F16": "<f2", "I16": "<i2", "U16": "<u2",
    "I8": "|i1", "U8": "|u1",
}  # fmt: skip
_WORDS = {np.dtype(text).newbyteorder("="): word for word, text in DTYPES.items()}
_KEY = re.compile(r"[a-z][a-z0-9_]*")


class Damaged(ValueError):
    """The bytes, or what is to become of them, are not as they should be: what is wrong, and what would be right."""

    def __init__(self, what: str, right: str = "use an earlier checkpoint, or another copy of this one") -> None:
        super().__init__(f"{what}; {right}")


class Tensor(NamedTuple):
    """One entry of a header: the word for its dtype, and its shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """In bytes."""
        return math.prod(self.shape) * np.dtype(DTYPES[self.dtype]).itemsize


def write(meta: Mapping[str, Any], tensors: Mapping[str, np.ndarray]) -> bytes:
    """The file's bytes: the same for the same content, in whatever order the mappings are.

    Errors   Damaged if a float is not finite, or the content is more than a reader would accept;
             TypeError for a dtype or a key that a checkpoint does not have.
    """
    arrays = {name: _little_endian(name, tensors[name]) for name in _file_order(tensors)}
    header = _header(meta, {name: Tensor(_WORDS[x.dtype.newbyteorder("=")], x.shape) for name, x in arrays.items()})
    blank = len(header).to_bytes(8, "little") + header
    parts: list[bytes | memoryview] = [x.reshape(-1).view(np.uint8).data for x in arrays.values()]
    digest = hashlib.sha256(blank)
    for part in parts:
        digest.update(part)
    signed = blank[: DIGITS.start] + digest.hexdigest().encode() + blank[DIGITS.stop :]
    return b"".join([signed, *parts])


def read(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Metadata and tensors, as given to ``write``; the arrays are read-only views of ``data``.

    Errors   Damaged.
    Cost     two passes over the file; memory for the header alone.
    """
    header = _verified_header(data)
    meta, tensors = _parse(header)
    if (size := 8 + len(header) + sum(tensor.size for tensor in tensors.values())) != len(data):
        raise Damaged(f"holds {len(data)} bytes, but its header describes {size}")
    whole, arrays, start = np.frombuffer(data, np.uint8), {}, 8 + len(header)
    whole.flags.writeable = False
    for name, tensor in tensors.items():
        flat = whole[start : start + tensor.size].view(DTYPES[tensor.dtype])
        arrays[name] = flat.reshape(tensor.shape)
        _check_finite(name, flat)
        start += tensor.size
    return meta, arrays


def _verified_header(data: bytes) -> bytes:
    if not data.startswith(START, 8):
        raise Damaged("has no metadata of nettrain's", "expected a checkpoint that nettrain wrote")
    size = int.from_bytes(data[:8], "little")
    if size > MAX_HEADER or size % 8:
        raise Damaged(f"has a header length of {size}, which nettrain never writes")
    if 8 + size > len(data):
        raise Damaged(f"is cut short: its header alone takes {8 + size} bytes, but the file has {len(data)}")
    written, view = data[DIGITS], memoryview(data)
    digest = hashlib.sha256(view[: DIGITS.start])
    digest.update(b"0" * 64)
    digest.update(view[DIGITS.stop :])
    if digest.hexdigest().encode() != written:
        raise Damaged(f"is damaged or cut short: the SHA-256 of its {len(data)} bytes is not the one written in it")
    return data[8 : 8 + size]


def _parse(header: bytes) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not header.isascii():
        raise Damaged("has a header that is not ASCII")
    try:
        entries = json_text.parse(header.decode("ascii"))
        meta = json_text.parse(entries.pop("__metadata__")["nettrain"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Damaged(f"has a header that cannot be read ({error})") from error
    if not isinstance(meta, dict) or meta.pop("SHA-256", None) is None:
        raise Damaged("has metadata that is not nettrain's")
    version = meta.pop("format_version", None)
    if type(version) is not int or version < 1:
        raise Damaged(f"has format version {version!r}")
    if version > CHECKPOINT:
        raise Damaged(f"has format version {version}, this nettrain reads up to {CHECKPOINT}", "use a newer nettrain")
    tensors = {name: _tensor(name, entry) for name, entry in entries.items()}
    _compare(entries, dict(_entries(tensors)))
    try:
        ours = _header(meta, tensors)
    except TypeError as error:
        raise Damaged(f"has metadata that nettrain never writes ({error})") from error
    if ours[DIGITS.stop - 8 :] != header[DIGITS.stop - 8 :]:
        raise Damaged("has a header that is not in nettrain's form")
    return meta, tensors


def _tensor(name: str, entry: Any) -> Tensor:
    """What an entry says it is; offsets are not believed, but worked out and compared."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise Damaged(f"{name}: expected dtype, shape and data_offsets, and nothing else")
    dtype, shape = entry["dtype"], entry["shape"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise Damaged(f"{name}: dtype {dtype!r} is not one of {', '.join(DTYPES)}")
    if not isinstance(shape, list) or len(shape) > MAX_DIMENSIONS:
        raise Damaged(f"{name}: shape is not a list of at most {MAX_DIMENSIONS} lengths")
    if not all(type(length) is int and length >= 0 for length in shape):
        raise Damaged(f"{name}: shape holds something else than lengths")
    if math.prod(length or 1 for length in shape) > MAX_TENSOR:
        raise Damaged(f"{name}: shape {shape} is larger than any memory")
    return Tensor(dtype, tuple(shape))


def _compare(entries: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, entry in entries.items():
        if entry != expected[name]:
            found, right = entry["data_offsets"], expected[name]["data_offsets"]
            raise Damaged(f"{name}: data_offsets are {found!r}, expected {right}")


def _header(meta: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> bytes:
    """The one header for this content, digits zero, padded with spaces to a multiple of 8 bytes."""
    for key in meta:
        if key in RESERVED or not _KEY.fullmatch(key):
            raise TypeError(f"{key!r} cannot be a key of a checkpoint's metadata")
    try:
        text = json_text.canonical({**meta, "SHA-256": "0" * 64, "format_version": CHECKPOINT})
    except ValueError as error:
        raise Damaged("not finite: a number in the metadata", "a state with NaN or infinity is never saved") from error
    entries = {"__metadata__": {"nettrain": text}, **dict(_entries(tensors))}
    header = json.dumps(entries, separators=(",", ":"))
    try:
        json_text.check_size(text)
        json_text.check_size(header)
    except ValueError as error:
        raise Damaged(f"cannot hold this metadata ({error})", "keep long histories as tensors") from error
    if len(header) + 8 > MAX_HEADER:
        raise Damaged(f"cannot hold {len(header)} bytes of names and metadata", f"at most {MAX_HEADER - 8}")
    return (header + " " * (-len(header) % 8)).encode("ascii")


def _entries(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, dict[str, Any]]]:
    start = 0
    for name, tensor in tensors.items():
        yield (
            name,
            {
                "dtype": tensor.dtype,
                "shape": list(tensor.shape),
                "data_offsets": [start, start := start + tensor.size],
            },
        )


def _file_order(tensors: Mapping[str, np.ndarray]) -> list[str]:
    """Wide items first, so that each tensor is aligned to its own items; then by name."""
    return sorted(tensors, key=lambda name: (-tensors[name].dtype.itemsize, name))


def _little_endian(name: str, array: np.ndarray) -> np.ndarray:
    """Contiguous and little endian, of the same shape (``np.ascontiguousarray`` would make a 0-d array 1-d)."""
    if name == "__metadata__" or array.dtype.newbyteorder("=") not in _WORDS:
        raise TypeError(f"{name}: a checkpoint cannot hold {array.dtype} under this name")
    array = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    _check_finite(name, array.reshape(-1))
    return array


def _check_finite(name: str, flat: np.ndarray, piece: int = 1 << 20) -> None:
    if flat.dtype.kind == "f":
        for start in range(0, flat.size, piece):
            if not np.isfinite(flat[start : start + piece]).all():
                raise Damaged(f"not finite: {name}", "a state with NaN or infinity is never saved")
