"""How much each class counts in training: as the config names them, or balanced by the pictures there are."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

from nettrain.config.document import Document
from nettrain.config.fields import Chosen
from nettrain.config.suggest import did_you_mean
from nettrain.config.words import few, shown
from nettrain.data.labels import Labels, counts
from nettrain.data.sampling import WeightedSampling
from nettrain.errors import ConfigError, Fault, escape
from nettrain.training.config import Config

SHOWN = 20  # classes that a note names


def check_class_weights(document: Document[Config], classes: Sequence[str]) -> None:
    """Refuse weights, of the loss or of sampling, that do not name every class, and nothing else.

    Errors   ``ConfigError`` at the name, or at the weights for one that is missing.
    """
    loss, sampling = document.config.loss, document.config.train.sampling
    faults = []
    if isinstance(sampling, WeightedSampling):
        faults += _misnamed(document, "train.sampling.weighted", sampling.weighted, classes)
    if isinstance(loss.settings.class_weights, Mapping):
        faults += _misnamed(document, f"loss.{loss.kind}.class_weights", loss.settings.class_weights, classes)
    if faults:
        raise ConfigError(faults=faults)


def _misnamed(document: Document[Config], key: str, given: Mapping[str, float], classes: Sequence[str]) -> list[Fault]:
    named = {unicodedata.normalize("NFC", name): name for name in given}
    missing = [name for name in classes if name not in named]
    faults = [
        document.fault(f"{key}.{name}", f"there is no class {shown(name)}{_meant(name, classes)}")
        for plain, name in named.items()
        if plain not in classes
    ]
    if missing:
        faults.append(document.fault(key, f"no weight for {_listed(missing)}; expected one for every class"))
    return faults


def _meant(name: str, classes: Sequence[str]) -> str:
    return did_you_mean(name, classes) or f"; the classes are {_listed(classes)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(shown, names[:SHOWN])) + (", ..." if len(names) > SHOWN else "")


def class_weights(loss: Chosen, labels: Labels, classes: Sequence[str]) -> tuple[float, ...] | None:
    """The weight of each class, in their order; None if they all count the same.

    Notes    ``balanced`` is n / (K n_k) for n labels in K classes, n_k of them of class k, as scikit-learn has it; the
             mean over the labels of the training pictures is 1.
    """
    given = loss.settings.class_weights
    if given is None:
        return None
    if given == "balanced":
        there = counts(labels, len(classes))
        return tuple(int(there.sum()) / (len(classes) * count) for count in there.tolist())
    named = {unicodedata.normalize("NFC", name): float(weight) for name, weight in given.items()}
    return tuple(named[name] for name in classes)


def weights_note(weights: Sequence[float] | None, classes: Sequence[str]) -> tuple[str, ...]:
    """A note for the user that says them as numbers, if there are any."""
    if weights is None:
        return ()
    pairs = [f"{escape(name)} {weight:.4g}" for name, weight in zip(classes, weights, strict=True)]
    return (f"class weights: {few(pairs, SHOWN)}",)
