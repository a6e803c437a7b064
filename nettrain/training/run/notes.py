"""What an open run has to say at first: of its folders and its cache, and of bad pictures that it leaves out."""

from __future__ import annotations

from nettrain.config.words import some
from nettrain.training.run.run import Run


def first_notes(run: Run) -> tuple[str, ...]:
    """Whole lines for stderr; of a run that was taken up, only what may be another than at its start."""
    prepared = run.prepared
    lines = tuple(f"nettrain: note: {note}" for note in (prepared.cache_notes if run.resumed else prepared.notes))
    if run.resumed or not prepared.bad:
        return lines
    skipped = f"{some(len(prepared.bad), 'bad picture')} skipped; see {run.folder.bad_images}"
    return (*lines, f"nettrain: warning: {skipped}")
