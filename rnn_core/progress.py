"""The losses of a training become its state, one of a closed set, with the epochs and losses that show it.

``classify`` decides by numbers alone; ``assess`` takes them from a Trainer. Every history has exactly one state.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rnn_core.config import Cell, Head, Nonlinearity, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.training import Trainer

FLAT_EPOCHS = 100
FLAT_NATS = 0.005
"""A loss is flat once it has stayed within FLAT_NATS for FLAT_EPOCHS epochs."""

PATIENCE = 20
"""How many epochs a training is given before it is judged, and how long a higher loss lasts before it has risen."""

RAN_AWAY = 3.0
"""A loss that is this many times its lowest, and above that of a uniform guess, has diverged."""

RISE_SHARE, RISE_NATS = 0.1, 0.05
"""A loss is clearly above its lowest by this share of it, and by at least so many nats."""

NEAR_NATS = 0.02
"""A loss that is less than this above its lower bound has reached it."""


class State(StrEnum):
    """What a training is doing, from its losses."""

    UNTRAINED = "untrained"
    EARLY = "too early to judge"
    IMPROVING = "improving"
    DONE = "done"
    AT_BOUND = "at the lower bound"
    PLATEAU = "plateau"
    RISING = "rising"
    RISEN = "risen"
    DIVERGED = "diverged"


class Bound(StrEnum):
    """Why a loss has a lower bound."""

    LOGITS = "logits between −1 and 1"
    TEXT = "the text does not determine the target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """The state of a training, and the numbers that show it.

    Attributes:
        state: the one of ``State`` that it is in.
        epoch, loss_nats: of the present weights.
        low_epoch, low_nats: of the lowest finite loss so far, the first if there are several; nan without one.
        high_epoch, high_nats: of the highest finite loss since then.
        lost_epoch: the first epoch whose loss is not finite, or None.
        window: over how many of the last epochs "flat" and "falling" are decided.
        above_bound: the present loss minus the lower bound, in nats, or None where none is known.
    """

    state: State
    epoch: int
    loss_nats: float
    low_epoch: int
    low_nats: float
    high_epoch: int
    high_nats: float
    lost_epoch: int | None
    window: int
    above_bound: float | None


def classify(
    loss_E: npt.ArrayLike, *, guess_nats: float, bound_nats: float | None = None, right_since: int | None = None
) -> Assessment:
    """Return the state of a training with these losses. The first of these that holds is the state:

    diverged: the loss is not finite, or RAN_AWAY times its lowest and above ``guess_nats``. untrained: no update yet.
    risen: clearly above its lowest for PATIENCE epochs. rising: so now, but not for so long. done: everything right,
    and the loss flat, for FLAT_EPOCHS epochs. at the lower bound: less than NEAR_NATS above it. Else improving, if the
    lowest loss of the last half of the window is below that of the half before by FLAT_NATS, or by that share of a
    loss below 1; too early to judge before PATIENCE epochs; or a plateau.

    >>> classify([2.2, 1.9, 1.7], guess_nats=2.2).state
    <State.IMPROVING: 'improving'>

    Args:
        loss_E: the loss at every epoch from 0 to the present one, in nats; at least one.
        guess_nats: ln V, the loss of a uniform guess.
        bound_nats: a lower bound of the loss, or None.
        right_since: the first epoch since which everything is right, or None where it is not.
    """
    loss_E = np.asarray(loss_E, np.float64)
    epoch, loss = len(loss_E) - 1, float(loss_E[-1])
    finite_E = np.isfinite(loss_E)
    low = int(np.where(finite_E, loss_E, np.inf).argmin())
    high = low + int(np.where(finite_E[low:], loss_E[low:], -np.inf).argmax())
    known = bool(finite_E[low])
    return Assessment(
        state=_state(loss_E, float(loss_E[low]), guess_nats, bound_nats, right_since),
        epoch=epoch,
        loss_nats=loss,
        low_epoch=low,
        low_nats=float(loss_E[low]) if known else math.nan,
        high_epoch=high,
        high_nats=float(loss_E[high]) if known else math.nan,
        lost_epoch=None if finite_E.all() else int(finite_E.argmin()),
        window=min(epoch, FLAT_EPOCHS),
        above_bound=None if bound_nats is None else loss - bound_nats,
    )


def _state(
    loss_E: npt.NDArray[np.float64], low: float, guess: float, bound: float | None, right_since: int | None
) -> State:
    epoch, loss = len(loss_E) - 1, float(loss_E[-1])
    if not math.isfinite(loss) or loss > divergence_limit(low, guess):
        return State.DIVERGED
    if epoch == 0:
        return State.UNTRAINED
    if loss > rise_limit(low):
        stays = epoch >= PATIENCE and bool((loss_E[-PATIENCE - 1 :] > rise_limit(low)).all())
        return State.RISEN if stays else State.RISING
    if (
        right_since is not None
        and epoch - right_since >= FLAT_EPOCHS
        and np.ptp(loss_E[-FLAT_EPOCHS - 1 :]) < FLAT_NATS
    ):
        return State.DONE
    if bound is not None and loss - bound < NEAR_NATS:
        return State.AT_BOUND
    window = min(epoch, FLAT_EPOCHS)
    half = max(1, window // 2)
    fall = float(loss_E[-window - 1 : -half].min() - loss_E[-half:].min())
    if fall >= FLAT_NATS * min(1.0, loss) > 0:
        return State.IMPROVING
    return State.EARLY if epoch < PATIENCE else State.PLATEAU


def divergence_limit(low_nats: float, guess_nats: float) -> float:
    """Return the loss above which a training whose lowest loss is ``low_nats`` has diverged."""
    return max(RAN_AWAY * low_nats, guess_nats)


def rise_limit(low_nats: float) -> float:
    """Return the loss above which a loss is clearly above its lowest, ``low_nats``."""
    return low_nats + max(RISE_NATS, RISE_SHARE * low_nats)


def assess(trainer: Trainer) -> Assessment:
    """Return the state of a training as of now, with the numbers that show it."""
    now, history = trainer.now, trainer.history
    bound = lower_bound(trainer.config)
    return classify(
        np.append(history.losses(0), now.loss_nats),
        guess_nats=math.log(len(trainer.config.vocabulary)),
        bound_nats=None if bound is None else bound[1],
        right_since=min(history.wrong_until, trainer.epoch) if now.accuracy == 1 else None,
    )


def is_done(trainer: Trainer) -> bool:
    """Return whether everything has been right, and the loss flat, for FLAT_EPOCHS epochs."""
    return assess(trainer).state is State.DONE


@lru_cache(maxsize=64)
def lower_bound(config: RunConfig) -> tuple[Bound, float] | None:
    """Return a lower bound of the loss, in nats, and why there is one; None where none above 0 is known.

    Of the two that are known the larger: ``loss_floor`` and ``least_loss``.
    """
    floor, least = loss_floor(config), least_loss(config, encode(config))
    if least >= NEAR_NATS and (floor is None or least > floor):
        return Bound.TEXT, least
    return None if floor is None else (Bound.LOGITS, floor)


def loss_floor(config: RunConfig) -> float | None:
    """What the loss of a network without a head cannot fall below, in nats: ln(1 + (V − 1)·e⁻²); None: no such floor.

    Without a head the logits are hidden values, and each of those lies between −1 and 1 (RNN with tanh, GRU, LSTM). At
    best the target's is 1 and all others are −1: p = e / (e + (V − 1)·e⁻¹). A head or relu sets no bound.
    """
    bounded = config.cell is not Cell.RNN or config.nonlinearity is Nonlinearity.TANH
    if config.head is Head.LINEAR or not bounded:
        return None
    return math.log1p((len(config.vocabulary) - 1) * math.exp(-2))


def least_loss(config: RunConfig, encoding: Encoding) -> float:
    """Return the mean over all steps of −ln of how often the target follows what was read, in nats.

    No network with one direction has less that reads a line from its start, or, where nothing recurs, one token. 0
    where that is not what it reads: in two directions, or down the lines.
    """
    if config.bidirectional or not (config.batch_first or len(encoding.lines) == 1):
        return 0.0
    seen = [
        (inputs[0 if config.batch_first else t : t + 1], target)
        for inputs, targets in zip(encoding.inputs, encoding.targets, strict=True)
        for t, target in enumerate(targets)
    ]
    read, both = Counter(context for context, _ in seen), Counter(seen)
    return sum(count * math.log(read[context] / count) for (context, _), count in both.items()) / len(seen)
