"""A RunConfig becomes a Trainer: one update at a time, each measured before it is made.

Epoch k's record belongs to the weights after k updates, as a notebook prints it: ``history[0]`` is the untrained
network. ``now`` is the record of the present weights, which the next ``step()`` will enter in the history; a screen
that draws ``history`` and ``now`` never shows a number that is one update behind another.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from rnn_core.config import MAX_EPOCHS, ConfigError, Optimizer, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.model import CharRNN, build_model
from rnn_core.text import PADDING

_OPTIMIZERS: dict[Optimizer, Callable[..., torch.optim.Optimizer]] = {
    Optimizer.ADAM: torch.optim.Adam,
    Optimizer.SGD: torch.optim.SGD,
    Optimizer.RMSPROP: torch.optim.RMSprop,
}


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
    errors: tuple[tuple[tuple[int, str], ...], ...] = ()

    @property
    def finite(self) -> bool:
        """Whether the loss is a number that can still be trained on: neither nan nor inf."""
        return math.isfinite(self.loss_nats)


class Stop(StrEnum):
    """Why a training cannot usefully go on."""

    EPOCH_LIMIT = "epoch limit"
    NOT_FINITE = "loss not finite"


class Trainer:
    """Trains the network of one config, one update a step.

    The parameters of the model are views into one flat tensor, and so are their gradients: the optimizers at hand work
    element by element, so one call on the flat tensor makes the same update as one call for each parameter.

    Attributes:
        config: the experiment.
        encoding: what the network reads and what it is to say.
        model: the live network, after ``epoch`` updates; not to be changed from outside (see ``model_at``).
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.encoding: Encoding = encode(config)
        self.model: CharRNN = build_model(config)
        self._records: list[EpochRecord] = []
        self._now: EpochRecord | None = None
        self._x = torch.tensor(self.encoding.x_BTV)
        self._length = torch.tensor(self.encoding.length_B)
        self._target = torch.tensor(self.encoding.target_BT).view(-1)
        self._target_shape = self.encoding.target_BT.shape
        self._steps = sum(map(len, self.encoding.targets))
        self._flat = _flattened(self.model)
        self._optimizer = _OPTIMIZERS[config.optimizer]([self._flat], lr=config.learning_rate)

    @property
    def epoch(self) -> int:
        """The number of updates made."""
        return len(self._records)

    @property
    def history(self) -> Sequence[EpochRecord]:
        """The records of epochs 0…epoch−1, in order."""
        return self._records

    @property
    def now(self) -> EpochRecord:
        """The record of the present weights: what the next ``step()`` will enter in the history."""
        if self._now is None:
            self._now = self._measure()
        return self._now

    @property
    def stop(self) -> Stop | None:
        """Why playing should stop here, or None. ``step()`` heeds the epoch limit only, as a plain loop would."""
        if not self.now.finite:
            return Stop.NOT_FINITE
        return Stop.EPOCH_LIMIT if self.epoch >= MAX_EPOCHS else None

    def step(self) -> EpochRecord:
        """Makes one update and returns the record that was measured before it.

        Raises: ConfigError at the epoch limit.
        """
        if self.epoch >= MAX_EPOCHS:
            raise ConfigError(f"epoch must be at most {MAX_EPOCHS}, got {self.epoch + 1}")
        record = self.now
        if self.config.clip_norm is not None:
            nn.utils.clip_grad_norm_([self._flat], self.config.clip_norm)
        self._optimizer.step()
        self._records.append(record)
        self._now = None
        return record

    def run(self, epochs: int) -> Sequence[EpochRecord]:
        """Makes ``epochs`` updates and returns the history. Raises: ConfigError, before any, beyond the limit."""
        if epochs < 0 or self.epoch + epochs > MAX_EPOCHS:
            raise ConfigError(f"epochs must be 0…{MAX_EPOCHS - self.epoch}, got {epochs}")
        for _ in range(epochs):
            self.step()
        return self.history

    def model_at(self, epoch: int) -> CharRNN:
        """A network of its own with the weights before update ``epoch``, 0…self.epoch.

        Raises: ConfigError for an epoch that was not reached.
        """
        if not 0 <= epoch <= self.epoch:
            raise ConfigError(f"epoch must be 0…{self.epoch}, got {epoch}")
        if epoch == self.epoch:
            return copy.deepcopy(self.model)
        replay = Trainer(self.config)
        replay.run(epoch)
        return replay.model

    def _measure(self) -> EpochRecord:
        """One forward and one backward pass at the present weights."""
        assert self._flat.grad is not None
        self._flat.grad.zero_()
        logits, _, _ = self.model(self._x, self._length)
        logits = logits.reshape(-1, logits.shape[-1])
        loss = nn.functional.cross_entropy(logits, self._target, ignore_index=PADDING)
        torch.autograd.backward(loss)
        predicted = logits.detach().argmax(dim=-1)
        decoded, errors = self._decode(predicted)
        return EpochRecord(
            epoch=self.epoch,
            loss_nats=loss.item(),
            accuracy=1 - sum(map(len, errors)) / self._steps,
            decoded=decoded,
            gradient_norm=torch.linalg.vector_norm(self._flat.grad).item(),
            errors=errors,
        )

    def _decode(self, predicted: Tensor) -> tuple[tuple[str, ...], tuple[tuple[tuple[int, str], ...], ...]]:
        """What the network says on each line, and where it errs."""
        tokens = self.encoding.vocabulary.tokens
        lines = [
            [tokens[index] for index in row[: len(target)]]
            for row, target in zip(predicted.view(self._target_shape).tolist(), self.encoding.targets, strict=True)
        ]
        errors = tuple(
            tuple((t, said) for t, (said, asked) in enumerate(zip(line, target, strict=True)) if said != asked)
            for line, target in zip(lines, self.encoding.targets, strict=True)
        )
        return tuple(map("".join, lines)), errors


def _flattened(model: CharRNN) -> Tensor:
    """One leaf tensor that holds all parameters of ``model``, with a gradient that holds all of theirs."""
    parameters = list(model.parameters())
    flat = torch.cat([parameter.detach().reshape(-1) for parameter in parameters])
    flat.grad = torch.zeros_like(flat)
    sizes = [parameter.numel() for parameter in parameters]
    parts = zip(parameters, torch.split(flat, sizes), torch.split(flat.grad, sizes), strict=True)
    for parameter, weights, gradient in parts:
        parameter.data = weights.view_as(parameter)
        parameter.grad = gradient.view_as(parameter)
    return flat.requires_grad_()
