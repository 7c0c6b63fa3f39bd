"""The axis of a loss, and of a norm, ends at a bound, and what is above it is counted."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core import PRESETS, Trainer
from rnn_core.figures.bounded_axis import Above, find_above
from rnn_core.figures.comparison import bands_figure
from rnn_core.figures.gradients import LIMIT_NORM, Profile, norms_beyond, profile_figure
from rnn_core.figures.loss_axis import LIMIT_LOG_NATS, LIMIT_NATS
from rnn_core.figures.theme import LIGHT
from rnn_core.figures.training import loss_figure, losses_beyond
from rnn_core.history import MAX_POINTS, LossCurve


def curve(*losses: float) -> LossCurve:
    epochs = np.arange(len(losses), dtype=np.uint16)
    return LossCurve(epoch_E=epochs, loss_E=np.array(losses, np.float32), every_loss_E=np.array(losses))


@pytest.mark.parametrize(("logarithmic", "limit", "count"), [(False, LIMIT_NATS, 2), (True, LIMIT_LOG_NATS, 1)])
def test_losses_above_the_axis_are_counted_among_the_finite_ones(logarithmic: bool, limit: float, count: int) -> None:
    found = losses_beyond(curve(2.2, 6.02e24, np.nan, 77.0, np.inf, 3.0), logarithmic=logarithmic)
    assert found == Above(count=count, total=4, limit=limit, largest=6.02e24)
    assert loss_figure(curve(2.2), LIGHT, logarithmic=logarithmic).layout.yaxis.autorangeoptions.clipmax == limit


@pytest.mark.parametrize("logarithmic", [False, True])
def test_nothing_is_found_where_all_losses_are_on_the_axis(logarithmic: bool) -> None:
    assert losses_beyond(curve(2.2, 30.0, np.nan), logarithmic=logarithmic) is None


def test_a_loss_of_two_curves_is_counted_once_where_they_agree() -> None:
    whole = curve(2.2, 60.0, 70.0, 80.0)
    assert losses_beyond(curve(2.2, 60.0), beside=whole) == find_above(LIMIT_NATS, whole.every_loss_E)
    branch = curve(2.2, 60.0, 90.0)
    assert losses_beyond(branch, beside=whole) == Above(count=4, total=5, limit=LIMIT_NATS, largest=90.0)


def test_every_loss_of_a_long_training_is_counted_though_not_all_are_drawn() -> None:
    history = Trainer(PRESETS["Next character"]).history
    trainer = Trainer(PRESETS["Next character"])
    record = trainer.now
    for _epoch in range(3 * MAX_POINTS):
        history._losses.append(51.0)
        history._curve.append(len(history._losses) - 1, 51.0)
    drawn = history.curve(record)
    assert len(drawn.loss_E) < len(history._losses)
    assert losses_beyond(drawn) == Above(count=3 * MAX_POINTS, total=3 * MAX_POINTS + 1, limit=LIMIT_NATS, largest=51.0)


@pytest.mark.parametrize("words", ["", "three are above"])
def test_a_figure_states_the_words_that_it_is_given(words: str) -> None:
    profile = Profile(cell="rnn", words="", norm_K=np.array([1.0, 1e15]))
    figures = (
        loss_figure(curve(2.2, 77.0), LIGHT, above=words),
        bands_figure([], [], LIGHT, title="", last=1, share=False, above=words),
        profile_figure([profile], LIGHT, above=words),
    )
    for figure in figures:
        assert [note.text for note in figure.layout.annotations] == [words] * bool(words)


def test_norms_above_the_axis_are_counted() -> None:
    profiles = [Profile(cell="rnn", words="", norm_K=np.array(norms)) for norms in ([1.0, 1e15], [np.nan, 2e13, 0.0])]
    assert norms_beyond(profiles) == Above(count=2, total=4, limit=LIMIT_NORM, largest=1e15)
    assert profile_figure(profiles, LIGHT).layout.yaxis.autorangeoptions.clipmax == LIMIT_NORM
