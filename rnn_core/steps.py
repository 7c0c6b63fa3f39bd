"""An Encoding, and a Trace if there is one, become the steps of a line: what is read, asked and said, and its cost.

At every step the network gives each token a probability; what the step costs is −ln p of the token that was asked for,
and the loss is the mean of that over all real steps of all lines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_core.encoding import Encoding
from rnn_core.trace import Trace

TIE = 1e-3
"""Logits that are nearer than this are as good as equal: which of them is the largest may change with each update."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the network says at one step.

    Attributes:
        token, probability: the token of the largest logit, and how probable it is held to be, 0…1.
        asked_probability: how probable the target is held to be, 0…1.
        loss_nats: −ln of ``asked_probability``.
        tied: the tokens whose logits are within TIE of the largest, where there are several; else ().
    """

    token: str
    probability: float
    asked_probability: float
    loss_nats: float
    tied: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One time step of one line.

    Attributes:
        t: the time step.
        read, read_id: the token that is read, and its id.
        asked, asked_id: the target, and its id.
        edited: whether what is read was changed from what was typed.
        said: what the network says, or None where none was asked.
    """

    t: int
    read: str
    read_id: int
    asked: str
    asked_id: int
    edited: bool
    said: Said | None


def read_steps(encoding: Encoding, trace: Trace | None = None, *, line: int = 0, steps: range) -> tuple[Step, ...]:
    """The real steps of ``line`` among ``steps``, in order; what is behind the line's end is left out.

    Args:
        trace: a forward pass of ``encoding``, or None for the text alone.
    """
    read, asked, typed = encoding.inputs[line], encoding.targets[line], encoding.lines[line]
    return tuple(
        Step(
            t=t,
            read=read[t],
            read_id=int(encoding.ids_BT[line, t]),
            asked=asked[t],
            asked_id=int(encoding.target_BT[line, t]),
            edited=read[t] != typed[t],
            said=None if trace is None else _said(encoding, trace, line, t),
        )
        for t in steps
        if t < len(read)
    )


def mean_loss(encoding: Encoding, trace: Trace) -> float:
    """The mean of −ln p(target) over all real steps of all lines, in nats: the loss."""
    return float(trace.loss_BT.sum(dtype=np.float64)) / int(encoding.length_B.sum())


def _said(encoding: Encoding, trace: Trace, line: int, t: int) -> Said:
    tokens, logits_V, probability_V = (
        encoding.vocabulary.tokens,
        trace.logits_BTV[line, t],
        trace.probability_BTV[line, t],
    )
    winner = int(trace.predicted_BT[line, t])
    near = np.flatnonzero(logits_V >= logits_V[winner] - TIE)
    return Said(
        token=tokens[winner],
        probability=float(probability_V[winner]),
        asked_probability=float(probability_V[encoding.target_BT[line, t]]),
        loss_nats=float(trace.loss_BT[line, t]),
        tied=tuple(tokens[index] for index in near) if len(near) > 1 else (),
    )
