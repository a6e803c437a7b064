"""The layers of a proposed network, by the size of the pictures or clips."""

from __future__ import annotations

from collections.abc import Iterator

LARGE, MEDIUM, SMALL = 96, 48, 12  # pixels of the shorter side, from which on the first layers are other ones
LEFT = 8  # pixels of a side that the last convolution sees


def layers(size: tuple[int, int], dropout: float) -> Iterator[str]:
    """The layers for pictures of a size (H, W), a line each.

    Notes    The first ones make a large picture small at once, because there they cost most.
    """
    side, filters = min(size), 64
    large = side >= LARGE
    if large:
        yield from (_conv(32, stride=2), "max_pool2d: 2")
    elif side >= MEDIUM:
        yield from (_conv(32, stride=2), _conv(32), "max_pool2d: 2")
    else:
        yield from (_conv(32 if side >= SMALL else 16), _conv(32), "max_pool2d: 2")
    side //= 4 if side >= MEDIUM else 2
    while side > LEFT:
        yield from [_conv(filters)] * (1 if large else 2)
        yield "max_pool2d: 2"
        side, filters = side // 2, 2 * filters
    yield from (_conv(filters), "global_avg_pool", f"dropout: {dropout:g}", "dense: classes")


def clip_layers(size: tuple[int, int], frames: int, dropout: float) -> Iterator[str]:
    """The layers for clips of so many frames of a size (H, W), a line each.

    Notes    Time is halved as long as four frames are left, so that the last ones still see it.
    """
    side, filters = min(size), 16
    if side >= SMALL:
        yield f"conv3d: {{filters: {filters // 2}, kernel_size: 3, stride: [1, 2, 2], norm: batch_norm}}"
        side //= 2
    yield _conv3d(filters)
    while side > LEFT:
        halves = frames >= 4
        yield "max_pool3d: 2" if halves else "max_pool3d: [1, 2, 2]"
        side, filters, frames = side // 2, 2 * filters, frames // 2 if halves else frames
        yield _conv3d(filters)
    yield from (_conv3d(2 * filters), "global_avg_pool", f"dropout: {dropout:g}", "dense: classes")


def _conv3d(filters: int) -> str:
    return f"conv3d: {{filters: {filters}, kernel_size: 3, norm: batch_norm}}"


def _conv(filters: int, stride: int = 1) -> str:
    step = f", stride: {stride}" if stride > 1 else ""
    return f"conv2d: {{filters: {filters}, kernel_size: 3{step}, norm: batch_norm}}"
