"""What a link says of a run is taken back as it was written, and what cannot be is named, whatever it is."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core import RunConfig
from rnn_core.config import MAX_EPOCHS
from rnn_core.link import (
    HIDEABLE,
    LINK_KEYS,
    MAX_QUERY_BYTES,
    TEXT_KEPT,
    Link,
    parse_link,
    query_string,
    shortened,
)
from rnn_core.training import Branch

CONFIG = RunConfig(learning_rate=0.03)

rates = st.floats(1e-6, 10)
branches = st.builds(
    Branch, epoch=st.integers(0, MAX_EPOCHS), learning_rate=rates, clip_norm=st.none() | st.floats(1e-6, 1e6)
)
links = st.builds(
    Link,
    epoch=st.just(MAX_EPOCHS) | st.integers(0, MAX_EPOCHS),
    shown=st.none() | st.integers(0, MAX_EPOCHS),
    branch=st.none() | branches,
    hide=st.lists(st.sampled_from(HIDEABLE), unique=True).map(tuple),
).filter(lambda link: max(link.shown or 0, link.branch.epoch if link.branch else 0) <= link.epoch)


@given(links)
def test_a_link_is_read_back_as_it_was_written(link: Link) -> None:
    assert parse_link(link.to_query(), CONFIG) == (link, {})


def test_an_untrained_run_with_everything_in_sight_says_nothing() -> None:
    assert Link().to_query() == {}


def test_a_branch_without_a_rate_has_the_configs_and_no_clipping() -> None:
    link, wrong = parse_link({"epoch": "9", "branch": "4"}, CONFIG)
    assert wrong == {}
    assert link.branch == Branch(epoch=4, learning_rate=0.03, clip_norm=None)


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"epoch": "-1"}, {"epoch": "epoch must be 0…20000, got '-1'"}),
        ({"epoch": "20001"}, {"epoch": "epoch must be 0…20000, got '20001'"}),
        ({"epoch": "9" * 4_000}, {"epoch": "epoch must be 0…20000, got '999999999999...9999999999999'"}),
        ({"epoch": ["3", "4"]}, {"epoch": "epoch must be given once, got 2 values"}),
        ({"epoch": "%zz"}, {"epoch": "epoch must be 0…20000, got '%zz'"}),
        ({"epoch": "3", "shown": "4"}, {"shown": "shown must be 0…3, the epoch of the link, got 4"}),
        ({"epoch": "3", "branch": "4"}, {"branch": "branch must be 0…3, the epoch of the link, got 4"}),
        (
            {"branch_clip_norm": "1"},
            {"branch_clip_norm": "branch_clip_norm must come with branch, the epoch at which it begins"},
        ),
        (
            {"epoch": "9", "branch": "4", "branch_learning_rate": "0"},
            {"branch_learning_rate": "branch_learning_rate must be a finite number above 0 and at most 10, got '0'"},
        ),
        ({"hide": "seed,passwords"}, {"hide": None}),
    ],
)
def test_what_cannot_be_is_named_and_the_default_stands(query: dict[str, object], wrong: dict[str, str | None]) -> None:
    link, found = parse_link(query, CONFIG)
    assert found.keys() == wrong.keys()
    for key, sentence in wrong.items():
        assert sentence is None or found[key] == sentence
    assert (link.branch, link.shown, link.hide) == (None, None, ())


@given(
    st.dictionaries(
        st.sampled_from(list(LINK_KEYS)),
        st.text(max_size=30) | st.lists(st.text(max_size=5), max_size=3) | st.integers().map(str),
    )
)
def test_no_query_does_more_harm_than_a_sentence(query: dict[str, object]) -> None:
    link, wrong = parse_link(query, CONFIG)
    assert wrong.keys() <= query.keys() | {"branch"}
    again, nothing = parse_link(link.to_query(), CONFIG)
    assert (again, nothing) == (link, {})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"epoch": -1, "learning_rate": 0.1}, "epoch must be 0…20000, got -1"),
        ({"epoch": 1.5, "learning_rate": 0.1}, "epoch must be 0…20000, got 1.5"),
        ({"epoch": 1, "learning_rate": 0.0}, "learning_rate must be a finite number above 0 and at most 10, got 0.0"),
        ({"epoch": 1, "learning_rate": 1.0, "clip_norm": -1.0}, "clip_norm must be a finite number above 0, got -1.0"),
    ],
)
def test_a_branch_that_cannot_be_is_refused_in_a_sentence(values: dict[str, float], sentence: str) -> None:
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        Branch(**values)  # type: ignore[arg-type]


CUT_OFF = "._~!)'(*"


@given(st.dictionaries(st.sampled_from(["text", "learning_rate", "t"]), st.text("ab._~!)'(*- é한\n%+&=#", min_size=1)))
def test_no_value_of_a_link_ends_in_what_chat_programs_cut_off_and_all_are_read_back(query: dict[str, str]) -> None:
    written = query_string(query)
    assert dict(parse_qsl(written, keep_blank_values=True)) == query
    assert re.fullmatch(r"[0-9A-Za-z%=&._-]*", written)
    assert not re.search(r"[._-](?![0-9A-Za-z])", written)


@pytest.mark.parametrize("last", CUT_OFF)
def test_a_text_that_ends_in_a_mark_keeps_its_last_token(last: str) -> None:
    written = query_string(RunConfig(f"by the sea{last}", head="linear").to_query() | {"t": "1"})  # type: ignore[arg-type]
    assert f"sea%{ord(last):02X}&" in written
    alone = query_string({"text": f"sea{last}"})
    assert alone.rstrip(CUT_OFF) == alone


def test_a_link_that_is_too_long_holds_a_digest_of_its_text_and_a_shorter_one_the_text() -> None:
    query = RunConfig("가" * 512, head="linear", seed=3).to_query()  # type: ignore[arg-type]
    assert len(query_string(query)) <= MAX_QUERY_BYTES
    assert shortened(query) == query
    longer = query | {"text": query["text"] * 2}
    short = shortened(longer)
    assert set(short) == {TEXT_KEPT, "head", "seed"}
    assert short != shortened(longer | {"text": longer["text"] + "나"})
    assert len(query_string(short)) < 100
