"""``nettrain check``, ``summary`` and ``env``: what they say, and that they write nothing."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CNN, ROOT, Ended, after, pictures, process, tree, written
from data.samples import folder

Call = Callable[..., Ended]
PEAK = "import atexit, sys; atexit.register(lambda: print(open('/proc/self/status').read(), file=sys.stderr))"

LAYERS = """\
layer     kind             output        parameters   flops  memory
input                      (N, 8, 8, 1)
layers.0  conv2d           (N, 8, 8, 4)          44   4,608   1,472
layers.1  max_pool2d       (N, 4, 4, 4)           0       0       0
layers.2  conv2d           (N, 4, 4, 8)         304   9,216   1,088
layers.3  global_avg_pool  (N, 8)                 0       0       0
layers.4  dropout          (N, 8)                 0       0       0
layers.5  dense            (N, 10)               90     160      40
all                                             438  13,984   2,600
"""
OPEN_ENDED = """\
layer     kind             output             parameters                flops             memory
input                      (N, 8, 8, 1)
layers.0  conv2d           (N, 8, 8, 4)               44                4,608              1,472
layers.1  max_pool2d       (N, 4, 4, 4)                0                    0                  0
layers.2  conv2d           (N, 4, 4, 8)              304                9,216              1,088
layers.3  global_avg_pool  (N, 8)                      0                    0                  0
layers.4  dropout          (N, 8)                      0                    0                  0
layers.5  dense            (N, classes)        9*classes           16*classes          4*classes
all                                      348 + 9*classes  13,824 + 16*classes  2,560 + 4*classes
"""
EMPTY = "the file is empty (0 bytes)"
TOTALS = "{} bytes of parameters; a picture takes {} flops forward, and {} bytes in training\n"


@pytest.fixture
def here(tmp_path: Path, small: Path, finished: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    shutil.copytree(finished, "run")
    return tmp_path


def test_check_says_what_it_found_and_writes_nothing(here: Path, call: Call, small: Path) -> None:
    before = tree(here, times=True), tree(small, times=True)
    ended = call("check", "cnn.yaml")
    assert (ended.code, ended.err) == (0, "nettrain: note: data.train: uses train/, test/ found in it\n")
    table, _, facts = ended.out.partition("\n\n")
    assert f"{table}\n" == LAYERS
    data, memory, disk, time, loss, end = facts.splitlines()
    assert data == "data    120 pictures in 10 classes: 8 steps of 16 an epoch"
    assert re.fullmatch(r"loss    \d\.\d{4} on one batch, in nats; an even guess among 10 has 2\.3026", loss)
    assert re.fullmatch(r"time    about \d+ s for 4 epochs at [\d,]+ images/s", time)
    assert re.fullmatch(r"memory  about \d+\.\d MB, 0\.0 MB of it the picture cache", memory)
    assert re.fullmatch(r"disk    about 0\.\d MB in the run folder", disk)
    assert end == "the config can be trained; one batch of each split was read, and nothing written"
    assert (tree(here, times=True), tree(small, times=True)) == before


def test_check_names_what_a_training_would_skip(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = pictures(tmp_path / "data", 8, 2)
    for path in ("train/3/a.png", "test/4/b.png"):
        (data / path).touch()
    written(tmp_path, "cnn.yaml", CNN.format(data=data))
    skip = ("cnn.yaml", "--set", "data.on_bad_image=skip")
    ended = call("check", *skip)
    assert ended.code == 0
    assert [line for line in ended.err.splitlines() if "warning" in line] == [
        "nettrain: warning: 2 bad pictures skipped",
        *(f"nettrain: warning: {data}/{path}: {EMPTY}" for path in ("train/3/a.png", "test/4/b.png")),
    ]
    assert ended.out.splitlines()[-1] == "the config can be trained; every picture was read, and nothing written"
    one, other = json.loads(call("check", *skip, "--json").out)["skipped"]
    assert (one["split"] in ("train", "val"), one["path"]) == (True, "3/a.png")
    assert other == {"split": "test", "path": "4/b.png", "reason": EMPTY}


def test_summary_of_a_config_leaves_the_classes_open(here: Path, call: Call) -> None:
    before = tree(here, times=True)
    ended = Ended(
        0, OPEN_ENDED + "\n" + TOTALS.format("1,392 + 36*classes", "13,824 + 16*classes", "2,560 + 4*classes"), ""
    )
    assert call("summary", "cnn.yaml") == ended
    assert call("summary", "cnn.yaml", "--set", "data.train=nowhere") == ended
    ended = Ended(0, LAYERS + "\n" + TOTALS.format("1,752", "13,984", "2,600"), "")
    assert call("summary", "run") == call("summary", "run/best.safetensors") == ended
    assert tree(here, times=True) == before


def test_summary_with_a_number_of_classes_is_that_of_the_model(here: Path, call: Call) -> None:
    assert call("summary", "cnn.yaml", "--classes", "10") == call("summary", "run")
    for option in (["--classes", "3"], ["--set", "seed=2"]):
        line = f"nettrain: error: {option[0]} is for a config; a model is what it is; see 'nettrain summary --help'\n"
        assert call("summary", "run", *option) == Ended(2, "", line)


def test_summary_as_json(here: Path, call: Call) -> None:
    ended = call("summary", "cnn.yaml", "--json")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found["input"] == [8, 8, 1]
    assert found["layers"][0] == {
        "name": "layers.0", "kind": "conv2d", "output": [8, 8, 4], "parameters": 44, "flops": 4608, "kept_bytes": 1472
    }  # fmt: skip
    assert (found["parameters"], found["parameter_bytes"]) == ("348 + 9*classes", "1392 + 36*classes")
    model = json.loads(call("summary", "run", "--json").out)
    assert (model["parameters"], model["parameter_bytes"]) == (438, 1752)
    assert model["flops"] == sum(layer["flops"] for layer in model["layers"]) == 13984
    assert model["kept_bytes"] == sum(layer["kept_bytes"] for layer in model["layers"])


def test_check_as_json(here: Path, call: Call) -> None:
    ended = call("check", "cnn.yaml", "--json")
    assert (ended.code, ended.err) == (0, "nettrain: note: data.train: uses train/, test/ found in it\n")
    found = json.loads(ended.out)
    assert found.pop("pictures") == {"train": 120, "val": 40, "test": 50}
    assert found.pop("classes") == [str(digit) for digit in range(10)]
    measured = {"images_per_second", "seconds", "loss"}
    counts = {"parameters": 438, "epochs": 4, "steps_per_epoch": 8, "batch_size": 16, "cache_folder": None}
    assert counts.items() <= found.items()
    assert found.pop("skipped") == []
    assert set(found) == {*counts, *measured, "memory_bytes", "cache_bytes", "disk_bytes"}
    assert all(found[key] > 0 for key in (*measured, "memory_bytes", "cache_bytes", "disk_bytes"))


def test_two_layers_of_one_unit_a_class(here: Path, call: Call) -> None:
    ended = call("summary", "cnn.yaml", "--set", "model.layers.4={dense: classes}")
    assert (ended.code, ended.err) == (0, "")
    last, everything = (re.split(" {2,}", line) for line in ended.out.splitlines()[-4:-2])
    assert last[3:] == ["classes + classes*classes", "2*classes*classes", "4*classes"]
    assert everything[1:3] == ["348 + 10*classes + classes*classes", "13,824 + 16*classes + 2*classes*classes"]
    assert call("check", "cnn.yaml", "--set", "model.layers.4={dense: classes}").code == 0


def test_a_batch_larger_than_the_split_is_noted(here: Path, call: Call) -> None:
    note = "nettrain: note: batch_size 1000 is more than the 120 pictures; each epoch is one step\n"
    ended = call("check", "cnn.yaml", "--batch-size", "1000", "--set", "schedule=constant")
    assert (ended.code, ended.err) == (0, f"nettrain: note: data.train: uses train/, test/ found in it\n{note}")
    assert "120 pictures in 10 classes: 1 step of 120 an epoch\n" in ended.out
    ended = call("fit", "cnn.yaml", "--batch-size", "1000", "--epochs", "1", "--set", "schedule=constant")
    assert ended.code == 0
    assert ended.err.splitlines(keepends=True)[1] == note


def test_another_kind_by_set_is_noted(here: Path, call: Call) -> None:
    """Only where settings are lost without being asked for."""
    note = "nettrain: note: --set[1]:1:1: optimizer: adam replaces sgd, whose settings are dropped\n"
    ended = call("summary", "cnn.yaml", "--set", "optimizer.adam.lr=0.1")
    assert (ended.code, ended.err) == (0, note)
    for setting in ("optimizer=adam", "optimizer.sgd.lr=0.2", "layers.0.conv2d.filters=3"):
        prefix = "model." if setting.startswith("layers") else ""
        assert call("summary", "cnn.yaml", "--set", prefix + setting).err == ""


def test_check_tells_a_divergence_after_what_it_knows(here: Path, call: Call) -> None:
    ended = call("check", "cnn.yaml", "--set", "model.init={normal: 1e30}")
    assert ended.code == 6
    assert ended.err.splitlines()[-1].startswith("nettrain: error: diverged at step 1 of epoch 1: ")
    assert ended.out.startswith(LAYERS)
    assert ended.out.splitlines()[-1].startswith("disk ")


LARGE = """\
data:
  train: {data}
  val: {{from: train, fraction: 0.25}}
  image: {{size: [4096, 4096], channels: 1}}
  cache: none
model:
  layers:
    - conv2d: {{filters: 512, kernel_size: 3}}
    - conv2d: {{filters: 512, kernel_size: 3}}
    - global_avg_pool
    - dense: classes
optimizer: {{sgd: {{lr: 0.1}}}}
train: {{epochs: 1, batch_size: 128}}
"""


@pytest.mark.parametrize("command", ["check", "fit", "lr-find"])
def test_a_training_that_no_memory_holds_is_refused_at_once(here: Path, small: Path, command: str) -> None:
    written(here, "large.yaml", LARGE.format(data=small))
    before = tree(here)
    ended = process(command, "large.yaml", cwd=here)
    line = (
        r"nettrain: error: large\.yaml:13:32: train\.batch_size: a training in batches of 120 takes about \d+\.\d GB "
        r"of memory, more than the \d+(\.\d)? [MG]B that there are \(\d+(\.\d)? [MG]B free\); "
        r"lower batch_size, data\.image\.size or the filters of the layers\n"
    )
    assert (ended.code, ended.out) == (5, "")
    assert re.fullmatch(line, ended.err), ended.err
    assert tree(here) == before


def test_check_warns_of_more_memory_than_is_free(here: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nettrain.training.memory.free_memory", lambda: 10_000_000)
    ended = call("check", "cnn.yaml")
    warning = (
        r"nettrain: warning: the training takes about \d+\.\d MB of memory, but 10\.0 MB are free, so that it may be "
        r"slow or be killed; lower train\.batch_size, data\.image\.size or the filters of the layers"
    )
    assert ended.code == 0
    assert re.fullmatch(warning, ended.err.splitlines()[1]), ended.err


def test_env_marks_what_decides_the_bits(call: Call) -> None:
    lines = call("env").out.splitlines()
    marked = [line.split()[1] for line in lines if line.startswith("* ")]
    assert marked == ["nettrain", "numpy", "pillow", "blas", "machine", "cpu_features"]
    assert lines[-1] == "  * equal here, equal bits for any number of threads"


CIFAR = """\
data:
  train: {data}
  val: {{from: train, fraction: 0.1}}
  image: {{size: [32, 32]}}
model:
  activation: relu
  layers:
    - conv2d: {{filters: 32, kernel_size: 3, norm: batch_norm}}
    - conv2d: {{filters: 32, kernel_size: 3, norm: batch_norm}}
    - max_pool2d: 2
    - conv2d: {{filters: 64, kernel_size: 3, norm: batch_norm}}
    - max_pool2d: 2
    - conv2d: {{filters: 128, kernel_size: 3, norm: batch_norm}}
    - global_avg_pool
    - dense: classes
optimizer: {{sgd: {{lr: 0.01, momentum: 0.9}}}}
train: {{epochs: 1, batch_size: 128}}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("net", "batch"),
    [("digits-cnn", "32"), ("digits-cnn", "512"), ("cifar", "128"), ("cifar, group_norm, gelu", "128")],
)
def test_the_estimate_of_memory_is_near_the_peak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, net: str, batch: str
) -> None:
    monkeypatch.chdir(tmp_path)
    if net.startswith("cifar"):
        data = folder(tmp_path / "data", {"a": 150, "b": 150}, size=32)
        text = CIFAR.format(data=data)
        if "gelu" in net:
            text = text.replace("relu", "gelu").replace("batch_norm", "{group_norm: 8}")
        config = written(tmp_path, "cifar.yaml", text)
    else:
        config = ROOT / "configs/digits-cnn.yaml"
    arguments = (config, "--batch-size", batch, "--epochs", "1", "--threads", "2")
    said = re.search(r"^memory  about ([\d,.]+) MB", process("check", *arguments).out, re.MULTILINE)
    assert said is not None
    estimate = float(said[1].replace(",", ""))
    ended = process("fit", *arguments, program=after(PEAK))
    assert ended.code == 0, ended.err
    peak = int(next(line for line in ended.err.splitlines() if line.startswith("VmHWM:")).split()[1]) * 1024 / 1e6
    assert estimate == pytest.approx(peak, rel=0.2), f"estimate {estimate} MB, peak {peak} MB"
