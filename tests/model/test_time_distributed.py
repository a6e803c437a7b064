"""Layers for still pictures on every frame: what each frame would give alone, with chances of its own."""

from __future__ import annotations

import numpy as np
import pytest
from models import INFERENCE, Array, described, faults, layers, network, pictures

from nettrain.autograd.tensor import Tensor
from nettrain.model.layer import Pass
from nettrain.model.network import Network
from nettrain.model.outputs import last_activation

CLIP = (4, 6, 5, 3)
END = ("time_avg_pool", "dense: classes")


def of_frames(*inside: str, end: tuple[str, ...] = END) -> Network:
    return network(layers(f"time_distributed: [{', '.join(inside)}]", *end), CLIP)


def first_of(net: Network, x: Array, now: Pass = INFERENCE) -> Array:
    return net.layers[0](Tensor(x), now).array


def test_each_frame_gives_what_it_gives_as_a_picture_to_the_last_bit() -> None:
    inside = (
        "{conv2d: {filters: 16, kernel_size: 3, norm: batch_norm, activation: relu}}",
        "global_avg_pool",
        "dense: 7",
    )
    net = of_frames(*inside)
    alone = network(
        layers(*(line.strip("{}") if line.startswith("dense") else line for line in inside), "dense: classes"), CLIP[1:]
    )
    for name, array in net.state().items():
        if name.startswith("layers.0.layers."):
            alone.state()[name.removeprefix("layers.0.")][...] = array
    x = pictures(3, CLIP)
    together = first_of(net, x)
    assert together.shape == (3, 4, 7)
    for clip, frame in np.ndindex(3, 4):
        y = Tensor(x[clip, frame][None])
        for layer in alone.layers[:3]:
            y = layer(y, INFERENCE)
        assert together[clip, frame].tobytes() == y.array[0].tobytes()


def test_names_lead_through_it() -> None:
    net = of_frames("{conv2d: {filters: 4, kernel_size: 3}}", "global_avg_pool")
    assert "layers.0.layers.0.weight" in net.parameters


def test_every_frame_has_chances_of_its_own_whatever_batch_its_clip_comes_in() -> None:
    net = of_frames("dropout: 0.5", "global_avg_pool")
    x = np.ones((6, *CLIP), np.float32)
    now = {"training": True, "seed": 3, "epoch": 2}
    whole = first_of(net, x, Pass(**now, start=10))
    assert (first_of(net, x[2:], Pass(**now, start=12)) == whole[2:]).all()
    assert len(np.unique(whole.reshape(24, -1), axis=0)) > 20  # no two frames have the same mask


def test_what_follows_works_on_the_clips() -> None:
    net = network(layers("residual: [{time_distributed: [{leaky_relu: 1.0}]}]", *END[:1], "flatten", END[1]), CLIP)
    x = pictures(2, CLIP)
    np.testing.assert_allclose(first_of(net, x), 2 * x)


def test_the_logits_may_be_made_of_every_frame() -> None:
    net = described(
        layers("time_distributed: [global_avg_pool, {dense: 8}, {dense: classes}]", "time_avg_pool", activation="relu"),
        CLIP,
    )
    (frames, _) = net.layers
    inside = frames.layers  # type: ignore[attr-defined]
    assert (inside[1].activation is None, inside[2].activation is None) == (False, True)
    assert net.shapes == [(4, 5), (5,)]


def test_a_loss_sees_the_activation_that_ends_it() -> None:
    from models import config

    text = layers("time_distributed: [flatten, {dense: classes}, softmax]", "time_max_pool")
    found = last_activation(config(text).layers)
    assert found is not None
    assert (found.kind, found.key) == ("softmax", "layers.0.time_distributed.layers.2")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("time_distributed: []", "layers.0.time_distributed.layers: expected at least one layer, got none"),
        (
            "conv3d: {filters: 4, kernel_size: 1, dilation: 2}",
            "layers.0.conv3d.dilation: has no effect where the window is one pixel long; leave it out",
        ),
        (
            "conv3d: {filters: 4, kernel_size: [1, 3, 3], dilation: [2, 1, 1]}",
            "layers.0.conv3d.dilation: has no effect where the window is one pixel long; leave it out",
        ),
        (
            "conv3d: {filters: 4, kernel_size: [1, 3, 3], padding: 1}",
            "layers.0.conv3d.padding: must be below 1, or a window sees only padding, got 1",
        ),
        (
            "conv3d: {filters: 4, kernel_size: 3, groups: 3}",
            "layers.0.conv3d.groups: 4 filters do not divide into 3 groups",
        ),
        ("max_pool3d: [2, 2]", "layers.0.max_pool3d.pool_size: expected "),
    ],
)
def test_what_the_reader_refuses(text: str, line: str) -> None:
    (found,) = faults(layers(text, "global_avg_pool", "dense: classes"))
    assert found.partition(": ")[2].startswith(line)
