"""Each augmentation on pictures in memory, against the same in Pillow, a picture at a time, as a data loader has it.

To add one: a row in ``KINDS`` and its peer in ``peers/pillow_augment.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.plan import OURS, Job, Kept, Row, Settings

SIZES = {32: 128, 224: 16}  # pixels a side: pictures of a call
KINDS: Mapping[str, Mapping[str, Any]] = {
    "random_crop": {"padding": 4},
    "random_resized_crop": {},
    "random_horizontal_flip": {},
    "alternating_flip": {},
    "random_vertical_flip": {},
    "random_rotation": {"degrees": 15.0},
    "random_affine": {"degrees": 15.0, "translate": (0.1, 0.1), "scale": (0.8, 1.2), "shear": 10.0},
    "random_perspective": {"p": 1.0},
    "color_jitter": {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.1},
    "random_grayscale": {"p": 1.0},
    "gaussian_blur": {"kernel_size": 5},
    "sharpness": {"sharpness_factor": 2.0, "p": 1.0},
    "auto_contrast": {"p": 1.0},
    "equalize": {"p": 1.0},
    "posterize": {"bits": 4, "p": 1.0},
    "solarize": {"threshold": 128, "p": 1.0},
    "random_erasing": {"p": 1.0},
    "rand_augment": {},
    "trivial_augment": {},
    "aug_mix": {},
}
CASES = {f"{kind}@{side}": (kind, side) for kind in KINDS for side in SIZES}


def loaded(kind: str, side: int) -> int:
    """The side of the pictures that an augmentation is given."""
    return side * 256 // 224 if kind == "random_resized_crop" else side


def rows(settings: Settings) -> Iterator[Row]:
    """Each augmentation at each size on each number of threads."""
    for count in settings.threads:
        for case, (_, side) in CASES.items():
            job = Job("augment", case, SIZES[side])
            yield Row(
                "augment", case, count, (Kept(OURS, "nettrain", count, job), Kept("Pillow", "pillow", count, job))
            )
