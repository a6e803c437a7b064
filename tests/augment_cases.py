"""A row for each augmentation, with settings that show; and pictures to try them on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.table import AUGMENTATIONS

SETTINGS: dict[str, dict[str, Any]] = {
    "random_crop": {"padding": 2},
    "random_resized_crop": {"scale": (0.3, 1.0)},
    "random_horizontal_flip": {},
    "alternating_flip": {},
    "random_vertical_flip": {},
    "random_rotation": {"degrees": 30.0, "fill": 7},
    "random_affine": {"degrees": 10.0, "translate": (0.2, 0.1), "scale": (0.8, 1.3), "shear": (-5.0, 5.0, -3.0, 3.0)},
    "random_perspective": {},
    "color_jitter": {"brightness": 0.4, "contrast": 0.4},
    "random_grayscale": {"p": 0.5},
    "gaussian_blur": {"kernel_size": 3},
    "sharpness": {"sharpness_factor": 2.5},
    "auto_contrast": {},
    "equalize": {},
    "posterize": {"bits": 3},
    "solarize": {"threshold": 128},
    "random_erasing": {"value": "random"},
    "rand_augment": {},
    "trivial_augment": {},
    "aug_mix": {},
}
CASES = {kind: AUGMENTATIONS[kind][0](**settings) for kind, settings in SETTINGS.items()}
COLOURLESS = {"random_grayscale"}  # which make no sense for pictures without colours
KEEPS_ALPHA = {
    *("color_jitter", "random_grayscale", "gaussian_blur", "sharpness"),
    *("auto_contrast", "equalize", "posterize", "solarize"),
}


def draw(n: int, start: int = 0, seed: int = 1, epoch: int = 0, size: tuple[int, int] | None = None) -> Draw:
    return Draw(seed, "test", epoch, np.arange(start, start + n), size=size)


def noise(n: int, height: int = 9, width: int = 11, channels: int = 3, seed: int = 1) -> np.ndarray:
    """Pictures of which no two pixels are alike but by chance."""
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, channels), np.uint8)


def photos(n: int, height: int = 40, width: int = 36, channels: int = 3, seed: int = 1) -> np.ndarray:
    """Pictures with slopes and edges, some of them dull."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.sin(
        x * random.uniform(0.05, 0.4, (n, channels, 1, 1)) + y * random.uniform(0.05, 0.4, (n, channels, 1, 1))
    )
    steps = 60 * ((x > random.integers(width, size=(n, channels, 1, 1))) ^ (y > height // 3))
    found = random.uniform(60, 180, (n, channels, 1, 1)) + random.uniform(5, 90, (n, 1, 1, 1)) * waves + steps
    return np.ascontiguousarray(np.clip(found, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1))


def full(n: int, value: float) -> np.ndarray:
    """The same strength for each of n pictures."""
    return np.full(n, value)


def by_pillow(images: np.ndarray, change: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """What Pillow makes of each picture."""
    pictures = [Image.fromarray(one[..., 0] if one.shape[2] == 1 else one) for one in images]
    return np.stack([np.asarray(change(picture)).reshape(images.shape[1:]) for picture in pictures])


def assert_within_a_level(out: np.ndarray, expected: np.ndarray) -> None:
    assert np.abs(out.astype(int) - expected.astype(int)).max() <= 1
