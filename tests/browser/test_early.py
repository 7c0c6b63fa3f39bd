"""What a person does at the first moment that a thing is visible counts, for each name by which components send it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import ROOT, Open, settle, until
from tests.browser.test_fields import paste

SENDS = re.compile(r"set(?:Trigger|State)Value\(\s*([^,)]*)")


CLICKS = """
(() => {
  const [selector, times] = %s
  const look = () => {
    const node = document.querySelector(selector)
    if (!node?.getBoundingClientRect().width) return requestAnimationFrame(look)
    for (let click = 0; click < times; click += 1) node.dispatchEvent(new MouseEvent("click", { bubbles: true }))
    return undefined
  }
  look()
})()
"""
"""Clicks in the first animation frame in which the thing has a size."""


@dataclass(frozen=True)
class Case:
    """A page, what is visible there, what is done with it at once, and the query that the address is to have.

    Attributes:
        act: how often it is clicked in its first animation frame, or what is done once it is visible.
    """

    path: str
    visible: str
    act: int | Callable[[Page, str], None]
    query: dict[str, str]


def press_right(page: Page, _selector: str) -> None:
    page.keyboard.press("ArrowRight")


def paste_lines(page: Page, selector: str) -> None:
    page.locator(selector).focus()
    page.keyboard.press("ControlOrMeta+a")
    paste(page, "hello\nworld")


CASES = {
    "network picked": Case("forward_pass?", ".rnn-h .rnn-cell[data-t='3'][data-unit='5']", 1, {"t": "3", "unit": "5"}),
    "network head": Case("forward_pass?t=2", ".rnn-reading .rnn-ahead", 1, {"t": "3"}),
    "live_chart picked": Case("forward_pass?", ".rnn-steps tr:first-child > :nth-child(5)", 1, {"t": "3"}),
    "cell picked": Case(
        "inside_the_cell?t=4", ".rnn-part[data-part='h'] .rnn-new[data-unit='2']", 1, {"t": "4", "unit": "2"}
    ),
    "dependence picked": Case("through_time?task=next", ".rnn-character:nth-child(4)", 1, {"t": "3"}),
    "moves place": Case("inside_the_cell?t=4", ".rnn-moves .rnn-right", press_right, {"t": "5"}),
    "presses presses": Case("train?", ".st-key-step button", 3, {"epoch": "3"}),
    "typed lines": Case("?", ".st-key-one_line input", paste_lines, {"text": "hello\nworld"}),
}
"""By the folder of the component, and the name by which it sends."""

HAS = "query => Object.entries(query).every(([key, value]) => new URL(location.href).searchParams.get(key) === value)"


def channels() -> set[str]:
    """Every name by which a component sends what a person does, found in its JavaScript."""
    found = set()
    for file in (ROOT / "pages").rglob("*.js"):
        for name in SENDS.findall(file.read_text(encoding="utf-8")):
            found.add(f"{file.parent.name} {name.strip().strip(chr(34))}")
    return found


def test_every_name_by_which_a_component_sends_has_a_case() -> None:
    assert channels() == set(CASES)


@pytest.mark.parametrize("channel", CASES)
def test_what_is_done_with_a_thing_once_it_is_visible_counts(server: str, open_page: Open, channel: str) -> None:
    case = CASES[channel]
    page = open_page(f"{server}/share")  # for its checks of the console
    if isinstance(case.act, int):
        page.add_init_script(CLICKS % json.dumps([case.visible, case.act]))
    page.goto(f"{server}/{case.path}", wait_until="commit")
    if callable(case.act):
        page.locator(case.visible).wait_for()
        case.act(page, case.visible)
    until(page, HAS, case.query)
    settle(page)
    assert page.evaluate(HAS, case.query), page.url
