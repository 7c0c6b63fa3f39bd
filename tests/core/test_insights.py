"""What the rules find, each on its case and not on its opposite, and what holds for all of them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from rnn_core import ConfigError, RunConfig, Trainer
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from rnn_core.insights import RULES, Insight, insights
from rnn_core.insights.experiment import EXPERIMENT_RULES

HELLO, BATCH = "hello! world", "hello\neolll\nlleel"
RELU: dict[str, Any] = {"nonlinearity": Nonlinearity.RELU}
SGD: dict[str, Any] = {"optimizer": Optimizer.SGD, "head": Head.LINEAR}


def _next(text: str = HELLO, **options: Any) -> RunConfig:
    usual: dict[str, Any] = {"task": Task.NEXT, "head": Head.LINEAR, "hidden_size": 16, "learning_rate": 0.03}
    return RunConfig(text, **usual | options)


BOTH_OF_TWO = RunConfig("abcd", task=Task.NEXT, bidirectional=True, hidden_size=2)
BOTH_OF_65 = RunConfig("".join(map(chr, range(0x4E00, 0x4E00 + 130))), task=Task.NEXT, bidirectional=True)
SHIP = (
    "if you want to build a ship, don't drum up people together to collect wood and don't assign them tasks and work, "
    "but rather teach them to long for the endless immensity of the sea."
)
FIRES: list[tuple[str, RunConfig, int, list[str]]] = [
    ("diverged", RunConfig(**SGD, **RELU, learning_rate=10.0), 30, ["`learning_rate` 10 is"]),
    ("diverged", RunConfig(**SGD, learning_rate=10.0), 40, ["at epoch 40;", "ln 9 = 2.197."]),
    ("risen", RunConfig(task=Task.NEXT), 560, ["lowest loss was 0.75", "at epoch 560", "`learning_rate` 0.1 is"]),
    ("risen", _next(SHIP, num_layers=2, hidden_size=25, learning_rate=0.1), 100, ["was 2.0", "epoch 100", "0.1 is"]),
    ("plateau", RunConfig(task=Task.NEXT, cell=Cell.GRU, seed=3), 400, ["last 100 epochs", "at epoch 400", "9 of 11"]),
    # 9·9 + 9·9 + 2·9 parameters; all units of the relu are off, so all tokens are equally likely.
    ("nothing_comes_back", RunConfig(**RELU, learning_rate=1.0), 100, ["2.1972", "180 parameters", "norm 0."]),
    ("nothing_comes_back", RunConfig(learning_rate=10.0), 40, ["180 parameters", "norm 0."]),
    ("stuck_at_ln_v", RunConfig(learning_rate=1e-6), 20, ["ln 9 = 2.1972", "last 20 epochs", "1e−6."]),
    ("stuck_at_ln_v", RunConfig(**SGD, learning_rate=1e-3), 30, ["ln 9 = 2.1972", "0.001."]),
    ("stuck_at_ln_v", _next("aabba", learning_rate=1e-6, seed=1), 20, ["among 2 tokens", "ln 2 = 0.6931"]),
    ("ceiling_of_one", _next(batch_first=False), 60, ["8 of 11 are right", "last 2 tokens", "11 of 11 are possible"]),
    ("ceiling_of_one", _next(batch_first=False), 60, ["only: “l” → “l”, “o”, “d”; “o” → “!”, “r”. "]),
    ("ceiling_of_one", _next("aabba", batch_first=False), 60, ["2 of 4", "“a” → “a”, “b”; “b” → “b”, “a”", "4 of 4"]),
    # 16·9 + 16·16 + 2·16 recurrent parameters, and 9·16 + 9 of the head.
    ("recital", _next(), 60, ["At epoch 60, 11 of 11", "585 parameters"]),
    ("recital", _next("abba"), 60, ["At epoch 60, 3 of 3"]),
    ("vocabulary_of_one", RunConfig("aaaa"), 2, ["token is “a”", "At epoch 2", "loss is 0 nats", "norm 0,"]),
    ("vocabulary_of_one", _next("bb\nbbb"), 0, ["token is “b”", "loss is 0 nats"]),
    ("vocabulary_of_one", RunConfig(" ", hidden_size=1), 0, ["token is “␣”"]),
    ("nothing_recurs", RunConfig(batch_first=False), 0, ["lines, 1.", "12 sequences of length 1:", "shape (9, 9),"]),
    ("nothing_recurs", _next(batch_first=False, cell=Cell.LSTM), 0, ["11 sequences of length 1:", "shape (64, 16),"]),
    ("recurs_down_lines", RunConfig(BATCH, batch_first=False), 0, ["the 3 lines", "a batch of 5, each of length 3"]),
    ("recurs_down_lines", RunConfig("ab\nc", batch_first=False), 0, ["After “a”, which", "reads “c”, which"]),
    ("sees_the_answer", _next(bidirectional=True), 0, ["comes to “h” and “e”", "at 10 of 11 steps"]),
    ("sees_the_answer", _next("ab\nxyz", bidirectional=True), 0, ["comes to “x” and “y”", "at 1 of 3 steps"]),
    ("sees_the_answer", BOTH_OF_TWO, 0, ["at 2 of 3 steps"]),
    ("prefix_does_not_decide", _next("hello\nhelp!"), 60, ["Line 1 and line 2", "with “hel”; then", "7 of 8 right"]),
    ("prefix_does_not_decide", _next("hello\nhelp!"), 60, ["goes on with “l”, the other with “p”."]),
    ("prefix_does_not_decide", _next("xaaab\nab\nac\nab"), 0, ["Line 2 and line 3", "more than 6 of 7 right"]),
    ("prefix_does_not_decide", _next("aab\naac", head=Head.NONE, hidden_size=3), 0, ["“aa”", "more than 3 of 4 right"]),
    ("loss_floor", RunConfig(), 60, ["with 9 tokens", "ln(1 + 8 · e⁻²) = 0.7337", "epoch 60"]),
    ("loss_floor", RunConfig("hello,!", bidirectional=True, cell=Cell.GRU, **RELU), 0, ["ln(1 + 5 · e⁻²) = 0.5168"]),
    ("copying_needs_no_memory", RunConfig(), 60, ["after “h”, “h”", "9 tokens gets 12 of 12", "has 12."]),
    ("copying_needs_no_memory", RunConfig("ab\nc"), 0, ["3 tokens gets 3 of 3"]),
    ("sizes_coincide", RunConfig(), 0, ["input_size = hidden_size = 9. ", "has to be", "9 tokens."]),
    ("sizes_coincide", RunConfig(head=Head.LINEAR), 0, ["input_size = hidden_size = 9. ", "torch says nothing"]),
    ("sizes_coincide", RunConfig(BATCH, hidden_size=3, head=Head.LINEAR), 0, ["batch_size = hidden_size = 3. "]),
    ("sizes_coincide", _next("abc\nbca", hidden_size=2), 0, ["batch_size = sequence_length = hidden_size = 2. "]),
    ("sizes_coincide", RunConfig("ab\ncd", bidirectional=True), 0, ["= hidden_size = 2. ", "torch says nothing"]),
    ("sizes_coincide", _next("abcd\nbcda\ncdab", hidden_size=4), 0, ["= 3; input_size = hidden_size = 4. "]),
]
SILENT: list[tuple[str, RunConfig, int]] = [
    ("diverged", RunConfig(**SGD, learning_rate=10.0), 0),
    ("diverged", RunConfig(), 60),
    ("risen", RunConfig(task=Task.NEXT), 400),
    ("risen", RunConfig(**SGD, learning_rate=10.0), 40),
    ("plateau", RunConfig(head=Head.LINEAR), 200),
    ("plateau", RunConfig(head=Head.LINEAR), 30),
    ("plateau", RunConfig(learning_rate=1e-6), 40),
    ("nothing_comes_back", RunConfig(**RELU), 20),
    ("nothing_comes_back", RunConfig("aaaa"), 1),
    ("stuck_at_ln_v", RunConfig(learning_rate=1e-6), 19),
    ("stuck_at_ln_v", RunConfig(**RELU, learning_rate=1.0), 100),
    # After “a” and after “b”, “a” and “b” are equally frequent: with one token known, a guess is the best there is.
    ("stuck_at_ln_v", _next("aabba", batch_first=False), 60),
    ("stuck_at_ln_v", _next("ab\naa"), 60),
    ("stuck_at_ln_v", RunConfig("aaaa"), 30),
    ("stuck_at_ln_v", RunConfig(**SGD, learning_rate=10.0), 40),
    ("ceiling_of_one", _next(batch_first=False), 19),
    ("ceiling_of_one", _next(), 60),
    ("ceiling_of_one", _next("ab\nac"), 60),
    ("ceiling_of_one", _next("abcd", batch_first=False), 60),
    ("recital", _next(), 0),
    ("recital", _next(batch_first=False), 60),
    ("recital", _next(bidirectional=True), 60),
    ("recital", _next("aaaa"), 5),
    ("vocabulary_of_one", RunConfig("aaab"), 0),
    ("nothing_recurs", RunConfig(), 0),
    ("nothing_recurs", RunConfig(BATCH, batch_first=False), 0),
    ("nothing_recurs", RunConfig("a", batch_first=False), 0),
    ("recurs_down_lines", RunConfig(BATCH), 0),
    ("recurs_down_lines", RunConfig(batch_first=False), 0),
    ("sees_the_answer", _next(), 0),
    ("sees_the_answer", RunConfig(head=Head.LINEAR, bidirectional=True), 0),
    ("sees_the_answer", _next(bidirectional=True, batch_first=False), 0),
    ("sees_the_answer", _next("ab\ncd", bidirectional=True), 0),
    ("prefix_does_not_decide", _next("hello\nyelp!"), 0),
    ("prefix_does_not_decide", _next("ab\nab\nabc"), 0),
    ("prefix_does_not_decide", _next("ab\nac", bidirectional=True), 0),
    ("prefix_does_not_decide", _next("ab\nac", batch_first=False), 0),
    ("loss_floor", RunConfig(head=Head.LINEAR), 0),
    ("loss_floor", RunConfig(**RELU), 0),
    ("loss_floor", RunConfig("aaaa"), 0),
    ("copying_needs_no_memory", RunConfig(task=Task.NEXT), 0),
    ("copying_needs_no_memory", RunConfig("aaaa"), 0),
    ("sizes_coincide", _next(), 0),
    ("sizes_coincide", RunConfig("a", head=Head.LINEAR, hidden_size=3), 0),
]


@cache
def _trained(config: RunConfig, epochs: int) -> Trainer:
    trainer = Trainer(config)
    trainer.run(epochs)
    return trainer


def _found(config: RunConfig, epochs: int) -> dict[str, Insight]:
    trainer = _trained(config, epochs)
    return {said.name: said for said in insights(config, trainer.encoding, trainer.history, trainer.now)}


# --- each rule -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "config", "epochs", "numbers"), FIRES)
def test_a_rule_speaks_on_its_case_and_states_its_numbers(
    name: str, config: RunConfig, epochs: int, numbers: list[str]
) -> None:
    said = _found(config, epochs)[name]
    assert [number for number in numbers if number not in said.sentence] == []
    assert said.epoch == epochs


@pytest.mark.parametrize(("name", "config", "epochs"), SILENT)
def test_a_rule_is_silent_on_the_opposite_of_its_case(name: str, config: RunConfig, epochs: int) -> None:
    assert name not in _found(config, epochs)


def test_every_rule_has_a_case_and_an_opposite() -> None:
    names = {rule.__name__ for rule in RULES}
    assert {name for name, *_ in FIRES} == {name for name, *_ in SILENT} == names
    assert len(RULES) == len(names)


@pytest.mark.parametrize(("name", "config", "epochs"), [case[:3] for case in FIRES])
def test_after_the_change_the_rule_is_silent(name: str, config: RunConfig, epochs: int) -> None:
    change = _found(config, epochs)[name].change
    changed = replace(config, **change)
    assert (changed != config) == bool(change)
    assert not change or name not in _found(changed, epochs)


@pytest.mark.parametrize(
    ("name", "config", "epochs", "change"),
    [
        ("diverged", RunConfig(**SGD, learning_rate=10.0), 40, {"learning_rate": 1.0}),
        ("sees_the_answer", _next(bidirectional=True), 0, {"bidirectional": False}),
        ("sees_the_answer", BOTH_OF_TWO, 0, {"bidirectional": False, "hidden_size": None}),
        ("sees_the_answer", BOTH_OF_65, 0, {"bidirectional": False, "hidden_size": 65, "head": "linear"}),
        ("stuck_at_ln_v", RunConfig(learning_rate=1e-6), 20, {"learning_rate": 0.03}),
        ("ceiling_of_one", _next(batch_first=False), 60, {"batch_first": True}),
        ("recital", _next(), 60, {"text": "hello! world\ndlrow !olleh"}),
        ("recital", _next("abba"), 60, {"text": "abba\nbbaa"}),
        ("prefix_does_not_decide", _next("ab\nac\nba\nab"), 0, {"text": "ab\nba\nab"}),
        ("loss_floor", RunConfig("hello,!", bidirectional=True), 0, {"head": "linear", "hidden_size": 3}),
        ("copying_needs_no_memory", RunConfig("ab\nc"), 0, {}),
        ("sizes_coincide", RunConfig(), 0, {}),
        ("sizes_coincide", RunConfig(BATCH, hidden_size=3, head=Head.LINEAR), 0, {"hidden_size": 6}),
        # 4 · 2 directions would be input_size, 8.
        (
            "sizes_coincide",
            _next("abcdefgh\nbcdefgha\ncdefghab", hidden_size=3, bidirectional=True),
            0,
            {"hidden_size": 5},
        ),
        ("sizes_coincide", _next("abc\nbca", hidden_size=3), 0, {}),
    ],
)
def test_the_change_is_the_smallest_that_will_do(
    name: str, config: RunConfig, epochs: int, change: dict[str, Any]
) -> None:
    assert _found(config, epochs)[name].change == change


# --- all of them -----------------------------------------------------------------------------------------------------


@st.composite
def _configs(draw: st.DrawFn) -> RunConfig:
    head, both = draw(st.sampled_from(Head)), draw(st.booleans())
    lines = draw(st.lists(st.text("ab{}<%s`́ \0👩\u200d🚀\u0600", min_size=1, max_size=7), min_size=1, max_size=3))
    options: dict[str, Any] = {
        "task": draw(st.sampled_from(Task)),
        "cell": draw(st.sampled_from(Cell)),
        "nonlinearity": draw(st.sampled_from(Nonlinearity)),
        "hidden_size": draw(st.none() | st.integers(1, 7)),
        "num_layers": draw(st.integers(1, 2)),
        "batch_first": draw(st.booleans()),
        "optimizer": draw(st.sampled_from(Optimizer)),
        "learning_rate": draw(st.floats(0, 10, exclude_min=True)),
        "clip_norm": draw(st.none() | st.floats(0, 5, exclude_min=True)),
    }
    try:
        return RunConfig("\n".join(lines), head=head, bidirectional=both, **options)
    except ConfigError:
        return reject()


@settings(max_examples=60)
@given(_configs(), st.integers(0, 3))
def test_every_insight_is_a_whole_sentence_with_a_change_that_can_be_made(config: RunConfig, epochs: int) -> None:
    trainer = Trainer(config)
    trainer.run(epochs)
    for said in insights(config, trainer.encoding, trainer.history, trainer.now):
        assert said.sentence.endswith(".")
        assert not set("*_<>[]#") & set(re.sub("`[^`]*`|{[^}]*}", "", said.words))
        changed = replace(config, **said.change)
        assert (changed != config) == bool(said.change)
        if said.change and said.name in {rule.__name__ for rule in EXPERIMENT_RULES}:
            fresh = Trainer(changed)
            assert said.name not in {other.name for other in insights(changed, fresh.encoding, [], fresh.now)}


HOSTILE = "{x}<b>%s`*_\\$\0\u202e"


@pytest.mark.parametrize("options", [{}, {"task": Task.NEXT}, {"batch_first": False}, {"bidirectional": True}])
def test_what_was_typed_is_in_values_only(options: dict[str, Any]) -> None:
    tokens = list(dict.fromkeys(HOSTILE))
    plain = {token: chr(0x4E00 + index) for index, token in enumerate(tokens)}
    text = f"{HOSTILE}\n{HOSTILE[::-1]}\n{HOSTILE[0]}{HOSTILE}"
    usual: dict[str, Any] = {"head": Head.LINEAR, "hidden_size": 3}
    hostile = RunConfig(text, **usual | options)
    harmless = RunConfig("".join(plain.get(token, token) for token in text), **usual | options)
    said = _found(hostile, 20)
    assert {name: one.words for name, one in said.items()} == {
        name: one.words for name, one in _found(harmless, 20).items()
    }
    assert all(one.sentence for one in said.values())


def test_a_token_is_quoted_as_one_can_see_it() -> None:
    said = _found(RunConfig("{x}\n \0", batch_first=False), 0)["recurs_down_lines"]
    assert "After “{”, " in said.sentence
    assert "reads “␣”, " in said.sentence
