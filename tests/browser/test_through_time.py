"""Through time in the browser: the loss is chosen without a round trip, and each cell's page is whole."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from rnn_core import RunConfig, build_model, encode, gradient_flow
from rnn_core.config import Cell
from rnn_core.gradients import state_gradients
from tests.browser.conftest import Open, settle, until
from tests.browser.test_explore import drawn
from tests.browser.test_inside import click_cell


def opened(open_page: Open, address: str) -> Page:
    page = open_page(address)
    expect(page.locator(".st-key-gradient_picture svg").first).to_be_visible()
    until(page, "!document.querySelector('[class*=\"_plot \"]:not([data-drawn])')")
    return page


def shown_norms(page: Page) -> list[float]:
    words = page.locator(".rnn-norm").all_text_contents()
    return [float(word.replace("−", "-")) if word else 0.0 for word in words]


@pytest.mark.parametrize("cell", list(Cell))
def test_each_loss_shows_what_it_asks_of_every_state(server: str, open_page: Open, cell: Cell) -> None:
    page = opened(open_page, f"{server}/through_time?cell={cell}&t=8")
    config = RunConfig(cell=cell)
    model, encoding = build_model(config), encode(config)
    gradients = state_gradients(model, encoding, 0, lines=range(1), steps=range(12)).state
    for step in (8, 7):
        norms = np.linalg.norm(gradients[step, 0, 0], axis=-1)
        expect(page.locator(".rnn-sentence")).to_contain_text(f"The loss at t = {step}")
        np.testing.assert_allclose(shown_norms(page), norms, rtol=0.06)
        widths = page.evaluate(
            "[...document.querySelectorAll('.rnn-arrow')].filter(a => a.dataset.from.startsWith('state_') && "
            "a.dataset.to.startsWith('said_')).map(a => parseFloat(a.style.strokeWidth))"
        )
        np.testing.assert_allclose(widths, 0.75 + 5 * norms / max(norms), atol=0.3)
        at_once = page.evaluate(  # in one task of the browser: nothing can have been asked of the server
            "document.querySelector('.rnn-back').click(), document.querySelector('.rnn-sentence').textContent"
        )
        assert f"The loss at t = {step - 1}" in at_once
    until(page, "location.search.includes('t=6')")  # where it rests
    (rate,) = re.findall(r"halves every ([\d.]+) steps", page.locator(".st-key-flow_sentences").inner_text())
    fitted = gradient_flow(model, encoding).decay_rate
    assert fitted is not None
    assert float(rate) == pytest.approx(np.log(2) / -np.log(fitted), rel=0.05)


def test_a_click_on_a_pair_chooses_its_loss_and_a_character_says_what_it_hangs_on(server: str, open_page: Open) -> None:
    page = opened(open_page, f"{server}/through_time?t=8")
    flow = gradient_flow(build_model(RunConfig()), encode(RunConfig()))
    shown = np.array(drawn(page, ".st-key-pairs"), dtype=object)
    assert shown.shape == (12, 12)
    click_cell(page, "pairs", column=2, row=5)
    until(page, "location.search.includes('t=5')")
    expect(page.locator(".rnn-sentence")).to_contain_text("The loss at t = 5")
    settle(page)
    page.locator(".rnn-character").nth(10).hover()
    most = int(flow.input_influence_TT[10].argmax())
    expect(page.locator(".rnn-hangs")).to_contain_text("The prediction at t = 10, after “l”, hangs most on")
    expect(page.locator(".rnn-hangs")).to_contain_text(f"at t = {most}.")
    page.locator(".rnn-character").nth(3).click()
    until(page, "location.search.includes('t=3')")


def test_not_batch_first_on_one_line_the_sentence_says_that_it_asks_nothing_of_others(
    server: str, open_page: Open
) -> None:
    page = opened(open_page, f"{server}/through_time?batch_first=false&t=4")
    expect(page.locator(".rnn-sentence")).to_contain_text("and nothing of any other step")
    assert [norm > 0 for norm in shown_norms(page)] == [step == 4 for step in range(12)]


def test_on_a_phone_the_page_does_not_scroll_sideways(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/through_time", viewport={"width": 390, "height": 844})
    expect(page.locator(".st-key-gradient_picture svg").first).to_be_visible()
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
