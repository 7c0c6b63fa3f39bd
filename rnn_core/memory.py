"""A text becomes how much memory it asks for: how many last tokens decide the next one, and what is possible with few.

What has been read at a position is written backwards, from the current token to the start of its line; sorted, those
that end alike are neighbours. All that is asked here is how long neighbours agree.

Source: prefix doubling, as suffix arrays are built (Manber and Myers, 1990).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, pairwise

import numpy as np
import numpy.typing as npt

from rnn_core.config import ConfigError
from rnn_core.text import split_tokens

IntArray = npt.NDArray[np.int64]

UNDECIDED = "∞"
"""What stands for a need that no context meets."""

_START, _BEFORE = 1, 0
"""The codes of the start of a line, which is one more token of context, and of what lies before it: nothing."""


def context_need(lines: Iterable[str | Sequence[str]]) -> tuple[tuple[int | None, ...], ...]:
    """For each position that has a next token: after how many of the most recent tokens it is certain.

    The smallest k ≥ 1 such that after the last k tokens, the current one included, the text goes on the same
    everywhere; the start of a line counts as one more token.

    Args:
        lines: the tokens of each line; a string is split into tokens first.
    Returns: for each line one entry fewer than it has tokens: 1…i + 2 at position i, or None where even all that was
        read since the start does not decide.
    """
    tokens = _tokens(lines)
    contexts = _sorted_contexts(tokens)
    need = np.empty(len(contexts.order), dtype=np.int64)
    need[contexts.order] = 1 + np.maximum(_rival(contexts), _rival(contexts.reversed())[::-1])
    found = [k if k <= length else None for k, length in zip(need.tolist(), contexts.length.tolist(), strict=True)]
    ends = list(accumulate((max(0, len(line) - 1) for line in tokens), initial=0))
    return tuple(tuple(found[start:end]) for start, end in pairwise(ends))


def accuracy_ceiling(lines: Iterable[str | Sequence[str]], context: int) -> float:
    """The best share of next tokens that any predictor can get right that sees the last ``context`` tokens.

    Args:
        lines: the tokens of each line; a string is split into tokens first.
        context: 1 or more; the start of a line counts as one token.
    Returns: in (0, 1], and no less for a larger ``context``; 1 where no position has a next token.
    Raises: ConfigError, such as "context must be at least 1, got 0".
    """
    if context < 1:
        raise ConfigError(f"context must be at least 1, got {context}")
    contexts = _sorted_contexts(_tokens(lines))
    if not len(contexts.order):
        return 1.0
    same = np.cumsum(contexts.shared < np.minimum(context, contexts.length[contexts.order]))
    pairs, count = np.unique(np.stack([same, contexts.follows]), axis=1, return_counts=True)
    best = np.zeros(same[-1] + 1, dtype=np.int64)
    np.maximum.at(best, pairs[0], count)
    return float(best.sum() / len(same))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contexts:
    """All that was read at each of P positions, in the order in which it sorts when it is written backwards.

    Attributes:
        order: (P,) the position at each place. length: (P,) of what was read at each position, its start included.
        follows: (P,) the id of the token that comes next, at each place.
        shared: (P,) how many last tokens are the same at a place and the one before it; 0 at the first.
    """

    order: IntArray
    length: IntArray
    follows: IntArray
    shared: IntArray

    def reversed(self) -> _Contexts:
        """The same from the last place to the first."""
        shared = np.append(0, self.shared[:0:-1])
        return _Contexts(order=self.order[::-1], length=self.length, follows=self.follows[::-1], shared=shared)


def _rival(contexts: _Contexts) -> IntArray:
    """At each place, how many last tokens are shared with the nearest place before it that goes on otherwise, or 0.

    None farther away shares more: what all places between two of them share, these two share as well.
    """
    rival, goes_on = [0], contexts.follows[1:] == contexts.follows[:-1]
    for same, shared in zip(goes_on.tolist(), contexts.shared[1:].tolist(), strict=True):
        rival.append(min(rival[-1], shared) if same else shared)
    return np.array(rival[: len(contexts.order)], dtype=np.int64)


@lru_cache(maxsize=8)
def _sorted_contexts(tokens: tuple[tuple[str, ...], ...]) -> _Contexts:
    """The contexts of all positions that have a next token."""
    id_of = {token: index for index, token in enumerate(dict.fromkeys(chain.from_iterable(tokens)), start=_START + 1)}
    codes = np.array([code for line in tokens for code in (_START, *(id_of[token] for token in line[:-1]))], np.int64)
    place = np.array([at for line in tokens for at in range(max(1, len(line)))], np.int64)
    follows = np.array([id_of[token] for line in tokens for token in line[1:]], np.int64)
    ranks = _doubled(codes, place)
    positions = np.flatnonzero(place)
    order = np.argsort(ranks[-1][positions], kind="stable")
    length = place[positions] + 1
    shared = np.zeros(len(order), dtype=np.int64)
    if len(order) > 1:
        agreed = _agreement(ranks, place, positions[order[:-1]], positions[order[1:]])
        shared[1:] = np.minimum(agreed, length[order[1:]])
    return _Contexts(order=order, length=length, follows=follows[order], shared=shared)


def _doubled(codes: IntArray, place: IntArray) -> list[IntArray]:
    """The ranks of the last 1, 2, 4, … codes at each index, until they tell all apart or reach every start.

    Each array has one more entry, of an index before any start: ``_BEFORE``.
    """
    ranks = [np.append(codes, _BEFORE)]
    span = 1
    while span <= place.max(initial=0):
        pairs = ranks[-1][:-1] * (len(codes) + _START + 2) + ranks[-1][_back(np.arange(len(codes)), place, span)]
        ranks.append(np.append(np.unique(pairs, return_inverse=True)[1] + 1, _BEFORE))
        span *= 2
    return ranks


def _back(index: IntArray, place: IntArray, steps: int) -> IntArray:
    """The index ``steps`` before each, in the same line, or −1 where the line does not reach so far back."""
    return np.where((index >= 0) & (place[index] >= steps), index - steps, -1)


def _agreement(ranks: Sequence[IntArray], place: IntArray, a: IntArray, b: IntArray) -> IntArray:
    """How many last codes are the same at the indices ``a`` and ``b``, pair by pair; more than all where all are."""
    shared = np.zeros(len(a), dtype=np.int64)
    for level in reversed(range(len(ranks))):
        equal = ranks[level][a] == ranks[level][b]
        shared += equal << level
        a, b = (np.where(equal, _back(index, place, 1 << level), index) for index in (a, b))
    return shared


def _tokens(lines: Iterable[str | Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(split_tokens(line) if isinstance(line, str) else tuple(line) for line in lines)
