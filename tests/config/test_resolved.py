"""Records written back: what is read again is the equal record, whatever it holds."""

from __future__ import annotations

import json
from dataclasses import replace

from config.sample import (
    TABLES,
    Adam,
    Conv,
    Data,
    Dense,
    Dropout,
    Pool,
    Residual,
    Root,
    Sgd,
    Split,
    read,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from nettrain.config.fields import Chosen, Duration, FilePath, NoSettings
from nettrain.config.reader import read_text
from nettrain.config.resolved import dump, to_plain

TEXT = """\
name: no
data: {val: {from: train}, train: x}
layers:
  - conv2d: {filters: 8, kernel_size: [3, 5]}
  - residual: [flatten, max_pool2d]
  - flatten
  - linear: classes
optimizer: {sgd: {learning_rate: 1e-5}}
every: 30m
max_time: 2h
"""

DUMPED = """\
seed: 1
name: "no"
data:
  train: /home/me/runs/x
  val:
    from: train
    fraction: 0.1
  channels: 3
  mean: dataset
layers:
  - conv2d:
      filters: 8
      kernel_size: [3, 5]
      padding: same
  - residual:
      layers:
        - flatten
        - max_pool2d:
            size: 2
  - flatten
  - dense:
      units: classes
optimizer:
  sgd:
    lr: 1e-05
    momentum: 0.0
    nesterov: false
epochs: 10
every: 1800 seconds
max_time: 7200 seconds
monitor: none
cache: false
"""


def test_a_dump_shows_every_default_in_block_style():
    assert dump(read(TEXT).config) == DUMPED


def test_a_dump_reads_back():
    document = read(TEXT)
    again = read_text(dump(document.config), "x", Root, TABLES, "/elsewhere")
    assert again.config == document.config
    assert again.notes == ()
    assert again.config.layers[1].settings.layers[0].key == document.config.layers[1].settings.layers[0].key


def test_plain_values_without_environment_hold_only_what_can_change_the_result():
    assert to_plain(read(TEXT).config, environment=False) == {
        "seed": 1,
        "data": {"val": {"from": "train", "fraction": 0.1}, "channels": 3, "mean": "dataset"},
        "layers": [
            {"conv2d": {"filters": 8, "kernel_size": [3, 5], "padding": "same"}},
            {"residual": {"layers": ["flatten", {"max_pool2d": {"size": 2}}]}},
            "flatten",
            {"dense": {"units": "classes"}},
        ],
        "optimizer": {"sgd": {"lr": 1e-05, "momentum": 0.0, "nesterov": False}},
        "epochs": 10,
        "every": "1800 seconds",
        "monitor": "none",
        "cache": False,
    }


def test_equal_settings_give_equal_bytes_however_they_were_written():
    one = read("optimizer: {sgd: {lr: 1, momentum: -0.0}}\nevery: 1m").config
    two = read("optimizer: {sgd: {learning_rate: 1.0}}\nevery: 60 seconds").config
    assert json.dumps(to_plain(one, environment=True)) == json.dumps(to_plain(two, environment=True))


rates = st.floats(0, 1e300).map(lambda value: value + 0.0)
fractions = st.floats(0, 1, exclude_max=True).map(lambda value: value + 0.0)
counts = st.integers(1, 2**31 - 1)
names = st.text(st.characters(codec="utf-8"), max_size=12)
words = st.sampled_from(
    ["null", "~", "true", "1e3", ".inf", "- a", "a: b", "#", "<<", "200 steps", "é", "\x85", "\u2028"]
)
paths = st.text(st.characters(exclude_characters="\0/", exclude_categories=["Cs"]) | st.just("\udcff"), max_size=8)
files = paths.filter(lambda part: part not in (".", "..", "")).map(lambda part: FilePath("/" + part))
pairs = st.tuples(counts, counts)
plain_layers = st.one_of(
    st.builds(lambda c, k, p: Chosen("conv2d", Conv(c, k, p)), counts, counts | pairs, st.just("same") | counts),
    st.builds(lambda units: Chosen("dense", Dense(units)), st.just("classes") | counts),
    st.builds(lambda rate: Chosen("dropout", Dropout(rate)), fractions),
    st.builds(lambda size: Chosen("max_pool2d", Pool(size)), counts | pairs),
    st.just(Chosen("flatten", NoSettings())),
)
layers = st.recursive(
    plain_layers,
    lambda inner: st.lists(inner, max_size=3).map(lambda items: Chosen("residual", Residual(tuple(items)))),
    max_leaves=6,
)
durations = st.builds(Duration, st.integers(0, 10**9).map(float), st.sampled_from(["steps", "epochs", "seconds"]))
optimizers = st.one_of(
    st.builds(lambda lr, m: Chosen("sgd", Sgd(lr, m)), rates.filter(lambda lr: lr != 1234), fractions),
    st.builds(
        lambda lr, b: Chosen("adam", Adam(lr, b)), rates.filter(lambda lr: lr > 0), st.tuples(fractions, fractions)
    ),
)
data = st.builds(
    Data,
    train=st.none() | files,
    val=st.none() | files | st.builds(Split, st.just("train"), fractions),
    channels=st.sampled_from([1, 3, 4]),
    mean=st.just("dataset")
    | st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=4).map(
        lambda values: tuple(value + 0.0 for value in values)
    ),
)
roots = st.builds(
    Root,
    seed=st.integers(0, 2**31 - 1),
    name=names | words,
    data=data,
    layers=st.lists(layers, min_size=1, max_size=4).map(tuple),
    optimizer=optimizers,
    epochs=counts,
    every=durations | st.builds(Duration, rates.filter(lambda value: value < 1e15), st.just("epochs")),
    max_time=st.none() | durations,
    monitor=names | words,
    cache=st.booleans(),
)


@given(roots)
@settings(max_examples=200, deadline=None)
def test_any_record_reads_back_from_its_dump(root):
    assert read(dump(root)).config == root


@given(roots)
@settings(max_examples=100, deadline=None)
def test_any_record_reads_back_from_json(root):
    text = json.dumps(to_plain(root, environment=True), separators=(",", ":"))
    assert read(text).config == root


@given(roots)
@settings(max_examples=50, deadline=None)
def test_what_a_checkpoint_stores_reads_back_to_the_same(root):
    plain = to_plain(root, environment=False)
    assert to_plain(read(json.dumps(plain), stored=True).config, environment=False) == plain


def test_a_dump_is_text_that_a_file_can_hold():
    root = replace(Root(), name="a\udcffb\x1b", data=Data(FilePath("/\udcff $x/$y")))
    assert dump(root).encode("utf-8")
