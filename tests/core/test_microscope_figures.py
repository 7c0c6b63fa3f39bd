"""The figures of the microscope name what they show: the parameter in full, the state that is heard, what is said.

What is drawn is compared with the trace and with torch's own parameters; only laws are tested, not the look.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rnn_core.config import Cell, Head, RunConfig
from rnn_core.cursor import Cursor
from rnn_core.encoding import Encoding, encode
from rnn_core.figures.heatmap import DASHES
from rnn_core.figures.microscope import (
    SMALLEST_REACH,
    activation_figure,
    difference_figure,
    products_figure,
    said_figure,
    sum_figure,
    unrolled_figure,
    weight_figure,
)
from rnn_core.figures.theme import LIGHT
from rnn_core.microscope import GateSum, Microscope, layer_of, look
from rnn_core.model import CharRNN, build_model
from rnn_core.numbers import format_number
from rnn_core.text import visible
from rnn_core.trace import Direction, FloatArray, LayerTrace, Trace, trace_forward
from rnn_core.training import Trainer
from rnn_core.whatif import TokenEdit, edited
from tests.core.drawn import axis, axis_titles, column_labels, maps, pointer, ring_rooms, rings, row_labels, titles

STEPS = range(7)
UNITS = (5, 0, 10, 3)
"""Rows of the unrolled states: any units in any order, as when they are sorted by variance."""

A_HAIR = 0.2
"""Pixels: the room for a ring's line takes its part of the axis, so that cells are a little smaller than planned."""


@dataclass(frozen=True)
class Looked:
    """A network, what it reads, and its trace."""

    model: CharRNN
    encoding: Encoding
    trace: Trace

    def at(self, **cursor: Any) -> Microscope:
        return look(self.model, self.trace, Cursor(**{"line": 1, "step": 3, "unit": 5} | cursor))

    def here(self, scope: Microscope) -> LayerTrace:
        return layer_of(self.trace, scope.cursor.layer, scope.cursor.direction)


def _looked(config: RunConfig) -> Looked:
    model, encoding = build_model(config), encode(config)
    return Looked(model, encoding, trace_forward(model, encoding))


@pytest.fixture(scope="module")
def looked(prime_config: Callable[..., RunConfig], cell: dict[str, Any], batch_first: bool) -> Looked:
    return _looked(prime_config(**cell, num_layers=2, bidirectional=True, lengths=(4, 7, 3), batch_first=batch_first))


@pytest.fixture(scope="module")
def lstm(prime_config: Callable[..., RunConfig]) -> Looked:
    return _looked(prime_config(cell=Cell.LSTM, bidirectional=True))


# --- the products ----------------------------------------------------------------------------------------------------

FULL = {
    (0, Direction.FORWARD): "_l0",
    (0, Direction.BACKWARD): "_l0_reverse",
    (1, Direction.FORWARD): "_l1",
    (1, Direction.BACKWARD): "_l1_reverse",
}


def _products(scope: Microscope, gate: GateSum, inputs: range, hidden: range) -> Any:
    labels = [str(column) for column in inputs]
    return products_figure(scope, gate, LIGHT, inputs=inputs, input_labels=labels, hidden=hidden)


@pytest.mark.parametrize(("layer", "direction"), FULL)
def test_a_title_names_the_parameters_row_in_full_and_the_state_that_it_hears(
    looked: Looked, layer: int, direction: Direction
) -> None:
    scope, batch_first = looked.at(layer=layer, direction=direction), looked.model.rnn.batch_first
    now = "t" if batch_first else "b"
    before = now + ("−1" if direction is Direction.FORWARD else "+1")
    for gate in scope.gates:
        figure = _products(scope, gate, range(len(gate.x_I)), range(11))
        heard, recalled = (title.split("  →  ")[0] for title in titles(figure))
        assert heard == f"weight_ih{FULL[layer, direction]}[{gate.row}] × x[{now}]"
        assert recalled == f"weight_hh{FULL[layer, direction]}[{gate.row}] × h[{before}]"
        assert (row_labels(figure, 0)[1], row_labels(figure, 1)[1]) == (f"x[{now}]", f"h[{before}]")
        # What is named is what is drawn: the first row of each panel is that row of that parameter.
        for panel, title in enumerate((heard, recalled)):
            found = re.fullmatch(r"(weight_\w+)\[(\d+)\] × .*", title)
            assert found
            row = looked.model.rnn.state_dict()[found[1]][int(found[2])]
            assert np.array_equal(maps(figure)[panel].z[0], row)


def test_a_backward_direction_hears_the_step_after_it(lstm: Looked) -> None:
    scope = lstm.at(direction=Direction.BACKWARD)
    figure = _products(scope, scope.gates[1], range(5), range(11))
    assert titles(figure)[0].startswith("weight_ih_l0_reverse[16] × x[t]  →")
    assert titles(figure)[1].startswith("weight_hh_l0_reverse[16] × h[t+1]  →")
    assert np.array_equal(maps(figure)[1].z[1], lstm.trace.layers[1].h_BTH[1, 4])


@pytest.mark.parametrize(
    ("inputs", "hidden"), [(range(5), range(11)), (range(1, 3), range(4, 9)), (range(1), range(1))]
)
def test_a_window_shows_some_products_and_the_sum_of_all(looked: Looked, inputs: range, hidden: range) -> None:
    scope = looked.at()
    for gate in scope.gates:
        figure = _products(scope, gate, inputs, hidden)
        parts = [(gate.weight_ih_I, gate.x_I, inputs), (gate.weight_hh_H, gate.h_previous_H, hidden)]
        for drawn, title, (weight, read, shown) in zip(maps(figure), titles(figure), parts, strict=True):
            columns = list(shown)
            assert np.array_equal(drawn.z, np.stack([weight, read, weight * read])[:, columns])
            assert list(axis(figure, drawn.xaxis).tickvals) == columns
            assert drawn.x0 == shown.start
            total = float(np.sum(weight.astype(np.float64) * read))
            assert float(title.split("Σ = ")[1].replace("−", "-")) == pytest.approx(total, abs=0.5e-4 + 1e-6)


def test_columns_that_are_indices_have_no_words_of_their_own(lstm: Looked) -> None:
    scope = lstm.at()
    figure = _products(scope, scope.gates[0], range(5), range(11))
    assert [drawn.customdata for drawn in maps(figure)] == [None, None]
    said = said_figure(lstm.trace, lstm.encoding, scope.cursor, LIGHT, tokens=range(5))
    assert maps(said)[0].customdata is None


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tokens", [range(5), range(1, 3), range(2, 5)])
def test_what_is_said_and_what_was_asked_are_ringed_and_named(looked: Looked, tokens: range) -> None:
    names = looked.encoding.vocabulary.tokens
    for line, length in enumerate(looked.encoding.length_B):
        for step in range(length):
            figure = said_figure(looked.trace, looked.encoding, Cursor(line=line, step=step), LIGHT, tokens=tokens)
            logits = looked.trace.logits_BTV[line, step]
            winner, target = int(logits.argmax()), int(looked.encoding.target_BT[line, step])
            assert titles(figure) == [f"logits[{line}, {step}]  ━ says {names[winner]}  ┈ target {names[target]}"]
            expected = {("solid", winner), ("dot", target)}
            assert {(ring.dash, column) for ring in rings(figure) for column, _row in ring.cells} == {
                (dash, column) for dash, column in expected if column in tokens
            }
            assert all({row for _column, row in ring.cells} == {0, 1} for ring in rings(figure))
            shown = np.stack([logits, looked.trace.probability_BTV[line, step]])[:, list(tokens)]
            assert np.array_equal(maps(figure)[0].z, shown)
            assert column_labels(figure) == [names[token] for token in tokens]


def test_a_right_answer_has_both_rings_and_both_names() -> None:
    trainer = Trainer(RunConfig("hello", head=Head.LINEAR))
    trainer.run(50)
    trace = trace_forward(trainer.model, trainer.encoding)
    figure = said_figure(trace, trainer.encoding, Cursor(step=4), LIGHT, tokens=range(4))
    assert titles(figure) == ["logits[0, 4]  ━ says o  ┈ target o"]
    assert [(ring.dash, set(ring.cells)) for ring in rings(figure)] == [
        ("solid", {(3, 0), (3, 1)}),
        ("dot", {(3, 0), (3, 1)}),
    ]


def test_the_signs_in_a_title_are_the_lines_of_the_rings() -> None:
    assert DASHES == {"solid": "━", "dash": "╍", "dot": "┈"}


def test_a_hostile_token_is_named_to_the_letter() -> None:
    read = _looked(RunConfig("<b>& <b>", head=Head.LINEAR))
    for step in range(8):
        (title,) = titles(said_figure(read.trace, read.encoding, Cursor(step=step), LIGHT, tokens=range(5)))
        assert not re.search(r"<|&(?!amp;|lt;|gt;)", title)
        assert html.unescape(title).endswith(f"target {visible('<b>& <b>'[step])}")


# --- the states unrolled ---------------------------------------------------------------------------------------------


def _unrolled(looked: Looked, scope: Microscope, **options: Any) -> Any:
    chosen: dict[str, Any] = {"steps": STEPS, "units": UNITS} | options
    return unrolled_figure(looked.here(scope), looked.encoding, scope, LIGHT, **chosen)


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("steps", [STEPS, range(2, 5)])
def test_a_state_is_drawn_with_a_row_for_each_unit_in_the_order_given(
    looked: Looked, direction: Direction, steps: range
) -> None:
    scope = looked.at(direction=direction, layer=1)
    figure = _unrolled(looked, scope, steps=steps)
    expected = [[looked.here(scope).h_BTH[1, t, unit] for t in steps] for unit in UNITS]
    assert np.array_equal(maps(figure)[0].z, expected)
    assert row_labels(figure) == ["5", "0", "10", "3"]
    assert column_labels(figure) == [f"{looked.encoding.inputs[1][t]}<br>{t}" for t in steps]


def test_c_is_the_cell_state_of_an_lstm(lstm: Looked) -> None:
    scope = lstm.at()
    figure = _unrolled(lstm, scope, state="c")
    c_BTH = lstm.here(scope).c_BTH
    assert c_BTH is not None
    assert np.array_equal(maps(figure)[0].z, c_BTH[1][:, list(UNITS)].T)
    assert not np.array_equal(maps(figure)[0].z, lstm.here(scope).h_BTH[1][:, list(UNITS)].T)
    assert titles(figure) == ["c  ━ c[t], unit 5  ┈ c[t−1], which it hears"]
    assert figure.layout.coloraxis.cmax >= np.abs(c_BTH).max()


@pytest.mark.parametrize("other", [Cell.RNN, Cell.GRU])
def test_there_is_no_cell_state_without_an_lstm(prime_config: Callable[..., RunConfig], other: Cell) -> None:
    looked = _looked(prime_config(cell=other))
    with pytest.raises(ValueError, match=r"^state must be h for a cell without a cell state, got c$"):
        _unrolled(looked, looked.at(), state="c")


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("steps", [STEPS, range(3, 6), range(1, 4)])
@pytest.mark.parametrize("step", [0, 3, 6])
def test_the_cursor_is_ringed_and_the_column_that_it_hears_is_dotted_and_named(
    looked: Looked, direction: Direction, steps: range, step: int
) -> None:
    if step not in steps:
        steps = STEPS
    scope = looked.at(direction=direction, step=step)
    figure = _unrolled(looked, scope, steps=steps)
    found = {ring.dash: set(ring.cells) for ring in rings(figure)}
    now = "t" if looked.model.rnn.batch_first else "b"
    assert found.pop("solid") == {(step, 0)}
    assert titles(figure)[0].startswith(f"h  ━ h[{now}], unit 5")
    heard = [
        t for t in steps if looked.model.rnn.batch_first and t == step + (-1 if direction is Direction.FORWARD else 1)
    ]
    assert found == ({"dot": {(heard[0], row) for row in range(len(UNITS))}} if heard else {})
    named = f"┈ h[{scope.before}], which it hears"
    assert titles(figure)[0].endswith(named) == bool(heard)
    # What is dotted is what the microscope multiplies.
    for t in heard:
        column = maps(figure)[0].z[:, t - steps.start]
        assert np.array_equal(column, scope.gates[0].h_previous_H[list(UNITS)])


# --- what moved ------------------------------------------------------------------------------------------------------


def _difference(looked: Looked, values: FloatArray, **options: Any) -> Any:
    chosen: dict[str, Any] = {"line": 1, "steps": STEPS, "rows": {0: "0", 2: "2"}, "row_axis": "H"} | options
    return difference_figure("h after − before", values, looked.encoding, LIGHT, **chosen)


@pytest.mark.parametrize(
    ("largest", "said"),
    [
        (0.0, "largest 0, scale ±0.01"),
        (1e-5, "largest 1e−5, scale ±0.01"),
        (-0.004, "largest 0.004, scale ±0.01"),
        (0.01, "largest 0.01, scale ±0.01"),
        (-0.25, "largest 0.25, scale ±0.25"),
        (1.5, "largest 1.5, scale ±1.5"),
    ],
)
def test_a_small_difference_has_little_colour_and_the_scale_is_printed(lstm: Looked, largest: float, said: str) -> None:
    values = np.zeros((7, 11), dtype=np.float32)
    values[4, 2] = largest
    figure = _difference(lstm, values)
    scale = figure.layout.coloraxis
    assert SMALLEST_REACH == 0.01
    assert scale.cmax == -scale.cmin == pytest.approx(max(abs(largest), 0.01))
    assert titles(figure) == [f"h after − before · {said}"]
    assert scale.showscale
    assert list(scale.colorbar.ticktext) == [f"−{scale.cmax:.3g}", "0", f"{scale.cmax:.3g}"]


@pytest.mark.parametrize(("t", "unit"), [(4, 7), (6, 2), (0, 10)])
def test_the_largest_is_over_all_rows_and_steps_and_not_only_those_shown(lstm: Looked, t: int, unit: int) -> None:
    values = np.zeros((7, 11), dtype=np.float32)
    values[3, 2], values[t, unit] = 0.125, -0.5
    figure = _difference(lstm, values, steps=range(2, 5))
    assert titles(figure)[0].endswith("largest 0.5, scale ±0.5")
    assert np.abs(maps(figure)[0].z).max() == 0.125
    assert figure.layout.coloraxis.cmax == 0.5


def test_the_rows_of_a_difference_are_those_named_with_their_labels(lstm: Looked) -> None:
    values = np.arange(77, dtype=np.float32).reshape(7, 11)
    figure = _difference(lstm, values, steps=range(2, 5), rows={10: "ten", 0: " ", 3: "<b>"})
    assert np.array_equal(maps(figure)[0].z, values[2:5, [10, 0, 3]].T)
    assert row_labels(figure) == ["ten", "␣", "&lt;b&gt;"]
    assert [label.split("<br>")[1] for label in column_labels(figure)] == ["2", "3", "4"]
    assert axis_titles(figure) == ["time step t →", "unit j ↓"]


def test_an_edited_token_is_marked_and_no_other_is(lstm: Looked) -> None:
    other = next(token for token in "abcde" if token != lstm.encoding.inputs[1][2])
    what_if = edited(lstm.model, lstm.encoding, [TokenEdit(line=1, step=2, token=other)])
    after = Looked(what_if.model, what_if.encoding, trace_forward(what_if.model, what_if.encoding))
    for line in range(3):
        scope = after.at(line=line)
        figures = [_unrolled(after, scope), _difference(after, np.zeros((7, 11), dtype=np.float32), line=line)]
        for figure in figures:
            marked = [t for t, label in enumerate(column_labels(figure)) if "✎" in label]
            assert marked == ([2] if line == 1 else [])
            assert line != 1 or column_labels(figure)[2] == f"✎{other}<br>2"


# --- the pointer and the rings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["unrolled", "difference"])
def test_the_pointer_says_the_token_once_and_the_step_on_its_line(kind: str) -> None:
    read = _looked(RunConfig("가나다라마", head=Head.LINEAR))
    values = np.zeros((5, 5), dtype=np.float32)
    figure = {
        "unrolled": _unrolled(read, read.at(line=0, unit=0), steps=range(2, 5), units=(0, 1)),
        "difference": _difference(read, values, line=0, steps=range(2, 5)),
    }[kind]
    for column, token in enumerate("다라마"):
        where, reads, *_ = pointer(figure, 0, column, 0).split("<br>")
        assert (token in where, token in reads) == (False, True)
        assert re.search(rf"\b{column + 2}\b", where)


def test_no_ring_is_cut_off(looked: Looked) -> None:
    weight = looked.model.rnn.state_dict()["weight_hh_l0"].numpy()
    gates = [str(gate) for gate in range(len(weight) // 11)]
    figures = [
        weight_figure(
            "weight_hh_l0",
            weight,
            LIGHT,
            gates=gates,
            columns=[str(column) for column in range(11)],
            column_axis="H",
            marked=[(0, 0), (len(weight) - 1, 10), (3, 5)],
        )
    ]
    for direction, step in ((direction, step) for direction in Direction for step in (0, 3, 6)):
        scope = looked.at(direction=direction, step=step)
        figures += [_unrolled(looked, scope), _unrolled(looked, scope, units=(5,))]
        figures.append(said_figure(looked.trace, looked.encoding, scope.cursor, LIGHT, tokens=range(5)))
    rooms = [room for figure in figures for room in ring_rooms(figure)]
    assert len(rooms) > 4 * len(figures)
    assert min(rooms) >= -A_HAIR


def test_a_weight_that_is_marked_is_ringed_in_the_panel_of_its_gate(lstm: Looked) -> None:
    weight = lstm.model.rnn.state_dict()["weight_ih_l0"].numpy()
    columns = [str(column) for column in range(5)]
    figure = weight_figure(
        "weight_ih_l0", weight, LIGHT, gates=list("ifgo"), columns=columns, column_axis="V", marked=[(0, 4), (26, 1)]
    )
    assert [(ring.panel, set(ring.cells)) for ring in rings(figure)] == [(0, {(4, 0)}), (2, {(1, 4)})]
    assert weight[26, 1] == maps(figure)[2].z[4, 1]


# --- the sum and its curve -------------------------------------------------------------------------------------------


def _gate(activation_name: str, preactivation: float) -> GateSum:
    activation = {
        "tanh": np.tanh(preactivation),
        "sigmoid": 1 / (1 + np.exp(-preactivation)),
        "relu": max(preactivation, 0.0),
    }[activation_name]
    some = np.zeros(1, dtype=np.float32)
    return GateSum(
        gate="hidden",
        symbol="h",
        row=0,
        activation_name=activation_name,
        weight_ih_I=some,
        x_I=some,
        product_ih_I=some,
        bias_ih=0.25,
        weight_hh_H=some,
        h_previous_H=some,
        product_hh_H=some,
        bias_hh=0.5,
        input_part=preactivation - 1.0,
        recurrent_part=1.0,
        preactivation=preactivation,
        activation=float(activation),
        reset=None,
    )


@pytest.mark.parametrize("name", ["tanh", "sigmoid", "relu"])
@pytest.mark.parametrize("preactivation", [-8.0, -3.0, 0.0, 0.5, 8.0, 60.0])
def test_the_dots_number_has_room_above_it_at_saturation_too(name: str, preactivation: float) -> None:
    gate = _gate(name, preactivation)
    figure = activation_figure(gate, LIGHT)
    curve, dot = figure.data
    layout = figure.layout
    low, high = layout.yaxis.range
    pixels = (layout.height - layout.margin.t - layout.margin.b) / (high - low)
    assert (dot.x[0], dot.y[0], dot.text[0]) == (preactivation, gate.activation, format_number(gate.activation))
    # Above the dot stand half of it and a line of text; below it, half of it.
    half, line = dot.marker.size / 2 + dot.marker.line.width, 1.2 * layout.font.size
    assert dot.textposition == "top center"
    assert (high - gate.activation) * pixels >= half + line
    assert (gate.activation - low) * pixels >= half
    assert low < min(curve.y) <= max(curve.y) < high
    assert min(curve.x) < preactivation < max(curve.x)


def test_the_bars_add_up_to_the_preactivation(looked: Looked) -> None:
    for gate in looked.at().gates:
        (bars,) = sum_figure(gate, LIGHT).data
        *terms, total = bars.y
        assert [*bars.measure] == ["relative"] * len(terms) + ["total"]
        assert total == gate.preactivation
        assert sum(terms) == pytest.approx(total, abs=1e-6)
