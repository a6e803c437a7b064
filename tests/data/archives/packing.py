"""Archives made by the standard library, and by hand where it would refuse to."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

Contents = Mapping[str, bytes]


def zipped(path: Path, contents: Contents, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip archive with these members, in this order; a name that ends with ``/`` is a folder."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, contents: Contents, form: int = tarfile.PAX_FORMAT) -> Path:
    """A tar archive, packed as its name says."""
    packing = {".gz": "gz", ".tgz": "gz", ".xz": "xz", ".bz2": "bz2", ".tbz2": "bz2", ".tar": ""}[path.suffix]
    with tarfile.open(path, f"w:{packing}", format=form) as archive:  # type: ignore[call-overload]
        for name, data in contents.items():
            archive.addfile(*member(name, data))
    return path


def member(name: str, data: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, io.BytesIO]:
    """A member for ``addfile``."""
    info = tarfile.TarInfo(name)
    info.size = len(data)
    if name.endswith("/"):
        info.type = tarfile.DIRTYPE
    for field, value in fields.items():
        setattr(info, field, value)
    return info, io.BytesIO(data)


def packed(path: Path, contents: Contents) -> Path:
    """An archive of the kind that its name says."""
    return zipped(path, contents) if path.suffix == ".zip" else tarred(path, contents)


ENDINGS = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2"]
