"""A config becomes the parts of a script: a few lines of plain PyTorch each, in the order in which they run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from rnn_core.call import module_calls
from rnn_core.config import Cell, Head, RunConfig, Task
from rnn_core.export.reading import line_lengths, packed, padded
from rnn_core.export.source import Statement, called, filled, quoted, shaped, statement, written
from rnn_core.export.training_loop import loop
from rnn_core.shapes import axis_sizes, shape_ledger
from rnn_core.text import PADDING, split_lines
from rnn_core.training import Branch


class Part(StrEnum):
    """A part of a script; each goes on from those before it."""

    DATA = "data"
    MODEL = "model"
    FORWARD = "forward"
    TRAIN = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Lines of a script that belong together.

    Attributes:
        name: a word for it. title: a phrase for it, or "" for what stands before the first part.
        lines: Python.
    """

    name: str
    title: str
    lines: tuple[str, ...]


def sections(config: RunConfig, *, epochs: int, branch: Branch | None) -> tuple[Section, ...]:
    """What is imported, then one section for each Part; only what ``config`` needs."""
    forward = tuple(_forward(config))
    written_out = {
        "setup": ("", _setup(config)),
        Part.DATA: ("Data: lines of tokens become one tensor", _data(config)),
        Part.MODEL: ("Model: torch's own module, its weights drawn from the seed", _model(config)),
        Part.FORWARD: ("Forward pass: every step of every line at once", written(forward)),
        Part.TRAIN: ("Training: epoch k is printed before update k", loop(config, forward, epochs, branch)),
    }
    return tuple(
        Section(name=str(name), title=title, lines=tuple(lines)) for name, (title, lines) in written_out.items()
    )


def _setup(config: RunConfig) -> list[str]:
    size = axis_sizes(config)
    packing = "pack_padded_sequence, pad_packed_sequence, " if packed(config) else ""
    padding = [f"from torch.nn.utils.rnn import {packing}pad_sequence"] if padded(config) else []
    return [
        "import torch",
        "from torch import nn",
        *padding,
        "",
        "# Every tensor has its axes and its sizes in a comment. The axes:",
        f"#   B batch_size {size['B']}, T sequence_length {size['T']}, V input_size {size['V']}, "
        f"H hidden_size {size['H']}, D directions {size['D']},",
        f"#   F = D·H = {size['F']} features of output, S = num_layers·D = {size['S']} rows of h_n",
        "",
        "# Threads gain nothing on tensors this small, and their number can decide the last bits of a sum.",
        "torch.set_num_threads(1)",
    ]


def _data(config: RunConfig) -> list[str]:
    lines = [filled("    [", [quoted(token) for token in line], "],") for line in split_lines(config.text)]
    size = axis_sizes(config)["V"]
    known = (
        statement("lines = [", *chain.from_iterable(lines), "]", notes=["One list for each line: the batch."]),
        statement(
            "vocabulary = list(dict.fromkeys(token for line in lines for token in line))",
            notes=["In order of first appearance, which is the same in every run; that of a set is not."],
        ),
        statement(f"V = len(vocabulary)  # {size}"),
    )
    tensors = _padded_tensors(config) if padded(config) else _tensors(config)
    return written((*known, *tensors))


def _tensors(config: RunConfig) -> Iterator[Statement]:
    """The input and the target of lines that are equally long."""
    shapes, following = _shapes(config), config.task is Task.NEXT
    size = axis_sizes(config)
    ids = "ids = torch.tensor([[vocabulary.index(token) for token in line] for line in lines])"
    if following:
        yield statement(ids, shapes=shaped(("B", "T + 1"), (size["B"], size["T"] + 1)))
    else:
        yield statement(ids, shapes=shapes["target"])
    read, asked = ("ids[:, :-1]", "ids[:, 1:]") if following else ("ids", "ids")
    yield statement(f"x = nn.functional.one_hot({read}, V).float()", shapes=shapes["x"])
    yield statement(f"target = {asked}", shapes=shapes["target"], notes=[_ASKED[config.task]])


def _padded_tensors(config: RunConfig) -> Iterator[Statement]:
    """The input and the target of lines that are not."""
    shapes, following = _shapes(config), config.task is Task.NEXT
    read, asked = ("line[:-1]", "[line[1:] for line in ids]") if following else ("line", "ids")
    yield statement(
        "ids = [torch.tensor([vocabulary.index(token) for token in line]) for line in lines]",
        shapes=f"ids: a list of B = {len(split_lines(config.text))} tensors, each as long as its line",
    )
    yield statement(f"lengths = [len({read}) for line in lines]", notes=["How many steps of each line are real."])
    yield statement(
        f"x = pad_sequence([nn.functional.one_hot({read}, V).float() for line in ids], batch_first=True)",
        shapes=shapes["x"],
        notes=["All are padded to the longest: with zeros here, …"],
    )
    yield statement(
        f"target = pad_sequence({asked}, batch_first=True, padding_value={PADDING})",
        shapes=shapes["target"],
        notes=[f"… with {PADDING} here, which the loss passes over. {_ASKED[config.task]}"],
    )


_ASKED = {
    Task.COPY: "What is asked for is the token that is read; class ids, not one-hot.",
    Task.NEXT: "What is asked for is the token after the one that is read; class ids, not one-hot.",
}


def _model(config: RunConfig) -> list[str]:
    rnn, *head = module_calls(config)
    notes = ["Batch size and sequence length are no arguments of it: it reads lines of any number and length."]
    if not config.batch_first:
        notes.append("batch_first is left out, so the first axis of x, which is B, is what the module takes as time.")
    statements = [statement(f"torch.manual_seed({config.seed})"), statement(*called("rnn", rnn), notes=notes)]
    statements += [statement(*called("head", call)) for call in head]
    parameters = [line for line in shape_ledger(config) if line.name.startswith(("weight_", "bias_", "head."))]
    names, shapes = [line.name for line in parameters], [shaped(line.axes, line.shape) for line in parameters]
    wide, long = max(map(len, names)), max(map(len, shapes))
    listed = (
        f"# {line.name:<{wide}}  {shape:<{long}}  {line.note}" for line, shape in zip(parameters, shapes, strict=True)
    )
    return [*written(statements), "# Their parameters:" if head else "# Its parameters:", *listed]


def _forward(config: RunConfig) -> Iterator[Statement]:
    """From the input to what the network says."""
    shapes = _shapes(config)
    notes = {line.name: line.note for line in shape_ledger(config)}
    names = ("h_n", "c_n") if config.cell is Cell.LSTM else ("h_n",)
    state = "(h_n, c_n)" if config.cell is Cell.LSTM else "h_n"
    said = [f"{name}: {notes[name]}" for name in ("output", *names)]
    sizes = [f"{name} {shapes[name]}" for name in ("output", *names)]
    if packed(config):
        yield from _packed(config, state, said[1:], ", ".join(sizes[1:]))
        yield statement(
            "output, _ = pad_packed_sequence(packed_output, batch_first=True)",
            shapes=sizes[0],
            notes=[f"{said[0]}; 0 behind a line's end"],
        )
    else:
        yield statement(f"output, {state} = rnn(x)", shapes=", ".join(sizes), notes=said)
    without = config.head is Head.NONE
    yield statement(
        f"logits = {'output' if without else 'head(output)'}",
        shapes=shapes["logits"],
        notes=["There is no head: the hidden state itself is the logits."] if without else [],
    )
    yield statement("predicted = logits.argmax(dim=-1)", shapes=shapes["target"])
    yield _decoded(config)


def _packed(config: RunConfig, state: str, said: list[str], sizes: str) -> Iterator[Statement]:
    """The reading of packed lines."""
    size, steps = axis_sizes(config), sum(line_lengths(config))
    yield statement(
        "packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)",
        shapes=f"packed.data {shaped(('steps', 'V'), (steps, size['V']))}",
        notes=["Packed, the lines end where they end, and the module never reads the padding."],
    )
    inner = f"packed_output.data {shaped(('steps', 'F'), (steps, size['F']))}"
    yield statement(f"packed_output, {state} = rnn(packed)", shapes=f"{inner}, {sizes}", notes=said)


def _decoded(config: RunConfig) -> Statement:
    if not padded(config):
        return statement('decoded = ["".join(vocabulary[i] for i in row) for row in predicted.tolist()]')
    return statement(
        "decoded = [",
        '    "".join(vocabulary[i] for i in row[:length])',
        "    for row, length in zip(predicted.tolist(), lengths)",
        "]",
    )


def _shapes(config: RunConfig) -> dict[str, str]:
    """Axes and sizes of every tensor in the ledger, as a comment has them."""
    return {line.name: shaped(line.axes, line.shape) for line in shape_ledger(config)}
