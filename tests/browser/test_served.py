"""What the server sends besides the page: headers, health, compressed files; and what survives a redraw."""

from __future__ import annotations

import gzip
import json
import urllib.request
from http.client import HTTPMessage
from pathlib import Path

import plotly
from playwright.sync_api import expect

from tests.browser.conftest import Open, until

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
LOSS = "document.querySelector('.st-key-loss_chart .js-plotly-plot')"


def fetched(address: str) -> tuple[HTTPMessage, bytes]:
    """Headers and raw body of an address, asked for compressed."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip", "Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers, answer.read()


def test_health_is_ok_once_the_server_answers(server: str) -> None:
    _headers, body = fetched(f"{server}/healthz")
    assert json.loads(body) == {"status": "ok"}


def test_every_answer_carries_the_security_headers(server: str) -> None:
    for path in ("/", "/train", "/healthz", "/assets/plotly.min.js", "/_stcore/health"):
        headers, _body = fetched(server + path)
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "SAMEORIGIN"


def test_plotly_js_is_the_wheels_own_compressed_and_kept_for_long(server: str) -> None:
    for _visit in range(2):
        headers, body = fetched(f"{server}/assets/plotly.min.js")
        assert headers["content-encoding"] == "gzip"
        assert "immutable" in headers["cache-control"]
        assert gzip.decompress(body) == PLOTLY.read_bytes()


def test_zoom_survives_an_update(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    until(page, f"{LOSS}?.layout?.xaxis?.range")
    box = page.locator(".st-key-loss_chart .nsewdrag").first.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 20, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    page.mouse.up()
    zoomed = until(page, f"{LOSS}.layout.xaxis.autorange === false && {LOSS}.layout.xaxis.range.slice()")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".st-key-status")).to_contain_text("epoch 1")
    until(page, f"{LOSS}.calcdata[0].length === 2")
    assert page.evaluate(f"{LOSS}.layout.xaxis.range.slice()") == zoomed


def test_a_chart_says_its_state_in_words(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    chart = page.locator(".st-key-loss_chart [role=img]")
    expect(page.locator(".st-key-status")).to_contain_text("epoch 0")
    status = page.locator(".st-key-status .rnn-text").inner_text()
    expect(chart).to_have_attribute("aria-label", f"Loss over epochs: {status}")
