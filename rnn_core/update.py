"""A Trainer becomes an UpdateCycle: one update taken apart, on a copy: forward, loss, backward, update.

Taken in order they are ``Trainer.step()``, bit for bit. Two things that people forget can be left out: ``zero_grad``,
and ``detach`` where the hidden state of one update is handed to the next; torch then does what it does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from torch import Tensor

from rnn_core.encoding import read_only
from rnn_core.trace import FloatArray
from rnn_core.training import Trainer
from rnn_core.whatif import parameter


class Part(StrEnum):
    """The parts of an update, in order."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


@dataclass(kw_only=True, eq=False)
class UpdateCycle:
    """One update after another on a copy of a training, a part at a time.

    Attributes:
        trainer: the copy.
        next: the part that is to come.
        logits_BTV, loss_nats, gradient_norm, norm_taken: what the parts gave so far; None before. The norm is that of
            all gradients together, as ``backward`` left it, and as ``update`` took it, clipped.
        problem: torch's own words where ``backward`` failed, else "".
        done: how many updates were made.
    """

    trainer: Trainer
    next: Part = Part.FORWARD
    logits_BTV: FloatArray | None = None
    loss_nats: float | None = None
    gradient_norm: float | None = None
    norm_taken: float | None = None
    problem: str = ""
    done: int = 0
    _logits: Tensor | None = field(default=None, repr=False)
    _loss: Tensor | None = field(default=None, repr=False)
    _carried: Tensor | None = field(default=None, repr=False)
    _before: dict[str, FloatArray] = field(default_factory=dict, repr=False)

    def forward(self, *, carry: bool = False) -> None:
        """Reads the batch. Args: carry: begin with the hidden state that the last forward ended in, graph and all."""
        start = self._carried if carry else None
        self.logits_BTV = self.loss_nats = self.gradient_norm = self.norm_taken = None
        self._before = {name: self.weight(name) for name in self._names()}
        self._logits, state = self.trainer.forward_part(start)
        self._carried = state[0] if isinstance(state, tuple) else state
        self.logits_BTV = read_only(self._logits.detach().numpy())
        self.problem, self.next = "", Part.LOSS

    def loss(self) -> None:
        """The mean cross-entropy of the logits."""
        assert self._logits is not None
        self._loss = self.trainer.loss_part(self._logits)
        self.loss_nats, self.next = self._loss.item(), Part.BACKWARD

    def backward(self, *, zero_grad: bool = True) -> None:
        """Fills the gradients; where torch refuses, ``problem`` has its words, and the cycle begins anew."""
        assert self._loss is not None
        try:
            self.gradient_norm = self.trainer.backward_part(self._loss, zero_grad=zero_grad)
        except RuntimeError as error:
            self.problem, self.next, self._carried = str(error), Part.FORWARD, None
            return
        self.next = Part.UPDATE

    def update(self) -> None:
        """Clips, and has the optimizer step."""
        self.norm_taken = self.trainer.update_part()
        self._logits = self._loss = None  # and with them the graph
        self.done, self.next = self.done + 1, Part.FORWARD

    def weight(self, name: str) -> FloatArray:
        """A parameter as it is now, by its name in the ledger."""
        values: FloatArray = read_only(parameter(self.trainer.model, name).detach().numpy())
        return values

    def gradient(self, name: str) -> FloatArray:
        """Its gradient as it is now: zeros before the first ``backward``."""
        grad = parameter(self.trainer.model, name).grad
        values: FloatArray = read_only(np.zeros_like(self.weight(name)) if grad is None else grad.numpy())
        return values

    def before(self, name: str) -> FloatArray:
        """The parameter as ``forward`` read it."""
        return self._before.get(name, self.weight(name))

    def change(self, name: str) -> FloatArray:
        """What the parameter has moved by since ``forward``."""
        values: FloatArray = read_only(self.weight(name) - self.before(name))
        return values

    def _names(self) -> list[str]:
        return [name.removeprefix("rnn.") for name, _values in self.trainer.model.named_parameters()]
