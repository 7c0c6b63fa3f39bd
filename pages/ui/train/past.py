"""The time machine of *Train*: back to any epoch so far, and from there on a branch of one's own.

A trainer and the epoch that was chosen flow in; the training as of then, and a loss to set beside its own, flow out.
"""

from __future__ import annotations

import streamlit as st

from pages.ui import address, replay, state, wishes
from pages.ui.head import branch_words, choose_present, chosen_epoch, slide_epoch
from pages.ui.i18n import _
from rnn_core import Trainer
from rnn_core.config import MAX_LEARNING_RATE
from rnn_core.history import LossCurve
from rnn_core.training import Branch

_PAST = "past_training"


def as_of(trainer: Trainer, epoch: int) -> Trainer:
    """The training as it stood at ``epoch``; itself where it stands there."""
    if epoch == trainer.epoch:
        return trainer
    wanted = (trainer.config, trainer.branch, trainer.epoch, epoch)
    held_for, held = st.session_state.get(_PAST, (None, None))
    if held_for != wanted:
        held = trainer.as_of(epoch)
        st.session_state[_PAST] = wanted, held
    past: Trainer = held
    return past


def beside(shown: Trainer, whole: Trainer) -> LossCurve | None:
    """What is set behind the loss that is shown: all of it, where it is a past one; the training that a branch left."""
    if shown is not whole:
        return whole.history.curve(whole.now)
    first = state.run_of(whole.config) if whole.branch else None
    return first.history.curve(first.now) if first else None


def show_machine(whole: Trainer) -> None:
    """The slider over all epochs, and the way to a branch or back from one."""
    slide_epoch(whole)
    if whole.branch is not None:
        st.text(branch_words(whole.branch), width="content")
        st.button(_("Back to the first run"), key="leave_branch", icon=":material/undo:", on_click=_leave)
    elif whole.epoch and not {"learning_rate", "clip_norm"} & set(address.hidden()):
        with st.popover(_("Branch here"), type="tertiary", key="branch_off", icon=":material/fork_right:"):
            _choose_branch(whole)


def _choose_branch(whole: Trainer) -> None:
    epoch = chosen_epoch(whole)
    st.text(_("Train on from epoch {epoch} otherwise, as a second curve beside this one.").format(epoch=epoch))
    rate = st.number_input(
        _("learning_rate of the branch"),
        0.0,
        MAX_LEARNING_RATE,
        whole.config.learning_rate / 10,
        format="%g",
        key="branch_rate",
    )
    clip = st.number_input(
        _("clip_norm of the branch"), 0.0, None, None, format="%g", key="branch_clip", placeholder=_("no clipping")
    )
    if rate > 0 and clip != 0:
        st.button(_("Branch off"), key="take_branch", type="primary", on_click=wishes.later, args=(_take,))


def _leave() -> None:
    wishes.later(state.take, None)


def _take() -> None:
    """Turn to a branch from the epoch that is shown, with the numbers that the controls have in this run."""
    whole = state.trainer()
    rate, clip = st.session_state["branch_rate"], st.session_state["branch_clip"]
    if not whole.epoch or whole.branch is not None or not rate or rate <= 0 or clip == 0:
        return
    taken = Branch(epoch=chosen_epoch(whole), learning_rate=rate, clip_norm=clip)
    choose_present()
    state.take(taken)
    replay.ask_for(whole.config, taken, taken.epoch)
