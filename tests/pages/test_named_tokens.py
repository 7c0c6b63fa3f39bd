"""Wherever a text is written in a row, the name of a token that one cannot see is set apart from its neighbours."""

from __future__ import annotations

import pytest

from tests.named_tokens import NAMES, TEXT, run_together
from tests.pages.conftest import PAGES, Open

QUERY = {"text": TEXT, "head": "linear", "epoch": "30"}


@pytest.mark.parametrize("page", PAGES)
def test_no_name_of_a_token_runs_together_with_its_neighbour(open_screen: Open, page: str) -> None:
    screen = open_screen(page, QUERY)
    assert screen.errors == []
    cells = [str(cell) for table in screen.app.dataframe for cell in table.value.to_numpy().ravel()]
    shown = [*screen.sentences(), *cells]
    assert page == "share" or any(name in words for words in shown for name in NAMES)
    assert [words for words in shown if run_together(words)] == []


def test_an_edited_network_names_the_tokens_that_it_predicts_apart(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", QUERY)
    screen.enter(new_value=0.5)
    screen.press("Apply")
    predicted = screen.app.get_by_key("predictions_before_and_after").code[0].value
    assert all(name in predicted for name in NAMES)
    assert [words for words in screen.sentences() if run_together(words)] == []


def test_names_that_run_together_would_be_found() -> None:
    assert run_together("nbspzwsp⇥d") == ["nbspz"]
    assert run_together("anbsp ⇥") == ["anbsp"]
    assert run_together("a⟨nbsp⟩⟨zwsp⟩⇥d") == []
