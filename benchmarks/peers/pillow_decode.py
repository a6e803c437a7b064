"""Picture files to pixels with Pillow and a pool of threads, nothing checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.peers.pillow_process import executor
from benchmarks.plan import Job
from benchmarks.sides import Prepared
from benchmarks.workshop import KINDS

MOST = 1000  # pictures a call


def prepare(job: Job) -> Prepared:
    """The files of a folder, the first thousand."""
    paths = sorted(path for path in Path(job.folder).rglob("*") if path.is_file())[:MOST]
    side = KINDS[job.case].loaded

    def load(path: Path) -> np.ndarray:
        with Image.open(path) as picture:
            rgb = picture.convert("RGB")
            if rgb.size != (side, side):
                rgb = rgb.resize((side, side), Image.Resampling.BILINEAR)
            return np.asarray(rgb)

    return Prepared(lambda: list(executor().map(load, paths)), images=len(paths))
