"""The models that are measured, as rows: the text of the config's ``model`` block, and the pictures' shape."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A model with the pictures (H, W, C) that it takes."""

    model: str
    shape: tuple[int, int, int] = (32, 32, 3)
    classes: int = 10


def _conv(filters: int, norm: bool, stride: int = 1) -> str:
    return f"conv2d: {{filters: {filters}, kernel_size: 3, stride: {stride}{', norm: batch_norm' if norm else ''}}}"


def _layers(*layers: str, activation: str = "relu") -> str:
    return f"activation: {activation}\nlayers:\n" + "".join(f"  - {layer}\n" for layer in layers)


def _block(filters: int, stride: int = 1) -> str:
    """He et al. 2015, figure 2, with option A."""
    second = _conv(filters, True).replace("}", ", activation: none}")
    shortcut = "identity" if stride == 1 and filters == 16 else "pad"
    return (
        f"residual: {{layers: [{{{_conv(filters, True, stride)}}}, {{{second}}}], "
        f"shortcut: {shortcut}, activation: relu}}"
    )


def _resnet20() -> str:
    """He et al. 2015, section 4.2, n = 3."""
    blocks = [_block(f, 2 if f > 16 and i == 0 else 1) for f in (16, 32, 64) for i in range(3)]
    return _layers(_conv(16, True), *blocks, "global_avg_pool", "dense: classes")


MODELS = {
    "cnn": Case(
        _layers(
            *(_conv(32, False), _conv(32, False), "max_pool2d: 2"),
            *(_conv(64, False), _conv(64, False), "max_pool2d: 2"),
            *("flatten", "dense: 256", "dense: classes"),
        )
    ),
    "cnn_bn": Case(
        _layers(
            *(_conv(32, True), _conv(32, True), "max_pool2d: 2"),
            *(_conv(64, True), _conv(64, True), "max_pool2d: 2"),
            *(_conv(128, True), "global_avg_pool", "dense: classes"),
        )
    ),
    "resnet20": Case(_resnet20()),
    "mlp": Case(_layers("flatten", "dense: 512", "dense: 256", "dense: classes")),
    "mnist_mlp": Case(_layers("flatten", "dense: 128", "dense: classes"), shape=(28, 28, 1)),
}
