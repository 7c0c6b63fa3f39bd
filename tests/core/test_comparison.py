"""Configs side by side: each run is its Trainer's, together or one by one, in slices of whatever length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_core import ConfigError, RunConfig, Trainer
from rnn_core.comparison import MAX_CONFIGS, MAX_EPOCHS_COMPARED, MAX_SEEDS, Comparison, names
from rnn_core.config import Cell, Head, Optimizer, Task
from rnn_core.presets import MAX_DOTS, remember_across
from rnn_core.progress import State
from rnn_core.runs import train_run

BASE = RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR, hidden_size=5, learning_rate=0.03)
CELLS = [replace(BASE, cell=cell) for cell in Cell]
SEEDS = (3, 0, 7)
ROUNDING = 1e-5
"""How far the loss of seeds that are trained together may be from the separate run's, nats."""


def finished(comparison: Comparison) -> Comparison:
    while not comparison.done:
        comparison.advance(0)
    return comparison


def test_one_by_one_every_run_is_the_trainers_bit_for_bit() -> None:
    comparison = finished(Comparison(CELLS, SEEDS, epochs=13, together=False))
    runs = iter(comparison.runs())
    for config in CELLS:
        for seed in SEEDS:
            run, alone = next(runs), train_run(replace(config, seed=seed), 13)
            assert run.config == alone.config
            assert run.epochs == 13
            np.testing.assert_array_equal(run.loss_E, alone.loss_E)
            np.testing.assert_array_equal(run.accuracy_E, alone.accuracy_E)
            assert (run.first_right, run.parameters) == (alone.first_right, alone.parameters)


def test_together_every_run_is_the_trainers_to_1e_5() -> None:
    comparison = finished(Comparison(CELLS, SEEDS, epochs=13, together=True))
    assert all(lane.together for lane in comparison.lanes)
    for run in comparison.runs():
        alone = Trainer(run.config)
        alone.run(13)
        losses = [*alone.history.losses(0), alone.now.loss_nats]
        np.testing.assert_allclose(run.loss_E, losses, atol=ROUNDING, rtol=0)


@settings(max_examples=12)
@given(st.lists(st.sampled_from([0.0, 1e-4, 1e-3]), min_size=1, max_size=5), st.booleans())
def test_the_slices_do_not_matter(slices: list[float], together: bool) -> None:
    sliced = Comparison(CELLS[:2], (0, 1), epochs=4, together=together)
    for seconds in slices:
        sliced.advance(seconds)
    whole = finished(Comparison(CELLS[:2], (0, 1), epochs=4, together=together))
    for one, other in zip(finished(sliced).lanes, whole.lanes, strict=True):
        np.testing.assert_array_equal(one.loss_EK, other.loss_EK)
        np.testing.assert_array_equal(one.accuracy_EK, other.accuracy_EK)


def test_all_configs_advance_alike() -> None:
    comparison = Comparison(CELLS, SEEDS, epochs=9, together=False)
    comparison.measure()
    assert [lane.epoch for lane in comparison.lanes] == [0, 0, 0]
    while not comparison.done:
        comparison.advance(0)
        epochs = [lane.epoch for lane in comparison.lanes]
        assert max(epochs) - min(epochs) <= 1
    assert comparison.share == 1


@pytest.mark.parametrize("together", [True, False])
def test_a_run_that_loses_its_loss_ends_there_and_the_others_go_on(together: bool) -> None:
    wild = replace(BASE, nonlinearity="relu", optimizer=Optimizer.SGD, learning_rate=10.0)  # type: ignore[arg-type]
    comparison = finished(Comparison([wild, BASE], range(6), epochs=60, together=together))
    lost = [run for run in comparison.runs()[:6] if run.epochs < 60]
    assert lost
    for run in lost:
        assert not np.isfinite(run.loss_E[-1])
        assert np.isfinite(run.loss_E[:-1]).all()
    assert all(run.epochs == 60 for run in comparison.runs()[6:])
    band = comparison.lanes[1].band(comparison.lanes[1].loss_EK, 500)
    assert np.isfinite(band.median_E).all()


@pytest.mark.parametrize("together", [True, False])
def test_where_every_seed_loses_its_loss_the_epochs_that_were_made_are_counted(together: bool) -> None:
    wild = replace(BASE, nonlinearity="relu", optimizer=Optimizer.SGD, learning_rate=10.0)  # type: ignore[arg-type]
    made = {seed: train_run(replace(wild, seed=seed), 60).epochs for seed in range(12)}
    lost = [seed for seed, epochs in made.items() if epochs < 60]
    assert len(lost) > 1
    (lane,) = finished(Comparison([wild], lost, epochs=2_000, together=together)).lanes
    assert lane.done
    assert lane.epoch == max(made[seed] for seed in lost)
    assert [run.epochs for run in lane.runs()] == [made[seed] for seed in lost]
    assert lane.seconds_per_epoch == pytest.approx(lane.seconds / (len(lost) * lane.epoch))


def test_before_anything_is_measured_nothing_is_done() -> None:
    assert Comparison(CELLS, SEEDS, epochs=9, together=True).share == 0


def test_a_band_is_median_and_quartiles_over_the_seeds() -> None:
    lane = finished(Comparison([BASE], SEEDS, epochs=11, together=False)).lanes[0]
    band = lane.band(lane.loss_EK, 500)
    assert band.epoch_E.tolist() == list(range(12))
    np.testing.assert_array_equal(band.median_E, np.median(lane.loss_EK, axis=1))
    np.testing.assert_array_equal(band.low_E, np.quantile(lane.loss_EK, 0.25, axis=1))
    np.testing.assert_array_equal(band.high_E, np.quantile(lane.loss_EK, 0.75, axis=1))
    few = lane.band(lane.loss_EK, 4)
    assert few.epoch_E.tolist() == [0, 4, 7, 11]
    np.testing.assert_array_equal(few.median_E, band.median_E[few.epoch_E])


def test_a_large_network_is_trained_seed_by_seed_so_that_a_slice_stays_short() -> None:
    large = replace(BASE, hidden_size=128, num_layers=4)
    (lane,) = Comparison([large], range(20), epochs=1, together=True).lanes
    assert not lane.together
    lane.advance()
    assert lane.epoch == -1  # one of twenty is measured


def test_what_differs_names_a_config() -> None:
    assert names(CELLS) == ("rnn", "gru", "lstm")
    assert names([BASE]) == ("rnn",)
    rates = [replace(BASE, learning_rate=rate) for rate in (0.1, 0.01)]
    assert names(rates) == ("learning_rate 0.1", "learning_rate 0.01")
    assert names([CELLS[1], replace(BASE, hidden_size=7)]) == ("gru, hidden_size 5", "rnn, hidden_size 7")
    assert names([]) == ()


@pytest.mark.parametrize(
    ("configs", "seeds", "epochs", "sentence"),
    [
        ([], (0,), 1, f"configs must be 1…{MAX_CONFIGS}, got 0"),
        ([BASE, replace(BASE, seed=4)], (0,), 1, "configs must differ from each other, got one twice"),
        ([BASE], (), 1, f"seeds must be 1…{MAX_SEEDS}, got 0"),
        ([BASE], range(21), 1, f"seeds must be 1…{MAX_SEEDS}, got 21"),
        ([BASE], (1, 1), 1, "seeds must differ from each other, got one twice"),
        ([BASE], (2**32,), 1, "seed must be 0…4294967295, got 4294967296"),
        ([BASE], (0,), 0, f"epochs must be 1…{MAX_EPOCHS_COMPARED}, got 0"),
        ([BASE], (0,), 2_001, f"epochs must be 1…{MAX_EPOCHS_COMPARED}, got 2001"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(
    configs: list[RunConfig], seeds: list[int], epochs: int, sentence: str
) -> None:
    with pytest.raises(ConfigError, match=f"^{sentence}$"):
        Comparison(configs, seeds, epochs=epochs, together=True)


def test_remember_across_differs_at_the_ends_only() -> None:
    config = remember_across(7)
    assert config.text == "a.......a\nb.......b"
    assert config.task is Task.NEXT
    for dots in (0, MAX_DOTS + 1):
        with pytest.raises(ConfigError, match=f"dots must be 1…{MAX_DOTS}, got {dots}"):
            remember_across(dots)


@pytest.mark.parametrize("together", [True, False])
def test_a_run_that_died_is_right_nowhere_from_then_on(together: bool) -> None:
    wild = replace(BASE, nonlinearity="relu", optimizer=Optimizer.SGD, learning_rate=10.0)  # type: ignore[arg-type]
    (lane,) = finished(Comparison([wild], range(6), epochs=60, together=together)).lanes
    assert any(lost is not None for lost in lane.diverged_at)
    for k, lost in enumerate(lane.diverged_at):
        if lost is not None:
            assert np.isnan(lane.accuracy_EK[lost:, k]).all()
            assert not np.isfinite(lane.loss_EK[lost:, k]).any()
            assert lane.first_right[k] is None
            assert lane.states[k] is State.DIVERGED


@pytest.mark.parametrize("together", [True, False])
def test_where_one_character_is_remembered_only_that_counts(together: bool) -> None:
    config = remember_across(5)
    (lane,) = finished(Comparison([config], (0, 1), epochs=30, together=together, remembered=True)).lanes
    for k, seed in enumerate((0, 1)):
        trainer = Trainer(replace(config, seed=seed))
        trainer.run(30)
        wrong = [[t for t, _token in errors] for errors in trainer.now.errors]
        assert lane.accuracy_EK[30, k] == 1 - sum(5 in line for line in wrong) / 2
