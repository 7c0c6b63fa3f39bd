"""The address of a page is the link to what it shows: taken at the start of a session, and written ever after.

This module is the only one that reads or writes the query. No widget is bound to it: a widget of its own would write
what is refused too, and a value that comes back from the browser later than the next change would undo that change.
The script runs after every change, and ends in ``write``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from pages.ui import cursor, replay, state
from pages.ui.compare import choice
from pages.ui.head import chosen_epoch, show_as_of
from rnn_core import RunConfig
from rnn_core.link import TEXT_KEPT, Link, shortened

WRITTEN_EVERY_S = 1.0
"""How often the address follows a training that plays; browsers take only a few changes a second."""

_HIDDEN = "hidden_controls"
_WRITTEN = "address_written"
_WRITTEN_AT = "address_written_at"
_EMBEDDING = frozenset({"embed", "embed_options"})
"""Query keys that are Streamlit's own."""

_PARTS = {"text": ("text", "lines", "several_lines"), "preset": ("presets",)}
"""The keys of what is drawn for a name that a link hides; of all others the name itself."""


def raw_query() -> dict[str, list[str]]:
    """Return what the address holds, all values of each key."""
    return {name: st.query_params.get_all(name) for name in st.query_params if name not in _EMBEDDING}


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


def hidden() -> tuple[str, ...]:
    """Return the names of what the link hides."""
    names: tuple[str, ...] = st.session_state.get(_HIDDEN, ())
    return names


def hide_controls() -> None:
    """Leaves out of sight what the link hides; the controls are there, and say what the link says."""
    keys = [key for name in hidden() for key in _PARTS.get(name, (name,))]
    if keys:
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
        hide=hidden(),
        grid=choice.present(),
    )


def query(*, hide: tuple[str, ...] = ()) -> dict[str, str]:
    """Return what the address is to hold: the config that is shown, its run, what is compared, and the cursor.

    Args:
        hide: what a link with it hides, where that is not what is hidden here.
    """
    config, link = state.config(), present()
    return config.to_query() | replace(link, hide=hide or link.hide).to_query() | cursor.to_query(config)


def write() -> None:
    """Brings the address up to what is shown, whatever the browser last reported.

    A text that is too long for a server goes to the browser once, together with its digest; address.js keeps it there
    and leaves it out of the address.
    """
    whole = query()
    wanted = shortened(whole)
    written: Mapping[str, str] | None = st.session_state.get(_WRITTEN)
    st.session_state[_WRITTEN_AT] = time.monotonic()
    if written == wanted == st.query_params.to_dict():
        return
    if TEXT_KEPT in wanted and wanted[TEXT_KEPT] != (written or {}).get(TEXT_KEPT):
        st.query_params.from_dict(whole | wanted)
    st.query_params.from_dict(wanted)
    st.session_state[_WRITTEN] = wanted


def write_now_and_then() -> None:
    """As ``write``, for a fragment that runs many times a second."""
    if time.monotonic() - st.session_state.get(_WRITTEN_AT, 0.0) >= WRITTEN_EVERY_S:
        write()
