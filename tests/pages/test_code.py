"""Each page shows the lines of PyTorch that compute what it shows: those of the exported script."""

from __future__ import annotations

import pytest

from rnn_core import PRESETS, RunConfig
from rnn_core.config import Cell
from rnn_core.export import Part, code_for
from tests.pages.conftest import Open

PARTS = {
    "text_to_tensor": Part.DATA,
    "forward_pass": Part.FORWARD,
    "inside_the_cell": Part.FORWARD,
    "train": Part.TRAIN,
    "through_time": Part.TRAIN,
    "memory": Part.FORWARD,
}


@pytest.mark.parametrize("page", PARTS)
def test_the_code_of_a_page_is_that_of_the_script(open_screen: Open, page: str) -> None:
    config = RunConfig(cell=Cell.LSTM)
    screen = open_screen(page, config)
    shown = [code.value for code in screen.app.code]
    assert code_for(config, PARTS[page]).rstrip() in shown


def test_first_of_all_one_sees_the_modules_own_call(open_screen: Open) -> None:
    screen = open_screen("forward_pass", RunConfig(cell=Cell.LSTM, hidden_size=5, head="linear"))  # type: ignore[arg-type]
    (code,) = (code.value for code in screen.app.code if "nn.LSTM" in code.value)
    assert "rnn = nn.LSTM(input_size=9, hidden_size=5, batch_first=True)" in code


def test_trained_it_makes_as_many_updates_and_on_a_branch_it_branches(open_screen: Open) -> None:
    config = PRESETS["Next character"]
    query = {"epoch": "7", "branch": "4", "branch_learning_rate": "0.001"}
    screen = open_screen("train", config.to_query() | query)
    (code,) = (code.value for code in screen.app.code if "optimizer" in code.value)
    assert "epochs = 7" in code
    assert "0.001" in code
