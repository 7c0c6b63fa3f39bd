"""A figure draws the record's numbers, all of them, to the letter; only laws are tested, not the look."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest

from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.figures.encoding import one_hot_figure
from rnn_core.figures.theme import DARK, LIGHT, Theme
from rnn_core.figures.trace import output_figure, state_figure
from rnn_core.figures.training import loss_figure
from rnn_core.history import EpochRecord, History
from rnn_core.model import build_model
from rnn_core.text import visible
from rnn_core.trace import Trace, trace_forward
from rnn_core.training import Trainer

Read = tuple[Encoding, Trace]
WINDOWS = [(range(3), range(7)), (range(1, 3), range(2, 5)), (range(3), range(6, 7))]
WHOLE_LINES, WHOLE_STEPS = WINDOWS[0]
HOSTILE = "<b>&a\n&amp;<\n<i>&#"


def _read(config: RunConfig) -> Read:
    encoding = encode(config)
    return encoding, trace_forward(build_model(config), encoding)


@pytest.fixture(scope="module")
def read(prime_config: Callable[..., RunConfig]) -> Read:
    return _read(prime_config(cell=Cell.LSTM, num_layers=2, bidirectional=True, lengths=(4, 7, 3)))


@pytest.fixture(
    scope="module",
    params=[
        {},
        {"num_layers": 2, "bidirectional": True},
        {"lengths": (4, 7, 3)},
        {"lengths": (4, 7, 3), "bidirectional": True},
        {"batch_first": False},
        {"batch_first": False, "bidirectional": True},
    ],
    ids=[
        "plain",
        "deep, bidirectional",
        "unequal",
        "unequal, bidirectional",
        "time first",
        "time first, bidirectional",
    ],
)
def ringed(request: pytest.FixtureRequest, prime_config: Callable[..., RunConfig]) -> tuple[RunConfig, Read]:
    config = prime_config(**request.param)
    return config, _read(config)


@pytest.fixture
def exploding() -> Trainer:
    trainer = Trainer(
        RunConfig(nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, optimizer=Optimizer.SGD, learning_rate=10)
    )
    trainer.run(30)
    return trainer


def _all_figures(read: Read, theme: Theme = LIGHT) -> dict[str, go.Figure]:
    encoding, trace = read
    trainer = Trainer(RunConfig("hello"))
    trainer.run(3)
    figures = {
        "one_hot": one_hot_figure(encoding, theme, lines=WHOLE_LINES, steps=WHOLE_STEPS),
        "output": output_figure(trace, encoding, theme, lines=WHOLE_LINES, steps=WHOLE_STEPS),
        "h_n": state_figure("h_n", trace, theme, columns=range(trace.h_n.shape[1]), axis="B"),
        "loss": loss_figure(trainer.history.curve(trainer.now), theme),
    }
    if trace.c_n is None:
        return figures
    return figures | {"c_n": state_figure("c_n", trace, theme, columns=range(trace.c_n.shape[1]), axis="B")}


def _maps(figure: go.Figure) -> list[Any]:
    return [trace for trace in figure.data if trace.type == "heatmap"]


def _axis(figure: go.Figure, name: str) -> Any:
    """The axis that a trace calls "x2"."""
    return figure.layout[f"{name[0]}axis{name[1:]}"]


def _ringed_cells(figure: go.Figure) -> list[set[tuple[int, int]]]:
    """The cells (column, row) inside the frames of each panel."""
    cells: list[set[tuple[int, int]]] = [set() for _ in _maps(figure)]
    panel_of = {(trace.xaxis, trace.yaxis): panel for panel, trace in enumerate(_maps(figure))}
    for shape in figure.layout.shapes:
        columns = range(math.ceil(shape.x0), math.ceil(shape.x1))
        rows = range(*sorted((math.ceil(shape.y0), math.ceil(shape.y1))))
        cells[panel_of[shape.xref, shape.yref]] |= {(column, row) for column in columns for row in rows}
    return cells


def _labels(figure: go.Figure) -> list[str]:
    """Every label of a column or a row, and what the pointer shows over a cell."""
    labels = []
    for trace in _maps(figure):
        labels += [*_axis(figure, trace.xaxis).ticktext, *_axis(figure, trace.yaxis).ticktext]
        labels += [] if trace.customdata is None else np.ravel(np.array(trace.customdata, dtype=object)).tolist()
    return labels


# --- the numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "steps"), WINDOWS)
def test_the_one_hot_cells_are_the_encodings_numbers(read: Read, lines: range, steps: range) -> None:
    encoding, _ = read
    maps = _maps(one_hot_figure(encoding, LIGHT, lines=lines, steps=steps))
    expected = [encoding.x_BTV[line][list(steps)].T for line in lines]
    assert all(np.array_equal(trace.z, values) for trace, values in zip(maps, expected, strict=True))


@pytest.mark.parametrize(("lines", "steps"), WINDOWS)
def test_the_output_cells_are_the_traces_numbers(read: Read, lines: range, steps: range) -> None:
    encoding, trace = read
    maps = _maps(output_figure(trace, encoding, LIGHT, lines=lines, steps=steps))
    expected = [trace.output_BTF[line][list(steps)].T for line in lines]
    assert all(np.array_equal(drawn.z, values) for drawn, values in zip(maps, expected, strict=True))


@pytest.mark.parametrize("name", ["h_n", "c_n"])
@pytest.mark.parametrize("columns", [range(3), range(1, 3)])
def test_the_state_cells_are_the_traces_numbers(read: Read, name: str, columns: range) -> None:
    _, trace = read
    maps = _maps(state_figure(name, trace, LIGHT, columns=columns, axis="B"))
    expected = [row[list(columns)].T for row in getattr(trace, name)]
    assert all(np.array_equal(drawn.z, values) for drawn, values in zip(maps, expected, strict=True))


def test_there_is_no_cell_state_to_draw_without_an_lstm(prime_config: Callable[..., RunConfig]) -> None:
    _, trace = _read(prime_config())
    with pytest.raises(ValueError, match="c_n"):
        state_figure("c_n", trace, LIGHT, columns=range(3), axis="B")


def test_the_loss_points_are_the_histories_numbers() -> None:
    trainer = Trainer(RunConfig("hello"))
    trainer.run(5)
    (points,) = loss_figure(trainer.history.curve(trainer.now), LIGHT).data
    losses = [record.loss_nats for record in [*trainer.history, trainer.now]]
    assert points.x.tolist() == [0, 1, 2, 3, 4, 5]
    assert points.y.tolist() == losses


def test_a_loss_that_is_not_finite_is_a_gap(exploding: Trainer) -> None:
    records = [*exploding.history, exploding.now]
    (points,) = loss_figure(exploding.history.curve(exploding.now), LIGHT).data
    assert np.isfinite(points.y).tolist() == [record.finite for record in records]
    assert not np.isinf(points.y).any()
    assert not points.connectgaps


def test_the_first_epoch_is_drawn_before_any_update() -> None:
    trainer = Trainer(RunConfig("hello"))
    (points,) = loss_figure(trainer.history.curve(trainer.now), LIGHT).data
    assert (points.x.tolist(), points.y.tolist()) == ([0], [trainer.now.loss_nats])


# --- the scale -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["output", "h_n", "c_n"])
def test_a_signed_scale_is_centred_on_0_and_holds_every_number(read: Read, name: str) -> None:
    figure = _all_figures(read)[name]
    scale = figure.layout.coloraxis
    assert scale.cmin == -scale.cmax
    assert scale.cmax >= max(float(np.abs(trace.z).max()) for trace in _maps(figure))
    assert all(trace.coloraxis == "coloraxis" for trace in _maps(figure))


def test_a_unit_scale_goes_from_0_to_1(read: Read) -> None:
    scale = _all_figures(read)["one_hot"].layout.coloraxis
    assert (scale.cmin, scale.cmax) == (0, 1)


@pytest.mark.parametrize("relu", [Nonlinearity.TANH, Nonlinearity.RELU])
def test_output_and_h_n_share_their_scale(prime_config: Callable[..., RunConfig], relu: Nonlinearity) -> None:
    figures = _all_figures(_read(prime_config(nonlinearity=relu)))
    output, h_n = figures["output"].layout.coloraxis, figures["h_n"].layout.coloraxis
    assert (output.cmin, output.cmax, output.colorscale) == (h_n.cmin, h_n.cmax, h_n.colorscale)


def test_numbers_that_are_not_finite_leave_a_finite_scale(exploding: Trainer) -> None:
    trace = trace_forward(exploding.model, exploding.encoding)
    assert not np.isfinite(trace.output_BTF).all()
    figure = output_figure(trace, exploding.encoding, LIGHT, lines=range(1), steps=range(12))
    assert math.isfinite(figure.layout.coloraxis.cmax)
    assert np.array_equal(_maps(figure)[0].z, trace.output_BTF[0].T, equal_nan=True)


# --- the labels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["one_hot", "output"])
def test_repeated_letters_keep_a_column_each(kind: str) -> None:
    config = RunConfig("hello\nlllll\nooooo", head=Head.LINEAR)
    figure = one_hot_figure(encode(config), LIGHT, lines=range(3), steps=range(5))
    if kind == "output":
        encoding, trace = _read(config)
        figure = output_figure(trace, encoding, LIGHT, lines=range(3), steps=range(5))
    for drawn, line in zip(_maps(figure), ["hello", "lllll", "ooooo"], strict=True):
        axis = _axis(figure, drawn.xaxis)
        assert list(axis.tickvals) == [0, 1, 2, 3, 4]
        assert axis.type in (None, "linear")
        assert drawn.x is None
        assert [label.split("<br>")[0] for label in axis.ticktext] == list(line)


def test_hostile_tokens_are_drawn_to_the_letter() -> None:
    encoding, trace = _read(RunConfig(HOSTILE, head=Head.LINEAR))
    steps = range(encoding.ids_BT.shape[1])
    for figure in (
        one_hot_figure(encoding, LIGHT, lines=range(3), steps=steps),
        output_figure(trace, encoding, LIGHT, lines=range(3), steps=steps),
    ):
        for drawn, tokens in zip(_maps(figure), encoding.inputs, strict=True):
            axis = _axis(figure, drawn.xaxis)
            for labels in (axis.ticktext, drawn.customdata[0]):
                # Behind the token may stand its id, on a line of its own or after a space.
                said = [html.unescape(re.split(r"<br>|\s", label)[0]) for label in labels]
                assert said[: len(tokens)] == [visible(token) for token in tokens]


def test_no_label_holds_markup_of_the_user() -> None:
    for name, figure in _all_figures(_read(RunConfig(HOSTILE + "\n" + "x" * 7, head=Head.LINEAR))).items():
        for label in _labels(figure):
            assert not re.search(r"<(?!br>)|&(?!amp;|lt;|gt;)", label), name


def test_an_invisible_token_has_a_visible_label() -> None:
    figure = one_hot_figure(encode(RunConfig("a \0", head=Head.LINEAR)), LIGHT, lines=range(1), steps=range(3))
    assert [label.split("<br>")[0] for label in _axis(figure, "x").ticktext] == ["a", "␣", "␀"]


# --- the rings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "steps"), WINDOWS)
def test_rings_cover_exactly_the_cells_that_are_h_n(ringed: tuple[RunConfig, Read], lines: range, steps: range) -> None:
    _, (encoding, trace) = ringed
    figure = output_figure(trace, encoding, LIGHT, lines=lines, steps=steps)
    expected: list[set[tuple[int, int]]] = [set() for _ in lines]
    for block in (block for state in trace.final_states for block in state.blocks):
        cells = {(t, f) for t in range(*block.steps) for f in range(*block.features) if t in steps}
        if block.line in lines:
            expected[block.line - lines.start] |= cells
    assert _ringed_cells(figure) == expected


def test_a_window_keeps_the_true_index_of_its_steps(read: Read) -> None:
    encoding, trace = read
    figure = output_figure(trace, encoding, LIGHT, lines=range(1), steps=range(2, 5))
    assert figure.data[0].x0 == 2
    assert list(figure.layout.xaxis.tickvals) == [2, 3, 4]


def test_all_of_a_row_of_h_n_is_ringed_where_it_stands_in_output(ringed: tuple[RunConfig, Read]) -> None:
    config, (_, trace) = ringed
    columns = range(trace.h_n.shape[1])
    figure = state_figure("h_n", trace, LIGHT, columns=columns, axis="B" if config.batch_first else "T")
    whole = {(column, unit) for column in columns for unit in range(trace.h_n.shape[2])}
    assert _ringed_cells(figure) == [whole if state.equal else set() for state in trace.final_states]


def test_c_n_is_nowhere_in_output(read: Read) -> None:
    assert not _all_figures(read)["c_n"].layout.shapes


# --- the whole -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["one_hot", "output", "h_n", "c_n", "loss"])
def test_no_template_of_the_process_leaks_into_a_figure(monkeypatch: pytest.MonkeyPatch, read: Read, name: str) -> None:
    drawn = []
    for template in ("plotly", "plotly_dark", "none"):
        monkeypatch.setattr(pio.templates, "default", template)
        drawn.append(_all_figures(read)[name].to_plotly_json()["layout"]["template"])
    assert drawn[0] == drawn[1] == drawn[2]


@pytest.mark.parametrize("name", ["one_hot", "output", "h_n", "c_n", "loss"])
def test_the_page_changes_colours_only(read: Read, name: str) -> None:
    light, dark = _all_figures(read)[name], _all_figures(read, DARK)[name]
    assert light.layout.font.color != dark.layout.font.color
    assert (light.layout.width, light.layout.height) == (dark.layout.width, dark.layout.height)
    assert [trace.type for trace in light.data] == [trace.type for trace in dark.data]


def test_a_curve_of_a_long_training_is_drawn_within_its_points() -> None:
    history = History(encode(RunConfig("a", head=Head.LINEAR)))
    records = [
        EpochRecord(
            epoch=epoch, loss_nats=math.nan if epoch % 3 else 1.0, accuracy=1.0, decoded=("a",), gradient_norm=0
        )
        for epoch in range(2_000)
    ]
    for record in records[:-1]:
        history.append(record, b"\0")
    (points,) = loss_figure(history.curve(records[-1]), LIGHT).data
    assert len(points.x) == len(points.y) < 400
