"""An epoch of batches from a folder of JPEGs, augmented and normalised, with nobody who trains on them.

The first epoch decodes every picture; from the second on ours come from memory, where a data loader decodes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.plan import BATCH, OURS, Job, Kept, Row, Settings

FIRST, LATER = "first", "later"
PICTURES = 2_000
KIND, SIDE = "jpeg-32", 32
RECIPES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {  # what is done to each picture, one after the other
    "crop-flip": {"random_crop": {"padding": 4}, "random_horizontal_flip": {}},
    "crop-flip-jitter-erase": {
        "random_crop": {"padding": 4},
        "random_horizontal_flip": {},
        "color_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1},
        "random_erasing": {"p": 1.0},
    },
    "flip-rand-augment": {"random_horizontal_flip": {}, "rand_augment": {}},
}
CASES = {f"{epoch}-epoch-{name}": (epoch, recipe) for name, recipe in RECIPES.items() for epoch in (FIRST, LATER)}


def rows(settings: Settings) -> Iterator[Row]:
    """Each recipe in the first epoch and in a later one, against as many worker processes as we have threads."""
    for count in settings.threads:
        workers = f"torch DataLoader, {count} worker{'s' * (count > 1)}"
        for case in CASES:
            job = Job("loader", case, BATCH)
            sides = ((OURS, "nettrain"), (workers, "torch"))
            yield Row("loader", case, count, tuple(Kept(label, side, count, job, KIND) for label, side in sides))
