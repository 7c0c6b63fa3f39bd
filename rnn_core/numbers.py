"""Numbers become text: one way to print each kind, the same in Python and in the browser, and never longer than stated.

``pages/ui/components/browser/numbers.js`` holds the same functions for the browser (``printed``, ``signed``); a test
compares the two. Halves are rounded away from zero, as JavaScript's ``toFixed`` rounds them. The minus is U+2212.
"""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal
from numbers import Integral, Real
from string import Formatter

MINUS = "−"

HOVER = ".9~g"
"""The d3 format of a number that a hover label shows in full: every digit of a float32, at most 16 characters."""

HOVER_SHORT = ".4~g"
"""The same where four digits are enough: at most 11 characters."""

HOVER_PERCENT, TICK_PERCENT = ".1%", ".0%"
"""The d3 formats of a share, which is 0…1, in a hover label and at an axis."""

HOVER_WHOLE = "d"
"""The d3 format of a whole number in a hover label, also where the axis has no label there."""

_SPEC = re.compile(r"(?P<plus>\+?)(?:\.(?P<digits>\d+))?(?P<kind>[fg%])")
"""A format specification that is a promise of this module's."""

_DIGITS = 6
"""How many significant digits a number has whose specification names none, as in Python."""

_SMALLEST_POWER, _PLAIN_POWERS = -4, 5
"""From which power of ten on, and below which, ``format_significant`` writes a number without an exponent."""


def longest(decimals: int) -> int:
    """Return how many characters ``format_number`` needs at most: two digits before the point, and a minus."""
    return max(decimals + 4, 6)


def format_number(value: float, *, decimals: int = 4, plus: bool = False) -> str:
    """Return ``value`` with fixed ``decimals``, shortened where that is longer than ``longest(decimals)``.

    A longer number first loses decimals, then takes an exponent with as many digits as there is room for. Zero, and
    what is rounded to it, has no sign. The room does not depend on the sign.

    >>> format_number(-0.73366), format_number(1234.5678), format_number(29578740), format_number(6.02e24, decimals=2)
    ('−0.7337', '1234.57', '2.958e7', '6e24')

    Args:
        plus: whether a positive number, and zero, has a plus.
    Returns: at most ``longest(decimals)`` characters; "nan", "inf" and "−inf" for what is not finite.
    """
    if not math.isfinite(value):
        return _not_finite(value, plus=plus)
    room, size = longest(decimals) - 1, abs(float(value))
    text = ""
    if size < 10.0**room:
        text = next((t for places in range(decimals, -1, -1) if len(t := _fixed(size, places)) <= room), "")
    if not text:
        text = next(t for places in range(decimals, -1, -1) if len(t := _exponential(size, places)) <= room)
    return _sign(value, text, plus=plus) + text


def format_significant(value: float, *, digits: int = 4, width: int | None = None) -> str:
    """Return ``value`` with ``digits`` significant digits and without trailing zeros.

    From 10⁻⁴ up to 10⁵ (or to ``digits`` digits before the point) it has no exponent, and no digit before the point
    is rounded away.

    >>> format_significant(0.1), format_significant(123456.7), format_significant(-2.5e-9, digits=2)
    ('0.1', '1.235e5', '−2.5e−9')

    Args:
        width: how many characters it has at most (6 or more for a float32), at the cost of digits; None: no limit.
    Returns: at most ``digits`` + 7 characters.
    """
    if not math.isfinite(value):
        return _not_finite(value, plus=False)
    sign, size = MINUS if value < 0 else "", abs(float(value))
    for count in range(digits, 0, -1):
        text = sign + _significant(size, count)
        if width is None or len(text) <= width:
            return text
    return sign + _exponential(size, 0)


def format_percent(share: float, *, decimals: int = 0) -> str:
    """Return a share as a percentage: 0.125 is "13%", with one decimal "12.5%"."""
    return f"{format_number(100 * share, decimals=decimals)}%"


class NumberFormatter(Formatter):
    """``str.format`` whose numbers are printed by this module: ".4f" and ".1%" with decimals, "g" with digits.

    A float without a specification has six significant digits.

    >>> NumberFormatter().format("loss {loss:.4f}, rate {rate}", loss=29578740.0, rate=1e-5)
    'loss 2.958e7, rate 1e−5'
    """

    def format_field(self, value: object, format_spec: str) -> str:
        """Return ``value`` as ``format_spec`` says."""
        if not isinstance(value, Real) or (isinstance(value, Integral) and not format_spec):
            return str(super().format_field(value, format_spec))
        found = _SPEC.fullmatch(format_spec or "g")
        if found is None:
            return str(super().format_field(value, format_spec))
        number, digits = float(value), int(found["digits"] or _DIGITS)
        match found["kind"]:
            case "f":
                return format_number(number, decimals=digits, plus=bool(found["plus"]))
            case "%":
                return format_percent(number, decimals=digits)
        return format_significant(number, digits=digits)


def _significant(size: float, digits: int) -> str:
    if size == 0:
        return "0"
    text = _exponential(size, digits - 1)
    mantissa, _e, exponent = text.partition("e")
    power = int(exponent.replace(MINUS, "-"))
    if _SMALLEST_POWER <= power < max(_PLAIN_POWERS, digits):
        return _trimmed(_fixed(size, max(0, digits - 1 - power)))
    return f"{_trimmed(mantissa)}e{exponent}"


def _fixed(size: float, places: int) -> str:
    """JavaScript's toFixed of what is not negative."""
    return f"{_rounded(Decimal(size), -places):f}"


def _exponential(size: float, places: int) -> str:
    """JavaScript's toExponential of what is not negative, with a true minus and no plus in the exponent."""
    exact = Decimal(size)
    power = exact.adjusted() if size else 0
    rounded = _rounded(exact, power - places)
    if size and rounded.adjusted() > power:  # 9.99 has become 10.0
        power += 1
        rounded = _rounded(exact, power - places)
    return f"{rounded.scaleb(-power):f}e{power}".replace("-", MINUS)


def _rounded(exact: Decimal, exponent: int) -> Decimal:
    return exact.quantize(Decimal(1).scaleb(exponent), ROUND_HALF_UP)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _not_finite(value: float, *, plus: bool) -> str:
    if math.isnan(value):
        return "nan"
    return f"{MINUS if value < 0 else '+' if plus else ''}inf"


def _sign(value: float, text: str, *, plus: bool) -> str:
    """The sign of ``value`` whose size is printed as ``text``."""
    if value < 0 and text.strip("0."):
        return MINUS
    return "+" if plus else ""
