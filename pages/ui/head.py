"""The head of every page: its name, sizes and calls, what to look at, and whose numbers they are."""

from __future__ import annotations

from contextlib import AbstractContextManager

import streamlit as st

from pages.ui import given
from pages.ui.embedding import explanation
from pages.ui.i18n import _
from pages.ui.shapes import show_badges, show_calls
from pages.ui.state import NetworkKey, network_key
from rnn_core import RunConfig, Trainer
from rnn_core.config import Task
from rnn_core.numbers import format_significant
from rnn_core.shapes import axis_sizes
from rnn_core.text import row_label, split_lines
from rnn_core.training import Branch

_EPOCH = "epoch"
_CHOSEN = "epoch_chosen"
_SHOWN_TOKENS = 40


def show_head(title: str, words: str, config: RunConfig) -> AbstractContextManager[object]:
    """The page's name with the badges of ``config`` beside it, the calls that make its network, and ``words`` below.

    Args:
        words: one sentence, Markdown.
    Returns: the container of all that, for what else is to stand close to it.
    """
    head = explanation(key="page_top", gap="xsmall")
    with head:
        with st.container(horizontal=True, vertical_alignment="center", key="page_head"):
            st.title(title, anchor=False, width="content")
            show_badges(config)
        show_calls(config)
        st.markdown(words)
        show_slips(config)
    return head


def show_slips(config: RunConfig) -> None:
    """What this network does otherwise than one may think, without a complaint of torch."""
    size = axis_sizes(config)
    if not config.batch_first:
        words = _(
            "`batch_first=False`: the data is (:orange[B {B}], :blue[T {T}], …), but the module takes the first axis "
            "for time: a batch of {T}, each of length {B}. The recurrence runs down the lines, not along the text"
        ).format(B=size["B"], T=size["T"])
        words += _(", and with one line nothing recurs.") if size["B"] == 1 else "."
        st.warning(words + " " + _("Nothing complains."), icon=":material/swap_horiz:")
    elif config.bidirectional and config.task is Task.NEXT and size["T"] > 1:
        st.warning(peeks(), icon=":material/visibility:")


def peeks() -> str:
    """What a bidirectional network does with the task "next"."""
    return _(
        "`bidirectional` with task *next*: the backward direction reads the line from its end, so at each step but the "
        "last it has already read the answer, token t + 1. What is right there was read, not predicted."
    )


def choose_epoch(trainer: Trainer) -> int:
    """Says whose numbers the page shows, and lets one go back: the epoch chosen, the present one at first."""
    epoch = chosen_epoch(trainer)
    with st.container(horizontal=True, vertical_alignment="center", key="whose"):
        st.text(whose(trainer.config, epoch, trainer.epoch), width="content")
        if trainer.branch is not None:
            st.text(branch_words(trainer.branch), width="content")
        slide_epoch(trainer)
    return epoch


def chosen_epoch(trainer: Trainer) -> int:
    """The epoch whose network is shown: the one chosen since the training stands where it does, or its own."""
    chosen_at, chosen = st.session_state.get(_CHOSEN, (None, 0))
    epoch: int = chosen if chosen_at == network_key(trainer, trainer.epoch) else trainer.epoch
    return epoch


def show_as_of(epoch: int, reached: NetworkKey) -> None:
    """Has the network be shown as of ``epoch``, for as long as the training stands where it has ``reached``."""
    st.session_state[_CHOSEN] = reached, epoch


def choose_present() -> None:
    """Has the present epoch be the one that is shown."""
    st.session_state.pop(_CHOSEN, None)


def slide_epoch(trainer: Trainer) -> None:
    """The slider over all epochs so far; not drawn where there is one."""
    if trainer.epoch:
        # Every time: what was set on one page a slider of another does not show.
        given.give(_EPOCH, chosen_epoch(trainer))
        st.slider(
            _("epoch, 0…{now}").format(now=trainer.epoch),
            0,
            trainer.epoch,
            key=_EPOCH,
            on_change=_keep_epoch,
            args=(network_key(trainer, trainer.epoch),),
            label_visibility="collapsed",
            width=260,
        )


def branch_words(branch: Branch) -> str:
    """Where a training has left its config's, as plain text."""
    words = _("branch from epoch {epoch} on: learning_rate {rate:g}").format(
        epoch=branch.epoch, rate=branch.learning_rate
    )
    return words if branch.clip_norm is None else f"{words}, clip_norm {format_significant(branch.clip_norm)}"


def _keep_epoch(reached: NetworkKey) -> None:
    """Keeps what was chosen, on every page."""
    if not given.is_old(_EPOCH):
        show_as_of(st.session_state[_EPOCH], reached)


def whose(config: RunConfig, epoch: int, now: int) -> str:
    """Whose numbers are shown, as plain text: the text, and how often its network was updated."""
    if epoch == 0:
        words = _("untrained (epoch 0)") if now == 0 else _("untrained (epoch 0 of {now})").format(now=now)
    else:
        words = _("trained (epoch {epoch} of {now})").format(epoch=epoch, now=now)
    return _("Network: {words} · text: {text}").format(words=words, text=short_text(config))


def short_text(config: RunConfig) -> str:
    """The text on one line, its beginning if it is long."""
    lines = split_lines(config.text)
    tokens = [label for line in lines for label in (*(t if t == " " else row_label(t) for t in line), " ⏎ ")][:-1]
    return "".join(tokens[:_SHOWN_TOKENS]) + ("…" if len(tokens) > _SHOWN_TOKENS else "")
