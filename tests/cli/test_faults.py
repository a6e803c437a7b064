"""One fault, one line: the whole message, the exit code, no traceback, and nothing left behind."""

from __future__ import annotations

import pickle
import re
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from commands import MLP, Ended, pictures, tree, written
from data.samples import saved, smooth

from nettrain.model.kinds import LAYERS
from nettrain.training.config import Config
from nettrain.training.store import checkpoint

Call = Callable[..., Ended]

KINDS = ", ".join(repr(kind) for kind in LAYERS)
CONFIGS = {  # name: (text to replace in MLP, replacement, the line)
    "a misspelt section": (
        "model:\n",
        "shcedule: constant\nmodel:\n",
        "a.yaml:5:1: shcedule: unknown key; did you mean 'schedule'?",
    ),
    "a misspelt key": (
        "momentum: 0.9",
        "momentun: 0.9",
        "a.yaml:10:28: optimizer.sgd.momentun: unknown key; did you mean 'momentum'?",
    ),
    "a key given twice": ("momentum: 0.9", "lr: 0.2", "a.yaml:10:28: optimizer.sgd.lr: given twice, first at 10:19"),
    "no number": ("lr: 0.1", "lr: fast", "a.yaml:10:23: optimizer.sgd.lr: expected a number, got 'fast'"),
    "too few epochs": ("epochs: 2", "epochs: 0", "a.yaml:11:17: train.epochs: must be at least 1, got 0"),
    "a convolution that leaves no pixels": (
        "- flatten",
        "- conv2d: {{filters: 4, kernel_size: 9, padding: valid}}\n    - flatten",
        "a.yaml:7:7: model.layers.0: conv2d: a window of 9x9 leaves no pixels of a 8x8 picture (8x8 "
        "with padding); expected a smaller window, stride or more padding",
    ),
    "a dense layer on a picture": (
        "    - flatten\n",
        "",
        "a.yaml:7:7: model.layers.0: dense takes (C), but (8, 8, 1) arrives; put flatten or global_avg_pool before it",
    ),
    "a picture at the end": (
        "    - flatten\n    - dense: {{units: 16, activation: relu}}\n    - dense: classes\n",
        "    - conv2d: {{filters: 10, kernel_size: 1}}\n",
        "a.yaml:7:7: model.layers.0: the last layer gives (8, 8, 10) for a picture; expected "
        "(classes), as of dense: classes",
    ),
    "another number of classes": (
        "dense: classes",
        "dense: {{units: 7}}",
        "a.yaml:9:22: model.layers.2.dense.units: the last layer gives 7 outputs, but there are 10 "
        "classes; write 'classes'",
    ),
    "a misspelt layer": (
        "- flatten",
        "- flaten",
        "a.yaml:7:7: model.layers.0: unknown layer 'flaten'; did you mean 'flatten'?",
    ),
    "a softmax layer": (
        "- dense: classes",
        "- dense: classes\n    - softmax",
        "a.yaml:10:7: model.layers.3: cross_entropy has the softmax in it, and wants the outputs of the last layer as "
        "they are; leave it out",
    ),
    "a softmax as the last activation": (
        "- dense: classes",
        "- dense: {{units: classes, activation: softmax}}\n    - dropout: 0.1",
        "a.yaml:9:43: model.layers.2.dense.activation: cross_entropy has the softmax in it, and wants the outputs of "
        "the last layer as they are; leave it out",
    ),
    "a layer that there is not": (
        "- dense: classes",
        "- dense: classes\n    - einsum",
        f"a.yaml:10:7: model.layers.3: unknown layer 'einsum'; the layers are {KINDS}",
    ),
    "a misspelt optimizer": ("sgd:", "sdg:", "a.yaml:10:13: optimizer: unknown optimizer 'sdg'; did you mean 'sgd'?"),
    "nesterov without momentum": (
        "momentum: 0.9",
        "nesterov: true",
        "a.yaml:10:38: optimizer.sgd.nesterov: has no effect without momentum, because it looks ahead "
        "along the velocity; set momentum, such as 0.9",
    ),
    "an activation that nothing takes": (
        "model:\n",
        "model:\n  activation: relu\n",
        "a.yaml:6:15: model.activation: has no effect: each layer that could take it names its own or gives the "
        "logits; leave it out",
    ),
    "a monitor without validation": (
        "  val: {{from: train, fraction: 0.25}}\n",
        "",
        "--set[1]:1:1: checkpoint.monitor: there are no validation pictures for val_accuracy; set data.val",
        "--set",
        "checkpoint.monitor=val_accuracy",
    ),
    "a model that no memory holds": (
        "units: 16",
        "units: 1000000}}\n    - dense: {{units: 1000000",
        re.compile(
            r"a\.yaml:5:1: model: 1000076000010 parameters take 12000\.9 GB to train \(weights, "
            r"gradients, optimizer\), more than the \S+ [MG]B that there are \(\S+ [MG]B free\); "
            r"expected a smaller model"
        ),
    ),
    "a part that leaves nothing": (
        "fraction: 0.25",
        "fraction: 0.001, stratify: false",
        "{data}/train: data.val.fraction 0.001 of 160 pictures in 10 classes leaves none to validate "
        "on; raise it, or add pictures",
    ),
    "a mode against the monitor": (
        "train: {{epochs: 2, batch_size: 32}}\n",
        "train: {{epochs: 2, batch_size: 32}}\ncheckpoint: {{monitor: val_loss, mode: max}}\n",
        "a.yaml:12:39: checkpoint.mode: max would keep the worst val_loss; expected min",
    ),
}

LINES = {  # arguments: the exit code and the line
    ("fit", "nothere.yaml"): (2, "nothere.yaml: no such file"),
    ("fit", "."): (2, ".: is a folder; expected a config file"),
    ("fit", "good.yaml", "--set", "train.epochs"): (
        2,
        "--set[1]:1:1: expected key=value, such as 'train.epochs=3', got 'train.epochs'",
    ),
    ("fit", "good.yaml", "--set", "seed=2", "--set", "train.epoch=3"): (
        2,
        "--set[2]:1:1: train.epoch: unknown key; did you mean 'epochs'?",
    ),
    ("fit", "good.yaml", "--set", "optimizer.sgd.lr=nan"): (
        2,
        "--set[1]:1:1: optimizer.sgd.lr: expected a finite number, got 'nan'",
    ),
    ("fit", "good.yaml", "--epochs", "1", "--set", "train.epochs=2"): (
        2,
        "--epochs:1:1: train.epochs: got '1', but --set[1] says '2'; give one of them",
    ),
    ("fit", "good.yaml", "--set", "train.batch=8", "--batch-size", "16"): (
        2,
        "--batch-size:1:1: train.batch_size: got '16', but --set[1] says '8'; give one of them",
    ),
    ("check", "good.yaml", "--lr", "0.2", "--set", "optimizer={{sgd: 0.3}}"): (
        2,
        "--lr:1:1: optimizer.*.lr: got '0.2', but --set[1] says '0.3'; give one of them",
    ),
    ("check", "good.yaml", "--seed", "2", "--set", "seed=3"): (
        2,
        "--seed:1:1: seed: got '2', but --set[1] says '3'; give one of them",
    ),
    ("check", "good.yaml", "--threads", "2", "--set", "train.threads=1"): (
        2,
        "--threads:1:1: train.threads: got '2', but --set[1] says '1'; give one of them",
    ),
    ("fit", "good.yaml", "--min-accuracy", "0.2", "--set", "gate={{accuracy: 0.3}}"): (
        2,
        "--min-accuracy:1:1: gate.accuracy: got '0.2', but --set[1] says '0.3'; give one of them",
    ),
    ("fit", "good.yaml", "--set", "data.train=null"): (
        2,
        "--set[1]:1:1: data.train: is required, so null cannot take it out; "
        "expected a path or a list with at least 1 item, each a path (of that name: ./null)",
    ),
    ("fit", "good.yaml", "--set", "=3"): (
        2,
        "--set[1]:1:1: expected key=value, such as 'train.epochs=3', got '=3'",
    ),
    ("fit", "good.yaml", "--set", "optimizer={{adamw: {{no_decay: ['*']}}}}"): (
        2,
        "--set[1]:1:10: optimizer.adamw.no_decay: lists every parameter, so that no weight decays; "
        "set weight_decay: 0 instead, or list fewer",
    ),
    ("fit", "good.yaml", "--lr", "x"): (2, "--lr:1:1: optimizer.sgd.lr: expected a number, got 'x'"),
    ("fit", "good.yaml", "--epochs", "010"): (
        2,
        "--epochs:1:1: train.epochs: expected a whole number, got '010'; write it without leading zeros",
    ),
    ("fit", "good.yaml", "--set", "name=a/b"): (
        2,
        "--set[1]:1:1: name: 'a/b' cannot be the name of a folder; expected at most 200 bytes without '/'",
    ),
    ("fit", "good.yaml", "--run-dir", "{run}"): (
        2,
        "{run}: holds a run already; go on with it ('nettrain resume {run}'), or choose another --run-dir",
    ),
    ("fit", "good.yaml", "--run-dir", "{data}"): (
        2,
        "{data}: holds other files; expected an empty folder, or one that does not exist yet",
    ),
    ("check", "good.yaml", "--set", "data.train={data}/nope"): (
        3,
        "--set[1]:1:1: data.train: no such folder '{data}/nope'; expected a folder with one folder of pictures a class",
    ),
    ("fit", "good.yaml", "--set", "data.val={data}/nope"): (
        3,
        "--set[1]:1:1: data.val: no such folder '{data}/nope'; expected a folder with one folder of pictures a class, "
        "or {{from: train, fraction: 0.1}}",
    ),
    ("fit", "good.yaml", "--set", "data.test={data}/train"): (
        3,
        "--set[1]:1:1: data.test: these are the training pictures; name another folder, or set a part aside "
        "with {{from: train, fraction: 0.1}}",
    ),
    ("predict", "x.png", "-m", "{run}", "--top", "2", "--format", "csv"): (
        2,
        "--top is for jsonl and table; CSV has the best class, or with --all every class; "
        "see 'nettrain predict --help'",
    ),
    ("predict", "x.png", "-m", "{run}", "--top", "2", "-o", "rows.csv"): (
        2,
        "--top is for jsonl and table; CSV has the best class, or with --all every class; "
        "see 'nettrain predict --help'",
    ),
    ("summary", "{run}", "--set", "seed=2"): (
        2,
        "--set is for a config; a model is what it is; see 'nettrain summary --help'",
    ),
    ("resume", "nothere"): (2, "nothere: no such file or folder; expected that of a run, such as runs/name"),
    ("compare", "{run}", "nothere"): (2, "nothere: no such file or folder; expected that of a run, such as runs/name"),
    ("resume", "{data}"): (2, "{data}: is not the folder of a run; expected one, such as runs/name"),
    ("resume", "{run}/best.safetensors"): (
        2,
        "{run}/best.safetensors: is not the folder of a run; expected one, such as runs/name",
    ),
    ("evaluate", "nothere"): (
        2,
        "nothere: no such file or folder; expected that of a run, such as runs/name, or a .safetensors file",
    ),
    ("evaluate", "{data}"): (
        2,
        "{data}: is not the folder of a run; expected one, such as runs/name, or a .safetensors file",
    ),
    ("summary", "nothere.safetensors"): (
        2,
        "nothere.safetensors: no such file or folder; expected that of a run, such as runs/name, or a "
        ".safetensors file",
    ),
    ("evaluate", "{run}/best.safetensors"): (
        2,
        "a model file has no data of its own; expected --data FOLDER; see 'nettrain evaluate --help'",
    ),
    ("evaluate", "{run}", "--data", "x", "--split", "val"): (
        2,
        "--split names a part of the run's own data; leave it out with --data; see 'nettrain evaluate --help'",
    ),
    ("evaluate", "{run}", "--data", "nothere"): (
        3,
        "nothere: no such folder; expected one folder of pictures per class, such as nothere/cat/1.png",
    ),
    ("predict", "x.png"): (
        2,
        "runs: no finished run here; there is: nothing; name a model with --model, or finish a run first",
    ),
    ("predict", "-", "-", "-m", "{run}"): (
        2,
        "'-' stands for stdin and can be given once; see 'nettrain predict --help'",
    ),
    ("predict", "-0", "x", "-m", "{run}"): (
        2,
        "-0 says how paths on stdin end; expected '-' among the paths; see 'nettrain predict --help'",
    ),
    ("predict", "x.png", "-m", "nothere"): (
        2,
        "nothere: no such file or folder; expected that of a run, such as runs/name, or a .safetensors file",
    ),
    ("predict", "x.png", "-m", "cut"): (
        4,
        "cut: is cut short: its header alone takes {header} bytes, but the file has 2000; use an "
        "earlier checkpoint, or another copy of this one",
    ),
    ("predict", "x.png", "-m", "empty"): (4, "empty: is empty; use an earlier checkpoint, or another copy of this one"),
    ("predict", "x.png", "-m", "pickle"): (
        4,
        "pickle: is a pickle (.pt, .pkl), not a checkpoint; expected a .safetensors file that nettrain wrote",
    ),
    ("predict", "x.png", "-m", "swapped"): (
        4,
        "swapped: holds no tensor layers.0.norm.bias; expected the checkpoint of this very model",
    ),
    ("predict", "x.png", "-m", "bare"): (
        4,
        "bare: is not a model that this version can use ('config'); train it again",
    ),
    ("predict", "x.png", "-m", "later"): (
        4,
        "later: holds a config that this version cannot read (later:1:18: colour: unknown key; the keys are {keys})",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Path, finished: Path) -> Path:
    """A folder with a good config, and model files of which none is."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "good.yaml", MLP.format(data=small))
    best = finished / "best.safetensors"
    Path("cut").write_bytes(best.read_bytes()[:2000])
    Path("empty").touch()
    Path("pickle").write_bytes(pickle.dumps({"weight": 1}))
    model = checkpoint.load(best)
    meta = model.meta
    checkpoint.save("swapped", meta, {"layers.7.weight": model.tensors["layers.0.weight"]})
    checkpoint.save("bare", {"classes": meta["classes"]}, model.tensors)
    checkpoint.save("later", {**meta, "config": {"colour": "red", **meta["config"]}}, model.tensors)
    return tmp_path


def told(ended: Ended, line: str | re.Pattern[str], code: int) -> None:
    """The command failed with this line alone, and this code."""
    head = "nettrain: error: "
    assert ended.err.startswith(head)
    if isinstance(line, str):
        assert ended.err == f"{head}{line}\n"
    else:
        assert line.fullmatch(ended.err.removeprefix(head).removesuffix("\n")), ended.err
    assert (ended.code, ended.out) == (code, "")


@pytest.mark.parametrize("name", CONFIGS)
def test_a_fault_of_the_config(here: Path, call: Call, small: Path, name: str) -> None:
    old, new, line, *more = CONFIGS[name]
    assert old in MLP
    written(here, "a.yaml", MLP.replace(old, new).format(data=small))
    before = tree(here)
    if isinstance(line, str):
        line = line.format(data=small)
    code = 5 if "no memory" in name else 3 if "leaves nothing" in name else 2
    told(call("fit", "a.yaml", *more), line, code)
    assert tree(here) == before


def test_folders_that_are_absent_are_told_at_once(here: Path, call: Call, small: Path) -> None:
    text = MLP.replace("{{from: train, fraction: 0.25}}", "dev\n  test: eval").format(data="photos")
    written(here, "a.yaml", text)
    layout = "expected a folder with one folder of pictures a class"
    lines = [
        f"a.yaml:2:10: data.train: no such folder '{here}/photos'; {layout}",
        f"a.yaml:3:8: data.val: no such folder '{here}/dev'; {layout}, or {{from: train, fraction: 0.1}}",
        f"a.yaml:4:9: data.test: no such folder '{here}/eval'; {layout}, or {{from: train, fraction: 0.1}}",
    ]
    for command in ("fit", "check"):
        assert call(command, "a.yaml") == Ended(3, "", "".join(f"nettrain: error: {line}\n" for line in lines))


@pytest.mark.parametrize("arguments", LINES)
def test_a_fault_of_the_command_line(
    here: Path, call: Call, small: Path, finished: Path, arguments: tuple[str, ...]
) -> None:
    header = 8 + int.from_bytes((finished / "best.safetensors").read_bytes()[:8], "little")
    keys = ", ".join(repr(field.name) for field in fields(Config))
    names = {"run": finished, "data": small, "header": header, "keys": keys}
    before = tree(here), tree(finished), tree(small)
    code, line = LINES[arguments]
    told(call(*(argument.format(**names) for argument in arguments)), line.format(**names), code)
    assert (tree(here), tree(finished), tree(small)) == before


def cut_a_jpeg(data: Path) -> None:
    file = data / "train/3/a.jpg"
    file.write_bytes(saved(smooth(32, 32), "JPEG")[:-400])


def empty_a_class(data: Path) -> None:
    for file in (data / "train/3").iterdir():
        file.unlink()


def lose_a_class(data: Path) -> None:
    shutil.rmtree(data / "test/3")


def gain_a_class(data: Path) -> None:
    shutil.copytree(data / "test/3", data / "test/three")


def lose_all(data: Path) -> None:
    shutil.rmtree(data / "train")
    shutil.rmtree(data / "test")


def put_a_picture_in_the_root(data: Path) -> None:
    shutil.copy(next((data / "train/3").iterdir()), data / "train/a.png")


DATA = {
    cut_a_jpeg: "{data}/train/3/a.jpg: cut off: the JPEG file has no end marker",
    empty_a_class: "{data}/train/3: this class folder holds no picture; add some, or remove it",
    lose_a_class: "{data}/test: the classes of test do not match: missing '3'",
    gain_a_class: "{data}/test: the classes of test do not match: not known to the model 'three'",
    lose_all: "{data}: holds no class folders; expected one folder of pictures per class, such as {data}/cat/1.png",
    put_a_picture_in_the_root: "{data}/train: 1 picture lies in the folder itself, such as 'a.png'; "
    "expected one folder of pictures per class, such as {data}/train/cat/1.png",
}


@pytest.mark.parametrize("harm", DATA, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("command", ["fit", "check"])
def test_a_fault_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call, command: str, harm: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = pictures(tmp_path / "data", 4, 2)
    harm(data)
    written(tmp_path, "a.yaml", MLP.format(data="data"))
    before = tree(tmp_path)
    ended = call(command, "a.yaml", *(["--run-dir", "run"] if command == "fit" else []))
    if (command, harm) == ("check", cut_a_jpeg):  # what is known before a picture is read has been printed
        assert [line.split()[0] for line in ended.out.splitlines() if line][-4:] == ["all", "data", "memory", "disk"]
        *notes, last = ended.err.splitlines(keepends=True)
        assert all(note.startswith("nettrain: note: ") for note in notes)
        ended = Ended(ended.code, "", last)
    told(ended, DATA[harm].format(data=data), 3)
    assert tree(tmp_path) == before
