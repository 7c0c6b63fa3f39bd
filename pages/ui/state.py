"""All that outlives a run of the script: the last good config, the last few trainings, and a forward pass."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias

import streamlit as st

from rnn_core import Encoding, RunConfig, Trace, Trainer, build_model, encode, trace_forward
from rnn_core.picture import needs_layers
from rnn_core.training import Branch

_CONFIG = "last_good_config"
_RUNS = "runs"
_BRANCH = "branch_taken"

NetworkKey: TypeAlias = tuple[RunConfig, Branch | None, int]
"""What distinguishes the weights of two networks: config, branch and epoch."""

Key: TypeAlias = RunConfig | tuple[RunConfig, Branch]
"""What a training is kept by: its config, and the branch if it is on one."""

RUNS = 5
RUNS_BYTES = 4 << 20
"""How many trainings a session keeps, the present one among them, and what all but that one may take together."""


def config() -> RunConfig:
    """The last config that was valid: what every page shows."""
    good: RunConfig = st.session_state.setdefault(_CONFIG, RunConfig())
    return good


def keep_config(good: RunConfig) -> None:
    """Makes ``good`` the config that every page shows."""
    st.session_state[_CONFIG] = good


def branch() -> Branch | None:
    """The branch that the present config's training is on, or None."""
    of, taken = st.session_state.get(_BRANCH, (None, None))
    return taken if of == config() else None


def take(taken: Branch | None) -> None:
    """Turns to a branch of the present config's training, or back to the training itself."""
    st.session_state[_BRANCH] = config(), taken


def trainer() -> Trainer:
    """The trainer of the present config and branch: where it was left if it is one of the last few runs, else new."""
    runs: dict[Key, Trainer] = st.session_state.setdefault(_RUNS, {})
    present = _key(config(), branch())
    if next(reversed(runs), None) != present:
        held = runs.pop(present, None) or Trainer(config(), branch())
        st.session_state[_RUNS] = runs = _kept(runs) | {present: held}
    return runs[present]


def network_key(trainer: Trainer, epoch: int) -> NetworkKey:
    """Return the key under which everything computed from the network of ``trainer`` at ``epoch`` is kept."""
    return trainer.config, trainer.branch, epoch


def run_of(other: RunConfig) -> Trainer | None:
    """The training of a config, on no branch, if it is one of the last few runs."""
    run: Trainer | None = st.session_state.get(_RUNS, {}).get(other)
    return run


def last_trained() -> Trainer | None:
    """Return the training that was the present one last, of those of other configs that have an update; None if none.

    A training on a branch is passed over.
    """
    present = trainer()
    others = (run for run in reversed(st.session_state[_RUNS].values()) if run.config != present.config)
    return next((run for run in others if run.epoch and run.branch is None), None)


def keep_run(run: Trainer) -> None:
    """Keeps the training of another config among the last few runs, behind the present one."""
    present = trainer()
    runs = {_of(held): held for held in st.session_state[_RUNS].values() if held is not present}
    st.session_state[_RUNS] = runs | {_of(run): run, _of(present): present}


def replace_run(run: Trainer) -> None:
    """Puts ``run`` in the place of the present training, whose config and branch it has."""
    trainer()
    st.session_state[_RUNS][_of(run)] = run


def reset_trainer() -> None:
    """Forgets the training: the next ``trainer()`` is at epoch 0."""
    st.session_state.get(_RUNS, {}).pop(_key(config(), branch()), None)


def _key(config: RunConfig, branch: Branch | None) -> Key:
    return config if branch is None else (config, branch)


def _of(run: Trainer) -> Key:
    return _key(run.config, run.branch)


def _kept(runs: Mapping[Key, Trainer]) -> dict[Key, Trainer]:
    """The newest of ``runs``, oldest first, as far as there is room; one without an update is as soon made anew."""
    kept: list[Trainer] = []
    room = RUNS_BYTES
    for run in reversed(list(runs.values())):
        room -= run.nbytes
        if run.epoch and room >= 0 and len(kept) < RUNS - 1:
            kept.append(run)
    return {_of(run): run for run in reversed(kept)}


def forward(run: Trainer, epoch: int) -> tuple[Encoding, Trace]:
    """The network of ``run`` reading its text, as it was at ``epoch``; with its layers where a picture needs them."""
    if epoch == 0:
        return _untrained(run.config)
    model = run.model if epoch == run.epoch else run.model_at(epoch)
    return run.encoding, trace_forward(model, run.encoding, inside=needs_layers(run.config))


@lru_cache(maxsize=16)
def _untrained(shown: RunConfig) -> tuple[Encoding, Trace]:
    """What is the same for every session; the records are read-only, so all of them share it."""
    encoding = encode(shown)
    return encoding, trace_forward(build_model(shown), encoding, inside=needs_layers(shown))
