"""All that outlives a run of the script: the last good config, the trainer, and what one forward pass gave."""

from __future__ import annotations

from functools import lru_cache

import streamlit as st

from rnn_core import Encoding, RunConfig, Trace, Trainer, build_model, encode, trace_forward

_CONFIG = "last_good_config"
_TRAINER = "trainer"


def config() -> RunConfig:
    """The last config that was valid: what every page shows."""
    good: RunConfig = st.session_state.setdefault(_CONFIG, RunConfig())
    return good


def keep_config(good: RunConfig) -> None:
    """Makes ``good`` the config that every page shows."""
    st.session_state[_CONFIG] = good


def trainer() -> Trainer:
    """The trainer of the present config; a new one, at epoch 0, when the config has changed."""
    held: Trainer | None = st.session_state.get(_TRAINER)
    if held is None or held.config != config():
        held = st.session_state[_TRAINER] = Trainer(config())
    return held


def reset_trainer() -> None:
    """Forgets the training: the next ``trainer()`` is at epoch 0."""
    st.session_state.pop(_TRAINER, None)


@lru_cache(maxsize=16)
def forward(shown: RunConfig) -> tuple[Encoding, Trace]:
    """The untrained network of ``shown`` reading its text; the records are read-only, so all sessions share them."""
    encoding = encode(shown)
    return encoding, trace_forward(build_model(shown), encoding, inside=False)
