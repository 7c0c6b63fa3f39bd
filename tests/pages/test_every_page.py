"""Every page, whatever experiment it is given, shows that experiment's numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pages.ui.inside_the_cell.place import STEPS, UNITS
from pages.ui.memory.apart import UNITS as SHOWN
from pages.ui.through_time.ledger import UNITS as ALONG
from rnn_core import PRESETS, ConfigError, RunConfig, Trainer, build_model, encode, gradient_flow, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.figures.theme import DARK, LIGHT
from rnn_core.states import Kind, separation
from tests.pages.conftest import PAGES, Open, Screen, assert_same_panels, typed_array

Panels = dict[str, list[npt.NDArray[Any]]]


def one_hot_panels(config: RunConfig) -> Panels:
    return {"one_hot": [x_TV.T for x_TV in encode(config).x_BTV]}


def forward_panels(config: RunConfig) -> Panels:
    trace = trace_forward(build_model(config), encode(config))
    states = {"h_n": trace.h_n} | ({} if trace.c_n is None else {"c_n": trace.c_n})
    return {"output": [o_TF.T for o_TF in trace.output_BTF]} | {n: [s.T for s in v] for n, v in states.items()}


def train_panels(config: RunConfig) -> Panels:
    panels = forward_panels(config)
    return {"output": panels["output"], "h_n": panels["h_n"]}


def inside_panels(config: RunConfig) -> Panels:
    first = trace_forward(build_model(config), encode(config)).layers[0]
    if first.c_BTH is None:
        return {"unrolled": [first.h_BTH[0, :STEPS, :UNITS].T]}
    states = {"unrolled": first.h_BTH, "unrolled_c": first.c_BTH}
    return {name: [state_BTH[0, :STEPS, :UNITS].T] for name, state_BTH in states.items()}


def through_time_panels(config: RunConfig) -> Panels:
    flow = gradient_flow(build_model(config), encode(config))
    gradients = (flow.state_gradient_TH, flow.cell_gradient_TH)
    return {"along": [values[:, :ALONG].T.astype(np.float32) for values in gradients if values is not None]}


def memory_panels(config: RunConfig) -> Panels:
    encoding = encode(config)
    trace = trace_forward(build_model(config), encoding)
    order = (-separation(trace, encoding)[Kind.READ]).argsort(kind="stable")[:SHOWN]
    return {"units": [trace.output_BTF[0, : int(encoding.length_B[0])].T[order]]}


EXPECTED: Mapping[str, Callable[[RunConfig], Panels]] = {
    "text_to_tensor": one_hot_panels,
    "forward_pass": forward_panels,
    "inside_the_cell": inside_panels,
    "train": train_panels,
    "through_time": through_time_panels,
    "memory": memory_panels,
    "compare": lambda _config: {},
    "share": lambda _config: {},
}
"""What the heatmaps of each page are to show before any training, by container."""

OTHERS = {
    "inside_the_cell": {"products_plot", "sum_plot", "activation_plot", "weights_plot"},
    "train": {"loss_plot"},
    "through_time": {"pairs_plot", "ledger_total_plot", "ledger_plot", "eigenvalues_plot"},
    "memory": {"need_0_plot", "ceiling_plot", "state_map_plot"},
}
"""Charts that are no heatmap of a whole tensor."""

WINDOWS = {"text_to_tensor": "one_hot", "forward_pass": "output", "train": "output"}
"""The pages that draw a part of what is large, and where."""


def assert_shows(screen: Screen, page: str, config: RunConfig) -> None:
    """The page has its charts, and they hold the numbers of ``config``."""
    expected = EXPECTED[page](config)
    for container, panels in expected.items():
        assert_same_panels(screen.heatmaps(container), panels)
    assert set(screen.charts()) >= {f"{name}_plot" for name in expected} | OTHERS.get(page, set())
    if page == "train":
        (points,) = screen.chart("loss_chart")["data"]
        np.testing.assert_array_equal(typed_array(points["x"]), [0])
        np.testing.assert_array_equal(typed_array(points["y"]), [Trainer(config).now.loss_nats])
    lines, steps, size = encode(config).x_BTV.shape
    units = trace_forward(build_model(config), encode(config)).h_n.shape[-1]
    for badge, (name, letter, length) in zip(
        screen.badges,
        [
            ("batch_size" if config.batch_first else "lines", "B", lines),
            ("sequence_length" if config.batch_first else "steps", "T", steps),
            ("input_size", "V", size),
            ("hidden_size", "H", units),
        ],
        strict=False,
    ):
        assert f"{name} **{letter} = {length}**" in badge


@pytest.mark.parametrize("cell", Cell)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_page_shows_the_numbers_of_every_preset_with_every_cell(
    open_screen: Open, preset: str, cell: Cell
) -> None:
    screen = open_screen()
    screen.choose(preset)
    screen.enter(cell=str(cell))
    config = replace(PRESETS[preset], cell=cell)
    for page in screen.walk():
        assert screen.errors == []
        assert_shows(screen, page, config)


@pytest.mark.parametrize(
    ("preset", "head", "bidirectional"),
    [
        (name, head, bidirectional)
        for name, preset in PRESETS.items()
        for head in Head
        for bidirectional in (False, True)
        if (head, bidirectional) != (preset.head, preset.bidirectional)
    ],
)
def test_every_page_shows_a_changed_preset_or_says_why_it_cannot_be(
    open_screen: Open, preset: str, head: Head, bidirectional: bool
) -> None:
    screen = open_screen()
    screen.choose(preset)
    screen.enter(head=str(head), bidirectional=bidirectional)
    config, sentence = PRESETS[preset], None
    try:
        config = replace(config, head=head, bidirectional=bidirectional)
    except ConfigError as error:
        sentence = str(error)
    for page in screen.walk():
        assert screen.errors == ([] if sentence is None else [sentence])
        assert_shows(screen, page, config)


@pytest.mark.parametrize("page", PAGES)
def test_layers_and_directions_have_a_badge_where_there_is_more_than_one(open_screen: Open, page: str) -> None:
    screen = open_screen(page)
    assert len(screen.badges) == 4
    screen.enter(head="linear", num_layers=3, bidirectional=True)
    assert "num_layers **3**" in screen.badges[4]
    assert "directions **D = 2**" in screen.badges[5]


@pytest.mark.parametrize("page", WINDOWS)
def test_of_many_lines_the_chosen_one_is_drawn(open_screen: Open, page: str) -> None:
    config = RunConfig("ab\nba\naab\nbba\nabba\nbaab\naba", head=Head.LINEAR, hidden_size=5)
    screen = open_screen(page, config)
    container = WINDOWS[page]
    expected = EXPECTED[page](config)[container]
    assert_same_panels(screen.heatmaps(container), expected[:1])
    screen.enter(line=4)
    assert_same_panels(screen.heatmaps(container), expected[4:5])


def test_of_many_lines_the_table_shows_the_chosen_one_and_says_so(open_screen: Open) -> None:
    config = RunConfig("ab\nba\naab\nbba\nabba\nbaab\naba", head=Head.LINEAR, hidden_size=5)
    screen = open_screen("train", config)
    screen.enter(line=4)
    screen.press("Play")
    shown, frame = screen.live("live_predictions"), screen.frame()["live_predictions"]
    assert shown["targets"] == [["a", "b", "b", "a"]]
    assert shown["words"]["target"] == "target, line 4"
    trainer = Trainer(config)
    newest = [*trainer.run(1), trainer.now][::-1]
    for rows, records in ((shown["rows"], newest[1:]), (frame["rows"], newest)):
        assert [row["errors"] for row in rows] == [[[list(error) for error in r.errors[4]]] for r in records]
        assert [row["right"] for row in rows] == [f"{21 - sum(map(len, r.errors))}/21" for r in records]


@pytest.mark.parametrize("page", WINDOWS)
def test_of_many_steps_the_chosen_window_is_drawn(open_screen: Open, page: str) -> None:
    config = RunConfig("abcdefg" * 11, head=Head.LINEAR, hidden_size=5)
    screen = open_screen(page, config)
    container = WINDOWS[page]
    (expected,) = EXPECTED[page](config)[container]
    at_the_end = page == "forward_pass"  # where the ringed cells are
    first, other = (29, 0) if at_the_end else (0, 29)
    assert_same_panels(screen.heatmaps(container), [expected[:, first : first + 48]])
    screen.enter(**{"first_step_before_the_end" if at_the_end else "first_step": other})
    assert_same_panels(screen.heatmaps(container), [expected[:, other : other + 48]])


@pytest.mark.parametrize("page", WINDOWS)
def test_a_chosen_line_that_no_longer_exists_does_not_break_the_page(open_screen: Open, page: str) -> None:
    screen = open_screen(page, RunConfig("ab\n" * 7, head=Head.LINEAR))
    screen.enter(line=6)
    screen.enter(lines="ab\n" * 5)
    config = RunConfig("ab\n" * 5, head=Head.LINEAR)
    container = WINDOWS[page]
    (shown,) = screen.heatmaps(container)
    assert any(np.array_equal(shown, panel) for panel in EXPECTED[page](config)[container])


@pytest.mark.parametrize("page", [page for page in PAGES if EXPECTED[page](RunConfig())])
@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_charts_have_the_colours_of_the_visitors_theme(open_screen: Open, page: str, name: str, theme: Any) -> None:
    screen = open_screen(page, theme=name)
    container = next(iter(EXPECTED[page](RunConfig())))
    layout = screen.chart(container)["layout"]
    assert layout["xaxis"]["tickfont"]["color"] == theme.axis["T"]
    assert layout["font"]["color"] == theme.ink


def test_controls_and_numbers_survive_a_walk_through_all_pages(open_screen: Open) -> None:
    screen = open_screen()
    screen.enter(text="noon", cell="lstm", hidden_size=3, head="linear", seed=7, learning_rate=0.5)
    config = RunConfig("noon", cell=Cell.LSTM, hidden_size=3, head=Head.LINEAR, seed=7, learning_rate=0.5)
    for page in (*reversed(PAGES), "train"):
        screen.go(page)
        assert_shows(screen, page, config)
