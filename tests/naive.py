"""References: every operation written once more as plainly as can be, in loops and with ``np.einsum``, in float64."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from nettrain.arrays import hash as counter_hash
from nettrain.arrays.windows import Window

Array = npt.NDArray[Any]


def pads(window: Window, axis: int, length: int) -> tuple[int, int]:
    """Pixels before and after, by the rules as Keras and PyTorch state them."""
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


def places(x: Array, window: Window, fill: float = 0.0) -> Array:
    """Every window of every picture, found pixel by pixel.  Shapes: (N,H,W,C) -> (N,P,Q,R,S,C)."""
    N, H, W, C = x.shape
    (top, bottom), (left, right) = pads(window, 0, H), pads(window, 1, W)
    (R, S), (a, b), (d, e) = window.size, window.stride, window.dilation
    P = (H + top + bottom - d * (R - 1) - 1) // a + 1
    Q = (W + left + right - e * (S - 1) - 1) // b + 1
    found = np.full((N, P, Q, R, S, C), fill)
    for p in range(P):
        for q in range(Q):
            for r in range(R):
                for s in range(S):
                    h, w = p * a + r * d - top, q * b + s * e - left
                    if 0 <= h < H and 0 <= w < W:
                        found[:, p, q, r, s] = x[:, h, w]
    return found


def conv2d(x: Array, weight: Array, window: Window, groups: int = 1) -> Array:
    """Each output pixel the weighted sum of its window, each group of channels with its own filters."""
    patches = places(x, window)
    C, K = x.shape[3] // groups, weight.shape[3] // groups
    return np.concatenate(
        [
            np.einsum(
                "npqrsc,rsck->npqk", patches[..., i * C : i * C + C], weight[..., i * K : i * K + K], optimize=True
            )
            for i in range(groups)
        ],
        axis=3,
    )


def conv2d_gradients(x: Array, weight: Array, g: Array, window: Window, groups: int = 1) -> tuple[Array, Array]:
    """By the pictures and by the filters: a weight joins a pixel to an output, and each gets what the others bring."""
    patches = places(x, window)
    C, K = x.shape[3] // groups, weight.shape[3] // groups
    back, dw = np.zeros(patches.shape), np.zeros(weight.shape)
    for i in range(groups):
        mine, filters = slice(i * C, i * C + C), slice(i * K, i * K + K)
        back[..., mine] = np.einsum("npqk,rsck->npqrsc", g[..., filters], weight[..., filters], optimize=True)
        dw[..., filters] = np.einsum("npqrsc,npqk->rsck", patches[..., mine], g[..., filters], optimize=True)
    return places_back(back, x.shape, window), dw


def places_back(patches: Array, shape: tuple[int, ...], window: Window) -> Array:
    """Each pixel the sum of its places in all windows, found pixel by pixel.  Shapes: (N,P,Q,R,S,C) -> (N,H,W,C)."""
    _, H, W, _ = shape
    (top, _), (left, _) = pads(window, 0, H), pads(window, 1, W)
    (a, b), (d, e) = window.stride, window.dilation
    x = np.zeros(shape)
    for p, q, r, s in np.ndindex(patches.shape[1:5]):
        h, w = p * a + r * d - top, q * b + s * e - left
        if 0 <= h < H and 0 <= w < W:
            x[:, h, w] += patches[:, p, q, r, s]
    return x


def max_pool(x: Array, window: Window) -> Array:
    return places(x, window, -np.inf).max(axis=(3, 4))


def average_pool(x: Array, window: Window) -> Array:
    return places(x, window).sum(axis=(3, 4)) / (window.size[0] * window.size[1])


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
