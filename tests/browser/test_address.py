"""The address in the browser is the link to what is on the screen, whichever control was used, and opens it again."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rnn_core import ConfigError, RunConfig
from rnn_core.config import RULES
from rnn_core.link import TEXT_KEPT, query_string, shortened
from tests.browser.conftest import READY_MS, Open, settle, until
from tests.pages.conftest import PAGES

START = RunConfig("hello! world", cell="lstm", head="linear", hidden_size=5)  # type: ignore[arg-type]
EPOCH = 23

SCREEN = """() => {
  const within = (key, what) => document.querySelector(`.st-key-${key} ${what}`)
  const fields = ["text", "hidden_size", "num_layers", "learning_rate", "clip_norm", "seed"]
  if (![...fields, "bidirectional", "batch_first"].every((key) => within(key, "input"))) return null // not drawn yet
  const area = within("lines", "textarea")
  const shown = { text: area ? area.value : within("text", "input").value }
  for (const key of ["task", "cell", "nonlinearity", "head", "optimizer"])
    shown[key] = within(key, '[role="radio"][aria-checked="true"]')?.innerText
  for (const key of fields.slice(1))
    shown[key] = within(key, "input").value
  for (const key of ["bidirectional", "batch_first"])
    shown[key] = String(within(key, 'input[type="checkbox"]').checked)
  const status = document.querySelector(".st-key-status .rnn-text, .st-key-whose")?.innerText ?? ""
  return { shown, epoch: (status.match(/epoch (\\d+)/) ?? [])[1] }
}"""
"""What the controls say, and at which epoch the training is where the page says so."""


def path(page: str) -> str:
    return "" if page == PAGES[0] else page


def radio(name: str, value: str) -> Callable[[Page], None]:
    return lambda page: page.locator(f".st-key-{name}").get_by_role("radio", name=value, exact=True).click()


def switch(name: str) -> Callable[[Page], None]:
    return lambda page: page.locator(f".st-key-{name} label").first.click()


def number(name: str, value: str) -> Callable[[Page], None]:
    def typed(page: Page) -> None:
        field = page.locator(f".st-key-{name} input")
        field.fill(value)
        field.press("Enter")

    return typed


CHANGES: dict[str, tuple[Callable[[Page], None], Any]] = {
    "text": (lambda page: page.get_by_label("Text", exact=True).fill("hello moon."), "hello moon."),
    "task": (radio("task", "next"), "next"),
    "cell": (radio("cell", "rnn"), "rnn"),
    "nonlinearity": (radio("nonlinearity", "relu"), "relu"),
    "hidden_size": (number("hidden_size", "6"), 6),
    "num_layers": (number("num_layers", "2"), 2),
    "bidirectional": (switch("bidirectional"), True),
    "head": (radio("head", "none"), "none"),
    "batch_first": (switch("batch_first"), False),
    "optimizer": (radio("optimizer", "sgd"), "sgd"),
    "learning_rate": (number("learning_rate", "0.05"), 0.05),
    "clip_norm": (number("clip_norm", "0.5"), 0.5),
    "seed": (number("seed", "9"), 9),
}


def assert_shown(page: Page, expected: RunConfig, epoch: int) -> None:
    """Waits until all controls say ``expected``, and the page, where it names an epoch, ``epoch``."""
    end = time.monotonic() + READY_MS / 1000
    while True:
        seen: dict[str, Any] = until(page, SCREEN)
        try:
            found: object = RunConfig.from_query(seen["shown"])
        except ConfigError as error:  # a control that is just being drawn
            found = error
        if found == expected and seen["epoch"] in (None, str(epoch)):
            return
        assert time.monotonic() < end, (found, seen["epoch"])
        page.wait_for_timeout(50)


def assert_true(page: Page, expected: RunConfig, epoch: int) -> None:
    """Waits until the address says ``expected`` and ``epoch``."""
    query = expected.to_query() | ({"epoch": str(epoch)} if epoch else {})
    until(page, "wanted => (location.search || '?') === wanted", f"?{query_string(query)}")


@pytest.mark.parametrize("name", PAGES)
def test_after_each_change_the_address_says_what_is_on_the_screen_and_opens_it(
    server: str, open_page: Open, name: str
) -> None:
    opened = f"{server}/{path(name)}"
    page = open_page(f"{opened}?{query_string(START.to_query() | {'epoch': str(EPOCH)})}")
    assert_true(page, START, EPOCH)
    assert_shown(page, START, EPOCH)
    expected, epoch = START, EPOCH
    assert list(CHANGES) == list(RULES)
    for field, (change, value) in CHANGES.items():
        settle(page)
        change(page)
        if field == "head":  # refused beside hidden_size: the address keeps what is shown
            expect(page.locator(".st-key-problem")).to_be_visible()
            assert_true(page, expected, epoch)
            radio("head", "linear")(page)
            expect(page.locator(".st-key-problem")).to_have_count(0)
            continue
        expected, epoch = replace(expected, **{field: value}), 0
        assert_true(page, expected, epoch)
        assert_shown(page, expected, epoch)
    again = open_page(page.url)
    assert_shown(again, expected, epoch)
    assert_true(again, expected, epoch)


def test_a_text_too_long_for_a_server_stays_in_the_browser_and_a_reload_of_the_short_form_opens_it(
    server: str, open_page: Open
) -> None:
    config = RunConfig("\n".join(["가나다라마바사아" * 32] * 16), head="linear", hidden_size=4)  # type: ignore[arg-type]
    query = shortened(config.to_query())
    page = open_page(server)
    area = "document.querySelector('.st-key-lines textarea')?.value"
    for _load in ("the link", "the short form"):
        if _load == "the link":
            page.evaluate(
                """([kept, text]) => {
                  const url = new URL(location.href)
                  url.searchParams.set("text_kept", kept)
                  url.searchParams.set("text", text)
                  history.replaceState(null, "", url)
                }""",
                [query[TEXT_KEPT], config.text],
            )
            page.goto(f"{server}/?{query_string(query)}")
        else:
            page.reload()
        until(page, f"wanted => {area} === wanted", config.text)
        until(page, "wanted => location.search === wanted", f"?{query_string(query)}")
        expect(page.locator(".st-key-link_notes")).to_have_count(0)


def test_the_address_ends_in_no_character_that_chat_programs_cut_off(server: str, open_page: Open) -> None:
    text = "~by (the) 'sea'*_!.."
    page = open_page(f"{server}/?head=linear")
    page.get_by_label("Text", exact=True).fill(text)
    wanted = f"?{query_string({'text': text, 'head': 'linear'})}"
    until(page, "wanted => location.search === wanted", wanted)
    bare = open_page(f"{server}/?text=by+the+sea.")  # as another program writes it
    until(bare, "wanted => location.search === wanted", f"?{query_string({'text': 'by the sea.'})}")
