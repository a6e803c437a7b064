"""Every augmentation: keeps shape, kind and input, is a pure function of its draw, and shows only what it may."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from augment_cases import CASES, COLOURLESS, KEEPS_ALPHA, draw, noise, photos

from nettrain.config.fields import NoSettings
from nettrain.data.augment.alternating_flip import alternating_flip
from nettrain.data.augment.draw import Draw
from nettrain.data.augment.random_crop import RandomCropConfig, random_crop
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig, random_horizontal_flip
from nettrain.data.augment.random_vertical_flip import RandomVerticalFlipConfig, random_vertical_flip
from nettrain.data.augment.table import AUGMENTATION_ALIASES, AUGMENTATIONS

each = pytest.mark.parametrize("kind", CASES)
ROWS = [
    pytest.param(kind, channels, id=f"{kind}-{channels}")
    for kind in CASES
    for channels in (1, 3, 4)
    if channels > 1 or kind not in COLOURLESS
]
each_channels = pytest.mark.parametrize(("kind", "channels"), ROWS)


def test_every_augmentation_has_a_case():
    assert set(CASES) == set(AUGMENTATIONS)
    assert set(AUGMENTATION_ALIASES.values()) <= set(AUGMENTATIONS)


@each_channels
@pytest.mark.parametrize("n", [1, 16])
def test_shape_kind_and_input_are_kept(kind, channels, n):
    pixels = photos(n, 17, 19, channels)
    pixels.flags.writeable = False
    out = AUGMENTATIONS[kind][1](pixels, CASES[kind], draw(n))
    assert (out.shape, out.dtype, out.flags.c_contiguous) == (pixels.shape, np.uint8, True)
    assert not np.shares_memory(out, pixels)
    assert out.flags.writeable


@each_channels
def test_a_picture_depends_on_its_position_not_its_batch(kind, channels):
    pixels, function = photos(23, 17, 19, channels), AUGMENTATIONS[kind][1]
    whole = function(pixels, CASES[kind], draw(23))
    for cut in (1, 3, 22):
        ends = [slice(at, min(at + cut, 23)) for at in range(0, 23, cut)]
        parts = [function(pixels[part], CASES[kind], draw(len(pixels[part]), part.start)) for part in ends]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    for other in (draw(23, seed=2), draw(23, epoch=1), draw(23, start=100)):
        assert not (function(pixels, CASES[kind], other) == whole).all()


@each_channels
def test_memory_that_is_not_contiguous_gives_the_same(kind, channels):
    pixels = photos(6, 17, 19, channels)
    strided = np.repeat(pixels, 2, axis=2)[:, :, ::2]
    assert not strided.flags.c_contiguous
    function = AUGMENTATIONS[kind][1]
    np.testing.assert_array_equal(function(strided, CASES[kind], draw(6)), function(pixels, CASES[kind], draw(6)))


@pytest.mark.parametrize("kind", sorted(KEEPS_ALPHA))
def test_colours_change_as_without_alpha_and_alpha_stays(kind):
    pixels, function = photos(20, 17, 19, 4), AUGMENTATIONS[kind][1]
    out = function(pixels, CASES[kind], draw(20))
    np.testing.assert_array_equal(out[..., 3], pixels[..., 3])
    opaque = np.ascontiguousarray(pixels[..., :3])
    np.testing.assert_array_equal(out[..., :3], function(opaque, CASES[kind], draw(20)))


@each
def test_a_picture_of_one_level_stays_within_what_it_was_filled_with(kind):
    """Nothing rounds itself away, reads memory that is not its own, or shows what is in no picture."""
    pixels = np.full((30, 17, 19, 3), 200, np.uint8)
    out = AUGMENTATIONS[kind][1](pixels, CASES[kind], draw(30))
    free = {"color_jitter", "posterize", "solarize", "random_erasing", "rand_augment", "trivial_augment", "aug_mix"}
    if kind not in free:
        assert set(np.unique(out)) <= {200, 0, 7}


def test_a_crop_is_a_window_of_the_picture_padded_with_black():
    pixels, pad = noise(60, 5, 7), 2
    out = random_crop(pixels, RandomCropConfig(pad), draw(60))
    padded = np.pad(pixels, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    places = []
    for picture, cropped in zip(padded, out, strict=True):
        fits = [(t, u) for t in range(5) for u in range(5) if (picture[t : t + 5, u : u + 7] == cropped).all()]
        assert len(fits) == 1
        places += fits
    assert {top for top, _ in places} == {left for _, left in places} == set(range(5))


@pytest.mark.parametrize(
    ("function", "config", "axis"),
    [
        (random_horizontal_flip, RandomHorizontalFlipConfig, 2),
        (random_vertical_flip, RandomVerticalFlipConfig, 1),
    ],
)
def test_a_flip_is_a_mirror_with_its_chance(function, config, axis):
    pixels = noise(2000, 2, 2)
    out = function(pixels, config(0.3), draw(2000))
    flipped = (out != pixels).any(axis=(1, 2, 3))
    np.testing.assert_array_equal(out[flipped], np.flip(pixels[flipped], axis))
    assert abs(flipped.mean() - 0.3) < 0.05  # about five standard deviations
    assert (function(pixels, config(1.0), draw(2000)) == np.flip(pixels, axis)).all()


CHANCES = {
    "random_perspective": {"p": 0.3},
    "random_grayscale": {"p": 0.3},
    "sharpness": {"p": 0.3, "sharpness_factor": 5.0},
    "auto_contrast": {"p": 0.3},
    "equalize": {"p": 0.3},
    "posterize": {"p": 0.3, "bits": 1},
    "solarize": {"p": 0.3, "threshold": 10},
    "random_erasing": {"p": 0.3, "value": "random"},
}


def test_what_has_a_chance_is_in_the_table():
    assert set(CHANCES) == {kind for kind, case in CASES.items() if hasattr(case, "p")} - {
        "random_horizontal_flip",
        "random_vertical_flip",
    }


@pytest.mark.parametrize("kind", CHANCES)
def test_so_many_pictures_are_changed_as_the_chance_says(kind):
    record, function = AUGMENTATIONS[kind]
    pixels = photos(1000, 17, 19)
    out = function(pixels, record(**CHANCES[kind]), draw(1000))
    assert abs((out != pixels).any(axis=(1, 2, 3)).mean() - 0.3) < 0.075  # about five standard deviations
    everything = function(pixels[:50], record(**{**CHANCES[kind], "p": 1.0}), draw(50))
    assert (everything != pixels[:50]).any(axis=(1, 2, 3)).all()


def test_an_alternating_flip_shows_the_other_side_in_the_next_epoch():
    """Wherever the picture stands, and in any company; half of the pictures begin mirrored."""
    pixels = noise(2000, 1, 2)
    sides = []
    for epoch in range(4):
        order = np.random.default_rng(epoch).permutation(2000)
        out = alternating_flip(pixels[order], NoSettings(), Draw(1, "test", epoch, np.arange(2000), pictures=order))
        flipped = np.empty(2000, bool)
        flipped[order] = (out != pixels[order]).any(axis=(1, 2, 3))
        np.testing.assert_array_equal(out[flipped[order]], pixels[order][flipped[order]][:, :, ::-1])
        sides.append(flipped)
    for earlier, later in pairwise(sides):
        np.testing.assert_array_equal(earlier, ~later)
    assert abs(sides[0].mean() - 0.5) < 0.06  # about five standard deviations
    other = alternating_flip(pixels, NoSettings(), Draw(2, "test", 0, np.arange(2000)))
    assert 0.4 < ((other != pixels).any(axis=(1, 2, 3)) == sides[0]).mean() < 0.6  # another seed, other first sides
