"""A control that the browser draws late, since its script has not arrived, has the value of the link all the same."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, Route, WebSocket, expect

from rnn_core.config import Cell, Head, Optimizer, RunConfig, Task
from tests.browser.conftest import READY_MS, Open, settle
from tests.pages.conftest import PAGES

CONFIG = RunConfig(
    "one\ntwo",
    task=Task.NEXT,
    cell=Cell.GRU,
    head=Head.LINEAR,
    hidden_size=7,
    num_layers=2,
    bidirectional=True,
    optimizer=Optimizer.SGD,
    learning_rate=0.03,
    clip_norm=0.5,
    seed=5,
)
QUERY = CONFIG.to_query() | {"epoch": "4", "shown": "3", "layer": "1", "direction": "backward", "b": "1", "t": "1"}


class DelayedScripts:
    """Delays the JavaScript that a page loads after its websocket is open: that of the single kinds of control."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.delayed: list[Route] = []
        self.sent = 0
        self.delaying = False
        page.route("**/static/js/*.js", self._pass)
        page.on("websocket", self._connected)

    def run_again(self) -> None:
        """Has Streamlit run the script again, by its own key for it."""
        sent = self.sent
        self.page.keyboard.press("r")
        self._wait(lambda: self.sent > sent)
        settle(self.page)

    def wait_for(self, names: set[str]) -> None:
        """Returns once the page has requested the scripts of these names, and the first run is over."""
        self._wait(
            lambda: names <= {urlsplit(one.request.url).path.split("/")[-1].split(".")[0] for one in self.delayed}
        )
        settle(self.page)

    def release(self) -> None:
        self.delaying = False
        for route in self.delayed:
            route.continue_()

    def _wait(self, condition: Callable[[], bool]) -> None:
        for _attempt in range(READY_MS // 50):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise TimeoutError

    def _pass(self, route: Route) -> None:
        if self.delaying:
            self.delayed.append(route)
        else:
            route.continue_()

    def _connected(self, socket: WebSocket) -> None:
        self.delaying = True
        socket.on("framesent", self._count)

    def _count(self, _message: object) -> None:
        self.sent += 1


@pytest.mark.parametrize("page_name", PAGES)
def test_a_control_that_is_drawn_late_has_the_value_of_the_link(server: str, open_page: Open, page_name: str) -> None:
    page = open_page(f"{server}/share")  # for its checks of the console
    scripts = DelayedScripts(page)
    page.goto(f"{server}/{'' if page_name == PAGES[0] else page_name}?{urlencode(QUERY)}", wait_until="commit")
    scripts.wait_for({"ButtonGroup", "NumberInput", "TextInput"})
    scripts.run_again()
    scripts.release()
    for name, value in {"seed": "5", "hidden_size": "7", "learning_rate": "0.03", "num_layers": "2"}.items():
        expect(page.locator(f".st-key-{name} input")).to_have_value(value)
    expect(page.locator(".st-key-bidirectional input")).to_be_checked()
    scripts.run_again()
    scripts.run_again()
    assert dict(parse_qsl(urlsplit(page.url).query)) == QUERY
