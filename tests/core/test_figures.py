"""A figure draws the record's numbers, all of them, to the letter; only laws are tested, not the look."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import plotly.io as pio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, RunConfig
from rnn_core.encoding import Encoding, encode
from rnn_core.figures.encoding import one_hot_figure
from rnn_core.figures.heatmap import DASHES
from rnn_core.figures.theme import DARK, LIGHT, Theme
from rnn_core.figures.trace import output_figure, state_figure
from rnn_core.figures.training import loss_figure
from rnn_core.history import EpochRecord, History
from rnn_core.model import build_model
from rnn_core.text import visible
from rnn_core.trace import Trace, trace_forward
from rnn_core.training import Trainer
from rnn_core.whatif import TokenEdit, edited
from tests.core.drawn import axis, axis_titles, column_labels, maps, pointer, ring_rooms, ringed_cells, rings, titles

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


def _labels(figure: go.Figure) -> list[str]:
    """Every label of a column or a row, and what the pointer shows over a cell."""
    labels = []
    for trace in maps(figure):
        labels += [*axis(figure, trace.xaxis).ticktext, *axis(figure, trace.yaxis).ticktext]
        labels += [] if trace.customdata is None else np.ravel(np.array(trace.customdata, dtype=object)).tolist()
    return labels


# --- the numbers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lines", "steps"), WINDOWS)
def test_the_one_hot_cells_are_the_encodings_numbers(read: Read, lines: range, steps: range) -> None:
    encoding, _ = read
    matrices = maps(one_hot_figure(encoding, LIGHT, lines=lines, steps=steps))
    expected = [encoding.x_BTV[line][list(steps)].T for line in lines]
    assert all(np.array_equal(trace.z, values) for trace, values in zip(matrices, expected, strict=True))


@pytest.mark.parametrize(("lines", "steps"), WINDOWS)
def test_the_output_cells_are_the_traces_numbers(read: Read, lines: range, steps: range) -> None:
    encoding, trace = read
    matrices = maps(output_figure(trace, encoding, LIGHT, lines=lines, steps=steps))
    expected = [trace.output_BTF[line][list(steps)].T for line in lines]
    assert all(np.array_equal(drawn.z, values) for drawn, values in zip(matrices, expected, strict=True))


@pytest.mark.parametrize("name", ["h_n", "c_n"])
@pytest.mark.parametrize("columns", [range(3), range(1, 3)])
def test_the_state_cells_are_the_traces_numbers(read: Read, name: str, columns: range) -> None:
    _, trace = read
    matrices = maps(state_figure(name, trace, LIGHT, columns=columns, axis="B"))
    expected = [row[list(columns)].T for row in getattr(trace, name)]
    assert all(np.array_equal(drawn.z, values) for drawn, values in zip(matrices, expected, strict=True))


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


@given(floor=st.floats(0.01, 6))
def test_a_floor_is_a_line_at_its_loss_that_says_it(floor: float) -> None:
    trainer = Trainer(RunConfig("ab"))
    (line,) = loss_figure(trainer.history.curve(trainer.now), LIGHT, floor=floor).layout.shapes
    assert (line.type, line.y0, line.y1) == ("line", floor, floor)
    assert (line.xref, line.x0, line.x1) == ("paper", 0, 1)
    assert line.label.text == f"floor {floor:.4f}"


def test_a_loss_without_a_floor_has_no_line() -> None:
    trainer = Trainer(RunConfig("ab"))
    assert not loss_figure(trainer.history.curve(trainer.now), LIGHT).layout.shapes


@pytest.mark.parametrize(("logarithmic", "kind"), [(False, None), (True, "log")])
def test_a_logarithmic_loss_is_drawn_at_the_same_numbers(logarithmic: bool, kind: str | None) -> None:
    trainer = Trainer(RunConfig("hello"))
    trainer.run(5)
    curve = trainer.history.curve(trainer.now)
    figure = loss_figure(curve, LIGHT, floor=0.34, logarithmic=logarithmic)
    assert figure.layout.yaxis.type == kind
    assert figure.data[0].y.tolist() == curve.loss_E.tolist()
    # Where an axis is logarithmic, Plotly takes the ends of a line as values, not as logarithms.
    assert figure.layout.shapes[0].y0 == 0.34
    included = figure.layout.yaxis.autorangeoptions.include
    assert (included is None) == logarithmic, "0 has no place on a logarithmic axis"


@pytest.mark.parametrize("last", [1, 20, 100])
def test_the_last_epoch_ends_the_axis_and_no_point_is_lost(last: int) -> None:
    trainer = Trainer(RunConfig("hello"))
    trainer.run(150)
    curve = trainer.history.curve(trainer.now)
    figure = loss_figure(curve, LIGHT, last=last)
    low, high = figure.layout.xaxis.range
    assert -0.1 * last < low < 0 < last < high < 1.1 * last
    assert figure.data[0].x.tolist() == curve.epoch_E.tolist()


def test_without_a_last_epoch_all_are_shown() -> None:
    trainer = Trainer(RunConfig("hello"))
    axis_of_time = loss_figure(trainer.history.curve(trainer.now), LIGHT).layout.xaxis
    assert axis_of_time.range is None
    assert axis_of_time.autorange


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
    assert scale.cmax >= max(float(np.abs(trace.z).max()) for trace in maps(figure))
    assert all(trace.coloraxis == "coloraxis" for trace in maps(figure))


def test_a_unit_scale_goes_from_0_to_1(read: Read) -> None:
    scale = _all_figures(read)["one_hot"].layout.coloraxis
    assert (scale.cmin, scale.cmax) == (0, 1)


@pytest.mark.parametrize("relu", [Nonlinearity.TANH, Nonlinearity.RELU])
def test_output_and_h_n_share_their_scale(prime_config: Callable[..., RunConfig], relu: Nonlinearity) -> None:
    figures = _all_figures(_read(prime_config(nonlinearity=relu)))
    output, h_n = figures["output"].layout.coloraxis, figures["h_n"].layout.coloraxis
    assert (output.cmin, output.cmax, output.colorscale) == (h_n.cmin, h_n.cmax, h_n.colorscale)


@pytest.mark.parametrize("hidden_size", [1, 2, 3, 7, 31])
@pytest.mark.parametrize("name", ["output", "c_n"])
def test_the_colour_bar_lies_within_the_plot_with_half_a_number_at_each_end(hidden_size: int, name: str) -> None:
    encoding, trace = _read(RunConfig("hello", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=hidden_size))
    figure = {
        "output": output_figure(trace, encoding, LIGHT, lines=range(1), steps=range(5)),
        "c_n": state_figure("c_n", trace, LIGHT, columns=range(1), axis="B"),
    }[name]
    layout, bar = figure.layout, figure.layout.coloraxis.colorbar
    assert layout.coloraxis.showscale
    height = layout.height - layout.margin.t - layout.margin.b
    top = height * (1 - bar.y)
    assert (bar.lenmode, bar.yanchor, bar.ypad) == ("pixels", "top", 0)
    half_a_number = bar.tickfont.size / 2
    assert top >= half_a_number
    assert height - (top + bar.len) >= half_a_number - 1e-9
    assert bar.len >= 60


def test_numbers_that_are_not_finite_leave_a_finite_scale(exploding: Trainer) -> None:
    trace = trace_forward(exploding.model, exploding.encoding)
    assert not np.isfinite(trace.output_BTF).all()
    figure = output_figure(trace, exploding.encoding, LIGHT, lines=range(1), steps=range(12))
    assert math.isfinite(figure.layout.coloraxis.cmax)
    assert np.array_equal(maps(figure)[0].z, trace.output_BTF[0].T, equal_nan=True)


# --- the labels ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["one_hot", "output"])
def test_repeated_letters_keep_a_column_each(kind: str) -> None:
    config = RunConfig("hello\nlllll\nooooo", head=Head.LINEAR)
    figure = one_hot_figure(encode(config), LIGHT, lines=range(3), steps=range(5))
    if kind == "output":
        encoding, trace = _read(config)
        figure = output_figure(trace, encoding, LIGHT, lines=range(3), steps=range(5))
    for drawn, line in zip(maps(figure), ["hello", "lllll", "ooooo"], strict=True):
        columns = axis(figure, drawn.xaxis)
        assert list(columns.tickvals) == [0, 1, 2, 3, 4]
        assert columns.type in (None, "linear")
        assert drawn.x is None
        assert list(columns.ticktext) == [f"{token}<br>{t}" for t, token in enumerate(line)]


def test_hostile_tokens_are_drawn_to_the_letter() -> None:
    encoding, trace = _read(RunConfig(HOSTILE, head=Head.LINEAR))
    steps = range(encoding.ids_BT.shape[1])
    for figure in (
        one_hot_figure(encoding, LIGHT, lines=range(3), steps=steps),
        output_figure(trace, encoding, LIGHT, lines=range(3), steps=steps),
    ):
        for drawn, tokens in zip(maps(figure), encoding.inputs, strict=True):
            columns = [label.split("<br>") for label in axis(figure, drawn.xaxis).ticktext]
            assert [number for _token, number in columns] == [str(t) for t in steps]
            # Over a cell stands its step, on the next line what is read, and behind it may stand its id.
            hovers = [
                re.fullmatch(rf"{t}<br>reads (.+?)(?:, id \d+)?", words)
                for t, words in zip(steps, drawn.customdata[0], strict=True)
            ]
            for said in ([token for token, _number in columns], [found[1] if found else "" for found in hovers]):
                assert [html.unescape(token) for token in said[: len(tokens)]] == [visible(token) for token in tokens]


def test_an_edited_token_is_marked_and_no_other_is(read: Read) -> None:
    encoding, trace = read
    other = next(token for token in "abcde" if token != encoding.inputs[1][2])
    model = build_model(RunConfig("abcde", head=Head.LINEAR))
    after = edited(model, encoding, [TokenEdit(line=1, step=2, token=other)]).encoding
    for figure in (
        one_hot_figure(after, LIGHT, lines=WHOLE_LINES, steps=WHOLE_STEPS),
        output_figure(trace, after, LIGHT, lines=WHOLE_LINES, steps=WHOLE_STEPS),
    ):
        labels = [column_labels(figure, line) for line in WHOLE_LINES]
        marked = [(line, t) for line in WHOLE_LINES for t in WHOLE_STEPS if "✎" in labels[line][t]]
        assert marked == [(1, 2)]
        assert labels[1][2] == f"✎{other}<br>2"


def test_behind_a_lines_end_stands_a_dot_and_the_pointer_says_why(read: Read) -> None:
    encoding, trace = read
    for figure in (
        one_hot_figure(encoding, LIGHT, lines=WHOLE_LINES, steps=WHOLE_STEPS),
        output_figure(trace, encoding, LIGHT, lines=WHOLE_LINES, steps=WHOLE_STEPS),
    ):
        for line, length in enumerate(encoding.length_B):
            labels, drawn = column_labels(figure, line), maps(figure)[line]
            assert labels[length:] == [f"·<br>{t}" for t in range(length, 7)]
            assert ["padding" in words for words in drawn.customdata[0]] == [t >= length for t in range(7)]


def test_the_axes_of_a_one_hot_matrix_say_which_axes_of_x_they_are(read: Read) -> None:
    encoding, _ = read
    figure = one_hot_figure(encoding, LIGHT, lines=WHOLE_LINES, steps=WHOLE_STEPS)
    assert axis_titles(figure) == ["time step t (axis 1 of x) →", "v (axis 2) ↓"]
    rows, columns = np.asarray(maps(figure)[0].z).shape
    assert (columns, rows) == (encoding.x_BTV.shape[1], encoding.x_BTV.shape[2])
    assert titles(figure) == ["x[0]", "x[1]", "x[2]"]


@pytest.mark.parametrize("name", ["h_n", "c_n"])
def test_a_label_that_is_an_index_has_no_words_of_its_own(read: Read, name: str) -> None:
    assert all(drawn.customdata is None for drawn in maps(_all_figures(read)[name]))


def test_the_pointer_says_line_unit_and_value_of_a_state(read: Read) -> None:
    _, trace = read
    figure = _all_figures(read)["h_n"]
    assert pointer(figure, 1, 2, 3) == (
        f"line b 2, unit j 3<br><b>{trace.h_n[1, 2, 3]!s}</b><extra>{titles(figure)[1]}</extra>"
    )


@pytest.mark.parametrize("kind", ["one_hot", "output"])
def test_the_pointer_says_the_token_once_and_the_step_on_its_line(kind: str) -> None:
    encoding, trace = _read(RunConfig("가나다라마", head=Head.LINEAR))
    figure = {
        "one_hot": one_hot_figure(encoding, LIGHT, lines=range(1), steps=range(2, 5)),
        "output": output_figure(trace, encoding, LIGHT, lines=range(1), steps=range(2, 5)),
    }[kind]
    # Row 0 of the one-hot matrix is that of 가, which is read at none of these steps.
    for column, token in enumerate("다라마"):
        where, reads, *_ = pointer(figure, 0, column, 0).split("<br>")
        assert (token in where, token in reads) == (False, True)
        assert re.search(rf"\b{column + 2}\b", where)


def test_no_label_holds_markup_of_the_user() -> None:
    for name, figure in _all_figures(_read(RunConfig(HOSTILE + "\n" + "x" * 7, head=Head.LINEAR))).items():
        for label in _labels(figure):
            assert not re.search(r"<(?!br>)|&(?!amp;|lt;|gt;)", label), name


def test_an_invisible_token_has_a_visible_label() -> None:
    figure = one_hot_figure(encode(RunConfig("a \0", head=Head.LINEAR)), LIGHT, lines=range(1), steps=range(3))
    assert [label.split("<br>")[0] for label in axis(figure, "x").ticktext] == ["a", "␣", "␀"]


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
    assert ringed_cells(figure) == expected


def _cells_of(trace: Trace) -> dict[int, set[tuple[int, int, int]]]:
    """Of each row of h_n that stands in output: its cells (line, step, feature) there."""
    return {
        state.row: {
            (block.line, t, f) for block in state.blocks for t in range(*block.steps) for f in range(*block.features)
        }
        for state in trace.final_states
        if state.blocks
    }


def test_each_row_of_h_n_has_a_line_style_of_its_own_in_output_and_in_h_n(ringed: tuple[RunConfig, Read]) -> None:
    config, (encoding, trace) = ringed
    output = output_figure(trace, encoding, LIGHT, lines=WHOLE_LINES, steps=WHOLE_STEPS)
    columns = range(trace.h_n.shape[1])
    h_n = state_figure("h_n", trace, LIGHT, columns=columns, axis="B" if config.batch_first else "T")
    style = {ring.panel: ring.dash for ring in rings(h_n)}
    assert len(style) == len(rings(h_n)) == len(set(style.values())) == config.directions
    drawn: dict[str, set[tuple[int, int, int]]] = {}
    for ring in rings(output):
        drawn.setdefault(ring.dash, set()).update((ring.panel, t, f) for t, f in ring.cells)
    assert drawn == {style[row]: cells for row, cells in _cells_of(trace).items()}


@pytest.mark.parametrize(("lines", "steps"), WINDOWS)
def test_a_title_names_the_rings_that_are_shown_and_no_other(
    ringed: tuple[RunConfig, Read], lines: range, steps: range
) -> None:
    _, (encoding, trace) = ringed
    figure = output_figure(trace, encoding, LIGHT, lines=lines, steps=steps)
    dashes = {ring.dash for ring in rings(figure)}
    assert dashes <= DASHES.keys()
    expected = []
    for line in lines:
        rows = [row for row, cells in _cells_of(trace).items() if any(b == line and t in steps for b, t, _f in cells)]
        expected.append([f"output[{line}]", *(f"h_n[{row}]" for row in rows)])
    # A title is the tensor's name, and then for each ring the sign of its line and what it is.
    parts = [title.split("  ") for title in titles(figure)]
    assert [[title, *(part[2:] for part in marks)] for title, *marks in parts] == expected
    for panel, (_title, *marks) in enumerate(parts):
        assert {part[0] for part in marks} == {DASHES[ring.dash] for ring in rings(figure) if ring.panel == panel}


def test_a_title_of_h_n_has_the_sign_of_its_ring(ringed: tuple[RunConfig, Read]) -> None:
    config, (_, trace) = ringed
    columns = range(trace.h_n.shape[1])
    figure = state_figure("h_n", trace, LIGHT, columns=columns, axis="B" if config.batch_first else "T")
    style = {ring.panel: DASHES[ring.dash] for ring in rings(figure)}
    for row, title in enumerate(titles(figure)):
        assert title.startswith(f"h_n[{row}] ")
        assert [sign for sign in DASHES.values() if sign in title] == ([style[row]] if row in style else [])


# A fifth of a pixel: the room itself takes its part of the axis, so that the cells are a little smaller than planned.
A_HAIR = 0.2


def test_no_ring_is_cut_off(ringed: tuple[RunConfig, Read]) -> None:
    config, (encoding, trace) = ringed
    columns = range(trace.h_n.shape[1])
    figures = [output_figure(trace, encoding, LIGHT, lines=lines, steps=steps) for lines, steps in WINDOWS]
    figures.append(state_figure("h_n", trace, LIGHT, columns=columns, axis="B" if config.batch_first else "T"))
    rooms = [room for figure in figures for room in ring_rooms(figure)]
    assert rooms
    assert min(rooms) >= -A_HAIR


@pytest.mark.parametrize("hidden_size", [1, 2, 3, 31, 128])
def test_no_ring_is_cut_off_however_many_rows_there_are(hidden_size: int) -> None:
    encoding, trace = _read(RunConfig("hello", head=Head.LINEAR, hidden_size=hidden_size, bidirectional=True))
    output = output_figure(trace, encoding, LIGHT, lines=range(1), steps=range(5))
    h_n = state_figure("h_n", trace, LIGHT, columns=range(1), axis="B")
    assert min(ring_rooms(output) + ring_rooms(h_n)) >= -A_HAIR


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
    assert ringed_cells(figure) == [whole if state.equal else set() for state in trace.final_states]


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
