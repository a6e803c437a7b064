"""The text of a proposed config: YAML with the reason of each choice in a comment above it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from nettrain.config.reader import read_text
from nettrain.config.resolved import flow
from nettrain.config.words import few
from nettrain.errors import escape
from nettrain.model.cost import layer_costs
from nettrain.training.config import TABLES, Config
from nettrain.training.prepare import check_shapes
from nettrain.training.proposing.layers import LEFT, clip_layers, layers
from nettrain.training.proposing.proposal import MOST_OF_FEW, Proposal

WIDTH = 100  # columns of a comment
KINDS = {  # what the pictures lie in, for each kind of source
    "folder": "One folder a class",
    "csv": "A list of {item}s, each with its label",
    "npz": "The arrays images and labels",
    "idx": "IDX, as the MNIST family has it: a class is a number",
    "cifar": "CIFAR's binary files",
}
SHOWN = 8  # classes that are named
UNEVEN = 3  # times as many pictures in one class as in another, from which on classes get weights


def proposed_config(proposal: Proposal, paths: dict[str, str], file: str | None) -> str:
    """The text, for the file that it will stand in, if that is known; ``paths`` are of train, val and test, as written.

    Errors   DataError where there are too few pictures.
    """
    proposal.check()
    draft = "\n".join(_lines(proposal, paths, file, 1))
    document = read_text(draft, "proposal", Config, TABLES, "/")
    network = check_shapes(document, len(proposal.survey.classes))
    flops = sum(int(cost.flops) for cost in layer_costs(network))
    return "\n".join(_lines(proposal, paths, file, proposal.epochs(flops))) + "\n"


def _lines(proposal: Proposal, paths: dict[str, str], file: str | None, epochs: int) -> Iterator[str]:
    found, run = proposal.survey, file or "c.yaml"
    name = run.rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")
    looked = f"a look at {found.sampled} of the {proposal.pictures:,} {proposal.item}s"
    yield from _why("", f"Written by 'nettrain init' after {looked}. It runs as it is, and every line may be changed.")
    save = "" if file else "If you save it as c.yaml: "
    yield from _why("", f"{save}'nettrain fit {run}' trains, then 'nettrain evaluate runs/{name}' judges.")
    yield "version: 1"
    there = {*paths, *found.layout.given}
    aside = "" if {"val", "test"} <= there else f", and sets other {proposal.item}s aside"
    yield from _why("", f"Another seed gives other weights to start from{aside}.")
    yield "seed: 1"
    yield from _data(proposal, paths)
    yield from _model(proposal)
    yield from _training(proposal, epochs)


def _data(proposal: Proposal, paths: dict[str, str]) -> Iterator[str]:
    found = proposal.survey
    yield "data:"
    yield from _why("  ", f"{KINDS[found.layout.kind].format(item=proposal.item)}. {_classes(proposal)}.")
    for sentence in found.layout.left_out:
        yield from _why("  ", f"{sentence}.")
    yield f"  train: {flow(paths['train'])}"
    if proposal.several:
        yield from _why("  ", "Some have several labels, with | between them: any number may be right, also none.")
        yield "  labels: several"
    stratify = "" if proposal.stratify else ", stratify: false"
    part = f"{{from: train, fraction: {proposal.fraction:g}{stratify}}}"
    of = "each class" if proposal.stratify else f"the {proposal.item}s"
    share = f"{proposal.fraction:.0%} of {of}".replace("%", " percent")
    for split, purpose in (
        ("val", "seen after each epoch, to find the best one, and never trained on"),
        ("test", "never seen before 'nettrain evaluate' judges the model"),
    ):
        if split in found.layout.given:
            here = f"The {proposal.item}s of {split} are named there too, so that no key is needed"
            yield from _why("  ", f"{here}: {purpose}.")
            continue
        here = f"The {proposal.item}s of this folder" if found.layout.kind == "folder" else f"These {proposal.item}s"
        source = here if split in paths else f"Set aside, {share}{proposal.why_not_by_class}"
        yield from _why("  ", f"{source}: {purpose}.")
        yield f"  {split}: {flow(paths[split]) if split in paths else part}"
    yield from _image(proposal)
    if found.bad:
        yield from _why("  ", f"{len(found.bad)} of {found.sampled} that were looked at cannot be read, such as")
        yield f"  # {escape(found.bad[0][0])}: {escape(found.bad[0][1])}"
    yield from _why(
        "  ",
        f"A {proposal.item} that cannot be read is left out and listed in the run folder; 'error' stops instead.",
    )
    yield "  on_bad_image: skip"
    if proposal.cache == "disk":
        yield from _why(
            "  ", "Decoded, they would take much of the memory here: they are kept in a file ('nettrain cache')."
        )
        yield "  cache: disk"
    pixels = "a pixel" if proposal.crop == 1 else f"{proposal.crop} pixels"
    mirrored = ", and half of them mirrored" if proposal.flips else ""
    yield from _why(
        "  ", f"Each epoch sees every {proposal.item} moved by up to {pixels}{mirrored}, as if there were more of them."
    )
    if proposal.frames is not None:
        why = "a mirror turns left into right, and would teach that a way and the opposite one are the same"
        yield from _why("  ", f"All frames of a clip are moved alike. None is mirrored: {why}.")
    if proposal.flips:
        yield from _why("  ", "Take the second line out where left and right differ, as in text.")
    yield "  augment:"
    yield f"    - random_crop: {{padding: {proposal.crop}}}"
    if proposal.flips:
        yield "    - random_horizontal_flip"


def _image(proposal: Proposal) -> Iterator[str]:
    found, shape = proposal.survey, proposal.shape
    yield from _why("  ", f"Size, as [rows, columns]: {shape.why}.")
    grey = "all that were looked at are grey, so one channel is enough"
    colour = "channels are red, green and blue"
    yield from _why("  ", f"{grey if found.grey else colour}.".capitalize())
    if found.animated:
        yield from _why("  ", "Some are animations: their first frame is taken.")
    if proposal.frames is not None:
        yield from _clips(proposal)
    keys = [f"size: [{shape.size[0]}, {shape.size[1]}]", f"channels: {proposal.channels}"]
    keys += [f"fit: {shape.fit}"] if shape.fit != "stretch" else []
    keys += ["animated: first"] if found.animated else []
    keys += [f"frames: {proposal.frames}"] if proposal.frames is not None else []
    yield f"  image: {{{', '.join(keys)}}}"


def _clips(proposal: Proposal) -> Iterator[str]:
    """Why the data are clips, and what becomes of their frames."""
    least, most = int(proposal.survey.frames.min()), int(proposal.survey.frames.max())
    have = f"the {least}" if least == most else f"the {least} to {most}"
    yield from _why("  ", f"{proposal.survey.signs}: so these are clips, each an item of the data.")
    yield from _why(
        "  ",
        f"Each gives {proposal.frames} frames, spread evenly over {have} that it has; more show more, and cost.",
    )
    if proposal.survey.layout.kind == "folder":
        still = "conv2d and max_pool2d in place of conv3d and max_pool3d, with a stride of 2"
        yield from _why("  ", f"If they are none, take 'frames' out, or put 'animated: first' there; then {still}.")


def _classes(proposal: Proposal) -> str:
    """Which classes there are, with their pictures."""
    found = proposal.survey
    named = [f"{escape(name)} ({count:,})" for name, count in zip(found.classes, found.counts, strict=True)]
    return f"{len(named)} classes with their {proposal.item}s: {few(named, SHOWN)}"


def _model(proposal: Proposal) -> Iterator[str]:
    small = "Convolutions look for patterns, each with a batch norm and ReLU; pooling halves the picture,"
    if proposal.frames is not None:
        small = (
            "Convolutions look for patterns in space and time, each with a batch norm and ReLU; pooling halves both,"
        )
    yield from _why(
        "", f"{small} and the filters double, until the mean of some {LEFT} pixels a side says which class it is."
    )
    yield "model:"
    yield "  activation: relu"
    yield "  layers:"
    size, frames = proposal.shape.size, proposal.frames
    for layer in layers(size, proposal.dropout) if frames is None else clip_layers(size, frames, proposal.dropout):
        yield f"    - {layer}"


def _training(proposal: Proposal, epochs: int) -> Iterator[str]:
    batch, counts = proposal.batch, proposal.survey.counts
    if proposal.several:
        why = "Each label is a question of its own, answered by yes or no"
        yield from _why("", f"{why}; macro_f1 counts every label the same.")
        yield "loss: binary_cross_entropy"
        yield "metrics: [macro_f1]"
    elif max(counts) >= UNEVEN * min(counts):
        times = f"The largest class has {max(counts) / min(counts):.1f} times as many pictures as the smallest"
        weigh = "balanced weights make each count as much as the others"
        yield from _why("", f"{times}; {weigh}. Look at the recall of each, not at the accuracy alone.")
        yield "loss: {cross_entropy: {class_weights: balanced}}"
    yield from _why(
        "", f"Gradient descent with momentum; {proposal.lr:g} is a learning rate that suits batches of {batch}."
    )
    yield from _why("", "'nettrain lr-find' looks for a better one.")
    keys = f"lr: {proposal.lr:g}, momentum: 0.9, nesterov: true, weight_decay: 5e-4"
    yield f'optimizer: {{sgd: {{{keys}, no_decay: ["*.bias", "*.norm.*"]}}}}'
    yield from _why("", "It rises over the first epoch, then falls along a cosine to 0.")
    yield "schedule: {cosine: {warmup: 1 epochs}}"
    steps = -(-proposal.trained // batch)
    many = f"{epochs} times over about {proposal.trained:,} {proposal.item}s, in {steps:,} steps of {batch} each time"
    yield from _why("", f"{many}; 'nettrain check' says how long that takes.")
    yield f"train: {{epochs: {epochs}, batch_size: {batch}}}"
    few = f"the loss tells epochs apart better than the accuracy on so few {proposal.item}s"
    if proposal.several:
        few = "all labels of a picture are seldom right at once, so that the accuracy tells little"
    reason = few if proposal.monitor == "val_loss" else "the share of right answers"
    yield from _why("", f"The best epoch is the one with the best {proposal.monitor}: {reason}.")
    every = ""
    if epochs == MOST_OF_FEW:
        yield from _why("", f"Epochs of so few {proposal.item}s are short: saved after every tenth.")
        every = ", every: 10 epochs"
    yield f"checkpoint: {{monitor: {proposal.monitor}{every}}}"


def _why(indent: str, text: str) -> list[str]:
    head = f"{indent}# "
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=head, break_long_words=False)
