"""Views of a picture: which a model is asked about, and what each of them shows."""

from __future__ import annotations

import numpy as np
import pytest

from nettrain.config.fields import Chosen, FilePath, NoSettings
from nettrain.data.augment.random_crop import RandomCropConfig
from nettrain.data.augment.random_horizontal_flip import RandomHorizontalFlipConfig
from nettrain.data.augment.random_vertical_flip import RandomVerticalFlipConfig
from nettrain.data.config import DataConfig, ImageConfig
from nettrain.data.views import Views

FLIP, CROP = Chosen("random_horizontal_flip", RandomHorizontalFlipConfig()), Chosen("random_crop", RandomCropConfig(1))
TURN = Chosen("random_vertical_flip", RandomVerticalFlipConfig())
ALTERNATING = Chosen("alternating_flip", NoSettings())


def config(size: tuple[int, int], *augment: Chosen) -> DataConfig:
    return DataConfig(FilePath("x"), ImageConfig(size=size), augment=augment)


@pytest.mark.parametrize(
    ("size", "augment", "views", "words"),
    [
        ((32, 32), (), Views((1, 1), False), "5 views, shifted by 1 pixel"),
        ((8, 8), (CROP,), Views((1, 1), False), "5 views, shifted by 1 pixel"),
        ((224, 224), (CROP, FLIP), Views((7, 7), True), "10 views, shifted by 7 pixels, and mirrored"),
        ((64, 96), (ALTERNATING,), Views((2, 3), True), "10 views, shifted by 2 and 3 pixels, and mirrored"),
        ((32, 32), (TURN,), Views((1, 1), False, True), "10 views, shifted by 1 pixel, and upside down"),
        (
            (32, 32),
            (TURN, FLIP),
            Views((1, 1), True, True),
            "20 views, shifted by 1 pixel, and mirrored and upside down",
        ),
    ],
)
def test_a_mirror_is_only_for_who_has_learnt_from_one(
    size: tuple[int, int], augment: tuple[Chosen, ...], views: Views, words: str
) -> None:
    assert Views.known_to(config(size, *augment)) == views
    assert str(views) == words


def test_views_are_the_picture_its_shifts_and_their_mirrors() -> None:
    picture = np.arange(12, dtype=np.float32).reshape(1, 3, 4, 1)
    found = [view[0, :, :, 0].tolist() for view in Views((1, 2), True).of(picture)]
    assert len(found) == Views((1, 2), True).count == 10
    assert found[0] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]
    assert found[1] == [[6, 7, 7, 7], [10, 11, 11, 11], [10, 11, 11, 11]]  # up and to the left: the border stands again
    assert found[2] == [[4, 4, 4, 5], [8, 8, 8, 9], [8, 8, 8, 9]]
    assert found[3] == [[2, 3, 3, 3], [2, 3, 3, 3], [6, 7, 7, 7]]
    assert found[4] == [[0, 0, 0, 1], [0, 0, 0, 1], [4, 4, 4, 5]]
    mirrored = [view[0, :, :, 0].tolist() for view in Views((1, 2), False).of(picture[:, :, ::-1])]
    assert found[5:] == mirrored
    turned = [view[0, :, :, 0].tolist() for view in Views((1, 2), False, True).of(picture)]
    assert turned[:5] == found[:5]
    assert turned[5:] == [view[0, :, :, 0].tolist() for view in Views((1, 2), False).of(picture[:, ::-1])]
    every = [view[0, :, :, 0].tolist() for view in Views((1, 2), True, True).of(picture)]
    assert every[:10] == found
    assert every[10:15] == turned[5:]
    assert len(every) == Views((1, 2), True, True).count == 20
    assert every[15] == picture[0, ::-1, ::-1, 0].tolist()


@pytest.mark.parametrize("shape", [(5, 1, 1, 3), (5, 7, 6, 1), (2, 4, 7, 6, 3)])
def test_views_keep_the_shape_and_leave_the_pictures_alone(shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    images.flags.writeable = False
    views = Views((2, 3), True, True)
    whole = list(views.of(images))
    assert all(view.shape == shape and view.dtype == np.float32 for view in whole)
    for place in range(len(images)):
        for view, one in zip(whole, views.of(images[place : place + 1]), strict=True):
            np.testing.assert_array_equal(view[place : place + 1], one)


def test_frames_of_a_clip_are_shifted_together() -> None:
    clip = np.random.default_rng(1).normal(size=(1, 3, 6, 5, 1)).astype(np.float32)
    for view, still in zip(Views((1, 1), True, True).of(clip), Views((1, 1), True, True).of(clip[0]), strict=True):
        np.testing.assert_array_equal(view[0], still)
