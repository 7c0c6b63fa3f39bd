"""What to try next, on each page: the first hint that is not there yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pages.ui.i18n import _
from rnn_core import RunConfig
from rnn_core.config import Cell, Task
from rnn_core.progress import loss_floor
from rnn_core.text import split_lines

Fits = Callable[[RunConfig, int], bool]

_HINTS: Mapping[str, tuple[tuple[Fits, str], ...]] = {
    "text_to_tensor": (
        (
            lambda config, _epoch: len(split_lines(config.text)) == 1,
            "Try next: type one more letter that is new, and watch V grow; then open *Forward pass*.",
        ),
        (
            lambda config, _epoch: len({len(line) for line in split_lines(config.text)}) > 1,
            "Try next: make all lines equally long, and see the padding go; then open *Forward pass*.",
        ),
        (lambda _config, _epoch: True, "Try next: make one line longer, and see what pads the others."),
    ),
    "forward_pass": (
        (
            lambda config, _epoch: not config.batch_first,
            "Try next: switch `batch_first` on, and see the recurrence run along the text.",
        ),
        (
            lambda config, _epoch: not config.bidirectional,
            "Try next: switch `bidirectional` on, and find where the backward direction's last state sits.",
        ),
        (
            lambda config, _epoch: config.num_layers == 1,
            "Try next: set `num_layers` to 2, and see which rows of `h_n` are in `output`.",
        ),
        (lambda _config, epoch: epoch == 0, "Try next: play some epochs on *Train*, and come back."),
        (
            lambda _config, _epoch: True,
            "Try next: open *Inside the cell*, and see how one of these numbers came about.",
        ),
    ),
    "inside_the_cell": (
        (
            lambda _config, epoch: epoch == 0,
            "Try next: play some epochs on *Train*, come back, and watch the same value at another epoch.",
        ),
        (
            lambda config, _epoch: config.cell is Cell.RNN,
            "Try next: choose `cell` *lstm*, and read what the forget gate kept.",
        ),
        (lambda _config, _epoch: True, "Try next: move the epoch back to 0, and watch the same value untrained."),
    ),
    "train": (
        (
            lambda config, _epoch: not config.batch_first,
            "Try next: switch `batch_first` on: now the recurrence runs along the text.",
        ),
        (
            lambda config, _epoch: config.task is Task.COPY,
            "Try next: choose `task` *next*, and see which letters take more than the current one to predict.",
        ),
        (
            lambda config, _epoch: bool(loss_floor(config)),
            "Try next: choose `head` *linear*: the logits then have no bound, and the loss no floor.",
        ),
        (
            lambda config, _epoch: config.cell is Cell.RNN,
            "Try next: choose `cell` *gru*, and come back: this run is kept.",
        ),
        (
            lambda _config, _epoch: True,
            "Try next: open *Through time*, and see how much of a loss reaches the start.",
        ),
    ),
    "through_time": (
        (
            lambda config, _epoch: not config.batch_first,
            "Try next: switch `batch_first` on: now a gradient has a way from character to character.",
        ),
        (
            lambda _config, epoch: epoch == 0,
            "Try next: play some epochs on *Train*, come back, and see whether the trained network fades slower.",
        ),
        (
            lambda config, _epoch: config.cell is Cell.RNN,
            "Try next: choose `cell` *lstm*: its cell state has a direct way back, which only the forget gate scales.",
        ),
        (lambda _config, _epoch: True, "Try next: move the epoch back to 0, and compare."),
    ),
    "compare": (
        (
            lambda config, _epoch: config.task is Task.COPY,
            "Try next: choose *remember one character across dots*, and raise N until one cell after another forgets.",
        ),
        (lambda _config, _epoch: True, "Try next: compare by `learning_rate`: where does a band become wide?"),
    ),
    "share": (
        (
            lambda _config, epoch: epoch == 0,
            "Try next: play some epochs on *Train*, come back, and see the link grow.",
        ),
        (lambda _config, _epoch: True, "Try next: open the script in an editor, and run it: it checks itself."),
    ),
    "memory": (
        (
            lambda config, _epoch: config.task is Task.COPY,
            "Try next: choose `task` *next*, and see where the network fails.",
        ),
        (
            lambda _config, epoch: epoch == 0,
            "Try next: play some epochs on *Train*, come back, and see whether the states of one character separate.",
        ),
        (
            lambda config, _epoch: config.batch_first and len(split_lines(config.text)) == 1,
            "Try next: switch `batch_first` off: the prediction at a step then depends on that step's character alone.",
        ),
        (
            lambda config, _epoch: config.batch_first,
            "Try next: switch `batch_first` off, and see the recurrence run from line to line.",
        ),
        (
            lambda _config, _epoch: True,
            "Try next: switch `batch_first` on: a state then depends on other characters of its line too.",
        ),
    ),
}


def try_next(page: str, config: RunConfig, epoch: int) -> str:
    """The first hint of ``page`` for this experiment at this epoch, as Markdown."""
    return _(next(words for fits, words in _HINTS[page] if fits(config, epoch)))
