"""What does not fit is shown in a window that says what it leaves out, moves, and holds what one looks at."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from pages.ui.inside_the_cell.microscope import TERMS
from pages.ui.inside_the_cell.place import STEPS, UNITS
from rnn_core import PRESETS, RunConfig, Trace, build_model, encode, trace_forward
from rnn_core.config import Cell, Head, Task
from rnn_core.cursor import Cursor
from rnn_core.microscope import GateSum, look
from tests.pages.conftest import Open, Screen, assert_same_panels

WIDE = RunConfig("hello! world", head=Head.LINEAR, hidden_size=40)
MANY_TOKENS = RunConfig("abcdefghijklmnopqrstuvwxyz ", head=Head.LINEAR, hidden_size=5)


def trace_of(config: RunConfig) -> Trace:
    return trace_forward(build_model(config), encode(config))


def gate_of(config: RunConfig, step: int, unit: int) -> GateSum:
    return look(build_model(config), trace_of(config), Cursor(step=step, unit=unit)).gates[0]


def labels(screen: Screen, container: str, axis: str = "xaxis") -> list[str]:
    found: list[str] = screen.chart(container)["layout"][axis]["ticktext"]
    return found


@pytest.fixture
def wide(open_screen: Open) -> Screen:
    """*Inside the cell* of WIDE, at t = 3."""
    return open_screen("inside_the_cell", WIDE.to_query() | {"t": "3"})


def assert_products_from(screen: Screen, unit: int, first: int) -> None:
    """Weights, state and products of the hidden columns from ``first`` are shown, bit for bit."""
    gate, shown = gate_of(WIDE, 3, unit), slice(first, first + TERMS)
    expected = np.stack([gate.weight_hh_H[shown], gate.h_previous_H[shown], gate.product_hh_H[shown]])
    assert_same_panels(screen.heatmaps("products")[1:], [expected])
    assert labels(screen, "products", "xaxis2") == [str(column) for column in range(first, first + TERMS)]


def test_with_16_units_every_product_is_shown(open_screen: Open) -> None:
    config = PRESETS["Next character"]
    screen = open_screen("inside_the_cell", config.to_query() | {"t": "3", "unit": "11"})
    gate = gate_of(config, 3, 11)
    inputs, hidden = screen.heatmaps("products")
    assert inputs.shape == (3, 9)
    np.testing.assert_array_equal(hidden, np.stack([gate.weight_hh_H, gate.h_previous_H, gate.product_hh_H]))
    assert hidden.shape == (3, 16)
    assert not screen.has("hidden_shown")
    assert not any("not shown" in caption.value for caption in screen.app.caption)


@pytest.mark.parametrize("moved", [False, True], ids=["as it opens", "moved"])
def test_what_is_shown_and_what_is_left_out_add_up_to_the_sum(wide: Screen, moved: bool) -> None:
    if moved:
        wide.enter(hidden_shown=24)
    (words,) = [caption.value for caption in wide.app.caption if "not shown" in caption.value]
    left = re.fullmatch(r"`weight_hh_l0`: columns not shown: (\d+); they add (\S+) to Σ, .* over all (\d+)\.", words)
    assert left is not None
    assert (int(left[1]), int(left[3])) == (40 - TERMS, 40)
    (title,) = (note["text"] for note in wide.chart("products")["layout"]["annotations"] if "weight_hh" in note["text"])
    total = float(title.split("Σ = ")[1].removesuffix("</b>").replace("−", "-"))
    hidden = wide.heatmaps("products")[1]
    assert abs(total) > 0.01
    assert float(left[2].replace("−", "-")) + hidden[2].sum() == pytest.approx(total, abs=2e-4)
    gate = gate_of(WIDE, 3, 0)
    assert total == pytest.approx(float(gate.product_hh_H.sum(dtype=np.float64)), abs=1e-4)


def test_the_window_on_the_products_moves(wide: Screen) -> None:
    assert_products_from(wide, unit=0, first=0)
    wide.enter(hidden_shown=24)
    assert_products_from(wide, unit=0, first=24)


def test_the_window_on_the_products_follows_the_cursor(wide: Screen) -> None:
    wide.enter(hidden_shown=24)
    wide.enter(unit=20)
    assert_products_from(wide, unit=20, first=12)
    wide.enter(unit=39)
    assert_products_from(wide, unit=39, first=24)


def test_the_window_on_the_units_moves_and_follows_the_cursor(wide: Screen) -> None:
    h_TH = trace_of(WIDE).layers[0].h_BTH[0]
    for change, first in (({}, 0), ({"rows_shown": 28}, 28), ({"unit": 20}, 14), ({"rows_shown": 3}, 3)):
        if change:
            wide.enter(**change)
        assert_same_panels(wide.heatmaps("unrolled"), [h_TH[:, first : first + UNITS].T])
        assert labels(wide, "unrolled", "yaxis") == [str(unit) for unit in range(first, first + UNITS)]
    assert f"{UNITS} of 40" in wide.widget("rows_shown").label


def test_the_window_on_the_steps_moves_and_follows_the_cursor(open_screen: Open) -> None:
    config = RunConfig("abcdefg" * 9, head=Head.LINEAR, hidden_size=5)
    screen = open_screen("inside_the_cell", config)
    h_TH = trace_of(config).layers[0].h_BTH[0]
    for change, first in (({}, 0), ({"t": 40}, 40 - STEPS // 2), ({"steps_shown": 2}, 2), ({"t": 62}, 63 - STEPS)):
        if change:
            screen.enter(**change)
        assert_same_panels(screen.heatmaps("unrolled"), [h_TH[first : first + STEPS].T])
        assert [column["t"] for column in screen.live("steps_0")["columns"]] == list(range(first, first + STEPS))


@pytest.mark.parametrize("cell", [Cell.LSTM, Cell.GRU])
def test_the_window_holds_the_cursor_when_the_cell_changes(open_screen: Open, cell: Cell) -> None:
    screen = open_screen("inside_the_cell", {"text": "abcdefg" * 9, "head": "linear", "hidden_size": "40"})
    screen.enter(t=40, unit=30)
    for name in (str(cell), "rnn"):
        screen.enter(cell=name)
        assert any(label.endswith("<br>40") for label in labels(screen, "unrolled"))
        assert "30" in labels(screen, "unrolled", "yaxis")


def test_of_many_tokens_the_winner_is_in_the_window_at_first(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", MANY_TOKENS)
    trace, names = trace_of(MANY_TOKENS), [*"abcdefghijklmnopqrstuvwxyz", "␣"]
    firsts = set()
    for t in range(0, 27, 4):
        screen.enter(t=t)
        shown, winner = labels(screen, "said"), int(trace.predicted_BT[0, t])
        assert len(shown) == TERMS
        assert names[winner] in shown
        firsts.add(first := names.index(shown[0]))
        expected = np.stack(
            [values[0, t, first : first + TERMS] for values in (trace.logits_BTV, trace.probability_BTV)]
        )
        assert_same_panels(screen.heatmaps("said"), [expected])
        title = screen.chart("said")["layout"]["annotations"][0]["text"]
        assert f"━ says {names[winner]}" in title
        assert f"┈ target {names[t]}" in title
    assert len(firsts) > 1


def test_the_window_on_the_tokens_moves(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", MANY_TOKENS)
    for first in (0, 11):
        screen.enter(tokens_shown=first)
        assert labels(screen, "said") == [*"abcdefghijklmnopqrstuvwxyz", "␣"][first : first + TERMS]
    assert f"{TERMS} of 27" in screen.widget("tokens_shown").label


def test_by_variance_the_rows_and_the_arrow_keys_are_in_that_order(wide: Screen) -> None:
    assert wide.live("moves")["units"] == list(range(40))
    wide.enter(by_variance=True)
    h_TH = trace_of(WIDE).layers[0].h_BTH[0].astype(np.float64)
    order = wide.live("moves")["units"]
    assert sorted(order) == list(range(40))
    variances = h_TH.var(axis=0)[order]
    assert (np.diff(variances) <= 1e-7).all()
    rows = [int(label) for label in labels(wide, "unrolled", "yaxis")]
    first = order.index(rows[0])
    assert rows == order[first : first + UNITS]
    assert 0 in rows  # the cursor's
    assert_same_panels(wide.heatmaps("unrolled"), [trace_of(WIDE).layers[0].h_BTH[0][:, rows].T])


def test_by_variance_the_ring_is_on_the_cursors_row(wide: Screen) -> None:
    wide.enter(by_variance=True, unit=7)
    rows = labels(wide, "unrolled", "yaxis")
    ring = wide.chart("unrolled")["layout"]["shapes"][0]
    assert rows[round(ring["y0"] + 0.5)] == "7"


def test_the_arrow_keys_know_where_the_cursor_is(wide: Screen) -> None:
    wide.enter(t=5, unit=30)
    given = wide.live("moves")
    assert (given["step"], given["unit"], given["steps"]) == (5, 30, 12)
    assert (wide.widget("t").value, wide.widget("unit").value) == (5, 30)


@pytest.mark.parametrize("task", Task)
def test_find_offers_the_tokens_that_the_chosen_line_reads_and_no_others(open_screen: Open, task: Task) -> None:
    config = RunConfig("hello\nworld", task=task, head=Head.LINEAR)
    screen = open_screen("inside_the_cell", config)
    for line, read in enumerate({"copy": ("helo", "world"), "next": ("hel", "worl")}[task]):
        screen.enter(b=line)
        assert screen.widget("find").options == list(read)


def test_find_goes_to_the_next_place_of_a_token_and_round(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell")
    places = []
    for _search in range(4):
        screen.enter(find="o")
        places.append(screen.widget("t").value)
    assert places == [4, 8, 4, 8]


@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_long_forward_pass_opens_where_the_rings_are(open_screen: Open, bidirectional: bool) -> None:
    config = RunConfig("abcdefg" * 11, head=Head.LINEAR, hidden_size=5, bidirectional=bidirectional)
    screen = open_screen("forward_pass", config)
    layout: Any = screen.chart("output")["layout"]
    low, high = layout["xaxis"]["range"]
    assert layout["xaxis"]["ticktext"][-1] == "g<br>76"
    assert layout["xaxis"]["ticktext"][-2] == "f<br>75"
    (ring, *_others) = layout["shapes"]
    assert (ring["x0"], ring["x1"]) == (75.5, 76.5)
    assert low < ring["x0"] < ring["x1"] < high
    assert "h_n[0]" in layout["annotations"][0]["text"]


def test_the_table_of_train_says_which_steps_of_a_long_text_it_shows(open_screen: Open) -> None:
    config = RunConfig("abcdefg" * 11, head=Head.LINEAR, hidden_size=5)
    screen = open_screen("train", config)
    for first in (0, 29):
        screen.enter(first_step=first)
        table = screen.live("live_predictions")
        assert table["words"]["target"] == f"target, steps {first}…{first + 47} of 77"
        assert table["targets"] == [list(("abcdefg" * 11)[first : first + 48])]
        errors = table["rows"][0]["errors"][0]
        trainer = screen.runs[config]
        assert errors == [[t - first, said] for t, said in trainer.now.errors[0] if first <= t < first + 48]
        assert table["rows"][0]["right"] == f"{77 - len(trainer.now.errors[0])}/77"


def test_the_table_of_a_short_text_says_nothing_of_steps(open_screen: Open) -> None:
    assert open_screen("train").live("live_predictions")["words"]["target"] == "target"
