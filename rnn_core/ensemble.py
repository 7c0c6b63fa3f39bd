"""A RunConfig and K seeds become an Ensemble: the networks of all seeds, trained together as one batched computation.

What differs between them is stacked along a leading axis, so the loop over time is as long as that of one network. No
operation mixes two seeds: each has the numbers that its own ``Trainer`` gives it, but for the order in which float32
products are added, and one whose loss is no longer finite disturbs no other.

Axes beside those of the package: K seed · P all parameters of one network · R = K·D, both directions of all of them ·
L, N what the module takes for time and batch: T and B, or B and T if not batch_first · M = L·N.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_core.config import MAX_EPOCHS, Cell, ConfigError, Head, Nonlinearity, RunConfig
from rnn_core.encoding import encode, read_only
from rnn_core.model import build_model
from rnn_core.shapes import axis_sizes
from rnn_core.text import PADDING
from rnn_core.training import OPTIMIZERS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """What was measured of the network of every seed, before its update.

    Attributes:
        loss_K: float64, cross-entropy in nats, the mean over all real steps of all lines.
        accuracy_K: float64, the share of real steps whose argmax is the target, 0…1.
        last_accuracy_K: float64, the same share of the last real steps of the lines alone.
    """

    loss_K: npt.NDArray[np.float64]
    accuracy_K: npt.NDArray[np.float64]
    last_accuracy_K: npt.NDArray[np.float64]


class Ensemble:
    """Trains the networks of one config under K seeds, one update of each a step.

    Attributes:
        config: the experiment; its own seed plays no part.
        seeds: entry k of what is measured is that of ``replace(config, seed=seeds[k])``.
        epoch: the number of updates made.

    Raises: ConfigError where there is no seed, or one against its rule.
    """

    def __init__(self, config: RunConfig, seeds: Sequence[int]) -> None:
        if not seeds:
            raise ConfigError("seeds must name at least 1 seed, got none")
        self.config = config
        self.seeds = tuple(seeds)
        self.epoch = 0
        self._now: Measured | None = None
        self._size = axis_sizes(config)
        self._read()
        parameters = [build_model(replace(config, seed=seed)).parameters() for seed in self.seeds]
        self._weights_KP = torch.stack([nn.utils.parameters_to_vector(p).detach() for p in parameters]).requires_grad_()
        self._optimizer = OPTIMIZERS[config.optimizer]([self._weights_KP], lr=config.learning_rate)

    @property
    def now(self) -> Measured:
        """What is measured at the present weights: what the next ``step()`` will return."""
        if self._now is None:
            self._now = self._measure()
        return self._now

    def step(self) -> Measured:
        """Makes one update of every network and returns what was measured before it.

        Raises: ConfigError at the epoch limit.
        """
        if self.epoch >= MAX_EPOCHS:
            raise ConfigError(f"epoch must be at most {MAX_EPOCHS}, got {self.epoch + 1}")
        measured = self.now
        self._optimizer.step()
        self._now = None
        self.epoch += 1
        return measured

    def _read(self) -> None:
        """Takes in what every network reads, in the order L, N in which the module takes it."""
        encoding = encode(self.config)
        last = torch.arange(encoding.target_BT.shape[1]) == torch.tensor(encoding.length_B)[:, None] - 1
        x, target, length_N = (torch.tensor(a) for a in (encoding.x_BTV, encoding.target_BT, encoding.length_B))
        if self.config.batch_first:
            x, target, last = x.transpose(0, 1), target.T, last.T
        else:  # nothing is packed: every step that is taken for a line has all B
            length_N = torch.full((x.shape[1],), len(x))
        step_L1, line_N = torch.arange(len(x))[:, None], torch.arange(x.shape[1])
        ended_LN = step_L1 >= length_N
        reverse_LN = torch.where(ended_LN, step_L1, length_N - 1 - step_L1)  # what a backward direction reads for it
        self._x_MV, self._target_M, self._real = x.flatten(0, 1), target.flatten(), int((target != PADDING).sum())
        self._last_M = last.flatten()
        self._reverse_M = (reverse_LN * len(line_N) + line_N).flatten()  # its own inverse
        self._ended_LN1 = [ended_N[:, None] if ended_N.any() else None for ended_N in ended_LN]

    def _measure(self) -> Measured:
        """One forward and one backward pass at the present weights, which leaves the gradient that the update takes."""
        logits_KMV, real = self._logits(), self._real
        target_KM = self._target_M.expand(len(self.seeds), -1)
        loss_KM = nn.functional.cross_entropy(logits_KMV.mT, target_KM, ignore_index=PADDING, reduction="none")
        loss_K = loss_KM.sum(dim=1) / real
        (gradient_KP,) = torch.autograd.grad(loss_K.sum(), self._weights_KP)
        if self.config.clip_norm is not None:  # torch's clip_grad_norm_, of every seed by itself
            norm_K1 = torch.linalg.vector_norm(gradient_KP, dim=1, keepdim=True)
            gradient_KP *= (self.config.clip_norm / (norm_K1 + 1e-6)).clamp(max=1)
        self._weights_KP.grad = gradient_KP
        right_KM = logits_KMV.detach().argmax(dim=-1) == target_KM
        right_K, last_K = right_KM.sum(dim=1), right_KM[:, self._last_M].sum(dim=1)
        return Measured(
            loss_K=read_only(loss_K.tolist()),
            accuracy_K=read_only(1 - (real - right_K.numpy()) / real),
            last_accuracy_K=read_only(last_K.numpy() / int(self._last_M.sum())),
        )

    def _logits(self) -> Tensor:
        """The logits of every network, (K, M, V)."""
        torch.get_num_threads()  # what it is for: see CharRNN.forward
        V, H, F = (self._size[axis] for axis in "VHF")
        rows = self._size["D"] * self._size["G"] * H
        layers = [rows * (read + H + 2) for read in [V, *[F] * (self.config.num_layers - 1)]]
        *layers_KP, head_KP = torch.split(self._weights_KP, [*layers, self._weights_KP.shape[1] - sum(layers)], dim=1)
        y_KMF = self._x_MV.expand(len(self.seeds), -1, -1)
        for layer_KP in layers_KP:
            y_KMF = self._layer(y_KMF, layer_KP)
        if self.config.head is Head.NONE:
            return y_KMF
        W, b = torch.split(head_KP, [V * F, V], dim=1)
        return torch.baddbmm(b[:, None], y_KMF, W.view(-1, V, F).mT)

    def _layer(self, x_KMI: Tensor, weights_KP: Tensor) -> Tensor:
        """The output (K, M, D·H) of one layer of every network; two directions are read side by side."""
        D, G, H = (self._size[axis] for axis in "DGH")
        K, M, read = x_KMI.shape
        R, rows = K * D, G * H
        x_RMI = x_KMI if D == 1 else torch.stack([x_KMI, x_KMI[:, self._reverse_M]], dim=1).flatten(0, 1)
        parameters = torch.split(weights_KP.reshape(R, -1), [rows * read, rows * H, rows, rows], dim=1)
        W_ih, W_hh, b_ih, b_hh = (values.view(R, rows, -1).mT for values in parameters)
        h_RMH = self._scan(torch.baddbmm(b_ih, x_RMI, W_ih), W_hh, b_hh)
        if D == 1:
            return h_RMH
        forward, backward = h_RMH.view(K, D, M, H).unbind(1)
        return torch.cat([forward, backward[:, self._reverse_M]], dim=-1)

    def _scan(self, x_RMG: Tensor, W_RHG: Tensor, b_R1G: Tensor) -> Tensor:
        """The hidden state (R, M, H) after every step of reading x_RMG; 0 behind a packed line's end."""
        step = _STEPS[self.config.nonlinearity if self.config.cell is Cell.RNN else self.config.cell]
        R, H, rows = W_RHG.shape
        x_RLNG = x_RMG.view(R, len(self._ended_LN1), -1, rows)
        h = c = x_RMG.new_zeros(R, x_RLNG.shape[2], H)
        h_L, before_L = list[Tensor](), list[Tensor]()
        b_RLNG = _StateBias.apply(W_RHG, b_R1G, before_L, x_RLNG.shape)  # type: ignore[no-untyped-call]
        for x, b, ended_N1 in zip(x_RLNG.unbind(1), b_RLNG.unbind(1), self._ended_LN1, strict=True):
            before_L.append(h.detach())
            h, c = step(x, torch.baddbmm(b, h, W_RHG.detach()), h, c)
            if ended_N1 is not None:  # at every step: what overflows in padding would be 0 · inf in the gradient
                h = h.masked_fill(ended_N1, 0)
            h_L.append(h)
        return torch.stack(h_L, dim=1).flatten(1, 2)


class _StateBias(torch.autograd.Function):
    """b_hh at every step, (R, L, N, G·H). What comes back to it is what comes back to all of W_hh h + b_hh.

    So the gradient of W_hh, too, is known here: one product with the states h_L before every step, which the loop over
    time fills in. Autograd would add up a whole W_hh at each step, which is most of the work of a large network.
    """

    @staticmethod
    def forward(ctx: Any, W_RHG: Tensor, b_R1G: Tensor, h_L: list[Tensor], shape: torch.Size) -> Tensor:
        ctx.h_L = h_L
        return b_R1G[:, None].expand(shape).clone()

    @staticmethod
    def backward(ctx: Any, *came_back: Tensor) -> tuple[Tensor, Tensor, None, None]:
        delta_RMG, h_RMH = came_back[0].flatten(1, 2), torch.stack(ctx.h_L, dim=1).flatten(1, 2)
        return torch.bmm(h_RMH.mT, delta_RMG), delta_RMG.sum(dim=1, keepdim=True), None, None


# --- the equations of ``cells``, from what all gates of a cell hear: of x, and of the state before --------------------


def _gru_step(x: Tensor, heard: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    (x_r, x_z, x_n), (h_r, h_z, h_n) = x.chunk(3, dim=-1), heard.chunk(3, dim=-1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    return torch.lerp(torch.tanh(x_n + r * h_n), h, z), c


def _lstm_step(x: Tensor, heard: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = (x + heard).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


_STEPS: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]] = {
    Nonlinearity.TANH: lambda x, heard, h, c: (torch.tanh(x + heard), c),
    Nonlinearity.RELU: lambda x, heard, h, c: (torch.relu(x + heard), c),
    Cell.GRU: _gru_step,
    Cell.LSTM: _lstm_step,
}
