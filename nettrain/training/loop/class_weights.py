"""How much each class counts in training: as the config names them, or balanced by the pictures there are."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from nettrain.config.document import Document
from nettrain.config.fields import Chosen
from nettrain.config.suggest import did_you_mean
from nettrain.config.words import shown
from nettrain.data.labels import Labels, counts
from nettrain.errors import ConfigError, escape
from nettrain.training.config import Config

SHOWN = 20  # classes that a note names


def check_class_weights(document: Document[Config], classes: Sequence[str]) -> None:
    """Refuse weights that do not name every class, and nothing else.

    Errors   ``ConfigError`` at the name, or at the weights for one that is missing.
    """
    loss = document.config.loss
    given, key = loss.settings.class_weights, f"loss.{loss.kind}.class_weights"
    if given is None or given == "balanced":
        return
    named = {unicodedata.normalize("NFC", name): name for name in given}
    missing = [name for name in classes if name not in named]
    faults = [
        document.fault(f"{key}.{name}", f"there is no class {shown(name)}{_meant(name, classes)}")
        for plain, name in named.items()
        if plain not in classes
    ]
    if missing:
        faults.append(document.fault(key, f"no weight for {_listed(missing)}; expected one for every class"))
    if faults:
        raise ConfigError(faults=faults)


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
    more = f" and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
    return (f"class weights: {', '.join(pairs[:SHOWN])}{more}",)
