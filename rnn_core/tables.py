"""Records become pandas DataFrames: the only module with pandas."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from os import PathLike
from typing import TextIO

import pandas as pd
import regex

from rnn_core.encoding import Encoding
from rnn_core.history import EpochRecord
from rnn_core.text import visible

_NO_NAME = "no Unicode name"

_FORMULA = regex.compile(r"[\s\p{C}]*['=+\-@＝＋－＠]")
"""How a cell begins that a spreadsheet may take for a formula, or that begins as a guarded one does."""

_GUARD = "'"
"""What a spreadsheet takes as the sign of a text."""


def history_table(history: Sequence[EpochRecord]) -> pd.DataFrame:
    """One row for each epoch: epoch, loss (nats), accuracy (0…1), prediction (line by line), gradient_norm."""
    return pd.DataFrame(
        {
            "epoch": [record.epoch for record in history],
            "loss": [record.loss_nats for record in history],
            "accuracy": [record.accuracy for record in history],
            "prediction": ["\n".join(record.decoded) for record in history],
            "gradient_norm": [record.gradient_norm for record in history],
        }
    )


def history_csv(history: Sequence[EpochRecord]) -> str:
    """``history_table`` as CSV that is safe to open in a spreadsheet; ``read_history_csv`` gives the table back.

    A prediction that a spreadsheet would take for a formula (it begins with =, +, -, @) has an apostrophe in front.
    """
    table = history_table(history)
    return table.assign(prediction=table["prediction"].map(_guarded)).to_csv(index=False, lineterminator="\n")


def read_history_csv(file: str | PathLike[str] | TextIO) -> pd.DataFrame:
    """The ``history_table`` that ``history_csv`` wrote, to the last bit.

    Args:
        file: a path, or an open text file (opened with ``newline=""``).
    """
    return pd.read_csv(file, converters={"prediction": _unguarded}, lineterminator="\n")


def _guarded(prediction: str) -> str:
    return _GUARD + prediction if _FORMULA.match(prediction) else prediction


def _unguarded(cell: str) -> str:
    return cell.removeprefix(_GUARD)


def prediction_table(history: Sequence[EpochRecord], encoding: Encoding) -> pd.DataFrame:
    """``history_table``, newest first, with ``wrong`` for gradient_norm: the wrong tokens in place, · elsewhere.

    For the eye: tokens that one could not see by themselves have their ``visible`` labels.
    """
    newest_first = history[::-1]
    table = history_table(newest_first).drop(columns="gradient_norm")
    return table.assign(
        prediction=["\n".join(_said(record, encoding)) for record in newest_first],
        wrong=["\n".join(_marks(record, encoding)) for record in newest_first],
    )


def _said(record: EpochRecord, encoding: Encoding) -> list[str]:
    return [
        "".join(visible(dict(errors).get(t, asked)) for t, asked in enumerate(target))
        for errors, target in zip(record.errors, encoding.targets, strict=True)
    ]


def _marks(record: EpochRecord, encoding: Encoding) -> list[str]:
    return [
        "".join(visible(dict(errors)[t]) if t in dict(errors) else "·" for t in range(len(target)))
        for errors, target in zip(record.errors, encoding.targets, strict=True)
    ]


def vocabulary_table(encoding: Encoding) -> pd.DataFrame:
    """One row for each token: id, token (visible), count in the text, code points, Unicode names."""
    counts = Counter(token for line in encoding.lines for token in line)
    tokens = encoding.vocabulary.tokens
    return pd.DataFrame(
        {
            "id": range(len(tokens)),
            "token": [visible(token) for token in tokens],
            "count": [counts[token] for token in tokens],
            "code points": [" ".join(f"U+{ord(character):04X}" for character in token) for token in tokens],
            "name": [" + ".join(unicodedata.name(c, _NO_NAME) for c in token) for token in tokens],
        }
    )
