"""Mixing: what a picture becomes and what its label says are the same shares, drawn by the law that was asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from commands import MLP
from training.setting_up import document_of

from nettrain.config.fields import Chosen
from nettrain.data.augment.mixing import MIXINGS, CutmixConfig, MixupConfig, mix
from nettrain.errors import ConfigError

MIXUP, CUTMIX = Chosen("mixup", MixupConfig(0.6)), Chosen("cutmix", CutmixConfig())
KINDS = {"mixup": [MIXUP], "cutmix": [CUTMIX], "both": [MIXUP, CUTMIX]}
each = pytest.mark.parametrize("kind", KINDS)


def named(mixings: list[Chosen]) -> list[tuple[str, Chosen]]:
    return [(f"data.augment.{place}.{chosen.kind}", chosen) for place, chosen in enumerate(mixings)]


def plain(n: int, *shape: int) -> np.ndarray:
    """Pictures of one number each, that of their place: what was mixed can be read off them."""
    return np.broadcast_to(np.arange(n, dtype=np.float32).reshape(-1, *(1,) * len(shape)), (n, *shape)).copy()


def after_the_last(rows: np.ndarray) -> np.ndarray:
    """A whole epoch, with its last one before its first."""
    return np.concatenate([rows[-1:], rows])


def mix_all(images: np.ndarray, shares: np.ndarray, mixings: list[Chosen]) -> tuple[np.ndarray, np.ndarray]:
    """A whole epoch, mixed."""
    return mix(after_the_last(images), after_the_last(shares), named(mixings), 1, 0, np.arange(len(images)))


def mixed(
    mixings: list[Chosen],
    n: int = 64,
    shape: tuple[int, ...] = (8, 8, 3),
    epoch: int = 0,
    start: int = 0,
    seed: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of one number each, every one a class of its own; images and the share that each keeps."""
    given = after_the_last(plain(n, *shape)), after_the_last(np.eye(n, dtype=np.float32))
    images, shares = mix(*given, named(mixings), seed, epoch, np.arange(start, start + n))
    rows = np.arange(n)
    kept, given = shares[rows, rows], shares[rows, rows - 1]
    assert (np.count_nonzero(shares, axis=1) == 1 + (given > 0) * (kept > 0)).all()  # nobody else has any
    return images, kept


def test_every_mixing_is_tried() -> None:
    assert {chosen.kind for chosen in KINDS["both"]} == set(MIXINGS)


@each
def test_the_shares_of_a_picture_add_up_to_one_exactly(kind: str) -> None:
    for shape in ((8, 8, 1), (7, 9, 3)):
        _, shares = mix_all(plain(300, *shape), np.eye(300, dtype=np.float32), KINDS[kind])
        assert shares.dtype == np.float32
        assert (shares.sum(axis=1) == 1).all()
        assert (shares >= 0).all()


@each
def test_pictures_stay_float32_and_their_shape(kind: str) -> None:
    images, _ = mixed(KINDS[kind], shape=(5, 6, 3))
    assert (images.shape, images.dtype, images.flags.c_contiguous) == ((64, 5, 6, 3), np.float32, True)


def test_mixup_is_the_mean_that_the_label_says() -> None:
    images, kept = mixed([MIXUP])
    place, other = np.arange(64), np.arange(-1, 63) % 64
    expected = kept.astype(np.float64) * place + (1 - kept.astype(np.float64)) * other
    np.testing.assert_allclose(images, np.broadcast_to(expected[:, None, None, None], images.shape), rtol=1e-6)


@pytest.mark.parametrize(("alpha", "cumulated"), [
    (1.0, lambda x: x),
    (0.5, lambda x: 2 / np.pi * np.arcsin(np.sqrt(x))),
    (2.0, lambda x: 3 * x**2 - 2 * x**3),
])  # fmt: skip
def test_shares_of_mixup_have_the_beta_distribution(
    alpha: float, cumulated: Callable[[np.ndarray], np.ndarray]
) -> None:
    chosen = [Chosen("mixup", MixupConfig(alpha))]
    kept = np.sort(np.concatenate([mixed(chosen, 200, (1, 1, 1), epoch)[1] for epoch in range(50)]).astype(np.float64))
    distance = np.abs(cumulated(kept) - (np.arange(len(kept)) + 0.5) / len(kept)).max()
    assert distance < 2 / np.sqrt(len(kept))


@pytest.mark.parametrize("shape", [(8, 8, 3), (7, 9, 1), (1, 12, 3), (32, 32, 3)])
def test_cutmix_replaces_one_box_and_the_label_counts_its_pixels(shape: tuple[int, int, int]) -> None:
    height, width, channels = shape
    images, kept = mixed([CUTMIX], 200, shape)
    for place, picture in enumerate(images):
        gone = picture == (place - 1) % 200
        assert (gone | (picture == place)).all()
        rows, columns = gone.any(axis=(1, 2)), gone.any(axis=(0, 2))
        assert (gone == (rows[:, None] & columns)[:, :, None]).all()
        assert all(np.diff(np.flatnonzero(side)).max(initial=1) == 1 for side in (rows, columns))  # all in one piece
        exact = 1 - gone.sum() / (height * width * channels)
        assert abs(float(kept[place]) - exact) <= 2.0**-25  # as near as float32 can be
        if (height * width).bit_count() == 1:
            assert float(kept[place]) == exact


def test_a_box_has_the_pictures_form_and_any_centre() -> None:
    """The mean of what is left: of s, the box's side as a part, s - s**2/4 lies inside a picture, in each direction."""
    kept = np.concatenate([mixed([CUTMIX], 200, (64, 64, 1), epoch)[1] for epoch in range(20)])
    expected = 1 / 2 - 1 / 5 + 1 / 48  # the mean of (s - s**2/4)**2 where s**2 is anything in [0, 1) alike
    assert abs(1 - kept.mean() - expected) < 5 * kept.std() / np.sqrt(len(kept)) + 1 / 64
    images, _ = mixed([CUTMIX], 200, (6, 48, 1))
    sides = []
    for place, picture in enumerate(images):
        rows, columns = (np.flatnonzero((picture != place).any(axis=(1 - axis, 2))) for axis in (0, 1))
        if len(rows) and rows[0] > 0 and rows[-1] < 5 and columns[0] > 0 and columns[-1] < 47:
            sides.append((len(rows), len(columns)))
    assert len(sides) > 5
    assert all(abs(columns - 8 * rows) <= 5 for rows, columns in sides)  # both rounded


def test_a_box_goes_through_all_frames_of_a_clip() -> None:
    images, kept = mixed([CUTMIX], 30, (4, 8, 8, 1))
    still, same = mixed([CUTMIX], 30, (8, 8, 1))
    np.testing.assert_array_equal(kept, same)
    np.testing.assert_array_equal(images, np.broadcast_to(still[:, None], images.shape))


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_p_is_the_share_of_pictures_that_are_mixed(kind: str) -> None:
    chosen = Chosen(kind, MIXINGS[kind][0](alpha=5.0, p=0.3))
    images, kept = mixed([chosen], 2000, (6, 6, 1))
    whole = kept == 1
    assert abs(1 - whole.mean() - 0.3) < 0.05  # about five standard deviations
    np.testing.assert_array_equal(images[whole], plain(2000, 6, 6, 1)[whole])


def test_of_two_each_picture_takes_one() -> None:
    images, kept = mixed([MIXUP, CUTMIX], 2000, (6, 6, 1))
    is_box = np.array([set(np.unique(picture)) <= {place, (place - 1) % 2000} for place, picture in enumerate(images)])
    boxes = is_box & (kept < 1)
    assert abs(boxes.mean() - 0.5) < 0.06
    smooth = images[~is_box]
    assert len(smooth) > 800
    assert (np.ptp(smooth.reshape(len(smooth), -1), axis=1) == 0).all()


@each
def test_a_picture_depends_on_its_place_in_the_epoch_and_not_on_the_batch(kind: str) -> None:
    given = after_the_last(plain(40, 8, 8, 3)), after_the_last(np.eye(40, dtype=np.float32))
    whole = mix(*(one.copy() for one in given), named(KINDS[kind]), 1, 0, np.arange(40))
    for size in (1, 7, 39):
        for start in range(0, 40, size):
            places = np.arange(start, min(start + size, 40))
            part = mix(*(one[start : places[-1] + 2].copy() for one in given), named(KINDS[kind]), 1, 0, places)
            for found, expected in zip(part, whole, strict=True):
                np.testing.assert_array_equal(found, expected[places])
    for other in ({"epoch": 1}, {"seed": 2}, {"start": 40}):
        assert not (mixed(KINDS[kind], 40, **other)[1] == np.diag(whole[1])).all()


def test_labels_of_the_same_class_stay_whole() -> None:
    shares = np.tile(np.eye(3, dtype=np.float32)[1], (50, 1))
    _, found = mix_all(plain(50, 4, 4, 1), shares, [MIXUP])
    np.testing.assert_array_equal(found, shares)


def test_several_labels_are_mixed_one_by_one() -> None:
    labels = np.array([[1, 1, 0], [0, 1, 1]], np.float32)
    _, found = mix_all(plain(2, 4, 4, 1), labels, [MIXUP])
    assert (found[:, 1] == 1).all()
    assert found[0, 0] + found[0, 2] == 1
    assert found[1, 0] + found[1, 2] == 1


FAULTS = {
    "before others": (
        "[mixup, random_crop: 1]",
        "config.yaml:5:13: data.augment.0.mixup: mixup mixes pictures that are done with; put it after random_crop",
    ),
    "alpha": (
        "[mixup: 0]",
        "config.yaml:5:20: data.augment.0.mixup.alpha: must be at least 0.1 and at most 1000, got 0",
    ),
    "p": ("[cutmix: {p: 0}]", "config.yaml:5:25: data.augment.0.cutmix.p: must be above 0 and at most 1, got 0"),
}


@pytest.mark.parametrize(("augment", "message"), FAULTS.values(), ids=FAULTS)
def test_what_cannot_be_is_said(augment: str, message: str, tmp_path) -> None:
    text = MLP.format(data="x").replace("model:\n", f"  augment: {augment}\nmodel:\n")
    with pytest.raises(ConfigError) as caught:
        document_of(text, tmp_path)
    assert str(caught.value) == message


@pytest.mark.parametrize("kind", MIXINGS)
def test_a_loss_towards_one_label_refuses_shares(kind: str, tmp_path) -> None:
    text = MLP.format(data="x").replace("model:\n", f"  augment: [{kind}]\nloss: mse\nmodel:\n")
    with pytest.raises(ConfigError) as caught:
        document_of(text, tmp_path)
    assert str(caught.value) == (
        f"config.yaml:5:13: data.augment.0.{kind}: {kind} makes labels shares of several classes, and mse is towards "
        "one; expected the loss cross_entropy or focal or binary_cross_entropy"
    )
    for other in ("cross_entropy", "focal", "bce"):
        document_of(text.replace("loss: mse", f"loss: {other}"), tmp_path)
