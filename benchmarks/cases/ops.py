"""Single operations at the sizes that the models give them, forward alone and forward and back.

To add one: a row in ``OPS``. A new kind of row is a record here and a function in ``ours/ops.py`` and
``peers/torch_ops.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from benchmarks.plan import BATCH, OURS, Job, Kept, Row, Settings

FORWARD = "forward"  # the variant without a walk back, as at inference


@dataclass(frozen=True)
class Conv:
    """A convolution of (N, side, side, C) with K filters; ``then`` is what its epilogue does.

    ``first`` says that these are the pictures, by which nobody wants a gradient.
    """

    C: int
    K: int
    side: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    first: bool = False
    then: tuple[str, ...] = ("bias",)
    covers: str = "conv2d bias"
    formats: ClassVar[bool] = True
    inference: ClassVar[bool] = True


@dataclass(frozen=True)
class Dense:
    """Rows of C numbers times a weight (C, K), and a bias; ``first`` as above."""

    C: int
    K: int
    first: bool = False
    covers: str = "linear bias"
    formats: ClassVar[bool] = False
    inference: ClassVar[bool] = True


@dataclass(frozen=True)
class Pictures:
    """Something that is done to pictures (N, side, side, C), of the kind ``what``."""

    what: str
    C: int
    side: int
    covers: str
    inference: bool = True
    formats: ClassVar[bool] = True


@dataclass(frozen=True)
class ClipConv:
    """A convolution of clips (N, frames, side, side, C) with K filters, and a bias; all frames are as many as pictures.

    ``first`` says that these are the clips, by which nobody wants a gradient.
    """

    C: int
    K: int
    frames: int
    side: int
    kernel: tuple[int, int, int] = (3, 3, 3)
    stride: int = 1
    first: bool = False
    covers: str = "conv3d bias"
    formats: ClassVar[bool] = True
    inference: ClassVar[bool] = True


@dataclass(frozen=True)
class Clips:
    """Something that is done to clips (N, frames, side, side, C), of the kind ``what``; frames as above."""

    what: str
    C: int
    frames: int
    side: int
    covers: str
    formats: ClassVar[bool] = True
    inference: ClassVar[bool] = True


@dataclass(frozen=True)
class Outputs:
    """Something that is done to the outputs (N, K) of a network: a loss with its mean, or a softmax."""

    what: str
    K: int
    covers: str
    inference: ClassVar[bool] = True
    formats: ClassVar[bool] = False


@dataclass(frozen=True)
class Update:
    """An optimizer's step over one matrix of weights; there is nothing to walk back.

    ``peer`` is what PyTorch's users take in place of a kind that it does not have.
    """

    optimizer: str
    shape: tuple[int, int] = (1024, 1024)
    peer: str = ""
    covers: str = ""
    inference: ClassVar[bool] = False
    formats: ClassVar[bool] = False


OpCase = Conv | Dense | Pictures | ClipConv | Clips | Outputs | Update

NORMED = ("batch_norm", "relu")
POOLED = ("bias", "relu", "max_pool")
CONVS = {
    "conv3x3-3-32@32": Conv(3, 32, 32, first=True),
    "conv3x3-32-32@32": Conv(32, 32, 32),
    "conv3x3-32-64@16": Conv(32, 64, 16),
    "conv3x3-64-64@16": Conv(64, 64, 16),
    "conv3x3-64-128@8": Conv(64, 128, 8),
    "conv3x3-16-16@32": Conv(16, 16, 32),
    "conv3x3-32-32@16": Conv(32, 32, 16),
    "conv3x3-64-64@8": Conv(64, 64, 8),
    "conv3x3-16-32@32-stride2": Conv(16, 32, 32, stride=2),
    "conv3x3-32-64@16-stride2": Conv(32, 64, 16, stride=2),
    "conv1x1-64-64@16": Conv(64, 64, 16, kernel=1),
    "conv1x1-16-32@32-stride2": Conv(16, 32, 32, kernel=1, stride=2),
    "conv5x5-32-32@16": Conv(32, 32, 16, kernel=5),
    "conv7x7-3-32@64-stride2": Conv(3, 32, 64, kernel=7, stride=2, first=True),
    "conv3x3-32-32@16-dilation2": Conv(32, 32, 16, dilation=2),
    "conv3x3-64-64@16-groups4": Conv(64, 64, 16, groups=4),
    "conv3x3-64-64@16-depthwise": Conv(64, 64, 16, groups=64),
    "conv3x3-64-128@16-depthwise": Conv(64, 128, 16, groups=64),
    "conv3x3-32-32@32-relu-pool": Conv(32, 32, 32, then=POOLED, covers="conv2d bias pointwise relu max_pool"),
    "conv3x3-32-32@32-norm-relu": Conv(32, 32, 32, then=NORMED, covers="conv2d batch_norm pointwise relu"),
}
CLIP_CONVS = {
    "conv3d-3-32@8x32": ClipConv(3, 32, 8, 32, first=True),
    "conv3d-1-16@8x28": ClipConv(1, 16, 8, 28, first=True),
    "conv3d-16-32@8x16": ClipConv(16, 32, 8, 16),
    "conv3d-32-64@8x16": ClipConv(32, 64, 8, 16),
    "conv3d-64-64@4x8": ClipConv(64, 64, 4, 8),
    "conv3d-32-64@8x16-stride2": ClipConv(32, 64, 8, 16, stride=2),
    "conv3d-32-64@8x16-in-space": ClipConv(32, 64, 8, 16, (1, 3, 3)),
    "conv3d-64-64@8x16-in-time": ClipConv(64, 64, 8, 16, (3, 1, 1)),
}
ACTIVATIONS = (
    *("relu", "leaky_relu", "elu", "selu", "gelu", "gelu_tanh", "silu", "mish", "softplus"),
    *("hard_swish", "hard_sigmoid", "sigmoid", "tanh"),
)
OPS: dict[str, OpCase] = {
    **CONVS,
    "dense-4096-256": Dense(4096, 256),
    "dense-3072-512": Dense(3072, 512, first=True),
    "dense-512-256": Dense(512, 256),
    "dense-784-128": Dense(784, 128, first=True),
    "dense-256-10": Dense(256, 10),
    **{kind: Pictures(kind, 32, 32, f"through pointwise {kind}") for kind in ACTIVATIONS},
    "prelu": Pictures("prelu", 32, 32, "through prelu"),
    "batch_norm": Pictures("batch_norm", 32, 32, "through batch_norm"),
    "layer_norm": Pictures("layer_norm", 32, 32, "through layer_norm norm_shape"),
    "group_norm": Pictures("group_norm", 32, 32, "through group_norm norm_shape"),
    "instance_norm": Pictures("instance_norm", 32, 32, "through group_norm norm_shape"),
    "max_pool2": Pictures("max_pool2", 32, 32, "through max_pool window_part"),
    "max_pool3-stride2": Pictures("max_pool3-stride2", 32, 32, "through max_pool window_part"),
    "avg_pool2": Pictures("avg_pool2", 32, 32, "through average_pool window_part"),
    "global_avg_pool": Pictures("global_avg_pool", 128, 8, "through global_average_pool"),
    "global_max_pool": Pictures("global_max_pool", 128, 8, "through global_max_pool"),
    "zero_padding2d": Pictures("zero_padding2d", 32, 32, "through zero_pad"),
    "add": Pictures("add", 32, 32, "through add"),
    "concat": Pictures("concat", 32, 32, "through concat"),
    "concat-12-to-84": Pictures("concat-12-to-84", 12, 32, "through concat"),
    "channel_gate": Pictures("channel_gate", 64, 16, "channel_gate"),
    "drop_path": Pictures("drop_path", 32, 32, "through drop_path", inference=False),
    "dropout": Pictures("dropout", 32, 32, "through dropout", inference=False),
    "option_a": Pictures("option_a", 16, 32, "option_a"),
    "flatten": Pictures("flatten", 64, 8, "flatten"),
    **CLIP_CONVS,
    "max_pool3d-2": Clips("max_pool3d-2", 32, 8, 32, "through max_pool3d clip_window_part"),
    "max_pool3d-3-stride2": Clips("max_pool3d-3-stride2", 32, 8, 32, "through max_pool3d clip_window_part"),
    "avg_pool3d-2": Clips("avg_pool3d-2", 32, 8, 32, "through average_pool3d clip_window_part"),
    "global_avg_pool-clips": Clips("global_avg_pool-clips", 128, 8, 8, "through global_average_pool"),
    "global_max_pool-clips": Clips("global_max_pool-clips", 128, 8, 8, "through global_max_pool"),
    "time_avg_pool": Clips("time_avg_pool", 128, 8, 8, "through global_average_pool"),
    "time_max_pool": Clips("time_max_pool", 128, 8, 8, "through global_max_pool"),
    "frames_apart": Clips("frames_apart", 32, 8, 16, "frames"),
    "cross_entropy": Outputs("cross_entropy", 10, "cross_entropy targets mean"),
    "cross_entropy-weighted": Outputs("cross_entropy-weighted", 10, "cross_entropy weighted mean"),
    "focal": Outputs("focal", 10, "focal mean"),
    "binary_cross_entropy": Outputs("binary_cross_entropy", 80, "binary_cross_entropy mean"),
    "mse": Outputs("mse", 10, "mse mean"),
    "softmax": Outputs("softmax", 1000, "softmax"),
    **{kind: Update(kind) for kind in ("sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "adagrad", "adadelta")},
    **{kind: Update(kind, peer="adamw") for kind in ("lamb", "lion")},
    "lookahead": Update("lookahead", peer="sgd"),
    "muon": Update("muon", (1152, 256)),
}


def rows(settings: Settings) -> Iterator[Row]:
    """Each op on each number of threads, against PyTorch in both memory formats where it takes pictures."""
    for count in settings.threads:
        for name, case in OPS.items():
            for way in ["", FORWARD] if case.inference else [""]:
                yield _row(name, case, way, count)


def _row(name: str, case: OpCase, way: str, threads: int) -> Row:
    job = f"{name}:{way}" if way else name
    formats = ("contiguous", "channels_last") if case.formats else ("",)
    peers = [Kept(f"torch {form}".strip(), "torch", threads, Job("ops", job, BATCH, form)) for form in formats]
    if isinstance(case, Update):
        peers = [Kept(f"torch {case.peer}".strip(), "torch", threads, Job("ops", job))]
    return Row("ops", job, threads, (Kept(OURS, "nettrain", threads, Job("ops", job)), *peers))
