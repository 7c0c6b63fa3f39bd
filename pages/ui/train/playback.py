"""Playing: a trainer and a chosen speed become one frame after another, each within a budget of time."""

from __future__ import annotations

import time

import streamlit as st

from pages.ui import replay, state
from pages.ui.i18n import _
from rnn_core import EpochRecord, Trainer

FRAME_S = 0.08
"""How often the browser asks for a frame."""

BUDGET_S = 0.05
"""How long one frame may train, so that a large network blocks neither its page nor its neighbours."""

ROWS = 12
"""How many epochs the table shows while playing."""

_PLAYING = "playing"


def playing() -> bool:
    """Whether the film runs."""
    return bool(st.session_state.get(_PLAYING))


def play() -> None:
    """Starts the film. It says what is to be, and does not toggle: Streamlit may run a callback twice for one click."""
    st.session_state[_PLAYING] = True


def pause() -> None:
    """Stops the film."""
    st.session_state[_PLAYING] = False


def step() -> None:
    """One update, by hand."""
    state.trainer().step()


def reset() -> None:
    """Back to epoch 0, or on a branch to where it set off."""
    pause()
    state.reset_trainer()
    branch = state.branch()
    if branch is not None:
        replay.ask_for(state.config(), branch, branch.epoch)


def advance(trainer: Trainer, epochs: int) -> None:
    """Up to ``epochs`` updates, as many as the budget allows, at least one; none once there is a reason to stop."""
    end = time.perf_counter() + BUDGET_S
    for _count in range(epochs):
        if trainer.stop is not None:
            return
        trainer.step()
        if time.perf_counter() >= end:
            return


def newest(trainer: Trainer) -> list[EpochRecord]:
    """The last ROWS records, the present weights' own the last."""
    return [*trainer.history.recent(ROWS - 1), trainer.now]


def status(trainer: Trainer) -> str:
    """Where the training is: "epoch 37 · loss 0.8123 · 11 of 12 right"."""
    now, total = trainer.now, sum(map(len, trainer.encoding.targets))
    return _("epoch {epoch} · loss {loss:.4f} · {right} of {total} right").format(
        epoch=now.epoch, loss=now.loss_nats, right=total - sum(map(len, now.errors)), total=total
    )
