"""What a browser sees: the film while one person plays, and a first visit beside a bare Streamlit page."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.bench.table import Figure
from tests.browser.conftest import ROOT, settle, started_browser, started_server, until

WATCHED_S = 8
LONG_TASKS_S = 6
VISITS = 5

SHIFTS = """
window.shifts = []
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value)
}).observe({ type: "layout-shift", buffered: true })
"""
LONG_TASKS = """() => {
  window.longTasks = []
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.longTasks.push(entry.duration)
  }).observe({ type: "longtask" })
}"""

WATCH = """() => {
  const charts = [...document.querySelectorAll(".js-plotly-plot")]
  charts.forEach(chart => { chart.survivor = true })
  const seen = { frames: 0, blank: 0, updates: 0, charts: charts.length }
  const drawn = chart => chart.isConnected && chart.querySelector(".heatmaplayer image, .scatterlayer path")
  const look = () => {
    seen.frames += 1
    if (!charts.every(drawn)) seen.blank += 1
    if (!seen.over) requestAnimationFrame(look)
  }
  const status = document.querySelector(".st-key-status")
  const counter = new MutationObserver(() => { seen.updates += 1 })
  counter.observe(status, { childList: true, characterData: true, subtree: true })
  window.seenByBench = seen
  requestAnimationFrame(look)
}"""
SHIFTED = "window.shifts.reduce((sum, value) => sum + value, 0)"
REPORT = """() => {
  window.seenByBench.over = true
  const survivors = [...document.querySelectorAll(".js-plotly-plot")].filter(chart => chart.survivor).length
  return { ...window.seenByBench, survivors }
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A first visit with an empty cache: seconds to the first heatmap, and bytes on the wire until then."""

    seconds: float
    received_bytes: int


def figures() -> Iterator[Figure]:
    """The film of one person, then first visits, ours and the bare page's in turn."""
    bare_page = ROOT / "tests" / "bench" / "bare_page.py"
    with started_browser() as browser, started_server() as ours, started_server(script=bare_page) as bare:
        yield from film_figures(browser, ours)
        yield from calm_figures(browser, ours)
        yield from visit_figures(browser, ours, bare)
        yield from long_line_figures(browser, ours)


def film_figures(browser: Browser, address: str) -> Iterator[Figure]:
    """Plays for WATCHED_S seconds and counts what can be seen."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/train")
    settle(page)
    page.locator(".st-key-h_n .heatmaplayer image").wait_for(state="attached")
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "/epoch [1-9]/.test(document.querySelector('.st-key-status').innerText)")
    page.evaluate(WATCH)
    page.wait_for_timeout(WATCHED_S * 1000)
    seen: dict[str, Any] = page.evaluate(REPORT)
    start = time.perf_counter()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    paused_s = time.perf_counter() - start
    page.close()
    yield Figure(measure="one user playing: animation frames with a blank chart", value=seen["blank"], target=0)
    lost = seen["charts"] - seen["survivors"]
    yield Figure(measure=f"one user playing: charts of {seen['charts']} whose node was lost", value=lost, target=0)
    yield Figure(
        measure="one user playing: visible updates per second",
        value=seen["updates"] / WATCHED_S,
        target=10,
        at_most=False,
    )
    yield Figure(measure="one user playing: seconds until Pause has acted", value=paused_s, target=0.5)


def calm_figures(browser: Browser, address: str) -> Iterator[Figure]:
    """How far things move while Train loads and while it plays, and how often the page is held up while it plays."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(SHIFTS)
    page.goto(f"{address}/train")
    settle(page)
    until(page, "document.querySelector('.st-key-h_n_plot[data-drawn]')")
    page.wait_for_timeout(1000)
    yield Figure(measure="layout shift while Train loads", value=page.evaluate(SHIFTED), target=0.1)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "/epoch [1-9]/.test(document.querySelector('.st-key-status').innerText)")
    page.evaluate("window.shifts.length = 0")
    page.evaluate(LONG_TASKS)
    page.wait_for_timeout(LONG_TASKS_S * 1000)
    long_tasks: list[float] = page.evaluate("window.longTasks")
    yield Figure(measure="layout shift while Train plays", value=page.evaluate(SHIFTED), target=0.01)
    measure = f"one user playing: tasks of 50 ms and more in the browser, in {LONG_TASKS_S} s"
    yield Figure(measure=measure, value=len(long_tasks), target=0)
    yield Figure(measure="one user playing: ms of the longest of them", value=max(long_tasks, default=0.0))
    page.close()


def visit_figures(browser: Browser, ours: str, bare: str) -> Iterator[Figure]:
    """Medians of visits in turn, after one of each to warm the servers."""
    visit(browser, ours), visit(browser, bare)
    pairs = [(visit(browser, ours), visit(browser, bare)) for _visit in range(VISITS)]
    received = statistics.median(mine.received_bytes for mine, _theirs in pairs) / 1e6
    ratio = statistics.median(mine.seconds / theirs.seconds for mine, theirs in pairs)
    yield Figure(measure="first visit: MB on the wire", value=received, target=3.5)
    yield Figure(measure="first visit: time to first heatmap / bare page's", value=ratio, target=1.3)


def long_line_figures(browser: Browser, address: str) -> Iterator[Figure]:
    """How long Text to tensor takes to draw 512 characters of 100 kinds, beside "hello"."""
    long = "".join(chr(0x4E00 + index % 100) for index in range(512))
    for text in (long, "hello"):
        visit(browser, f"{address}/?text={text}")
    pairs = [
        (visit(browser, f"{address}/?text={long}"), visit(browser, f"{address}/?text=hello")) for _ in range(VISITS)
    ]
    ratio = statistics.median(here.seconds / there.seconds for here, there in pairs)
    yield Figure(measure="512 characters of 100 kinds / hello: time to first heatmap", value=ratio, target=2)


def visit(browser: Browser, address: str) -> Visit:
    """One visit with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    received = count_bytes(page)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(".heatmaplayer image").first.wait_for(state="attached")
    seconds = time.perf_counter() - start
    page.wait_for_timeout(500)
    context.close()
    return Visit(seconds=seconds, received_bytes=sum(received))


def count_bytes(page: Page) -> list[int]:
    """The sizes of everything that arrives, HTTP bodies as compressed and websocket frames."""
    received: list[int] = []
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda event: received.append(int(event["encodedDataLength"])))
    session.on(
        "Network.webSocketFrameReceived", lambda event: received.append(len(event["response"]["payloadData"]) * 3 // 4)
    )
    return received
