"""Picture files to pixels on all threads, as ``predict`` does it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.plan import Job
from benchmarks.sides import Prepared
from benchmarks.workshop import KINDS
from nettrain.arrays.threads import parallel
from nettrain.data.config import ImageConfig
from nettrain.data.pictures import load

MOST = 1000  # pictures a call


def prepare(job: Job) -> Prepared:
    """The files of a folder, the first thousand."""
    paths = sorted(path for path in Path(job.folder).rglob("*") if path.is_file())[:MOST]
    side = KINDS[job.case].loaded
    image = ImageConfig(size=(side, side))
    return Prepared(lambda: parallel(len(paths), lambda place: load(paths[place], image)), images=len(paths))
