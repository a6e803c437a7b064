"""A model judged on labelled pictures: which those are, and what it made of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from nettrain.arrays.threads import get_threads
from nettrain.config.reader import read_config
from nettrain.config.words import some
from nettrain.data.apart import shared_pictures
from nettrain.data.batches import Batches
from nettrain.data.cache import Bad, decode, kept_if_it_fits
from nettrain.data.classes import match
from nettrain.data.fingerprint import data_fingerprint
from nettrain.data.split import Split, Splits
from nettrain.data.split_csv import Row, keep_splits, read_split_csv, still_there
from nettrain.errors import ConfigError, NettrainError, escape
from nettrain.ops.loss_table import LOSSES
from nettrain.training.config import TABLES, Config
from nettrain.training.judging.gate_check import gate_split
from nettrain.training.judging.results import Evaluation
from nettrain.training.loop.evaluation import inference_batch, judge
from nettrain.training.metrics.measured import all_that_fit
from nettrain.training.model_file import Model
from nettrain.training.pictures import Report, list_splits
from nettrain.training.store.run_folder import RunFolder, read_text


@dataclass(frozen=True)
class Judgement:
    """An evaluation, the fingerprint of its pictures, and the bad ones that were skipped."""

    result: Evaluation
    data_fingerprint: str
    skipped: tuple[Bad, ...]


def judge_split(model: Model, split: Split, report: Report, tta: bool = False) -> Judgement:
    """What the model makes of every picture of a split, in code-point order; bad ones as its config says.

    With ``tta`` it is in the mean over several views of each.

    Errors   ``DataError`` if the classes of the split are not the model's; they are matched by name.
    """
    data = model.config.data
    split = replace(split, labels=match(model.classes, split, split.name), classes=model.classes)

    def progress(done: int, total: int) -> None:
        report(f"decoding {split.name}", done, total)

    kept = kept_if_it_fits(len(split.files), data.image)
    pictures = decode(split, data.image, data.on_bad_image, kept, get_threads(), progress)
    batches = Batches(pictures, inference_batch(data.image.frames), 0, model.normalization)
    several, shares = data.several, not LOSSES[model.config.loss.kind].several
    views = model.views if tta else None
    judged = judge(model.network, model.config.loss, batches.in_order(), views)
    result = Evaluation(
        split.name,
        model.classes,
        pictures.paths,
        judged.labels,
        judged.probabilities,
        judged.losses,
        tuple(all_that_fit(model.config.measured, several, shares, len(model.classes))),
        views,
    )
    return Judgement(result, data_fingerprint([pictures]), pictures.bad)


def split_of_run(folder: RunFolder, name: str | None) -> Split:
    """A split of a run's own data, with the very pictures that the run set aside; ``test`` if none is named.

    Errors   ``ConfigError`` if the run has no such split; ``DataError`` if its pictures are not as they were.
    """
    splits = splits_of_run(folder)
    there = {split.name: split for split in splits.all()}
    if (wanted := name or "test") in there:
        return there[wanted]
    if name is None:
        others = " or ".join(f"--split {other}" for other in there if other != "train") or "--data with a folder"
        raise ConfigError(f"the run has no test pictures; use {others}", str(folder.path))
    raise ConfigError(f"the run has no {name} pictures; expected one of {', '.join(there)}", str(folder.path))


def judged_split(folder: RunFolder) -> Split:
    """The pictures that a run's gates are judged on. Errors: ``ConfigError`` if there are none, and ``DataError``."""
    split = gate_split(splits_of_run(folder))
    if split is None:
        raise ConfigError("the run has no pictures to test or validate on, so nothing can be judged", str(folder.path))
    return split


def changes_since(folder: RunFolder, split: str, fingerprint: str) -> list[str]:
    """A line if pictures of a run's own split are not those that it began with, as far as run.json knows them."""
    known = folder.read_run().get("split_fingerprints", {}) if folder.run_json.exists() else {}
    if known.get(split, fingerprint) == fingerprint:
        return []
    what = "the names are the same, but not what is in the files; judged as they are now"
    return [f"nettrain: warning: {escape(folder.path)}: its {split} pictures are not those that it began with: {what}"]


def seen_in_training(folder: RunFolder, split: Split) -> list[str]:
    """A line if pictures to judge on are among those that a run was trained on, as far as these are still there."""
    try:
        train = still_there(*_found_and_recorded(folder), "train")
    except NettrainError:
        return []  # moved or removed: what was given lies elsewhere, or nobody can tell any more
    if train is None or not (shared := shared_pictures(split, train)):
        return []
    are = f"{len(shared)} of the {some(len(split.files), 'picture')} {'is' if len(shared) == 1 else 'are'}"
    what = f"{are} among those that the run was trained on, such as {escape(shared[0])}"
    return [f"nettrain: warning: {escape(split.root)}: {what}; so this is no measure of new pictures"]


def splits_of_run(folder: RunFolder) -> Splits:
    """The splits of a run's own data, as it divided them. Errors: ``DataError`` if pictures are not as they were."""
    return keep_splits(*_found_and_recorded(folder))


def _found_and_recorded(folder: RunFolder) -> tuple[Splits, tuple[Row, ...]]:
    """The pictures that a run's data hold now, and those that it recorded."""
    document = read_config(folder.resolved, Config, TABLES)
    return list_splits(document), read_split_csv(read_text(folder.split), str(folder.split))
