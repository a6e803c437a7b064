"""The pictures of a training: listed, decoded, looked through, compared with those of a run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from nettrain.arrays.threads import get_threads
from nettrain.config.document import Document
from nettrain.data.cache import Bad, Pictures, decode_all
from nettrain.data.cache_folder import cache_folder, refuse_inside
from nettrain.data.config import DataConfig
from nettrain.data.doctor.manifest import check_manifest
from nettrain.data.doctor.material import Material
from nettrain.data.fingerprint import data_fingerprint, refuse_other_contents
from nettrain.data.hashing import HashedFiles, hash_files
from nettrain.data.roots import named_folders
from nettrain.data.split import Split, Splits
from nettrain.data.split_csv import Row, keep_splits
from nettrain.data.splitting import make_splits
from nettrain.errors import DataError
from nettrain.training.config import Config

Report = Callable[[str, int, int], None]  # what is going on, done, total


def list_splits(document: Document[Config]) -> Splits:
    """The splits of a config; no picture is read.

    Errors   ``DataError``: those of ``make_splits``, at the config's line where a key is at fault.
    """
    config = document.config
    try:
        return make_splits(config.data, config.seed)
    except DataError as error:
        placed = [document.fault(fault.key, fault.message) if fault.where is None else fault for fault in error.faults]
        raise DataError(faults=placed) from error


def find_manifest(document: Document[Config]) -> None:
    """Refuse a manifest that is not there. Errors: ``DataError`` at the config's line."""
    if (manifest := document.config.data.manifest) is not None and not os.path.exists(manifest):
        what = f"no such file {manifest!r}; expected what 'nettrain doctor --write-manifest' wrote"
        raise DataError(faults=[document.fault("data.manifest", what)])


def compare_with_manifest(data: DataConfig, splits: Splits, listed: Splits, report: Report) -> None:
    """Read every picture of all splits, and hold it against ``data.manifest``, if there is one.

    Errors   those of ``check_manifest``. What is ``listed`` is there, also where it is in no split.
    """
    if data.manifest is not None:
        kept, whole = (Material(which.all(), data.image) for which in (splits, listed))

        def progress(done: int, total: int) -> None:
            report("checking", done, total)

        check_manifest(data.manifest, kept, get_threads(), progress, whole)


def decode_splits(splits: Sequence[Split], data: DataConfig, report: Report) -> Iterator[Pictures]:
    """Every picture of each split in its turn, decoded as the config says.

    Errors   those of ``decode_all``; EnvironmentFault if the disk cache would lie in a folder that the config names.
    """
    if data.cache == "disk":
        refuse_inside(cache_folder(), named_folders(data))

    def progress(name: str, done: int, total: int) -> None:
        report(f"decoding {name}", done, total)

    return decode_all(splits, data.image_of, data.on_bad_image, data.cache, get_threads(), progress)


def check_pictures(
    document: Document[Config], rows: tuple[Row, ...], fingerprint: str, known: bool, report: Report
) -> None:
    """Refuse pictures other than the ``rows`` of a finished run; by names alone where its fingerprint is ``known``.

    Errors   ``DataError``; those of ``decode_splits``.
    Cost     Files are read, but not decoded, unless it takes that to know which of them are skipped.
    """
    data, kept = document.config.data, keep_splits(list_splits(document), rows, exactly=True)
    if known:
        return
    wanted = [split for split in (kept.train, kept.val) if split is not None]
    if data.cache == "disk":  # which knows unchanged files by their times
        found = data_fingerprint(decode_splits(wanted, data, report))
    elif data.on_bad_image == "skip":
        found = data_fingerprint(decode_splits(wanted, replace(data, cache="none"), report))
    else:
        found = data_fingerprint(_hashed(split, data, report) for split in wanted)
    refuse_other_contents(found, fingerprint, kept)


def _hashed(split: Split, data: DataConfig, report: Report) -> HashedFiles:
    def progress(done: int, total: int) -> None:
        report(f"comparing {split.name}", done, total)

    return hash_files(split, data.image_of(split.name), get_threads(), progress)


@dataclass(frozen=True)
class LookedThrough:
    """Pictures to test on that were decoded once and thrown away: which they are, and which of them are ``bad``."""

    parts: tuple[str, ...]  # of their source; see ``Reader``
    files: tuple[str, ...]
    bad: tuple[Bad, ...]
    fingerprint: str  # of the good ones

    def holds_for(self, split: Split) -> bool:
        """Whether a split is of the same pictures."""
        return (self.parts, self.files) == (split.reader.parts, split.files)


def look_through(split: Split, data: DataConfig, report: Report) -> LookedThrough:
    """Decode each picture of a split once, and keep nothing of it. Errors: those of ``decode_all``."""
    (found,) = decode_splits([split], replace(data, cache="none"), report)
    return LookedThrough(split.reader.parts, split.files, found.bad, data_fingerprint([found]))
