"""The way back from settings that have no training yet to the trained run of the settings before."""

from __future__ import annotations

import streamlit as st

from pages.ui import controls, state
from pages.ui.head import short_text
from pages.ui.i18n import _
from rnn_core import RunConfig, Trainer
from rnn_core.config import RULES


def offer(trainer: Trainer) -> None:
    """Draw where the last trained run is, and a button that returns to it; nothing once ``trainer`` has an update."""
    run = None if trainer.epoch else state.last_trained()
    if run is None or not controls.can_put(run.config):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="kept_run"):
        # Plain text: what people typed is in it, and must not be read as markup.
        st.text(
            _("The run before is kept at epoch {epoch}: {settings}").format(
                epoch=run.epoch, settings=_differences(run.config, trainer.config)
            ),
            width="content",
        )
        st.button(
            _("Return to it"), key="return_to_kept", icon=":material/undo:", on_click=controls.put, args=(run.config,)
        )


def _differences(config: RunConfig, other: RunConfig) -> str:
    """Return the fields of ``config`` that differ from those of ``other``, each with its value."""
    names = [name for name in RULES if getattr(config, name) != getattr(other, name)]
    return ", ".join(f"{name} {short_text(config) if name == 'text' else getattr(config, name)}" for name in names)
