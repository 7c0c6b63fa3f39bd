"""A link names a hidden value that exists, or a sentence says what of it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.cursor import CURSOR_KEYS, Cursor, cursor_rules, end_cursor, parse_cursor
from rnn_core.encoding import encode
from rnn_core.microscope import layer_of
from rnn_core.model import build_model
from rnn_core.trace import Direction, trace_forward

CONFIG = RunConfig(
    "abcde\nab\nabcabca", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=11, num_layers=3, bidirectional=True
)
WHOLE = {"b": "2", "layer": "1", "direction": "backward", "t": "6", "unit": "10"}


def test_a_link_names_every_part_of_a_cursor() -> None:
    cursor = Cursor(line=2, layer=1, direction=Direction.BACKWARD, step=6, unit=10)
    assert parse_cursor(WHOLE, CONFIG) == (cursor, {})


@pytest.mark.parametrize("config", [CONFIG, RunConfig()])
def test_a_link_that_names_nothing_means_the_first_value(config: RunConfig) -> None:
    assert parse_cursor({}, config) == (Cursor(), {})


@pytest.mark.parametrize(
    ("key", "raw", "sentence"),
    [
        ("t", "99999", "t must be 0…6, got '99999'"),
        ("t", "7", "t must be 0…6, got '7'"),
        ("t", "-1", "t must be 0…6, got '-1'"),
        ("t", "abc", "t must be 0…6, got 'abc'"),
        ("t", "", "t must be 0…6, got ''"),
        ("t", ["1", "2"], "t must be given once, got 2 values"),
        ("unit", "1e9", "unit must be 0…10, got '1e9'"),
        ("layer", "3", "layer must be 0…2, got '3'"),
        ("direction", "sideways", "direction must be one of forward, backward, got 'sideways'"),
        ("b", "44", "b must be 0…2, got '44'"),
    ],
)
def test_what_does_not_exist_is_named_and_the_rest_stands(key: str, raw: str | list[str], sentence: str) -> None:
    cursor, wrong = parse_cursor(WHOLE | {key: raw}, CONFIG)
    left = {name: value for name, value in WHOLE.items() if name != key}
    if key == "b":  # then it is the first line, whose last step is 4
        assert wrong == {key: sentence, "t": "t must be 0…4, got '6'"}
    else:
        assert wrong == {key: sentence}
        assert cursor == parse_cursor(left, CONFIG)[0]


def test_the_steps_are_those_of_the_line() -> None:
    assert parse_cursor({"b": "1", "t": "2"}, CONFIG)[1] == {"t": "t must be 0…1, got '2'"}
    assert parse_cursor({"b": "2", "t": "2"}, CONFIG)[1] == {}


def test_a_network_of_one_direction_has_no_other() -> None:
    assert parse_cursor({"direction": "backward"}, RunConfig())[1] == {
        "direction": "direction must be forward, got 'backward'"
    }
    assert parse_cursor({"direction": "forward"}, RunConfig())[1] == {}


def test_the_next_task_reads_one_step_less() -> None:
    config = RunConfig("abc", task=Task.NEXT, head=Head.LINEAR)
    assert parse_cursor({"t": "2"}, config)[1] == {"t": "t must be 0…1, got '2'"}


@given(st.dictionaries(st.sampled_from(CURSOR_KEYS), st.text() | st.lists(st.text()) | st.integers(-3, 12).map(str)))
def test_whatever_a_link_says_the_cursor_exists(query: dict[str, object]) -> None:
    cursor, wrong = parse_cursor(query, CONFIG)
    rules = cursor_rules(CONFIG, line=cursor.line)
    parts = (cursor.line, cursor.layer, cursor.direction, cursor.step, cursor.unit)
    for key, value in zip(CURSOR_KEYS, parts, strict=True):
        assert rules[key].check(value) == value
    assert cursor.step < encode(CONFIG).length_B[cursor.line]
    assert set(wrong) <= set(query)
    assert all(sentence.startswith(f"{key} must be ") for key, sentence in wrong.items())


@pytest.mark.parametrize("batch_first", [True, False], ids=["batch first", "time first"])
def test_a_number_of_h_n_is_the_hidden_value_where_its_row_ended(batch_first: bool) -> None:
    text = CONFIG.text if batch_first else "abcde\nabaca\nabcab"
    config = RunConfig(text, head=Head.LINEAR, hidden_size=3, num_layers=2, bidirectional=True, batch_first=batch_first)
    encoding = encode(config)
    trace = trace_forward(build_model(config), encoding)
    rows, columns, units = trace.h_n.shape
    for row in range(rows):
        for column in range(columns):
            end = end_cursor(config, encoding, row, column, units - 1)
            here = layer_of(trace, end.layer, end.direction)
            assert here.h_BTH[end.line, end.step, end.unit] == trace.h_n[row, column, end.unit]
