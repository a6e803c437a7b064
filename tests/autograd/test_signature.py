"""Shape signatures: how they are read, what shape they give, and the whole text of every refusal."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from nettrain.autograd.signature import ShapeError, ShapeFunction, Signature, show
from nettrain.autograd.tensor import Dim, Shape


def shape_of(
    text: str, *shapes: Shape, extra: ShapeFunction | None = None, settings: Mapping[str, object] | None = None
) -> Shape:
    return Signature.parse(text).output_shape("thing", "xyz"[: len(shapes)], shapes, extra, settings or {})


@pytest.mark.parametrize(
    ("text", "inputs", "output"),
    [
        ("(N,C),(C,K)->(N,K)", (("N", "C"), ("C", "K")), ("N", "K")),
        ("(...)->(...)", (("...",),), ("...",)),
        ("(N,...)->()", (("N", "..."),), ()),
        ("( N , C ) , (C) -> (N)", (("N", "C"), ("C",)), ("N",)),
        ("()->()", ((),), ()),
    ],
)
def test_parts_of_a_signature(text: str, inputs: tuple[tuple[str, ...], ...], output: tuple[str, ...]) -> None:
    signature = Signature.parse(text)
    assert (signature.text, signature.inputs, signature.output) == (text, inputs, output)


@pytest.mark.parametrize(
    ("text", "shapes", "expected"),
    [
        ("(N,C),(C,K)->(N,K)", ((2, 3), (3, 4)), (2, 4)),
        ("(N,C),(C,K)->(N,K)", (("N", 3), (3, "classes")), ("N", "classes")),
        ("(...)->(...)", ((2, 3, 4),), (2, 3, 4)),
        ("(...)->(...)", ((),), ()),
        ("(N,...)->(N,...)", ((5,),), (5,)),
        ("(N,...)->(N)", ((5, 6, 7),), (5,)),
        ("(N,...,C)->(C,...,N)", (("N", 6, 7, 3),), (3, 6, 7, "N")),
        ("(N,...,C)->(C,...,N)", (("N", 3),), (3, "N")),
        ("(N,...),(N,...)->(...)", ((2, 3, 4), (2, 3, 4)), (3, 4)),
        ("(N,N)->(N)", ((4, 4),), (4,)),
        ("(N,C)->()", ((4, 4),), ()),
        ("()->(K)", ((),), (1,)),
    ],
)
def test_the_shape_of_the_result(text: str, shapes: tuple[Shape, ...], expected: Shape) -> None:
    assert shape_of(text, *shapes, extra=lambda sizes: {"K": 1} if text == "()->(K)" else {}) == expected


def test_letters_that_only_the_output_has_come_from_the_shape_function() -> None:
    def halves(sizes: Mapping[str, Dim], *, of: int) -> dict[str, Dim]:
        return {"P": int(sizes["H"]) // of}

    assert shape_of("(N,H)->(N,P)", ("N", 9), extra=halves, settings={"of": 2}) == ("N", 4)


def test_the_shape_function_knows_the_volume_of_the_dots() -> None:
    def flat(sizes: Mapping[str, Dim]) -> dict[str, Dim]:
        return {"F": sizes["..."]}

    assert shape_of("(N,...)->(N,F)", ("N", 5, 6), extra=flat) == ("N", 30)
    assert shape_of("(N,...)->(N,F)", (4,), extra=flat) == (4, 1)
    assert shape_of("(N,...,C)->(F)", (4, "M", 5, 3), extra=flat) == ("5*M",)


@pytest.mark.parametrize(
    ("text", "shapes", "message"),
    [
        ("(N,C)->(N)", ((3,),), "thing: x (3) has 1 axis; expected x (N, C)"),
        ("(N,C)->(N)", ((),), "thing: x () has 0 axes; expected x (N, C)"),
        ("(N)->(N)", (("N", 3),), "thing: x (N, 3) has 2 axes; expected x (N)"),
        ("(N,...,C)->(N)", ((3,),), "thing: x (3) has 1 axis; expected x (N, ..., C)"),
        (
            "(N,C),(C,K)->(N,K)",
            ((2, 3), (5, 2)),
            "thing: y (5, 2) has C=5, but x has C=3; expected y (C, K)",
        ),
        (
            "(N,C),(C,K),(K)->(N,K)",
            ((2, 3), (3, 4), (5,)),
            "thing: z (5) has K=5, but y has K=4; expected z (K)",
        ),
        ("(N,N)->(N)", ((2, 3),), "thing: x (2, 3) has N=3, but x has N=2; expected x (N, N)"),
        (
            "(N,...,C),(C)->(N)",
            (("N", 5, 5, 3), ("classes",)),
            "thing: y (classes) has C=classes, but x has C=3; expected y (C)",
        ),
        (
            "(...),(...)->(...)",
            ((2, 3), (2, 4)),
            "thing: y (2, 4) has ...=(2, 4), but x has ...=(2, 3); expected y (...)",
        ),
        (
            "(N,...),(N,...)->(N)",
            ((2,), (2, 4)),
            "thing: y (2, 4) has ...=(4), but x has ...=(); expected y (N, ...)",
        ),
    ],
)
def test_a_misfit_names_argument_and_letter(text: str, shapes: tuple[Shape, ...], message: str) -> None:
    with pytest.raises(ShapeError) as error:
        shape_of(text, *shapes)
    assert str(error.value) == message


def test_what_the_shape_function_refuses_carries_the_name_of_the_operation() -> None:
    def refuse(sizes: Mapping[str, Dim]) -> dict[str, Dim]:
        raise ValueError(f"H={sizes['H']} is odd")

    with pytest.raises(ShapeError) as error:
        shape_of("(N,H)->(N,P)", (2, 9), extra=refuse)
    assert str(error.value) == "thing: H=9 is odd"
    assert error.value.__cause__ is None


def test_shapes_as_text() -> None:
    assert [show(shape) for shape in ((), (3,), ("N", 32, 32, 3))] == ["()", "(3)", "(N, 32, 32, 3)"]
