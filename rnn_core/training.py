"""A RunConfig becomes a Trainer: one update at a time, each measured before it is made.

Epoch k's record belongs to the weights after k updates, as a notebook prints it: ``history[0]`` is the untrained
network. ``now`` is the record of the present weights, which the next ``step()`` will enter in the history; a screen
that draws ``history`` and ``now`` never shows a number that is one update behind another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from rnn_core.config import CLIP_NORM, LEARNING_RATE, MAX_EPOCHS, ConfigError, Optimizer, RunConfig, check_value
from rnn_core.encoding import Encoding, encode
from rnn_core.history import EpochRecord, History, read_record
from rnn_core.model import CharRNN, State, build_model
from rnn_core.rules import Real, Whole
from rnn_core.text import PADDING

ALIGNMENT_BYTES = 64
"""Where torch begins the memory of every tensor of its own: at a multiple of this."""

SNAPSHOT_STRIDE = 16
SNAPSHOT_BYTES = 1 << 20
"""What all snapshots of one training may take; a network so large that one is more keeps none, and replays from 0."""

OPTIMIZERS: dict[Optimizer, Callable[..., torch.optim.Optimizer]] = {
    Optimizer.ADAM: torch.optim.Adam,
    Optimizer.SGD: torch.optim.SGD,
    Optimizer.RMSPROP: torch.optim.RMSprop,
}
"""The class of each optimizer; all work element by element."""


BRANCH_RULES: Mapping[str, Whole | Real] = {
    "epoch": Whole(0, MAX_EPOCHS),
    "learning_rate": LEARNING_RATE,
    "clip_norm": CLIP_NORM,
}
"""The rule of each field of Branch."""


class Stop(StrEnum):
    """Why a training cannot usefully go on."""

    EPOCH_LIMIT = "epoch limit"
    NOT_FINITE = "loss not finite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Where a training leaves its config's: the updates from ``epoch`` on are made with another rate or clipping.

    Args:
        epoch: the first update that is made otherwise, 0…20,000.
        learning_rate: above 0, at most 10. clip_norm: above 0, or None for no clipping.

    Raises: ConfigError naming field, rule and value.
    """

    epoch: int
    learning_rate: float
    clip_norm: float | None = None

    def __post_init__(self) -> None:
        for name, rule in BRANCH_RULES.items():
            object.__setattr__(self, name, check_value(name, rule, getattr(self, name)))


class Trainer:
    """Trains the network of one config, one update a step.

    The parameters of the model are views into one flat tensor, and so are their gradients: the optimizers at hand work
    element by element, so one call on the flat tensor makes the same update as one call for each parameter.

    Attributes:
        config: the experiment. branch: from where on it is trained otherwise, or None.
        encoding: what the network reads and what it is to say.
        model: the live network, after ``epoch`` updates; not to be changed from outside (see ``model_at``).
        epoch: the number of updates made.
        history: the records of epochs 0…epoch−1, in order.
    """

    def __init__(self, config: RunConfig, branch: Branch | None = None) -> None:
        self.config = config
        self.branch = branch
        self.encoding: Encoding = encode(config)
        self.model: CharRNN = build_model(config)
        self.history = History(self.encoding)
        self.epoch = 0
        self._now: tuple[EpochRecord, bytes] | None = None
        self._snapshots: dict[int, tuple[Tensor, dict[str, Tensor]]] = {}
        self._stride = SNAPSHOT_STRIDE
        self._origin = 0
        self._x = torch.tensor(self.encoding.x_BTV)
        self._length = torch.tensor(self.encoding.length_B) if self.encoding.padded else None
        self._target = torch.tensor(self.encoding.target_BT).view(-1)
        self._flat = _flattened(self.model)
        self._optimizer = OPTIMIZERS[config.optimizer]([self._flat], lr=config.learning_rate)

    @property
    def now(self) -> EpochRecord:
        """The record of the present weights: what the next ``step()`` will enter in the history."""
        if self._now is None:
            self._now = self._measure()
        return self._now[0]

    @property
    def stop(self) -> Stop | None:
        """Why playing should stop here, or None. ``step()`` heeds the epoch limit only, as a plain loop would."""
        if not self.now.finite:
            return Stop.NOT_FINITE
        return Stop.EPOCH_LIMIT if self.epoch >= MAX_EPOCHS else None

    def step(self, *, keep: bool = True) -> EpochRecord:
        """Makes one update and returns the record that was measured before it.

        Args: keep: whether the record enters the history; a training without one takes no memory as it goes on.
        Raises: ConfigError at the epoch limit.
        """
        if self.epoch >= MAX_EPOCHS:
            raise ConfigError(f"epoch must be at most {MAX_EPOCHS}, got {self.epoch + 1}")
        record, predicted = self._now or self._measure()
        self._update()
        if not keep:
            return record
        self.history.append(record, predicted)
        if self.epoch % self._stride == 0:
            self._keep_snapshot()
        return record

    def run(self, epochs: int) -> History:
        """Makes ``epochs`` updates and returns the history. Raises: ConfigError, before any, beyond the limit."""
        if epochs < 0 or self.epoch + epochs > MAX_EPOCHS:
            raise ConfigError(f"epochs must be 0…{MAX_EPOCHS - self.epoch}, got {epochs}")
        for _ in range(epochs):
            self.step()
        return self.history

    @property
    def nbytes(self) -> int:
        """The memory of this training: weights, gradients, the optimizer's state, snapshots and history."""
        states = [self._optimizer.state[self._flat], *(state for _weights, state in self._snapshots.values())]
        tensors = [value for state in states for value in state.values() if isinstance(value, Tensor)]
        weights = [self._flat, self._flat, *(weights for weights, _state in self._snapshots.values())]
        return sum(tensor.nbytes for tensor in (*tensors, *weights)) + self.history.nbytes

    def model_at(self, epoch: int) -> CharRNN:
        """A network of its own with the weights before update ``epoch``, 0…self.epoch.

        Raises: ConfigError for an epoch that was not reached.
        """
        if self._reached(epoch) == self.epoch:
            return copy.deepcopy(self.model)
        return self._replayed(epoch).model

    def as_of(self, epoch: int) -> Trainer:
        """A trainer of its own that stands where this one stood at ``epoch``, 0…self.epoch, with its history so far.

        Raises: ConfigError for an epoch that was not reached.
        """
        past = self._replayed(self._reached(epoch))
        past.history = self.history.until(epoch)
        return past

    def copied(self) -> Trainer:
        """A trainer of its own at the same epoch: equal weights, equal state of the optimizer, no history."""
        twin = Trainer(self.config, self.branch)
        state = self._optimizer.state[self._flat]
        twin._start_from(self.epoch, self._flat.detach(), state)
        return twin

    def tensors(self) -> dict[str, Tensor]:
        """What the next update depends on, as views: the weights under torch's names, and what the optimizer keeps of
        each, as "optimizer.exp_avg.rnn.weight_ih_l0", or of all, as "optimizer.step".
        """
        weights = {name: parameter.detach() for name, parameter in self.model.named_parameters()}
        views = dict(weights)
        for kept, value in self._optimizer.state[self._flat].items():
            if value.shape != self._flat.shape:
                views[f"optimizer.{kept}"] = value
                continue
            for name, weight in weights.items():
                part = value[weight.storage_offset() :][: weight.numel()]
                views[f"optimizer.{kept}.{name}"] = part.view_as(weight)
        return views

    def resume(self, tensors: Mapping[str, Tensor], history: History) -> None:
        """Stands where another training of this config and branch stood, with its ``tensors`` and its history."""
        if len(history):
            self._optimizer.step()  # the gradient is 0: it is for the state that torch makes here, and is written over
        for name, view in self.tensors().items():
            view.copy_(tensors[name])
        self.history, self.epoch, self._origin, self._now = history, len(history), len(history), None
        self._keep_snapshot()

    # --- the four parts of an update, in order; ``step`` makes them at once ---

    def forward_part(self, h_0: Tensor | None = None) -> tuple[Tensor, State]:
        """Logits (B, T, V) and the final state of reading the whole batch, with the graph that they came by.

        Args: h_0: (S, N, H), the hidden state before the first step; None is zeros.
        """
        logits, _, state = self.model(self._x, self._length, h_0)
        return logits, state

    def loss_part(self, logits: Tensor) -> Tensor:
        """The mean cross-entropy over all real steps, in nats."""
        return nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), self._target, ignore_index=PADDING)

    def backward_part(self, loss: Tensor, *, zero_grad: bool = True) -> float:
        """Puts the gradient of ``loss`` into every parameter's ``grad``; returns its norm.

        Args: zero_grad: whether ``grad`` is set to 0 before, or the new gradient is added to what is there.
        Raises: RuntimeError, torch's own, where the graph of the loss is gone.
        """
        assert self._flat.grad is not None
        if zero_grad:
            self._flat.grad.zero_()
        torch.autograd.backward(loss)
        norm: float = torch.linalg.vector_norm(self._flat.grad).item()
        return norm

    def update_part(self) -> float:
        """Clips the gradient if the config asks for it, and has the optimizer step; returns the norm that it took."""
        assert self._flat.grad is not None
        self._clip()
        norm: float = torch.linalg.vector_norm(self._flat.grad).item()
        self._take()
        return norm

    def _measure(self) -> tuple[EpochRecord, bytes]:
        """One forward and one backward pass at the present weights: the record, and the predicted ids."""
        logits, _ = self.forward_part()
        loss = self.loss_part(logits)
        norm = self.backward_part(loss)
        predicted = logits.detach().reshape(-1, logits.shape[-1]).argmax(dim=-1).to(torch.uint8).numpy().tobytes()
        record = read_record(self.encoding, predicted, epoch=self.epoch, loss_nats=loss.item(), gradient_norm=norm)
        return record, predicted

    def _update(self) -> None:
        """One update with the gradient of the last ``_measure``."""
        self._clip()
        self._take()

    @property
    def settings(self) -> Branch | RunConfig:
        """What has the learning rate and the clipping of the next update: the config, or the branch."""
        return self.config if self.branch is None or self.epoch < self.branch.epoch else self.branch

    def _clip(self) -> None:
        if self.settings.clip_norm is not None:
            nn.utils.clip_grad_norm_([self._flat], self.settings.clip_norm)

    def _take(self) -> None:
        self._optimizer.param_groups[0]["lr"] = self.settings.learning_rate
        self._optimizer.step()
        self._now = None
        self.epoch += 1

    def _reached(self, epoch: int) -> int:
        if not 0 <= epoch <= self.epoch:
            raise ConfigError(f"epoch must be 0…{self.epoch}, got {epoch}")
        return epoch

    def _start_from(self, epoch: int, weights: Tensor, state: Mapping[str, object]) -> None:
        """Puts weights and a copy of an optimizer's state in place of one's own."""
        self._flat.data.copy_(weights)
        kept = {name: value.clone() if isinstance(value, Tensor) else value for name, value in state.items()}
        self._optimizer.state[self._flat].update(kept)
        self.epoch = epoch

    def _keep_snapshot(self) -> None:
        """Keeps what a replay can start from; thins the snapshots to twice their distance when they are too many."""
        state = self._optimizer.state[self._flat]
        kept = {name: value.clone() for name, value in state.items() if isinstance(value, Tensor)}
        self._snapshots[self.epoch] = (self._flat.detach().clone(), kept)
        size = self._flat.nbytes + sum(value.nbytes for value in kept.values())
        while len(self._snapshots.keys() - {self._origin}) * size > SNAPSHOT_BYTES:
            self._stride *= 2
            self._snapshots = {
                k: snapshot for k, snapshot in self._snapshots.items() if k % self._stride == 0 or k == self._origin
            }

    def _replayed(self, epoch: int) -> Trainer:
        """A trainer of its own at ``epoch``, from the nearest snapshot before it."""
        replay = Trainer(self.config, self.branch)
        start = max((k for k in self._snapshots if k <= epoch), default=0)
        if start in self._snapshots:
            weights, state = self._snapshots[start]
            replay._start_from(start, weights, state)
        while replay.epoch < epoch:
            replay._measure()
            replay._update()
        return replay


def _flattened(model: CharRNN) -> Tensor:
    """One leaf tensor that holds all parameters of ``model``, with a gradient that holds all of theirs.

    Each part begins at a multiple of ALIGNMENT_BYTES, as a tensor of its own does: on some processors BLAS takes
    another path for memory that does not, with other last bits. What lies between the parts is 0 and has no gradient,
    so no update moves it.
    """
    parameters = list(model.parameters())
    starts, length = [], 0
    for parameter in parameters:
        starts.append(length)
        unit = ALIGNMENT_BYTES // parameter.element_size()
        length += -(-parameter.numel() // unit) * unit
    flat = torch.zeros(length)
    flat.grad = torch.zeros_like(flat)
    for parameter, start in zip(parameters, starts, strict=True):
        part = slice(start, start + parameter.numel())
        flat[part] = parameter.detach().reshape(-1)
        parameter.data = flat[part].view_as(parameter)
        parameter.grad = flat.grad[part].view_as(parameter)
    return flat.requires_grad_()
