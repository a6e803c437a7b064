"""Augmentations as a data loader has them that works with Pillow: a picture at a time, with Pillow's own operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from benchmarks.cases.augment import CASES, loaded
from benchmarks.made_pictures import made_pictures
from benchmarks.peers.pillow_process import executor
from benchmarks.plan import Job
from benchmarks.sides import Prepared

Picture = Image.Image
BILINEAR = Image.Resampling.BILINEAR


def prepare(job: Job) -> Prepared:
    """The pictures of a call; what comes out are arrays, as they are batched."""
    kind, side = CASES[job.case]
    pictures, random, change = made_pictures(job.batch, loaded(kind, side)), Random(1), AUGMENTATIONS[kind]
    return Prepared(
        lambda: np.stack(list(executor().map(lambda picture: np.asarray(change(picture, random, side)), pictures))),
        images=job.batch,
    )


def random_crop(picture: Picture, random: Random, side: int) -> Picture:
    x, y = random.randrange(9), random.randrange(9)
    return ImageOps.expand(picture, 4).crop((x, y, x + side, y + side))


def random_resized_crop(picture: Picture, random: Random, side: int) -> Picture:
    width, height = picture.size
    for _ in range(10):
        area, shape = (
            width * height * random.uniform(0.08, 1),
            math.exp(random.uniform(math.log(3 / 4), math.log(4 / 3))),
        )
        across, down = round(math.sqrt(area * shape)), round(math.sqrt(area / shape))
        if across <= width and down <= height:
            x, y = random.randint(0, width - across), random.randint(0, height - down)
            return picture.crop((x, y, x + across, y + down)).resize((side, side), BILINEAR)
    return picture.resize((side, side), BILINEAR)


def affine(picture: Picture, a: float, b: float, c: float, d: float, e: float, f: float) -> Picture:
    return picture.transform(picture.size, Image.Transform.AFFINE, (a, b, c, d, e, f), BILINEAR)


def random_affine(picture: Picture, random: Random, side: int) -> Picture:
    angle, by = math.radians(random.uniform(-15, 15)), 1 / random.uniform(0.8, 1.2)
    slant = math.tan(math.radians(random.uniform(-10, 10)))
    cos, sin = by * math.cos(angle), by * math.sin(angle)
    a, b, d, e = cos - slant * sin, sin + slant * cos, -sin, cos
    x, y = (side / 2 + round(random.uniform(-0.1, 0.1) * side) for _ in range(2))
    return affine(picture, a, b, side / 2 - a * x - b * y, d, e, side / 2 - d * x - e * y)


def random_perspective(picture: Picture, random: Random, side: int) -> Picture:
    low = [random.uniform(0, side / 4) for _ in range(8)]
    new = [(low[0], low[1]), (side - low[2], low[3]), (side - low[4], side - low[5]), (low[6], side - low[7])]
    old = [(0, 0), (side, 0), (side, side), (0, side)]
    rows = []
    for (x, y), (u, v) in zip(new, old, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    numbers = np.linalg.solve(np.array(rows), np.array(old, float).ravel())
    return picture.transform(picture.size, Image.Transform.PERSPECTIVE, numbers.tolist(), BILINEAR)


def hue(picture: Picture, shift: float) -> Picture:
    h, s, v = picture.convert("HSV").split()
    turned = Image.fromarray(np.asarray(h) + np.uint8(int(shift * 255) % 256))
    return Image.merge("HSV", (turned, s, v)).convert("RGB")


def color_jitter(picture: Picture, random: Random, side: int) -> Picture:
    changes: list[Callable[[Picture], Picture]] = [
        lambda p: ImageEnhance.Brightness(p).enhance(random.uniform(0.6, 1.4)),
        lambda p: ImageEnhance.Contrast(p).enhance(random.uniform(0.6, 1.4)),
        lambda p: ImageEnhance.Color(p).enhance(random.uniform(0.6, 1.4)),
        lambda p: hue(p, random.uniform(-0.1, 0.1)),
    ]
    random.shuffle(changes)
    for change in changes:
        picture = change(picture)
    return picture


def random_erasing(picture: Picture, random: Random, side: int) -> Picture:
    area, shape = side * side * random.uniform(0.02, 0.33), math.exp(random.uniform(math.log(0.3), math.log(3.3)))
    across, down = (min(side - 1, max(1, round(math.sqrt(number)))) for number in (area / shape, area * shape))
    x, y = random.randint(0, side - across), random.randint(0, side - down)
    out = picture.copy()
    out.paste((0, 0, 0), (x, y, x + across, y + down))
    return out


OPERATIONS: Mapping[str, tuple[float, Callable[[Picture, float], Picture]]] = {  # the strongest, and what is done
    "identity": (0, lambda p, m: p),
    "shear_x": (0.3, lambda p, m: affine(p, 1, m, 0, 0, 1, 0)),
    "shear_y": (0.3, lambda p, m: affine(p, 1, 0, 0, m, 1, 0)),
    "translate_x": (150 / 331, lambda p, m: affine(p, 1, 0, int(m * p.width), 0, 1, 0)),
    "translate_y": (150 / 331, lambda p, m: affine(p, 1, 0, 0, 0, 1, int(m * p.height))),
    "rotate": (30, lambda p, m: p.rotate(m, BILINEAR)),
    "brightness": (0.9, lambda p, m: ImageEnhance.Brightness(p).enhance(1 + m)),
    "color": (0.9, lambda p, m: ImageEnhance.Color(p).enhance(1 + m)),
    "contrast": (0.9, lambda p, m: ImageEnhance.Contrast(p).enhance(1 + m)),
    "sharpness": (0.9, lambda p, m: ImageEnhance.Sharpness(p).enhance(1 + m)),
    "posterize": (4, lambda p, m: ImageOps.posterize(p, 8 - round(abs(m)))),
    "solarize": (255, lambda p, m: ImageOps.solarize(p, 255 - int(abs(m)))),
    "auto_contrast": (0, lambda p, m: ImageOps.autocontrast(p)),
    "equalize": (0, lambda p, m: ImageOps.equalize(p)),
}


def operated(picture: Picture, random: Random, strength: float) -> Picture:
    """One operation by chance."""
    most, operation = OPERATIONS[random.choice(list(OPERATIONS))]
    return operation(picture, most * strength * random.choice((1, -1)))


def rand_augment(picture: Picture, random: Random, side: int) -> Picture:
    return operated(operated(picture, random, 9 / 30), random, 9 / 30)


def aug_mix(picture: Picture, random: Random, side: int) -> Picture:
    generator = np.random.default_rng(random.randrange(1 << 30))
    shares, kept = generator.dirichlet((1, 1, 1)), generator.beta(1, 1)
    total = kept * np.asarray(picture, np.float32)
    for share in shares:
        chain = picture
        for _ in range(random.randint(1, 3)):
            chain = operated(chain, random, random.randrange(3) / 9)
        total += (1 - kept) * share * np.asarray(chain, np.float32)
    return Image.fromarray(np.rint(total).astype(np.uint8))


AUGMENTATIONS: Mapping[str, Callable[[Picture, Random, int], Picture]] = {
    "random_crop": random_crop,
    "random_resized_crop": random_resized_crop,
    "random_horizontal_flip": lambda p, random, side: ImageOps.mirror(p) if random.random() < 0.5 else p,
    "alternating_flip": lambda p, random, side: ImageOps.mirror(p) if random.random() < 0.5 else p,
    "random_vertical_flip": lambda p, random, side: ImageOps.flip(p) if random.random() < 0.5 else p,
    "random_rotation": lambda p, random, side: p.rotate(random.uniform(-15, 15), BILINEAR),
    "random_affine": random_affine,
    "random_perspective": random_perspective,
    "color_jitter": color_jitter,
    "random_grayscale": lambda p, random, side: p.convert("L").convert("RGB"),
    "gaussian_blur": lambda p, random, side: p.filter(ImageFilter.GaussianBlur(random.uniform(0.1, 2))),
    "sharpness": lambda p, random, side: ImageEnhance.Sharpness(p).enhance(2),
    "auto_contrast": lambda p, random, side: ImageOps.autocontrast(p),
    "equalize": lambda p, random, side: ImageOps.equalize(p),
    "posterize": lambda p, random, side: ImageOps.posterize(p, 4),
    "solarize": lambda p, random, side: ImageOps.solarize(p, 128),
    "random_erasing": random_erasing,
    "rand_augment": rand_augment,
    "trivial_augment": lambda p, random, side: operated(p, random, random.randrange(31) / 30),
    "aug_mix": aug_mix,
}
