"""A Trace becomes what its hidden states tell apart: a map of them in two dimensions, and each unit by itself.

Only the real steps of all lines count; a state is a row of ``output``, all features of the last layer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rnn_core.config import ConfigError
from rnn_core.encoding import Encoding, read_only
from rnn_core.trace import Trace

DoubleArray = npt.NDArray[np.float64]


class Kind(StrEnum):
    """By what one can sort the states that a unit may tell apart."""

    READ = "token read"
    ASKED = "token asked for"
    STEP = "time step"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StateMap:
    """The hidden states of P real steps in the plane in which they are farthest apart (PCA).

    Attributes:
        xy_P2: float64 (P, 2), the two principal components; each points to where its largest loading is positive.
        explained_2: float64 (2,), the share of all variance that each component has, 0…1; 0 where nothing varies.
        line_P, step_P: int64, which step of which line each state is of.
        read, asked: the token that is read, and the target, at each.
    """

    xy_P2: DoubleArray
    explained_2: DoubleArray
    line_P: npt.NDArray[np.int64]
    step_P: npt.NDArray[np.int64]
    read: tuple[str, ...]
    asked: tuple[str, ...]

    def occurrences(self, token: str) -> list[int]:
        """The places of the states at which ``token`` was read, in the order of the text."""
        return [place for place, read in enumerate(self.read) if read == token]


def state_map(trace: Trace, encoding: Encoding) -> StateMap:
    """The states of all real steps, by principal components.

    Raises: ConfigError where a state is not a number, as after a training that diverged.
    """
    line_P, step_P, state_PF = _real_states(trace, encoding)
    centred_PF = state_PF - state_PF.mean(axis=0)
    variance_F, direction_FF = np.linalg.eigh(centred_PF.T @ centred_PF)
    found = min(2, len(variance_F))
    direction_F2 = np.zeros((len(variance_F), 2))
    direction_F2[:, :found] = direction_FF[:, ::-1][:, :found]
    largest_2 = np.take_along_axis(direction_F2, np.abs(direction_F2).argmax(axis=0)[None], axis=0)
    direction_F2 *= np.where(largest_2 < 0, -1, 1)
    total, explained_2 = variance_F.clip(0).sum(), np.zeros(2)
    if total > 0:
        explained_2[:found] = variance_F[::-1][:found].clip(0) / total
    return StateMap(
        xy_P2=read_only(centred_PF @ direction_F2),
        explained_2=read_only(explained_2),
        line_P=read_only(line_P),
        step_P=read_only(step_P),
        read=_flat(encoding.inputs),
        asked=_flat(encoding.targets),
    )


def mean_distance(trace: Trace, encoding: Encoding, token: str | None = None) -> float | None:
    """The mean Euclidean distance between two hidden states: of all real steps, or of those at which ``token`` is read.

    Returns: None where there are fewer than two.
    Raises: ConfigError where a state is not a number.
    """
    _line, _step, state_PF = _real_states(trace, encoding)
    if token is not None:
        state_PF = state_PF[[read == token for read in _flat(encoding.inputs)]]
    count = len(state_PF)
    if count < 2:
        return None
    square_P = (state_PF**2).sum(axis=1)
    square_PP = square_P[:, None] + square_P - 2 * state_PF @ state_PF.T
    np.fill_diagonal(square_PP, 0)
    return float(np.sqrt(square_PP.clip(0)).sum() / (count * (count - 1)))


def separation(trace: Trace, encoding: Encoding) -> Mapping[Kind, DoubleArray]:
    """How much of each unit's variance lies between the groups of each Kind: η², float64 (F,), 0…1.

    1: the unit has one value for each group, and knows nothing else; 0: its mean is the same in all groups. A unit
    that never varies separates nothing: 0. The time step is no group but a number: its η² is the squared correlation.

    Raises: ConfigError where a state is not a number.
    """
    _line, step_P, state_PF = _real_states(trace, encoding)
    centred_PF = state_PF - state_PF.mean(axis=0)
    total_F = (centred_PF**2).sum(axis=0)
    between = {
        Kind.READ: _between(centred_PF, _flat(encoding.inputs)),
        Kind.ASKED: _between(centred_PF, _flat(encoding.targets)),
        Kind.STEP: _along(centred_PF, step_P),
    }
    varies_F = total_F > 1e-12 * len(step_P)
    return {
        kind: read_only(np.divide(part_F, total_F, out=np.zeros_like(total_F), where=varies_F).clip(0, 1))
        for kind, part_F in between.items()
    }


def _between(centred_PF: DoubleArray, tokens: Sequence[str]) -> DoubleArray:
    """The sum of squares between the groups of equal tokens."""
    _names, group_P = np.unique(np.array(tokens, dtype=object), return_inverse=True)
    sums = np.zeros((group_P.max() + 1, centred_PF.shape[1]))
    np.add.at(sums, group_P, centred_PF)
    found: DoubleArray = (sums**2 / np.bincount(group_P)[:, None]).sum(axis=0)
    return found


def _along(centred_PF: DoubleArray, step_P: npt.NDArray[np.int64]) -> DoubleArray:
    """The sum of squares that a straight line over the time steps accounts for."""
    step_P = step_P - step_P.mean()
    square = float((step_P**2).sum())
    found: DoubleArray = (step_P @ centred_PF) ** 2 / square if square else np.zeros(centred_PF.shape[1])
    return found


def _real_states(trace: Trace, encoding: Encoding) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], DoubleArray]:
    """Line, step and hidden state of every real step, line by line."""
    real_BT = np.arange(trace.output_BTF.shape[1]) < encoding.length_B[:, None]
    line_P, step_P = np.nonzero(real_BT)
    state_PF = trace.output_BTF[real_BT].astype(np.float64)
    if not np.isfinite(state_PF).all():
        raise ConfigError("hidden states must be finite, got nan or inf: the weights are no numbers any more")
    return line_P, step_P, state_PF


def _flat(lines: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(token for line in lines for token in line)
