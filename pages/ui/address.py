"""The address of a page as the saved run: epoch, branch and what is hidden, taken from a link and written to it."""

from __future__ import annotations

import streamlit as st

from pages.ui import replay, state
from pages.ui.compare import choice
from pages.ui.head import chosen_epoch, show_as_of
from rnn_core import RunConfig
from rnn_core.link import LINK_KEYS, Link

_HIDDEN = "hidden_controls"

_PARTS = {"text": ("text", "lines", "several_lines"), "preset": ("presets",)}
"""The keys of what is drawn for a name that a link hides; of all others the name itself."""


def arrive(config: RunConfig, link: Link) -> None:
    """Turns to what a link says of the run of ``config``; the epoch is reached by ``replay.catch_up``."""
    st.session_state[_HIDDEN] = link.hide
    state.keep_config(config)
    choice.arrive(link.grid)
    if link.branch is not None:
        state.take(link.branch)
    if link.epoch:
        replay.ask_for(config, link.branch, link.epoch)
    if link.shown is not None:
        show_as_of(link.shown, (config, link.branch, link.epoch))


def hide_controls() -> None:
    """Leaves out of sight what the link hides; the controls are there, and say what the link says."""
    hidden = st.session_state.get(_HIDDEN, ())
    if hidden:
        keys = [key for name in hidden for key in _PARTS.get(name, (name,))]
        st.html(f"<style>{','.join(f'#root .st-key-{key}' for key in keys)}{{display:none}}</style>")


def present() -> Link:
    """What a link to the present run says beside its config; a branch that is not reached is none yet."""
    run = state.trainer()
    branch = run.branch if run.branch is not None and run.branch.epoch <= run.epoch else None
    shown = chosen_epoch(run)
    return Link(
        epoch=run.epoch,
        shown=shown if shown != run.epoch else None,
        branch=branch,
        hide=st.session_state.get(_HIDDEN, ()),
        grid=choice.present(),
    )


def write() -> None:
    """Brings the address up to the present run."""
    said = present().to_query()
    for key in LINK_KEYS:
        if key not in said:
            st.query_params.pop(key, None)
        elif st.query_params.get(key) != said[key]:
            st.query_params[key] = said[key]
