"""Scalars, read as the schema wants them: never guessed from their look, and refused with the reason."""

from __future__ import annotations

import math
import re
from typing import Any

from nettrain.config.describe import describe, noun
from nettrain.config.fields import LARGEST, Duration, Limit
from nettrain.config.forms import Choice, Form, Integer, Length, Path, Real, Text, Truth
from nettrain.config.nodes import Scalar
from nettrain.config.paths import BadPath, absolute
from nettrain.config.suggest import did_you_mean
from nettrain.config.words import short, shown

FEW = 8  # names that a fault lists where it knows which one was meant
MAX_DIGITS = 30
MAX_LENGTH = 400  # characters of a number that is not a count

_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_REAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")  # YAML 1.2.2, section 10.3.2
_DURATION = re.compile(r"(\S{1,30}?) ?([a-z]{1,8})")
_NUMBER_LIKE = re.compile(
    r"[-+]?(\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]*)?|0x[0-9a-f_]+|0o[0-7_]+|0b[01_]+|\.?inf(inity)?|\.?nan)"
    r"|[0-9]+(:[0-9]+)+(\.[0-9]*)?",
    re.IGNORECASE,
)
_TRUTHS = {"true": True, "false": False}
_TRUTH_LIKE = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_UNITS = {
    **dict.fromkeys(("step", "steps"), ("steps", 1)),
    **dict.fromkeys(("epoch", "epochs"), ("epochs", 1)),
    **dict.fromkeys(("s", "second", "seconds"), ("seconds", 1)),
    **dict.fromkeys(("m", "minute", "minutes"), ("seconds", 60)),
    **dict.fromkeys(("h", "hour", "hours"), ("seconds", 3600)),
}


class Refused(Exception):
    """Why a scalar is not what its field expects; the message is the exception's text."""


def read_scalar(form: Form, scalar: Scalar, base: str) -> Any:
    """The value of a scalar.

    Errors   Refused, with what came and what was expected.
    Notes    ``base`` is the folder that a relative path starts from.
    """
    if scalar.nothing:
        raise Refused(f"expected {describe(form)}, got nothing")
    match form:
        case Integer(limit):
            return _integer(scalar, form, limit)
        case Real(limit):
            return _within(_real(scalar, form), limit, scalar.text)
        case Truth():
            return _truth(scalar)
        case Choice(values):
            return _choice(scalar, values, form)
        case Length():
            return _duration(scalar, form)
        case Path():
            return _path(scalar.text, base)
        case Text():
            if any("\ud800" <= char <= "\udfff" for char in scalar.text):
                raise Refused(f"expected text, got half a surrogate pair in {shown(scalar.text)}")
            return scalar.text
        case _:
            raise Refused(f"expected {describe(form)}, got {shown(scalar.text)}")


def claims(form: Form, scalar: Scalar) -> bool:
    """Whether a scalar looks as if it were meant for this form; it may still be refused by it."""
    match form:
        case Integer() | Real():
            return scalar.plain and _NUMBER_LIKE.fullmatch(scalar.text) is not None
        case Truth():
            return scalar.plain and scalar.text in _TRUTHS
        case Choice(values):
            return _chosen(scalar, values) is not None
        case Length():
            match = _DURATION.fullmatch(scalar.text)
            return match is not None and match[2] in _UNITS
        case Text() | Path():
            return True
        case _:
            return False


def _integer(scalar: Scalar, form: Integer, limit: Limit) -> int:
    text = scalar.text
    if not scalar.plain or not _INTEGER.fullmatch(text):
        raise Refused(f"expected {_wanted(form, scalar)}, got {shown(text)}{_remedy(scalar)}")
    if len(text) > MAX_DIGITS:
        if limit.high is not None and not text.startswith("-"):
            raise Refused(f"must be {_side(limit, math.inf)}, got {short(text)}")
        raise Refused(f"expected at most {MAX_DIGITS} digits, got {short(text)}")
    _within(int(text), limit, text)
    return int(text)


def _real(scalar: Scalar, form: Form) -> float:
    text = scalar.text
    if not scalar.plain or not _REAL.fullmatch(text):
        raise Refused(f"expected {_wanted(form, scalar)}, got {shown(text)}{_remedy(scalar)}")
    if len(text) > MAX_LENGTH:
        raise Refused(f"expected a number of at most {MAX_LENGTH} characters, got {short(text)}")
    value = float(text) + 0.0  # -0.0 becomes 0.0: equal settings are written with equal bytes
    if not math.isfinite(value):
        raise Refused(f"expected a finite number, got {short(text)}")
    if value == 0 and re.search("[1-9]", re.split("[eE]", text)[0]):
        raise Refused(f"expected a number that a float64 can hold, got {short(text)}")
    return value


def _wanted(form: Form, scalar: Scalar) -> str:
    if scalar.text.lower().lstrip("+-.") in ("inf", "infinity", "nan") and isinstance(form, Real):
        return "a finite number"
    return noun(form)


def _remedy(scalar: Scalar) -> str:
    """How to write what was probably meant, for the spellings that other readers of YAML take for numbers."""
    text = scalar.text
    if not _NUMBER_LIKE.fullmatch(text):
        return ""
    if not scalar.plain:
        return "; write it without quotes"
    if "_" in text:
        return "; write it without underscores"
    if text[:2].lower() in ("0x", "0o", "0b"):
        return "; write it in decimal digits"
    if text.startswith("+"):
        return "; write it without a plus sign"
    if re.fullmatch(r"-?0+[0-9]+", text):
        return "; write it without leading zeros"
    if re.fullmatch(r"-?[0-9]+\.0*", text):
        return "; write it without a decimal point"
    if re.fullmatch(r"-?[0-9.]+[eE][-+]?[0-9]+", text):
        return "; write all its digits"
    return ""


def _within(value: float, limit: Limit, text: str) -> float:
    if not limit.holds(value):
        raise Refused(f"must be {_side(limit, value)}, got {short(text)}")
    return value


def _side(limit: Limit, value: float) -> str:
    """The limit in words; of a limit that is only there to keep numbers sane, the side that was met."""
    return str(Limit(high=LARGEST)) if limit.high == LARGEST and value > LARGEST else str(limit)


def _truth(scalar: Scalar) -> bool:
    if scalar.plain and scalar.text in _TRUTHS:
        return _TRUTHS[scalar.text]
    meant = _TRUTH_LIKE.get(scalar.text.lower())
    remedy = f"; write {meant}" if meant else ""
    if scalar.text.lower() in _TRUTHS:
        remedy = "; write it in lower case" if scalar.plain else "; write it without quotes"
    raise Refused(f"expected true or false, got {shown(scalar.text)}{remedy}")


def _chosen(scalar: Scalar, values: tuple[str | int | bool, ...]) -> str | int | bool | None:
    for value in values:
        if isinstance(value, str):
            if scalar.text == value and not scalar.nothing:
                return value
        elif scalar.plain and scalar.text == (str(value).lower() if isinstance(value, bool) else str(value)):
            return value
    return None


def _choice(scalar: Scalar, values: tuple[str | int | bool, ...], form: Form) -> str | int | bool:
    value = _chosen(scalar, values)
    if value is not None:
        return value
    remedy = did_you_mean(scalar.text, [value for value in values if isinstance(value, str)])
    if not scalar.plain and _chosen(Scalar(scalar.text, True, scalar.place), values) is not None:
        remedy = "; write it without quotes"
    came = short(scalar.text) if claims(Integer(), scalar) else shown(scalar.text)
    wanted = f"one of {len(values)} names" if remedy and len(values) > FEW else describe(form)
    raise Refused(f"expected {wanted}, got {came}{remedy}")


def _duration(scalar: Scalar, form: Length) -> Duration:
    match = _DURATION.fullmatch(scalar.text)
    if match is None or match[2] not in _UNITS or not _REAL.fullmatch(match[1]):
        raise Refused(f"expected {describe(form)}, got {shown(scalar.text)}")
    unit, seconds = _UNITS[match[2]]
    if form.time and unit != "seconds":
        raise Refused(f"expected {describe(form)}, got {shown(scalar.text)}")
    amount = _within(_real(Scalar(match[1], True, scalar.place), Real()), form.limit, scalar.text) * seconds
    if amount < 0 or not math.isfinite(amount) or (unit == "steps" and amount != int(amount)):
        wanted = "a whole number of steps" if unit == "steps" and amount >= 0 else describe(form)
        raise Refused(f"expected {wanted}, got {shown(scalar.text)}")
    return Duration(amount, unit)  # type: ignore[arg-type]  # a key of _UNITS


def _path(text: str, base: str) -> str:
    try:
        return absolute(text, base)
    except BadPath as error:
        raise Refused(str(error)) from None
