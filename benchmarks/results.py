"""The file of results: every figure with the machine it was taken on, named by CPU, cores and versions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import Ratio, ratio, spread
from benchmarks.plan import OURS, Unit

VERSION = 1
FOLDER = Path(__file__).parent / "results"
PLACE = f"{FOLDER.parent.name}/{FOLDER.name}"  # as it is named to people


@dataclass(frozen=True)
class Result:
    """A row that was measured: all figures of each contender, and why others have none. ``gflops`` is the peak."""

    group: str
    case: str
    threads: int
    unit: Unit
    figures: dict[str, list[float]]
    missing: dict[str, str] = field(default_factory=dict)
    flops: float = 0
    images: int = 0
    gflops: float = 0

    @property
    def key(self) -> str:
        """What it is called where rows of two files are compared."""
        return f"{self.name} on {self.threads}"

    @property
    def name(self) -> str:
        """What is typed on the command line to choose it."""
        return f"{self.group}/{self.case}"

    def best(self, beginning: str = "") -> str | None:
        """The best peer, by its median, among those whose label begins so."""
        peers = [label for label in self.figures if label != OURS and label.startswith(beginning)]
        return min(peers, key=lambda label: spread(self.figures[label]).median, default=None)

    def ratio(self, peer: str | None) -> Ratio | None:
        """How many times less ours takes than this peer; None if either has no figures."""
        if peer is None or OURS not in self.figures or peer not in self.figures:
            return None
        return ratio(self.figures[OURS], self.figures[peer])


@dataclass(frozen=True)
class Results:
    """All rows of a file, with the facts of each side: versions, CPU, kernels."""

    facts: dict[str, dict[str, Any]]
    rows: list[Result]
    kernel: str = ""  # that every side was held to

    def with_older(self, older: Sequence[Result]) -> Results:
        """These rows, and of an older file those that were not measured now."""
        known = {row.key for row in self.rows}
        return Results(self.facts, [*self.rows, *(row for row in older if row.key not in known)], self.kernel)


def file_name(results: Results) -> str:
    """Such as ``amd-epyc-2-cores-numpy-2.4.6-torch-2.13.0.json``."""
    ours = results.facts[OURS]
    words = [ours["cpu"], f"{ours['cores']} cores", f"numpy {ours['numpy']}"]
    words += [f"{side} {results.facts[side][side]}" for side in ("torch", "sklearn") if side in results.facts]
    words += [results.kernel] if results.kernel else []
    return re.sub(r"[^a-z0-9.]+", "-", " ".join(words).lower()).strip("-") + ".json"


def read(path: Path) -> Results:
    """A file that ``write`` wrote. Errors: ``OSError``; ``ValueError`` for any other file, or version of it."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # no JSON, or no UTF-8
        raise ValueError(f"{path}: not a file of results; expected one that --save wrote, in {PLACE}") from error
    if not isinstance(content, dict) or content.get("version") != VERSION:
        raise ValueError(f"{path}: not a file of results of version {VERSION}; expected one that --save wrote")
    try:
        rows = [_row(**row) for row in content["rows"]]
        known = content["facts"]
        if not {"cpu", "cores"} <= set(known[OURS]):
            raise ValueError("facts")
        return Results(known, rows, content["kernel"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: a damaged file of results ({error}); put back a copy of it") from error


def _row(**fields: Any) -> Result:
    row = Result(**fields)
    for label, taken in row.figures.items():
        if not taken or not all(isinstance(figure, float | int) and figure > 0 for figure in taken):
            raise ValueError(f"{row.key}: figures of {label}")
    return row


def write(path: Path, results: Results) -> None:
    """A row a line, so that a change can be read as a difference of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = json.dumps({"version": VERSION, "kernel": results.kernel, "facts": results.facts}, indent=1)
    rows = ",\n".join(json.dumps(_short(asdict(row))) for row in results.rows)
    path.write_text(f'{head[:-2]},\n "rows": [\n{rows}\n]\n}}\n', encoding="utf-8")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Figures to five digits, which is more than any is worth."""
    row["figures"] = {label: [float(f"{figure:.5g}") for figure in taken] for label, taken in row["figures"].items()}
    row["gflops"] = round(row["gflops"], 1)
    return row
