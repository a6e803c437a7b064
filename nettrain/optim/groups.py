"""What each parameter is moved by: the learning rate and weight decay of its group, or the optimizer's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from nettrain.errors import ConfigError, Fault
from nettrain.optim.settings import GroupConfig, OptimizerConfig

SHOWN_NAMES = 6


@dataclass(frozen=True, slots=True)
class Treatment:
    """Of one parameter: its learning rate as a multiple of the optimizer's, and its weight decay."""

    lr_factor: float
    weight_decay: float


def treatments(names: Iterable[str], settings: OptimizerConfig) -> dict[str, Treatment]:
    """How each parameter is treated, by name.

    Errors   ``ConfigError`` with a fault for each pattern that has no effect; keys as ``no_decay.0``.
    Notes    Patterns are as a shell's: ``*.bias``, ``layers.[0-3].*``; ``*`` runs across dots, and case matters.
    """
    names = tuple(names)
    if faults := list(pattern_faults(names, settings)):
        raise ConfigError(faults=[Fault(message, key=key) for key, message in faults])
    return {name: _treatment(name, settings) for name in names}


def _treatment(name: str, settings: OptimizerConfig) -> Treatment:
    group = next((group for group in settings.groups if matches(name, group.patterns)), GroupConfig(""))
    lr = settings.lr if group.lr is None else group.lr
    decay = settings.weight_decay if group.weight_decay is None else group.weight_decay
    return Treatment(lr / settings.lr, 0.0 if matches(name, settings.no_decay) else decay)


def matches(name: str, patterns: Sequence[str]) -> bool:
    """Whether a parameter's name is like one of the patterns."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def pattern_faults(names: Iterable[str], settings: OptimizerConfig) -> Iterator[tuple[str, str]]:
    """A ``(key, message)`` for each pattern that has no effect on these names."""
    names = tuple(names)
    yield from unmatched(names, settings.no_decay, "no_decay")
    decays = settings.decays and not settings.no_decay_scales
    if decays and names and all(matches(name, settings.no_decay) for name in names):
        yield "no_decay", "lists every parameter, so that no weight decays; set weight_decay: 0 instead, or list fewer"
        return
    left = set(names)
    for place, group in enumerate(settings.groups):
        key = f"groups.{place}"
        single = isinstance(group.match, str)
        if lost := list(unmatched(names, group.patterns, f"{key}.match")):
            yield from [(f"{key}.match", message) for _, message in lost] if single else lost
            continue
        matched = {name for name in names if matches(name, group.patterns)}
        if not matched & left:
            yield f"{key}.match", "every parameter that it matches is in a group before; the first that matches counts"
        elif group.weight_decay and all(matches(name, settings.no_decay) for name in matched & left):
            yield f"{key}.weight_decay", "has no effect, because no_decay lists all parameters of the group"
        left -= matched


def unmatched(names: Iterable[str], patterns: Sequence[str], key: str) -> Iterator[tuple[str, str]]:
    """A ``(key, message)`` for each pattern that matches no name; with ``no_decay`` keys count from ``no_decay.0``."""
    names = tuple(names)
    shown = ", ".join(names[:SHOWN_NAMES]) + (", ..." if len(names) > SHOWN_NAMES else "")
    for place, pattern in enumerate(patterns):
        if not matches_any(names, pattern):
            yield f"{key}.{place}", f"{pattern!r} matches no parameter; the parameters are {shown}"


def matches_any(names: Iterable[str], pattern: str) -> bool:
    """Whether one of the names is like the pattern."""
    return any(fnmatchcase(name, pattern) for name in names)
