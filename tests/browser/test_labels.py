"""Labels do not overlap, none is left out where there is room, names stand apart, and the head is in view."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

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


# Of each line of each axis with labels: the shown ones are every s-th of all, and every (s − 1)-th would collide.
CHARTS_LEFT_OUT = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap((plot) => {
    const found = []
    const name = plot.closest('[class*="st-key-"]').className
    const pen = plot.querySelector('svg').appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'text'))
    const axes = Object.keys(plot.layout).filter((axis) => /^[xy]axis[0-9]*$/.test(axis) && plot.layout[axis].ticktext)
    for (const axis of axes) {
        const { tickvals, ticktext, every = { tickvals, ticktext } } = plot.layout[axis]
        if (every.ticktext.includes('never')) continue // a scale with two places behind its end
        if (every.tickvals.some((at, index) => at !== every.tickvals[0] + index)) {
            found.push([name, axis, 'was thinned before it was drawn'])
            continue
        }
        const drawn = plot._fullLayout[axis]
        const pitch = Math.abs(drawn.c2p(1) - drawn.c2p(0))
        const tick = plot.querySelector(`.${axis.replace('axis', '')}tick text`)
        const { fontSize, fontFamily } = getComputedStyle(tick)
        Object.assign(pen.style, { fontSize, fontFamily })
        const length = (words) => {
            if (axis[0] === 'y') return parseFloat(fontSize) - 3
            pen.innerHTML = words
            return pen.getComputedTextLength()
        }
        const lines = Math.max(...every.ticktext.map((label) => label.split('<br>').length))
        for (let line = 0; line < lines; line += 1) {
            const words = (texts) => texts.map((label) => label.split('<br>')[line] ?? '')
            const all = words(every.ticktext)
            if (all.every((one) => !one)) continue
            if (all.some((one) => !one)) found.push([name, axis, line, 'was thinned before it was drawn'])
            const shown = tickvals.filter((_at, index) => words(ticktext)[index])
            const stride = shown.length > 1 ? shown[1] - shown[0] : all.length
            if (stride === 1) continue
            const kept = all.filter((_one, index) => every.tickvals[index] % (stride - 1) === 0).map(length)
            const fits = (one, at) => !at || (one + kept[at - 1]) / 2 + 3 <= (stride - 1) * pitch - 0.5
            if (kept.every(fits)) found.push([name, axis, line, stride, pitch])
        }
    }
    pen.remove()
    return found
})"""
# Of labels of points and marks of bars: those shown are apart, and each one hidden would overlap a shown one.
POINTS_WRONG = """() => [...document.querySelectorAll('.js-plotly-plot')].flatMap((plot) => {
    const marks = [...plot.querySelectorAll('.annotation')]
        .filter((one) => plot._fullLayout.annotations[one.dataset.index]?.xref === 'x')
        .map((one) => one.querySelector('.annotation-text'))
    const labels = [...plot.querySelectorAll('.scatterlayer .textpoint text'), ...marks]
    const of = (visibility) => labels
        .filter((one) => (one.style.visibility || 'visible') === visibility)
        .map((one) => [one.textContent, one.getBoundingClientRect()])
    const [shown, hidden] = [of('visible'), of('hidden')]
    const over = ([, a], [, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
    const colliding = shown.filter((one, at) => shown.slice(at + 1).some((other) => over(one, other)))
    const leftOut = hidden.filter((one) => !shown.some((other) => over(one, other)))
    return [...colliding, ...leftOut].map(([words]) => words)
})"""
# Of the numbers of steps below the tokens of a picture, in one line of it: as of an axis.
STEPS_WRONG = """() => [...document.querySelectorAll('.rnn-network svg')].flatMap((svg) => {
    const tokens = [...svg.querySelectorAll('.rnn-node.rnn-token')]
    const middle = (token) => Number(token.querySelector('.rnn-big').getAttribute('x'))
    const numbers = tokens.map((token) => token.querySelector('.rnn-small')).filter(Boolean)
    const places = [...new Set(tokens.map(middle))].sort((a, b) => a - b)
    const pitch = places[1] - places[0]
    const ends = numbers.map((one) => [Number(one.getAttribute('x')), one.getComputedTextLength()])
    ends.sort((a, b) => a[0] - b[0])
    const gaps = ends.slice(1).map(([x, length], at) => x - ends[at][0] - (length + ends[at][1]) / 2)
    if (gaps.some((gap) => gap < 2.5)) return ['overlap']
    const stride = Math.round((ends[1][0] - ends[0][0]) / pitch)
    const widest = Math.max(...ends.map(([, length]) => length))
    return stride > 1 && widest + 3 <= (stride - 1) * pitch - 1 ? ['left out'] : []
})"""
WRONG = f"[...({CHARTS_OVERLAPPING})(), ...({CHARTS_LEFT_OUT})(), ...({POINTS_WRONG})(), ...({STEPS_WRONG})()]"


@pytest.mark.parametrize("page_name", [page for page in PAGES if page not in {"compare", "share"}])
@pytest.mark.parametrize("size", [5, 12, 120, 300])
def test_no_label_overlaps_another_one_and_none_is_left_out_where_there_is_room(
    server: str, open_page: Open, page_name: str, size: int
) -> None:
    path = "" if page_name == PAGES[0] else page_name
    page = open_page(f"{server}/{path}?text={(TEXT * 8)[:size]}")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        until(page, DRAWN)
        assert settled(page, WRONG) == []


def settled(page: Page, expression: str) -> Any:
    """Return the value of ``expression`` once it is empty, or else the last one."""
    with suppress(TimeoutError):
        until(page, f"!({expression}).length")
    return page.evaluate(expression)


@pytest.mark.parametrize("page_name", PAGES)
def test_no_name_of_a_token_runs_together_with_its_neighbour(server: str, open_page: Open, page_name: str) -> None:
    path = "" if page_name == PAGES[0] else page_name
    page = open_page(f"{server}/{path}?text={quote(named_tokens.TEXT)}&head=linear&epoch=3")
    until(page, f"!document.querySelector('.st-key-prediction_table') || {DRAWN}")
    shown = page.locator("[data-testid=stApp]").inner_text()
    assert named_tokens.run_together(shown) == []
