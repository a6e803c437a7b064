"""Our side of every row runs, on sizes that take no time; PyTorch's too, where it is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.cases import augment as augmentations
from benchmarks.cases import loader as loading
from benchmarks.cases import mixing as mixings
from benchmarks.cases.feeding import AGAIN, FED, MODEL
from benchmarks.cases.ops import FORWARD, OPS
from benchmarks.children import Child, ChildFailed, Children
from benchmarks.models import MODELS
from benchmarks.ours import augment, decode, feeding, loader, mixing, ops, steps
from benchmarks.peers import pillow_augment
from benchmarks.plan import Job
from benchmarks.sides import SIDES, installed
from benchmarks.surroundings import environment

TWO = 2  # pictures
JOBS = [
    *(Job("ops", name, TWO) for name in OPS),
    *(Job("ops", f"{name}:{FORWARD}", TWO) for name, case in OPS.items() if case.inference),
    *(Job("steps", name, TWO) for name in MODELS),
    *(Job("mixing", name, TWO) for name in mixings.CASES),
]
GROUPS = {"ops": ops, "steps": steps, "mixing": mixing}
MACS_OF_CNN = (  # of a forward pass over one picture, worked out by hand
    [32 * 32 * 9 * 3 * 32, 32 * 32 * 9 * 32 * 32, 16 * 16 * 9 * 32 * 64, 16 * 16 * 9 * 64 * 64, 4096 * 256, 256 * 10]
)


@pytest.mark.parametrize("job", JOBS, ids=[f"{job.group}/{job.case}" for job in JOBS])
def test_our_side_runs(job: Job):
    prepared = GROUPS[job.group].prepare(job)
    prepared.call()
    prepared.call()


def test_flops_of_a_step_are_three_products_a_layer_and_two_in_the_first():
    first, *others = MACS_OF_CNN
    assert steps.prepare(Job("steps", "cnn", TWO)).flops == TWO * 2 * (2 * first + 3 * sum(others))


def test_flops_of_an_op_are_those_of_the_passes_that_are_made():
    macs = 16 * 16 * 9 * 32 * 64
    assert ops.prepare(Job("ops", "conv3x3-32-64@16", TWO)).flops == TWO * 2 * 3 * macs
    assert ops.prepare(Job("ops", "conv3x3-32-64@16:forward", TWO)).flops == TWO * 2 * macs
    assert ops.prepare(Job("ops", "dense-3072-512", TWO)).flops == TWO * 2 * 2 * 3072 * 512
    assert ops.prepare(Job("ops", "conv3x3-64-64@16-groups4", TWO)).flops == TWO * 2 * 3 * 16 * 16 * 9 * 16 * 64


def test_our_side_decodes_a_folder(tmp_path: Path):
    Image.new("RGB", (32, 32)).save(tmp_path / "a.png")
    prepared = decode.prepare(Job("decode", "png-32", folder=str(tmp_path)))
    prepared.call()
    assert prepared.images == 1


@pytest.mark.parametrize("case", augmentations.CASES)
def test_both_sides_augment_pictures_of_the_size_that_is_asked_for(case: str):
    side = augmentations.CASES[case][1]
    ours, theirs = (module.prepare(Job("augment", case, TWO)) for module in (augment, pillow_augment))
    for prepared in (ours, theirs):
        out = prepared.call()
        assert (out.shape, out.dtype, prepared.images) == ((TWO, side, side, 3), np.uint8, TWO)


@pytest.mark.parametrize("case", loading.CASES)
def test_our_side_makes_an_epoch_of_batches(case: str, tmp_path: Path):
    for place in range(3):
        (tmp_path / f"class{place}").mkdir()
        Image.new("RGB", (32, 32)).save(tmp_path / f"class{place}" / "a.jpg")
    assert loader.prepare(Job("loader", case, TWO, folder=str(tmp_path))).call() == 3


@pytest.mark.parametrize("variant", [FED, AGAIN])
def test_steps_are_fed_whole_batches_of_epoch_after_epoch(
    variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for place in range(3):
        (tmp_path / f"class{place}").mkdir()
        Image.new("RGB", (32, 32), (80 * place, 0, 0)).save(tmp_path / f"class{place}" / "a.jpg")
    seen = []
    monkeypatch.setattr(feeding, "stepper_of", lambda model: lambda images, *_: seen.append(images))
    call = feeding.prepare(Job("feeding", MODEL, TWO, variant, str(tmp_path))).call
    for _ in range(4):  # one whole batch an epoch
        call()
    assert [images.shape for images in seen] == [(TWO, 32, 32, 3)] * 4
    assert len({images.tobytes() for images in seen}) == (1 if variant == AGAIN else 4)


@pytest.fixture
def child() -> Iterator[Child]:
    with Children(environment()) as children:
        yield children.kept("nettrain", 1)


def test_a_process_of_a_side_prepares_repeats_and_forgets(child: Child):
    job = Job("ops", "dense-256-10", TWO)
    assert child.ask("prepare", job) == {"flops": TWO * 2 * 3 * 2560, "images": TWO}
    assert child.ask("round", job, calls=3)["seconds"] > 0
    assert child.ask("drop") == {}
    memory = child.ask("memory")
    assert 0 < memory["now"] <= memory["most"]
    assert child.ask("facts")["numpy"]


def test_a_side_that_fails_is_an_error_that_names_it(capfd: pytest.CaptureFixture[str]):
    with Children(environment()) as children, pytest.raises(ChildFailed) as failed:
        children.kept("nettrain", 1).ask("prepare", Job("ops", "no-such-op", TWO))
    assert str(failed.value) == "nettrain on 1 thread ended with 1 at ops/no-such-op: prepare"
    assert "KeyError: 'no-such-op'" in capfd.readouterr().err


@pytest.mark.skipif(not installed("torch"), reason="PyTorch, a benchmark extra, is not installed")
def test_the_side_of_pytorch_runs():
    with Children(environment()) as children:
        torch = children.kept("torch", 1)
        for job in JOBS:
            for form in ("contiguous", "channels_last"):
                formed = Job(job.group, job.case, job.batch, form)
                torch.ask("prepare", formed)
                torch.ask("round", formed, calls=1)
                torch.ask("drop")


@pytest.mark.skipif(not installed("torch"), reason="PyTorch, a benchmark extra, is not installed")
def test_a_data_loader_makes_as_many_batches(tmp_path: Path):
    for place in range(3):
        (tmp_path / f"class{place}").mkdir()
        Image.new("RGB", (32, 32)).save(tmp_path / f"class{place}" / "a.jpg")
    with Children(environment()) as children:
        for case in ("first-epoch-crop-flip", "later-epoch-flip-rand-augment"):
            job = Job("loader", case, TWO, folder=str(tmp_path))
            assert children.kept("torch", 1).ask("prepare", job)["images"] == 3
            assert children.kept("torch", 1).ask("round", job, calls=2)["seconds"] > 0


@pytest.mark.skipif(not installed("sklearn"), reason="scikit-learn, a benchmark extra, is not installed")
def test_the_side_of_scikit_learn_runs():
    with Children(environment()) as children:
        for name in ("mlp", "mnist_mlp"):
            children.kept("sklearn", 1).ask("prepare", Job("steps", name, TWO))
            children.kept("sklearn", 1).ask("round", Job("steps", name, TWO), calls=1)


def test_every_side_names_modules_that_are_there():
    for side in SIDES.values():
        assert all(installed(module) for module in (side.module, *side.groups.values(), *filter(None, [side.products])))
