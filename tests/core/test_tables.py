"""Tables hold the records' numbers as they are."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rnn_core import tables
from rnn_core.config import Cell, Head, RunConfig
from rnn_core.encoding import encode
from rnn_core.history import EpochRecord
from rnn_core.runs import Run
from rnn_core.tables import (
    history_csv,
    history_table,
    prediction_table,
    read_history_csv,
    runs_csv,
    runs_table,
    vocabulary_table,
)
from rnn_core.text import canonical_text, visible
from rnn_core.token_columns import MAX_TOKEN_COLUMNS
from rnn_core.training import Trainer

ROOT = Path(__file__).parents[2]
BOM = "\ufeff"
FORMULAS = ("=1+1", "+1", "-1", "@sum(a1)", " =1", "\t=1", "\u200b=1", "＝1", "'=1", "'", "=", "-\n=1")
COLUMNS = ["epoch", "loss", "accuracy", "prediction", "gradient_norm"]


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    trainer = Trainer(RunConfig("hello\nhelp", head=Head.LINEAR))
    trainer.run(5)
    return trainer


@pytest.fixture
def two_epochs() -> list[EpochRecord]:
    first = EpochRecord(
        epoch=0, loss_nats=2.5, accuracy=2 / 3, decoded=("ab", "a"), gradient_norm=0.5, errors=((), ((0, "a"),))
    )
    second = EpochRecord(
        epoch=1, loss_nats=0.25, accuracy=1.0, decoded=("ab", "b"), gradient_norm=0.125, errors=((), ())
    )
    return [first, second]


def _columns(table: pd.DataFrame) -> dict[str, list[object]]:
    return {str(name): column.tolist() for name, column in table.items()}


def test_a_history_is_a_row_for_each_epoch(two_epochs: list[EpochRecord]) -> None:
    assert _columns(history_table(two_epochs)) == {
        "epoch": [0, 1],
        "loss": [2.5, 0.25],
        "accuracy": [2 / 3, 1.0],
        "prediction": ["ab\na", "ab\nb"],
        "gradient_norm": [0.5, 0.125],
    }


def test_a_trainings_table_has_its_records_numbers_to_the_bit(trainer: Trainer) -> None:
    table = history_table(trainer.history)
    assert list(table.columns) == COLUMNS
    assert table["loss"].tolist() == [record.loss_nats for record in trainer.history]
    assert table["gradient_norm"].tolist() == [record.gradient_norm for record in trainer.history]


def test_an_empty_history_is_an_empty_table() -> None:
    assert history_table([]).shape == (0, len(COLUMNS))


def record(*decoded: str, epoch: int = 0, number: float = 0.5) -> EpochRecord:
    return EpochRecord(epoch=epoch, loss_nats=number, accuracy=1 / 3, decoded=decoded, gradient_norm=number / 3)


def cells(document: str) -> list[str]:
    """The predictions of a history's CSV as a spreadsheet reads them."""
    return [row["prediction"] for row in csv.DictReader(io.StringIO(document.removeprefix(BOM), newline=""))]


@pytest.mark.parametrize("said", FORMULAS)
def test_no_prediction_is_a_formula_to_a_spreadsheet(said: str) -> None:
    assert cells(history_csv([record(said)])) == ["'" + said]


@pytest.mark.parametrize("said", ["hello! world", "1-1", "a=b", "NA", "", "007", "1e5", '"', ";", ",", "안녕", "a\nb"])
def test_any_other_prediction_stands_as_it_is(said: str) -> None:
    assert cells(history_csv([record(said)])) == [said]


# A line of a text ends at LF, CRLF or CR, so no token holds one of them; a surrogate is no valid text.
LINE = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))


@given(st.lists(st.tuples(LINE, st.floats()), min_size=1))
@example([(said, 1.0) for said in (*FORMULAS, "NA", "", "007", "nan", '"', "a,b", "\0", "\x85", "\ufeff")])
def test_a_history_is_read_back_from_its_csv_to_the_last_bit(said: list[tuple[str, float]]) -> None:
    history = [record(line, line, epoch=k, number=number) for k, (line, number) in enumerate(said)]
    read = read_history_csv(io.StringIO(history_csv(history), newline=""))
    pd.testing.assert_frame_equal(read, history_table(history), check_exact=True)


def test_a_file_of_a_trainings_history_is_read_back(trainer: Trainer, tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    file.write_bytes(history_csv(trainer.history).encode())
    pd.testing.assert_frame_equal(read_history_csv(file), history_table(trainer.history), check_exact=True)


WRITERS = {name: getattr(tables, name) for name in dir(tables) if name.endswith("_csv") and not name.startswith("read")}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_every_csv_begins_with_the_mark_by_which_excel_knows_utf_8(write: Callable[..., str]) -> None:
    document = write([])
    assert document.startswith(BOM)
    assert document.count(BOM) == 1


def test_there_are_csv_writers() -> None:
    assert set(WRITERS) >= {"history_csv", "runs_csv"}


@pytest.mark.parametrize(
    "file", [file for folder in ("rnn_core", "pages") for file in sorted((ROOT / folder).rglob("*.py"))], ids=str
)
def test_no_other_module_writes_a_csv_that_excel_cannot_read(file: Path) -> None:
    calls = re.findall(r"to_csv\(.*", file.read_text(encoding="utf-8"))
    assert [call for call in calls if file.name != "tables.py" and "utf-8-sig" not in call] == []


def test_a_history_is_read_with_the_mark_and_without_it(trainer: Trainer) -> None:
    document = history_csv(trainer.history)
    for text in (document, document.removeprefix(BOM)):
        read = read_history_csv(io.StringIO(text, newline=""))
        pd.testing.assert_frame_equal(read, history_table(trainer.history), check_exact=True)


def test_predictions_come_newest_first_with_their_wrong_tokens_in_place(two_epochs: list[EpochRecord]) -> None:
    table = prediction_table(two_epochs, encode(RunConfig("ab\nb")))
    assert _columns(table) == {
        "epoch": [1, 0],
        "loss": [0.25, 2.5],
        "accuracy": [1.0, 2 / 3],
        "prediction": ["ab\nb", "ab\na"],
        "0, 0 a": ["·", "·"],
        "0, 1 b": ["·", "·"],
        "1, 0 b": ["·", "a"],
    }


def test_predictions_are_shown_with_labels_that_one_can_see_and_kept_to_the_letter() -> None:
    trainer = Trainer(RunConfig("a b\0\n \0a", head=Head.LINEAR))
    trainer.run(20)
    records = list(trainer.history)
    shown = prediction_table(records, trainer.encoding)
    wrong_cells = shown.iloc[:, 4:].to_numpy().tolist()
    for record, prediction, wrong in zip(records[::-1], shown["prediction"], wrong_cells, strict=True):
        assert prediction == "\n".join(record.decoded).replace(" ", "␣").replace("\0", "␀")
        assert not {" ", "\0"} & {*prediction, *wrong}
    assert any(" " in "".join(record.decoded) for record in records)
    assert any("\0" in "".join(record.decoded) for record in records)
    letters = ["\n".join(record.decoded) for record in records]
    assert history_table(records)["prediction"].tolist() == letters
    read = read_history_csv(io.StringIO(history_csv(records), newline=""))
    assert read["prediction"].tolist() == letters


def test_a_wrong_space_is_a_mark_that_one_can_see() -> None:
    said_space = EpochRecord(
        epoch=0, loss_nats=1.0, accuracy=0.5, decoded=("  ",), gradient_norm=1.0, errors=(((0, " "),),)
    )
    assert _columns(prediction_table([said_space], encode(RunConfig("a ", head=Head.LINEAR)))) == {
        "epoch": [0],
        "loss": [1.0],
        "accuracy": [0.5],
        "prediction": ["␣␣"],
        "0 a": ["␣"],
        "1 ␣": ["·"],
    }


PLACED = ["a\u00a0b", "שלום", "سلام", "a 👩\u200d🚀🇰🇷", "한글", "ab\u00a0\nשל", "=+-@", "1, 0 ,\n\u200f"]
"""Texts whose tokens do not keep their places in one string: named, right-to-left, wide, the signs of a formula."""


def placed(text: str) -> Trainer:
    trainer = Trainer(RunConfig(text, head=Head.LINEAR, hidden_size=3))
    trainer.run(6)
    return trainer


def predicted(trainer: Trainer, record: EpochRecord) -> list[tuple[str, str]]:
    """Target and predicted token at every step of every line."""
    return [
        (target, dict(errors).get(step, target))
        for errors, line in zip(record.errors, trainer.encoding.targets, strict=True)
        for step, target in enumerate(line)
    ]


@pytest.mark.parametrize("text", PLACED)
def test_each_predicted_token_has_a_cell_of_its_own_below_its_target(text: str) -> None:
    trainer = placed(text)
    records = [*trainer.history, trainer.now]
    table = prediction_table(records, trainer.encoding)
    targets = [target for target, _said in predicted(trainer, records[0])]
    assert [name.split(" ")[-1] for name in table.columns[4:]] == [visible(target) for target in targets]
    assert table.columns.is_unique
    for row, record in zip(table.iloc[:, 4:].to_numpy().tolist(), records[::-1], strict=True):
        assert row == ["·" if said == target else visible(said) for target, said in predicted(trainer, record)]
    assert any(cell != "·" for cell in table.iloc[:, 4:].to_numpy().ravel())


@pytest.mark.parametrize("text", PLACED)
def test_a_csv_has_a_cell_for_each_predicted_token_and_is_read_back_without_them(text: str) -> None:
    trainer = placed(text)
    records = [*trainer.history, trainer.now]
    document = history_csv(records, trainer.encoding)
    header, *rows = csv.reader(io.StringIO(document.removeprefix(BOM), newline=""))
    assert header[:5] == COLUMNS
    for row, record in zip(rows, records, strict=True):
        labels = [visible(said) for _target, said in predicted(trainer, record)]
        assert row[5:] == [f"'{label}" if label[0] in "'=+-@" else label for label in labels]
    for text in (document, history_csv(records)):
        read = read_history_csv(io.StringIO(text, newline=""))
        pd.testing.assert_frame_equal(read, history_table(records), check_exact=True)


def test_the_columns_of_tokens_are_those_of_the_window_and_not_more_than_the_bound() -> None:
    trainer = placed("ab" * 50 + "\nabc")
    records = [trainer.now]
    first = prediction_table(records, trainer.encoding).columns[4:]
    assert (len(first), first[0], first[-1]) == (MAX_TOKEN_COLUMNS, "0, 0 a", f"0, {MAX_TOKEN_COLUMNS - 1} b")
    window = prediction_table(records, trainer.encoding, lines=range(1, 2), steps=range(1, 9))
    assert window.columns[4:].tolist() == ["1, 1 b", "1, 2 c"]
    assert prediction_table([], trainer.encoding).shape == (0, 4 + MAX_TOKEN_COLUMNS)


def run(config: RunConfig, *losses: float, accuracy: float = 0.5) -> Run:
    epochs = len(losses) - 1
    return Run(
        config=config,
        epochs=epochs,
        loss_E=np.array(losses),
        accuracy_E=np.array([0.25] * epochs + [accuracy]),
        parameters=42,
        seconds=3.0,
    )


def test_runs_are_a_row_each_with_what_the_network_has_and_what_came_of_it() -> None:
    bare = RunConfig("hello", seed=3)
    full = RunConfig("ab\nb", cell=Cell.LSTM, hidden_size=7, num_layers=2, bidirectional=True, head=Head.LINEAR)
    clipped = replace(full, batch_first=False, learning_rate=1 / 3, clip_norm=0.125, seed=2**32 - 1)
    assert _columns(runs_table([run(bare, 2.5), run(clipped, 2.5, 1.5, 0.1, accuracy=1.0)])) == {
        "text": ["hello", "ab\nb"],
        "task": ["copy", "copy"],
        "cell": ["rnn", "lstm"],
        "nonlinearity": ["tanh", "tanh"],
        "hidden_size": [4, 7],
        "num_layers": [1, 2],
        "bidirectional": [False, True],
        "head": ["none", "linear"],
        "batch_first": [True, False],
        "optimizer": ["adam", "adam"],
        "learning_rate": [0.1, 1 / 3],
        "clip_norm": [pytest.approx(math.nan, nan_ok=True), 0.125],
        "seed": [3, 2**32 - 1],
        "epochs": [0, 2],
        "first_right": [pd.NA, 2],
        "diverged_at": [pd.NA, pd.NA],
        "loss": [2.5, 0.1],
        "accuracy": [0.5, 1.0],
        "counted": ["all", "all"],
        "parameters": [42, 42],
        "seconds_per_epoch": [pytest.approx(math.nan, nan_ok=True), 1.5],
    }


def test_a_run_that_diverged_has_its_epoch_and_no_accuracy() -> None:
    row = runs_table([replace(run(RunConfig("hello"), 2.5, 1.5, math.nan, accuracy=1.0), remembered=True)]).iloc[0]
    assert row["diverged_at"] == 2
    assert pd.isna(row["first_right"])
    assert math.isnan(row["accuracy"])
    assert row["counted"] == "last"


def test_the_columns_of_runs_are_of_one_type_whatever_the_runs_are() -> None:
    types = runs_table([run(RunConfig(clip_norm=0.5), 2.5, accuracy=1.0)]).dtypes.to_dict()
    assert types["first_right"] == pd.Int64Dtype()
    assert types["text"] == types["task"] == pd.StringDtype(na_value=np.nan)
    assert runs_table([run(RunConfig(), math.nan)]).dtypes.to_dict() == types
    assert runs_table([]).dtypes.to_dict() == types


@pytest.mark.parametrize(
    "text", [*FORMULAS, "a\r=1+1", "a\r\n=1+1", "a\n=1+1", 'a"\r=1', "hello! world", "a,b", "안녕"]
)
def test_no_text_of_a_run_is_a_formula_to_a_spreadsheet(text: str) -> None:
    document = runs_csv([run(RunConfig(text, head=Head.LINEAR), 2.5), run(RunConfig("hello"), 1.5)])
    rows = list(csv.DictReader(io.StringIO(document.removeprefix(BOM), newline="")))
    assert [row["text"] for row in rows] == ["'" + text if text in FORMULAS else canonical_text(text), "hello"]
    # A row of a file ends at CR too, for some readers, unless it stands between quotes.
    assert document.splitlines()[1].startswith('"')
    assert (rows[0]["loss"], rows[0]["clip_norm"], rows[0]["first_right"]) == ("2.5", "", "")


def test_a_vocabulary_is_a_row_for_each_token() -> None:
    table = vocabulary_table(encode(RunConfig("한 a\n한e\u0301\0", head=Head.LINEAR)))
    assert _columns(table) == {
        "id": [0, 1, 2, 3, 4],
        "token": ["한", "␣", "a", "é", "␀"],
        "count": [2, 1, 1, 1, 1],
        "code points": ["U+D55C", "U+0020", "U+0061", "U+00E9", "U+0000"],
        "name": [
            "HANGUL SYLLABLE HAN",
            "SPACE",
            "LATIN SMALL LETTER A",
            "LATIN SMALL LETTER E WITH ACUTE",
            "no Unicode name",
        ],
    }


def test_a_token_of_several_code_points_has_a_name_for_each() -> None:
    table = vocabulary_table(encode(RunConfig("👩\u200d🚀")))
    assert table["code points"].tolist() == ["U+1F469 U+200D U+1F680"]
    assert table["name"].tolist() == ["WOMAN + ZERO WIDTH JOINER + ROCKET"]
