"""Overrides: written into the tree before it is read, so that they follow every rule of the file."""

from __future__ import annotations

import os

import pytest
from config.sample import Adam, Conv, Dense, Dropout, Pool, Residual, Sgd, Split, faults, read

from nettrain.config.dotted import Override
from nettrain.config.fields import Chosen, Duration, FilePath, NoSettings
from nettrain.errors import Place

FILE = """\
seed: 1
data: {train: a, val: b}
layers:
  - conv2d: {filters: 32}
  - dropout: 0.2
  - residual: [flatten, linear: 5]
  - max_pool2d
optimizer: {sgd: {learning_rate: 0.1, momentum: 0.9}}
"""


def _get(overrides, text=FILE):
    return read(text, overrides).config


def test_a_value_is_replaced():
    assert _get(["seed=7"]).seed == 7


def test_the_last_of_two_wins():
    assert _get(["seed=7", "seed=8"]).seed == 8


def test_a_missing_mapping_is_made():
    assert _get(["data.channels=1"], "seed: 1").data.channels == 1


def test_an_alias_and_its_name_are_one_key():
    assert _get(["optimizer.sgd.lr=1e-3"]).optimizer.settings == Sgd(0.001, 0.9)
    assert _get(["optimizer.sgd.learning_rate=2"], "optimizer: {sgd: {lr: 1}}").optimizer.settings == Sgd(2.0)


def test_another_kind_replaces_the_block():
    assert _get(["optimizer.adam.lr=0.01"]).optimizer == Chosen("adam", Adam(0.01))
    assert _get(["optimizer=adam"]).optimizer == Chosen("adam", Adam())
    assert _get(["optimizer={adam: {betas: [0.5, 0.9]}}"]).optimizer.settings.betas == (0.5, 0.9)


def test_a_kind_given_twice_keeps_what_the_first_one_set():
    config = _get(["optimizer.adam.lr=0.01", "optimizer.adam.betas=[0.5, 0.6]"])
    assert config.optimizer.settings == Adam(0.01, (0.5, 0.6))


def test_a_kind_that_is_not_in_the_file_is_made():
    assert _get(["optimizer.sgd.lr=0.5"], "seed: 1").optimizer == Chosen("sgd", Sgd(0.5))


def test_a_star_is_whichever_kind_is_there():
    assert _get([Override("optimizer.*.lr", "3", "--lr")]).optimizer == Chosen("sgd", Sgd(3.0, 0.9))
    assert _get(["optimizer=adam", "optimizer.*.lr=3"]).optimizer == Chosen("adam", Adam(3.0))
    assert _get(["optimizer.*.lr=3"], "seed: 1").optimizer == Chosen("sgd", Sgd(3.0))


def test_items_of_a_list():
    assert _get(["layers.0.conv2d.filters=3"]).layers[0].settings == Conv(3)
    assert _get(["layers.0=flatten"]).layers[0].settings == NoSettings()
    assert _get(["layers.0.dense.units=classes"]).layers[0].settings == Dense("classes")
    assert _get(["layers=[flatten]"]).layers == (Chosen("flatten", NoSettings()),)


def test_a_short_value_opens_into_its_settings():
    assert _get(["layers.1.dropout.rate=0.5"]).layers[1].settings == Dropout(0.5)
    assert _get(["layers.1.dropout=0.5"]).layers[1].settings == Dropout(0.5)
    assert _get(["layers.3.max_pool2d.size=3"]).layers[3].settings == Pool(3)
    inner = _get(["layers.2.residual.layers.1.dense.units=6"]).layers[2].settings
    assert inner == Residual((Chosen("flatten", NoSettings()), Chosen("dense", Dense(6))))


def test_paths_and_names_are_raw_text_and_paths_belong_to_the_shell(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    here = os.getcwd()
    config = _get(["data.train=x: [y] #z", "name=~", "data.val=*.d"])
    assert config.data.train == FilePath(f"{here}/x: [y] #z")
    assert config.data.val == FilePath(f"{here}/*.d")
    assert config.name == "~"
    assert _get(["data.val={from: train, fraction: 0.5}"]).data.val == Split("train", 0.5)
    assert _get([]).data.train == "/home/me/runs/a"


def test_a_path_that_is_no_utf_8_is_kept():
    assert _get(["data.train=/x\udcff"]).data.train == "/x\udcff"


def test_other_values_are_yaml():
    config = _get(["every=30 minutes", "cache=true", "data.mean=[1, 2]"])
    assert (config.every, config.cache, config.data.mean) == (Duration(1800, "seconds"), True, (1.0, 2.0))


def test_a_later_fault_at_a_replaced_key_has_the_place_of_the_override():
    document = read(FILE, ["seed=7", "layers.0.conv2d.filters=3"])
    assert document.fault("layers.0.conv2d.filters", "x").where == Place("--set[2]", 1, 1)
    assert document.fault("layers.0", "x").where == Place("train.yaml", 4, 5)


FAULTS = {
    "lr": "--set[1]:1:1: expected key=value, such as 'train.epochs=3', got 'lr'",
    "": "--set[1]:1:1: expected key=value, such as 'train.epochs=3', got ''",
    "=3": "--set[1]:1:1: expected key=value, such as 'train.epochs=3', got '=3'",
    "=": "--set[1]:1:1: expected key=value, such as 'train.epochs=3', got '='",
    "a..b=3": "--set[1]:1:1: a..b: expected a dotted key without empty parts",
    ".=3": "--set[1]:1:1: .: expected a dotted key without empty parts",
    ".".join("a" * 65) + "=1": f"--set[1]:1:1: {'.'.join('a' * 65)}: nested too deep; at most 64 levels are read",
    "seeds=3": "--set[1]:1:1: seeds: unknown key; did you mean 'seed'?",
    "data={train:x}": "--set[1]:1:2: data.train:x: unknown key; write 'train: x', with a space after the colon",
    "data.trian=3": "--set[1]:1:1: data.trian: unknown key; did you mean 'train'?",
    "foo.bar.baz=3": "--set[1]:1:1: foo: unknown key; the keys are 'seed', 'name', 'data', 'layers', 'optimizer', "
    "'epochs', 'every', 'max_time', 'monitor', 'cache', 'warmup'",
    "seed=nan": "--set[1]:1:1: seed: expected a whole number, got 'nan'",
    "seed=": "--set[1]:1:1: seed: expected a whole number of at least 0, got nothing",
    "seed=#": "--set[1]:1:1: seed: expected a whole number of at least 0, got nothing",
    "seed= 010": "--set[1]:1:2: seed: expected a whole number, got '010'; write it without leading zeros",
    "seed.x=1": "--set[1]:1:1: seed: expected a whole number, got a mapping",
    "optimizer.sgd.lr=fast": "--set[1]:1:1: optimizer.sgd.lr: expected a number, got 'fast'",
    "optimizer.sgd.momentun=1": "--set[1]:1:1: optimizer.sgd.momentun: unknown key; did you mean 'momentum'?",
    "optimizer.lr=1": "--set[1]:1:1: optimizer.lr: unknown optimizer 'lr'; did you mean 'optimizer.sgd.lr'?",
    "optimizer.adma.lr=1": "--set[1]:1:1: optimizer: unknown optimizer 'adma'; did you mean 'adam'?",
    "optimizer=sgd": "--set[1]:1:1: optimizer.sgd.lr: missing; expected a number of at least 0",
    "optimizer={sgd: {lr: 1, lr: 2}}": "--set[1]:1:15: optimizer.sgd.lr: given twice, first at 1:8",
    "optimizer={sgd: {lr: x}}": "--set[1]:1:12: optimizer.sgd.lr: expected a number, got 'x'",
    "optimizer=[": "--set[1]:1:2: not valid YAML: a key or a value is missing here",
    "optimizer=&a adam": "--set[1]:1:1: optimizer: anchors are not accepted, got '&a'; "
    "write the value out where it is used",
    "layers.4=flatten": "--set[1]:1:1: layers.4: no item '4' in 'layers'; its items are 0 to 3",
    "layers.-1=flatten": "--set[1]:1:1: layers.-1: no item '-1' in 'layers'; its items are 0 to 3",
    "layers.x=flatten": "--set[1]:1:1: layers.x: no item 'x' in 'layers'; its items are 0 to 3",
    "data.mean.0=1": "--set[1]:1:1: data.mean.0: no list is given at 'data.mean', so that it has no item '0'",
    "data.train=~/x": "--set[1]:1:1: data.train: '~' is not expanded, got '~/x'; write the folder out",
    "data.val=[a]": "--set[1]:1:1: data.val: expected a path or a mapping, got a list",
    "data.val.fraction=0.3": "--set[1]:1:1: data.val.from: missing; expected 'train'",
    "layers.0=null": "--set[1]:1:1: layers.0: expected a layer, a name or 'name: settings', got nothing",
    "layers.0.conv2d.filters=null": "--set[1]:1:1: layers.0.conv2d.filters: is required, so null cannot take it out; "
    "expected a whole number of at least 1",
    "optimizer.*.lr=null": "--set[1]:1:1: optimizer.*.lr: is required, so null cannot take it out; "
    "expected a number of at least 0",
    "optimizer.sgd=null": "--set[1]:1:1: optimizer.sgd: expected a mapping, got nothing",
    "optimizer.sdg.lr=null": "--set[1]:1:1: optimizer: unknown optimizer 'sdg'; did you mean 'sgd'?",
    "data.trian=null": "--set[1]:1:1: data.trian: unknown key; did you mean 'train'?",
    "foo.bar=null": "--set[1]:1:1: foo: unknown key; the keys are 'seed', 'name', 'data', 'layers', 'optimizer', "
    "'epochs', 'every', 'max_time', 'monitor', 'cache', 'warmup'",
    "seed.x=null": "--set[1]:1:1: seed: expected a whole number, got a mapping",
    "data.mean=" + "[" * 63 + "]" * 63: "--set[1]:1:1: data.mean: nested too deep; at most 64 levels are read",
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_placed_at_the_override(text):
    assert faults(FILE, [text]) == [FAULTS[text]]


def test_faults_of_the_file_come_first_then_by_number():
    assert faults("name:\n", ["seed=x", "epochs=y", "z"]) == [
        "train.yaml:1:6: name: expected text, got nothing",
        "--set[1]:1:1: seed: expected a whole number, got 'x'",
        "--set[2]:1:1: epochs: expected a whole number, got 'y'",
        "--set[3]:1:1: expected key=value, such as 'train.epochs=3', got 'z'",
    ]


def test_an_override_of_an_option_bears_its_name():
    assert faults("seed: 1", [Override("epochs", "0", "--epochs")]) == [
        "--epochs:1:1: epochs: must be at least 1, got 0"
    ]


def test_a_star_leaves_what_is_no_kind_to_the_reader():
    assert faults("optimizer: {sgd: 1, lr: 2}", ["optimizer.*.lr=1"]) == [
        "train.yaml:1:21: optimizer: expected an optimizer, a name or 'name: settings', got 2 keys ('sgd', 'lr'); "
        "are the settings of 'sgd' indented under it?"
    ]


def test_a_star_needs_a_kind():
    assert faults("seed: 1", ["warmup.*.steps=1"]) == ["--set[1]:1:1: warmup.*.steps: no optimizer is chosen here"]


def test_notes_of_an_override():
    assert read("seed: 1", ["optimizer.sgd.learning_rate=1"]).notes == (
        "nettrain: note: --set[1]:1:1: optimizer.sgd.learning_rate: read as 'lr'",
    )


def test_a_refused_block_is_complained_about_once():
    assert faults("data: !x {train: a}", ["data.channels=1"]) == [
        "train.yaml:1:7: data: tags are not accepted, got '!x'; leave it out"
    ]


def test_a_current_folder_that_is_gone(monkeypatch):
    def gone():
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(os, "getcwd", gone)
    assert faults("seed: 1", ["data.train=x"]) == [
        "--set[1]:1:1: the current folder is gone: No such file or directory"
    ]


def test_null_takes_a_key_out_as_if_it_had_not_been_written():
    assert _get(["seed=null"]).seed == 1
    assert _get(["data.val=null"]).data.val is None
    assert _get(["data.val=null", "data.val=c"]).data.val is not None
    assert _get(["name=null"], "name: a").name == "run"
    assert _get(["data=null"]).data.train is None
    assert _get(["optimizer=null"]).optimizer == Chosen("sgd", Sgd(0.1))
    assert _get(["optimizer.sgd.momentum=null"]).optimizer.settings == Sgd(0.1)
    assert _get(["optimizer.sgd.momentum= null "]).optimizer.settings == Sgd(0.1)
    assert _get(["layers.3.max_pool2d.size=null"]).layers[3].settings == Pool()
    assert _get(["layers.0.conv2d.out_channels=3", "layers.0.conv2d.padding=null"]).layers[0].settings == Conv(3)


def test_null_takes_out_what_another_tool_calls_so_too():
    assert _get(["optimizer.adam.lr=1", "optimizer=null"], "seed: 1").optimizer == Chosen("sgd", Sgd(0.1))
    assert faults(FILE, ["optimizer.sgd.learning_rate=null"]) == [
        "--set[1]:1:1: optimizer.sgd.learning_rate: is required, so null cannot take it out; "
        "expected a number of at least 0"
    ]


def test_null_for_a_key_that_is_not_there_changes_nothing():
    """No block is made on the way to it, and none replaced."""
    for text in (FILE, "seed: 1", "optimizer: adam\nwarmup: adam\n"):
        for key in ("max_time", "data.mean", "data.val.from", "warmup.sgd.momentum", "optimizer.adam.betas"):
            assert _get([f"{key}=null"], text) == _get([], text)
    assert read(FILE, ["optimizer.adam.betas=null"]).notes == read(FILE).notes


def test_a_path_called_null_is_written_otherwise():
    assert _get(["data.val=./null"], "seed: 1").data.val.endswith("/null")


SOLE = Override("epochs", "1", "--epochs", sole=True)


def test_a_sole_override_goes_with_none_that_says_another_value():
    assert _get([SOLE]).epochs == _get([SOLE], "epochs: 3").epochs == _get(["epochs=1", SOLE]).epochs == 1
    assert _get(["epochs=null", SOLE], "epochs: 3").epochs == 1
    assert faults("epochs: 3", ["seed=2", "epochs=2", SOLE]) == [
        "--epochs:1:1: epochs: got '1', but --set[2] says '2'; give one of them"
    ]
    assert faults("epochs: 3", ["epochs=[1]", SOLE]) == [
        "--set[1]:1:1: epochs: expected a whole number, got a list",
        "--epochs:1:1: epochs: got '1', but --set[1] says another value; give one of them",
    ]


@pytest.mark.parametrize(
    "setting",
    [
        "optimizer.sgd.lr=2",
        "optimizer.sgd.learning_rate=2",
        "optimizer.*.lr=2",
        "optimizer={sgd: {lr: 2, momentum: 0.9}}",
    ],
)
def test_whatever_another_override_calls_the_key(setting):
    sole = Override("optimizer.*.lr", "3", "--lr", sole=True)
    said = ["--lr:1:1: optimizer.*.lr: got '3', but --set[1] says '2'; give one of them"]
    assert faults(FILE, [setting, sole]) == said
    for same in ("2", "2.0", "20e-1"):
        assert _get([setting, Override("optimizer.*.lr", same, "--lr", sole=True)]).optimizer.settings == Sgd(2.0, 0.9)
