"""The labels of the picture of a long text: none overlaps another one, and the head is in view."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open, until

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
