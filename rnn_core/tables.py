"""Records become pandas DataFrames: the only module with pandas."""

from __future__ import annotations

import csv
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from os import PathLike
from typing import BinaryIO, TextIO, TypeAlias

import pandas as pd
import regex

from rnn_core.encoding import Encoding
from rnn_core.history import EpochRecord
from rnn_core.runs import Run
from rnn_core.text import row_label, visible
from rnn_core.token_columns import RIGHT, token_columns

Table: TypeAlias = pd.DataFrame
"""What every table here is, for a module that hands one on."""

_NO_NAME = "no Unicode name"

_FORMULA = regex.compile(r"[\s\p{C}]*['=+\-@＝＋－＠]")
"""How a cell begins that a spreadsheet may take for a formula, or that begins as a guarded one does."""

_BYTE_ORDER_MARK = "\ufeff"
"""How a CSV begins, so that Excel reads it as UTF-8 in every language; a reader of CSV skips it."""

_GUARD = "'"
"""What a spreadsheet takes as the sign of a text."""

_HISTORY_COLUMNS: Mapping[str, str] = {
    "epoch": "int64",
    "loss": "float64",
    "accuracy": "float64",
    "prediction": "str",
    "gradient_norm": "float64",
}
"""The columns of a table of a history and their types, which hold for no epoch at all."""

_RUN_COLUMNS: Mapping[str, str] = {
    "text": "str",
    "task": "str",
    "cell": "str",
    "nonlinearity": "str",
    "hidden_size": "int64",
    "num_layers": "int64",
    "bidirectional": "bool",
    "head": "str",
    "batch_first": "bool",
    "optimizer": "str",
    "learning_rate": "float64",
    "clip_norm": "float64",
    "seed": "int64",
    "epochs": "int64",
    "first_right": "Int64",
    "diverged_at": "Int64",
    "loss": "float64",
    "accuracy": "float64",
    "counted": "str",
    "parameters": "int64",
    "seconds_per_epoch": "float64",
}
"""The columns of a table of runs and their types, which hold whatever the runs are, and for no run at all."""


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


def history_csv(history: Sequence[EpochRecord], encoding: Encoding | None = None) -> str:
    """``history_table`` as CSV that is safe to open in a spreadsheet; ``read_history_csv`` gives the table back.

    A prediction that a spreadsheet would take for a formula (it begins with =, +, -, @) has an apostrophe in front.
    The text begins with a byte order mark.

    Args:
        encoding: of the text that is trained; with it, a column for each predicted token follows (``token_columns``).
    """
    table = history_table(history)
    guarded = table.assign(prediction=table["prediction"].map(_guarded))
    if encoding is not None:
        cells = token_columns(history, encoding)
        guarded = _beside(guarded, {name: [*map(_guarded, column)] for name, column in cells.items()})
    return _BYTE_ORDER_MARK + guarded.to_csv(index=False, lineterminator="\n")


def read_history_csv(file: str | PathLike[str] | TextIO) -> pd.DataFrame:
    """The ``history_table`` that ``history_csv`` wrote, to the last bit; a file without a byte order mark too.

    Columns of tokens are left out: prediction has all of them.

    Args:
        file: a path, or an open text file (opened with ``newline=""``).
    """
    return pd.read_csv(file, usecols=list(_HISTORY_COLUMNS), converters={"prediction": _unguarded}, lineterminator="\n")


def history_parquet(history: Sequence[EpochRecord]) -> bytes:
    """``history_table`` as a Parquet file, to the last bit; ``read_history_parquet`` gives the table back.

    No prediction has an apostrophe in front, as it may in CSV: a column of Parquet has a type, so that text stays text.
    """
    return history_table(history).astype(_HISTORY_COLUMNS).to_parquet(index=False)


def read_history_parquet(file: str | PathLike[str] | BinaryIO) -> pd.DataFrame:
    """The ``history_table`` that ``history_parquet`` wrote, to the last bit; of no epoch at all, with its types.

    Args:
        file: a path, or an open binary file.
    """
    return pd.read_parquet(file)


def runs_table(runs: Iterable[Run]) -> pd.DataFrame:
    """One row for each run: the fields of its config, the last loss (nats) and accuracy (0…1), size and speed.

    hidden_size is the units that the network has; clip_norm is nan where there is no clipping, first_right <NA> where
    no epoch was all right, seconds_per_epoch nan where no update was made. counted names the steps of which first_right
    and accuracy are: "all", or the "last" of each line. A run whose loss was not finite has diverged_at, the first such
    epoch, and neither first_right nor accuracy.
    """
    return pd.DataFrame([_run_row(run) for run in runs], columns=list(_RUN_COLUMNS)).astype(_RUN_COLUMNS)


def runs_csv(runs: Iterable[Run]) -> str:
    """``runs_table`` as CSV that is safe to open in a spreadsheet, as ``history_csv`` is.

    Every text is quoted: one that ends a line with CR would begin a row of the file otherwise, with a cell unguarded.
    """
    table = runs_table(runs)
    guarded = table.assign(text=table["text"].map(_guarded))
    return _BYTE_ORDER_MARK + guarded.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)


def _run_row(run: Run) -> dict[str, object]:
    return {
        **asdict(run.config),
        "hidden_size": run.config.units,
        "epochs": run.epochs,
        "first_right": run.first_right,
        "diverged_at": run.diverged_at,
        "loss": run.loss_E[-1],
        "accuracy": run.accuracy_E[-1] if run.diverged_at is None else math.nan,
        "counted": "last" if run.remembered else "all",
        "parameters": run.parameters,
        "seconds_per_epoch": run.seconds_per_epoch,
    }


def _guarded(prediction: str) -> str:
    return _GUARD + prediction if _FORMULA.match(prediction) else prediction


def _unguarded(cell: str) -> str:
    return cell.removeprefix(_GUARD)


def prediction_table(
    history: Sequence[EpochRecord], encoding: Encoding, *, lines: range | None = None, steps: range | None = None
) -> pd.DataFrame:
    """Return ``history_table``, newest first, with a column for each predicted token in place of gradient_norm.

    A token column has the wrong tokens, and · where the prediction is right; see ``token_columns``.
    For the eye: tokens that one could not see by themselves have their ``visible`` labels.

    Args:
        lines, steps: which lines and steps of the batch have token columns; None for all.
    """
    newest_first = history[::-1]
    table = history_table(newest_first).drop(columns="gradient_norm")
    shown = table.assign(prediction=["\n".join(_said(record, encoding)) for record in newest_first])
    return _beside(shown, token_columns(newest_first, encoding, lines=lines, steps=steps, right=RIGHT))


def _beside(table: pd.DataFrame, columns: Mapping[str, list[str]]) -> pd.DataFrame:
    return pd.concat([table, pd.DataFrame(columns, index=table.index, dtype="str")], axis="columns")


def _said(record: EpochRecord, encoding: Encoding) -> list[str]:
    return [
        "".join(row_label(dict(errors).get(t, asked)) for t, asked in enumerate(target))
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
