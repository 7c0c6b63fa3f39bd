"""What to try next is never what is already so."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from pages.ui.hints import try_next
from rnn_core import RunConfig
from rnn_core.config import Cell, Head, Task
from rnn_core.text import split_lines
from tests.pages.conftest import PAGES, Open

CONFIGS = [
    RunConfig(
        text,
        task=task,
        cell=cell,
        head=head,
        bidirectional=both,
        num_layers=layers,
        batch_first=first,
    )
    for text, task, cell, head, both, layers, first in product(
        ("abba", "abba\nab", "abba\nbaab"), Task, Cell, Head, (False, True), (1, 2), (True, False)
    )
]


def lengths(config: RunConfig) -> set[int]:
    return {len(line) for line in split_lines(config.text)}


OPEN: dict[str, Callable[[RunConfig, int], bool]] = {
    "`bidirectional` on": lambda config, _epoch: not config.bidirectional,
    "`batch_first` on": lambda config, _epoch: not config.batch_first,
    "`num_layers` to 2": lambda config, _epoch: config.num_layers == 1,
    "`cell` *gru*": lambda config, _epoch: config.cell is not Cell.GRU,
    "`cell` *lstm*": lambda config, _epoch: config.cell is not Cell.LSTM,
    "`head` *linear*": lambda config, _epoch: config.head is Head.NONE,
    "`task` *next*": lambda config, _epoch: config.task is Task.COPY,
    "play some epochs on *Train*": lambda _config, epoch: epoch == 0,
    "epoch back to 0": lambda _config, epoch: epoch > 0,
    "all lines equally long": lambda config, _epoch: len(lengths(config)) > 1,
    "pads the others": lambda config, _epoch: len(split_lines(config.text)) > 1 and len(lengths(config)) == 1,
}
"""What hints ask for, and when that can still be done."""


@pytest.mark.parametrize("epoch", [0, 5])
@pytest.mark.parametrize("page", PAGES)
def test_no_hint_asks_for_what_is_already_so(page: str, epoch: int) -> None:
    for config in CONFIGS:
        hint = try_next(page, config, epoch)
        assert hint.startswith("Try next: ")
        for words, still_open in OPEN.items():
            assert words not in hint or still_open(config, epoch), (config, hint)


@pytest.mark.parametrize("words", OPEN)
def test_each_hint_is_given_to_someone(words: str) -> None:
    assert any(words in try_next(page, config, epoch) for page in PAGES for config in CONFIGS for epoch in (0, 5))


@pytest.mark.parametrize("page", PAGES)
def test_the_page_shows_the_hint_of_its_experiment(open_screen: Open, page: str) -> None:
    for config in (RunConfig(), RunConfig("abba\nab", task=Task.NEXT, cell=Cell.LSTM, bidirectional=True)):
        screen = open_screen(page, config)
        (hint,) = [caption.value for caption in screen.app.caption if "Try next" in caption.value]
        assert hint == try_next(page, config, 0)
