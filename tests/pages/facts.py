"""What is so for one configuration, computed with torch: what the tests of the pages' statements compare them with."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from rnn_core import RunConfig, Trainer, encode
from rnn_core.config import Cell, Head, Nonlinearity, Task
from rnn_core.model import CharRNN, build_model

Place = tuple[int, int]
SCALES = (1.0, 5.0, 100.0)
"""What the weights of a network are multiplied by to look for outputs of any size."""


class Facts:
    """What is so for a config after so many updates.

    What depends on the architecture alone is computed with fresh weights, since in a trained network a value can be 0
    or saturated; a relu is replaced by tanh where its zeros would hide a dependence.
    """

    def __init__(self, config: RunConfig, epoch: int) -> None:
        self.config, self.encoding = config, encode(config)
        self.lines, self.steps = self.encoding.ids_BT.shape
        self.trainer = Trainer(config)
        while self.trainer.epoch < epoch and self.trainer.stop is None:
            self.trainer.step()
        self.fresh = build_model(replace(config, nonlinearity=Nonlinearity.TANH))

    @property
    def read(self) -> list[str]:
        """The tokens of all lines, in order."""
        return [token for line in self.encoding.inputs for token in line]

    def forward(self, model: CharRNN, x: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor, Any]:
        """Return logits, output and state, with the lines packed as the app packs them."""
        x = torch.tensor(self.encoding.x_BTV) if x is None else x
        lengths = torch.tensor(self.encoding.length_B) if self.encoding.padded else None
        logits, output, state = model(x, lengths)
        return logits, output, state

    def h_n(self, model: CharRNN) -> torch.Tensor:
        state = self.forward(model)[2]
        h: torch.Tensor = state[0] if isinstance(state, tuple) else state
        return h

    @cached_property
    def real(self) -> set[Place]:
        """The steps of each line that are no padding."""
        return {(b, t) for b, length in enumerate(self.encoding.length_B.tolist()) for t in range(length)}

    @cached_property
    def depends(self) -> dict[Place, set[Place]]:
        """By the place of each output that is no padding: the places of x that it depends on, by autograd."""
        x = torch.tensor(self.encoding.x_BTV, requires_grad=True)
        output = self.forward(self.fresh, x)[1]
        found = {}
        for b, t in sorted(self.real):
            (gradient,) = torch.autograd.grad(output[b, t].sum(), x, retain_graph=True)
            found[b, t] = {(int(i), int(k)) for i, k in gradient.abs().sum(dim=2).nonzero()}
        return found

    def reaches(self, *, line: int, step: int) -> bool:
        """Whether each output depends on the input so many lines and steps away, wherever there is one."""
        away = [(place, (place[0] + line, place[1] + step)) for place in self.depends]
        return all(other in self.depends[place] for place, other in away if other in self.real)

    def within(self, *, line: bool, step: bool) -> bool:
        """Whether no output depends on another line (``line``), or on another step (``step``)."""
        return all(
            (not line or other[0] == place[0]) and (not step or other[1] == place[1])
            for place, others in self.depends.items()
            for other in others
        )

    @property
    def along_text(self) -> bool:
        return self.reaches(line=0, step=-1) and self.within(line=True, step=False)

    @property
    def both_ways(self) -> bool:
        return self.along_text and self.reaches(line=0, step=1)

    @property
    def one_way(self) -> bool:
        later = any(other[1] > place[1] for place, others in self.depends.items() for other in others)
        return self.along_text and not later

    @property
    def down_lines(self) -> bool:
        return self.lines > 1 and self.reaches(line=-1, step=0) and self.within(line=False, step=True)

    @property
    def up_lines(self) -> bool:
        return self.down_lines and self.reaches(line=1, step=0)

    @property
    def alone(self) -> bool:
        """Whether no output depends on any input but its own."""
        return self.within(line=True, step=True)

    @property
    def module_batch(self) -> int:
        """The batch size that the module takes the data for."""
        return len(self.h_n(self.fresh)[0])

    @property
    def module_length(self) -> int:
        return int(self.lines * self.steps // self.module_batch)

    @property
    def rows_in_output(self) -> set[int]:
        """The rows of h_n of which each state is a part of ``output``, bit for bit."""
        output, h_n, units = self.forward(self.fresh)[1], self.h_n(self.fresh), self.config.units
        parts = {tuple(part.tolist()) for part in output.reshape(-1, output.shape[2] // units, units).flatten(0, 1)}
        return {row for row in range(len(h_n)) if all(tuple(state.tolist()) in parts for state in h_n[row])}

    @property
    def last_rows(self) -> set[int]:
        """The rows of h_n that belong to the last layer."""
        rows, directions = self.h_n(self.fresh).shape[0], self.config.directions
        return set(range(rows - directions, rows))

    @property
    def recurrent_gradient_is_zero(self) -> bool:
        """Whether backward leaves zeros, and not None, for every W_hh."""
        self.fresh.zero_grad(set_to_none=True)
        self.forward(self.fresh)[0].sum().backward()  # type: ignore[no-untyped-call]
        gradients = [p.grad for name, p in self.fresh.rnn.named_parameters() if name.startswith("weight_hh")]
        return all(gradient is not None and not gradient.any() for gradient in gradients)

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The largest |output| and the smallest loss of networks with weights of every size."""
        largest, lowest = 0.0, math.inf
        target = torch.tensor(self.encoding.target_BT).flatten()
        for seed in range(4):
            for scale in SCALES:
                model = build_model(replace(self.config, seed=seed))
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter.mul_(scale)
                    logits, output, _state = self.forward(model)
                largest = max(largest, float(output.abs().max()))
                loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), target)
                lowest = min(lowest, float(loss))
        return largest, min(lowest, self.trainer.now.loss_nats)

    @property
    def floor(self) -> float:
        """The loss where the target's logit is 1 and every other −1."""
        return math.log1p((len(self.config.vocabulary) - 1) * math.exp(-2))

    @property
    def bounded(self) -> bool:
        """Whether the logits are hidden values of at most 1, and no loss is below the floor."""
        largest, lowest = self.extremes
        return self.config.head is Head.NONE and largest <= 1 and lowest >= self.floor - 1e-6

    @property
    def text_bound(self) -> float:
        """The least loss of a network that depends on what ``depends`` says, and on the order of nothing else."""
        seen: dict[Any, Counter[str]] = defaultdict(Counter)
        for (b, t), places in self.depends.items():
            context = tuple((i - b, k - t, self.encoding.inputs[i][k]) for i, k in sorted(places))
            start = t if self.along_text else None
            seen[start, context][self.encoding.targets[b][t]] += 1
        lost = sum(n * math.log(counts.total() / n) for counts in seen.values() for n in counts.values())
        return lost / len(self.depends)

    @property
    def reads_answers(self) -> bool:
        """Whether at each step but a line's last the target is among what is read, and the target is the next token."""
        return self.config.task is Task.NEXT and self.reaches(line=0, step=1)

    @property
    def skips_padding(self) -> bool:
        """Whether there is padding, no output depends on it, and output is 0 there."""
        output = self.forward(self.fresh)[1].detach().numpy()
        dead = [place for place in np.ndindex(self.lines, self.steps) if place not in self.real]
        return (
            bool(dead) and all(o <= self.real for o in self.depends.values()) and not any(output[p].any() for p in dead)
        )

    @property
    def reads_padding(self) -> bool:
        output = self.forward(self.fresh)[1].detach().numpy()
        dead = [place for place in np.ndindex(self.lines, self.steps) if place not in self.real]
        return bool(dead) and all(output[place].any() for place in dead)

    def table_right(self, context: int) -> int:
        """How many next tokens the best table gets right that sees so many last tokens, or the line's start."""
        seen: dict[Any, Counter[str]] = defaultdict(Counter)
        for line in self.encoding.lines:
            for t in range(len(line) - 1):
                seen[(t + 1 < context, line[max(0, t + 1 - context) : t + 1])][line[t + 1]] += 1
        return sum(max(counts.values()) for counts in seen.values())

    @property
    def predictions(self) -> int:
        """How many next tokens there are."""
        return sum(len(line) - 1 for line in self.encoding.lines)

    @property
    def right(self) -> int:
        return sum(map(len, self.encoding.targets)) - sum(map(len, self.trainer.now.errors))

    @property
    def stretch(self) -> float:
        """The largest singular value of the first layer's W_hh."""
        weight = dict(self.trainer.model.rnn.named_parameters())["weight_hh_l0"]
        return float(np.linalg.norm(weight.detach().numpy(), 2))

    @property
    def gates(self) -> int:
        rows: int = dict(self.fresh.rnn.named_parameters())["weight_hh_l0"].shape[0]
        return rows // self.config.units

    @property
    def lstm_shows_h_only(self) -> bool:
        """Whether there is a cell state, and none of its final values is in ``output``."""
        if self.config.cell is not Cell.LSTM:
            return False
        _logits, output, (_h_n, c_n) = self.forward(self.fresh)
        return not set(output.flatten().tolist()) & set(c_n.flatten().tolist())
