"""The records of a training in bounded memory: a column for each number, one byte for each prediction.

Nothing is thinned or rounded: every record can be read again to the last bit. At the limits (20,000 epochs of 4,096
tokens) the predictions are 82 MB before compression; they repeat from epoch to epoch, so that in practice a hundredth
remains. Only what is drawn is bounded more tightly: ``LossCurve`` has at most ``MAX_POINTS`` points.
"""

from __future__ import annotations

import math
import zlib
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from rnn_core.encoding import Encoding, read_only
from rnn_core.text import PADDING

BUCKETS = 100
MAX_POINTS = 2 * BUCKETS + 2
BLOCK_BYTES = 1 << 16
RECENT = 16

Errors = tuple[tuple[tuple[int, str], ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """What was measured at epoch ``epoch``, before its update.

    Attributes:
        epoch: the number of updates made before, 0…20,000.
        loss_nats: cross-entropy in nats, the mean over all real steps of all lines.
        accuracy: the share of real steps whose argmax is the target, 0…1.
        decoded: what the network says, one string for each line.
        gradient_norm: L2 norm of the whole gradient, before any clipping.
        errors: for each line, (step, token said instead of the target) of every wrong prediction.
    """

    epoch: int
    loss_nats: float
    accuracy: float
    decoded: tuple[str, ...]
    gradient_norm: float
    errors: Errors = ()

    @property
    def finite(self) -> bool:
        """Whether the loss is a number that can still be trained on: neither nan nor inf."""
        return math.isfinite(self.loss_nats)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LossCurve:
    """The loss over the epochs, of a long training in at most MAX_POINTS points: the first, the last, every extreme.

    Attributes:
        epoch_E: uint16, increasing.
        loss_E: float32, in nats; nan where the loss was not finite.
        every_loss_E: float64, the loss of each epoch, also of those that are no point.
    """

    epoch_E: npt.NDArray[np.uint16]
    loss_E: npt.NDArray[np.float32]
    every_loss_E: npt.NDArray[np.float64]


def read_record(
    encoding: Encoding, predicted: bytes, *, epoch: int, loss_nats: float, gradient_norm: float
) -> EpochRecord:
    """The record of one epoch.

    Args:
        predicted: the predicted ids, one byte each, (B, T) row by row.
    """
    tokens, targets = encoding.vocabulary.tokens, encoding.targets
    steps = len(predicted) // len(targets)
    lines = [
        [tokens[index] for index in predicted[row * steps : row * steps + len(target)]]
        for row, target in enumerate(targets)
    ]
    errors = tuple(
        tuple((t, said) for t, (said, asked) in enumerate(zip(line, target, strict=True)) if said != asked)
        for line, target in zip(lines, targets, strict=True)
    )
    return EpochRecord(
        epoch=epoch,
        loss_nats=loss_nats,
        accuracy=1 - sum(map(len, errors)) / sum(map(len, targets)),
        decoded=tuple(map("".join, lines)),
        gradient_norm=gradient_norm,
        errors=errors,
    )


class History(Sequence[EpochRecord]):
    """The records of epochs 0…n−1, in order; ``history[k]`` is epoch k's."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._steps = encoding.ids_BT.size
        self._block_epochs = max(1, BLOCK_BYTES // self._steps)
        self._losses = array("d")
        self._norms = array("d")
        self._blocks: list[bytes] = []
        self._open = bytearray()
        self._recent: deque[EpochRecord] = deque(maxlen=RECENT)
        self.wrong_until = 0
        """The first epoch since which every record has been right."""
        self._curve = _Buckets()

    def append(self, record: EpochRecord, predicted: bytes) -> None:
        """Keeps ``record``, the one of epoch len(self), whose predicted ids are ``predicted``."""
        self._losses.append(record.loss_nats)
        self._norms.append(record.gradient_norm)
        self._recent.append(record)
        if record.accuracy < 1:
            self.wrong_until = record.epoch + 1
        self._curve.append(record.epoch, record.loss_nats)
        self._open += predicted
        self._close()

    def recent(self, count: int) -> list[EpochRecord]:
        """The last ``count`` records, at most RECENT, without reading any of them again."""
        return list(self._recent)[len(self._recent) - min(count, len(self._recent)) :]

    def losses(self, first: int) -> Sequence[float]:
        """The losses of epoch ``first`` and all after it, in nats."""
        return self._losses[first:]

    @property
    def nbytes(self) -> int:
        """The memory of what is kept, but for the last few records."""
        numbers = self._losses.itemsize * (len(self._losses) + len(self._norms))
        return numbers + sum(map(len, self._blocks)) + len(self._open)

    def curve(self, now: EpochRecord, *, last: int | None = None) -> LossCurve:
        """The loss up to ``now``, the record that comes next.

        Args:
            last: the last epoch that is asked for, each epoch to which is then a point, or None for all.
        """
        every = self._losses[: None if last is None else last + 1]
        points = self._curve.points() if last is None else list(enumerate(every))
        if last is None or now.epoch <= last:
            points.append((now.epoch, now.loss_nats))
            every.append(now.loss_nats)
        epochs, losses = zip(*points, strict=True)
        return LossCurve(
            epoch_E=read_only(epochs, np.uint16),
            loss_E=read_only([loss if math.isfinite(loss) else math.nan for loss in losses], np.float32),
            every_loss_E=read_only(every, np.float64),
        )

    def until(self, epoch: int) -> History:
        """A history of its own, of the records of epochs 0…``epoch``−1."""
        past = History(self._encoding)
        whole, rest = divmod(epoch, self._block_epochs)
        past._losses, past._norms, past._blocks = self._losses[:epoch], self._norms[:epoch], self._blocks[:whole]
        past._open = bytearray(self._predictions(whole)[: rest * self._steps]) if rest else bytearray()
        for place, loss in enumerate(past._losses):
            past._curve.append(place, loss)
        past._recent.extend(past[-RECENT:])
        past.wrong_until = self.wrong_until if self.wrong_until <= epoch else past._last_wrong() + 1
        return past

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """All that is kept: loss (E,) and gradient_norm (E,), float64, and predicted (E, B, T), the ids in uint8."""
        predictions = b"".join(map(self._predictions, range(len(self._blocks) + 1)))
        return {
            "loss": read_only(self._losses, np.float64),
            "gradient_norm": read_only(self._norms, np.float64),
            "predicted": np.frombuffer(predictions, np.uint8).reshape(len(self), *self._encoding.ids_BT.shape),
        }

    @classmethod
    def from_columns(
        cls, encoding: Encoding, *, loss: npt.ArrayLike, gradient_norm: npt.ArrayLike, predicted: npt.NDArray[np.uint8]
    ) -> History:
        """The history whose ``columns`` these are."""
        past, target_BT = cls(encoding), encoding.target_BT
        past._losses, past._norms = array("d", np.asarray(loss)), array("d", np.asarray(gradient_norm))
        for epoch, value in enumerate(past._losses):
            past._curve.append(epoch, value)
        for start in range(0, len(past), past._block_epochs):
            block = predicted[start : start + past._block_epochs]
            past._open += block.tobytes()
            past._close()
            wrong = np.flatnonzero(((block != target_BT) & (target_BT != PADDING)).any(axis=(1, 2)))
            past.wrong_until = start + int(wrong[-1]) + 1 if wrong.size else past.wrong_until
        past._recent.extend(past[-RECENT:])
        return past

    def _last_wrong(self) -> int:
        """The last epoch whose record is not all right, or −1."""
        for start in reversed(range(0, len(self), self._block_epochs)):  # a block at a time: to read one is dear
            wrong = [record.epoch for record in self[start : start + self._block_epochs] if record.accuracy < 1]
            if wrong:
                return wrong[-1]
        return -1

    def __len__(self) -> int:
        return len(self._losses)

    @overload
    def __getitem__(self, key: int) -> EpochRecord: ...

    @overload
    def __getitem__(self, key: slice) -> list[EpochRecord]: ...

    def __getitem__(self, key: int | slice) -> EpochRecord | list[EpochRecord]:
        if isinstance(key, slice):
            return list(self._read(range(*key.indices(len(self)))))
        return next(self._read([range(len(self))[key]]))

    def __eq__(self, other: object) -> bool:
        """Whether all records are equal; a list of records will do for the other side."""
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __iter__(self) -> Iterator[EpochRecord]:
        return self._read(range(len(self)))

    def _close(self) -> None:
        if len(self._open) >= self._block_epochs * self._steps:
            self._blocks.append(zlib.compress(self._open, 1))
            self._open.clear()

    def _predictions(self, block: int) -> bytes:
        return zlib.decompress(self._blocks[block]) if block < len(self._blocks) else bytes(self._open)

    def _read(self, epochs: Sequence[int]) -> Iterator[EpochRecord]:
        held, predictions = -1, b""
        for epoch in epochs:
            block, place = divmod(epoch, self._block_epochs)
            if block != held:
                held, predictions = block, self._predictions(block)
            yield read_record(
                self._encoding,
                predictions[place * self._steps : (place + 1) * self._steps],
                epoch=epoch,
                loss_nats=self._losses[epoch],
                gradient_norm=self._norms[epoch],
            )


class _Buckets:
    """The lowest and the highest loss of each of at most BUCKETS spans of epochs, all of one width, a power of 2."""

    def __init__(self) -> None:
        self._width = 1
        self._spans: list[tuple[tuple[float, int], tuple[float, int]]] = []
        self._first: list[tuple[int, float]] = []

    def append(self, epoch: int, loss: float) -> None:
        if epoch // self._width == BUCKETS:
            self._width *= 2
            pairs = zip(self._spans[::2], self._spans[1::2], strict=True)
            self._spans = [(_lower(a[0], b[0]), _higher(a[1], b[1])) for a, b in pairs]
        self._first = self._first or [(epoch, loss)]
        point = (loss, epoch)
        if epoch // self._width < len(self._spans):
            low, high = self._spans[-1]
            self._spans[-1] = (_lower(low, point), _higher(high, point))
        else:
            self._spans.append((point, point))

    def points(self) -> list[tuple[int, float]]:
        """(epoch, loss) of epoch 0 and of every extreme, in order of epochs."""
        extremes = dict(self._first)
        for low, high in self._spans:
            for loss, epoch in (low, high) if low[1] < high[1] else (high, low):
                extremes[epoch] = loss
        return list(extremes.items())


def _lower(a: tuple[float, int], b: tuple[float, int]) -> tuple[float, int]:
    """The earlier of the lower; a loss that is not finite gives way."""
    return b if not math.isfinite(a[0]) or b[0] < a[0] else a


def _higher(a: tuple[float, int], b: tuple[float, int]) -> tuple[float, int]:
    return b if not math.isfinite(a[0]) or (math.isfinite(b[0]) and b[0] > a[0]) else a
