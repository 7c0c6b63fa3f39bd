"""The words that stand on every page: calls, letters, slips of a network, and what an RNN is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from torch import nn

from rnn_core import RunConfig, build_model
from rnn_core.config import Cell, Head, Nonlinearity, Task
from rnn_core.shapes import AXES, axis_sizes
from tests.pages.conftest import PAGES, Open, Screen

CALLED = [
    RunConfig(),
    RunConfig(cell=Cell.LSTM, head=Head.LINEAR, hidden_size=5, num_layers=2),
    RunConfig("noon\nmoons", cell=Cell.GRU, head=Head.LINEAR, bidirectional=True),
    RunConfig(nonlinearity=Nonlinearity.RELU, batch_first=False, head=Head.LINEAR, hidden_size=7),
]

PEEKS = "it has already read the answer"


def walk_of(open_screen: Open, config: RunConfig) -> dict[str, list[str]]:
    """The Markdown of ``calls`` on each page."""
    screen = open_screen(query=config)
    return {page: screen.markdown("calls") for page in screen.walk()}


def bare(markdown: str) -> str:
    """Without colours and bold type."""
    return re.sub(r":\w+\[([^\]]*)\]", r"\1", markdown).replace("**", "")


def called(words: str) -> list[nn.Module]:
    """What the calls in ``words`` make, when they are run."""
    return [eval(call, {"nn": nn}) for call in re.findall(r"nn\.\w+\([^)]*\)", words)]


def warnings(screen: Screen) -> list[str]:
    return [warning.value for warning in screen.app.warning]


@pytest.mark.parametrize("config", CALLED, ids=lambda config: f"{config.cell}-{config.head}")
def test_the_calls_on_every_page_make_the_network_when_they_are_run(open_screen: Open, config: RunConfig) -> None:
    model = build_model(config)
    for markdown in walk_of(open_screen, config).values():
        (words,) = map(bare, markdown)
        modules = called(words)
        live = [model.rnn] if isinstance(model.head, nn.Identity) else [model.rnn, model.head]
        assert list(map(repr, modules)) == list(map(repr, live))


@pytest.mark.parametrize("config", CALLED, ids=lambda config: f"{config.cell}-{config.head}")
def test_what_the_data_decides_stands_apart_from_the_arguments(open_screen: Open, config: RunConfig) -> None:
    size = axis_sizes(config)
    for markdown in walk_of(open_screen, config).values():
        (words,) = map(bare, markdown)
        calls, data = words.split("from the data, no argument: ")
        batch, length = (size["B"], size["T"]) if config.batch_first else (size["T"], size["B"])
        assert data == f"batch_size {batch}, sequence_length {length}"
        assert "batch_size" not in calls
        assert "sequence_length" not in calls


@pytest.mark.parametrize(("cell", "module"), [("rnn", "nn.RNN"), ("gru", "nn.GRU"), ("lstm", "nn.LSTM")])
def test_the_sidebar_names_the_module_whose_arguments_it_has(open_screen: Open, cell: str, module: str) -> None:
    screen = open_screen()
    screen.enter(cell=cell)
    headers = [header.value for header in screen.app.sidebar.header]
    assert f"Arguments of {module}" in headers
    assert len([header for header in headers if header.startswith("Arguments of")]) == 1
    assert headers.index("Experiment") < headers.index(f"Arguments of {module}") < headers.index("Training")


def test_every_argument_in_the_sidebar_is_one_of_torchs_and_task_and_head_are_not_among_them(
    open_screen: Open,
) -> None:
    order = [
        str(getattr(node, "value", "")) if node.type == "header" else str(getattr(node, "key", ""))
        for node in open_screen().app.sidebar
        if node.type == "header" or (getattr(node, "key", None) and not hasattr(node, "children"))
    ]
    start, end = order.index("Arguments of nn.RNN"), order.index("Training")
    arguments = {"nonlinearity", "hidden_size", "num_layers", "bidirectional", "batch_first"}
    assert set(order[start + 1 : end]) == arguments
    assert {"task", "cell", "head"} <= set(order[:start])


def test_every_letter_of_an_axis_has_its_meaning_on_every_page(open_screen: Open) -> None:
    screen = open_screen(query={"text": "noon\nmoons"})
    size = axis_sizes(RunConfig("noon\nmoons"))
    for _page in screen.walk():
        (table,) = [words for words in screen.markdown("letters") if words.startswith("|")]
        rows = [[bare(cell).strip() for cell in row.strip("|").split("|")] for row in table.split("\n")[2:]]
        assert [(letter, name) for letter, name, _theirs, _size, _words in rows] == list(AXES.items())
        assert all(len(words) > 10 for _letter, _name, _theirs, _size, words in rows)
        assert {letter: int(number) for letter, _name, _theirs, number, _words in rows if number} == size


def test_the_start_page_says_what_an_rnn_is_and_leads_through_the_pages_in_order(open_screen: Open) -> None:
    screen = open_screen()
    block: Any = screen.app.get_by_key("welcome")
    assert "recurrent neural network" in block.markdown[0].value
    assert "h[t] = f(x[t], h[t−1])" in block.markdown[0].value
    links = [link.proto for link in block.get("page_link")]
    assert [link.page for link in links] == ["", *PAGES[1:]]
    assert [link.label.split()[0] for link in links] == [f"**{number}**" for number in range(1, len(PAGES) + 1)]
    for page in PAGES[1:]:
        screen.go(page)
        assert not screen.has("welcome")


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_network_that_reads_the_answer_from_behind_is_warned_of(open_screen: Open, page: str) -> None:
    config = RunConfig(task=Task.NEXT, head=Head.LINEAR, bidirectional=True)
    screen = open_screen(page, config)
    assert [PEEKS in words for words in warnings(screen)] == [True]
    block: Any = screen.app.get_by_key("peeks")
    assert PEEKS in block.caption[0].value
    assert [caption for caption in screen.app.sidebar.caption if PEEKS in caption.value]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "config",
    [RunConfig(head=Head.LINEAR, bidirectional=True), RunConfig(task=Task.NEXT, head=Head.LINEAR)],
    ids=["copy", "one direction"],
)
def test_no_other_network_is_said_to_read_the_answer(open_screen: Open, page: str, config: RunConfig) -> None:
    screen = open_screen(page, config)
    assert warnings(screen) == []
    assert not screen.has("peeks")
    assert not any(PEEKS in words for words in screen.sentences())


@pytest.mark.parametrize("page", PAGES[1:])
@pytest.mark.parametrize("text", ["hello", "hello\neolll\nlleel"])
def test_batch_first_off_is_said_with_its_sizes_and_on_is_not(open_screen: Open, page: str, text: str) -> None:
    screen = open_screen(page, {"text": text, "batch_first": "false"})
    lines = text.count("\n") + 1
    (words,) = map(bare, warnings(screen))
    assert f"the data is (B {lines}, T 5, …)" in words
    assert f"a batch of 5, each of length {lines}" in words
    assert ("nothing recurs" in words) == (lines == 1)
    screen.enter(batch_first=True)
    assert warnings(screen) == []


ONE_AS_MANY = re.compile(r"(?<![\d.…])1 \*{0,2}(step|sequence|line|epoch|token|unit|layer|update|column)s\b")
SENTENCES = [
    RunConfig("x"),
    RunConfig("ab", task=Task.NEXT, head=Head.LINEAR, hidden_size=1, batch_first=False),
    RunConfig("a\nbc", cell=Cell.LSTM, head=Head.LINEAR, bidirectional=True, num_layers=2),
    RunConfig("hello! world", batch_first=False),
    RunConfig("abcdefg" * 11, cell=Cell.GRU, head=Head.LINEAR, hidden_size=40),
]


@pytest.mark.parametrize("config", SENTENCES, ids=lambda config: config.text.replace("\n", " ")[:12])
def test_one_of_a_thing_is_never_said_as_if_it_were_many(open_screen: Open, config: RunConfig) -> None:
    screen = open_screen(query=config)
    said: list[str] = []
    for page in screen.walk():
        said += screen.sentences()
        if page == "train":
            screen.press("Step")
            said += screen.sentences()
    assert len(said) > 100
    assert [words for words in said if "(s)" in words or ONE_AS_MANY.search(words)] == []
