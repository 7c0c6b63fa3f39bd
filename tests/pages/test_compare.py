"""Compare: every curve is the core's; what is chosen is what runs; it can be cancelled, taken up and taken home."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rnn_core import RunConfig
from rnn_core.comparison import Comparison
from rnn_core.config import Cell, Head, Task
from rnn_core.export import to_sweep
from rnn_core.grid import GRID_KEYS
from rnn_core.presets import remember_across
from rnn_core.runs import train_run
from tests.pages.conftest import Open, Screen, typed_array

CONFIG = RunConfig("hello", task=Task.NEXT, head=Head.LINEAR, learning_rate=0.03)
EPOCHS = 12


def opened(open_screen: Open, config: RunConfig = CONFIG) -> Screen:
    screen = open_screen("compare", config)
    screen.enter(seeds_count=2, epochs_count=EPOCHS)
    return screen


def present(screen: Screen) -> Comparison:
    comparison: Comparison = list(screen.app.session_state["comparisons"].values())[-1]
    return comparison


def finished(screen: Screen) -> Screen:
    screen.press("Run")
    for _frame in range(300):
        if present(screen).done:
            break
        screen.run()
    screen.run()
    return screen


@pytest.mark.parametrize("together", [True, False])
def test_the_curves_are_those_of_the_runs(open_screen: Open, together: bool) -> None:
    screen = opened(open_screen)
    screen.enter(seeds_together=together)
    finished(screen)
    for number, cell in enumerate(Cell):
        runs = [train_run(replace(CONFIG, cell=cell, seed=seed), EPOCHS) for seed in (0, 1)]
        atol, rtol = (1e-5, 0) if together else (0, 1e-7)
        for chart, curves in (
            ("race_loss_plot", [run.loss_E for run in runs]),
            ("race_accuracy_plot", [run.accuracy_E for run in runs]),
        ):
            middle = screen.live(chart)["data"][3 * number + 2]
            assert middle["name"] == cell
            np.testing.assert_allclose(typed_array(middle["y"]), np.median(curves, axis=0), atol=atol, rtol=rtol)
    assert ("together" in screen.live("race_lane_0")["text"]) == together


def test_the_same_config_and_seed_is_the_curve_of_train_bit_for_bit(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(seeds_count=1, seeds_together=False)
    finished(screen)
    (trained,) = (run for run in present(screen).runs() if run.config == CONFIG)
    screen.go("train")
    for _update in range(EPOCHS):
        screen.press("Step")
    trainer = screen.runs[CONFIG]
    assert trained.loss_E.tolist() == [*trainer.history.losses(0), trainer.now.loss_nats]


def test_before_it_runs_nothing_looks_like_a_result(open_screen: Open) -> None:
    screen = opened(open_screen)
    assert screen.charts() == {}
    assert list(screen.app.dataframe) == []
    (plan,) = [one.value for one in screen.app.markdown if one.value.startswith("Nothing is trained yet")]
    assert f"6 networks for {EPOCHS} epochs" in plan
    finished(screen)
    assert len(screen.charts()) == 3
    assert len(screen.app.dataframe) == 1


def test_the_head_is_of_the_experiment_that_is_compared(open_screen: Open) -> None:
    screen = opened(open_screen)
    assert any("text hello · task next" in text.value for text in screen.app.text)
    screen.enter(compare_text="dots")
    screen.enter(dots=7)
    assert screen.badges == open_screen("train", remember_across(7)).badges
    assert any("a.......a" in text.value and "not the network of the sidebar" in text.value for text in screen.app.text)


def test_runs_that_died_are_counted_as_diverged(open_screen: Open) -> None:
    wild = RunConfig(nonlinearity="relu", head=Head.LINEAR, optimizer="sgd", learning_rate=10.0)  # type: ignore[arg-type]
    screen = open_screen("compare", wild)
    screen.enter(seeds_count=2, epochs_count=40, values_cell=["rnn"])
    finished(screen)
    (lane,) = present(screen).lanes
    lost = [epoch for epoch in lane.diverged_at if epoch is not None]
    assert lost
    assert f"{len(lost)} of 2 diverged, the first at epoch {min(lost)}" in screen.live("race_lane_0")["text"]


def test_it_is_cancelled_where_it_is_and_goes_on_from_there(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(epochs_count=2_000)
    screen.press("Run")
    assert screen.frame()["race_status"]["text"]
    screen.press("Cancel")
    reached = [lane.epoch for lane in present(screen).lanes]
    assert max(reached) > 0
    assert not present(screen).done
    screen.run()
    assert [lane.epoch for lane in present(screen).lanes] == reached
    (table,) = screen.app.dataframe
    assert table.value["epochs"].tolist() == [epoch for epoch in reached for _seed in range(2)]
    screen.press("Run")
    assert min(lane.epoch for lane in present(screen).lanes) >= min(reached)
    assert max(lane.epoch for lane in present(screen).lanes) > max(reached)
    screen.press("Cancel")
    screen.press("Reset")
    assert [lane.epoch for lane in present(screen).lanes] == [0, 0, 0]


def test_what_is_chosen_is_what_is_compared(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(compare_by="learning_rate")
    screen.enter(values_learning_rate=[0.3, 0.001])
    assert present(screen).configs == tuple(replace(CONFIG, learning_rate=rate) for rate in (0.001, 0.3))
    screen.enter(compare_by="num_layers")
    assert present(screen).configs == tuple(replace(CONFIG, num_layers=layers) for layers in (1, 2, 3))
    screen.enter(compare_by="cell", compare_text="dots")
    screen.enter(dots=5)
    assert present(screen).configs == tuple(replace(remember_across(5), cell=cell) for cell in Cell)


def test_without_a_head_sizes_are_compared_with_one_and_that_is_said(open_screen: Open) -> None:
    screen = opened(open_screen, RunConfig())
    screen.enter(compare_by="hidden_size")
    assert all(config.head is Head.LINEAR for config in present(screen).configs)
    assert any("All with `head` *linear*" in caption.value for caption in screen.app.caption)


def test_a_list_of_ones_own_is_compared_and_can_be_shortened(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(compare_by="list")
    assert screen.errors == ["the list must have 1…6 networks to compare, got none"]
    screen.press("Add the sidebar's network")
    screen.enter(cell="lstm", hidden_size=7)
    screen.press("Add the sidebar's network")
    expected = (CONFIG, replace(CONFIG, cell=Cell.LSTM, hidden_size=7))
    assert present(screen).configs == expected
    screen.widget("unlist_0").click()
    screen.run()
    assert present(screen).configs == expected[1:]


def test_a_comparison_that_is_done_is_still_there_when_one_comes_back(open_screen: Open) -> None:
    screen = finished(opened(open_screen))
    losses = [lane.loss_EK.copy() for lane in present(screen).lanes]
    screen.enter(seeds_count=3)
    assert not present(screen).done
    screen.go("train")
    screen.go("compare")
    screen.enter(seeds_count=2)
    assert present(screen).done
    for lane, before in zip(present(screen).lanes, losses, strict=True):
        np.testing.assert_array_equal(lane.loss_EK, before)
    assert screen.button("Run").disabled


QUERY = {
    "compare": "hidden_size",
    "compare_values": "4,8",
    "compare_dots": "7",
    "compare_seeds": "2",
    "compare_epochs": "12",
    "compare_together": "false",
}


def said(screen: Screen) -> dict[str, str]:
    """What the address says of the comparison."""
    address = {key: screen.app.query_params[key] for key in GRID_KEYS if key in screen.app.query_params}
    return {key: "".join(value) for key, value in address.items()}


def test_a_link_opens_the_comparison_it_names_and_the_address_goes_on_saying_it(open_screen: Open) -> None:
    screen = open_screen("compare", CONFIG.to_query() | QUERY)
    comparison = present(screen)
    assert [config.hidden_size for config in comparison.configs] == [4, 8]
    assert {config.text for config in comparison.configs} == {remember_across(7).text}
    assert (comparison.seeds, comparison.epochs) == ((0, 1), 12)
    assert not any(lane.together for lane in comparison.lanes)
    assert said(screen) == QUERY
    screen.enter(compare_text="typed", seeds_count=3)
    query = QUERY | {"compare_seeds": "3"}
    del query["compare_dots"]
    assert said(screen) == query


def test_a_list_is_part_of_the_link(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(compare_by="list")
    screen.press("Add the sidebar's network")
    screen.enter(cell="gru")
    screen.press("Add the sidebar's network")
    listed = present(screen).configs
    other = open_screen("compare", CONFIG.to_query() | said(screen))
    assert present(other).configs == listed
    assert [config.cell for config in listed] == [Cell.RNN, Cell.GRU]


def test_no_value_to_compare_is_said_in_a_sentence(open_screen: Open) -> None:
    screen = opened(open_screen)
    screen.enter(values_cell=[])
    assert screen.errors == ["cell must have 1…6 values to compare, got none"]
    screen.enter(values_cell=["gru"])
    assert screen.errors == []


def test_the_table_and_the_script_are_those_of_the_runs(open_screen: Open) -> None:
    screen = finished(opened(open_screen))
    runs = present(screen).runs()
    (table,) = screen.app.dataframe
    assert table.value["network"].tolist() == ["rnn", "rnn", "gru", "gru", "lstm", "lstm"]
    assert table.value["loss"].tolist() == [run.loss_E[-1] for run in runs]
    assert table.value["seed"].tolist() == [0, 1] * 3
    configs = [replace(CONFIG, cell=cell) for cell in Cell]
    assert to_sweep(configs, (0, 1), epochs=EPOCHS).rstrip() in [code.value for code in screen.app.code]


def test_the_download_is_the_table_of_all_runs(open_screen: Open) -> None:
    from rnn_core.tables import runs_csv

    screen = finished(opened(open_screen, replace(CONFIG, text="=hel")))
    table = pd.read_csv(io.StringIO(runs_csv(present(screen).runs())))
    assert table["text"].tolist() == ["'=hel"] * 6
    assert screen.app.get("download_button")


def test_a_large_grid_is_refused_in_a_sentence_and_a_large_network_is_not_measured_at_once(open_screen: Open) -> None:
    large = RunConfig("ab" * 200, cell=Cell.LSTM, head=Head.LINEAR, hidden_size=128, num_layers=4, bidirectional=True)
    screen = open_screen("compare", large)
    assert [error.startswith("all networks together must have at most 10,000,000") for error in screen.errors] == [True]
    screen.enter(seeds_count=1)
    assert screen.errors == []
    assert [lane.epoch for lane in present(screen).lanes] == [-1, -1, -1]
