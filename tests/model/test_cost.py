"""What layers cost: sums in which some terms are open, and numbers that can be worked out by hand."""

from __future__ import annotations

import pytest
from models import described, layers

from nettrain.cli.summary import grouped
from nettrain.model.cost import layer_costs, sum_of


@pytest.mark.parametrize(
    ("counts", "total", "shown"),
    [
        ([], 0, "0"),
        ([0, 0], 0, "0"),
        ([1000, 234], 1234, "1,234"),
        (["classes"], "classes", "classes"),
        ([304, "8*classes", "classes"], "304 + 9*classes", "304 + 9*classes"),
        (["8*classes", "classes", "classes*classes"], "9*classes + classes*classes", "9*classes + classes*classes"),
        (
            ["2*classes*classes", 7, "1000*classes*classes"],
            "7 + 1002*classes*classes",
            "7 + 1,002*classes*classes",
        ),
        (["304 + 9*classes", "7 + classes", 1], "312 + 10*classes", "312 + 10*classes"),
    ],
)
def test_a_sum_with_terms_that_are_open(counts: list[int | str], total: int | str, shown: str) -> None:
    assert sum_of(counts) == total
    assert grouped(sum_of(counts)) == shown


def test_flops_and_memory_by_hand() -> None:
    text = layers("conv2d: {filters: 4, kernel_size: 3}", "relu", "flatten", "dense: classes")
    conv, relu, flat, dense = layer_costs(described(text, (8, 6, 3), 5))
    assert (conv.parameters, conv.flops) == (3 * 3 * 3 * 4 + 4, 2 * 8 * 6 * 3 * 3 * 3 * 4)
    assert conv.kept_bytes == 4 * 8 * 6 * 4  # its output; relu needs no other
    assert (relu.parameters, relu.flops, relu.kept_bytes) == (0, 0, 0)
    assert (flat.output, flat.flops) == ((192,), 0)
    assert (dense.parameters, dense.flops, dense.kept_bytes) == (193 * 5, 2 * 192 * 5, 4 * 5)


def test_what_lies_in_a_block_counts_for_the_block() -> None:
    inner = "conv2d: {filters: 6, kernel_size: 3, stride: 2}"
    block = f"residual: {{layers: [{{{inner}}}, {{conv2d: {{filters: 6, kernel_size: 3}}}}], shortcut: conv1x1}}"
    costs = layer_costs(described(layers(block, "global_avg_pool", "dense: classes"), (8, 8, 3)))
    assert [cost.kind for cost in costs] == ["residual", "global_avg_pool", "dense"]
    convs = 2 * 16 * (27 * 6 + 54 * 6 + 3 * 6)
    assert costs[0].flops == convs
    assert costs[0].parameters == 27 * 6 + 6 + 54 * 6 + 6 + 3 * 6 + 6


def test_before_the_first_weight_nothing_is_kept() -> None:
    flat, dense = layer_costs(described(layers("flatten", "dense: classes"), (4, 4, 1), "classes"))
    assert (flat.kept_bytes, dense.kept_bytes, dense.flops) == (0, "4*classes", "32*classes")
