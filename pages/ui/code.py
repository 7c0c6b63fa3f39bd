"""The lines of plain PyTorch that compute what a page shows, from the same source as the exported script."""

from __future__ import annotations

import streamlit as st

from pages.ui.i18n import _
from rnn_core import Trainer
from rnn_core.export import Part, code_for


def show_code(trainer: Trainer, part: Part) -> None:
    """The code up to the end of ``part``, folded away; an untrained network's is that of a few updates to come."""
    epochs = {"epochs": trainer.epoch} if trainer.epoch else {}
    with st.expander(_("Show code")):
        st.code(code_for(trainer.config, part, branch=trainer.branch, **epochs), language="python")
