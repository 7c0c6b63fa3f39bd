"""A training becomes what a script is compared with: the losses and the words of a screen, as far as they carry.

Another machine adds float32 numbers in another order. What that does to a training is measured and not guessed: a
second one begins with every weight moved by a few times what rounding moves it by. Where the two have come apart, there
is nothing to be compared; how far apart they are before decides how close a script must come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import itemgetter

import torch

from rnn_core.config import RunConfig
from rnn_core.cost import LARGE, multiply_adds
from rnn_core.export.reading import line_lengths
from rnn_core.export.source import filled, quoted, shaped, statement, written
from rnn_core.history import EpochRecord
from rnn_core.training import Trainer

MAX_COMPARED = 1_000
MAX_STEPS = 1 << 17
MAX_MULTIPLY_ADDS = 10 * LARGE
"""How many epochs are compared at most, and how much the second training may read and compute for them."""

NUDGE = 2.0**-20
"""How far a weight is moved at most, relative to itself: 8 times as far as from one float32 to the next."""

APART = 2e-5
"""From which difference on, relative to 1 + the loss, the two trainings have come apart …"""

KEPT = 0.9
"""… and what share of the epochs before is compared, for elsewhere it may come to it sooner."""

CALM = 1e-6
"""Up to which difference of the two a script must come within CLOSE of the screen, and not WIDE only."""

CLOSE, WIDE = 1e-5, 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a script is compared with.

    Attributes:
        epochs: how many updates the training had.
        losses: those of epochs 0, 1, …, in nats: of all up to ``epochs``, or of the first that can be compared.
        tolerance: what a loss may differ by, relative to 1 + the loss.
        said_epoch, said: the last epoch whose words can be compared, and what the network says there of each line.
    """

    epochs: int
    losses: tuple[float, ...]
    tolerance: float
    said_epoch: int
    said: tuple[str, ...]


def measure_check(trainer: Trainer) -> Check:
    """What a script that makes the updates of ``trainer`` is compared with.

    The first of them, at most MAX_COMPARED, are made once more for it; ``trainer`` stays as it is.
    """
    count = 1 + min(trainer.epoch, _affordable(trainer.config))
    records = [*trainer.history[:count], trainer.now][:count]
    differences = tuple(_differences(records, _nudged(trainer)))
    if len(differences) < count:
        differences = differences[: max(1, int(KEPT * len(differences)))]
    calm = max(of_loss for of_loss, _ in differences) <= CALM
    alike = sum(1 for _ in takewhile(itemgetter(1), differences))
    said = records[max(alike - 1, 0)]
    return Check(
        epochs=trainer.epoch,
        losses=tuple(record.loss_nats for record in records[: len(differences)]),
        tolerance=CLOSE if calm else WIDE,
        said_epoch=said.epoch,
        said=said.decoded,
    )


def check_lines(check: Check) -> list[str]:
    """The lines that compare ``losses`` and ``predictions`` of a script with ``check``."""
    count, whole = len(check.losses), len(check.losses) == check.epochs + 1
    numbers = [f"{loss:.7f}" for loss in check.losses]
    shape = shaped(("E",), (count,))
    agree = "epoch agrees" if count == 1 else "epochs agree"
    near = f"{check.tolerance:.0e}".replace("e-0", "e-")
    return [
        "# Another machine may add in another order, and training can make such a difference grow. In this",
        f"# run it stays within rtol and atol{'' if whole else f' up to epoch {count - 1}'}.",
        *written(
            (
                statement(*filled("expected = torch.tensor([", numbers, "])"), shapes=shape),
                statement(f"found = torch.tensor({'losses' if whole else f'losses[:{count}]'})", shapes=shape),
            )
        ),
        *filled(
            f"assert predictions[{check.said_epoch}] == [",
            [quoted(line) for line in check.said],
            f"], predictions[{check.said_epoch}]",
        ),
        f"torch.testing.assert_close(found, expected, rtol={check.tolerance}, atol={check.tolerance})",
        f'print("check passed: {count} {agree} to {near}")',
    ]


def _differences(records: Sequence[EpochRecord], twin: Trainer) -> Iterator[tuple[float, bool]]:
    """Of each epoch until the two come apart: how far the twin's loss is from the record's, and whether it says it."""
    for record in records:
        other = twin.now
        difference = abs(other.loss_nats - record.loss_nats) / (1 + abs(record.loss_nats))
        if record.epoch > 0 and not difference <= APART:  # or it is no number
            return
        yield difference, other.decoded == record.decoded
        if record is not records[-1]:
            twin.step(keep=False)


def _affordable(config: RunConfig) -> int:
    """How many updates are made once more at most."""
    steps = sum(line_lengths(config))
    return min(MAX_COMPARED, MAX_STEPS // steps, MAX_MULTIPLY_ADDS // multiply_adds(config))


def _nudged(trainer: Trainer) -> Trainer:
    """A trainer of its own at epoch 0, each of whose weights is a little off, the same way every time."""
    twin, generator = Trainer(trainer.config, trainer.branch), torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in twin.model.parameters():
            parameter.mul_(1 + NUDGE * (2 * torch.rand(parameter.shape, generator=generator) - 1))
    return twin
