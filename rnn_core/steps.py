"""An Encoding becomes the steps of a line, what is read and asked; with a Trace, what is said there and what it costs.

At every step the network gives each token a probability; what the step costs is −ln p of the token that was asked for,
and the loss is the mean of that over all real steps of all lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_core.encoding import Encoding
from rnn_core.trace import FloatArray, Trace

TIE = 1e-3
"""Logits that are nearer than this are as good as equal: which of them is the largest may change with each update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One time step of one line.

    Attributes:
        t: the time step.
        read, read_id: the token that is read, and its id.
        asked, asked_id: the target, and its id.
        edited: whether what is read was changed from what was typed.
    """

    t: int
    read: str
    read_id: int
    asked: str
    asked_id: int
    edited: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """What the network says at T steps of one line, which are those of ``read_steps``.

    Attributes:
        tokens: at each step the token of the largest logit.
        wrong_T: bool, whether that is not the target.
        probability_T, asked_probability_T: float32, how probable it and the target are held to be, 0…1.
        loss_T: float32, −ln of the target's probability, in nats.
        ties: the tokens whose logits are within TIE of the largest, by time step, where there are several.
    """

    tokens: tuple[str, ...]
    wrong_T: npt.NDArray[np.bool_]
    probability_T: FloatArray
    asked_probability_T: FloatArray
    loss_T: FloatArray
    ties: Mapping[int, tuple[str, ...]]


def read_steps(encoding: Encoding, *, line: int = 0, steps: range) -> tuple[Step, ...]:
    """The real steps of ``line`` among ``steps``, in order; what is behind the line's end is left out."""
    read, asked, typed = encoding.inputs[line], encoding.targets[line], encoding.lines[line]
    return tuple(
        Step(
            t=t,
            read=read[t],
            read_id=int(encoding.ids_BT[line, t]),
            asked=asked[t],
            asked_id=int(encoding.target_BT[line, t]),
            edited=read[t] != typed[t],
        )
        for t in _real(encoding, line, steps)
    )


def said_at(encoding: Encoding, trace: Trace, *, line: int = 0, steps: range) -> Said:
    """What is said at the real steps of ``line`` among ``steps``.

    Args:
        trace: a forward pass of ``encoding``.
    """
    tokens, real = encoding.vocabulary.tokens, _real(encoding, line, steps)
    at = line, slice(real.start, real.stop)
    logits_TV, winner_T, target_T = trace.logits_BTV[at], trace.predicted_BT[at], encoding.target_BT[at]
    place_T = np.arange(len(real))
    near_TV = logits_TV >= logits_TV[place_T, winner_T][:, None] - TIE
    tied_T = np.flatnonzero(near_TV.sum(axis=1) > 1)
    return Said(
        tokens=tuple(tokens[index] for index in winner_T.tolist()),
        wrong_T=winner_T != target_T,
        probability_T=trace.probability_BTV[at][place_T, winner_T],
        asked_probability_T=trace.probability_BTV[at][place_T, target_T],
        loss_T=trace.loss_BT[at],
        ties={real[place]: tuple(tokens[v] for v in np.flatnonzero(near_TV[place])) for place in tied_T.tolist()},
    )


def mean_loss(encoding: Encoding, trace: Trace) -> float:
    """The mean of −ln p(target) over all real steps of all lines, in nats: the loss."""
    return float(trace.loss_BT.sum(dtype=np.float64)) / int(encoding.length_B.sum())


def _real(encoding: Encoding, line: int, steps: range) -> range:
    """Those of ``steps`` that are not behind the end of ``line``."""
    length = int(encoding.length_B[line])
    return range(min(steps.start, length), min(steps.stop, length))
