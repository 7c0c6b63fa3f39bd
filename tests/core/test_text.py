"""Text becomes tokens and ids, and comes back; Unicode's own tables and torch.nn.functional are the oracle."""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Callable

import numpy as np
import pytest
import regex
import torch
from hypothesis import given
from hypothesis import strategies as st

from rnn_core.text import (
    PADDING,
    UnknownTokenError,
    Vocabulary,
    canonical_text,
    full_name,
    split_lines,
    split_tokens,
    visible,
)

# What joins, splits, composes or turns around: rare among all of Unicode, and where a tokenizer goes wrong.
TRICKY = "e\u0301\u0316\u1112\u1161\u11ab👩\u200d🚀\ufe0f🇰🇷\u202e\0"
one_line = st.text(st.one_of(st.sampled_from(TRICKY), st.characters(codec="utf-8", exclude_characters="\r\n")))


@pytest.mark.parametrize("token", ["한", "é", "👩‍🚀", "🇰🇷", "👍🏽", "ก็"], ids=ascii)
def test_one_perceived_character_is_one_token(token: str) -> None:
    assert split_tokens(token) == (token,)


@pytest.mark.parametrize(("typed", "token"), [("e\u0301", "\u00e9"), ("\u1112\u1161\u11ab", "\ud55c")], ids=["é", "한"])
def test_a_decomposed_character_is_the_composed_token(typed: str, token: str) -> None:
    assert Vocabulary.from_text(typed + token).tokens == (token,)


def test_flags_side_by_side_are_one_token_each() -> None:
    assert split_tokens("🇰🇷🇯🇵🇰🇷") == ("🇰🇷", "🇯🇵", "🇰🇷")


def test_the_vocabulary_is_in_order_of_first_appearance() -> None:
    assert Vocabulary.from_text("hello").tokens == ("h", "e", "l", "o")


def test_the_vocabulary_goes_on_from_line_to_line() -> None:
    assert Vocabulary.from_text("ba\ncab\nd").tokens == ("b", "a", "c", "d")


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"], ids=ascii)
def test_a_line_end_is_no_token(end: str) -> None:
    assert split_lines(f"ab{end}{end}c{end}") == (("a", "b"), ("c",))


@given(text=st.text(st.one_of(st.sampled_from(TRICKY + "\r\n"), st.characters())))
def test_the_canonical_text_has_the_same_tokens_and_is_its_own_canonical_text(text: str) -> None:
    canonical = canonical_text(text)
    assert split_lines(canonical) == split_lines(text)
    assert canonical == "\n".join("".join(line) for line in split_lines(text))
    assert canonical_text(canonical) == canonical


@pytest.mark.parametrize("hash_seed", [1, 2])
def test_the_vocabulary_is_the_same_in_every_process(fresh_process: Callable[..., str], hash_seed: int) -> None:
    text = "hello! world\n안녕하세요 세계\n👩‍🚀🇰🇷"
    code = f"import json; from rnn_core import Vocabulary; print(json.dumps(Vocabulary.from_text({text!r}).tokens))"
    assert tuple(json.loads(fresh_process(code, hash_seed=hash_seed))) == Vocabulary.from_text(text).tokens


@given(text=one_line)
def test_decode_of_encode_is_the_nfc_text(text: str) -> None:
    vocabulary = Vocabulary.from_text(text)
    assert vocabulary.decode(vocabulary.encode(text)) == unicodedata.normalize("NFC", text)


@given(text=one_line)
def test_ids_are_the_places_of_distinct_tokens(text: str) -> None:
    vocabulary = Vocabulary.from_text(text)
    assert vocabulary.encode(vocabulary.tokens).tolist() == list(range(len(vocabulary)))


def test_a_string_and_its_tokens_have_the_same_ids() -> None:
    vocabulary = Vocabulary.from_text("👩‍🚀🇰🇷한")
    assert vocabulary.encode("한👩‍🚀").tolist() == vocabulary.encode(("한", "👩‍🚀")).tolist() == [2, 0]


def test_decode_leaves_padding_out() -> None:
    assert Vocabulary.from_text("hello").decode([0, 1, PADDING, PADDING]) == "he"


def test_an_unknown_token_is_named() -> None:
    with pytest.raises(UnknownTokenError, match=r"^token must be one of the vocabulary's 4, got 'x'$"):
        Vocabulary.from_text("hello").encode("hex")


@pytest.mark.parametrize("index", [-1, 4])
def test_an_id_outside_the_vocabulary_is_named(index: int) -> None:
    with pytest.raises(UnknownTokenError, match=rf"^id must be 0…3, got {index}$"):
        Vocabulary.from_text("hello").decode([0, index])


def test_one_hot_is_that_of_torch() -> None:
    ids = np.array([[0, 3, 1], [2, 2, 4]])
    expected = torch.nn.functional.one_hot(torch.tensor(ids), num_classes=5)
    one_hot = Vocabulary(tuple("abcde")).one_hot(ids)
    assert one_hot.dtype == np.float32
    assert one_hot.tolist() == expected.tolist()


@given(ids=st.lists(st.one_of(st.just(PADDING), st.integers(0, 4))))
def test_rows_of_one_hot_sum_to_1_and_padding_to_0(ids: list[int]) -> None:
    sums = Vocabulary(tuple("abcde")).one_hot(ids).sum(axis=-1)
    assert sums.tolist() == [0 if index == PADDING else 1 for index in ids]


@pytest.mark.parametrize(
    ("token", "label"),
    [
        ("a", "a"),
        ("👩‍🚀", "👩‍🚀"),
        ("<b>", "<b>"),
        (" ", "␣"),
        ("\0", "␀"),
        ("\t", "⇥"),
        ("\x7f", "␡"),
        ("\x85", "U+0085"),
        ("\u0301", "◌\u0301"),
        ("\u202e", "rlo"),
        ("\u200d", "zwj"),
        ("\u00a0", "nbsp"),
        ("\u200b", "zwsp"),
        ("\u2028", "U+2028"),
    ],
    ids=ascii,
)
def test_a_label_can_be_seen(token: str, label: str) -> None:
    assert visible(token) == label


def test_no_invisible_code_point_has_an_invisible_label() -> None:
    invisible = regex.compile(r"[\p{Default_Ignorable_Code_Point}\p{Z}\p{Cc}\p{Cf}]")
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    unseen = [f"U+{ord(token):04X}" for token in invisible.findall(every) if not invisible.sub("", visible(token))]
    assert unseen == []


def test_what_has_a_label_in_its_place_has_a_full_name() -> None:
    names = [full_name(token) for token in ("\u00a0", "\t", "\x85", "a", "한")]
    assert names == ["U+00A0 NO-BREAK SPACE", "U+0009", "U+0085", "", ""]


def test_short_names_are_distinct_and_fit_into_a_column() -> None:
    every = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    named = [label for token in every if (label := visible(token)) != token and label.isascii()]
    assert len(named) == len(set(named))
    assert max(len(label) for label in named if not label.startswith("U+")) <= 5


def test_a_label_of_many_code_points_is_cut() -> None:
    assert visible("e" + "\u0316" * 100) == "e" + "\u0316" * 10 + "…"
