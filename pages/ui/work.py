"""That a large network works: what an update costs, said before it begins, and a sign while one waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from pages.ui.i18n import _
from rnn_core import RunConfig
from rnn_core.cost import LARGE, estimated_s, multiply_adds


@contextmanager
def working(config: RunConfig, *, goes_on: bool = False) -> Iterator[None]:
    """Says what an update of a large network costs, with a sign that turns until the block is done.

    Args:
        goes_on: whether the work goes on after the block, as it does while training plays.
    """
    if multiply_adds(config) < LARGE:
        yield
        return
    with st.container(key="work"):
        sign = st.status(_cost(config), state="running")
    yield
    if not goes_on:
        sign.update(state="complete")


def _cost(config: RunConfig) -> str:
    words = _(
        "A large network: one update is {billions:.1f} billion multiplications and additions, "
        "about {seconds:.1g} s here."
    )
    return words.format(billions=multiply_adds(config) / 1e9, seconds=estimated_s(config))
