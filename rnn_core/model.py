"""A config becomes a CharRNN: torch's own recurrent module and a head, with the weights of a plain script."""

from __future__ import annotations

import threading
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnn_core.config import Cell, Head, RunConfig

State: TypeAlias = Tensor | tuple[Tensor, Tensor]

# One thread: on tensors this small, threads only contend; and how many there are can decide the last bits of a product.
torch.set_num_threads(1)

_SEEDING = threading.Lock()
"""torch's global generator belongs to every thread of the process: whoever seeds it holds this lock."""


class CharRNN(nn.Module):
    """torch.nn.RNN, GRU or LSTM, and what turns its output into logits.

    Attributes:
        rnn: the recurrent module.
        head: nn.Linear(D·H, V), or nn.Identity where the hidden state is the logits.
    """

    def __init__(self, rnn: nn.RNN | nn.GRU | nn.LSTM, head: nn.Linear | nn.Identity) -> None:
        super().__init__()
        self.rnn = rnn
        self.head = head

    def forward(
        self, x: Tensor, length_B: Tensor | None = None, h_0: Tensor | None = None
    ) -> tuple[Tensor, Tensor, State]:
        """Logits, output and final state of a batch.

        Args:
            x: float32 (B, T, V).
            length_B: int64, each line's number of real steps, or None where all are T. A module that is batch_first
                then reads packed lines: the state is the one at each line's real last step, and output is 0 behind
                it. A module that is not batch_first takes B as time, so nothing can be packed: it reads the padding.
            h_0: float32 (S, N, H), the hidden state before the first step, or None for zeros; an LSTM's c_0 is zeros.
        Returns: logits (B, T, V); output (B, T, D·H); state h_n (S, N, H), or (h_n, c_n) of an LSTM, where N is the
            axis the module takes for the batch: B, or T if not batch_first.
        """
        torch.get_num_threads()  # torch tells a new thread how many threads it may use only when asked, or too late
        start = (h_0, torch.zeros_like(h_0)) if h_0 is not None and isinstance(self.rnn, nn.LSTM) else h_0
        if self.rnn.batch_first and length_B is not None:
            packed = pack_padded_sequence(x, length_B, batch_first=True, enforce_sorted=False)
            packed_output, state = self.rnn(packed, start)
            output, _ = pad_packed_sequence(packed_output, batch_first=True, total_length=x.shape[1])
        else:
            output, state = self.rnn(x, start)
        return self.head(output), output, state


def build_model(config: RunConfig) -> CharRNN:
    """The untrained network: ``torch.manual_seed(seed)``, then ``nn.RNN(...)``, then ``nn.Linear(...)``.

    The weights are the same bit for bit however many threads build at once, and torch's global generator is left as
    it was.
    """
    size, units = len(config.vocabulary), config.units
    with _SEEDING, torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        rnn = _build_rnn(config, size, units)
        head = nn.Linear(config.directions * units, size) if config.head is Head.LINEAR else nn.Identity()
    return CharRNN(rnn, head)


def _build_rnn(config: RunConfig, size: int, units: int) -> nn.RNN | nn.GRU | nn.LSTM:
    layers, both, first = config.num_layers, config.bidirectional, config.batch_first
    match config.cell:
        case Cell.RNN:
            activation = config.nonlinearity.value
            return nn.RNN(size, units, layers, nonlinearity=activation, bidirectional=both, batch_first=first)
        case Cell.GRU:
            return nn.GRU(size, units, layers, bidirectional=both, batch_first=first)
        case Cell.LSTM:
            return nn.LSTM(size, units, layers, bidirectional=both, batch_first=first)
