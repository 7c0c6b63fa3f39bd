"""Playing: a trainer and a chosen speed become one frame after another, each within a budget of time."""

from __future__ import annotations

import time

import streamlit as st

from pages.ui import replay, state, wishes
from pages.ui.components.presses import count_presses, fresh_presses, shown_at_press
from pages.ui.i18n import _
from rnn_core import EpochRecord, Trainer

FRAME_S = 0.08
"""How often the browser asks for a frame."""

BUDGET_S = 0.05
"""How long one frame may train, so that a large network blocks neither its page nor its neighbours."""

ROWS = 12
"""How many epochs the table shows while playing."""

PLAY, PAUSE = "play", "pause"
PRESSES = "train_presses"
SPEED = "speed"
"""The key of the control for the number of epochs."""

_PLAYING = "playing"


def playing() -> bool:
    """Whether the film runs."""
    return bool(st.session_state.get(_PLAYING))


def play() -> None:
    """Start or stop the live view, as the button showed when it was pressed.

    It says what is to be, and does not toggle: Streamlit may run a callback twice for one press.
    """
    _press_play(PLAY)


def pause() -> None:
    """Stop the live view."""
    st.session_state[_PLAYING] = False


def press_pause() -> None:
    """Start or stop the live view, as the button showed when it was pressed."""
    _press_play(PAUSE)


def _press_play(default: str) -> None:
    """Do what the button showed, ``default`` where that is not known, and note its presses as done."""
    fresh_presses("play", key=PRESSES)
    st.session_state[_PLAYING] = shown_at_press("play", default, key=PRESSES) == PLAY


def count() -> None:
    """Have the presses of *Step* and *Play* be counted, with what *Play* shows now."""
    shown = {"step": "step", "play": PAUSE if playing() else PLAY}
    count_presses(shown, key=PRESSES, on_change=_take_counted)


def _take_counted() -> None:
    """Carry out presses that Streamlit has sent no request for: those before the page was connected to the server."""
    shown = shown_at_press("play", "", key=PRESSES)
    if fresh_presses("play", key=PRESSES, uncounted=0) and shown:
        st.session_state[_PLAYING] = shown == PLAY
    wishes.later(_step, 0)


def step() -> None:
    """Make for each press as many updates as are chosen for one update of the live view."""
    wishes.later(_step, 1)


def _step(uncounted: int) -> None:
    presses = fresh_presses("step", key=PRESSES, uncounted=uncounted)
    if presses:
        replay.make_more(state.trainer(), presses * st.session_state.get(SPEED, 1))


def reset() -> None:
    """Go back to epoch 0, or on a branch to where it begins."""
    pause()
    wishes.later(_reset)


def _reset() -> None:
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
