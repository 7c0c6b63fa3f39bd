"""What a text asks for: worked by hand, and against looking at every pair of positions."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core import ConfigError, RunConfig, encode
from rnn_core.config import Task
from rnn_core.memory import accuracy_ceiling, context_need

Lines = tuple[str, ...]

texts = st.lists(st.text("ab.", max_size=9), max_size=5).map(tuple)
START = "^"


def positions(lines: Lines) -> list[tuple[str, str]]:
    """All that was read at each position, with the start of the line, and the token that comes next."""
    return [(START + line[: t + 1], line[t + 1]) for line in lines for t in range(len(line) - 1)]


def need_by_trying(lines: Lines) -> list[int | None]:
    """The definition, word by word: every k, every other position."""
    known = positions(lines)

    def decided(read: str, k: int) -> bool:
        return len({goes_on for other, goes_on in known if other[-k:] == read[-k:]}) == 1

    return [next((k for k in range(1, len(read) + 1) if decided(read, k)), None) for read, _ in known]


def ceiling_by_counting(lines: Lines, context: int) -> float:
    after: dict[str, Counter[str]] = defaultdict(Counter)
    for read, goes_on in positions(lines):
        after[read[-context:]][goes_on] += 1
    return sum(max(counts.values()) for counts in after.values()) / len(positions(lines))


@pytest.mark.parametrize(
    ("lines", "need"),
    [
        (("hello! world",), ((1, 1, 2, 2, 2, 1, 1, 1, 2, 1, 2),)),
        (("aaab",), ((2, 3, 3),)),  # ^a, ^aa, aaa
        (("ab", "ac"), ((None,), (None,))),
        (("xab", "yac"), ((1, 2), (1, 2))),
        (("ab", "ab"), ((1,), (1,))),
        (("a", "b"), ((), ())),
        (("a..a", "b..b"), ((1, 2, 3), (1, 2, 3))),
        ((), ()),
    ],
)
def test_context_need_is_what_one_finds_by_hand(lines: Lines, need: tuple[tuple[int | None, ...], ...]) -> None:
    assert context_need(lines) == need


def test_hello_world_has_8_of_11_with_one_token_and_all_with_two() -> None:
    assert accuracy_ceiling(["hello! world"], 1) == 8 / 11
    assert accuracy_ceiling(["hello! world"], 2) == 1


@given(texts)
def test_context_need_is_the_definition(lines: Lines) -> None:
    found = context_need(lines)
    assert [len(line) for line in found] == [max(0, len(line) - 1) for line in lines]
    assert [need for line in found for need in line] == need_by_trying(lines)


@given(texts.filter(positions), st.integers(1, 12))
def test_the_ceiling_is_the_most_frequent_continuation_of_each_context(lines: Lines, context: int) -> None:
    assert accuracy_ceiling(lines, context) == pytest.approx(ceiling_by_counting(lines, context), abs=1e-12)


@given(texts.filter(positions))
def test_more_context_is_never_worse_and_the_longest_need_is_enough(lines: Lines) -> None:
    ceilings = [accuracy_ceiling(lines, k) for k in range(1, 12)]
    assert ceilings == sorted(ceilings)
    needs = [need for line in context_need(lines) for need in line]
    if None not in needs:
        assert accuracy_ceiling(lines, max(need or 0 for need in needs)) == 1
    else:
        assert ceilings[-1] < 1


@given(texts, st.permutations(range(5)))
def test_the_order_of_the_lines_does_not_matter(lines: Lines, order: list[int]) -> None:
    order = [index for index in order if index < len(lines)]
    found = context_need(lines)
    assert context_need([lines[index] for index in order]) == tuple(found[index] for index in order)


def test_a_token_is_what_one_perceives_as_a_character() -> None:
    lines = encode(RunConfig("👩‍🚀🚀👩‍🚀🌍", task=Task.NEXT)).lines
    assert context_need(lines) == context_need(["👩‍🚀🚀👩‍🚀🌍"]) == ((2, 1, 2),)


def test_where_nothing_follows_no_predictor_misses_anything() -> None:
    assert accuracy_ceiling(["a", "b"], 1) == 1


@pytest.mark.parametrize("context", [0, -3])
def test_a_context_of_no_token_is_refused_in_a_sentence(context: int) -> None:
    with pytest.raises(ConfigError, match=f"context must be at least 1, got {context}"):
        accuracy_ceiling(["ab"], context)
