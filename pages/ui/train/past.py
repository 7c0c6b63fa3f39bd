"""The time machine of *Train*: back to any epoch so far, and from there on a branch of one's own.

A trainer and the epoch that was chosen flow in; the training as of then, and a loss to set beside its own, flow out.
"""

from __future__ import annotations

import streamlit as st

from pages.ui import address, replay, state, wishes
from pages.ui.head import branch_words, choose_present, chosen_epoch, slide_epoch
from pages.ui.i18n import _
from pages.ui.number_field import DECADES, checked_number, refused_fields
from rnn_core import Trainer
from rnn_core.history import LossCurve
from rnn_core.repair import find_problem
from rnn_core.training import BRANCH_RULES, Branch

_PAST = "past_training"

_BRANCH_FIELDS = {"learning_rate": "branch_rate", "clip_norm": "branch_clip"}
"""The keys of the controls of a branch, by the fields of ``Branch``."""


def as_of(trainer: Trainer, epoch: int) -> Trainer:
    """The training as it stood at ``epoch``; itself where it stands there."""
    if epoch == trainer.epoch:
        return trainer
    wanted = (state.network_key(trainer, trainer.epoch), epoch)
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
    checked_number(
        _("learning_rate of the branch"),
        BRANCH_RULES["learning_rate"],
        whole.config.learning_rate / 10,
        key="branch_rate",
        name="learning_rate",
        step=DECADES,
    )
    checked_number(
        _("clip_norm of the branch"),
        BRANCH_RULES["clip_norm"],
        None,
        key="branch_clip",
        name="clip_norm",
        step=DECADES,
        placeholder=_("no clipping"),
    )
    st.button(
        _("Branch off"),
        key="take_branch",
        type="primary",
        on_click=wishes.later,
        args=(_take,),
        disabled=bool({"branch_rate", "branch_clip"} & set(refused_fields())),
    )


def _leave() -> None:
    wishes.later(state.take, None)


def _take() -> None:
    """Turn to a branch from the epoch that is shown, with the numbers that the controls have in this run."""
    whole = state.trainer()
    values = {name: st.session_state[key] for name, key in _BRANCH_FIELDS.items()}
    refused = any(find_problem(name, BRANCH_RULES[name], value, default=None) for name, value in values.items())
    if not whole.epoch or whole.branch is not None or refused:
        return
    taken = Branch(epoch=chosen_epoch(whole), **values)
    choose_present()
    state.take(taken)
    replay.ask_for(whole.config, taken, taken.epoch)
