"""Tables hold the records' numbers as they are."""

from __future__ import annotations

import pandas as pd
import pytest

from rnn_core.config import Head, RunConfig
from rnn_core.encoding import encode
from rnn_core.history import EpochRecord
from rnn_core.tables import history_table, prediction_table, vocabulary_table
from rnn_core.training import Trainer

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


def test_predictions_come_newest_first_with_their_wrong_tokens_in_place(two_epochs: list[EpochRecord]) -> None:
    table = prediction_table(two_epochs, encode(RunConfig("ab\nb")))
    assert _columns(table) == {
        "epoch": [1, 0],
        "loss": [0.25, 2.5],
        "accuracy": [1.0, 2 / 3],
        "prediction": ["ab\nb", "ab\na"],
        "wrong": ["··\n·", "··\na"],
    }


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
