"""Labels do not overlap, none is left out where there is room, names stand apart, and the head is in view."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests import named_tokens
from tests.browser.conftest import Open, until
from tests.pages.conftest import PAGES

TEXT = "the_quick_brown_fox_jumps_over_the_lazy_dog"
HEAD_IN_VIEW = """() => {
    const box = document.querySelector('.rnn-canvas')?.getBoundingClientRect()
    const token = document.querySelector('.rnn-canvas .rnn-now.rnn-token')?.getBoundingClientRect()
    return box && token && token.left >= box.left && token.right <= box.right
}"""
OVERLAPPING = """() => {
    const labels = [...document.querySelectorAll('.rnn-token .rnn-small')].map((one) => one.getBoundingClientRect())
    labels.sort((a, b) => a.left - b.left)
    return labels.slice(1).filter((one, at) => one.left < labels[at].right + 2).length
}"""
NAMES_ALONE = """() => {
    const printed = [...document.querySelectorAll('.rnn-node text')].filter((one) => one.textContent)
    const rows = new Set(printed.map((one) => one.getAttribute('y')))
    const names = [...document.querySelectorAll('.rnn-level')].filter((one) => one.getAttribute('fill').length)
    const answers = names.slice(0, 3).map((one) => [one.textContent, one.getAttribute('y')])
    const top = Number(document.querySelector('.rnn-cell').getAttribute('y'))
    return answers.filter(([, y]) => Number(y) < top && !rows.has(y)).map(([name]) => name)
}"""


@pytest.mark.parametrize("page_name", ["forward_pass", "through_time"])
@pytest.mark.parametrize("size", [120, 300])
def test_in_the_picture_of_a_longer_text_no_label_overlaps_and_the_head_is_in_view(
    server: str, open_page: Open, page_name: str, size: int
) -> None:
    page = open_page(f"{server}/{page_name}")
    expect(page.locator(".rnn-sentence")).to_contain_text("t = 11")
    page.get_by_label("Text", exact=True).fill((TEXT * 8)[:size])
    page.keyboard.press("Enter")
    expect(page.locator(".rnn-sentence")).to_contain_text(f"t = {size - 1}")
    until(page, HEAD_IN_VIEW)
    assert page.locator(".rnn-token .rnn-small").count() > 5
    assert page.evaluate(OVERLAPPING) == 0
    assert page.evaluate(NAMES_ALONE) == []
    page.locator(".rnn-head").focus()
    page.keyboard.press("Home")
    until(page, HEAD_IN_VIEW)


CHARTS_OVERLAPPING = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap((plot) => {
    const found = []
    const axes = Object.keys(plot._fullLayout).filter((name) => /^[xy]axis[0-9]*$/.test(name))
    for (const [side, letter] of axes.map((name) => [name[0], name.replace('axis', '')])) {
        const ticks = [...plot.querySelectorAll(`.${letter}tick text`)]
        for (const line of [0, 1]) {
            const parts = ticks.map((one) => (one.querySelectorAll('tspan.line')[line] ?? (line ? null : one)))
            const boxes = parts.filter((one) => one?.textContent.trim()).map((one) => one.getBoundingClientRect())
            const [low, high] = side === 'x' ? ['left', 'right'] : ['top', 'bottom']
            boxes.sort((a, b) => a[low] - b[low])
            // The box of a letter is higher than the letter: of rows a fifth of it may be shared.
            const shared = (box) => (side === 'x' ? 1 : 0.25 * box.height)
            const over = boxes.slice(1).filter((one, at) => one[low] < boxes[at][high] - shared(one))
            if (over.length) found.push([plot.closest('[class*="st-key-"]').className, letter, line, over.length])
        }
    }
    return found
})"""
DRAWN = "document.querySelector('[data-drawn]') && !document.querySelector('[class*=\"_plot \"]:not([data-drawn])')"


@pytest.mark.parametrize("page_name", ["", "forward_pass", "train", "through_time", "memory"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("size", [120, 300])
def test_no_tick_label_of_a_chart_overlaps_another_one(
    server: str, open_page: Open, page_name: str, width: int, size: int
) -> None:
    page = open_page(f"{server}/{page_name}?text={(TEXT * 8)[:size]}")
    page.set_viewport_size({"width": width, "height": 800})
    until(page, DRAWN)
    until(page, f"!({CHARTS_OVERLAPPING})().length")


@pytest.mark.parametrize("page_name", PAGES)
def test_no_name_of_a_token_runs_together_with_its_neighbour(server: str, open_page: Open, page_name: str) -> None:
    path = "" if page_name == PAGES[0] else page_name
    page = open_page(f"{server}/{path}?text={quote(named_tokens.TEXT)}&head=linear&epoch=3")
    until(page, f"!document.querySelector('.st-key-prediction_table') || {DRAWN}")
    shown = page.locator("[data-testid=stApp]").inner_text()
    assert named_tokens.run_together(shown) == []
