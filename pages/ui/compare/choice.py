"""What is to be compared: the controls, and the configs, seeds and epochs that they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from pages.ui.compare.race import Asked
from pages.ui.i18n import _
from rnn_core import RunConfig
from rnn_core.comparison import MAX_CONFIGS, MAX_EPOCHS_COMPARED, MAX_SEEDS, names
from rnn_core.config import Cell, ConfigError, Head, Optimizer
from rnn_core.presets import MAX_DOTS, remember_across

VALUES: Mapping[str, Sequence[Any]] = {
    "cell": [str(cell) for cell in Cell],
    "hidden_size": [2, 4, 8, 16, 32, 64, 128],
    "num_layers": [1, 2, 3, 4],
    "learning_rate": [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0],
    "optimizer": [str(optimizer) for optimizer in Optimizer],
}
"""The values that a field can be compared at."""

DEFAULTS: Mapping[str, Sequence[Any]] = {
    "cell": VALUES["cell"],
    "hidden_size": [4, 16, 64],
    "num_layers": [1, 2, 3],
    "learning_rate": [0.01, 0.03, 0.1],
    "optimizer": VALUES["optimizer"],
}
LIST = "list"
FEWEST_DOTS = 5
_LISTED = "compared_configs"


def choose(config: RunConfig) -> Asked:
    """Draws the controls. Raises: ConfigError, where what they say does not go together."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="compared_text"):
        base = _base(config)
        field = st.segmented_control(
            _("compare by"),
            [*VALUES, LIST],
            default="cell",
            required=True,
            key="compare_by",
            persist_state="session",
            format_func=lambda name: _("a list of my own") if name == LIST else name,
            label_visibility="collapsed",
        )
    with st.container(horizontal=True, vertical_alignment="bottom", key="compared_values"):
        configs = _listed(config, base) if field == LIST else _varied(base, field or "cell")
        seeds = st.number_input(_("seeds"), 1, MAX_SEEDS, 5, key="seeds_count", persist_state="session", width=120)
        epochs = st.number_input(
            _("epochs"), 10, MAX_EPOCHS_COMPARED, 200, step=50, key="epochs_count", persist_state="session", width=130
        )
        together = st.toggle(
            _("seeds together"),
            True,
            key="seeds_together",
            persist_state="session",
            help=_(
                "On: the seeds of one configuration are one batched computation, several times faster. The numbers "
                "are those of separate runs but for rounding (1e-5 in the first epochs), which grows as training goes "
                "on. Off: each run is the one of *Train*, bit for bit."
            ),
        )
    first = base.seed
    return Asked(configs=configs, seeds=tuple(range(first, first + seeds)), epochs=epochs, together=together)


def _base(config: RunConfig) -> RunConfig:
    """The experiment of which one field is varied: the sidebar's, or the one that asks for a long memory."""
    text = st.segmented_control(
        _("text"),
        ["typed", "dots"],
        default="typed",
        required=True,
        key="compare_text",
        persist_state="session",
        format_func=lambda name: _("the text typed") if name == "typed" else _("remember one character across dots"),
        label_visibility="collapsed",
    )
    if text != "dots":
        return config
    dots = st.slider(
        _("dots N: a, N dots, a · b, N dots, b"),
        FEWEST_DOTS,
        MAX_DOTS,
        20,
        key="dots",
        persist_state="session",
        width=280,
    )
    return replace(remember_across(dots), seed=config.seed)


def _varied(base: RunConfig, field: str) -> tuple[RunConfig, ...]:
    chosen = st.multiselect(
        field,
        VALUES[field],
        DEFAULTS[field],
        key=f"values_{field}",
        persist_state="session",
        max_selections=MAX_CONFIGS,
        width=420,
    )
    if not chosen:
        raise ConfigError(
            _("{field} must have 1…{most} values to compare, got none").format(field=field, most=MAX_CONFIGS)
        )
    if field == "hidden_size" and base.head is Head.NONE:
        st.caption(_("All with `head` *linear*: without one, hidden_size is the vocabulary's."))
        base = replace(base, head=Head.LINEAR)
    return tuple(replace(base, **{field: value}) for value in sorted(chosen, key=VALUES[field].index))


def _listed(config: RunConfig, base: RunConfig) -> tuple[RunConfig, ...]:
    """The networks that were put on a list, each reading the text of ``base``."""
    kept: list[RunConfig] = st.session_state.setdefault(_LISTED, [])
    with st.container(key="compared_list", width=420):
        for number, name in enumerate(names(kept)):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.text(name)
                st.button(_("Remove"), key=f"unlist_{number}", on_click=_unlist, args=(number,))
        full = len(kept) >= MAX_CONFIGS
        st.button(_("Add the sidebar's network"), key="enlist", on_click=_enlist, args=(config,), disabled=full)
    if not kept:
        raise ConfigError(_("the list must have 1…{most} networks, got none").format(most=MAX_CONFIGS))
    return tuple(dict.fromkeys(_reading(base, network) for network in kept))


def _enlist(config: RunConfig) -> None:
    kept: list[RunConfig] = st.session_state.setdefault(_LISTED, [])
    if config not in kept:
        kept.append(config)


def _unlist(number: int) -> None:
    del st.session_state[_LISTED][number]


def _reading(base: RunConfig, network: RunConfig) -> RunConfig:
    """``network`` with the text and task of ``base``; one without a head gets one where its width does not fit."""
    try:
        return replace(network, text=base.text, task=base.task)
    except ConfigError:
        return replace(network, text=base.text, task=base.task, head=Head.LINEAR)
