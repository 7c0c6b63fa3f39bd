"""When the server goes away, the page says what happens to the run; when it comes back, the run does too."""

from __future__ import annotations

from collections.abc import Iterator
from subprocess import Popen

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Open, free_port, launched, settle, until

QUERY = "text=abcab&task=next&head=linear&hidden_size=5"
NOTICE = ".rnn-notice"
LOST = "The connection to the server is lost"


class Server:
    """A server that can be ended and started again at the same address."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: Popen[bytes] = launched(self.port)

    @property
    def address(self) -> str:
        # Streamlit's own words are about localhost, and "Are you connected to the internet?" elsewhere.
        return f"http://localhost:{self.port}"

    def end(self) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        self.process = launched(self.port)


@pytest.fixture
def mortal() -> Iterator[Server]:
    server = Server()
    yield server
    server.end()


def stepped(page: Page, server: Server, path: str) -> str:
    """Opens *Train*, makes three updates and opens ``path``; the address."""
    page.goto(f"{server.address}/train?{QUERY}")
    settle(page)
    for epoch in (1, 2, 3):
        page.get_by_role("button", name="Step", exact=True).click()
        until(page, f"location.search.includes('epoch={epoch}')")
    if path != "Train":
        page.get_by_role("link", name=path, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(path)
        until(page, "location.search.includes('epoch=3')")
    settle(page)
    return page.url


def assert_lost(page: Page) -> None:
    expect(page.locator(NOTICE)).to_contain_text(LOST)
    expect(page.locator(NOTICE)).to_contain_text("holds your run")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("streamlit run")).to_have_count(0)


@pytest.mark.parametrize("path", ["Train", "Forward pass"])
def test_the_page_says_what_happens_to_the_run_and_shows_it_again(mortal: Server, chromium: Browser, path: str) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    address = stepped(page, mortal, path)
    whose = ".st-key-status .rnn-text" if path == "Train" else ".st-key-whose"
    before = page.locator(whose).inner_text()
    assert "epoch 3" in before
    mortal.end()
    assert_lost(page)
    mortal.start()
    expect(page.locator(NOTICE)).to_have_count(0, timeout=60_000)
    settle(page)
    expect(page.locator(whose)).to_have_text(before, use_inner_text=True)
    assert page.url == address
    page.close()


def test_a_notice_that_was_closed_stays_closed_until_the_next_loss(mortal: Server, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{mortal.address}/train")
    settle(page)
    page.evaluate(
        "window.errors = 0; addEventListener('message', ({ data }) => (errors += data.type === 'CLIENT_ERROR_DIALOG'))"
    )
    mortal.end()
    assert_lost(page)
    page.locator(NOTICE).get_by_role("button", name="Close").click()
    seen = page.evaluate("errors")
    until(page, f"errors >= {seen + 2}")  # Streamlit's page tries on
    expect(page.locator(NOTICE)).to_have_count(0)
    mortal.start()
    until(page, "document.querySelector('[data-test-connection-state=CONNECTED]')")
    mortal.end()
    assert_lost(page)
    page.close()


ANOTHER_SESSION = """
window.sockets = []
window.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols.slice(0, 2)) // the third is the id of the session before, and the server forgets none so soon
    window.sockets.push(this)
  }
}
"""


def test_after_a_session_has_ended_no_progress_of_it_is_shown(server: str, chromium: Browser) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(ANOTHER_SESSION)
    page.goto(f"{server}/compare?{QUERY}&compare_epochs=1000&compare_seeds=5&compare_together=false")
    settle(page)
    status = page.locator(".st-key-race_status .rnn-text")
    expect(status).to_contain_text("0%")
    before = status.inner_text()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(status).not_to_have_text(before)
    page.evaluate("sockets.at(-1).close()")
    until(page, "sockets.length > 1")
    settle(page)
    expect(page.get_by_text("Nothing is trained yet")).to_be_visible()
    expect(status).to_have_text(before)
    expect(page.locator(".st-key-race_lanes, .st-key-race_table")).to_have_count(0)
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_notice_has_the_colours_of_the_theme(server: str, chromium: Browser, scheme: str) -> None:
    page = chromium.new_page(color_scheme="dark" if scheme == "dark" else "light")
    page.goto(f"{server}/nothing")
    settle(page)
    expect(page.locator(NOTICE)).to_be_visible()
    luminance = "(...rgb) => rgb.reduce((sum, part) => sum + part, 0) / 765"
    background = page.evaluate(
        f"({luminance})(...getComputedStyle(document.querySelector('{NOTICE}')).backgroundColor.match(/\\d+/g).map(Number))"
    )
    assert (background < 0.5) == (scheme == "dark")
    page.close()


def test_what_else_streamlit_would_show_in_a_dialog_is_shown_as_text(server: str, chromium: Browser) -> None:
    page = chromium.new_page()  # Streamlit's page writes the error to the console too
    page.goto(f"{server}/nothing<b>")
    settle(page)
    expect(page.locator(NOTICE)).to_contain_text("Page not found")
    expect(page.locator(f"{NOTICE} b")).to_have_count(0)
    page.locator(NOTICE).get_by_role("button", name="Close").click()
    expect(page.locator(NOTICE)).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Text to tensor")
    page.close()


def test_a_page_of_another_window_cannot_show_a_notice(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    page.evaluate(
        """() => new Promise((done) => {
          const frame = document.createElement("iframe")
          frame.srcdoc = `<script>
            parent.postMessage({ stCommVersion: 1, type: "CLIENT_ERROR_DIALOG", error: "x", message: "x" }, "*")
            parent.postMessage("sent", "*")
          </` + `script>`
          addEventListener("message", ({ data }) => data === "sent" && done())
          document.body.append(frame)
        })"""
    )
    expect(page.locator(NOTICE)).to_have_count(0)
