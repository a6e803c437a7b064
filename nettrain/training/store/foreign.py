"""Files of other tools that people give as a checkpoint, known by their first bytes; nothing in them is executed."""

from __future__ import annotations

import re

_WRITTEN_BY_US = "expected a .safetensors file that nettrain wrote"

KINDS = (
    (rb".{8}\{\"", "a safetensors file without nettrain's metadata"),
    (rb"PK\x03\x04.{26}[^/]*/?(data\.pkl|\.format_version|\.data/|byteorder|version)", "a PyTorch archive (.pt)"),
    (rb"PK\x03\x04.{26}(metadata\.json|config\.json|model\.weights\.h5)", "a Keras archive (.keras)"),
    (rb"PK\x03\x04.{26}[^\0]{1,200}\.npy", "a NumPy archive (.npz)"),
    (rb"PK\x03\x04", "a zip archive"),
    (rb"\x93NUMPY", "a NumPy array (.npy)"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file (.h5)"),
    (rb".{4}TFL3", "a TensorFlow Lite model"),
    (rb"\x80[\x01-\x05][^\0]", "a pickle (.pt, .pkl)"),
    (rb"\x08[\x01-\x0f]\x12.{0,40}(pytorch|tf2onnx|keras|onnx|sk)", "an ONNX model"),
    (rb"\x1f\x8b", "a gzip file"),
    (rb"version https://git-lfs", "a Git LFS pointer (run 'git lfs pull')"),
    (rb"\s*<(!DOCTYPE|html|\?xml)", "a web page"),
    (rb"\s*[A-Za-z_]+:", "a text file"),
)


def foreign(head: bytes) -> str | None:
    """What is wrong with a file that starts like this and is not ours, and what would be right; None if unknown."""
    for pattern, kind in KINDS:
        if re.match(pattern, head, re.DOTALL | re.IGNORECASE):
            return f"is {kind}, not a checkpoint; {_WRITTEN_BY_US}"
    return None
