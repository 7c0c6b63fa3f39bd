"""Text to tensor: what is drawn, listed and named is the encoding of the text, and of no other."""

from __future__ import annotations

import ast
import html
import unicodedata

import numpy as np
import pandas as pd
import pytest

from rnn_core import RunConfig, encode
from rnn_core.config import Task
from rnn_core.tables import vocabulary_table
from rnn_core.text import visible
from tests.pages.conftest import HOSTILE, Open, Screen, assert_same_panels

TEXTS = [
    "hello",
    "hello\neolll\nlleel",
    "ab\nabcde\nc",
    "안녕하세요 세계",
    "👩‍🚀🚀🌍🇰🇷👩‍🚀",
    "e\u0301é e",
    "<b>&amp;</b>",
]


@pytest.mark.parametrize("task", [Task.COPY, Task.NEXT])
@pytest.mark.parametrize("text", ["hello", "hello\neolll\nlleel", "ab\nabcde\nbc", "안녕하세요 세계", "👩‍🚀🚀🌍🇰🇷👩‍🚀"])
def test_the_matrix_of_each_line_is_its_one_hot_encoding(open_screen: Open, text: str, task: Task) -> None:
    config = RunConfig(text, task=task)
    screen = open_screen(query=config)
    assert screen.errors == []
    assert_same_panels(screen.heatmaps("one_hot"), [x_TV.T for x_TV in encode(config).x_BTV])


def test_the_matrix_of_hello_is_that_of_the_notes(open_screen: Open) -> None:
    (matrix,) = open_screen(query={"text": "hello"}).heatmaps("one_hot")
    expected = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]]
    np.testing.assert_array_equal(matrix, np.array(expected, dtype=np.float32), strict=True)


def test_typing_changes_the_matrix(open_screen: Open) -> None:
    screen = open_screen(query={"text": "hello"})
    before = screen.charts()
    screen.enter(text="hello?")
    assert screen.charts() != before
    assert_same_panels(screen.heatmaps("one_hot"), [encode(RunConfig("hello?")).x_BTV[0].T])
    screen.enter(text="hello")
    assert screen.charts() == before


@pytest.mark.parametrize("text", TEXTS)
def test_the_ids_are_those_of_the_target_line_by_line(open_screen: Open, text: str) -> None:
    (ids,) = open_screen(query={"text": text}).words("ids")
    assert ast.literal_eval(ids) == encode(RunConfig(text)).target_BT.tolist()


def test_with_task_next_the_ids_have_the_last_token_and_not_the_first(open_screen: Open) -> None:
    (ids,) = open_screen(query={"text": "hello", "task": "next"}).words("ids")
    assert ast.literal_eval(ids) == [["helo".index(token) for token in "ello"]]


def test_the_vocabulary_of_hello_is_in_order_of_first_appearance(open_screen: Open) -> None:
    (table,) = open_screen(query={"text": "hello"}).app.dataframe
    expected = pd.DataFrame(
        {
            "id": [0, 1, 2, 3],
            "token": ["h", "e", "l", "o"],
            "count": [1, 1, 2, 1],
            "code points": ["U+0068", "U+0065", "U+006C", "U+006F"],
            "name": [f"LATIN SMALL LETTER {letter}" for letter in "HELO"],
        }
    )
    pd.testing.assert_frame_equal(table.value, expected)


@pytest.fixture(scope="module", params=[*TEXTS, *HOSTILE.values()])
def typed(open_screen: Open, request: pytest.FixtureRequest) -> tuple[Screen, str]:
    """The page with a text that someone typed; the tests only look at it."""
    return open_screen(query={"text": request.param}), request.param


def test_the_vocabulary_table_counts_and_names_every_token(typed: tuple[Screen, str]) -> None:
    screen, text = typed
    (table,) = screen.app.dataframe
    encoding = encode(RunConfig(text))
    frame = table.value
    pd.testing.assert_frame_equal(frame, vocabulary_table(encoding))
    assert frame["id"].tolist() == list(range(len(encoding.vocabulary)))
    assert frame["count"].sum() == sum(map(len, encoding.lines))
    tokens = ["".join(chr(int(point[2:], 16)) for point in points.split()) for points in frame["code points"]]
    assert tokens == list(encoding.vocabulary.tokens)
    for name, token in zip(frame["name"], tokens, strict=True):
        assert name == " + ".join(unicodedata.name(point, "no Unicode name") for point in token)


def test_a_column_is_labelled_with_token_and_step_and_a_row_with_token_and_id(typed: tuple[Screen, str]) -> None:
    screen, text = typed
    layout = screen.chart("one_hot")["layout"]
    encoding = encode(RunConfig(text))
    steps = encoding.ids_BT.shape[1]
    for number, tokens in enumerate(encoding.inputs, start=1):
        labels = layout[f"xaxis{number}" if number > 1 else "xaxis"]["ticktext"]
        shown = [label.split("<br>") for label in labels]
        padded = [visible(token) for token in tokens] + ["·"] * (steps - len(tokens))
        labelled = [[token, str(t)] for t, token in enumerate(padded)]
        assert [[html.unescape(token), t] for token, t in shown] == labelled
    expected = [f"{visible(token)}  {index}" for index, token in enumerate(encoding.vocabulary.tokens)]
    assert [html.unescape(label) for label in layout["yaxis"]["ticktext"]] == expected


@pytest.mark.parametrize("text", ["hello", "a<b>&c", "<img>"])
def test_the_hover_label_says_token_and_id_to_the_letter(open_screen: Open, text: str) -> None:
    (trace,) = open_screen(query={"text": text}).chart("one_hot")["data"]
    encoding = encode(RunConfig(text))
    read = zip(text, encoding.ids_BT[0], strict=True)
    expected = [f"{t}<br>reads {token}, id {index}" for t, (token, index) in enumerate(read)]
    for row in trace["customdata"]:
        assert [html.unescape(label) for label in row] == expected


def test_the_shape_is_said_in_words(open_screen: Open) -> None:
    screen = open_screen(query={"text": "hello\nworld!"})
    (sentence,) = [text.value for text in screen.app.markdown if text.value.startswith("**x**")]
    assert sentence == "**x** has shape (:orange[B **2**], :blue[T **6**], :green[V **8**])"
