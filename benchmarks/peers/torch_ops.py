"""The same operations with PyTorch: ``torch.autograd.grad`` for the walk back, inference mode without it."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from benchmarks.cases.ops import FORWARD, OPS, ClipConv, Clips, Conv, Dense, OpCase, Outputs, Pictures, Update
from benchmarks.peers.torch_steps import FORMATS
from benchmarks.plan import Job
from benchmarks.sides import Prepared

Call = Callable[..., torch.Tensor]
CLIP_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last_3d}
OPTIMIZERS = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=1e-3, momentum=0.9),
    "adam": lambda weights: torch.optim.Adam(weights),
    "adamw": lambda weights: torch.optim.AdamW(weights),
    "nadam": lambda weights: torch.optim.NAdam(weights),
    "radam": lambda weights: torch.optim.RAdam(weights),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights),
    "adagrad": lambda weights: torch.optim.Adagrad(weights),
    "adadelta": lambda weights: torch.optim.Adadelta(weights),
    "muon": lambda weights: torch.optim.Muon(weights),
}


def prepare(job: Job) -> Prepared:
    """The op of this name with random inputs, pictures and filters in the memory format of the variant."""
    torch.manual_seed(1)
    name, _, way = job.case.partition(":")
    case = OPS[name]
    if isinstance(case, Update):
        return Prepared(_update(case))
    recorded = way != FORWARD
    call, shapes = MAKERS[type(case)](case, job.batch, recorded)
    forms = {4: FORMATS[job.variant or "contiguous"], 5: CLIP_FORMATS[job.variant or "contiguous"]}
    inputs = [torch.randn(shape) for shape in shapes]
    inputs = [x.contiguous(memory_format=forms[x.dim()]) if x.dim() in forms else x for x in inputs]
    if not recorded:
        return Prepared(torch.inference_mode()(lambda: call(*inputs)), images=job.batch)
    wanted = inputs[1:] if getattr(case, "first", False) else inputs
    for x in wanted:
        x.requires_grad_()
    g = torch.randn_like(call(*inputs).detach())  # in the format of the output
    return Prepared(lambda: torch.autograd.grad(call(*inputs), wanted, g), images=job.batch)


def _conv(case: Conv, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    padding, normed = case.dilation * (case.kernel - 1) // 2, "batch_norm" in case.then
    mean, var = torch.zeros(case.K), torch.ones(case.K)

    def call(x: torch.Tensor, weight: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        bias = None if normed else rest[0]
        y = F.conv2d(x, weight, bias, case.stride, padding, case.dilation, case.groups)
        if normed:
            y = F.batch_norm(y, mean, var, *rest, training=recorded)
        if "relu" in case.then:
            y = F.relu(y, inplace=True)
        return F.max_pool2d(y, 2) if "max_pool" in case.then else y

    filters = (case.K, case.C // case.groups, case.kernel, case.kernel)
    return call, [(batch, case.C, case.side, case.side), filters, *[(case.K,)] * (2 if normed else 1)]


def _dense(case: Dense, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    return F.linear, [(batch, case.C), (case.K, case.C), (case.K,)]


def _pictures(case: Pictures, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    shape, C = (batch, case.C, case.side, case.side), case.C
    if case.what == "add":
        return torch.add, [shape, shape]
    if case.what.startswith("concat"):
        before = (batch, C if case.what == "concat" else 6 * C, *shape[2:])
        return (lambda x, other: torch.cat([other, x], dim=1)), [shape, before]
    if case.what == "channel_gate":
        return (lambda x, gate: x * gate[:, :, None, None]), [shape, (batch, C)]
    if case.what == "batch_norm":
        mean, var = torch.zeros(C), torch.ones(C)
        return (lambda x, w, b: F.batch_norm(x, mean, var, w, b, training=recorded)), [shape, (C,), (C,)]
    if case.what == "prelu":
        return F.prelu, [shape, (C,)]
    if case.what in NORMS:
        return NORMS[case.what], [shape, (C,), (C,)]
    return OF_PICTURES[case.what], [shape]


def _layer_norm(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Over the channels of each pixel, which PyTorch wants last."""
    return F.layer_norm(x.permute(0, 2, 3, 1), weight.shape, weight, bias).permute(0, 3, 1, 2)


NORMS: dict[str, Call] = {
    "layer_norm": _layer_norm,
    "group_norm": lambda x, weight, bias: F.group_norm(x, 8, weight, bias),
    "instance_norm": lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias),
}
OF_PICTURES: dict[str, Call] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": F.softplus,
    "hard_swish": F.hardswish,
    "hard_sigmoid": F.hardsigmoid,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "max_pool2": lambda x: F.max_pool2d(x, 2),
    "max_pool3-stride2": lambda x: F.max_pool2d(x, 3, 2, padding=1),
    "avg_pool2": lambda x: F.avg_pool2d(x, 2),
    "global_avg_pool": lambda x: F.adaptive_avg_pool2d(x, 1),
    "global_max_pool": lambda x: F.adaptive_max_pool2d(x, 1),
    "zero_padding2d": lambda x: F.pad(x, (1, 1, 1, 1)),
    "drop_path": lambda x: x * (torch.rand(len(x), 1, 1, 1) > 0.5) * 2.0,
    "dropout": lambda x: F.dropout(x, 0.5, training=True),
    "option_a": lambda x: F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, x.shape[1])),
    "flatten": lambda x: x.flatten(1),
}


def _clip_conv(case: ClipConv, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    padding = tuple((size - 1) // 2 for size in case.kernel)
    clips = (max(1, batch // case.frames), case.C, case.frames, case.side, case.side)

    def call(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        return F.conv3d(x, weight, bias, case.stride, padding)

    return call, [clips, (case.K, case.C, *case.kernel), (case.K,)]


def _clips(case: Clips, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    return OF_CLIPS[case.what], [(max(1, batch // case.frames), case.C, case.frames, case.side, case.side)]


OF_CLIPS: dict[str, Call] = {
    "max_pool3d-2": lambda x: F.max_pool3d(x, 2),
    "max_pool3d-3-stride2": lambda x: F.max_pool3d(x, 3, 2, padding=1),
    "avg_pool3d-2": lambda x: F.avg_pool3d(x, 2),
    "global_avg_pool-clips": lambda x: F.adaptive_avg_pool3d(x, 1),
    "global_max_pool-clips": lambda x: F.adaptive_max_pool3d(x, 1),
    "time_avg_pool": lambda x: x.mean(dim=2),
    "time_max_pool": lambda x: x.amax(dim=2),
    "frames_apart": lambda x: x.transpose(1, 2).flatten(0, 1),
}


def _outputs(case: Outputs, batch: int, recorded: bool) -> tuple[Call, list[tuple[int, ...]]]:
    labels = torch.randint(0, case.K, (batch,))
    one_hot = F.one_hot(labels, case.K).float()
    several = (torch.rand(batch, case.K) < 0.05).float()
    weights = torch.linspace(0.5, 2, case.K)
    of_outputs: dict[str, Call] = {
        "cross_entropy": lambda outputs: F.cross_entropy(outputs, labels),
        "cross_entropy-weighted": lambda outputs: F.cross_entropy(outputs, labels, weights),
        "focal": lambda outputs: _focal(outputs, labels),
        "binary_cross_entropy": lambda outputs: F.binary_cross_entropy_with_logits(outputs, several),
        "mse": lambda outputs: F.mse_loss(outputs, one_hot),
        "softmax": lambda outputs: outputs.softmax(dim=1),
    }
    return of_outputs[case.what], [(batch, case.K)]


def _focal(outputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """As PyTorch's users write it, on top of the cross-entropy."""
    surprise = F.cross_entropy(outputs, labels, reduction="none")
    return ((1 - torch.exp(-surprise)) ** 2 * surprise).mean()


def _update(case: Update) -> Callable[[], object]:
    weights = torch.zeros(case.shape[::-1], requires_grad=True)
    weights.grad = torch.randn(case.shape[::-1])
    return OPTIMIZERS[case.peer or case.optimizer]([weights]).step


MAKERS: dict[type[OpCase], Callable[..., tuple[Call, list[tuple[int, ...]]]]] = {
    Conv: _conv,
    Dense: _dense,
    Pictures: _pictures,
    ClipConv: _clip_conv,
    Clips: _clips,
    Outputs: _outputs,
}
