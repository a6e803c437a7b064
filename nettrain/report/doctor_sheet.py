"""The contact sheet of the doctor: the pictures that findings are about, a section a kind, the gravest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from nettrain.data.bad_picture import BadPicture
from nettrain.data.doctor.case import Case
from nettrain.data.doctor.finding import Finding
from nettrain.data.doctor.look import thumbnail
from nettrain.errors import escape
from nettrain.report.contact_sheet import ACROSS, SIDE, Cell, Section, contact_sheet

MOST = 32  # findings of a kind


def doctor_sheet(case: Case, found: Sequence[Finding]) -> bytes:
    """A PNG file with each kind that the eye can judge: of 32 findings, up to 8 pictures each."""
    sections = []
    for kind, members in groupby(found, lambda finding: finding.kind):
        seen = [finding.seen for finding in members if finding.seen.places]
        if kind.to_see and seen:
            more = f", {MOST} of them here" if len(seen) > MOST else ""
            title = f"{kind.severity.name.lower()}: {kind.title} ({len(seen)}{more})"
            sections.append(Section(title, [list(_cells(case, one.places[:ACROSS])) for one in seen[:MOST]]))
    return contact_sheet(sections or [Section("nothing to see", [])])


def _cells(case: Case, places: Sequence[int]) -> Iterator[Cell]:
    """The pictures that can be shown; of a clip the frame in its middle."""
    small = replace(case.material.image, size=(SIDE, SIDE), fit="pad")
    for place in places:
        try:
            pixels = thumbnail(case.material.read(place), case.material.path(place), small)
        except BadPicture:  # the findings say so
            continue
        yield Cell(escape(case.material.name(place)), pixels if pixels.ndim == 3 else pixels[len(pixels) // 2])
