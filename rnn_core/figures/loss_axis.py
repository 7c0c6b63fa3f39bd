"""The axis of a loss: it ends at a bound, so that it can be read where a training diverged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_core.figures.theme import Theme
from rnn_core.numbers import format_significant

LIMIT_NATS = 50.0
"""Where a linear axis ends at most; a blind guess among 256 tokens costs 5.5 nats."""

LIMIT_LOG_NATS = 1e4
"""Where a logarithmic axis ends at most."""

ROOM_BELOW = 0.04
"""The room below 0 at most, as a share of ``LIMIT_NATS``."""


def limit_nats(*, logarithmic: bool) -> float:
    """Return the largest loss that an axis shows, in nats."""
    return LIMIT_LOG_NATS if logarithmic else LIMIT_NATS


def loss_axis(*, logarithmic: bool = False) -> dict[str, Any]:
    """Return the range of an axis of losses: it follows them, from 0 on if linear, up to ``limit_nats``."""
    limit = {"clipmax": limit_nats(logarithmic=logarithmic)}
    if logarithmic:
        return {"type": "log", "autorange": True, "nticks": 5, "autorangeoptions": limit}
    # Plotly's room below the lowest value grows with the largest one, also where that is above the axis.
    low = {"clipmin": -ROOM_BELOW * LIMIT_NATS}
    return {"autorange": True, "autorangeoptions": limit | low | {"include": [0]}}


def beyond_the_axis(
    theme: Theme, *losses: npt.NDArray[np.floating[Any]], logarithmic: bool = False
) -> list[dict[str, Any]]:
    """Return the annotation at the axis' end that states which losses are above it; [] where none is."""
    limit = limit_nats(logarithmic=logarithmic)
    largest = max((float(loss_E[np.isfinite(loss_E)].max(initial=0.0)) for loss_E in losses), default=0.0)
    if largest <= limit:
        return []
    words = f"▲ above this axis: losses over {format_significant(limit)}, up to {format_significant(largest, digits=3)}"
    place = {"x": 1, "xref": "paper", "xanchor": "right", "y": 1, "yref": "paper", "yanchor": "top"}
    font = {"color": theme.ink, "size": 13}
    return [place | {"text": words, "showarrow": False, "bgcolor": theme.page, "font": font}]
