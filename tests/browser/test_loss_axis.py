"""The chart of the loss stays readable where a training diverged."""

from __future__ import annotations

import math

import pytest

from rnn_core.figures.loss_axis import LIMIT_LOG_NATS, LIMIT_NATS
from tests.browser.conftest import Open, settle, until
from tests.browser.test_cells import DIVERGED, address

AXIS = "document.querySelector('.st-key-loss_plot .js-plotly-plot')?._fullLayout?.yaxis"


@pytest.mark.parametrize(("logarithmic", "end"), [(False, LIMIT_NATS), (True, math.log10(LIMIT_LOG_NATS))])
def test_the_axis_ends_at_its_bound_and_says_what_is_above(
    server: str, open_page: Open, logarithmic: bool, end: float
) -> None:
    page = open_page(address(server, "train", DIVERGED))
    if logarithmic:
        page.get_by_text("log scale", exact=True).click()
        settle(page)
    until(page, f"{AXIS} && ({AXIS}.type === 'log') === {str(logarithmic).lower()}")
    low, high = page.evaluate(f"{AXIS}.range")
    assert high == pytest.approx(end)
    assert -0.1 * LIMIT_NATS <= low < 0.1 * high  # the room below the curve does not grow with what is above the axis
    note = page.locator(".st-key-loss_plot .annotation-text").last.text_content()
    assert note is not None
    assert note.startswith("▲ above this axis: ")
