"""References: every operation written once more as plainly as can be, in loops and with ``np.einsum``, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays import hash as counter_hash
from nettrain.arrays.clip_windows import ClipWindow
from nettrain.arrays.windows import Window

Array = npt.NDArray[Any]
AnyWindow = Window | ClipWindow
Index = tuple[Any, ...]


def pads(window: AnyWindow, axis: int, length: int) -> tuple[int, int]:
    """Pixels or frames before and after, by the rules as Keras and PyTorch state them."""
    k, s, d = window.size[axis], window.stride[axis], window.dilation[axis]
    if window.padding == "valid":
        return 0, 0
    if window.padding == "same":
        total = d * (k - 1)
    elif window.padding == "keras_same":
        total = max((math.ceil(length / s) - 1) * s + d * (k - 1) + 1 - length, 0)
    else:
        return window.padding, window.padding
    return math.floor(total / 2), math.ceil(total / 2)


@lru_cache(maxsize=4)  # a forward and a gradient ask for the same
def pairs(window: AnyWindow, lengths: tuple[int, ...]) -> tuple[tuple[int, ...], list[tuple[Index, Index]]]:
    """How many places a window has on each axis; and each place and tap in turn, with the pixel that is met there."""
    axes = []
    for axis, length in enumerate(lengths):
        before, after = pads(window, axis, length)
        k, s, d = window.size[axis], window.stride[axis], window.dilation[axis]
        places = range((length + before + after - d * (k - 1) - 1) // s + 1)
        axes.append([[place * s + tap * d - before for tap in range(k)] for place in places])
    counts = tuple(map(len, axes))

    def met() -> Iterator[tuple[Index, Index]]:
        for index in np.ndindex(*counts, *window.size):
            at = tuple(axis[place][tap] for axis, place, tap in zip(axes, index, index[len(axes) :], strict=False))
            if all(0 <= i < length for i, length in zip(at, lengths, strict=True)):
                yield (slice(None), *index), (slice(None), *at)

    return counts, list(met())


def places(x: Array, window: AnyWindow, fill: float = 0.0) -> Array:
    """Every window of every picture or clip, found pixel by pixel.

    Shapes   (N,H,W,C) -> (N,P,Q,R,S,C), (N,T,H,W,C) -> (N,L,P,Q,U,R,S,C).
    """
    counts, met = pairs(window, x.shape[1:-1])
    found = np.full((len(x), *counts, *window.size, x.shape[-1]), fill)
    for place, pixel in met:
        found[place] = x[pixel]
    return found


def places_back(patches: Array, shape: tuple[int, ...], window: AnyWindow) -> Array:
    """Each pixel the sum of its places in all windows, found pixel by pixel: the other way than ``places``."""
    x = np.zeros(shape)
    for place, pixel in pairs(window, shape[1:-1])[1]:
        x[pixel] += patches[place]
    return x


def conv(x: Array, weight: Array, window: AnyWindow, groups: int = 1) -> Array:
    """Each output pixel the weighted sum of its window, each group of channels with its own filters."""
    patches = places(x, window)
    C, K, axes = x.shape[-1] // groups, weight.shape[-1] // groups, weight.ndim - 1
    return np.concatenate(
        [
            np.tensordot(patches[..., i * C : i * C + C], weight[..., i * K : i * K + K], axes)  # over (R,S,C)
            for i in range(groups)
        ],
        axis=-1,
    )


def conv_gradients(x: Array, weight: Array, g: Array, window: AnyWindow, groups: int = 1) -> tuple[Array, Array]:
    """By the pictures and by the filters: a weight joins a pixel to an output, and each gets what the others bring."""
    patches = places(x, window)
    C, K, axes = x.shape[-1] // groups, weight.shape[-1] // groups, range(g.ndim - 1)
    back, dw = np.zeros(patches.shape), np.zeros(weight.shape)
    for i in range(groups):
        mine, filters = slice(i * C, i * C + C), slice(i * K, i * K + K)
        back[..., mine] = np.tensordot(g[..., filters], weight[..., filters], (-1, -1))  # over K
        dw[..., filters] = np.tensordot(patches[..., mine], g[..., filters], (axes, axes))  # over (N,P,Q)
    return places_back(back, x.shape, window), dw


def max_pool(x: Array, window: AnyWindow) -> Array:
    return places(x, window, -np.inf).max(axis=taps(window))


def average_pool(x: Array, window: AnyWindow) -> Array:
    return places(x, window).mean(axis=taps(window))


def taps(window: AnyWindow) -> tuple[int, ...]:
    """The axes (R,S), or (U,R,S), of what ``places`` finds."""
    return tuple(range(-1 - len(window.size), -1))


def batch_norm(z: Array, weight: Array, bias: Array, epsilon: float) -> Array:
    """With the mean and the biased variance of the batch."""
    rows = z.reshape(-1, z.shape[-1])
    mean = rows.mean(axis=0)
    return normalised(z, weight, bias, mean, ((rows - mean) ** 2).mean(axis=0), epsilon)


def normalised(z: Array, weight: Array, bias: Array, mean: Array, var: Array, epsilon: float) -> Array:
    return weight * (z - mean) / np.sqrt(var + epsilon) + bias


def layer_norm(z: Array, weight: Array, bias: Array, epsilon: float) -> Array:
    """With the mean and the biased variance of the channels of each pixel or row."""
    mean = z.mean(axis=-1, keepdims=True)
    return normalised(z, weight, bias, mean, ((z - mean) ** 2).mean(axis=-1, keepdims=True), epsilon)


def group_norm(z: Array, weight: Array, bias: Array, groups: int, epsilon: float) -> Array:
    """With the mean and the biased variance of each group of channels of each picture, one after another."""
    y, size = np.empty(z.shape), z.shape[-1] // groups
    for n, picture in enumerate(z):
        for start in range(0, z.shape[-1], size):
            group = slice(start, start + size)
            one = picture[..., group]
            y[n, ..., group] = normalised(one, weight[group], bias[group], one.mean(), one.var(), epsilon)
    return y


def dropout(x: Array, rate: float, seed: int, layer: str, epoch: int, start: int) -> Array:
    """One number at a time: kept where its own draw is at least ``rate``."""
    y = np.zeros(x.shape)
    for n, picture in enumerate(x):
        flat = y[n].reshape(-1)
        for i, value in enumerate(picture.ravel()):
            (draw,) = counter_hash.bits(seed, f"dropout/{layer}", epoch, start + n, i)
            flat[i] = value / (1 - rate) if int(draw) >= int(rate * 2**64) else value * 0
    return y


def softmax(x: Array) -> Array:
    """Over the last axis, a row at a time."""
    return np.array([np.exp(row) / np.exp(row).sum() for row in x.reshape(-1, x.shape[-1])]).reshape(x.shape)


def cross_entropy(logits: Array, labels: Array, smoothing: float = 0.0) -> Array:
    """The cross-entropy of the smoothed target and the softmax, term by term."""
    N, K = logits.shape
    target = np.full((N, K), smoothing / K)
    target[np.arange(N), labels] += 1 - smoothing
    return -(target * np.log(softmax(logits))).sum(axis=1)


def focal(logits: Array, labels: Array, gamma: float, alpha: float) -> Array:
    probabilities = softmax(logits)[np.arange(len(logits)), labels]
    return -alpha * (1 - probabilities) ** gamma * np.log(probabilities)


def by_shares(of_labels: Callable[[Array], Array], shares: Array) -> Array:
    """The loss of every class as the label, times the share of that class, added up."""
    N, K = shares.shape
    return sum((shares[:, k] * of_labels(np.full(N, k)) for k in range(K)), np.zeros(N))


def binary_cross_entropy(logits: Array, targets: Array, weights: Array | float = 1.0) -> Array:
    """Each class on its own: the surprise at its being there, or not; the first times the class's weight."""
    there = 1 / (1 + np.exp(-logits))
    return -(targets * weights * np.log(there) + (1 - targets) * np.log(1 - there)).mean(axis=1)


def mse(outputs: Array, labels: Array) -> Array:
    return ((outputs - np.eye(outputs.shape[1])[labels]) ** 2).mean(axis=1)


def option_a(x: Array, stride: tuple[int, int], channels: int) -> Array:
    N, H, W, C = x.shape
    y = np.zeros((N, math.ceil(H / stride[0]), math.ceil(W / stride[1]), channels))
    for p in range(y.shape[1]):
        for q in range(y.shape[2]):
            y[:, p, q, :C] = x[:, p * stride[0], q * stride[1]]
    return y


def relu(x: Array) -> Array:
    return (x + np.abs(x)) / 2


def prelu(x: Array, weight: Array) -> Array:
    return np.where(x > 0, x, weight * x)


def drop_path(x: Array, rate: float, seed: int, layer: str, epoch: int, start: int) -> Array:
    """Each picture kept or not by a number of its own."""
    y = np.zeros_like(x)
    for n in range(len(x)):
        draw = counter_hash.bits(seed, f"drop_path/{layer}", epoch, start + n)
        if draw[0] >= rate * 2.0**64:
            y[n] = x[n] / (1 - rate)
    return y
