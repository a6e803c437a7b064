"""How much memory a training takes at its height, and whether there is so much: before anything large is allocated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nettrain.autograd.tensor import Shape
from nettrain.config.document import Document
from nettrain.config.words import megabytes
from nettrain.data.augment.mixing import one_more
from nettrain.data.cache import cache_bytes
from nettrain.data.config import DataConfig
from nettrain.data.memory import all_memory, free_memory
from nettrain.data.split import Split, Splits
from nettrain.errors import EnvironmentFault
from nettrain.model.network import Network
from nettrain.optim.table import state_numbers, working_numbers
from nettrain.training.config import Config
from nettrain.training.estimate import judging_bytes, step_bytes
from nettrain.training.loop.evaluation import inference_batch

FLOAT_BYTES = 4
OFF = 1.2  # times what a training takes: so much an estimate may say
LOWER = "lower {}, data.image.size or the filters of the layers"


@dataclass(frozen=True)
class Needed:
    """Bytes of memory that a training takes: ``peak`` at its height, ``cache`` of it for decoded pictures."""

    peak: int
    cache: int


def training_bytes(config: Config, network: Network) -> int:
    """Bytes of weights, their gradients, what the optimizer remembers, averages, and what may be gone back to."""
    train = config.train
    averages = network.parameter_count * (train.ema is not None or train.swa is not None)
    remembered = state_numbers(config.optimizer, shapes_of(network)) + averages
    kept = (network.parameter_count + remembered) * (train.going_back is not None)
    return FLOAT_BYTES * (2 * network.parameter_count + remembered + kept)


def working_bytes(config: Config, network: Network) -> int:
    """Bytes that the optimizer's steps work with beside those."""
    return FLOAT_BYTES * working_numbers(config.optimizer, shapes_of(network))


def shapes_of(network: Network) -> dict[str, Shape]:
    """The shape of each parameter, by name."""
    return {name: parameter.shape for name, parameter in network.parameters.items()}


def batches_bytes(config: Config, network: Network, pictures: int) -> int:
    """Bytes of a step at its height, with all that outlasts it, in a training on so many pictures."""
    batch = min(config.train.batch_size, pictures)
    step = step_bytes(network, batch, pictures % batch, one_more(config.data.augment))
    return step + training_bytes(config, network) + working_bytes(config, network)


def cached_bytes(splits: Iterable[Split | None], data: DataConfig) -> int:
    """Bytes of decoded pictures, where they are kept in memory. Errors: those of ``cache_bytes``."""
    held = 0
    for split in splits if data.cache == "ram" else ():
        held += 0 if split is None else cache_bytes(len(split.files), data.image_of(split.name), held)
    return held


def check_memory(document: Document[Config], network: Network, splits: Splits) -> Needed:
    """What a training takes of the memory.

    Errors   ``EnvironmentFault`` if that is more than there is: see ``check_weights``, ``cache_bytes``, ``check_peak``.
    """
    check_weights(document, network)
    cache = cached_bytes((splits.train, splits.val), document.config.data)
    judged = 0 if splits.val is None else min(inference_batch(document.config.data.image.frames), len(splits.val.files))
    trained = len(splits.train.files)
    peak = batches_bytes(document.config, network, trained) + judging_bytes(network, judged) + cache
    check_peak(document, peak, trained)
    return Needed(peak, cache)


def check_weights(document: Document[Config], network: Network) -> None:
    """Errors: those of ``refuse_weights``, for a training."""
    needed = training_bytes(document.config, network) + working_bytes(document.config, network)
    refuse_weights(document, network, needed, "to train (weights, gradients, optimizer)")


def refuse_weights(document: Document[Config], network: Network, needed: int, what: str) -> None:
    """Errors: ``EnvironmentFault`` if the weights, and what belongs to each, are more than all the memory there is."""
    there = all_memory()
    if there is not None and needed > there:
        message = f"{network.parameter_count} parameters take {megabytes(needed)} {what}, {_than(there)}"
        raise EnvironmentFault(faults=[document.fault("model", f"{message}; expected a smaller model")])


def check_peak(document: Document[Config], needed: int, pictures: int) -> None:
    """Errors: ``EnvironmentFault`` if so much is more than all the memory there is, however far off the estimate."""
    there = all_memory()
    if there is None or needed <= OFF * there:
        return
    what = f"in batches of {min(document.config.train.batch_size, pictures)} takes about {megabytes(needed)} of memory"
    message = f"a training {what}, {_than(there)}; {LOWER.format('batch_size')}"
    raise EnvironmentFault(faults=[document.fault("train.batch_size", message)])


def _than(there: int) -> str:
    free = free_memory()
    return f"more than the {megabytes(there)} that there are" + ("" if free is None else f" ({megabytes(free)} free)")


def tightness(needed: int) -> str | None:
    """What to say where a training may need more than is free now, but not more than there is."""
    free = free_memory()
    if free is None or needed <= free:
        return None
    what = f"the training takes about {megabytes(needed)} of memory, but {megabytes(free)} are free"
    return f"{what}, so that it may be slow or be killed; {LOWER.format('train.batch_size')}"
