"""The head of every page: its name, the sizes that matter, and the sentence that says what to look at."""

from __future__ import annotations

import streamlit as st

from pages.ui.shapes import show_badges
from rnn_core import RunConfig


def show_head(title: str, words: str, config: RunConfig) -> None:
    """The page's name with the badges of ``config`` beside it, and ``words`` below.

    Args:
        words: one sentence, Markdown.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="page_head"):
        st.title(title, anchor=False, width="content")
        show_badges(config)
    st.markdown(words)
