"""Every output of Compare says the same of a run: which steps count, what became of it, and that it has died."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from pages.ui.compare import film
from pages.ui.compare.film import lane_words
from rnn_core import RunConfig, Trainer
from rnn_core.comparison import Comparison, Lane
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from rnn_core.figures.comparison import DIVERGED, NOT_YET, first_right_figure
from rnn_core.figures.theme import LIGHT
from rnn_core.presets import remember_across
from rnn_core.tables import runs_table
from tests.pages.conftest import Open, Screen, typed_array

SEEDS = 3
EPOCHS = 60
WILD = RunConfig(
    head=Head.LINEAR,
    hidden_size=16,
    nonlinearity=Nonlinearity.RELU,
    optimizer=Optimizer.SGD,
    learning_rate=10.0,
)
"""Its seeds 0 and 2 diverge within ten updates, whatever the rounding; seed 1 does not."""

DOTS = 5
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What one output shows of the runs of one config; None for what it has no place for.

    Attributes:
        diverged: the epoch at which each run diverged, None for one that did not; or how many of them did.
        right: the first epoch at which each run was right; or how many are right at the last epoch.
        share: the accuracy of each run at the last epoch, nan without one; or the median of them.
    """

    diverged: tuple[int | None, ...] | int | None = None
    right: tuple[int | None, ...] | int | None = None
    share: tuple[float, ...] | float | None = None


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], str]]:
    """What each download of the page makes, the last one last."""
    made: list[Callable[[], str]] = []
    monkeypatch.setattr("streamlit.download_button", lambda _label, data, **_options: made.append(data))
    return made


def finished(screen: Screen) -> Comparison:
    """The comparison of the page, run to its end."""
    screen.press("Run")
    comparison: Comparison = list(screen.app.session_state["comparisons"].values())[-1]
    for _update in range(300):
        if comparison.done:
            break
        screen.run()
    screen.run()
    assert comparison.done
    return comparison


def _of_words(screen: Screen) -> Shown:
    words = screen.live("race_lane_0")["text"]
    parts = words.split(": ", maxsplit=1)[1].split(" · ")
    counts = {part.split(" ")[3]: int(part.split(" ")[0]) for part in parts if f" of {SEEDS} " in part}
    now = counts.get("right", counts.get("have"))
    assert now is not None
    return Shown(diverged=counts.get("diverged,", 0), right=now)


def _last_of_band(screen: Screen, chart: str) -> float:
    """The median of the last epoch."""
    low, high, middle = screen.live(chart)["data"]
    last = [float(typed_array(trace["y"])[-1]) for trace in (low, middle, high)]
    assert last == sorted(last)
    return last[1]


def _of_losses(screen: Screen) -> Shown:
    assert np.isfinite(_last_of_band(screen, "race_loss_plot"))
    return Shown()


def _of_shares(screen: Screen) -> Shown:
    return Shown(share=_last_of_band(screen, "race_accuracy_plot"))


def _of_dots(screen: Screen) -> Shown:
    figure = screen.live("race_right_plot")
    right, other = figure["data"]
    axis = figure["layout"]["xaxis"]
    places = dict(zip(axis["ticktext"], axis["tickvals"], strict=True))
    x_right, x_other = typed_array(right["x"]), typed_array(other["x"])
    first = tuple(None if np.isnan(x) else round(float(x)) for x in x_right)
    diverged: list[int | None] = []
    for x, (_seed, words) in zip(x_other, other["customdata"], strict=True):
        lost = bool(np.isclose(x, places[DIVERGED]))
        assert lost or np.isnan(x) or np.isclose(x, places[NOT_YET])
        diverged.append(int(words.removeprefix(f"{DIVERGED} at epoch ")) if lost else None)
    return Shown(diverged=tuple(diverged), right=first)


def _of_table(table: pd.DataFrame) -> Shown:
    whole = [
        tuple(None if pd.isna(value) else int(value) for value in table[name])
        for name in ("diverged_at", "first_right")
    ]
    return Shown(diverged=whole[0], right=whole[1], share=tuple(table["accuracy"]))


def _of_script(code: str, folder: Path) -> Shown:
    """The table that the script writes, run here, one run after the other."""
    assert code.count("n_jobs=-1") == 1
    code = code.replace("n_jobs=-1", "n_jobs=1").replace('"runs', f'"{folder}/runs')
    exec(code, {"__name__": "__main__"})
    return _of_table(pd.read_csv(folder / "runs.csv"))


Files = list[Callable[[], str]]
READERS: Mapping[str, Callable[[Screen, Files, Path], Shown]] = {
    "race_status": lambda _screen, _files, _folder: Shown(),
    "race_lane_0": lambda screen, _files, _folder: _of_words(screen),
    "race_loss_plot": lambda screen, _files, _folder: _of_losses(screen),
    "race_accuracy_plot": lambda screen, _files, _folder: _of_shares(screen),
    "race_right_plot": lambda screen, _files, _folder: _of_dots(screen),
    "dataframe": lambda screen, _files, _folder: _of_table(screen.app.dataframe[0].value),
    "download": lambda _screen, files, _folder: _of_table(pd.read_csv(io.StringIO(files[-1]()))),
    "code": lambda screen, _files, folder: _of_script(screen.app.code[-1].value, folder),
}
"""Every output of the page once a comparison has run, with what reads it."""


def outputs(screen: Screen, files: Files) -> list[str]:
    """The names of everything that the page shows of a comparison that has run."""
    drawn = [key for key in screen.mounted if key.startswith("race_")]
    drawn += ["dataframe"] * len(screen.app.dataframe) + ["code"] * len(screen.app.code)
    return drawn + ["download"] * bool(files)


def assert_shows(shown: Shown, expected: Shown, output: str) -> None:
    """What an output shows is so, as runs or as their count or median."""
    for name in ("diverged", "right"):
        found, whole = getattr(shown, name), getattr(expected, name)
        if isinstance(found, tuple):
            assert found == whole, f"{output}: {name}"
    share = np.array(expected.share)
    if isinstance(shown.diverged, int):
        assert isinstance(expected.diverged, tuple)
        assert shown.diverged == sum(lost is not None for lost in expected.diverged)
    if isinstance(shown.right, int):
        assert shown.right == (share == 1).sum()
    if isinstance(shown.share, tuple):
        np.testing.assert_allclose(shown.share, share, rtol=1e-12, atol=0)
    elif shown.share is not None:
        np.testing.assert_allclose(shown.share, np.nanmedian(share), rtol=1e-6)


def expected_of(comparison: Comparison, shares: Callable[[int, int], list[float]]) -> Shown:
    """What must be shown of the runs of the one config, by their losses alone.

    Args:
        shares: takes a seed and an epoch, and returns the counted accuracy at every epoch up to it.
    """
    (lane,) = comparison.lanes
    diverged, right, share = [], [], []
    for k, seed in enumerate(lane.seeds):
        lost = np.flatnonzero(~np.isfinite(lane.loss_EK[: lane.epoch + 1, k]))
        diverged.append(int(lost[0]) if lost.size else None)
        counted = shares(seed, lane.epoch) if not lost.size else []
        firsts = [epoch for epoch, value in enumerate(counted) if value == 1]
        right.append(firsts[0] if firsts else None)
        share.append(counted[-1] if counted else float("nan"))
    return Shown(diverged=tuple(diverged), right=tuple(right), share=tuple(share))


def _all_steps(config: RunConfig) -> Callable[[int, int], list[float]]:
    return lambda seed, epoch: [record.accuracy for record in _records(config, seed, epoch)]


def _last_steps(config: RunConfig) -> Callable[[int, int], list[float]]:
    last = {line: len(text) - 2 for line, text in enumerate(config.text.splitlines())}
    return lambda seed, epoch: [
        1 - sum(any(t == last[line] for t, _ in errors) for line, errors in enumerate(record.errors)) / len(last)
        for record in _records(config, seed, epoch)
    ]


def _records(config: RunConfig, seed: int, epoch: int) -> list[Any]:
    trainer = Trainer(replace(config, seed=seed))
    return [*trainer.run(epoch), trainer.now]


@pytest.mark.parametrize("together", [True, False], ids=["together", "one by one"])
def test_a_run_that_diverged_has_diverged_in_every_output(
    open_screen: Open, files: Files, tmp_path: Path, together: bool
) -> None:
    screen = open_screen("compare", WILD)
    screen.enter(seeds_count=SEEDS, epochs_count=EPOCHS, values_cell=["rnn"], seeds_together=together)
    comparison = finished(screen)
    expected = expected_of(comparison, _all_steps(WILD))
    assert isinstance(expected.diverged, tuple)
    assert [lost is None for lost in expected.diverged] == [False, True, False]
    assert set(outputs(screen, files)) == set(READERS)
    for name, read in READERS.items():
        assert_shows(read(screen, files, tmp_path), expected, name)


@pytest.mark.parametrize("together", [True, False], ids=["together", "one by one"])
def test_where_one_character_is_remembered_it_alone_counts_in_every_output(
    open_screen: Open, files: Files, tmp_path: Path, together: bool
) -> None:
    screen = open_screen("compare", RunConfig(seed=11))  # of 12 the last tokens alone are right untrained
    screen.enter(compare_text="dots", seeds_count=SEEDS, epochs_count=20, seeds_together=together)
    screen.enter(dots=DOTS, values_cell=["rnn"])
    comparison = finished(screen)
    (config,) = comparison.configs
    assert config.text == remember_across(DOTS).text
    expected, of_all = (expected_of(comparison, count(config)) for count in (_last_steps, _all_steps))
    assert expected.right != of_all.right
    assert np.median(np.array(expected.share)) != np.median(np.array(of_all.share))
    assert set(outputs(screen, files)) == set(READERS)
    for name, read in READERS.items():
        assert_shows(read(screen, files, tmp_path), expected, name)
    assert set(screen.app.dataframe[0].value["counted"]) == {"last"}


# --- the words for what became of a run, in each place that has them --------------------------------------------------

FALLING = np.array([2.0 * 0.99**epoch for epoch in range(EPOCHS + 1)])
CURVES: Mapping[str, tuple[npt.NDArray[np.float64], int | None]] = {
    "not finished": (FALLING, None),
    "right, and not finished": (FALLING, 20),
    "right": (np.full(EPOCHS + 1, 0.5), 20),
    "never right": (np.full(EPOCHS + 1, 1.5), None),
    "diverged": (np.where(np.arange(EPOCHS + 1) < 30, 2.0, np.nan), None),
    "right, then diverged": (np.where(np.arange(EPOCHS + 1) < 30, 0.5, np.nan), 20),
}
"""The states that a run can end in: its losses, and the epoch from which on it is right."""


def _lane(states: Sequence[str], *, remembered: bool) -> Lane:
    """One config whose runs end in ``states``, a seed each, as if they had been trained."""
    config = RunConfig("ab", head=Head.LINEAR)
    lane = Lane(config, range(len(states)), EPOCHS, together=False, remembered=remembered)
    for epoch in range(EPOCHS + 1):
        for k, state in enumerate(states):
            loss_E, right = CURVES[state]
            share = 1.0 if right is not None and epoch >= right else 0.5
            lane.enter(epoch, k, loss=float(loss_E[epoch]), accuracy=share, last_accuracy=share)
    lane.epoch, lane.seconds = EPOCHS, 1.0
    return lane


@pytest.mark.parametrize("remembered", [False, True], ids=["all steps", "remembered"])
@pytest.mark.parametrize("state", CURVES)
def test_each_state_of_a_run_is_worded_alike_in_every_place(state: str, remembered: bool) -> None:
    lane = _lane([state], remembered=remembered)
    diverged, right, falling = (
        "diverged" in state,
        state.startswith("right") and "diverged" not in state,
        state.endswith("not finished"),
    )
    words = lane_words(lane, "rnn").removeprefix("rnn: ").split(" · ")
    have = "have the remembered characters right now" if remembered else "right now"
    assert words[0] == f"{int(right)} of 1 {have}"
    assert ("first right in 1 of 1, median epoch 20" in words) == right
    assert ("1 of 1 diverged, the first at epoch 30" in words) == diverged
    assert ("1 of 1 not finished: the loss still falls" in words) == falling
    dots, others = first_right_figure([lane], ["rnn"], LIGHT, title="first", last=EPOCHS).data
    assert dots.x[0] == 20 if right else np.isnan(dots.x[0])
    if right:
        assert np.isnan(others.x[0])
    else:
        expected = f"{DIVERGED} at epoch 30" if diverged else "never right"
        assert others.customdata[0][1] == (f"{NOT_YET} right: the loss still falls" if falling else expected)
    row = runs_table(lane.runs()).iloc[0]
    assert row["first_right"] == 20 if right else pd.isna(row["first_right"])
    assert row["diverged_at"] == 30 if diverged else pd.isna(row["diverged_at"])
    assert math.isnan(row["accuracy"]) == diverged
    assert row["counted"] == ("last" if remembered else "all")


def test_the_counts_of_several_runs_are_those_of_their_states() -> None:
    words = lane_words(_lane(list(CURVES), remembered=False), "rnn")
    assert words.startswith(
        "rnn: 2 of 6 right now · first right in 2 of 6, median epoch 20 · 2 of 6 diverged, the first at epoch 30"
        " · 2 of 6 not finished: the loss still falls · "
    )


LARGEST = {5: 10_930, 20: 11_421}
"""Bytes of the largest update of 3 configs at this number of seeds before Compare had these words."""


@pytest.mark.parametrize("seeds", LARGEST)
@pytest.mark.parametrize("rate", [0.03, 10.0], ids=["learns", "diverges"])
def test_an_update_is_no_larger_than_it_was(seeds: int, rate: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.ui.view.theme", lambda: LIGHT)
    base = RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR, learning_rate=rate)
    if rate > 1:
        base = replace(base, nonlinearity=Nonlinearity.RELU, optimizer=Optimizer.SGD)
    sizes = [replace(base, hidden_size=size) for size in (7, 11, 13)]
    configs = sizes if rate > 1 else [replace(base, cell=cell) for cell in Cell]
    comparison = Comparison(configs, range(seeds), epochs=150, together=True)
    largest = 0
    while not comparison.done:
        comparison.advance(0)
        update = json.dumps(film.frame(comparison), separators=(",", ":"))
        assert "customdata" not in update
        assert "hovertemplate" not in update
        largest = max(largest, len(update.encode()))
    assert 5_000 < largest <= LARGEST[seeds]
