"""The picture of the network on a page: its numbers are the trace's, and a frame brings them up to date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rnn_core import RunConfig, Trainer, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.picture import STRIPS, strip_values
from rnn_core.text import visible
from rnn_core.trace import FloatArray
from rnn_core.unrolled_graph import unrolled
from tests.pages.conftest import HOSTILE, Open, Screen, typed_array

CONFIGS = [
    RunConfig(),
    RunConfig("hello\nno\nworld!!", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=3, num_layers=2, bidirectional=True),
    RunConfig("hello\nno", cell=Cell.GRU, head=Head.LINEAR, hidden_size=3, batch_first=False),
    RunConfig("hello", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=3),
]
NAMES = ["one line", "layers and directions", "time first", "an LSTM of one layer"]


def expected(trainer: Trainer, lines: int, steps: int) -> FloatArray:
    picture = unrolled(trainer.config, trainer.encoding, lines=range(lines), steps=range(steps))
    return strip_values(picture, trace_forward(trainer.model, trainer.encoding))


def network(screen: Screen) -> Any:
    assert screen.has("network_picture")
    return screen.live("network")


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_the_strips_are_the_networks_own_numbers_bit_for_bit(open_screen: Open, config: RunConfig) -> None:
    trainer = Trainer(config)
    data = network(open_screen("forward_pass", config))
    values = expected(trainer, *trainer.encoding.ids_BT.shape)
    np.testing.assert_array_equal(typed_array(data["values"]), values, strict=True)
    strips = [node for node in data["nodes"] if node["kind"] in STRIPS]
    assert len(strips) == len(values)


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_on_train_it_is_in_the_place_of_the_heatmaps_and_a_frame_moves_it(open_screen: Open, config: RunConfig) -> None:
    screen = open_screen("train", config)
    assert not screen.has("network_picture")
    screen.enter(as_picture=True)
    assert not screen.has("output")
    assert network(screen)["nodes"]
    screen.press("Play")
    trainer = Trainer(config)
    trainer.run(1)
    patch = screen.frame()["network"]
    np.testing.assert_array_equal(typed_array(patch["values"]), expected(trainer, *trainer.encoding.ids_BT.shape))
    assert "output_plot" not in screen.frame()


@pytest.mark.parametrize("rate", ["0.01", "10"])
def test_the_colours_of_c_have_a_range_of_their_own_that_holds_every_number(open_screen: Open, rate: str) -> None:
    config = RunConfig("hello! world", cell=Cell.LSTM, learning_rate=float(rate))
    screen = open_screen("train", config)
    screen.enter(as_picture=True, speed=100)
    screen.press("Play")
    patch, picture = screen.frame()["network"], unrolled(config, encode(config), lines=range(1), steps=range(12))
    rows = zip(picture.strips, typed_array(patch["values"]), strict=True)
    largest = max(float(np.abs(row).max()) for node, row in rows if node.state == "c")
    assert patch["cell_reach"] == pytest.approx(max(1.0, largest))
    assert patch["reach"] == 1
    (level,) = [level for level in network(screen)["levels"] if level.get("state") == "c"]
    assert level["text"] == "cell state c"


def test_only_an_lstm_sends_a_range_of_c(open_screen: Open) -> None:
    assert "cell_reach" not in network(open_screen("forward_pass", {"cell": "gru"}))
    assert network(open_screen("forward_pass", {"cell": "lstm"}))["cell_reach"] == 1


def test_the_head_is_at_the_end_until_a_cursor_is_put_somewhere(open_screen: Open) -> None:
    assert network(open_screen("forward_pass"))["head"] == 11
    linked = network(open_screen("forward_pass", {"t": "3", "unit": "2"}))
    assert linked["head"] == 3
    assert linked["cursor"] == [0, 0, 3, 2]


def test_the_cursor_of_the_picture_is_that_of_inside_the_cell(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell")
    screen.enter(t=4, unit=7)
    screen.go("forward_pass")
    assert network(screen)["cursor"] == [0, 0, 4, 7]


def test_not_batch_first_on_one_line_the_page_says_that_no_arrow_joins_two_steps(open_screen: Open) -> None:
    screen = open_screen("forward_pass", {"batch_first": "false"})
    words = [caption.value for caption in screen.app.caption]
    assert any("no arrow joins two steps" in one and "a batch of 12, each" in one for one in words)
    nodes = {node["id"]: node["step"] for node in network(screen)["nodes"]}
    assert all(nodes[source] == nodes[target] for source, target, _carries in network(screen)["edges"])


def test_a_long_text_is_drawn_around_the_cursor(open_screen: Open) -> None:
    config = RunConfig("abcdefg" * 20, head=Head.LINEAR, hidden_size=16)
    screen = open_screen("forward_pass", config.to_query() | {"t": "70"})
    first, end = network(screen)["steps"]
    assert first < 70 < end
    assert sum(node["kind"] == "cut" for node in network(screen)["nodes"]) == 2


@pytest.mark.parametrize("text", [HOSTILE["an image with a script"], HOSTILE["a template"]])
def test_hostile_text_in_the_picture_is_data_and_nothing_else(open_screen: Open, text: str) -> None:
    screen = open_screen("forward_pass", {"text": text, "head": "linear"})
    part: Any = screen.app.get_by_key("network")
    harmless: Any = open_screen("forward_pass", {"text": "abc", "head": "linear"}).app.get_by_key("network")
    assert part.proto.js_content == harmless.proto.js_content
    assert part.proto.html_content == harmless.proto.html_content
    assert [row[0] for row in network(screen)["tokens"]["0"]] == [visible(token) for token in text]


def test_the_untrained_network_is_not_changed_by_being_drawn(open_screen: Open) -> None:
    config = CONFIGS[1]
    open_screen("forward_pass", config)
    trace = trace_forward(build_model(config), encode(config))
    again = network(open_screen("forward_pass", config))
    assert typed_array(again["values"]).shape[1] == trace.h_n.shape[2]


@pytest.mark.parametrize("page", ["forward_pass", "through_time"])
@pytest.mark.parametrize("size", [12, 26, 27, 120, 300])
def test_the_row_of_probabilities_has_its_name_where_they_are_printed_and_only_there(
    open_screen: Open, page: str, size: int
) -> None:
    screen = open_screen(page, {"text": ("abcdefg" * 50)[:size]})
    data = screen.live("network" if page == "forward_pass" else "network_back")
    assert ("p" in [level["text"] for level in data["levels"]]) == (data["sizes"]["cell"] >= 30) == data["numbered"]
    assert data["numbered"] == (size <= 26)
    assert data["steps"][0] <= data["head"] < data["steps"][1]
