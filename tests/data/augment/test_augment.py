"""Every augmentation: keeps shape, kind and input, is a pure function of its draw, and shows only what it may."""

from __future__ import annotations

import numpy as np
import pytest
from data.samples import noise

from nettrain.data.augment.draw import Draw
from nettrain.data.augment.random_crop import RandomCropConfig, random_crop
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig, random_horizontal_flip
from nettrain.data.augment.table import AUGMENTATIONS

CASES = {"random_crop": RandomCropConfig(2), "random_horizontal_flip": RandomHorizontalFlipConfig(0.5)}
each = pytest.mark.parametrize("kind", CASES)


def draw(n: int, start: int = 0, seed: int = 1, epoch: int = 0) -> Draw:
    return Draw(seed, "test", epoch, np.arange(start, start + n))


def images(n: int, height: int = 5, width: int = 7, channels: int = 3) -> np.ndarray:
    return noise(n * height, width, 3).reshape(n, height, width, 3)[..., :channels].copy()


def test_every_augmentation_has_a_case():
    assert set(CASES) == set(AUGMENTATIONS)
    assert all(isinstance(config, AUGMENTATIONS[kind][0]) for kind, config in CASES.items())


@each
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("n", [1, 16])
def test_shape_kind_and_input_are_kept(kind, n, channels):
    before = images(n, channels=channels)
    pixels = before.copy()
    out = AUGMENTATIONS[kind][1](pixels, CASES[kind], draw(n))
    assert (out.shape, out.dtype, out.flags.c_contiguous) == (pixels.shape, np.uint8, True)
    assert not np.shares_memory(out, pixels)
    np.testing.assert_array_equal(pixels, before)


@each
def test_a_picture_depends_on_its_position_not_its_batch(kind):
    pixels, function = images(20), AUGMENTATIONS[kind][1]
    whole = function(pixels, CASES[kind], draw(20))
    parts = [function(pixels[at : at + 3], CASES[kind], draw(len(pixels[at : at + 3]), at)) for at in range(0, 20, 3)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    for other in (draw(20, seed=2), draw(20, epoch=1)):
        assert not (function(pixels, CASES[kind], other) == whole).all()


def test_a_crop_is_a_window_of_the_picture_padded_with_black():
    pixels, pad = images(60), 2
    out = random_crop(pixels, RandomCropConfig(pad), draw(60))
    padded = np.pad(pixels, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    places = []
    for picture, cropped in zip(padded, out, strict=True):
        fits = [(t, u) for t in range(5) for u in range(5) if (picture[t : t + 5, u : u + 7] == cropped).all()]
        assert len(fits) == 1
        places += fits
    assert {top for top, _ in places} == {left for _, left in places} == set(range(5))


def test_a_flip_is_a_mirror_with_its_chance():
    pixels = images(2000, 1, 2)
    out = random_horizontal_flip(pixels, RandomHorizontalFlipConfig(0.3), draw(2000))
    flipped = (out != pixels).any(axis=(1, 2, 3))
    np.testing.assert_array_equal(out[flipped], pixels[flipped][:, :, ::-1])
    assert abs(flipped.mean() - 0.3) < 0.05  # about five standard deviations
    assert (random_horizontal_flip(pixels, RandomHorizontalFlipConfig(1.0), draw(2000)) == pixels[:, :, ::-1]).all()
