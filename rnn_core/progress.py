"""A config and a training become why the loss gets no better: it has a floor, or it is done."""

from __future__ import annotations

import math

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig
from rnn_core.training import Trainer

FLAT_EPOCHS = 100
FLAT_NATS = 0.005
"""A loss is flat once it has stayed within FLAT_NATS for FLAT_EPOCHS epochs."""


def loss_floor(config: RunConfig) -> float | None:
    """What the loss of a network without a head cannot fall below, in nats: ln(1 + (V − 1)·e⁻²); None: no such floor.

    Without a head the logits are hidden values, and each of those lies between −1 and 1 (RNN with tanh, GRU, LSTM). At
    best the target's is 1 and all others are −1: p = e / (e + (V − 1)·e⁻¹). A head or relu sets no bound.
    """
    bounded = config.cell is not Cell.RNN or config.nonlinearity is Nonlinearity.TANH
    if config.head is Head.LINEAR or not bounded:
        return None
    return math.log1p((len(config.vocabulary) - 1) * math.exp(-2))


def is_done(trainer: Trainer) -> bool:
    """Whether everything has been right, and the loss flat, for FLAT_EPOCHS epochs."""
    first = trainer.epoch - FLAT_EPOCHS
    if first < 0 or trainer.now.accuracy < 1 or trainer.history.wrong_until > first:
        return False
    losses = [*trainer.history.losses(first), trainer.now.loss_nats]
    return max(losses) - min(losses) < FLAT_NATS
