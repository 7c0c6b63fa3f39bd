"""A page of another site may frame the app where the setting names its origin, and then the picture stands first."""

from __future__ import annotations

import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from server.settings import FRAME_ANCESTORS
from tests.browser.conftest import Open, settle, started_server, until

WIDTH, HEIGHT = 900, 600
PICTURES = {
    "": ".st-key-one_hot",
    "forward_pass": ".st-key-network_picture",
    "inside_the_cell": ".st-key-cell_diagram",
    "train": ".st-key-loss_chart",
    "through_time": ".st-key-gradient_picture",
    "memory": ".js-plotly-plot",
    "compare": ".st-key-race_loss_plot .js-plotly-plot",
}
"""The first picture of each page that has one; *Compare* has it once it has run."""

SHORT = {"compare": "compare_seeds=2&compare_epochs=10"}
"""What the address of a page holds for its picture to be there soon."""


class Course(http.server.BaseHTTPRequestHandler):
    """A page of a course system: a frame of the address in the query."""

    def do_GET(self) -> None:
        """Answers any path."""
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        address = self.path.partition("?")[2]
        self.wfile.write(f'<!doctype html><iframe src="{address}" width={WIDTH} height={HEIGHT}></iframe>'.encode())

    def log_message(self, *_words: object) -> None:
        """Writes nothing."""


@pytest.fixture(scope="module")
def course() -> Iterator[str]:
    """The origin of a course system. To a browser, localhost is another site than 127.0.0.1."""
    with http.server.ThreadingHTTPServer(("localhost", 0), Course) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_port}"
        site.shutdown()


@pytest.fixture(scope="module")
def framed(course: str) -> Iterator[str]:
    """A server that the course system may frame."""
    with ExitStack() as stack:
        with pytest.MonkeyPatch.context() as patch:  # other servers are started without it
            patch.setenv(FRAME_ANCESTORS, course)
            address = stack.enter_context(started_server())
        yield address


def in_frame(browser: Browser, course: str, address: str) -> tuple[Page, FrameLocator]:
    page = browser.new_page(viewport={"width": WIDTH + 40, "height": HEIGHT + 40})
    page.goto(f"{course}/lesson?{quote(address, safe=':/?=&')}")
    return page, page.frame_locator("iframe")


def test_the_app_runs_in_a_frame_of_another_site(framed: str, course: str, chromium: Browser) -> None:
    page, frame = in_frame(chromium, course, f"{framed}/train?embed=true&text=abcab")
    expect(frame.locator(".st-key-loss_chart .js-plotly-plot")).to_be_visible(timeout=60_000)  # its first page
    expect(frame.locator(".st-key-status")).to_contain_text("epoch 0")
    frame.get_by_role("button", name="Step", exact=True).click()
    expect(frame.locator(".st-key-status")).to_contain_text("epoch 1")
    frame.get_by_role("button", name="Play", exact=True).click()
    expect(frame.locator(".st-key-status")).to_contain_text(re.compile(r"epoch \d{2,}"))
    page.close()


def test_without_the_setting_no_other_site_frames_the_app(server: str, course: str, chromium: Browser) -> None:
    page, frame = in_frame(chromium, course, f"{server}/train?embed=true")
    page.wait_for_load_state("networkidle")
    expect(frame.locator("#root")).to_have_count(0)
    page.close()


def test_a_site_that_the_setting_does_not_name_frames_nothing(framed: str, course: str, chromium: Browser) -> None:
    other = course.replace("localhost", "other.localhost")
    page, frame = in_frame(chromium, other, f"{framed}/train?embed=true")
    page.wait_for_load_state("networkidle")
    expect(frame.locator("#root")).to_have_count(0)
    page.close()


def open_with_picture(open_page: Open, server: str, path: str, query: str = "", **options: Any) -> tuple[Page, Locator]:
    """Open a page, have it draw its picture, and return both."""
    page = open_page(f"{server}/{path}?{SHORT.get(path, '')}&{query}", **options)
    if path == "compare":
        page.get_by_role("button", name="Run", exact=True).click()
        expect(page.locator(".st-key-race_status")).to_contain_text("done")
    picture = page.locator(f".stMain {PICTURES[path]}").first
    expect(picture).to_be_visible()
    until(page, "!document.querySelector('[class*=\"_plot \"]:not([data-drawn])')")
    settle(page)
    return page, picture


@pytest.mark.parametrize("path", PICTURES)
def test_an_embedded_page_shows_its_picture_first(server: str, open_page: Open, path: str) -> None:
    page, picture = open_with_picture(
        open_page, server, path, "embed=true", viewport={"width": WIDTH, "height": HEIGHT}
    )
    head, first = page.get_by_role("heading", level=1).bounding_box(), picture.bounding_box()
    assert head is not None
    assert first is not None
    assert first["y"] < HEIGHT / 2, "the picture is in the upper half of the frame"
    assert first["y"] + min(first["height"], HEIGHT / 3) <= HEIGHT
    assert head["y"] > first["y"] + first["height"], "what explains it stands below"


@pytest.mark.parametrize("path", PICTURES)
def test_outside_a_frame_the_head_stands_first(server: str, open_page: Open, path: str) -> None:
    page, picture = open_with_picture(open_page, server, path)
    head, first = page.get_by_role("heading", level=1).bounding_box(), picture.bounding_box()
    assert head is not None
    assert first is not None
    assert head["y"] < first["y"]
