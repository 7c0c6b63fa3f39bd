"""Configurations for the tests of what the pages state: every pair of values of two factors is in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig, Task

TEXTS = {
    "one line": "hello! world",
    "one token": "aaa",
    "no token twice": "abcdefg",
    "equal lines": "abca\nbcab",
    "unequal lines": "hello\nno\nhe",
    "lines that begin alike": "abc\nabd",
    "Korean": "안녕하세요 안녕",
}

DIVERGED = "diverged"
EPOCHS = (0, 30, DIVERGED)
"""How far the network is trained; DIVERGED has the learning rate RATE and so many epochs."""

DIVERGED_RATE, DIVERGED_EPOCHS = 10.0, 12

FACTORS: Mapping[str, Sequence[Any]] = {
    "cell": tuple(Cell),
    "task": tuple(Task),
    "head": tuple(Head),
    "batch_first": (True, False),
    "num_layers": (1, 2),
    "bidirectional": (False, True),
    "nonlinearity": tuple(Nonlinearity),
    "text": tuple(TEXTS),
    "epoch": EPOCHS,
}


def pairwise_cases(factors: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return cases such that every pair of values of two factors is in at least one of them.

    Greedy: each case begins with a pair that is in none so far; the other factors, one by one, take the value that adds
    most such pairs.
    """
    left = {((a, x), (b, y)) for a, b in combinations(factors, 2) for x in factors[a] for y in factors[b]}
    order = sorted(left, key=str)
    cases = []
    while left:
        case = dict(next(pair for pair in order if pair in left))
        for name in factors:
            if name not in case:
                gains = {value: len(_pairs(case | {name: value}) & left) for value in factors[name]}
                case[name] = max(gains, key=lambda value: gains[value])
        case = {name: case[name] for name in factors}
        left -= _pairs(case)
        cases.append(case)
    return cases


def _pairs(case: Mapping[str, Any]) -> set[tuple[tuple[str, Any], tuple[str, Any]]]:
    """Return the pairs of values in a case, in the order of FACTORS."""
    return {((a, case[a]), (b, case[b])) for a, b in combinations([name for name in FACTORS if name in case], 2)}


def query_of(case: Mapping[str, Any]) -> dict[str, str]:
    """Return the link of a case: its config, and its epoch."""
    config = config_of(case)
    epoch = DIVERGED_EPOCHS if case["epoch"] == DIVERGED else case["epoch"]
    return config.to_query() | ({"epoch": str(epoch)} if epoch else {})


def config_of(case: Mapping[str, Any]) -> RunConfig:
    """Return the config of a case; without an output layer its hidden size is what the vocabulary needs."""
    fields = {name: value for name, value in case.items() if name not in ("epoch", "text")}
    text = TEXTS[case["text"]]
    if fields["head"] is Head.NONE and fields["bidirectional"]:
        letters = len(RunConfig(text, head=Head.LINEAR).vocabulary)
        text = text if letters % 2 == 0 else "\n".join(f"{line}?" for line in text.split("\n"))
    rate = DIVERGED_RATE if case["epoch"] == DIVERGED else 0.1
    hidden_size = 5 if fields["head"] is Head.LINEAR else None
    return RunConfig(text, **fields, hidden_size=hidden_size, learning_rate=rate)


CONVERGED = {name: values[0] for name, values in FACTORS.items()} | {
    "task": Task.NEXT,
    "head": Head.LINEAR,
    "text": "lines that begin alike",
    "epoch": 200,
}
"""A network that is trained until its loss is at the lower bound that the text sets."""

CASES = [*pairwise_cases(FACTORS), CONVERGED]
