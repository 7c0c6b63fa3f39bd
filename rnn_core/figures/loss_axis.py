"""The axis of a loss: it ends at a bound, so that it can be read where a training diverged."""

from __future__ import annotations

from typing import Any

from rnn_core.figures.bounded_axis import bounded_axis

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
    limit = limit_nats(logarithmic=logarithmic)
    return bounded_axis(limit) if logarithmic else bounded_axis(limit, room_below=ROOM_BELOW)
