"""A run is brought to the epoch that a link or a branch asks for: its updates are made again, the same bit for bit."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st

from pages.ui import state
from pages.ui.i18n import _
from rnn_core import RunConfig, Trainer
from rnn_core.training import Branch

_ASKED = "asked_epoch"

PATIENCE_S = 1.0
"""How long one waits without a word of it."""

SAID_EVERY_S = 0.1


def ask_for(config: RunConfig, branch: Branch | None, epoch: int, *, alone: bool = False) -> None:
    """Has ``catch_up`` bring the run of ``config``, and of its branch, to ``epoch``.

    Args: alone: whether the run that a branch has left stays where it is.
    """
    st.session_state[_ASKED] = config, branch, epoch, alone


def make_more(run: Trainer, updates: int) -> None:
    """Have ``catch_up`` make so many updates more of ``run``, behind those that it has not made yet."""
    config, branch, epoch, _alone = st.session_state.get(_ASKED, (None, None, 0, False))
    start = max(epoch, run.epoch) if (config, branch) == (run.config, run.branch) else run.epoch
    ask_for(run.config, run.branch, start + updates, alone=True)


def catch_up() -> None:
    """Makes the updates that were asked for, with a bar and a way to cancel once it takes longer than a second."""
    config, branch, epoch, alone = st.session_state.get(_ASKED, (None, None, 0, False))
    run = state.trainer()
    if (run.config, run.branch) != (config, branch):
        return
    runs = [run] if branch is None or alone else [_first_run(run), run]
    bar = _Bar(sum(max(0, epoch - one.epoch) for one in runs))
    for one in runs:
        while one.epoch < epoch and one.stop is None:
            one.step()
            bar.moves()
    bar.ends()
    st.session_state.pop(_ASKED, None)


def _first_run(run: Trainer) -> Trainer:
    """The training that ``run`` is a branch of, which is drawn beside it."""
    held = state.run_of(run.config)
    if held is None:
        held = Trainer(run.config)
        state.keep_run(held)
    return held


def _cancel() -> None:
    st.session_state.pop(_ASKED, None)


class _Bar:
    """How much of the updates is made, on the page once it takes its time."""

    def __init__(self, updates: int) -> None:
        self._updates, self._made = updates, 0
        self._next = time.perf_counter() + PATIENCE_S
        self._place: Any = None
        self._bar: Any = None

    def moves(self) -> None:
        """One update more; Streamlit looks here whether *Cancel* was pressed."""
        self._made += 1
        now = time.perf_counter()
        if now < self._next:
            return
        self._next = now + SAID_EVERY_S
        words = _("Update {made} of {updates}").format(made=self._made, updates=self._updates)
        if self._bar is None:
            self._place = st.empty()
            with self._place.container(horizontal=True, vertical_alignment="center", key="replay"):
                self._bar = st.progress(0.0)
                st.button(_("Cancel"), key="cancel_replay", on_click=_cancel)
        self._bar.progress(min(1.0, self._made / self._updates), words)

    def ends(self) -> None:
        """Leaves nothing behind."""
        if self._place is not None:
            self._place.empty()
