"""A config becomes an Encoding: ids, one-hot input, targets and lengths of a batch of lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rnn_core.config import RunConfig, Task
from rnn_core.text import PADDING, Vocabulary, split_lines


def read_only(values: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """A contiguous copy of ``values`` that nobody can write to: what a record holds."""
    array = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoding:
    """What the network reads and what it is to say, for B lines of at most T steps.

    Attributes:
        vocabulary: V tokens in order of first appearance.
        lines: the tokens of every line, as typed.
        inputs: the tokens that are read: the line itself ("copy"), or all but its last token ("next").
        targets: the tokens to predict: the line itself, or all but its first token.
        ids_BT: int64, the ids of ``inputs``; PADDING (−100) behind a line's end.
        x_BTV: float32, one-hot of ``ids_BT``; zeros behind a line's end.
        target_BT: int64, the ids of ``targets``; PADDING behind a line's end (what cross_entropy ignores).
        length_B: int64, the number of real steps of each line, 1…T.
    """

    vocabulary: Vocabulary
    lines: tuple[tuple[str, ...], ...]
    inputs: tuple[tuple[str, ...], ...]
    targets: tuple[tuple[str, ...], ...]
    ids_BT: npt.NDArray[np.int64]
    x_BTV: npt.NDArray[np.float32]
    target_BT: npt.NDArray[np.int64]
    length_B: npt.NDArray[np.int64]

    @property
    def padded(self) -> bool:
        """Whether the lines differ in length."""
        return bool(self.length_B.min() < self.x_BTV.shape[1])


def encode(config: RunConfig) -> Encoding:
    """The Encoding of ``config.text`` for ``config.task``."""
    lines, vocabulary = split_lines(config.text), config.vocabulary
    inputs = tuple(line[:-1] for line in lines) if config.task is Task.NEXT else lines
    targets = tuple(line[1:] for line in lines) if config.task is Task.NEXT else lines
    ids_BT = _padded_ids(vocabulary, inputs)
    return Encoding(
        vocabulary=vocabulary,
        lines=lines,
        inputs=inputs,
        targets=targets,
        ids_BT=ids_BT,
        x_BTV=read_only(vocabulary.one_hot(ids_BT)),
        target_BT=_padded_ids(vocabulary, targets),
        length_B=read_only([len(line) for line in inputs], np.int64),
    )


def _padded_ids(vocabulary: Vocabulary, lines: Sequence[Sequence[str]]) -> npt.NDArray[np.int64]:
    ids_BT = np.full((len(lines), max(map(len, lines))), PADDING, dtype=np.int64)
    for row, line in zip(ids_BT, lines, strict=True):
        row[: len(line)] = vocabulary.encode(line)
    return read_only(ids_BT)
