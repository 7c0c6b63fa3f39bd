"""Whether what a text asks for is known at once, also of the largest text, and grows nearly as the text does."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rnn_core.memory import _sorted_contexts, context_need
from tests.bench.table import Figure

SHORT, LONG = 1_024, 4_096
ROUNDS = 5


def seconds(tokens: int) -> float:
    """The least time of a few for lines that agree as long as they can: the hardest text of so many tokens."""
    lines = ["a" * 511 + end for end in "bcdefghi"[: tokens // 512]]
    times = []
    for _round in range(ROUNDS):
        _sorted_contexts.cache_clear()
        start = time.perf_counter()
        context_need(lines)
        times.append(time.perf_counter() - start)
    return min(times)


def figures() -> Iterator[Figure]:
    """The time of the largest text, and its ratio to a quarter of it."""
    short, long = seconds(SHORT), seconds(LONG)
    yield Figure(measure=f"context need of {LONG:,} tokens: ms", value=long * 1e3, target=100)
    yield Figure(measure=f"{LONG:,} tokens / {SHORT:,} tokens", value=long / short, target=2 * LONG / SHORT)
