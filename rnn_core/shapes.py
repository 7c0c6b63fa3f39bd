"""A config becomes the shape ledger: every tensor of a training step, axis by axis, in PyTorch's names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.text import split_lines

AXES = {
    "B": "batch_size",
    "T": "sequence_length",
    "V": "input_size",
    "H": "hidden_size",
    "F": "D · hidden_size",
    "S": "num_layers · D",
    "D": "directions",
    "G": "gates",
    "E": "epoch",
}
"""What each axis letter stands for, in PyTorch's words."""

GATES = {Cell.RNN: 1, Cell.GRU: 3, Cell.LSTM: 4}
"""G: how many gates' matrices torch stacks in one parameter of each cell."""

_ORDER = {Cell.RNN: "", Cell.GRU: " (rows r, z, n)", Cell.LSTM: " (rows i, f, g, o)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeLine:
    """One tensor: its name in PyTorch, its axes, its size along each, and what to know about it.

    Attributes:
        axes: one letter of ``AXES`` for each axis, with a factor in front where gates or lines are stacked ("4H",
            "B·T"); () for a scalar.
        shape: the size along each axis, as ``tensor.shape`` gives it.
        note: one short sentence, or "".
    """

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    note: str


def axis_sizes(config: RunConfig) -> dict[str, int]:
    """The size of every axis of the experiment, by its letter: B, T, V, H, D, F, S, G."""
    lines = split_lines(config.text)
    steps = max(map(len, lines)) - (config.task is Task.NEXT)
    return {
        "B": len(lines),
        "T": steps,
        "V": len(config.vocabulary),
        "H": config.units,
        "D": config.directions,
        "F": config.directions * config.units,
        "S": config.num_layers * config.directions,
        "G": GATES[config.cell],
    }


def shape_ledger(config: RunConfig) -> tuple[ShapeLine, ...]:
    """One line for each tensor of a training step, in the order of the data: input, parameters, outputs, loss view.

    Returns: lines whose shapes equal the live tensors' (a test compares every one of them).
    """
    size = axis_sizes(config)
    return (*_input(config, size), *_parameters(config, size), *_outputs(config, size), *_loss_view(size))


def _input(config: RunConfig, size: dict[str, int]) -> Iterator[ShapeLine]:
    note = "one-hot, one row for each token"
    if not config.batch_first:
        note = "batch_first=False: the module takes the first axis, B, as time"
    yield _line("x", "B T V", size, note)
    yield _line("target", "B T", size, "class ids, not one-hot")


def _parameters(config: RunConfig, size: dict[str, int]) -> Iterator[ShapeLine]:
    gates = "" if size["G"] == 1 else str(size["G"])
    order = _ORDER[config.cell]
    for layer in range(config.num_layers):
        read = "V" if layer == 0 else "F"
        heard = "the one-hot input" if layer == 0 else f"layer {layer - 1}'s output"
        for suffix in ("", "_reverse")[: config.directions]:
            end = f"_l{layer}{suffix}"
            yield _line(f"weight_ih{end}", f"{gates}H {read}", size, f"applied to {heard}{order}")
            yield _line(f"weight_hh{end}", f"{gates}H H", size, f"applied to the previous hidden state{order}")
            yield _line(f"bias_ih{end}", f"{gates}H", size, "added to what weight_ih gives")
            yield _line(f"bias_hh{end}", f"{gates}H", size, "added to what weight_hh gives")
    if config.head is Head.LINEAR:
        yield _line("head.weight", "V F", size, "one row of logit weights for each token")
        yield _line("head.bias", "V", size, "one number for each token")


def _outputs(config: RunConfig, size: dict[str, int]) -> Iterator[ShapeLine]:
    seen = "B" if config.batch_first else "T"
    states = "the state each row ended in; batch_first never moves its axes"
    if not config.batch_first:
        states = "its second axis is T, which the module took for the batch"
    yield _line("output", "B T F", size, "the last layer's hidden state at every step")
    yield _line("h_n", f"S {seen} H", size, states)
    if config.cell is Cell.LSTM:
        yield _line("c_n", f"S {seen} H", size, "the cell state; it is nowhere in output")
    same = "the hidden state itself" if config.head is Head.NONE else "head(output)"
    yield _line("logits", "B T V", size, same)


def _loss_view(size: dict[str, int]) -> Iterator[ShapeLine]:
    yield _line("logits.reshape(-1, V)", "B·T V", size, "what CrossEntropyLoss is given: (N, C) logits …")
    yield _line("target.view(-1)", "B·T", size, "… and (N,) class indices")
    yield ShapeLine(name="loss", axes=(), shape=(), note="one number: the mean over all real steps, in nats")


def _line(name: str, axes: str, size: dict[str, int], note: str) -> ShapeLine:
    parts = tuple(axes.split())
    return ShapeLine(name=name, axes=parts, shape=tuple(_length(part, size) for part in parts), note=note)


def _length(part: str, size: dict[str, int]) -> int:
    """The size of "H", "4H" or "B·T"."""
    if "·" in part:
        first, second = part.split("·")
        return size[first] * size[second]
    return int(part[:-1] or 1) * size[part[-1]]
