"""A folder of pictures, a cache of its own, and what is decoded."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from data.samples import folder

from nettrain.data import pictures
from nettrain.data.config import ImageConfig


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
