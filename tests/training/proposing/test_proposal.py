"""A proposed config: sizes by a table, and texts that the reader takes and that fit the pictures."""

from __future__ import annotations

import numpy as np
import pytest
from data.clip_samples import clip as animation
from data.clip_samples import frame_folder
from data.samples import folder, noise, png_of
from data.sources.making import manifest, put

from nettrain.config.reader import read_text
from nettrain.data.splitting import make_splits
from nettrain.data.survey import survey
from nettrain.errors import DataError
from nettrain.training.config import TABLES, Config
from nettrain.training.prepare import check_shapes
from nettrain.training.proposing.layers import clip_layers, layers
from nettrain.training.proposing.moving_shapes import WAYS, clip
from nettrain.training.proposing.proposal import Proposal
from nettrain.training.proposing.shape import Shape
from nettrain.training.proposing.text import proposed_config


@pytest.mark.parametrize(
    ("sizes", "pictures", "size", "fit"),
    [
        ([(8, 8)] * 3, 1_797, (8, 8), "stretch"),
        ([(28, 28)] * 3, 60_000, (28, 28), "stretch"),
        ([(32, 48)] * 3, 500, (32, 48), "stretch"),
        ([(5, 5)] * 3, 500, (8, 8), "stretch"),
        ([(480, 640)] * 3, 500, (128, 168), "stretch"),
        ([(640, 480)] * 3, 500, (168, 128), "stretch"),
        ([(480, 640), (640, 480), (500, 500)], 500, (128, 128), "crop"),
        ([(480, 640), (640, 480), (500, 500)], 5_000, (96, 96), "crop"),
        ([(480, 640), (640, 480), (500, 500)], 50_000, (64, 64), "crop"),
        ([(30, 30), (20, 30), (41, 25)], 50_000, (24, 24), "crop"),
        ([(60, 500), (60, 200), (60, 300)], 500, (56, 56), "pad"),
        ([(1, 1000)] * 3, 500, (8, 8), "pad"),
    ],
)
def test_sizes(sizes, pictures, size, fit):
    shape = Shape.of(np.array(sizes), pictures)
    assert (shape.size, shape.fit) == (size, fit)
    assert shape.why


@pytest.mark.parametrize("side", [8, 11, 12, 16, 28, 32, 47, 48, 64, 96, 104, 128])
def test_layers_of_every_size_fit(side):
    text = "".join(f"    - {layer}\n" for layer in layers((side, side + 8), 0.1))
    data = f"data: {{train: x, image: {{size: [{side}, {side + 8}]}}}}\n"
    rest = "optimizer: sgd\ntrain: {epochs: 1}\n"
    document = read_text(f"{data}model:\n  layers:\n{text}{rest}", "c.yaml", Config, TABLES, "/")
    network = check_shapes(document, 3)
    before = network.shapes[-4]
    assert 2 <= before[0] <= 8, "what is left for the mean"


@pytest.mark.parametrize("frames", [2, 3, 8, 16])
@pytest.mark.parametrize("side", [8, 11, 12, 28, 47, 64, 96, 128])
def test_layers_of_clips_of_every_size_fit(side, frames):
    text = "".join(f"    - {layer}\n" for layer in clip_layers((side, side + 8), frames, 0.1))
    data = f"data: {{train: x, image: {{size: [{side}, {side + 8}], frames: {frames}}}}}\n"
    rest = "optimizer: sgd\ntrain: {epochs: 1}\n"
    document = read_text(f"{data}model:\n  layers:\n{text}{rest}", "c.yaml", Config, TABLES, "/")
    left, *sides, _ = check_shapes(document, 3).shapes[-4]
    assert left >= min(2, frames)
    assert 4 <= sides[0] <= 8, "what is left for the mean"


def proposed(root, paths=None, file=None):
    proposal = Proposal(survey(str(root)))
    text = proposed_config(proposal, paths or {"train": str(root)}, file)
    return text, read_text(text, "c.yaml", Config, TABLES, "/").config


def test_the_text_reads_and_parts_the_pictures(tmp_path):
    root = folder(tmp_path / "photos", {"cat": 30, "dog": 30}, size=16)
    text, config = proposed(root)
    splits = make_splits(config.data, config.seed)
    assert [(split.name, len(split.files)) for split in splits.all()] == [("train", 36), ("val", 12), ("test", 12)]
    assert (config.data.image.size, config.data.on_bad_image, config.name) == ((16, 16), "skip", None)
    assert (config.train.batch_size, config.train.epochs, config.checkpoint.monitor) == (16, 100, "val_loss")
    for line in text.splitlines():
        assert len(line) <= 120
    assert "# One folder a class. 2 classes with their pictures: cat (30), dog (30).\n" in text
    assert "# If you save it as c.yaml: 'nettrain fit c.yaml' trains, then 'nettrain evaluate runs/c' judges.\n" in text
    assert "largest class" not in text
    assert proposed(root)[0] == text, "the same for the same folder"


def test_folders_of_val_and_test_are_named(tmp_path):
    for name, count in (("train", 4), ("val", 2), ("test", 2)):
        folder(tmp_path / name, {"cat": count, "dog": count}, size=8)
    paths = {name: str(tmp_path / name) for name in ("train", "val", "test")}
    text, config = proposed(tmp_path, paths, "x/pets.yaml")
    assert (config.data.val, config.data.test) == (paths["val"], paths["test"])
    assert "# 'nettrain fit x/pets.yaml' trains, then 'nettrain evaluate runs/pets' judges.\n" in text


def test_uneven_classes_get_weights(tmp_path):
    text, config = proposed(folder(tmp_path, {"cat": 40, "dog": 4}, size=8))
    assert "# The largest class has 10.0 times as many pictures as the smallest; balanced weights" in text
    assert config.loss.settings.class_weights == "balanced"
    assert config.data.val.stratify
    _, config = proposed(folder(tmp_path, {"dog": 14}, size=8))
    assert config.loss.settings.class_weights is None


@pytest.mark.parametrize(("counts", "stratify"), [({"a": 3, "b": 3}, True), ({"a": 2, "b": 9}, False)])
def test_few_pictures_can_still_be_parted(tmp_path, counts, stratify):
    _, config = proposed(folder(tmp_path, counts, size=8))
    assert config.data.val.stratify is config.data.test.stratify is stratify
    assert all(len(split.files) for split in make_splits(config.data, config.seed).all())


@pytest.mark.parametrize(
    ("counts", "batch"),
    [({"a": 13, "b": 8}, 8), ({"a": 3, "b": 3}, 2), ({"a": 2, "b": 9}, 4), ({"a": 20, "b": 20}, 16)],
)
def test_a_batch_is_never_more_than_there_are_pictures(tmp_path, counts, batch):
    root = folder(tmp_path, counts, size=8)
    _, config = proposed(root)
    train = make_splits(config.data, config.seed).train
    assert config.train.batch_size == batch <= len(train.files)
    assert Proposal(survey(str(root))).trained == len(train.files)


def test_too_few_pictures_are_one_line(tmp_path):
    root = folder(tmp_path, {"a": 1, "b": 2}, size=8)
    with pytest.raises(DataError) as caught:
        proposed(root)
    assert str(caught.value) == (
        f"{root}: holds 3 pictures in 2 classes, too few to judge a model on some of them; expected at least 3 a class"
    )


def test_a_name_from_outside_is_no_yaml(tmp_path):
    root = folder(tmp_path / "a: {b} #c\n\x1b", {"- x #": 3, "y": 3}, size=8)
    text, config = proposed(root)
    assert config.data.train == str(root)
    assert "- x # (3), y (3)" in text


def test_what_cannot_be_read_and_what_moves_is_said(tmp_path):
    root = folder(tmp_path, {"a": 5, "b": 5}, size=8)
    (root / "a" / "000.png").write_bytes(b"no")
    (root / "b" / "999.png").write_bytes(png_of(noise(8, 8)))
    text, _ = proposed(root)
    assert f"# 1 of 11 that were looked at cannot be read, such as\n  # {root}/a/000.png: " in text


def moving(root, frames=8, folders=True, count=6):
    """Clips of the example, as folders of frames or as animations."""
    for label, way in WAYS.items():
        for number in range(count):
            made = clip(label, way, number)[:frames]
            if folders:
                frame_folder(root / label / f"{number}", list(made), "frame-{:03d}.png")
            else:
                put(root, {f"{label}/{number}.gif": animation(list(made))})
    return root


@pytest.mark.parametrize("folders", [True, False])
def test_clips_are_proposed_where_all_are_animations_or_folders_of_frames(tmp_path, folders):
    text, config = proposed(moving(tmp_path, folders=folders))
    assert (config.data.image.frames, config.data.image.size, config.data.image.channels) == (8, (28, 28), 1)
    assert config.data.image.animated == "error"
    assert [chosen.kind for chosen in config.data.augment] == ["random_crop"]
    assert {chosen.kind for chosen in config.model.layers} >= {"conv3d", "max_pool3d", "global_avg_pool"}
    splits = make_splits(config.data, config.seed)
    assert [len(split.files) for split in splits.all()] == [16, 4, 4]
    flat = " ".join(text.replace("#", " ").split())
    told = (
        "The pictures in a folder inside a class, such as down/0/, are numbered, and each is much like the next"
        if folders
        else "Every picture that was looked at is an animation"
    )
    assert f"{told}: so these are clips, each an item of the data." in flat
    assert "Each gives 8 frames, spread evenly over the 8 that it has; more show more, and cost." in flat
    assert "4 classes with their clips: down (6), left (6), right (6), up (6)." in flat
    assert all(len(line) <= 130 for line in text.splitlines())


def test_folders_of_pictures_that_do_not_go_on_are_pictures(tmp_path):
    for label in ("cat", "dog"):
        for day in ("monday", "tuesday"):
            folder(tmp_path / label, {day: 4}, size=16)
    text, config = proposed(tmp_path)
    assert config.data.image.frames is None
    assert "2 classes with their pictures: cat (8), dog (8)." in text


def test_frames_that_lie_in_the_class_folder_itself_are_pictures(tmp_path):
    moving(tmp_path)
    put(tmp_path, {"up/single.png": png_of(noise(28, 28, 1))})
    assert proposed(tmp_path)[1].data.image.frames is None
    (tmp_path / "up/single.png").unlink()
    (tmp_path / "up/0/frame-004.png").rename(tmp_path / "up/0/other.png")
    assert proposed(tmp_path)[1].data.image.frames is None


def test_many_frames_are_sampled_and_few_are_taken_as_they_are(tmp_path):
    frames = [np.full((8, 8), shade, np.uint8) for shade in range(0, 60, 2)]
    for label in ("dark", "light"):
        for number in range(4):
            put(tmp_path, {f"{label}/{number}.gif": animation(frames[: 20 + number])})
    text, config = proposed(tmp_path)
    assert config.data.image.frames == 16
    assert "Each gives 16 frames, spread evenly over the 20 to 23 that it has" in text
    put(tmp_path, {"dark/still.png": png_of(noise(8, 8, 1))})
    text, config = proposed(tmp_path)
    assert (config.data.image.frames, config.data.image.animated) == (None, "first")
    assert "# Some are animations: their first frame is taken." in text


def test_a_list_that_names_folders_is_of_clips(tmp_path):
    moving(tmp_path / "in")
    names = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "in").glob("*/*"))
    rows = manifest([("path", "label"), *((name, name.split("/")[1]) for name in names)])
    text, config = proposed(put(tmp_path, {"list.csv": rows}) / "list.csv")
    assert config.data.image.frames == 8
    assert "# The list names folders, each with the frames of a clip: so these are clips" in text
    assert "# A list of clips, each with its label. 4 classes with their clips:" in text
    assert len(make_splits(config.data, config.seed).train.files) == 16


def test_an_array_with_an_axis_of_time_is_of_clips(tmp_path):
    clips = np.random.default_rng(1).integers(0, 256, (12, 5, 8, 8, 1), np.uint8)
    np.savez(tmp_path / "a.npz", images=clips, labels=np.array([0, 1] * 6))
    text, config = proposed(tmp_path / "a.npz")
    assert (config.data.image.frames, config.data.image.size) == (5, (8, 8))
    assert "# The images have an axis of time, (N,T,H,W,C): so these are clips" in text


def test_a_list_with_several_labels_is_proposed_as_such(tmp_path):
    names = [f"{number:02d}.png" for number in range(30)]
    put(tmp_path, {name: png_of(noise(8, 8, 1, seed=place)) for place, name in enumerate(names)})
    labels = ["cat", "cat|dog", "", "dog", "cat | owl"]
    rows = manifest([("path", "label"), *((name, labels[place % 5]) for place, name in enumerate(names))])
    text, config = proposed(put(tmp_path, {"list.csv": rows}) / "list.csv")
    assert (config.data.labels, config.loss.kind, config.checkpoint.monitor) == (
        "several", "binary_cross_entropy", "val_loss",
    )  # fmt: skip
    assert "  # Some have several labels, with | between them: any number may be right, also none.\n" in text
    assert "3 classes with their pictures: cat (18), dog (12), owl (6)." in " ".join(text.replace("#", " ").split())
    splits = make_splits(config.data, config.seed)
    assert len(splits.train.files) == Proposal(survey(f"{tmp_path}/list.csv")).trained
