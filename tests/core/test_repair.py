"""Whatever is wrong with a config is one problem at one field, and each repair that is offered ends it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rnn_core.config import RULES, Cell, ConfigError, Head, RunConfig, Task
from rnn_core.repair import MAX_REPAIRS, find_problem, find_problems, nearest
from rnn_core.rules import Real, Whole

NUMBERS = [name for name, rule in RULES.items() if isinstance(rule, (Whole, Real))]
LETTERS = "".join(map(chr, range(0x4E00, 0x4E00 + 200)))

CONFLICTS: dict[str, tuple[dict[str, Any], str, list[dict[str, Any]]]] = {
    "a hidden_size that is not the vocabulary": (
        {"hidden_size": 5},
        "hidden_size",
        [{"head": Head.LINEAR}, {"hidden_size": None}],
    ),
    "two directions of an odd vocabulary": (
        {"bidirectional": True},
        "bidirectional",
        [{"head": Head.LINEAR}, {"bidirectional": False}],
    ),
    "two directions and a hidden_size that cannot fit": (
        {"bidirectional": True, "hidden_size": 9},
        "hidden_size",
        [{"head": Head.LINEAR}, {"bidirectional": False}],
    ),
    "one token with task next": ({"text": "x", "task": Task.NEXT}, "text", [{"task": Task.COPY}]),
    "more distinct tokens than units": (
        {"text": LETTERS},
        "hidden_size",
        [{"head": Head.LINEAR, "hidden_size": 128}],
    ),
    "no text": ({"text": ""}, "text", []),
}
"""Values of fields that each keep their rule but not together: the field they are shown at, and the repairs."""

values = st.fixed_dictionaries(
    {},
    optional={
        "text": st.sampled_from(["", "x", "hello", "hello! world", "ab\nc", LETTERS, "ab" * 300]),
        "task": st.sampled_from(Task),
        "cell": st.sampled_from(Cell),
        "head": st.sampled_from(Head),
        "hidden_size": st.none() | st.integers(-3, 140) | st.floats(),
        "num_layers": st.integers(-3, 99),
        "bidirectional": st.booleans(),
        "learning_rate": st.floats() | st.integers(-2, 99),
        "clip_norm": st.none() | st.floats(),
        "seed": st.integers(),
    },
)


@given(values=values)
def test_there_is_no_problem_exactly_where_there_is_a_config(values: dict[str, Any]) -> None:
    sentences = [problem.sentence for problem in find_problems(values)]
    if sentences:
        with pytest.raises(ConfigError) as caught:
            RunConfig(**values)
        assert str(caught.value) in sentences
    else:
        RunConfig(**values)


@given(values=values)
def test_every_repair_ends_its_problem_and_leaves_no_other_of_its_kind(values: dict[str, Any]) -> None:
    problems = find_problems(values)
    assume(problems)
    for problem in problems:
        assert len(problem.repairs) <= MAX_REPAIRS
        others = [other.sentence for other in problems if other is not problem]
        for repair in problem.repairs:
            left = [other.sentence for other in find_problems({**values, **repair})]
            assert problem.sentence not in left
            assert left == others or others == []
            assert left == [] or set(repair) & set(NUMBERS)


@pytest.mark.parametrize(("change", "field", "repairs"), CONFLICTS.values(), ids=CONFLICTS.keys())
def test_fields_that_do_not_fit_each_other_are_one_problem_with_repairs(
    change: dict[str, Any], field: str, repairs: list[dict[str, Any]]
) -> None:
    (problem,) = find_problems(asdict(RunConfig()) | change)
    with pytest.raises(ConfigError) as caught:
        RunConfig(**change)
    assert (problem.field, problem.sentence) == (field, str(caught.value))
    assert list(problem.repairs) == repairs


@pytest.mark.parametrize(
    ("name", "value", "repaired"),
    [
        ("num_layers", 99, 4),
        ("num_layers", 0, 1),
        ("num_layers", 1.5, 2),
        ("hidden_size", 500, 128),
        ("hidden_size", -7, 1),
        ("seed", 2**32, 2**32 - 1),
        ("seed", -1, 0),
        ("learning_rate", 50.0, 10.0),
        ("learning_rate", math.inf, 10.0),
        ("learning_rate", 0.0, 0.1),
        ("learning_rate", -3.0, 0.1),
        ("learning_rate", math.nan, 0.1),
        ("learning_rate", None, 0.1),
        ("clip_norm", 0.0, None),
        ("clip_norm", -1.0, None),
    ],
)
def test_the_repair_of_a_number_is_the_nearest_one_that_keeps_the_rule(name: str, value: object, repaired: Any) -> None:
    (problem,) = find_problems({name: value})
    assert problem.field == name
    assert problem.sentence.startswith(f"{name} must be {RULES[name]}, got ")
    assert problem.repairs == ({name: repaired},)


@given(low=st.integers(-9, 9), width=st.integers(0, 9), value=st.integers() | st.floats(allow_nan=False))
def test_the_nearest_whole_number_is_in_range_and_none_is_nearer(low: int, width: int, value: float) -> None:
    found = nearest(Whole(low, low + width), value, default=None)
    assert found in range(low, low + width + 1)
    assert abs(found - value) == min(abs(other - value) for other in range(low, low + width + 1))


def test_a_value_that_keeps_its_rule_is_no_problem() -> None:
    assert find_problem("seeds", Whole(1, 20), 20, default=5) is None
