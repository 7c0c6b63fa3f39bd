"""Everyone can use every page: axe-core finds nothing, the keyboard reaches everything, the film does not chatter."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, settle, until

PATHS = {
    "Text to tensor": "/",
    "Forward pass, a batch": "/forward_pass?text=hello%0Ano&head=linear&cell=lstm&bidirectional=true",
    "Forward pass, not batch_first": "/forward_pass?batch_first=false",
    "Inside the cell": "/inside_the_cell?cell=lstm",
    "Inside the cell, large": "/inside_the_cell?hidden_size=16&head=linear&num_layers=2&bidirectional=true&cell=gru",
    "Train": "/train",
    "Through time": "/through_time?cell=lstm",
    "Memory": "/memory?task=next&head=linear",
    "Compare": "/compare",
    "Share": "/share",
    "a bad link": "/train?cell=foo&t=99999",
    "a bad text": "/?text=a&task=next",
    "many lines": "/train?text=ab%0Aba%0Aaa%0Abb%0Aabb&head=linear",
}
IN_BOTH_THEMES = (
    "Text to tensor",
    "Forward pass, a batch",
    "Inside the cell",
    "Train",
    "Through time",
    "Memory",
    "Compare",
    "Share",
)
LOOKED_AT = [(PATHS[name], "light") for name in PATHS] + [(PATHS[name], "dark") for name in IN_BOTH_THEMES]
SAID_EVERY_S = 5
CONFLICTING = """() => {
  const roles = "[role=none], [role=presentation], img[alt='']:not([role])"
  const names = ["aria-label", "aria-labelledby", "aria-describedby", "aria-live", "title", "tabindex"]
  const all = root => [root, ...[...root.querySelectorAll("*")].flatMap(e => (e.shadowRoot ? all(e.shadowRoot) : []))]
  return all(document).flatMap(root => [...root.querySelectorAll(roles)])
    .filter(element => names.some(name => element.hasAttribute(name))).map(element => element.outerHTML.slice(0, 200))
}"""
"""Every element that has no meaning by its role, and a name or a focus all the same."""

DRAWN = """() => {
  const places = [...document.querySelectorAll("[class*='_plot ']")]
  const share = document.querySelector(".st-key-qr img") && document.querySelector("section[role]")
  const drawn = places.length > 0 || share || document.querySelector(".st-key-run_race") // both have no chart
  return drawn && places.every(place => "drawn" in place.dataset)
}"""
LOOK = """element => {
  const looks = [element.toDataURL?.()] // a table is drawn on a canvas, and so is its focus
  for (let node = element, up = 0; node && up < 4; node = node.parentElement, up += 1) {
    for (const part of [null, "::before", "::after"]) {
      const { outline, boxShadow, border, backgroundColor } = getComputedStyle(node, part)
      looks.push(outline, boxShadow, border, backgroundColor)
    }
  }
  return looks.join("|")
}"""
UNFOCUSED = f"""() => {{
  const look = {LOOK}
  document.activeElement?.blur()
  const all = document.querySelectorAll("a, button, input, textarea, [tabindex], summary")
  window.unfocused = new Map([...all].map(element => [element, look(element)]))
}}"""
FOCUSED = f"""() => {{
  const look = {LOOK}
  const inner = document.activeElement
  if (!inner || inner === document.body) return null
  const here = inner.closest("canvas") ?? inner // a table hands the focus on to a cell that only its canvas shows
  const name = here.getAttribute("aria-label") ?? here.textContent.trim() ?? ""
  const box = here.getBoundingClientRect()
  const seen = look(here) !== window.unfocused.get(here)
  return {{ name, tag: here.tagName, seen, key: here.closest("[class*='st-key-']")?.className ?? "", width: box.width }}
}}"""
COUNT_SAYINGS = """() => {
  const count = { said: 0, shown: 0, begin: performance.now() }
  const changes = { childList: true, characterData: true, subtree: true }
  const watch = (node, name) => new MutationObserver(() => { count[name] += 1 }).observe(node, changes)
  watch(document.querySelector(".st-key-status .rnn-said"), "said")
  watch(document.querySelector(".st-key-status .rnn-text"), "shown")
  window.sayings = count
}"""


RESTS_AT_ONCE = """{
  const plain = setTimeout
  window.setTimeout = (act, ms, ...more) => plain(act, ms <= 1000 ? 0 : ms, ...more)
}"""
"""What is shown comes to rest at once, as it does between two frames of a busy server."""


def drawn(page: Page) -> None:
    """Waits until the script has run and every chart is drawn."""
    settle(page)
    until(page, DRAWN)


@pytest.mark.parametrize(("path", "scheme"), LOOKED_AT)
def test_axe_finds_nothing(server: str, open_page: Open, path: str, scheme: str) -> None:
    page = open_page(server + path + ("?compare_epochs=10" if path == PATHS["Compare"] else ""), color_scheme=scheme)
    drawn(page)
    if path == PATHS["Compare"]:  # its charts
        page.get_by_role("button", name="Run", exact=True).click()
        until(page, "document.querySelector('.st-key-race_status')?.innerText.startsWith('done')")
        until(page, "document.querySelector('.st-key-race_right_plot')")
        drawn(page)
    found = Axe().run(page).response["violations"]
    told = [(rule["id"], node["html"], node["failureSummary"]) for rule in found for node in rule["nodes"]]
    assert told == []


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_no_element_has_a_name_or_a_focus_and_a_role_without_meaning(server: str, open_page: Open, path: str) -> None:
    page = open_page(server + path)
    drawn(page)
    assert page.evaluate(CONFLICTING) == []


def test_what_cannot_be_read_would_be_found(server: str, open_page: Open) -> None:
    page = open_page(server)
    drawn(page)
    page.locator("h1").evaluate("node => { node.style.color = '#eeeeee' }")
    found = Axe().run(page).response["violations"]
    assert [rule["id"] for rule in found] == ["color-contrast"]


def tab_stops(page: Page) -> list[dict[str, Any]]:
    """Every element that Tab comes to, from the first to the last, and whether one sees that it has the focus."""
    page.evaluate(UNFOCUSED)
    stops: list[dict[str, Any]] = []
    for _press in range(200):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None:
            break
        if not stop["seen"]:  # a look may come by a transition
            until(page, f"(({FOCUSED})())?.seen")
            stop["seen"] = True
        stops.append(stop)
    return stops


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("/", "light"),
        ("/forward_pass", "light"),
        ("/inside_the_cell", "light"),
        ("/train", "dark"),
        ("/through_time", "light"),
        ("/memory", "light"),
        ("/compare", "light"),
        ("/share", "light"),
    ],
)
def test_the_keyboard_reaches_every_control_and_one_sees_where_it_is(
    server: str, open_page: Open, path: str, scheme: str
) -> None:
    page = open_page(server + path, color_scheme=scheme)
    drawn(page)
    wanted = page.evaluate(
        "[...document.querySelectorAll('.stMain, [data-testid=stSidebar]')].flatMap(part => [...part.querySelectorAll("
        "'button, input, textarea, a[href]')]).filter(e => !e.disabled && e.checkVisibility() && e.tabIndex >= 0)"
        ".map(e => e.closest('[class*=st-key-]')?.className ?? '')"
    )
    stops = tab_stops(page)
    assert all(stop["seen"] for stop in stops)
    assert {stop["key"] for stop in stops} >= set(wanted) - {""}


def test_everything_on_train_is_done_by_keyboard(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    drawn(page)
    status = page.locator(".st-key-status")
    page.get_by_role("button", name="Step", exact=True).focus()
    page.keyboard.press("Enter")
    expect(status).to_contain_text("epoch 1 ")
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    until(page, "/epoch ([2-9]|\\d\\d)/.test(document.querySelector('.st-key-status').innerText)")
    page.get_by_role("button", name="Pause", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    page.get_by_role("radio", name="1", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_role("radio", name="10", exact=True)).to_be_checked()


@pytest.mark.parametrize("before", ["", RESTS_AT_ONCE], ids=["", "frames that come seldom"])
def test_the_status_is_said_now_and_then_while_playing_and_once_it_rests(
    server: str, open_page: Open, before: str
) -> None:
    page = open_page(f"{server}/train", before=before)
    drawn(page)
    said = page.locator(".st-key-status [role=status]")
    page.evaluate(COUNT_SAYINGS)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, "window.sayings.shown >= 25")
    count = page.evaluate("({ ...window.sayings, seconds: (performance.now() - window.sayings.begin) / 1000 })")
    every = SAID_EVERY_S - 1 if before else SAID_EVERY_S  # a timer's last second is left out there
    assert count["said"] <= 1 + count["seconds"] / every
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settle(page)
    shown = page.locator(".st-key-status .rnn-text").inner_text()
    expect(said).to_have_text(re.compile(re.escape(shown)))
