"""A number has one text: right to its last digit, and never longer than stated."""

from __future__ import annotations

import doctest
import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core import numbers
from rnn_core.numbers import MINUS, format_number, format_percent, format_significant, longest

finite = st.floats(allow_nan=False, allow_infinity=False)
float32 = st.floats(allow_nan=False, allow_infinity=False, width=32)
decimals = st.integers(0, 8)


def read(text: str) -> float:
    return float(text.replace(MINUS, "-"))


def test_the_examples_of_the_docstrings_are_true() -> None:
    assert doctest.testmod(numbers).failed == 0


@given(finite | float32, decimals, st.booleans())
def test_no_number_is_longer_than_stated(value: float, places: int, plus: bool) -> None:
    assert len(format_number(value, decimals=places, plus=plus)) <= longest(places)


@given(float32, st.integers(1, 9))
def test_no_significant_number_is_longer_than_stated(value: float, digits: int) -> None:
    assert len(format_significant(value, digits=digits)) <= digits + 7
    assert len(format_significant(value, digits=digits, width=6)) <= 6


@given(st.floats(-99.99, 99.99), decimals)
def test_a_number_with_two_digits_before_the_point_keeps_its_decimals(value: float, places: int) -> None:
    text = format_number(value, decimals=places)
    assert len(text.partition(".")[2]) == (places if len(f"{abs(value):.{places}f}") < longest(places) else places - 1)
    assert abs(Decimal(text.replace(MINUS, "-")) - Decimal(value)) <= Decimal(10) ** -len(text.partition(".")[2]) / 2


@given(finite | float32, decimals)
def test_what_is_printed_is_the_number_to_the_digits_that_are_printed(value: float, places: int) -> None:
    text = format_number(value, decimals=places)
    mantissa, _e, power = text.lstrip(MINUS).partition("e")
    unit = Decimal(10) ** (int(power or 0) - len(mantissa.partition(".")[2]))
    assert abs(Decimal(text.replace(MINUS, "-")) - Decimal(value)) <= unit / 2


@given(float32, st.integers(1, 9))
def test_a_significant_number_is_as_near_as_its_digits_allow(value: float, digits: int) -> None:
    assert read(format_significant(value, digits=digits)) == pytest.approx(value, rel=0.5001 * 10 ** (1 - digits))


@given(float32)
def test_nine_digits_give_a_float32_back(value: float) -> None:
    assert np.float32(read(format_significant(value, digits=9))) == np.float32(value)


@given(finite, decimals)
def test_a_sign_never_changes_the_digits(value: float, places: int) -> None:
    plain = format_number(abs(value), decimals=places)
    assert format_number(-abs(value), decimals=places).removeprefix(MINUS) == plain
    assert "-" not in format_number(value, decimals=places) + format_significant(value)


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (0.0, 2, "0.00"),
        (-0.0, 2, "0.00"),
        (-0.001, 2, "0.00"),
        (0.125, 2, "0.13"),
        (-0.125, 2, "−0.13"),
        (2.5, 0, "3"),
        (-12.34, 2, "−12.34"),
        (123.456, 2, "123.5"),
        (99999.4, 2, "99999"),
        (99999.5, 2, "1.0e5"),
        (29578740.0, 4, "2.958e7"),
        (29578740.0, 2, "3.0e7"),
        (-6.0221e24, 2, "−6e24"),
        (math.nan, 4, "nan"),
        (math.inf, 2, "inf"),
        (-math.inf, 2, "−inf"),
        (1.7976931348623157e308, 2, "2e308"),
    ],
)
def test_a_number_is_printed_so(value: float, places: int, text: str) -> None:
    assert format_number(value, decimals=places) == text


@pytest.mark.parametrize(
    ("value", "digits", "width", "text"),
    [
        (0.0, 4, None, "0"),
        (0.00012, 2, 6, "0.0001"),
        (0.000012, 2, 6, "1.2e−5"),
        (-0.000012, 2, 6, "−1e−5"),
        (123.4, 2, 6, "123"),
        (-3.4e38, 2, 6, "−3e38"),
        (0.1, 9, None, "0.1"),
        (99999.6, 4, None, "1e5"),
        (12345.6, 4, None, "12346"),
        (29578740.0, 9, None, "29578740"),
        (1e-5, 3, None, "1e−5"),
        (-math.inf, 3, None, "−inf"),
    ],
)
def test_a_significant_number_is_printed_so(value: float, digits: int, width: int | None, text: str) -> None:
    assert format_significant(value, digits=digits, width=width) == text


def test_a_plus_stands_before_what_is_not_negative() -> None:
    assert [format_number(value, decimals=1, plus=True) for value in (0.5, 0.0, -0.5)] == ["+0.5", "+0.0", "−0.5"]


def test_a_share_is_a_percentage() -> None:
    assert [format_percent(share) for share in (0.0, 0.125, 1.0)] == ["0%", "13%", "100%"]
    assert format_percent(0.125, decimals=1) == "12.5%"
