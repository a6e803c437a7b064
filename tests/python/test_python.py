"""nettrain inside a Python program: the same results as on the command line, and a host that is left as it was."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import CNN, MLP, Ended, process, results, written
from data.samples import noise, saved
from PIL import Image
from threadpoolctl import threadpool_info, threadpool_limits

import nettrain
from nettrain.arrays.threads import get_threads, set_threads
from nettrain.python.scope import surroundings
from nettrain.training.loop.signals import STOPPING
from nettrain.training.loop.step import Stepper
from nettrain.training.store.logs import EventLog


@pytest.fixture
def here(tmp_path: Path, finished: Path, small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a finished run and a config."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "runs/cnn")
    written(tmp_path, "cnn.yaml", CNN.format(data=small))
    return tmp_path


def files_of(small: Path) -> list[Path]:
    return sorted((small / "test").rglob("*.png"))


def test_import_loads_nothing_heavy() -> None:
    program = "import sys, nettrain; print(sorted({'numpy', 'PIL', 'yaml', 'click'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_names_that_are_promised() -> None:
    for name in nettrain.__all__:
        assert getattr(nettrain, name) is not None
    assert dir(nettrain) == sorted(nettrain.__all__)
    with pytest.raises(AttributeError, match="module 'nettrain' has no attribute 'trian'"):
        nettrain.trian  # noqa: B018


def test_predictions_are_those_of_the_command_line_to_the_last_bit(here: Path, small: Path) -> None:
    files = files_of(small)
    rows = [json.loads(line) for line in process("predict", *files, "--all", "--model", "runs/cnn").out.splitlines()]
    model = nettrain.load("runs/cnn")
    for found, row in zip(model.predict(files), rows, strict=True):
        assert (found.path, found.label) == (row["path"], row["label"])
        by_label = {one["label"]: np.float32(one["confidence"]) for one in row["top"]}
        assert [by_label[name] for name in model.classes] == found.probabilities.tolist()
        assert found.confidence == found.probabilities.max()


def test_paths_arrays_and_pictures_are_one_path(here: Path, small: Path) -> None:
    files = files_of(small)
    model = nettrain.load("runs/cnn/best.safetensors")
    by_path = model.probabilities(files)
    pictures = [Image.open(file) for file in files]
    arrays = [np.asarray(picture) for picture in pictures]
    coloured = [np.repeat(array[:, :, None], 3, axis=2) for array in arrays]
    for given in (pictures, arrays, np.stack(arrays)[..., None], coloured, iter(files), [str(file) for file in files]):
        assert np.array_equal(model.probabilities(given), by_path)
    for one in (files[0], str(files[0]), arrays[0], pictures[0]):
        assert np.array_equal(model.predict(one)[0].probabilities, by_path[0])
    large = pictures[0].resize((31, 17))
    large.save("large.png")
    for one in (large, np.asarray(large)):
        assert np.array_equal(model.probabilities(one), model.probabilities("large.png"))
    assert model.probabilities([]).shape == (0, 10)


def test_a_picture_of_pillows_goes_the_way_of_its_file(here: Path, small: Path) -> None:
    """Upright, refused as an animation, on the frame that it was on; one that cannot be decoded is a DataError."""
    model = nettrain.load("runs/cnn")
    turned = Image.open(files_of(small)[0])
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save("turned.png", exif=exif)
    assert np.array_equal(model.probabilities(Image.open("turned.png")), model.probabilities("turned.png"))
    assert not np.array_equal(model.probabilities("turned.png"), model.probabilities(files_of(small)[0]))
    frames = [Image.new("L", (8, 8), level) for level in (0, 99, 200)]
    frames[0].save("three.gif", save_all=True, append_images=frames[1:])
    said = []
    with Image.open("three.gif") as moving:
        moving.seek(2)
        for one in (moving, "three.gif"):
            with pytest.raises(nettrain.DataError) as caught:
                model.predict(one)
            said.append(str(caught.value))
        assert moving.tell() == 2
    what = "an animation of 3 frames, where a single picture is wanted"
    assert said == [f"a picture in memory: {what}", f"three.gif: {what}"]
    whole = saved(noise(64, 64), "PNG")
    decoder = r"^a picture in memory: damaged or cut off; the PNG decoder says: "
    with Image.open(io.BytesIO(whole[: len(whole) // 2])) as cut, pytest.raises(nettrain.DataError, match=decoder):
        model.predict(cut)
    with pytest.raises(nettrain.DataError) as caught:
        model.predict(Image.fromarray(np.full((8, 8), 70_000, np.int32)))
    assert str(caught.value) == "a picture in memory: its values are 70000 to 70000; expected 0 to 65535"


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((8, 8), np.float32), "got float32; a picture of 0..1 has to be multiplied by 255 and rounded"),
        (np.zeros((8, 8), np.int64), "got int64"),
        (np.zeros((8, 8, 2), np.uint8), "got uint8 (8, 8, 2)"),
        (np.zeros(8, np.uint8), "got uint8 (8,)"),
        (np.zeros((0, 8), np.uint8), "got uint8 (0, 8)"),
    ],
)
def test_another_array_is_refused_with_what_was_expected(here: Path, picture: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=r"^expected uint8") as caught:
        nettrain.load("runs/cnn").predict(picture)
    assert str(caught.value).endswith(message)


@pytest.mark.parametrize(
    ("given", "shown"), [(None, "None"), (5, "5"), (b"a.png", "b'a.png'"), ([[1, 2]], "[1, 2]"), ({"a.png": 1}, "gone")]
)
def test_what_is_no_picture_at_all_is_named(here: Path, given: Any, shown: str) -> None:
    model = nettrain.load("runs/cnn")
    if shown == "gone":  # the keys of a dict are paths, and such a file there is not
        with pytest.raises(nettrain.DataError, match=r"^a\.png: no such file$"):
            model.predict(given)
        return
    with pytest.raises(TypeError) as caught:
        model.predict(given)
    assert str(caught.value) == f"expected a path, an array or a PIL image, or several of them, got {shown}"


def test_a_model_shows_what_it_is(here: Path) -> None:
    shown = "<nettrain.Model 'runs/cnn/best.safetensors': 6 layers, 10 classes, pictures 8x8x1>"
    assert repr(nettrain.load("runs/cnn")) == shown


def test_none_takes_a_key_out(here: Path) -> None:
    fitting = nettrain.fit("cnn.yaml", settings={"data.val": None, "train.epochs": 1})
    fitting.close()
    assert "val_accuracy" not in (fitting.folder / "config.resolved.yaml").read_text()
    assert "\n  val:" not in (fitting.folder / "config.resolved.yaml").read_text()


def test_faults_are_the_ones_of_the_command_line(here: Path) -> None:
    with pytest.raises(nettrain.DataError, match=r"^gone\.png: no such file$"):
        nettrain.load("runs/cnn").predict("gone.png")
    with pytest.raises(nettrain.ConfigError, match=r"^nothing: no such file or folder; "):
        nettrain.load("nothing")
    with pytest.raises(nettrain.ConfigError, match=r"^settings\['train\.epochs'\]:1:1: train\.epochs: must be"):
        nettrain.fit("cnn.yaml", settings={"train.epochs": 0})
    with pytest.raises(ValueError, match=r"^resume needs run_dir"):
        nettrain.fit("cnn.yaml", resume=True)
    assert os.listdir("runs") == ["cnn"]


def test_notes_are_the_lines_of_the_command_line(here: Path, small: Path) -> None:
    data = shutil.copytree(small, here / "data")
    (data / "train/3/bad.png").touch()
    text = MLP.format(data=data).replace("data:\n", "data:\n  on_bad_image: skip\n")
    written(here, "mlp.yaml", text.replace("lr: 0.1", "learning_rate: 0.1"))
    fitting = nettrain.fit("mlp.yaml", run_dir="mine")
    fitting.close()
    assert fitting.notes[0] == "nettrain: note: mlp.yaml:11:19: optimizer.sgd.learning_rate: read as 'lr'"
    assert fitting.notes[-1] == "nettrain: warning: 1 bad picture skipped; see mine/bad_images.csv"
    told = process("fit", "mlp.yaml", "--run-dir", "theirs").err.splitlines()
    there = [line.replace("theirs/", "mine/") for line in told if line.startswith("nettrain: ")]
    assert list(fitting.notes) == there


def test_an_evaluation_is_that_of_the_command_line(here: Path, small: Path) -> None:
    ended = process("evaluate", "runs/cnn", "--data", small / "test", "--json")
    assert nettrain.load("runs/cnn").evaluate(small / "test") == json.loads(ended.out)


def test_a_fit_yields_facts_and_leaves_the_run_of_the_command_line(here: Path, finished: Path) -> None:
    fitting = nettrain.fit("cnn.yaml", threads=2)
    facts = list(fitting)
    steps = [fact for fact in facts if isinstance(fact, nettrain.Step)]
    epochs = [fact for fact in facts if isinstance(fact, nettrain.EpochRow)]
    assert len(steps) == fitting.epochs * fitting.steps_per_epoch
    assert len(epochs) == fitting.epochs == 4
    assert results(fitting.folder) == results(finished)
    assert fitting.finish().sha256 == nettrain.load(finished).sha256


def test_a_config_of_dicts_with_settings(here: Path, small: Path) -> None:
    config = {
        "data": {"train": small, "image": {"size": (8, 8), "channels": 1}},
        "model": {"layers": ["flatten", {"dense": "classes"}]},
        "optimizer": {"sgd": {"lr": 0.1}},
        "train": {"epochs": 1},
    }
    fitting = nettrain.fit(config, settings={"train.epochs": 2, "optimizer.sgd.lr": "0.2"}, run_dir=here / "mine")
    assert fitting.epochs == 2
    assert fitting.finish().classes == tuple("0123456789")
    assert "lr: 0.2" in Path("mine/config.resolved.yaml").read_text()
    assert process("evaluate", "mine").code == 0


def test_a_reader_that_has_enough_leaves_a_run_that_goes_on_to_the_same_bytes(here: Path, finished: Path) -> None:
    fitting = nettrain.fit("cnn.yaml")
    for fact in fitting:
        if isinstance(fact, nettrain.EpochRow) and fact.end.epoch == 2:
            break
    fitting.close()
    for fact in (fitting := nettrain.fit("cnn.yaml", run_dir=fitting.folder, resume=True)):
        if isinstance(fact, nettrain.Step) and fact.step % fitting.steps_per_epoch == 3:
            break
    assert fact.epoch == 3
    fitting.close()
    facts = json.loads((fitting.folder / "run.json").read_text())
    assert (facts["state"], facts["reason"], facts["step"]) == ("stopped", "its reader stopped", fact.step)
    assert process("resume", fitting.folder).code == 0
    assert results(fitting.folder) == results(finished)
    assert list(nettrain.fit("cnn.yaml", run_dir=fitting.folder, resume=True)) == []


def test_ctrl_c_is_a_keyboard_interrupt_and_the_run_is_saved(here: Path, finished: Path) -> None:
    program = (
        "import nettrain, os, signal\n"
        "for fact in nettrain.fit('cnn.yaml'):\n"
        "    if fact.step == 7:\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
    )
    ended: Ended = process(program=(sys.executable, "-c", program), cwd=here)
    assert ended.err.rstrip().endswith("KeyboardInterrupt")
    assert json.loads(Path("runs/cnn-2/run.json").read_text())["state"] == "stopped"
    assert process("resume", "runs/cnn-2").code == 0
    assert results(Path("runs/cnn-2")) == results(finished)


def test_the_host_is_left_as_it_was(here: Path, small: Path) -> None:
    seconds = sys.getswitchinterval()
    with threadpool_limits(2, user_api="blas"):
        before = [row["num_threads"] for row in threadpool_info()]
        for _ in nettrain.fit("cnn.yaml", settings={"train.epochs": 1}):
            assert [row["num_threads"] for row in threadpool_info()] == before
            assert sys.getswitchinterval() == pytest.approx(seconds)
        nettrain.load("runs/cnn").predict(files_of(small))
        assert [row["num_threads"] for row in threadpool_info()] == before
    assert sys.getswitchinterval() == pytest.approx(seconds)
    set_threads(1)  # which sends our threads away
    assert sys.getswitchinterval() == pytest.approx(seconds)


def test_a_thread_of_the_host_may_train(here: Path, small: Path) -> None:
    config = written(here, "mlp.yaml", MLP.format(data=small))
    found: list[nettrain.Model] = []
    thread = threading.Thread(target=lambda: found.append(nettrain.fit(config).finish()))
    thread.start()
    thread.join()
    assert found[0].sha256 == nettrain.load("runs/mlp").sha256


def test_calls_of_several_threads_take_turns(here: Path, small: Path) -> None:
    before = [row["num_threads"] for row in threadpool_info()]
    seconds, seen = sys.getswitchinterval(), []

    def other() -> None:
        with surroundings(1):
            seen.append(sys.getswitchinterval())

    with surroundings(2):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        assert not seen
        assert get_threads() == 2
        within = sys.getswitchinterval()
    thread.join()
    assert seen == [within]
    assert [row["num_threads"] for row in threadpool_info()] == before
    assert sys.getswitchinterval() == pytest.approx(seconds)


def test_a_fit_that_nobody_reads_lets_go_of_its_folder(here: Path, finished: Path) -> None:
    fitting = nettrain.fit("cnn.yaml", run_dir="one")
    fitting.close()
    fitting.close()
    assert json.loads(Path("one/run.json").read_text())["state"] == "stopped"
    fitting = nettrain.fit("cnn.yaml", run_dir="one", resume=True)
    del fitting
    assert nettrain.fit("cnn.yaml", run_dir="one", resume=True).finish().sha256 == nettrain.load(finished).sha256
    assert results(Path("one")) == results(finished)


def test_two_fits_in_turn_are_two_fits_and_signals_stay_the_programs(here: Path, finished: Path) -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    one, two = nettrain.fit("cnn.yaml", threads=1), nettrain.fit("cnn.yaml", threads=2)
    for _ in zip(one, two, strict=True):
        assert [signal.getsignal(number) for number in STOPPING] == before
    assert [signal.getsignal(number) for number in STOPPING] == before
    assert results(one.folder) == results(two.folder) == results(finished)


def test_ctrl_c_within_a_step_or_just_after_it_is_a_keyboard_interrupt(here: Path, finished: Path) -> None:
    for name, moment in (("within", Stepper), ("after", EventLog)):
        fitting = nettrain.fit("cnn.yaml", run_dir=name)
        next(fitting)
        with pytest.MonkeyPatch.context() as patch:
            method = "step" if moment is Stepper else "event"
            real = getattr(moment, method)

            def struck(*given: Any, real: Any = real, **named: Any) -> Any:
                found = real(*given, **named)
                os.kill(os.getpid(), signal.SIGINT)
                return found

            patch.setattr(moment, method, struck)
            with pytest.raises(KeyboardInterrupt):
                next(fitting)
        assert json.loads(Path(name, "run.json").read_text())["state"] == "stopped"
        assert process("resume", name).code == 0
        assert results(Path(name)) == results(finished)


def test_no_threads_are_refused_and_not_taken_for_all(here: Path) -> None:
    with pytest.raises(ValueError, match=r"^threads must be at least 1, got 0$"):
        nettrain.fit("cnn.yaml", threads=0)
    assert not Path("runs/cnn-2").exists()
