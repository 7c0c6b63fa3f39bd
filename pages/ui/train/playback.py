"""Playing: a trainer and a chosen speed become one frame after another, each within a budget of time."""

from __future__ import annotations

import time
from collections.abc import Mapping

import streamlit as st

from pages.ui import replay, state
from pages.ui.i18n import _
from pages.ui.steps import tie_words
from rnn_core import EpochRecord, Trainer
from rnn_core.config import MAX_EPOCHS
from rnn_core.progress import FLAT_EPOCHS, is_done, loss_floor
from rnn_core.steps import Said
from rnn_core.training import Stop

FRAME_S = 0.08
"""How often the browser asks for a frame."""

BUDGET_S = 0.05
"""How long one frame may train, so that a large network blocks neither its page nor its neighbours."""

ROWS = 12
"""How many epochs the table shows while playing."""

NEAR_NATS = 0.02
"""How near to its floor a loss is as good as there."""

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


def verdict(trainer: Trainer, said: Mapping[int, Said]) -> str:
    """Why it gets no better, as plain text; "" while it may.

    Args:
        said: what the present weights say on each line that is shown.
    """
    floor, loss = loss_floor(trainer.config), trainer.now.loss_nats
    words = []
    if is_done(trainer):
        words.append(_("Done: everything right, and the loss flat, for {count} epochs.").format(count=FLAT_EPOCHS))
    if floor is not None and loss - floor < NEAR_NATS:
        near = _("{gap:.4f} above the floor {floor:.4f}, which no network without a head gets below.")
        words.append(near.format(gap=loss - floor, floor=floor))
    if trainer.epoch:
        words.append(tie_words(said))
    return " ".join(filter(None, words))


def stop_words(trainer: Trainer) -> str | None:
    """Why playing has stopped by itself, as a sentence, or None."""
    match trainer.stop:
        case Stop.EPOCH_LIMIT:
            return _("Epoch {limit} is the limit of a run. *Reset* starts again.").format(limit=f"{MAX_EPOCHS:,}")
        case Stop.NOT_FINITE:
            words = _("The loss is {loss} at epoch {epoch}: the last update threw the weights too far.")
            if trainer.epoch:
                words += " " + _("One epoch before it was {loss_before:.4g}, with a gradient norm of {norm:.4g}.")
            words += " " + _("Lower `learning_rate` or set `clip_norm`, then *Reset*.")
            before = trainer.history[-1] if trainer.epoch else trainer.now
            return words.format(
                loss=trainer.now.loss_nats,
                epoch=trainer.now.epoch,
                loss_before=before.loss_nats,
                norm=before.gradient_norm,
            )
    return None
