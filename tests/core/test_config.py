"""A RunConfig holds one experiment that can be run, or does not exist: its limits, its sentences, its two spellings."""

from __future__ import annotations

import json
import math
import re
import string
import unicodedata
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, fields
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnn_core.config import (
    Cell,
    ConfigError,
    Head,
    Nonlinearity,
    Optimizer,
    RunConfig,
    Task,
)
from rnn_core.encoding import encode

RULES = {
    "text": "a string of at most 16384 code points",
    "task": "one of copy, next",
    "cell": "one of rnn, gru, lstm",
    "nonlinearity": "one of tanh, relu",
    "hidden_size": "1…128",
    "num_layers": "1…4",
    "bidirectional": "true or false",
    "head": "one of none, linear",
    "batch_first": "true or false",
    "optimizer": "one of adam, sgd, rmsprop",
    "learning_rate": "a finite number above 0 and at most 10",
    "clip_norm": "a finite number above 0",
    "seed": "0…4294967295",
}
REFUSED: dict[str, list[Any]] = {
    "text": [None, 3, b"hello", ["hello"]],
    "task": ["paste", "", None, 0, ["copy"]],
    "cell": ["elman", "RNN", None, 1],
    "nonlinearity": ["sigmoid", None, 1.0],
    "hidden_size": [0, 129, -1, 2.0, math.nan, "2", True, [2]],
    "num_layers": [0, 5, 1.0, "1", None, True],
    "bidirectional": [1, 0, "true", None],
    "head": ["softmax", None, False],
    "batch_first": [1, 0, "false", None],
    "optimizer": ["adamw", None, 3],
    "learning_rate": [0, -0.1, math.nextafter(10, 11), math.nan, math.inf, "0.1", b"0.1", None, True, 1j],
    "clip_norm": [0, -1.0, math.nan, math.inf, "1", b"1", True],
    "seed": [-1, 2**32, 1.0, "0", None, False],
}
ACCEPTED: dict[str, list[Any]] = {
    "hidden_size": [1, 128],
    "num_layers": [1, 4],
    "learning_rate": [5e-324, 10, 10.0],
    "clip_norm": [None, 5e-324, 1e308],
    "seed": [0, 2**32 - 1],
}
REFUSED_IN_A_LINK = {
    "task": ["paste", "Task.COPY", ""],
    "cell": ["GRU"],
    "nonlinearity": ["sigmoid"],
    "hidden_size": ["0", "129", "2.0", "1e1", "1_0", "٣", "None", "nan", "9" * 21],
    "num_layers": ["", "0", "5"],
    "bidirectional": ["", "1", "yes"],
    "head": ["softmax"],
    "batch_first": ["0"],
    "optimizer": ["adamw"],
    "learning_rate": ["", "0", "-1", "1_0", "nan", "inf", "10.1", "0,1"],
    "clip_norm": ["0", "inf", "nan", "none"],
    "seed": ["", "-1", "4294967296", "1.0", "0x1"],
}
# What joins, ends a line, cannot stand alone, or is not a character at all: where a text is most likely to go wrong.
TRICKY = "e\u0301\u0316\u1112\u1161\u11ab👩\u200d🚀🇰🇷\u202e\0\r\n\u2028 \ud83d\ude80\udfff"
any_text = st.text(st.one_of(st.sampled_from(TRICKY), st.characters()))
anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), any_text, st.lists(st.integers())
)


def _pairs(table: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(field, value) for field, values in table.items() for value in values]


def _letters(count: int) -> str:
    """``count`` distinct letters that neither compose nor join."""
    return "".join(map(chr, range(0x4E00, 0x4E00 + count)))


def _accepted(build: Callable[..., RunConfig], *args: Any, **options: Any) -> RunConfig | None:
    """The config, or None where it was refused with a ConfigError; any other exception is passed on."""
    try:
        return build(*args, **options)
    except ConfigError:
        return None


@st.composite
def _valid_configs(draw: st.DrawFn) -> RunConfig:
    head = draw(st.sampled_from(Head))
    bidirectional = draw(st.booleans()) if head is Head.LINEAR else False
    lines = draw(st.lists(st.text("héllo!한🚀 \0&=+%", min_size=2, max_size=7), min_size=1, max_size=3))
    return RunConfig(
        "\n".join(lines),
        task=draw(st.sampled_from(Task)),
        cell=draw(st.sampled_from(Cell)),
        nonlinearity=draw(st.sampled_from(Nonlinearity)),
        hidden_size=draw(st.none() | st.integers(1, 128)) if head is Head.LINEAR else None,
        num_layers=draw(st.integers(1, 4)),
        bidirectional=bidirectional,
        head=head,
        batch_first=draw(st.booleans()),
        optimizer=draw(st.sampled_from(Optimizer)),
        learning_rate=draw(st.floats(0, 10, exclude_min=True)),
        clip_norm=draw(st.none() | st.floats(0, exclude_min=True, allow_infinity=False)),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


def test_every_field_has_a_refused_value() -> None:
    assert REFUSED.keys() == RULES.keys() == {field.name for field in fields(RunConfig)}


@pytest.mark.parametrize(("field", "value"), _pairs(REFUSED))
def test_a_refused_value_is_named_with_field_and_rule(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        RunConfig(**{"head": "linear", field: value})
    assert str(refused.value) == f"{field} must be {RULES[field]}, got {value!r}"


@pytest.mark.parametrize(("field", "value"), _pairs(REFUSED_IN_A_LINK))
def test_a_refused_value_of_a_link_is_named_with_field_and_rule(field: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        RunConfig.from_query({"head": "linear", field: value})
    assert str(refused.value) == f"{field} must be {RULES[field]}, got {value!r}"


def test_the_message_is_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"^hidden_size must be 1…128, got 0$"):
        RunConfig("hello", hidden_size=0)


@pytest.mark.parametrize(("field", "value"), _pairs(ACCEPTED))
def test_the_last_value_within_a_limit_is_accepted(field: str, value: Any) -> None:
    assert getattr(RunConfig(**{"head": "linear", field: value}), field) == value


@pytest.mark.parametrize("field", ["hidden_size", "learning_rate", "seed"])
def test_a_number_too_long_to_print_is_a_config_error(field: str) -> None:
    with pytest.raises(ConfigError, match=f"^{field} must be "):
        RunConfig(**dict[str, Any]({field: 10**5_000}))


def test_numbers_of_numpy_become_pythons_own() -> None:
    given_values: dict[str, Any] = {"head": "linear", "hidden_size": np.int64(3), "learning_rate": np.float64(0.5)}
    config = RunConfig(**given_values)
    assert (type(config.hidden_size), type(config.learning_rate)) == (int, float)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(["ab"] * 16),
        "ab" * 256,
        "\n".join(["ab" * 128] * 16),
        _letters(256),
        "x" + "\u0301" * 16_383,
    ],
    ids=["16 lines", "512 tokens a line", "4096 tokens", "256 distinct tokens", "16384 code points"],
)
def test_the_largest_text_within_a_limit_is_accepted(text: str) -> None:
    assert RunConfig(text, head=Head.LINEAR, hidden_size=3).text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\n".join(["ab"] * 17), "text must have at most 16 lines, got 17"),
        ("a" * 513, "line 1 must have at most 512 tokens, got 513"),
        ("a" * 10_000, "line 1 must have at most 512 tokens, got 10000"),
        ("\n".join(["a" * 256] * 15 + ["a" * 257]), "text must have at most 4096 tokens, got 4097"),
        (_letters(257), "text must have at most 256 distinct tokens, got 257"),
        (_letters(300), "text must have at most 256 distinct tokens, got 300"),
        ("x" + "\u0301" * 16_384, "text must be a string of at most 16384 code points, got 16385 code points"),
        ("", "text must have at least 1 token, got none"),
        ("\n\r\n\n", "text must have at least 1 token, got none"),
        ("ab\ud800c", "text must be valid Unicode, got a lone surrogate U+D800 at 2"),
        ("\udfff", "text must be valid Unicode, got a lone surrogate U+DFFF at 0"),
    ],
    ids=[
        "17 lines",
        "513 tokens a line",
        "10000 characters",
        "4097 tokens",
        "257 distinct",
        "300 distinct",
        "16385 code points",
        "nothing",
        "blank lines",
        "high surrogate",
        "low surrogate",
    ],
)
def test_a_text_beyond_a_limit_is_refused_in_a_sentence(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        RunConfig(text, head=Head.LINEAR, hidden_size=3)
    assert str(refused.value) == message


def test_the_next_character_of_a_single_token_does_not_exist() -> None:
    assert RunConfig("ab\nc", task=Task.COPY).task is Task.COPY
    with pytest.raises(ConfigError, match=r'^line 2 must have at least 2 tokens for task "next", got 1$'):
        RunConfig("ab\nc", task=Task.NEXT)


@pytest.mark.parametrize(
    "text", ["a\0b", "\x01\x1b\x7f\t", "\u0301\u0316", "שלום עולם", "\u202eabc", "👩\u200d🚀\u200d"], ids=ascii
)
def test_any_valid_unicode_is_accepted(text: str) -> None:
    encoding = encode(RunConfig(text, head=Head.LINEAR))
    assert encoding.vocabulary.decode(encoding.ids_BT[0]) == unicodedata.normalize("NFC", text)


@given(text=any_text, head=st.sampled_from(Head), task=st.sampled_from(Task), bidirectional=st.booleans())
@example(text="\ud83d\ude80", head=Head.LINEAR, task=Task.COPY, bidirectional=False)
def test_any_text_is_encoded_and_decoded_or_refused(text: str, head: Head, task: Task, bidirectional: bool) -> None:
    config = _accepted(RunConfig, text, head=head, task=task, bidirectional=bidirectional)
    if config is None:
        return
    encoding = encode(config)
    said = [encoding.vocabulary.decode(row) for row in encoding.ids_BT]
    typed = [unicodedata.normalize("NFC", line) for line in re.split(r"\r\n|\r|\n", text) if line]
    assert ["".join(line) for line in encoding.lines] == typed
    assert said == ["".join(line[:-1] if task is Task.NEXT else line) for line in encoding.lines]


@given(text=st.text(st.one_of(st.sampled_from(TRICKY), st.characters()), max_size=100))
def test_only_surrogates_sizes_and_blanks_are_refused(text: str) -> None:
    refused = _accepted(RunConfig, text, head=Head.LINEAR) is None
    lines = [line for line in re.split(r"\r\n|\r|\n", text) if line]
    assert refused is (not 1 <= len(lines) <= 16 or any(unicodedata.category(character) == "Cs" for character in text))


@given(field=st.sampled_from(sorted(RULES)), value=anything)
def test_any_value_is_kept_or_refused(field: str, value: Any) -> None:
    config = _accepted(RunConfig, **{field: value})
    assert config is None or getattr(config, field) == value


@given(field=st.sampled_from(sorted(RULES)), value=anything | st.from_regex(r"[0-9.e+-]{1,9}"))
def test_any_value_of_a_link_is_kept_or_refused(field: str, value: Any) -> None:
    config = _accepted(RunConfig.from_query, {field: value})
    assert config is None or RunConfig.from_query(config.to_query()) == config


@given(document=any_text | st.recursive(st.none() | st.floats() | any_text, st.lists).map(json.dumps))
def test_any_document_without_fields_is_refused(document: str) -> None:
    assert _accepted(RunConfig.from_json, document) is None


@given(config=_valid_configs())
def test_from_query_gives_the_config_of_to_query_back(config: RunConfig) -> None:
    assert RunConfig.from_query(config.to_query()) == config


@given(config=_valid_configs())
def test_a_config_survives_the_address_of_a_page(config: RunConfig) -> None:
    assert RunConfig.from_query(parse_qs(urlencode(config.to_query()), keep_blank_values=True)) == config


@given(config=_valid_configs())
def test_to_query_holds_exactly_what_differs_from_the_default(config: RunConfig) -> None:
    default, values = asdict(RunConfig()), asdict(config)
    assert config.to_query().keys() == {name for name, value in values.items() if value != default[name]}


@given(config=_valid_configs())
def test_from_json_gives_the_config_of_to_json_back(config: RunConfig) -> None:
    assert json.loads(config.to_json()).keys() == RULES.keys()
    assert RunConfig.from_json(config.to_json()) == config


def test_the_default_config_needs_no_query() -> None:
    assert RunConfig().to_query() == {}
    assert RunConfig.from_query({}) == RunConfig()


def test_a_query_is_spelled_as_a_person_would() -> None:
    config = RunConfig("ab", cell=Cell.GRU, batch_first=False, head=Head.LINEAR, hidden_size=3, clip_norm=0.5)
    assert config.to_query() == {
        "text": "ab",
        "cell": "gru",
        "hidden_size": "3",
        "head": "linear",
        "batch_first": "false",
        "clip_norm": "0.5",
    }


def test_an_empty_value_of_a_link_is_none_where_none_is_allowed() -> None:
    assert RunConfig.from_query({"hidden_size": "", "clip_norm": ""}) == RunConfig()


def test_an_unknown_key_is_named() -> None:
    known = ", ".join(RULES)
    with pytest.raises(ConfigError) as refused:
        RunConfig.from_query({"hiden_size": "3"})
    assert str(refused.value) == f"key must be one of {known}, got 'hiden_size'"


def test_a_repeated_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^seed must be given once, got 2 values$"):
        RunConfig.from_query({"seed": ["1", "2"]})


@pytest.mark.parametrize("value", [1, 1.0, True, None, b"1"])
def test_a_link_holds_strings_only(value: object) -> None:
    with pytest.raises(ConfigError, match=rf"^seed must be 0…4294967295, got {re.escape(repr(value))}$"):
        RunConfig.from_query({"seed": value})


@pytest.mark.parametrize(
    "document",
    ["", "{", "null", "[]", '"hello"', "1" * 5_000, "[" * 100_000, '{"a":' * 100_000],
    ids=["empty", "cut", "null", "list", "string", "long number", "deep list", "deep object"],
)
def test_a_document_that_is_no_json_object_is_refused(document: str) -> None:
    with pytest.raises(ConfigError, match=r"^document must be a JSON object, got "):
        RunConfig.from_json(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"hiden_size": 3}', "key must be one of "),
        ('{"hidden_size": "3"}', "hidden_size must be 1…128, got '3'"),
        ('{"seed": [1, 2]}', "seed must be 0…4294967295, got [1, 2]"),
        ('{"learning_rate": NaN}', "learning_rate must be a finite number above 0 and at most 10, got nan"),
        ('{"num_layers": 5}', "num_layers must be 1…4, got 5"),
    ],
)
def test_a_json_value_against_its_rule_is_refused(document: str, message: str) -> None:
    with pytest.raises(ConfigError, match="^" + re.escape(message)):
        RunConfig.from_json(document)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "hello",
            {"hidden_size": 3},
            'hidden_size must be the vocabulary\'s 4 with head "none", got 3; take hidden_size 4',
        ),
        ("abcd", {"hidden_size": 4, "bidirectional": True}, "hidden_size · 2 must be the vocabulary's 4 with head"),
        ("abc", {"bidirectional": True}, "take an even vocabulary or head"),
        ("a", {"bidirectional": True}, "take an even vocabulary or head"),
        (_letters(129), {}, "hidden_size must be 1…128, got 129 (as the vocabulary needs)"),
    ],
    ids=["misfit", "misfit of two directions", "odd vocabulary", "vocabulary of one", "too wide"],
)
def test_without_a_head_the_hidden_state_must_be_the_vocabulary(
    text: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        RunConfig(text, **options)


@pytest.mark.parametrize(
    ("options", "units"),
    [({}, 6), ({"bidirectional": True}, 3), ({"head": Head.LINEAR, "bidirectional": True}, 6), ({"hidden_size": 6}, 6)],
    ids=["no head", "no head, bidirectional", "linear head", "given"],
)
def test_units_are_what_the_vocabulary_needs(options: dict[str, Any], units: int) -> None:
    assert RunConfig(string.ascii_letters[:6], **options).units == units


def test_the_longest_vocabulary_without_a_head_is_128() -> None:
    assert RunConfig(_letters(128)).units == 128


def test_a_config_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        RunConfig().seed = 1  # type: ignore[misc]


def test_equal_configs_are_one_key() -> None:
    assert {RunConfig("ab", seed=1): "kept"}[RunConfig(text="ab", seed=1)] == "kept"


def test_a_message_stays_short_whatever_was_typed() -> None:
    with pytest.raises(ConfigError) as refused:
        RunConfig.from_query({"cell": "x" * 60_000})
    assert len(str(refused.value)) < 120


@given(data=st.data(), end=st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\r\n"]))
@example(data=None, end="\r\n")
def test_one_text_is_one_config_one_link_and_one_file_however_it_is_written(
    data: st.DataObject | None, end: str
) -> None:
    lines = ["안녕하세요", "café 한"]
    if data is not None:
        lines = data.draw(st.lists(st.text("é한녕ñ ab", min_size=1, max_size=7), min_size=1, max_size=3))
    config = RunConfig("\n".join(lines))
    for form in ("NFC", "NFD"):
        for last in ("", end):
            written = unicodedata.normalize(form, end.join(lines)) + last
            other = RunConfig(written)
            assert other == config
            assert hash(other) == hash(config)
            assert other.text == "\n".join(lines)
            assert other.to_query() == config.to_query()
            assert RunConfig.from_query({"text": written}) == config
            assert RunConfig.from_json(json.dumps({"text": written})) == config


def test_the_limit_of_code_points_is_that_of_the_canonical_text() -> None:
    line = "한" * 512
    text = "\n".join([line] * 8)
    assert RunConfig(unicodedata.normalize("NFD", text)).text == text
    with pytest.raises(ConfigError, match="must be a string of at most 16384 code points, got 16385 code points"):
        RunConfig(unicodedata.normalize("NFD", "한" * 16385))
