"""Through time: what the page shows is the core's, its sentences are computed, and what cannot be followed is said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnn_core import RunConfig, Trainer, build_model, encode, gradient_flow
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer
from rnn_core.gradients import state_gradients
from rnn_core.numbers import format_number, format_significant
from rnn_core.picture import Kind
from rnn_core.trace import Direction
from tests.pages.conftest import HOSTILE, Open, Screen, typed_array

CONFIGS = [
    RunConfig(),
    RunConfig("hello\nno", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=3, num_layers=2, bidirectional=True),
    RunConfig("hello\nno", cell=Cell.GRU, head=Head.LINEAR, hidden_size=3, batch_first=False),
]
NAMES = ["one line", "layers and directions", "time first"]


def opened(open_screen: Open, config: RunConfig, **place: str) -> Screen:
    screen = open_screen("through_time", config.to_query() | place)
    assert screen.errors == []
    return screen


@pytest.mark.parametrize("config", CONFIGS, ids=NAMES)
def test_every_strip_shows_what_each_loss_asks_of_its_state(open_screen: Open, config: RunConfig) -> None:
    data = opened(open_screen, config).live("network_back")
    encoding = encode(config)
    lines = range(1) if config.batch_first else range(len(encoding.lines))
    length = int(encoding.length_B[0])
    expected = state_gradients(build_model(config), encoding, 0, lines=lines, steps=range(length))
    shown = typed_array(data["values"])
    strips = [node for node in data["nodes"] if node["kind"] in (Kind.START, Kind.STATE)]
    assert not [node for node in data["nodes"] if node["kind"] in (Kind.FINAL, Kind.FINAL_CELL)]
    assert shown.shape == (length, len(strips), config.units)
    for at, node in enumerate(strips):
        row = node["level"] - 1
        if node["kind"] == Kind.STATE:
            theirs = expected.state[:, row, node["line"], node["step"]]
        else:
            theirs = expected.start[:, row, node["line"] if config.batch_first else node["step"]]
        np.testing.assert_array_equal(shown[:, at], theirs)


@pytest.mark.parametrize("direction", list(Direction))
def test_the_pairs_are_the_flows_and_the_matrix_can_be_chosen(open_screen: Open, direction: Direction) -> None:
    config = CONFIGS[1]
    screen = opened(open_screen, config, layer="1", direction=str(direction))
    flow = gradient_flow(build_model(config), encode(config), 0, 1, direction=direction)
    for which, expected in (
        ("loss", flow.loss_sensitivity_TT),
        ("state", flow.state_jacobian_norm_TT),
        ("input", flow.input_influence_TT),
    ):
        screen.enter(pairs_of=which)
        (shown,) = screen.heatmaps("pairs")
        with np.errstate(divide="ignore"):
            logs = np.log10(expected)
        np.testing.assert_array_equal(shown, np.where(np.isfinite(logs), logs, np.nan))


def test_the_rate_is_said_in_words_for_every_cell_at_the_same_sizes(open_screen: Open) -> None:
    screen = opened(open_screen, RunConfig())
    said = screen.markdown("rates")
    for cell in Cell:
        config = RunConfig(cell=cell)
        rate = gradient_flow(build_model(config), encode(config)).decay_rate
        assert rate is not None
        (line,) = (words for words in said if words.startswith(f"- `{cell}`"))
        assert "untrained" in line
        steps = float(re.findall(r"every ([\d.]+) steps", line)[0])
        assert steps == pytest.approx(np.log(2) / abs(np.log(rate)), rel=0.05)


def test_the_other_cells_are_trained_as_far_on_a_click(open_screen: Open) -> None:
    screen = open_screen("train", RunConfig())
    for _press in range(3):
        screen.press("Step")
    screen.go("through_time")
    assert sum("untrained" in words for words in screen.markdown("rates")) == 2
    screen.press("Train gru and lstm to epoch 3 as well")
    assert screen.errors == []
    assert sum("epoch 3" in words for words in screen.markdown("rates")) == 3
    assert {config.cell: run.epoch for config, run in screen.runs.items()} == dict.fromkeys(Cell, 3)
    gru = Trainer(RunConfig(cell=Cell.GRU))
    gru.run(3)
    rate = gradient_flow(gru.model, gru.encoding).decay_rate
    (line,) = (words for words in screen.markdown("rates") if words.startswith("- `gru`"))
    assert f"×{format_significant(float(rate or 0), digits=4)}" in line


def test_the_ledger_adds_up_to_what_autograd_says(open_screen: Open) -> None:
    for config in CONFIGS:
        (words,) = opened(open_screen, config).markdown("ledger_check")
        assert "check_circle" in words
        ours, theirs = (float(number.replace("−", "-")) for number in re.findall(r"\*\*([^*]+)\*\*", words))
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_after_training_it_is_the_trained_network_and_the_slider_goes_back(open_screen: Open) -> None:
    screen = open_screen("train", RunConfig())
    screen.press("Step")
    screen.go("through_time")
    trainer = Trainer(RunConfig())
    trainer.run(1)
    for epoch in (1, 0):
        screen.enter(epoch=epoch)
        flow = gradient_flow(trainer.model_at(epoch), trainer.encoding)
        (shown,) = screen.heatmaps("along")
        np.testing.assert_array_equal(shown, flow.state_gradient_TH.T.astype(np.float32))


def test_not_batch_first_on_one_line_the_page_says_why_nothing_flows(open_screen: Open) -> None:
    screen = opened(open_screen, RunConfig(batch_first=False))
    assert any("no gradient flows between characters at all" in note.value for note in screen.app.info)
    (shown,) = screen.heatmaps("pairs")
    assert np.isnan(shown[~np.eye(12, dtype=bool)]).all()
    assert np.isfinite(np.diagonal(shown)).all()


def test_one_character_says_that_there_is_nothing_to_fade_over(open_screen: Open) -> None:
    screen = opened(open_screen, RunConfig("a", head=Head.LINEAR, hidden_size=2))
    assert any("nothing to fade over" in words for words in screen.markdown("flow_sentences"))


def test_a_dead_relu_says_that_nothing_comes_back_and_the_others_are_still_compared(open_screen: Open) -> None:
    config = RunConfig("hello", nonlinearity=Nonlinearity.RELU, head=Head.LINEAR)
    screen = open_screen("train", config)
    screen.press("Step")
    (run,) = screen.runs.values()
    run.model.state_dict()["rnn.bias_ih_l0"].fill_(-100.0)
    screen.go("through_time")
    assert any("nothing comes back" in words for words in screen.markdown("flow_sentences"))
    said = screen.markdown("rates")
    assert any(words.startswith("- `rnn`") and "nothing comes back" in words for words in said)
    assert any(words.startswith("- `lstm`") and "halves" in words for words in said)


@pytest.mark.parametrize("scale", [0.1, 3.0])
def test_what_w_hh_decides_is_said_of_its_own_stretch(open_screen: Open, scale: float) -> None:
    screen = open_screen("train", RunConfig())
    screen.press("Step")
    (run,) = screen.runs.values()
    run.model.state_dict()["rnn.weight_hh_l0"].mul_(scale)
    screen.go("through_time")
    stretch = gradient_flow(run.model, run.encoding).largest_stretch["hidden"]
    said = " ".join(screen.markdown("spectral"))
    assert f"**{format_number(stretch)}**" in said
    assert ("must shrink" in said) == (stretch < 1) == (scale < 1)
    lstm = opened(open_screen, RunConfig(cell=Cell.LSTM))
    assert "must shrink" not in " ".join(lstm.markdown("spectral"))


def test_512_steps_show_those_around_the_cursor_and_say_so(open_screen: Open) -> None:
    config = RunConfig("abcdefgh" * 64, head=Head.LINEAR, hidden_size=8)
    screen = opened(open_screen, config, t="300")
    first, end = screen.live("network_back")["steps"]
    assert first < 300 < end
    assert end - first < 100
    assert any(f"steps {first}…{end - 1} of 512" in caption.value for caption in screen.app.caption)


def test_a_network_whose_loss_has_diverged_gets_a_sentence(open_screen: Open) -> None:
    config = RunConfig(nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, optimizer=Optimizer.SGD, learning_rate=10.0)
    screen = open_screen("train", config)
    while not screen.button("Step").disabled:
        screen.press("Step")
    screen.go("through_time")
    (error,) = screen.errors
    assert re.fullmatch(r"[\w.]+ must be finite to follow a gradient, got (nan|-?inf)", error)


def test_weights_that_are_no_numbers_get_a_sentence(open_screen: Open) -> None:
    screen = open_screen("train", RunConfig())
    screen.press("Step")
    (run,) = screen.runs.values()
    run.model.state_dict()["rnn.weight_hh_l0"][0, 0] = float("nan")
    screen.go("through_time")
    assert screen.errors == ["weight_hh_l0 must be finite to follow a gradient, got nan"]
    assert not screen.has("gradient_picture")
    screen.enter(epoch=0)
    assert screen.errors == []
    assert screen.has("gradient_picture")


@pytest.mark.parametrize("text", [HOSTILE["an image with a script"], HOSTILE["a template"]])
def test_hostile_text_is_data_and_nothing_else(open_screen: Open, text: str) -> None:
    screen = opened(open_screen, RunConfig(text))
    assert screen.live("dependence")["tokens"][0] == encode(RunConfig(text)).inputs[0][0]
