"""Gradient flows, kept for a session: of the network that is shown, and of the other cells beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from pages.ui import state
from pages.ui.i18n import _
from rnn_core import GradientFlow, RunConfig, Trainer, build_model, encode, gradient_flow
from rnn_core.config import Cell
from rnn_core.gradients import StateGradients, state_gradients
from rnn_core.model import CharRNN
from rnn_core.trace import Direction

_KEPT = "gradient_flows"
KEPT = 8
"""How many flows a session keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which gradients: of a line, in a layer and direction, over the steps that are shown."""

    line: int
    layer: int
    direction: Direction
    steps: range


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A cell beside the one that is shown: its experiment, the epoch its network is at, and its flow."""

    config: RunConfig
    epoch: int
    flow: GradientFlow


def flow_of(run: Trainer, epoch: int, where: Where) -> GradientFlow:
    """The flow of ``run``'s network at ``epoch``. Raises: ConfigError where a weight is not finite."""
    if epoch == 0:
        return _untrained_flow(run.config, where)
    kept = st.session_state.setdefault(_KEPT, {})
    key = (state.network_key(run, epoch), where)
    if key not in kept:
        found = _flow(run.model_at(epoch), run.config, where)
        st.session_state[_KEPT] = kept = dict(list(kept.items())[1 - KEPT :]) | {key: found}
    flow: GradientFlow = kept[key]
    return flow


def gradients_of(run: Trainer, epoch: int, where: Where, lines: range) -> StateGradients:
    """What each loss of the line asks of every state that is shown, at ``epoch``."""
    if epoch == 0:
        return _untrained_gradients(run.config, where, lines)
    return state_gradients(run.model_at(epoch), run.encoding, where.line, lines=lines, steps=where.steps)


def all_cells(run: Trainer, epoch: int, where: Where) -> Iterator[Other]:
    """Each kind of cell at the sizes and the seed of ``run``: that one at ``epoch``, the others where they are."""
    for cell in Cell:
        config = dataclasses.replace(run.config, cell=cell)
        if cell is run.config.cell:
            yield Other(config=config, epoch=epoch, flow=flow_of(run, epoch, where))
            continue
        other = state.run_of(config)
        reached = epoch if other is not None and other.epoch >= epoch else 0
        yield Other(config=config, epoch=reached, flow=flow_of(other or Trainer(config), reached, where))


def train_the_others(run: Trainer, epoch: int) -> None:
    """Trains the other kinds of cell as far as ``epoch``, with a bar; a click anywhere ends it where it is."""
    behind = []
    for cell in Cell:
        if cell is not run.config.cell:
            config = dataclasses.replace(run.config, cell=cell)
            other = state.run_of(config) or Trainer(config)
            state.keep_run(other)
            behind.append(other)
    missing = sum(max(0, epoch - other.epoch) for other in behind)
    bar = st.progress(0.0, text=_("Training the other cells"))
    made = 0
    for other in behind:
        while other.epoch < epoch and other.stop is None:
            other.step()
            made += 1
            if made % 20 == 0:
                bar.progress(
                    made / missing,
                    text=_("Training {cell}, epoch {epoch}").format(cell=other.config.cell, epoch=other.epoch),
                )
    bar.empty()


@lru_cache(maxsize=32)
def _untrained_flow(config: RunConfig, where: Where) -> GradientFlow:
    """The same for every session; the records are read-only, so all of them share it."""
    return _flow(build_model(config), config, where)


@lru_cache(maxsize=16)
def _untrained_gradients(config: RunConfig, where: Where, lines: range) -> StateGradients:
    return state_gradients(build_model(config), encode(config), where.line, lines=lines, steps=where.steps)


def _flow(model: CharRNN, config: RunConfig, where: Where) -> GradientFlow:
    return gradient_flow(model, encode(config), where.line, where.layer, direction=where.direction, steps=where.steps)
