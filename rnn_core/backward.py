"""A CharRNN and an Encoding become a Backward: the way that a gradient comes back through the network, step by step.

What arrives at the state after a step is what is asked of it there, and what the next step hands back. Each step is one
product with the tables of ``derivatives``, so that many losses go back in one batch: R rows, on N chains of L steps. A
chain is what the recurrence runs along: a line, to its own end, of a module that is batch_first; all lines at one step
of any other, which takes B for time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rnn_core.decay import DoubleArray, spectral_norm
from rnn_core.derivatives import StepDerivatives, gru_derivatives, lstm_derivatives, rnn_derivatives
from rnn_core.encoding import Encoding
from rnn_core.model import CharRNN
from rnn_core.text import PADDING
from rnn_core.trace import Direction, LayerTrace, cell_weights, open_layers

ROWS_AT_ONCE = 2_000_000
"""How many numbers go back through time in one batch."""


@dataclass(frozen=True, slots=True)
class Tables:
    """One layer and direction on the chains that it reads: N of them, L steps each.

    Attributes:
        step: the derivatives, (N, L, …). h_prev: (N, L, H), the state before each step.
        W_ih, W_hh: (G·H, I) and (G·H, H). backward: whether a chain is read from its end.
    """

    step: StepDerivatives
    h_prev: Tensor
    W_ih: Tensor
    W_hh: Tensor
    backward: bool

    def until(self, length: int) -> Tables:
        """The same on the first steps of every chain."""
        step = StepDerivatives(
            direct=self.step.direct[:, :length],
            by_input=self.step.by_input[:, :length],
            by_recurrent=self.step.by_recurrent[:, :length],
        )
        return replace(self, step=step, h_prev=self.h_prev[:, :length])

    def order(self) -> Sequence[int]:
        """The places of a chain, the one that is read last first: the order in which a gradient comes back."""
        places = range(self.h_prev.shape[1])
        return places if self.backward else places[::-1]

    def back(self, asked: Tensor) -> Tensor:
        """What arrives at every state, (R, N, L, P, H), of what is asked of every h, (R, N, L, H)."""
        places, parts = self.order(), self.step.direct.shape[-2]
        arrived = asked.new_zeros(*asked.shape[:-1], parts, asked.shape[-1])
        arrived[..., 0, :] = asked
        for later, place in pairwise(places):
            arrived[:, :, place] += self.handed(arrived, later)
        return arrived

    def handed(self, arrived: Tensor, place: int) -> Tensor:
        """What a step hands back to the state before it, (R, N, P, H); of the first step, to h_0 and c_0."""
        state = arrived[:, :, place]
        return _times(state.flatten(2), self.jacobian(place)).view_as(state)

    def below(self, arrived: Tensor) -> Tensor:
        """What is asked of what this layer reads, (R, N, L, I)."""
        gates, units = self.step.by_input.shape[-2:]
        through = torch.einsum("nlpgh,ghi->nlphi", self.step.by_input, self.W_ih.view(gates, units, -1))
        found = [
            _times(arrived[:, :, place].flatten(2), through[:, place].flatten(1, 2))
            for place in range(arrived.shape[2])
        ]
        return torch.stack(found, dim=2)

    def deltas(self, arrived: Tensor) -> Tensor:
        """What arrives at W_hh h_prev + b_hh, (R, N, L, G·H)."""
        return torch.einsum("rnlph,nlpgh->rnlgh", arrived, self.step.by_recurrent).flatten(-2)

    def jacobian(self, place: int) -> Tensor:
        """∂s/∂s_prev at one place of every chain, (N, P·H, P·H)."""
        step, parts = self.step, self.step.direct.shape[-2]
        units = self.W_hh.shape[1]
        through = torch.einsum("npgh,ghi->nphi", step.by_recurrent[:, place], self.W_hh.view(-1, units, units))
        whole = torch.diag_embed(step.direct[:, place]).permute(0, 1, 3, 2, 4).contiguous()
        whole[:, :, :, 0] += through
        return whole.reshape(-1, parts * units, parts * units)


Way = Callable[[Sequence[Sequence[Tables]], Tensor], Tensor]


def _times(rows_RNI: Tensor, matrices_NIJ: Tensor) -> Tensor:
    """Each chain's rows times its matrix, (R, N, J)."""
    return torch.bmm(rows_RNI.transpose(0, 1), matrices_NIJ).transpose(0, 1)


class Backward:
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
        self._tables: dict[int, list[list[Tables]]] = {}

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
            each = torch.einsum("nlg,nlh->nlgh", here.deltas(arrived)[0], here.h_prev)
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
        asked_TF = self.asked_BTV[line, : int(self.encoding.length_B[line])] @ self.head
        return self.pairs(
            asked_TF[:, None], line, steps, lambda tables, asked: self.down(tables, asked, layer)[which][..., 0, :]
        )

    def influence(self, line: int, steps: range) -> DoubleArray:
        """‖∂logits_t/∂x_k‖ of each pair of ``steps``."""
        asked = self.head.expand(int(self.encoding.length_B[line]), -1, -1)
        return self.pairs(asked, line, steps, lambda tables, rows: self.below(tables[0], self.down(tables, rows, 0)))

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

    def everywhere(self, line: int, lines: range, steps: range) -> tuple[Tensor, Tensor]:
        """∂ℓ_t/∂h of each of ``steps`` of a line, in every row s of h_n.

        Returns: at the states of ``lines`` and ``steps``, (K, S, lines, K, H); at h_0 of each chain that is shown,
            (K, S, N, H): N is the lines, or the steps of a module that takes B for time.
        """
        rows, units = len(self.traces), self.traces[0].h_BTH.shape[-1]
        shown = len(lines) if self.batch_first else len(steps)
        state = self.asked_BTV.new_zeros(len(steps), rows, len(lines), len(steps), units)
        start = self.asked_BTV.new_zeros(len(steps), rows, shown, units)
        tables = self.tables(line)
        asked = self.asked_at(line, steps)
        for layer in reversed(range(len(tables))):
            arrived = self.arrived(tables[layer], asked)
            for which, (way, here) in enumerate(zip(tables[layer], arrived, strict=True)):
                row = layer * self.directions + which
                first = way.handed(here, way.order()[-1])[..., 0, :]
                if self.batch_first:
                    state[:, row, line - lines.start] = here[:, 0, steps.start : steps.stop, 0]
                    start[:, row, line - lines.start] = first[:, 0]
                    continue
                for at, step in enumerate(steps):
                    state[at, row, :, at] = here[0, step, lines.start : lines.stop, 0]
                    start[at, row, at] = first[0, step]
            asked = self.below(tables[layer], arrived)
        return state, start

    def asked_at(self, line: int, steps: range) -> Tensor:
        """What each loss of ``steps`` asks of ``output``: a row each, or one for all where their ways never meet."""
        asked_BTF = self.asked_BTV @ self.head
        if not self.batch_first:
            asked = torch.zeros_like(asked_BTF)
            asked[line] = asked_BTF[line]
            return asked.transpose(0, 1)[None]
        asked = asked_BTF.new_zeros(len(steps), 1, int(self.encoding.length_B[line]), asked_BTF.shape[-1])
        asked[range(len(steps)), 0, list(steps)] = asked_BTF[line, steps.start : steps.stop]
        return asked

    # --- the ways of the gradient ---

    def down(self, tables: Sequence[Sequence[Tables]], asked: Tensor, layer: int) -> list[Tensor]:
        """What arrives at the states of a layer, by direction, of what is asked of ``output``, (R, N, L, D·H)."""
        for above in reversed(tables[layer + 1 :]):
            asked = self.below(above, self.arrived(above, asked))
        return self.arrived(tables[layer], asked)

    def arrived(self, layer: Sequence[Tables], asked: Tensor) -> list[Tensor]:
        """What arrives at the states of each direction of one layer."""
        return [way.back(part) for way, part in zip(layer, asked.chunk(self.directions, dim=-1), strict=True)]

    def below(self, layer: Sequence[Tables], arrived: Sequence[Tensor]) -> Tensor:
        """What a layer asks of what it reads, (R, N, L, I)."""
        return torch.stack([way.below(state) for way, state in zip(layer, arrived, strict=True)]).sum(dim=0)

    # --- chains ---

    def chains(self) -> Iterator[int]:
        """The lines whose steps are handed on; of a module that takes B for time all lines are in one set of chains."""
        return iter(range(len(self.encoding.lines)) if self.batch_first else range(1))

    def taken(self, values_BT: Tensor, chain: int) -> Tensor:
        """``values_BT`` along the chains: (1, T of the line, …), or (T, B, …) of a module that takes B for time."""
        if self.batch_first:
            return values_BT[chain : chain + 1, : int(self.encoding.length_B[chain])]
        return values_BT.transpose(0, 1)

    def tables(self, chain: int) -> list[list[Tables]]:
        """Every layer's tables along the chains of a line, by layer and direction; made once."""
        chain = chain if self.batch_first else 0
        if chain not in self._tables:
            made = [_tables_of(self.net.rnn, layer, self.taken_of(layer, chain)) for layer in self.traces]
            self._tables[chain] = [made[at : at + self.directions] for at in range(0, len(made), self.directions)]
        return self._tables[chain]

    def taken_of(self, layer: LayerTrace, chain: int) -> Callable[[npt.NDArray[Any]], Tensor]:
        """What takes an array (B, T, …) of ``layer`` along the chains."""
        return lambda values: self.taken(torch.tensor(values), chain)

    def pairs(self, asked_TRF: Tensor, line: int, steps: range, back: Way) -> DoubleArray:
        """The norm of what arrives at each of ``steps`` of all rows that are asked at each of them, (K, K).

        Args:
            asked_TRF: R rows that are asked of the module's output at every step of the line.
            back: takes what is asked to what arrives, (R, N, L, …) both, by every layer's tables.
        """
        rows, features = asked_TRF.shape[1:]
        found = np.zeros((len(steps), len(steps)))
        if not self.batch_first:
            lines, length, _size = self.asked_BTV.shape
            asked = self.asked_BTV.new_zeros(rows, length, lines, features)
            asked[:, : len(asked_TRF), line] = asked_TRF.transpose(0, 1)
            norm_T = torch.linalg.vector_norm(back(self.tables(line), asked)[:, :, line], dim=(0, 2))
            return np.diag(norm_T[steps.start : steps.stop].numpy())
        length = len(asked_TRF)
        at_once = max(1, ROWS_AT_ONCE // (rows * length * max(features, self.head.shape[0])))
        for first in range(steps.start, steps.stop, at_once):
            places = range(first, min(first + at_once, steps.stop))
            heard = length if self.directions > 1 else places.stop  # what comes later has no part in these losses
            asked = asked_TRF.new_zeros(len(places), rows, 1, heard, features)
            for row, place in enumerate(places):
                asked[row, :, 0, place] = asked_TRF[place]
            tables = [[way.until(heard) for way in layer] for layer in self.tables(line)]
            arrived = back(tables, asked.flatten(0, 1))[:, 0].view(len(places), rows, heard, -1)
            norm_PL = torch.linalg.vector_norm(arrived, dim=(1, 3))[:, steps.start : steps.stop]
            found[first - steps.start : places.stop - steps.start, : norm_PL.shape[1]] = norm_PL.numpy()
        return found


def _tables_of(rnn: nn.RNNBase, layer: LayerTrace, along: Callable[[npt.NDArray[Any]], Tensor]) -> Tables:
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
    return Tables(step=step, h_prev=h_prev, W_ih=weights.W_ih, W_hh=weights.W_hh, backward=backward)
