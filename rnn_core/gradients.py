"""A CharRNN and an Encoding become a GradientFlow: backpropagation through time, opened up, for one line and one layer.

A gradient comes back step by step: what arrives at the state after step t is what the loss asks of it there, and what
the next step hands back. Each step is one product with the tables of ``derivatives``; so every loss of the line goes
back in one batch, and nothing is computed pair by pair.

Everything is computed in float64 from the network's own weights: what vanishes is not lost in the last bits.

Source: the chain rule; Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks",
arXiv:1211.5063, for ∂h[t]/∂h[k] as a product of one Jacobian a step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_core.config import Cell, ConfigError, RunConfig
from rnn_core.decay import DoubleArray, decay_rate, spectral_norm
from rnn_core.derivatives import StepDerivatives, gru_derivatives, lstm_derivatives, rnn_derivatives
from rnn_core.encoding import Encoding, read_only
from rnn_core.microscope import PACKING
from rnn_core.model import CharRNN
from rnn_core.text import PADDING
from rnn_core.trace import Direction, LayerTrace, cell_weights, open_layers

ComplexArray = npt.NDArray[np.complex128]

MAX_PRODUCTS = 3_000_000_000
"""How many multiplications the Jacobians of all pairs of steps that are shown may take."""

MAX_SHOWN = 96
"""How many steps are shown at most."""

ROWS_AT_ONCE = 2_000_000
"""How many numbers go back through time in one batch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradientFlow:
    """How gradients come back through the steps of one line, in one layer and direction.

    L is the mean cross-entropy that training minimises, ℓ_t the cross-entropy at step t of this line, K the steps that
    are shown: rows t and columns k of a matrix are steps.start + t and steps.start + k. All in nats.

    Attributes:
        line, layer, direction: what it was asked for.
        steps: the steps of the line that the matrices show; all of them unless asked otherwise.
        state_gradient_TH: float64 (T, H), ∂L/∂h_t at every step of the line, through all that hears h_t.
        cell_gradient_TH: the same of an LSTM's c_t, else None.
        loss_sensitivity_TT: float64 (K, K), ‖∂ℓ_t/∂h_k‖₂.
        state_jacobian_norm_TT: float64 (K, K), ‖∂s_t/∂s_k‖₂, the largest stretch, where s is h, or (h, c) of an LSTM.
        hidden_jacobian_norm_TT, cell_jacobian_norm_TT: ‖∂h_t/∂h_k‖₂ and ‖∂c_t/∂c_k‖₂ of an LSTM; of another cell the
            first is ``state_jacobian_norm_TT`` and the second None.
        input_influence_TT: float64 (K, K), ‖∂logits_t/∂x_k‖ (Frobenius: the root of the sum of all squares).
        decay_rate: by which the norm of ∂s_t/∂s_k changes with each step between, fitted; None where there is no pair.
        eigenvalues: complex (H,), those of W_hh, by gate.
        recurrent_gradient_by_step: float64 (T, G·H, H): what step t of all lines adds to the gradient of W_hh; its sum
            over T is the gradient that training uses.
    """

    line: int
    layer: int
    direction: Direction
    steps: range
    state_gradient_TH: DoubleArray
    cell_gradient_TH: DoubleArray | None
    loss_sensitivity_TT: DoubleArray
    state_jacobian_norm_TT: DoubleArray
    hidden_jacobian_norm_TT: DoubleArray
    cell_jacobian_norm_TT: DoubleArray | None
    input_influence_TT: DoubleArray
    decay_rate: float | None
    eigenvalues: Mapping[str, ComplexArray]
    recurrent_gradient_by_step: DoubleArray

    @property
    def spectral_radius(self) -> Mapping[str, float]:
        """The largest magnitude of W_hh's eigenvalues, by gate."""
        return {gate: float(np.abs(values).max()) for gate, values in self.eigenvalues.items()}


def affordable_steps(config: RunConfig, length: int, around: int) -> range:
    """As many of a line's ``length`` steps as MAX_SHOWN and MAX_PRODUCTS allow, with ``around`` near their middle."""
    size = 2 * config.units if config.cell is Cell.LSTM else config.units
    width = max(1, min(length, MAX_SHOWN, int((2 * MAX_PRODUCTS / size**3) ** 0.5)))
    first = max(0, min(around - width // 2, length - width))
    return range(first, first + width)


@torch.no_grad()
def gradient_flow(
    model: CharRNN,
    encoding: Encoding,
    line: int = 0,
    layer: int = 0,
    *,
    direction: Direction = Direction.FORWARD,
    steps: range | None = None,
) -> GradientFlow:
    """The GradientFlow of one line in one layer and direction, at the present weights.

    Args:
        steps: of the line, for the matrices; None is all of them. What is outside still takes part in every gradient.
    Raises: ConfigError where there is no such line, layer, direction or steps, or a weight is not finite.
    """
    net = copy.deepcopy(model).double()
    length = int(encoding.length_B[line]) if 0 <= line < len(encoding.lines) else 0
    steps = range(length) if steps is None else steps
    _check(net, encoding, line, layer, direction, steps)
    back = _Back(net, encoding)
    which = list(Direction).index(direction)
    state_gradient, ledger = back.of_the_loss(line, layer, which)
    norms = back.jacobian_norms(line, layer, which, steps)
    state = norms["state"]
    return GradientFlow(
        line=line,
        layer=layer,
        direction=direction,
        steps=steps,
        state_gradient_TH=read_only(state_gradient[:, 0].numpy()),
        cell_gradient_TH=read_only(state_gradient[:, 1].numpy()) if state_gradient.shape[1] > 1 else None,
        loss_sensitivity_TT=read_only(back.sensitivity(line, layer, which, steps)),
        state_jacobian_norm_TT=read_only(state),
        hidden_jacobian_norm_TT=read_only(norms.get("hidden", state)),
        cell_jacobian_norm_TT=read_only(norms["cell"]) if "cell" in norms else None,
        input_influence_TT=read_only(back.influence(line, steps)),
        decay_rate=decay_rate(state),
        eigenvalues=MappingProxyType(_eigenvalues(net, layer, direction)),
        recurrent_gradient_by_step=read_only(ledger.numpy()),
    )


@dataclass(frozen=True, slots=True)
class _Tables:
    """One layer and direction on the chains that it reads: N of them, L steps each.

    Attributes:
        step: the derivatives, (N, L, …). h_prev: (N, L, H). x: (N, L, I).
        W_ih, W_hh: (G·H, I) and (G·H, H). backward: whether a chain is read from its end.
    """

    step: StepDerivatives
    h_prev: Tensor
    W_ih: Tensor
    W_hh: Tensor
    backward: bool

    def order(self) -> Sequence[int]:
        """The places of a chain, the one that is read last first: the order in which a gradient comes back."""
        places = range(self.h_prev.shape[1])
        return places if self.backward else places[::-1]

    def heard(self, state: Tensor, table: Tensor) -> Tensor:
        """What arrives at the pre-activations, (..., G·H), of what arrives at the state, (..., P, H)."""
        return torch.einsum("...ph,...pgh->...gh", state, table).flatten(-2)

    def back(self, asked: Tensor) -> Tensor:
        """What arrives at every state, (R, N, L, P, H), of what is asked of every h, (R, N, L, H)."""
        step, places = self.step, self.order()
        parts = step.direct.shape[-2]
        arrived = asked.new_zeros(*asked.shape[:-1], parts, asked.shape[-1])
        arrived[..., 0, :] = asked
        for later, place in pairwise(places):
            state = arrived[:, :, later]
            handed = torch.einsum("rnph,npqh->rnqh", state, step.direct[:, later])
            handed[..., 0, :] += self.heard(state, step.by_recurrent[:, later]) @ self.W_hh
            arrived[:, :, place] += handed
        return arrived

    def jacobian(self, place: int) -> Tensor:
        """∂s/∂s_prev at one place of every chain, (N, P·H, P·H)."""
        step, parts = self.step, self.step.direct.shape[-2]
        units = self.W_hh.shape[1]
        through = torch.einsum("npgh,ghi->nphi", step.by_recurrent[:, place], self.W_hh.view(-1, units, units))
        whole = torch.diag_embed(step.direct[:, place]).permute(0, 1, 3, 2, 4).contiguous()
        whole[:, :, :, 0] += through
        return whole.reshape(-1, parts * units, parts * units)


class _Back:
    """A network's way back: every layer's tables, on the chains that each of them reads."""

    def __init__(self, net: CharRNN, encoding: Encoding) -> None:
        self.net, self.encoding = net, encoding
        self.batch_first = bool(net.rnn.batch_first)
        self.directions = 2 if net.rnn.bidirectional else 1
        x, length_B = torch.tensor(encoding.x_BTV, dtype=torch.float64), torch.tensor(encoding.length_B)
        self.traces = open_layers(net.rnn, x, length_B)
        logits, _, _ = net(x, length_B if encoding.padded else None)
        target_BT = torch.tensor(encoding.target_BT)
        real = target_BT != PADDING
        one_hot = nn.functional.one_hot(target_BT.clamp(min=0), logits.shape[-1])
        self.asked_BTV = (torch.softmax(logits, dim=-1) - one_hot) * real[..., None]
        self.real_steps = int(real.sum())
        size = logits.shape[-1]
        self.head = net.head.weight if isinstance(net.head, nn.Linear) else torch.eye(size, dtype=torch.float64)
        self._tables: dict[int, list[list[_Tables]]] = {}

    def of_the_loss(self, line: int, layer: int, which: int) -> tuple[Tensor, Tensor]:
        """∂L/∂s along the line, (T, P, H), and the ledger, (T, G·H, H)."""
        _lines, steps, _size = self.asked_BTV.shape
        rows, units = cell_weights(self.net.rnn, 0, Direction.FORWARD).W_hh.shape
        ledger = self.asked_BTV.new_zeros(steps, rows, units)
        asked_BTF = self.asked_BTV @ self.head / self.real_steps
        found = None
        for chain in self.chains():
            tables = self.tables(chain)
            arrived = self.down(tables, self.taken(asked_BTF, chain)[None], layer)[which]
            here = tables[layer][which]
            deltas = here.heard(arrived[0], here.step.by_recurrent)
            each = torch.einsum("nlg,nlh->nlgh", deltas, here.h_prev)
            if self.batch_first:
                ledger[: each.shape[1]] += each[0]
            else:
                ledger += each.sum(dim=1)
            if not self.batch_first or chain == line:
                length = int(self.encoding.length_B[line])
                found = arrived[0, 0] if self.batch_first else arrived[0, :length, line]
        assert found is not None
        return found, ledger

    def sensitivity(self, line: int, layer: int, which: int, steps: range) -> DoubleArray:
        """‖∂ℓ_t/∂h_k‖ of each pair of ``steps``."""
        tables = self.tables(line)
        asked_TF = self.asked_BTV[line, : int(self.encoding.length_B[line])] @ self.head
        return self.pairs(
            asked_TF[:, None], line, steps, lambda asked: self.down(tables, asked, layer)[which][..., 0, :]
        )

    def influence(self, line: int, steps: range) -> DoubleArray:
        """‖∂logits_t/∂x_k‖ of each pair of ``steps``."""
        tables = self.tables(line)
        asked = self.head.expand(int(self.encoding.length_B[line]), -1, -1)
        return self.pairs(asked, line, steps, lambda rows: self.below(tables[0], self.down(tables, rows, 0)))

    def jacobian_norms(self, line: int, layer: int, which: int, steps: range) -> dict[str, DoubleArray]:
        """‖∂s_t/∂s_k‖₂ of each pair of ``steps``, and of its parts h and c where there are two."""
        here = self.tables(line)[layer][which]
        parts, units = here.step.direct.shape[-2:]
        blocks = {"state": slice(None)}
        if parts > 1:
            blocks |= {"hidden": slice(0, units), "cell": slice(units, None)}
        norms = {name: np.eye(len(steps)) for name in blocks}
        if not self.batch_first:
            return norms
        order = list(steps)[::-1] if here.backward else list(steps)
        itself = torch.eye(parts * units, dtype=torch.float64)[None]
        joined = itself
        for count, place in enumerate(order[1:], start=1):
            joined = here.jacobian(place)[0] @ joined
            known = [step - steps.start for step in order[:count]]
            for name, block in blocks.items():
                norms[name][place - steps.start, known] = spectral_norm(joined[:, block, block])
            joined = torch.cat([joined, itself])
        return norms

    # --- the ways of the gradient ---

    def down(self, tables: Sequence[Sequence[_Tables]], asked: Tensor, layer: int) -> list[Tensor]:
        """What arrives at the states of a layer, by direction, of what is asked of ``output``, (R, N, L, D·H)."""
        for above in reversed(tables[layer + 1 :]):
            asked = self.below(above, self.arrived(above, asked))
        return self.arrived(tables[layer], asked)

    def arrived(self, layer: Sequence[_Tables], asked: Tensor) -> list[Tensor]:
        """What arrives at the states of each direction of one layer."""
        return [way.back(part) for way, part in zip(layer, asked.chunk(self.directions, dim=-1), strict=True)]

    def below(self, layer: Sequence[_Tables], arrived: Sequence[Tensor]) -> Tensor:
        """What a layer asks of what it reads, (R, N, L, I)."""
        parts = [way.heard(state, way.step.by_input) @ way.W_ih for way, state in zip(layer, arrived, strict=True)]
        return torch.stack(parts).sum(dim=0)

    # --- chains ---

    def chains(self) -> Iterator[int]:
        """The lines whose steps are handed on; of a module that takes B for time all lines are in one set of chains."""
        return iter(range(len(self.encoding.lines)) if self.batch_first else range(1))

    def taken(self, values_BT: Tensor, chain: int) -> Tensor:
        """``values_BT`` along the chains: (1, T of the line, …), or (T, B, …) of a module that takes B for time."""
        if self.batch_first:
            return values_BT[chain : chain + 1, : int(self.encoding.length_B[chain])]
        return values_BT.transpose(0, 1)

    def tables(self, chain: int) -> list[list[_Tables]]:
        """Every layer's tables along the chains of a line, by layer and direction; made once."""
        chain = chain if self.batch_first else 0
        if chain not in self._tables:
            made = [_tables(self.net.rnn, layer, self.taken_of(layer, chain)) for layer in self.traces]
            self._tables[chain] = [made[at : at + self.directions] for at in range(0, len(made), self.directions)]
        return self._tables[chain]

    def taken_of(self, layer: LayerTrace, chain: int) -> Callable[[npt.NDArray[Any]], Tensor]:
        """What takes an array (B, T, …) of ``layer`` along the chains."""
        return lambda values: self.taken(torch.tensor(values), chain)

    def pairs(self, asked_TRF: Tensor, line: int, steps: range, back: Callable[[Tensor], Tensor]) -> DoubleArray:
        """The norm of what arrives at each of ``steps`` of all rows that are asked at each of them, (K, K).

        Args:
            asked_TRF: R rows that are asked of the module's output at every step of the line.
            back: takes what is asked to what arrives, (R, N, L, …) both.
        """
        rows, features = asked_TRF.shape[1:]
        found = np.zeros((len(steps), len(steps)))
        if not self.batch_first:
            lines, length, _size = self.asked_BTV.shape
            asked = self.asked_BTV.new_zeros(rows, length, lines, features)
            asked[:, : len(asked_TRF), line] = asked_TRF.transpose(0, 1)
            norm_T = torch.linalg.vector_norm(back(asked)[:, :, line], dim=(0, 2))
            return np.diag(norm_T[steps.start : steps.stop].numpy())
        length = len(asked_TRF)
        at_once = max(1, ROWS_AT_ONCE // (rows * length * max(features, self.head.shape[0])))
        for first in range(steps.start, steps.stop, at_once):
            places = range(first, min(first + at_once, steps.stop))
            asked = asked_TRF.new_zeros(len(places), rows, 1, length, features)
            for row, place in enumerate(places):
                asked[row, :, 0, place] = asked_TRF[place]
            arrived = back(asked.flatten(0, 1))[:, 0].view(len(places), rows, length, -1)
            norm_PL = torch.linalg.vector_norm(arrived, dim=(1, 3))
            found[first - steps.start : places.stop - steps.start] = norm_PL[:, steps.start : steps.stop].numpy()
        return found


def _tables(rnn: nn.RNNBase, layer: LayerTrace, along: Callable[[npt.NDArray[Any]], Tensor]) -> _Tables:
    """The tables of one layer and direction; ``along`` takes an array (B, T, …) along the chains, (N, L, …)."""
    weights = cell_weights(rnn, layer.layer, layer.direction)
    gates = [along(gate.activation_BTH) for gate in layer.gates.values()]
    h_prev = along(layer.h_previous_BTH)
    match rnn:
        case nn.LSTM():
            assert layer.c_BTH is not None
            assert layer.c_previous_BTH is not None
            i, f, g, o = gates
            step = lstm_derivatives(i, f, g, o, along(layer.c_BTH), along(layer.c_previous_BTH))
        case nn.GRU():
            r, z, n = gates
            step = gru_derivatives(r, z, n, h_prev, recurrent_part=along(layer.gates["new"].recurrent_part_BTH))
        case _:
            step = rnn_derivatives(gates[0], relu=rnn.nonlinearity == "relu")
    backward = layer.direction is Direction.BACKWARD
    return _Tables(step=step, h_prev=h_prev, W_ih=weights.W_ih, W_hh=weights.W_hh, backward=backward)


def _eigenvalues(net: CharRNN, layer: int, direction: Direction) -> dict[str, ComplexArray]:
    """The eigenvalues of each gate's rows of W_hh, the largest magnitude first."""
    gates = PACKING[type(net.rnn)]
    found = {}
    for gate, rows in zip(gates, cell_weights(net.rnn, layer, direction).W_hh.chunk(len(gates)), strict=True):
        values: ComplexArray = torch.linalg.eigvals(rows).numpy()
        found[gate] = read_only(values[np.argsort(-np.abs(values), kind="stable")])
    return found


def _check(net: CharRNN, encoding: Encoding, line: int, layer: int, direction: Direction, steps: range) -> None:
    """Raises: ConfigError naming the argument, its rule and its value."""
    lines, layers = len(encoding.lines), net.rnn.num_layers
    if not 0 <= line < lines:
        raise ConfigError(f"line must be 0…{lines - 1}, got {line}")
    if not 0 <= layer < layers:
        raise ConfigError(f"layer must be 0…{layers - 1}, got {layer}")
    if direction is Direction.BACKWARD and not net.rnn.bidirectional:
        raise ConfigError("direction must be forward where the module is not bidirectional, got backward")
    length = int(encoding.length_B[line])
    if not (steps.step == 1 and 0 <= steps.start < steps.stop <= length):
        raise ConfigError(f"steps must be one or more in a row of 0…{length - 1}, got {steps}")
    for name, values in net.named_parameters():
        if not bool(torch.isfinite(values).all()):
            worst = values.flatten()[~torch.isfinite(values.flatten())][0]
            raise ConfigError(f"{name} must be finite to follow a gradient, got {float(worst)}")
