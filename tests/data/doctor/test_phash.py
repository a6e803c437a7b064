"""The perceptual hash: near for versions of a picture, far for others, and the same bits on every machine."""

from __future__ import annotations

import io
import math
from collections.abc import Callable

import numpy as np
import pytest
from data.samples import noise, scene
from PIL import Image, ImageEnhance

from nettrain.data.doctor.alike import are_alike, centred, correlations
from nettrain.data.doctor.near import NEAR_BITS, near_pairs
from nettrain.data.doctor.phash import perceptual_hashes


def small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize((32, 32), Image.Resampling.BILINEAR))


def bits_apart(one: np.ndarray, other: np.ndarray) -> int:
    first, second = perceptual_hashes(np.stack([one, other]))
    return int(np.bitwise_count(first ^ second))


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    rows = centred(np.stack([one, other]))
    return are_alike(float(correlations(rows[:1], rows[1:])[0, 0]), 0.5)


def by_the_formula(picture: np.ndarray) -> int:
    """The hash by the definition of the cosine transform, sample by sample, in whole numbers."""
    grey = (picture.astype(int) @ np.array([299, 587, 114])).tolist()
    cosines = [[round(4096 * math.cos((2 * x + 1) * u * math.pi / 64)) for x in range(32)] for u in range(1, 9)]
    waves = []
    for u in cosines:
        rows = [sum(u[y] * grey[y][x] for y in range(32)) for x in range(32)]
        waves += [sum(v[x] * rows[x] for x in range(32)) for v in cosines]
    ranked = sorted(waves)
    return int("".join("1" if 2 * wave > ranked[31] + ranked[32] else "0" for wave in waves), 2)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_transform_by_its_formula(seed: int) -> None:
    picture = noise(32, 32, seed=seed)
    assert int(perceptual_hashes(picture[None])[0]) == by_the_formula(picture)


def test_a_picture_has_its_hash_in_any_company() -> None:
    pictures = np.stack([noise(32, 32, seed=seed) for seed in range(20)])
    together = perceptual_hashes(pictures)
    assert together.tolist() == [int(perceptual_hashes(one[None])[0]) for one in pictures]


def as_jpeg(quality: int) -> Callable[[Image.Image], Image.Image]:
    def again(picture: Image.Image) -> Image.Image:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality)
        return Image.open(file)

    return again


VERSIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "JPEG of quality 90": as_jpeg(90),
    "JPEG of quality 60": as_jpeg(60),
    "half the size": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "twice the size": lambda picture: picture.resize((picture.width * 2, picture.height * 2)),
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.15),
    "less contrast": lambda picture: ImageEnhance.Contrast(picture).enhance(0.8),
}


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_of_a_picture_are_alike(version: str) -> None:
    for seed in range(40):
        picture = scene(seed, 128, 96)
        one, other = small(picture), small(VERSIONS[version](picture))
        assert bits_apart(one, other) <= NEAR_BITS, seed
        assert alike(one, other), seed


def test_other_pictures_are_far() -> None:
    hashes = perceptual_hashes(np.stack([small(scene(seed)) for seed in range(400)]))
    assert len(near_pairs(hashes, 10)[0]) == 0


def test_a_turned_or_mirrored_picture_is_another() -> None:
    picture = scene(1)
    for change in (Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.ROTATE_90):
        assert bits_apart(small(picture), small(picture.transpose(change))) > 10


def test_alike_sees_colour() -> None:
    """Two of one drawing, in other colours, have nearly one hash; they are not the same picture."""
    one = small(scene(1))
    other = one[:, :, ::-1]
    assert not alike(one, other)
    assert alike(one, one)


def test_a_negative_is_not_alike() -> None:
    one = small(scene(1))
    assert not alike(one, 255 - one)


def test_numbers_that_are_compared_are_whole_and_exact() -> None:
    rows = centred(np.stack([noise(32, 32, seed=1), np.full((32, 32, 3), 255, np.uint8)]))
    assert (rows == np.rint(rows)).all()
    assert not rows[1].any()
    assert (rows.reshape(2, -1, 3).sum(axis=1) == 0).all()
    widest = centred(np.stack([np.where(np.indices((32, 32, 3)).sum(0) % 4 < 2, 255, 0).astype(np.uint8)]))
    assert float((widest * widest).sum()) < 2**53
    assert correlations(rows, rows).tolist() == [[1.0, 0.0], [0.0, 0.0]]


def test_correlation_is_that_of_numpy() -> None:
    pictures = np.stack([small(scene(seed)) for seed in range(6)])
    rows = centred(pictures)
    blocks = pictures.reshape(6, 16, 2, 16, 2, 3).astype(np.float64).mean(axis=(2, 4))
    blocks -= blocks.mean(axis=(1, 2), keepdims=True)
    flat = blocks.reshape(6, -1)
    expected = flat @ flat.T / np.sqrt(np.outer((flat**2).sum(1), (flat**2).sum(1)))
    np.testing.assert_allclose(correlations(rows, rows), expected, atol=1e-12)


def test_what_is_like_many_others_has_to_be_more_alike() -> None:
    assert are_alike(0.95, 0.7)
    assert not are_alike(0.95, 0.8)
    assert are_alike(0.97, 0.8)
    assert not are_alike(0.91, 0.0)
