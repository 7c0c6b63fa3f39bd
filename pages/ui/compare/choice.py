"""What is to be compared: the controls, and the grid that they say, which a link says at first."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.ui import state, wishes
from pages.ui.i18n import _
from pages.ui.number_field import checked_number
from rnn_core import RunConfig
from rnn_core.comparison import MAX_CONFIGS, names
from rnn_core.grid import DEFAULTS, EPOCHS, FEWEST_DOTS, SEEDS, VALUES, By, Grid, reading
from rnn_core.presets import MAX_DOTS

USUAL_DOTS = 20
_ARRIVED = "grid_of_the_link"
_PRESENT = "grid"
_LISTED = "compared_configs"


def arrive(grid: Grid) -> None:
    """Has the controls say ``grid`` until something else is chosen."""
    st.session_state[_ARRIVED] = st.session_state[_PRESENT] = grid
    st.session_state[_LISTED] = list(grid.networks)


def present() -> Grid:
    """What was chosen last, or came with the link."""
    grid: Grid = st.session_state.get(_PRESENT, Grid())
    return grid


def choose(config: RunConfig) -> Grid:
    """Draws the controls."""
    said: Grid = st.session_state.get(_ARRIVED, Grid())
    with st.container(horizontal=True, vertical_alignment="bottom", key="compared_text"):
        dots = _dots(said)
        by = By(
            st.segmented_control(
                _("compare by"),
                [str(by) for by in By],
                default=str(said.by),
                required=True,
                key="compare_by",
                persist_state="session",
                format_func=lambda name: _("a list of my own") if name == By.LIST else name,
                label_visibility="collapsed",
            )
            or said.by
        )
    base = Grid(by=by, dots=dots).base(config)
    networks, values = st.session_state.setdefault(_LISTED, []), ()
    with st.container(horizontal=True, vertical_alignment="bottom", key="compared_values"):
        if by is By.LIST:
            _list()
        else:
            values = _values(said, by)
        if dots is None and base.head is not config.head:
            st.caption(_("All with `head` *linear*: without one, hidden_size is the vocabulary's."))
        seeds = checked_number(
            _("seeds"),
            SEEDS,
            said.seeds,
            key="seeds_count",
            name="seeds",
            persist_state="session",
            width=120,
        )
        epochs = checked_number(
            _("epochs"),
            EPOCHS,
            said.epochs,
            key="epochs_count",
            name="epochs",
            step=50.0,
            persist_state="session",
            width=130,
        )
        together = st.toggle(
            _("seeds together"),
            said.together,
            key="seeds_together",
            persist_state="session",
            help=_(
                "On: the seeds of one configuration are one batched computation, several times faster. The numbers "
                "are those of separate runs but for rounding (1e-5 in the first epochs), which grows as training goes "
                "on. Off: each run is the one of *Train*, bit for bit."
            ),
        )
    st.session_state[_PRESENT] = grid = Grid(
        by=by,
        values=values,
        networks=tuple(dict.fromkeys(reading(base, network) for network in networks)),
        dots=dots,
        seeds=seeds,
        epochs=epochs,
        together=together,
    )
    return grid


def _dots(said: Grid) -> int | None:
    """How many dots the text to remember across has, or None for the text typed."""
    text = st.segmented_control(
        _("text"),
        ["typed", "dots"],
        default="typed" if said.dots is None else "dots",
        required=True,
        key="compare_text",
        persist_state="session",
        format_func=lambda name: _("the text typed") if name == "typed" else _("remember one character across dots"),
        label_visibility="collapsed",
    )
    if text != "dots":
        return None
    dots: int = st.slider(
        _("dots N: a, N dots, a · b, N dots, b"),
        FEWEST_DOTS,
        MAX_DOTS,
        said.dots or USUAL_DOTS,
        key="dots",
        persist_state="session",
        width=280,
    )
    return dots


def _values(said: Grid, by: By) -> tuple[Any, ...]:
    """The values of the field that is compared, in their own order."""
    chosen = st.multiselect(
        str(by),
        VALUES[by],
        said.values if by is said.by else DEFAULTS[by],
        key=f"values_{by}",
        persist_state="session",
        max_selections=MAX_CONFIGS,
        width=420,
    )
    return tuple(sorted(chosen, key=VALUES[by].index))


def _list() -> None:
    """The networks that were put on a list, and what takes one off it, or puts the sidebar's on it."""
    kept: list[RunConfig] = st.session_state[_LISTED]
    with st.container(key="compared_list", width=420):
        for number, name in enumerate(names(kept)):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(name)
                st.button(_("Remove"), key=f"unlist_{number}", on_click=_unlist, args=(kept[number],))
        full = len(kept) >= MAX_CONFIGS
        st.button(_("Add the sidebar's network"), key="enlist", on_click=wishes.later, args=(_enlist,), disabled=full)


def _enlist() -> None:
    """Put the sidebar's network on the list."""
    kept: list[RunConfig] = st.session_state.setdefault(_LISTED, [])
    config = state.config()
    if config not in kept and len(kept) < MAX_CONFIGS:
        kept.append(config)


def _unlist(network: RunConfig) -> None:
    """Take ``network`` off the list; a second press finds it gone."""
    st.session_state[_LISTED] = [other for other in st.session_state[_LISTED] if other != network]
