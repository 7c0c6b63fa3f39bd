"""The first request to a server that was just started is a deep link: what AppTest cannot see."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open

QUERY = "?text=abcab&cell=gru&hidden_size=5&head=linear&learning_rate=0.03&bidirectional=true"


def test_cold_deep_link_shows_frame_and_config(cold_server: str, open_page: Open) -> None:
    page = open_page(f"{cold_server}/train{QUERY}")
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    for name in ("Text to tensor", "Forward pass", "Train"):
        expect(page.get_by_role("link", name=name)).to_be_visible()
    expect(page.get_by_label("Text", exact=True)).to_have_value("abcab")
    expect(page.get_by_role("spinbutton", name="hidden_size")).to_have_value("5")
    expect(page.get_by_role("spinbutton", name="learning_rate")).to_have_value("0.03")
    expect(page.get_by_role("radio", name="gru")).to_be_checked()
    expect(page.locator(".st-key-badges")).to_contain_text("V = 3")
    expect(page.locator(".st-key-loss_chart .js-plotly-plot")).to_be_visible()
    assert parse_qs(urlsplit(page.url).query) == parse_qs(QUERY.removeprefix("?"))


@pytest.mark.parametrize("path", ["/", "/forward_pass", "/train"])
def test_every_page_opens_without_complaint(server: str, open_page: Open, path: str) -> None:
    page = open_page(server + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
