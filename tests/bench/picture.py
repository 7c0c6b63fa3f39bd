"""The picture of the network in a browser: how soon it answers, and what it sees of the film."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, Page

from tests.bench.film import LONG_TASKS, LONG_TASKS_S, WATCHED_S
from tests.bench.table import Figure
from tests.browser.conftest import settle, started_browser, started_server, until

STEPS, UNITS = 48, 16
MOVES = 30

ANSWERS = """moves => new Promise(done => {
  const slider = document.querySelector(".rnn-head")
  const cells = [...document.querySelectorAll(".rnn-h .rnn-cell")]
  const heads = [...Array(moves).keys()].map(move => () => {
    slider.value = 1 + (move * 7) % 47
    slider.dispatchEvent(new Event("input"))
  })
  const points = [...Array(moves).keys()].map(move => () =>
    cells[(move * 97) % cells.length].dispatchEvent(new PointerEvent("pointermove", { bubbles: true })))
  const took = { heads: [], points: [] }
  const next = () => {
    const [name, act] = heads.length ? ["heads", heads.shift()] : ["points", points.shift()]
    if (!act) return done(took)
    requestAnimationFrame(() => {
      const start = performance.now()
      act()
      const channel = new MessageChannel() // its message comes once the frame is painted
      requestAnimationFrame(() => {
        channel.port1.onmessage = () => {
          took[name].push(performance.now() - start)
          setTimeout(next, 20)
        }
        channel.port2.postMessage(0)
      })
    })
  }
  next()
})"""
"""The milliseconds from a move of the head, or of the pointer, until the frame that shows it is painted."""

WATCH = """() => {
  const svg = document.querySelector(".rnn-network svg")
  const seen = { frames: 0, blank: 0, updates: 0, svg }
  const look = () => {
    seen.frames += 1
    if (!svg.isConnected || !svg.querySelector(".rnn-h .rnn-cell")) seen.blank += 1
    if (!seen.over) requestAnimationFrame(look)
  }
  const fills = () => [...svg.querySelectorAll(".rnn-h .rnn-cell")].map(cell => cell.style.fill).join()
  let last = fills()
  const status = document.querySelector(".st-key-status")
  new MutationObserver(() => requestAnimationFrame(() => {
    const now = fills()
    if (now !== last) seen.updates += 1
    last = now
  })).observe(status, { childList: true, characterData: true, subtree: true })
  window.seenByBench = seen
  requestAnimationFrame(look)
}"""
REPORT = """() => {
  const { frames, blank, updates } = window.seenByBench
  window.seenByBench.over = true
  return { frames, blank, updates }
}"""


def figures() -> Iterator[Figure]:
    """Head and pointer at STEPS × UNITS, then the film with the picture in the place of the heatmaps."""
    with started_browser() as browser, started_server() as address:
        yield from answer_figures(browser, address)
        yield from film_figures(browser, address)


def answer_figures(browser: Browser, address: str) -> Iterator[Figure]:
    """Medians and the slowest of MOVES moves of each kind."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    text = quote("".join(chr(97 + (7 * step) % 16) for step in range(STEPS)))
    page.goto(f"{address}/forward_pass?text={text}&head=linear&hidden_size={UNITS}")
    drawn(page)
    took: dict[str, list[float]] = page.evaluate(ANSWERS, MOVES)
    for name, words in (("heads", "a move of the head"), ("points", "pointing at a cell")):
        times = took[name]
        measure = f"picture, T = {STEPS}, H = {UNITS}: ms until {words} is painted"
        yield Figure(measure=measure, value=statistics.median(times), target=50)
        yield Figure(measure=f"the same, the slowest of {MOVES}", value=max(times))
    page.close()


def film_figures(browser: Browser, address: str) -> Iterator[Figure]:
    """Plays for WATCHED_S seconds and counts what can be seen."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/train")
    settle(page)
    page.locator(".st-key-as_picture label").click()
    drawn(page)
    page.wait_for_timeout(1000)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "/epoch [1-9]/.test(document.querySelector('.st-key-status').innerText)")
    page.evaluate(WATCH)
    page.wait_for_timeout(WATCHED_S * 1000)
    seen: dict[str, Any] = page.evaluate(REPORT)
    page.evaluate(LONG_TASKS)
    page.wait_for_timeout(LONG_TASKS_S * 1000)
    long_tasks: list[float] = page.evaluate("window.longTasks")
    page.close()
    yield Figure(measure="playing with the picture: animation frames without it", value=seen["blank"], target=0)
    rate = seen["updates"] / WATCHED_S
    yield Figure(measure="playing with the picture: its updates per second", value=rate, target=10, at_most=False)
    measure = f"playing with the picture: tasks of 50 ms and more in the browser, in {LONG_TASKS_S} s"
    yield Figure(measure=measure, value=len(long_tasks), target=0)
    yield Figure(measure="playing with the picture: ms of the longest of them", value=max(long_tasks, default=0.0))


def drawn(page: Page) -> None:
    """Waits until the picture is drawn and the page at rest."""
    page.locator(".rnn-network svg").wait_for()
    settle(page)
