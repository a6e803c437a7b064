"""RandAugment, TrivialAugment and AugMix: what they draw, and that each operation is the one of its name."""

from __future__ import annotations

import numpy as np
import pytest
from augment_cases import assert_within_a_level, by_pillow, draw, full, noise, photos
from PIL import Image

from nettrain.data.augment import aug_mix as module
from nettrain.data.augment.aug_mix import SPACE as AUG_MIX
from nettrain.data.augment.aug_mix import AugMixConfig, aug_mix
from nettrain.data.augment.colour import saturation
from nettrain.data.augment.curves import auto_contrasted, brightness, contrast, equalized, posterized, solarized
from nettrain.data.augment.filters import sharpened
from nettrain.data.augment.operations import OPERATIONS, Span, for_channels, operated
from nettrain.data.augment.rand_augment import SPACE as RAND
from nettrain.data.augment.rand_augment import RandAugmentConfig, rand_augment
from nettrain.data.augment.trivial_augment import SPACE as TRIVIAL
from nettrain.data.augment.trivial_augment import TrivialAugmentConfig, trivial_augment

SPACES = {"rand": RAND, "trivial": TRIVIAL, "aug_mix": AUG_MIX}
STRONGEST = {  # of each space: torchvision's tables, at 331 pixels across and 662 down
    "rand": {"shear_x": 0.3, "shear_y": 0.3, "translate_x": 150, "translate_y": 300, "rotate": 30, "brightness": 0.9,
             "color": 0.9, "contrast": 0.9, "sharpness": 0.9, "posterize": 4, "solarize": 0},
    "trivial": {"shear_x": 0.99, "shear_y": 0.99, "translate_x": 32, "translate_y": 32, "rotate": 135,
                "brightness": 0.99, "color": 0.99, "contrast": 0.99, "sharpness": 0.99, "posterize": 2, "solarize": 0},
    "aug_mix": {"shear_x": 0.3, "shear_y": 0.3, "translate_x": 331 / 3, "translate_y": 662 / 3, "rotate": 30,
                "brightness": 0.9, "color": 0.9, "contrast": 0.9, "sharpness": 0.9, "posterize": 0, "solarize": 0},
}  # fmt: skip
WEAKEST = {"posterize": {"rand": 8, "trivial": 8, "aug_mix": 4}, "solarize": dict.fromkeys(SPACES, 255)}


@pytest.mark.parametrize("name", SPACES)
def test_a_space_has_the_operations_and_ranges_of_its_paper(name):
    space = SPACES[name]
    assert set(space) == set(OPERATIONS) - ({"identity"} if name == "aug_mix" else set())
    for operation, span in space.items():
        found = span.magnitudes(31, (662, 331))
        assert found[0] == WEAKEST.get(operation, {}).get(name, 0)
        assert found[-1] == pytest.approx(STRONGEST[name].get(operation, 0))
        assert span.signed == (operation in STRONGEST[name] and operation not in WEAKEST)


def applied(name: str, images: np.ndarray, magnitude: float) -> np.ndarray:
    return OPERATIONS[name](images, full(len(images), magnitude), (0, 0, 0))


def affine(images: np.ndarray, *numbers: float) -> np.ndarray:
    how = Image.Transform.AFFINE, numbers, Image.Resampling.BILINEAR
    return by_pillow(images, lambda picture: picture.transform(picture.size, *how))


@pytest.mark.parametrize(
    ("name", "magnitude", "expected"),
    [
        ("identity", 0.5, lambda x: x),
        ("shear_x", 0.25, lambda x: affine(x, 1, 0.25, 0, 0, 1, 0)),
        ("shear_y", -0.25, lambda x: affine(x, 1, 0, 0, -0.25, 1, 0)),
        ("translate_x", 3.9, lambda x: affine(x, 1, 0, -3, 0, 1, 0)),
        ("translate_y", -3.9, lambda x: affine(x, 1, 0, 0, 0, 1, 3)),
        ("rotate", 20, lambda x: by_pillow(x, lambda picture: picture.rotate(20, Image.Resampling.BILINEAR))),
        ("brightness", -0.3, lambda x: brightness(x, full(len(x), 0.7))),
        ("color", 0.4, lambda x: saturation(x, full(len(x), 1.4))),
        ("contrast", 0.4, lambda x: contrast(x, full(len(x), 1.4))),
        ("sharpness", 0.9, lambda x: sharpened(x, full(len(x), 1.9))),
        ("posterize", 4.4, lambda x: posterized(x, np.full(len(x), 4))),
        ("solarize", 100, lambda x: solarized(x, full(len(x), 100.0))),
        ("auto_contrast", 0, auto_contrasted),
        ("equalize", 0, equalized),
    ],
)  # fmt: skip
def test_each_operation_is_the_one_of_its_name(name, magnitude, expected):
    images = photos(3, 24, 24)
    assert_within_a_level(applied(name, images, magnitude), expected(images))


def test_one_operation_a_picture_with_equal_chances_both_ways():
    """Which it was is seen in what it did."""
    images = np.repeat(photos(1, 24, 24), 4200, axis=0)
    out = rand_augment(images, RandAugmentConfig(num_ops=1, magnitude=30), draw(4200))
    counts = {}
    for name, span in RAND.items():
        strongest = span.magnitudes(31, (24, 24))[30]
        for sign in (1, -1) if span.signed else (1,):
            alike = (out == applied(name, images[:1], sign * strongest)).all(axis=(1, 2, 3))
            counts[name, sign] = int(alike.sum())
    assert sum(counts.values()) == 4200
    for (name, _), count in counts.items():
        expected = 150 if RAND[name].signed else 300
        assert abs(count - expected) < 5 * np.sqrt(expected), name


def test_so_many_operations_one_after_the_other():
    images = photos(40, 24, 24)
    config = RandAugmentConfig(num_ops=3, magnitude=20, fill=9)
    out = images
    for turn in range(3):
        kinds, signs = draw(40).integers(len(RAND), 2 * turn), draw(40).signs(2 * turn + 1)
        out = operated(out, RAND, kinds, np.full(40, 20), signs, 31, (9, 9, 9))
    np.testing.assert_array_equal(rand_augment(images, config, draw(40)), out)


def test_trivial_augment_draws_a_strength_for_each_picture():
    images = np.repeat(photos(1, 24, 24), 6000, axis=0)
    out = trivial_augment(images, TrivialAugmentConfig(5), draw(6000))
    found = []
    for strength in TRIVIAL["brightness"].magnitudes(5, (24, 24))[1:]:
        for sign in (1, -1):
            alike = (out == applied("brightness", images[:1], sign * strength)).all(axis=(1, 2, 3))
            found.append(int(alike.sum()))
    expected = 6000 / 14 / 10
    assert max(abs(count - expected) for count in found) < 5 * np.sqrt(expected)
    assert len(np.unique(out.reshape(6000, -1), axis=0)) > 60


def test_pictures_without_colours_have_no_operation_on_them():
    assert set(RAND) - set(for_channels(RAND, 1)) == {"color"}
    assert list(for_channels(RAND, 3)) == list(RAND)
    images = photos(30, 24, 24, channels=1)
    config = RandAugmentConfig(num_ops=1, magnitude=30)
    assert (rand_augment(images, config, draw(30)) != images).any(axis=(1, 2, 3)).mean() > 0.7


def test_alpha_moves_with_the_picture_and_no_colour_operation_touches_it():
    images = noise(14, 24, 24, channels=4)
    kinds = np.arange(14)
    out = operated(images, RAND, kinds, np.full(14, 20), np.ones(14), 31, (0, 0, 0, 0))
    moved = [name for name, before, after in zip(RAND, images, out, strict=True) if (before != after)[..., 3].any()]
    assert moved == ["shear_x", "shear_y", "translate_x", "translate_y", "rotate"]


def test_aug_mix_lies_between_the_picture_and_its_chains():
    """Of operations that leave levels within a range, a mixture does too; and its mean share of the picture is half."""
    images = np.full((2000, 8, 8, 1), 200, np.uint8)
    config = AugMixConfig(severity=1, chain_depth=1, mixture_width=1, all_ops=False)
    out = aug_mix(images, config, draw(2000))
    assert (out <= 200).all()
    posterized_ = out[(out < 200).all(axis=(1, 2, 3))][:, 0, 0, 0]  # 200 in four bits is 192
    assert posterized_.min() == 192
    shares = (200 - posterized_) / 8
    assert 120 < len(shares) < 330  # one operation of eight, less those that round to nothing
    assert abs(shares.mean() - 0.5) < 0.12


@pytest.mark.parametrize("alpha", [0.2, 1.0, 20.0])
def test_shares_have_the_law_of_dirichlet(alpha):
    found = draw(20_000).shares(alpha, 3, 5)
    assert found.sum(axis=1) == pytest.approx(np.ones(20_000))
    assert found.mean(axis=0) == pytest.approx(np.full(3, 1 / 3), abs=0.015)
    variance = (1 / 3) * (2 / 3) / (3 * alpha + 1)
    assert found.var(axis=0) == pytest.approx(np.full(3, variance), rel=0.06)


@pytest.mark.parametrize(("config", "depths"), [({}, [1, 2, 3]), ({"chain_depth": 1}, [1]), ({"chain_depth": 4}, [4])])
def test_chains_of_a_fixed_depth_and_of_one_to_three(monkeypatch, config, depths):
    """Of steps to the right: how far a point comes is how many there were."""
    monkeypatch.setattr(module, "SPACE", {"translate_x": Span(1, 1)})
    point = np.zeros((3000, 1, 8, 1), np.uint8)
    point[:, 0, 0] = 200
    out = aug_mix(point, AugMixConfig(mixture_width=1, alpha=1000, **config), draw(3000))[:, 0, :, 0]
    assert (np.count_nonzero(out, axis=1) == 2).all()  # the picture, and its only chain
    found, counts = np.unique(out[:, 1:].argmax(axis=1) + 1, return_counts=True)
    assert found.tolist() == depths
    assert np.abs(counts - 3000 / len(depths)).max() < 5 * np.sqrt(3000 * 2 / 9)
