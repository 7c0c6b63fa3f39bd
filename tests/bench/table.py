"""One table of what was measured, with the target beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number.

    Attributes:
        measure: what was measured.
        value: the number, with its unit in ``measure``.
        target: what it is to be, or None where it is only reported.
        at_most: whether the target is a ceiling (else it is a floor).
    """

    measure: str
    value: float
    target: float | None = None
    at_most: bool = True

    @property
    def met(self) -> bool:
        """Whether the target is reached; a number without a target always is."""
        if self.target is None:
            return True
        return self.value <= self.target if self.at_most else self.value >= self.target


def said(figure: Figure) -> str:
    """One figure as a line of its own."""
    return f"{figure.measure}: {figure.value:.4g}"


def print_table(figures: Iterable[Figure]) -> None:
    """Prints measure, value, target and whether it was met, a line each."""
    rows = [("measure", "value", "target", "")]
    for figure in figures:
        sign = "≤" if figure.at_most else "≥"
        target = "" if figure.target is None else f"{sign} {figure.target:g}"
        rows.append((figure.measure, f"{figure.value:.4g}", target, "" if figure.met else "MISSED"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for measure, value, target, verdict in rows:
        print(f"{measure:<{widths[0]}}  {value:>{widths[1]}}  {target:>{widths[2]}}  {verdict}".rstrip())
