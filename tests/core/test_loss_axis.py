"""The axis of a loss ends at a bound, and what is above it is stated."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core.comparison import Band
from rnn_core.figures.comparison import bands_figure
from rnn_core.figures.loss_axis import LIMIT_LOG_NATS, LIMIT_NATS
from rnn_core.figures.theme import LIGHT
from rnn_core.figures.training import loss_figure
from rnn_core.history import LossCurve


def curve(*losses: float) -> LossCurve:
    return LossCurve(epoch_E=np.arange(len(losses), dtype=np.uint16), loss_E=np.array(losses, np.float32))


@pytest.mark.parametrize(("logarithmic", "limit"), [(False, LIMIT_NATS), (True, LIMIT_LOG_NATS)])
def test_a_loss_above_the_axis_is_stated_with_the_axis_end(logarithmic: bool, limit: float) -> None:
    layout = loss_figure(curve(2.2, 6.02e24, float("nan"), 3.0), LIGHT, logarithmic=logarithmic).layout
    assert layout.yaxis.autorangeoptions.clipmax == limit
    (note,) = layout.annotations
    assert note.text == f"▲ above this axis: losses over {limit:.0f}, up to 6.02e24"


@pytest.mark.parametrize("logarithmic", [False, True])
def test_nothing_is_stated_where_all_losses_are_on_the_axis(logarithmic: bool) -> None:
    assert not loss_figure(curve(2.2, 30.0, float("nan")), LIGHT, logarithmic=logarithmic).layout.annotations


def test_a_loss_of_the_curve_that_is_set_back_is_stated_too() -> None:
    (note,) = loss_figure(curve(2.2), LIGHT, beside=curve(2.2, 77.0)).layout.annotations
    assert note.text.endswith("up to 77")


def test_a_comparison_has_the_same_bound_for_losses_and_none_for_shares() -> None:
    high = np.array([2.2, 1e15])
    band = Band(epoch_E=np.arange(2), low_E=high / 2, median_E=high / 2, high_E=high)
    losses, shares = (
        bands_figure([band], ["rnn"], LIGHT, title="", last=1, share=share).layout for share in (False, True)
    )
    assert losses.yaxis.autorangeoptions.clipmax == LIMIT_NATS
    assert [note.text for note in losses.annotations] == ["▲ above this axis: losses over 50, up to 1e15"]
    assert not shares.annotations
