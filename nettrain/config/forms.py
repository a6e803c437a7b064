"""What a field's annotation asks for, as a small algebra of forms, which reader, overrides, errors and docs walk."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeAlias

from nettrain.config.fields import Chosen, Duration, Environment, FilePath, Limit, OneOf, Record

ANY: Final = Limit()


@dataclass(frozen=True, slots=True)
class Integer:
    """A count: digits, nothing else."""

    limit: Limit = ANY


@dataclass(frozen=True, slots=True)
class Real:
    """A YAML 1.2 number, finite."""

    limit: Limit = ANY


@dataclass(frozen=True, slots=True)
class Truth:
    """``true`` or ``false``."""


@dataclass(frozen=True, slots=True)
class Text:
    """A name, as it is spelled."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path, made absolute."""


@dataclass(frozen=True, slots=True)
class Length:
    """A duration of training; a ``time`` is one in seconds, minutes or hours."""

    limit: Limit = ANY
    time: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few fixed words or numbers."""

    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True)
class Fixed:
    """A list with one form for each place."""

    items: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of any length within the limit."""

    item: Form
    limit: Limit = ANY


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping whose keys are names that the user chose, each with a value of the same form."""

    item: Form


@dataclass(frozen=True, slots=True)
class Settings:
    """A mapping read into a record; one with a short field may be that field's value alone."""

    record: type[Record]


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of a table."""

    table: str


@dataclass(frozen=True, slots=True)
class Either:
    """Several forms, told apart by what was written."""

    options: tuple[Form, ...]


Form: TypeAlias = (
    Integer | Real | Truth | Text | Path | Length | Choice | Fixed | Listed | Named | Settings | Kind | Either
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a record: how it is read and what stands in for it when it is absent.

    Notes    ``environment`` says that it cannot change the result, ``left_out`` that a checkpoint may not hold it.
    """

    field: str
    form: Form
    required: bool
    default: Any
    environment: bool

    @property
    def left_out(self) -> bool:
        return self.environment or (isinstance(self.form, Either) and Path() in self.form.options)


def keys_of(record: type[Record]) -> Mapping[str, Key]:
    """The keys of a record, in order; a field ``from_`` has the key ``from``."""
    return _keys_of(typing.cast(Any, record))


@cache
def _keys_of(record: Any) -> Mapping[str, Key]:
    hints = typing.get_type_hints(record, include_extras=True)
    keys = {}
    for field in dataclasses.fields(record):
        if field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        else:
            default = field.default
        required = default is dataclasses.MISSING
        hint = hints[field.name]
        keys[field.name.removesuffix("_")] = Key(field.name, form_of(hint), required, default, _is_environment(hint))
    return types.MappingProxyType(keys)


def form_of(annotation: Any) -> Form:
    """The form of an annotation.

    Errors   TypeError for an annotation that no config value could have; a mistake of the record, not of the user.
    """
    if isinstance(annotation, typing.get_args(Form)):
        form: Form = annotation
        return form
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is Annotated:
        return _annotated(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        options = tuple(form_of(argument) for argument in arguments if argument is not types.NoneType)
        return options[0] if len(options) == 1 else Either(options)
    if origin is Literal:
        return Choice(arguments)
    if origin is tuple:
        if arguments[-1] is ...:
            return Listed(form_of(arguments[0]))
        return Fixed(tuple(map(form_of, arguments)))
    if origin is Mapping:
        return Named(form_of(arguments[1]))
    for kind, simple in _SIMPLE.items():
        if annotation is kind:
            return simple
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return Settings(annotation)
    raise TypeError(f"no config value has the type {annotation!r}")


_SIMPLE: dict[type, Form] = {
    int: Integer(),
    float: Real(),
    bool: Truth(),
    FilePath: Path(),
    str: Text(),
    Duration: Length(),
}


def _annotated(inner: Any, marks: tuple[Any, ...]) -> Form:
    for mark in marks:
        if isinstance(mark, (Choice, Length)):
            return mark
        if isinstance(mark, OneOf):
            kind = Kind(mark.table)
            others = [option for option in typing.get_args(inner) if option not in (Chosen, types.NoneType)]
            return Either((*map(form_of, others), kind)) if others else kind
    form = form_of(inner)
    limits = [mark for mark in marks if isinstance(mark, Limit)]
    if limits and isinstance(form, (Integer, Real, Length, Listed)):
        return dataclasses.replace(form, limit=limits[-1])
    return form


def _is_environment(annotation: Any) -> bool:
    """Whether a key is marked so; paths are by nature."""
    if annotation is FilePath:
        return True
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return all(_is_environment(option) for option in typing.get_args(annotation) if option is not types.NoneType)
    if typing.get_origin(annotation) is tuple:
        return all(_is_environment(item) for item in typing.get_args(annotation) if item is not ...)
    marks = typing.get_args(annotation)[1:] if typing.get_origin(annotation) is Annotated else ()
    return any(mark is Environment or isinstance(mark, Environment) for mark in marks)
