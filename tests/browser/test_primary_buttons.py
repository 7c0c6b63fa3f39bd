"""The words of a primary button have contrast with what they stand on, enabled and disabled, light and dark.

WCAG 2.2 exempts disabled controls (1.4.3); this app does not: a person must read which button it is.
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, settle, until
from tests.contrast import READABLE, contrast
from tests.pages.conftest import PAGES

WITH_PRIMARY = {"inside_the_cell", "train", "compare"}
"""The pages that open with a primary button in view; the others have some in popovers."""

# The colours [red, green, blue] of the words of each primary button and of what is behind them, as they are mixed on
# the page: enabled, and disabled.
COLORS = """() => {
    const pen = Object.assign(document.createElement('canvas'), { width: 1, height: 1 })
        .getContext('2d', { willReadFrequently: true })
    const read = (color) => {
        pen.clearRect(0, 0, 1, 1)
        pen.fillStyle = color
        pen.fillRect(0, 0, 1, 1)
        const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data
        return [red, green, blue, alpha / 255]
    }
    const over = ([r, g, b, alpha], below) => [r, g, b].map((one, at) => one * alpha + below[at] * (1 - alpha))
    const behind = (node) =>
        node ? over(read(getComputedStyle(node).backgroundColor), behind(node.parentElement)) : [255, 255, 255]
    const faded = (node) => (node ? Number(getComputedStyle(node).opacity) * faded(node.parentElement) : 1)
    const words = (button) => {
        const text = document.createTreeWalker(button, NodeFilter.SHOW_TEXT)
        while (text.nextNode()) if (text.currentNode.textContent.trim()) return text.currentNode.parentElement
    }
    const colors = (button) => {
        const node = words(button)
        const [red, green, blue, alpha] = read(getComputedStyle(node).color)
        const below = behind(node)
        return [over([red, green, blue, alpha * faded(node)], below), below]
    }
    const buttons = [...document.querySelectorAll('[data-testid=stBaseButton-primary]')]
    return buttons.filter((one) => one.checkVisibility({ opacityProperty: true }) && words(one)).flatMap((button) => {
        const { disabled } = button
        const found = [false, true].map((state) => {
            button.disabled = state
            return [button.textContent, state, ...colors(button)]
        })
        button.disabled = disabled
        return found
    })
}"""


def unreadable(page: Page) -> tuple[int, list[Any]]:
    """Return how many primary buttons are in view, and those whose words have too little contrast."""
    found = page.evaluate(COLORS)
    low = [
        (words, "disabled" if disabled else "enabled", ink, below)
        for words, disabled, ink, below in found
        if contrast([*map(round, ink)], [*map(round, below)]) < READABLE
    ]
    return len(found) // 2, low


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page_name", PAGES)
def test_a_primary_button_can_be_read_enabled_and_disabled(
    server: str, open_page: Open, page_name: str, scheme: str
) -> None:
    page = open_page(f"{server}/{'' if page_name == PAGES[0] else page_name}?epoch=3", color_scheme=scheme)
    page.add_style_tag(content="* { transition: none !important }")
    if page_name == "train":
        page.get_by_text("One update, part by part").first.click()
        settle(page)
    if page_name in WITH_PRIMARY:
        until(page, f"({COLORS})().length")
    count, low = unreadable(page)
    assert (page_name in WITH_PRIMARY) <= (count > 0)
    popovers = page.locator("[data-testid=stMain] [data-testid=stPopover] button")
    for at in range(popovers.count()):
        popovers.nth(at).click()
        page.locator("[data-testid=stPopoverBody]").wait_for()
        low += unreadable(page)[1]
        page.keyboard.press("Escape")
        page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
    assert low == []
