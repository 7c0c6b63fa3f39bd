"""A training, an epoch and edits become a Scene: what the network does, and what it does once edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.ui import state
from rnn_core import Trace, Trainer, trace_forward
from rnn_core.model import CharRNN
from rnn_core.whatif import Edit, Edited, edited

_SCENE = "inside_scene"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scene:
    """A network at one epoch, what it does, and what it does once edited.

    Attributes:
        model, before: the network as trained, and its trace.
        edited, after: network and text with the edits, and their trace; the same numbers where there are no edits.
    """

    model: CharRNN
    before: Trace
    edited: Edited
    after: Trace


def scene_of(trainer: Trainer, epoch: int, made: Sequence[Edit]) -> Scene:
    """The Scene of ``trainer``'s network at ``epoch``; kept until config, branch, epoch or edits change."""
    wanted = (state.network_key(trainer, epoch), tuple(made))
    held_for, held = st.session_state.get(_SCENE, (None, None))
    if held_for != wanted:
        if held_for and held_for[0] == wanted[0]:
            model, before = held.model, held.before
        else:
            model = trainer.model_at(epoch)
            before = trace_forward(model, trainer.encoding)
        what_if = edited(model, trainer.encoding, made)
        after = trace_forward(what_if.model, what_if.encoding, h_0=what_if.h_0) if made else before
        held = Scene(model=model, before=before, edited=what_if, after=after)
        st.session_state[_SCENE] = wanted, held
    found: Scene = held
    return found
