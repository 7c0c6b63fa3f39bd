"""The figures of *Memory* and *Compare* draw their records' numbers, to the letter."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core import Encoding, RunConfig, Trace, Trainer, accuracy_ceiling, context_need, encode, trace_forward
from rnn_core.comparison import Comparison, names
from rnn_core.config import Cell, Head, Task
from rnn_core.figures.comparison import bands_figure, first_right_figure
from rnn_core.figures.memory import ceiling_figure, map_reach, need_figure, states_figure, units_figure
from rnn_core.figures.theme import DARK, LIGHT, Theme
from rnn_core.memory import UNDECIDED
from rnn_core.states import Kind, separation, state_map
from tests.core.drawn import axis, column_labels, maps, row_labels

CONFIG = RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR, hidden_size=7)
HOSTILE = "<b>&a<b>&c<b>"


@pytest.fixture(scope="module")
def read() -> tuple[Trace, Encoding]:
    trainer = Trainer(CONFIG)
    trainer.run(10)
    return trace_forward(trainer.model, trainer.encoding, inside=False), trainer.encoding


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_bar_is_a_need_and_its_colour_whether_it_is_met(read: tuple[Trace, Encoding], theme: Theme) -> None:
    trace, encoding = read
    needs = context_need(encoding.lines)[0]
    said = [encoding.vocabulary.tokens[index] for index in trace.predicted_BT[0]]
    figure = need_figure(needs, encoding, theme, line=0, steps=range(2, 9), columns=8, said=said[2:9])
    (bars,) = figure.data
    assert list(bars.x) == list(range(2, 9))
    assert list(bars.y) == list(needs[2:9])
    assert list(bars.text) == [str(need) for need in needs[2:9]]
    right = [one == asked for one, asked in zip(said, encoding.targets[0], strict=True)][2:9]
    assert list(bars.marker.color) == [theme.axis["T"] if ok else theme.wrong for ok in right]
    assert [mark.text[0] for mark in figure.layout.annotations] == ["✓" if ok else "✗" for ok in right]


def test_what_nothing_decides_is_the_tallest_bar_and_says_so() -> None:
    encoding = encode(RunConfig("aabx\naaby"))
    needs = context_need(encoding.lines)[1]
    (bars,) = need_figure(needs, encoding, LIGHT, line=1, steps=range(3), columns=8).data
    assert needs == (2, 2, None)
    assert list(bars.y) == [2, 2, 3]
    assert bars.text[-1] == UNDECIDED
    assert "said" not in bars.hovertemplate


def test_the_ceiling_is_drawn_with_the_networks_own_share() -> None:
    lines = encode(CONFIG).lines
    ceilings = [accuracy_ceiling(lines, k) for k in (1, 2)]
    figure = ceiling_figure(ceilings, 9 / 11, LIGHT, words="this network")
    assert list(figure.data[0].x) == [1, 2]
    assert list(figure.data[0].y) == [8 / 11, 1]
    (level,) = figure.layout.shapes
    assert level.y0 == level.y1 == 9 / 11
    assert not ceiling_figure(ceilings, None, LIGHT, words="").layout.shapes


def test_every_state_is_on_the_map_once_and_the_joined_ones_in_text_order(read: tuple[Trace, Encoding]) -> None:
    states = state_map(*read)
    others, line, joined = states_figure(states, LIGHT, token="l", reach=map_reach(states)).data
    np.testing.assert_array_equal(np.stack([joined.x, joined.y], axis=1), states.xy_P2[[2, 3, 10]])
    np.testing.assert_array_equal(line.x, joined.x)
    assert list(joined.text) == ["l<sub>2</sub>", "l<sub>3</sub>", "l<sub>10</sub>"]
    assert len(others.x) + len(joined.x) == len(states.read)
    assert max(np.abs(states.xy_P2).max(axis=0)) < map_reach(states)
    (alone,) = states_figure(states, LIGHT, token=None, reach=1.0).data
    np.testing.assert_array_equal(np.stack([alone.x, alone.y], axis=1), states.xy_P2)


def test_a_row_of_units_is_one_feature_over_the_text(read: tuple[Trace, Encoding]) -> None:
    trace, encoding = read
    shares = separation(trace, encoding)[Kind.READ]
    units = [5, 0, 3]
    words = {"title": "output", "row": "unit"}
    figure = units_figure(trace, encoding, LIGHT, line=0, steps=range(4, 9), units=units, shares=shares, words=words)
    (drawn,) = maps(figure)
    np.testing.assert_array_equal(drawn.z, trace.output_BTF[0, 4:9, units].reshape(3, 5))
    assert row_labels(figure) == [f"{unit} · {shares[unit]:.0%}" for unit in units]
    assert len(column_labels(figure)) == 5


def test_hostile_tokens_are_drawn_to_the_letter() -> None:
    config = RunConfig(HOSTILE, head=Head.LINEAR, hidden_size=2)
    encoding = encode(config)
    trace = trace_forward(Trainer(config).model, encoding)
    states = state_map(trace, encoding)
    needs = context_need(encoding.lines)[0]
    steps = range(len(needs))
    bars = need_figure(needs, encoding, LIGHT, line=0, steps=steps, columns=12)
    shown = [*axis(bars, "x").ticktext, *states_figure(states, LIGHT, token="<", reach=1.0).data[0].text]
    assert any("&lt;" in label for label in shown)
    assert all("<b" not in label.replace("<br>", "") for label in shown)


def test_bands_and_dots_are_those_of_the_comparison() -> None:
    configs = [RunConfig("hello! world", cell=cell) for cell in (Cell.RNN, Cell.LSTM)]
    comparison = Comparison(configs, (0, 1, 2), epochs=12, together=False)
    while not comparison.done:
        comparison.advance(1)
    lanes = comparison.lanes
    bands = [lane.band(lane.loss_EK, 50) for lane in lanes]
    figure = bands_figure(bands, names(configs), LIGHT, title="loss", last=12, share=False)
    assert len(figure.data) == 3 * len(configs)
    for number, band in enumerate(bands):
        low, high, middle = figure.data[3 * number : 3 * number + 3]
        for trace, values in ((low, band.low_E), (high, band.high_E), (middle, band.median_E)):
            np.testing.assert_array_equal(trace.x, band.epoch_E)
            np.testing.assert_array_equal(trace.y, values.astype(np.float32))
        assert (low.fill, high.fill, middle.name) == (None, "tonexty", names(configs)[number])
    looks = {(trace.line.color, trace.line.dash) for trace in figure.data[2::3]}
    assert len(looks) == len(configs)
    dots = first_right_figure(lanes, names(configs), LIGHT, title="first", last=12)
    not_yet = axis(dots, "x").tickvals[axis(dots, "x").ticktext.index("not yet")]
    for right, other, lane in zip(dots.data[::2], dots.data[1::2], lanes, strict=True):
        firsts = lane.first_right
        np.testing.assert_array_equal(right.x, [np.nan if first is None else first for first in firsts])
        expected = [not_yet if first is None else np.nan for first in firsts]
        np.testing.assert_allclose(other.x, expected, rtol=1e-6)
        np.testing.assert_array_equal(right.y, other.y)


def test_a_run_under_way_that_is_not_yet_right_has_no_dot() -> None:
    comparison = Comparison([RunConfig()], (0, 1), epochs=12, together=False)
    comparison.measure()
    for drawn in first_right_figure(comparison.lanes, ["rnn"], LIGHT, title="first", last=12).data:
        assert np.isnan(np.array(drawn.x, float)).all()
