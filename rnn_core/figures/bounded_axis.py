"""An axis that follows its values up to a bound, so that it can be read where numbers run away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_core.figures.theme import Theme

LOG_TICKS = 3
"""About how many ticks a logarithmic axis has: with more, Plotly labels also 2, 3, … 9, which then overlap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Above:
    """What lies above the end of an axis: ``count`` of ``total`` finite values, up to ``largest``.

    Attributes:
        limit: where the axis ends at most.
    """

    count: int
    total: int
    limit: float
    largest: float


def find_above(limit: float, *values: npt.NDArray[np.floating[Any]]) -> Above | None:
    """Return what of ``values`` lies above ``limit``, or None where nothing does; what is not finite is left out."""
    finite = [array[np.isfinite(array)] for array in values]
    count = sum(int(np.count_nonzero(array > limit)) for array in finite)
    if not count:
        return None
    largest = max(float(array.max(initial=0.0)) for array in finite)
    return Above(count=count, total=sum(array.size for array in finite), limit=limit, largest=largest)


def bounded_axis(limit: float, *, room_below: float | None = None) -> dict[str, Any]:
    """Return the range of an axis that follows its values up to ``limit``.

    Args:
        room_below: None for a logarithmic axis. A linear one begins at 0, and has so much room below 0 at most, as a
            share of ``limit``: Plotly's own grows with the largest value, also where that is above the axis.
    """
    if room_below is None:
        range_ = {"autorange": True, "autorangeoptions": {"clipmax": limit}}
        return {"type": "log", "nticks": LOG_TICKS} | range_
    return {"autorange": True, "autorangeoptions": {"clipmax": limit, "clipmin": -room_below * limit, "include": [0]}}


def note_above(words: str, theme: Theme) -> list[dict[str, Any]]:
    """Return the annotation at the axis' end that states in ``words`` what is above it; [] where nothing is."""
    if not words:
        return []
    place = {"x": 1, "xref": "paper", "y": 1, "yref": "paper"}  # Plotly anchors it at the corner
    return [place | {"text": words, "showarrow": False, "bgcolor": theme.page, "font": {"size": 13}}]
