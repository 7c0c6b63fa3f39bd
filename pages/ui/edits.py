"""The edits of *What if*, kept for the config that they were made on; other pages say that theirs are not edited."""

from __future__ import annotations

import streamlit as st

from pages.ui.i18n import _
from rnn_core import RunConfig
from rnn_core.whatif import Edit, with_edit

_EDITS = "edits"


def made(config: RunConfig) -> tuple[Edit, ...]:
    """The edits made on this config; another config has none."""
    edited_config, kept = st.session_state.get(_EDITS, (None, ()))
    found: tuple[Edit, ...] = kept if edited_config == config else ()
    return found


def make(config: RunConfig, edit: Edit) -> None:
    """Makes one more edit on this config; one of the same place gives way to it."""
    st.session_state[_EDITS] = config, with_edit(made(config), edit)


def undo(config: RunConfig) -> None:
    """Takes the last edit back."""
    st.session_state[_EDITS] = config, made(config)[:-1]


def undo_all() -> None:
    """Takes every edit back."""
    st.session_state.pop(_EDITS, None)


def show_apart(config: RunConfig) -> None:
    """Says on another page that its numbers are not the edited ones; nothing where nothing is edited."""
    if made(config):
        st.caption(_("What is edited on *Inside the cell* is not edited here: these are the network's own numbers."))
