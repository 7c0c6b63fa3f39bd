"""Forward pass: the figures, the rings, the sentences and the ledger are those of the live tensors."""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from rnn_core import RunConfig, Trace, build_model, encode, shape_ledger, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.figures.heatmap import DASHES
from tests.pages.conftest import Open, Screen, assert_same_panels

UNITS = 5
CONFIGS = [
    RunConfig(
        text,
        cell=cell,
        hidden_size=UNITS,
        num_layers=layers,
        bidirectional=both,
        batch_first=first,
        head=Head.LINEAR,
        seed=7,
    )
    for text in ("hello", "hello\nno\nworld!!")
    for cell in Cell
    for layers, both in ((1, False), (1, True), (3, True))
    for first in (True, False)
]


def name_config(config: RunConfig) -> str:
    lines = config.text.count("\n") + 1
    order = "batch_first" if config.batch_first else "batch_second"
    return f"{lines}-{config.cell}-{config.num_layers}x{config.directions}-{order}"


@pytest.fixture(scope="module", params=CONFIGS, ids=name_config)
def config(request: pytest.FixtureRequest) -> RunConfig:
    """One of the networks that differ in what the page has to say about them."""
    chosen: RunConfig = request.param
    return chosen


@pytest.fixture(scope="module")
def screen(open_screen: Open, config: RunConfig) -> Screen:
    """The page, showing ``config``; the tests only look at it."""
    return open_screen("forward_pass", config)


def trace_of(config: RunConfig) -> Trace:
    return trace_forward(build_model(config), encode(config))


def ringed(screen: Screen, container: str) -> list[tuple[int, npt.NDArray[Any]]]:
    """The panel and the values of the cells inside each ring."""
    panels = screen.heatmaps(container)
    cells = []
    for shape in screen.chart(container)["layout"]["shapes"]:
        number = int(shape["xref"][1:] or 1) - 1
        rows, columns = (slice(round(shape[f"{a}0"] + 0.5), round(shape[f"{a}1"] + 0.5)) for a in "yx")
        cells.append((number, panels[number][rows, columns]))
    return cells


def test_the_figures_are_the_trace_of_the_untrained_network(screen: Screen, config: RunConfig) -> None:
    trace = trace_of(config)
    assert_same_panels(screen.heatmaps("output"), [o_TF.T for o_TF in trace.output_BTF])
    assert_same_panels(screen.heatmaps("h_n"), [h_NH.T for h_NH in trace.h_n])
    assert screen.has("c_n") == (config.cell is Cell.LSTM)
    if trace.c_n is not None:
        assert_same_panels(screen.heatmaps("c_n"), [c_NH.T for c_NH in trace.c_n])


def test_each_ring_in_output_holds_the_numbers_of_h_n(screen: Screen, config: RunConfig) -> None:
    lines, directions = config.text.count("\n") + 1, config.directions
    last_layer = screen.heatmaps("h_n")[-directions:]
    rings = ringed(screen, "output")
    # A module that is not batch_first ends on a line: forward on the last, backward on the first.
    assert len(rings) == (lines if config.batch_first else 1) * directions
    expected = [
        (line, last_layer[direction][:, [line]])
        for direction in range(directions)
        for line in range(lines)
        if config.batch_first
    ] or [((lines - 1, 0)[direction], last_layer[direction]) for direction in range(directions)]
    drawn = sorted((panel, values.tolist()) for panel, values in rings)
    assert drawn == sorted((panel, values.tolist()) for panel, values in expected)


def test_the_last_layers_rows_of_h_n_are_ringed_whole(screen: Screen, config: RunConfig) -> None:
    panels, rings = screen.heatmaps("h_n"), ringed(screen, "h_n")
    rows = config.num_layers * config.directions
    assert [panel for panel, _values in rings] == list(range(rows - config.directions, rows))
    for panel, values in rings:
        np.testing.assert_array_equal(values, panels[panel], strict=True)


def test_each_ring_has_the_line_of_the_row_of_h_n_that_it_is(screen: Screen, config: RunConfig) -> None:
    rows = [row for row in screen.markdown("final_states") if "torch.equal" in row]
    dash_of = {re.findall(r"h_n\[\d+\]", row)[0]: row[0] for row in rows}
    assert len(set(dash_of.values())) == config.directions
    states = dict(zip(dash_of, screen.heatmaps("h_n")[-len(dash_of) :], strict=True))
    layout, found = screen.chart("output")["layout"], set()
    for (panel, values), ring in zip(ringed(screen, "output"), layout["shapes"], strict=True):
        (name,) = (name for name, state in states.items() if np.isin(values, state).all())
        assert DASHES[ring["line"]["dash"]] == dash_of[name]
        assert f"{dash_of[name]} {name}" in layout["annotations"][panel]["text"]
        found.add(name)
    assert found == set(dash_of)
    layout = screen.chart("h_n")["layout"]
    titles = [title["text"] for title in layout["annotations"] if title["text"].startswith("<b>h_n[")]
    for name, title, ring in zip(dash_of, titles[-len(dash_of) :], layout["shapes"], strict=True):
        assert title.startswith(f"<b>{name}")
        assert title.endswith(f"{dash_of[name]}</b>")
        assert DASHES[ring["line"]["dash"]] == dash_of[name]


def test_each_torch_equal_on_the_page_is_true_when_it_is_run(screen: Screen, config: RunConfig) -> None:
    trace, encoding = trace_of(config), encode(config)
    live = {
        "torch": torch,
        "arange": torch.arange,
        "output": torch.tensor(trace.output_BTF),
        "h_n": torch.tensor(trace.h_n),
        "lengths": torch.tensor(encoding.length_B),
        "B": len(encoding.lines),
    }
    rows = [row for row in screen.markdown("final_states") if "`h_n[" in row]
    expressions = [match.group(1) for row in rows if (match := re.search(r"`(torch\.equal\(.*\))`", row))]
    assert len(expressions) == config.directions
    for row, expression in zip(rows[-config.directions :], expressions, strict=True):
        assert eval(expression, live) is True, expression
        assert "**True**" in row


def test_lower_layers_and_the_cell_state_are_said_not_to_be_in_output(screen: Screen, config: RunConfig) -> None:
    rows = screen.markdown("final_states")
    lower = (config.num_layers - 1) * config.directions
    names = [
        f"`h_n[{layer * config.directions + way}]` · :red[layer {layer} {direction}]"
        for layer in range(config.num_layers)
        for way, direction in enumerate(("forward", "backward")[: config.directions])
    ]
    plain = [row.lstrip("".join(DASHES.values()) + " ") for row in rows]
    assert [row.startswith(name) for row, name in zip(plain, names, strict=False)] == [True] * len(names)
    assert ["not in output" in row for row in rows[: len(names)]] == [row < lower for row in range(len(names))]
    rest = rows[len(names) :]
    assert len(rest) == (config.cell is Cell.LSTM)
    assert all(row.startswith("`c_n`") and "not in output" in row for row in rest)


def test_the_ledger_on_the_page_is_the_shape_ledger(screen: Screen, config: RunConfig) -> None:
    (table,) = screen.markdown("shape_ledger")
    _head, rule, *rows = table.split("\n")
    assert set(rule) == set("|:-")
    shown = []
    for row in rows:
        name, shape, note = (cell.strip() for cell in row.strip("|").split("|"))
        axes = re.findall(r":\w+\[(\S+) \*\*(\d+)\*\*\]", shape)
        shown.append((name.strip("`"), tuple(a for a, _ in axes), tuple(int(size) for _, size in axes), note))
    assert shown == [(line.name, line.axes, line.shape, line.note) for line in shape_ledger(config)]


def test_an_axis_has_a_colour_of_its_own_on_badges_and_in_the_ledger(screen: Screen) -> None:
    (table,) = screen.markdown("shape_ledger")
    named = {(letter, color) for color, letter in re.findall(r":(\w+)\[\S*([A-Z]) \*\*", table)}
    for badge in screen.badges:
        named |= {(letter, color) for color, letter in re.findall(r":(\w+)-badge.*\*\*(\w) =", badge)}
    color_of = dict(named)
    assert len(color_of) == len(named)
    assert len({color_of[letter] for letter in "BTVH"}) == 4


def test_batch_first_off_is_warned_of_with_the_sizes_it_confuses(screen: Screen, config: RunConfig) -> None:
    lines, steps, _size = encode(config).x_BTV.shape
    warnings = [warning.value for warning in screen.app.warning]
    assert len(warnings) == (not config.batch_first)
    assert all(f"a batch of {steps}, each of length {lines}." in warning for warning in warnings)
    assert all(("nothing recurs" in warning) == (lines == 1) for warning in warnings)


def test_the_notes_preset_shows_the_numbers_of_a_plain_torch_script(open_screen: Open) -> None:
    screen = open_screen("forward_pass")
    screen.choose("Batch, batch_first off")
    rows = torch.eye(4)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        cell = torch.nn.RNN(4, 2)
    output, h_n = cell(torch.stack([rows[[0, 1, 2, 2, 3]], rows[[1, 3, 2, 2, 2]], rows[[2, 2, 1, 1, 2]]]))
    assert tuple(h_n.shape) == (1, 5, 2)
    assert_same_panels(screen.heatmaps("output"), [line.T for line in output.detach().numpy()])
    assert_same_panels(screen.heatmaps("h_n"), [row.T for row in h_n.detach().numpy()])


@pytest.mark.parametrize("text", ["hello", "a<b>&c", "<img>"])
def test_labels_and_hover_labels_of_output_are_the_tokens_to_the_letter(open_screen: Open, text: str) -> None:
    chart = open_screen("forward_pass", {"text": text}).chart("output")
    labels = [label.split("<br>") for label in chart["layout"]["xaxis"]["ticktext"]]
    assert [(html.unescape(token), int(t)) for token, t in labels] == [(token, t) for t, token in enumerate(text)]
    for row in chart["data"][0]["customdata"]:
        assert [html.unescape(label) for label in row] == [f"{t}<br>reads {token}" for t, token in enumerate(text)]
