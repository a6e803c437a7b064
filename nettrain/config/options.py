"""Which of several forms a node was meant for: told by its kind, and a scalar's by its look."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from nettrain.config.fields import Table
from nettrain.config.forms import Choice, Either, Fixed, Form, Kind, Listed, Named, Path, Settings, Text, keys_of
from nettrain.config.nodes import Mapping as MappingNode
from nettrain.config.nodes import Node, Scalar, Sequence
from nettrain.config.scalars import claims


def pick(either: Either, node: Node, tables: Mapping[str, Table]) -> Form | None:
    """The option that a node was meant for, or None if it is like none of them.

    Notes    A fixed word wins over a look (``same``, ``3``), a look over free text, free text over a kind's name.
    """
    if isinstance(node, Scalar) and node.nothing:
        return None
    options = sorted(either.options, key=lambda option: isinstance(option, (Text, Path)))
    options.sort(key=lambda option: not isinstance(option, Choice))
    fits = [option for option in options if _fits(option, node, tables, exactly=True)]
    fits += [option for option in options if _fits(option, node, tables, exactly=False)]
    return fits[0] if fits else None


def words(form: Form) -> list[str]:
    """The fixed words that a form takes."""
    match form:
        case Either(options):
            return [word for option in options for word in words(option)]
        case Choice(values):
            return [value for value in values if isinstance(value, str)]
        case Settings(record) if record.short is not None:
            return words(keys_of(record)[record.short].form)
        case _:
            return []


def _fits(form: Form, node: Node, tables: Mapping[str, Table], *, exactly: bool) -> bool:
    """Whether a node looks meant for a form; less exactly, whether it is of the right sort at all."""
    match form:
        case Either(options):
            return any(_fits(option, node, tables, exactly=exactly) for option in options)
        case Settings(record) if isinstance(node, MappingNode):
            known = {*keys_of(record), *record.aliases}
            return not exactly or any(name.text in known for name, _ in node.entries)
        case Settings(record) if record.short is not None:
            return _fits(keys_of(record)[record.short].form, node, tables, exactly=exactly)
        case Kind(table) if isinstance(node, Scalar):
            return not exactly or _known(tables[table])(node.text)
        case Kind(table) if isinstance(node, MappingNode):
            names = [name.text for name, _ in node.entries]
            return not exactly or (len(names) == 1 and _known(tables[table])(names[0]))
        case Fixed(items) if isinstance(node, Sequence):
            return not exactly or len(items) == len(node.items)
        case Listed() if isinstance(node, Sequence):
            return True
        case Named() if isinstance(node, MappingNode):
            return True
        case _:
            return isinstance(node, Scalar) and claims(form, node)


def _known(table: Table) -> Callable[[str], bool]:
    return lambda name: name in table.rows or name in table.aliases
