"""What the doctor has found, as text for people and as an object for programs."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from nettrain.cli.rows import utf8
from nettrain.config.words import some
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.finding import Finding, Severity
from nettrain.errors import escape
from nettrain.formats import ROWS

EXAMPLES = 5  # findings of a kind that are shown
PATHS = 3  # of a finding
_INDENT = " " * 9


def text(case: Case, found: Sequence[Finding]) -> Iterator[str]:
    """What there is, then each kind with some of its findings and what to do, the gravest first."""
    yield _head(case)
    for kind, group in groupby(found, lambda finding: finding.kind):
        members = list(group)
        yield ""
        yield f"{kind.severity.name.lower():<8} {kind.title} ({len(members)})"
        for finding in members[:EXAMPLES]:
            yield _INDENT + _line(case, finding)
        if len(members) > EXAMPLES:
            yield f"{_INDENT}and {len(members) - EXAMPLES} more (--json has all)"
        yield f"{_INDENT}-> {kind.what_to_do}"
    yield ""
    yield f"found {counted(found)}" if found else "nothing found"


def counted(found: Sequence[Finding]) -> str:
    """Such as ``1 error, 3 warnings``."""
    times = Counter(finding.kind.severity for finding in found)
    return ", ".join(some(times[severity], severity.name.lower()) for severity in Severity if times[severity])


def facts(case: Case, found: Sequence[Finding]) -> dict[str, Any]:
    """The same for programs, and all of it."""
    return {
        "pictures": {split.name: len(split.files) for split in case.material.splits},
        "classes": [utf8(name) for name in case.material.classes],
        "divided": not case.refused,
        "counts": {severity.name.lower(): _count(found, severity) for severity in Severity},
        "findings": [_facts(case, finding) for finding in found],
        "format_version": ROWS,
    }


def _head(case: Case) -> str:
    material = case.material
    parts = ", ".join(f"{split.name} {len(split.files):,}" for split in material.splits)
    whole = f"{len(material):,} {'picture' if len(material) == 1 else 'pictures'}"
    lies = " (as they lie: fit refuses them)" if case.refused else ""
    return f"{whole} in {some(len(material.classes), 'class')}: {parts}{lies}"


def _line(case: Case, finding: Finding) -> str:
    seen = finding.seen
    paths = [case.material.path(place) for place in seen.places[:PATHS]]
    paths += seen.paths[: PATHS - len(paths)]
    more = len(seen.places) + len(seen.paths) - len(paths)
    where = ", ".join(escape(os.path.normpath(path)) for path in paths) + (f" and {more} more" if more else "")
    return f"{where}: {escape(seen.message)}" if where else escape(seen.message)


def _facts(case: Case, finding: Finding) -> dict[str, Any]:
    material, seen = case.material, finding.seen
    return {
        "id": finding.id,
        "kind": finding.name,
        "severity": finding.kind.severity.name.lower(),
        "title": finding.kind.title,
        "message": utf8(seen.message),
        "what_to_do": finding.kind.what_to_do,
        "pictures": [
            {"path": utf8(material.path(place)), "split": material.split(place), "label": utf8(material.label(place))}
            for place in seen.places
        ],
        "paths": [utf8(path) for path in seen.paths],
    }


def _count(found: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.kind.severity is severity for finding in found)
