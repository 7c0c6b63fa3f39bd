"""Every page works wherever the server is found: at the root, under baseUrlPath, and behind a proxy with a prefix."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, Open, free_port, settle, started_server, until
from tests.browser.proxies import PROXIES

PAGES = {
    path.stem: path.stem.replace("_", " ").capitalize()
    for path in sorted((ROOT / "pages").glob("*.py"))
    if path.stem != "main"
}
"""Every page's name in the address, with its heading."""

FIRST = "text_to_tensor"
PREFIXES = ["/train", "/teach/compare", "/rnn-memory"]
"""Prefixes that a proxy strips; their ends are names of pages, or end in one."""

PLACES = ["root", "baseUrlPath", *[f"python {prefix}" for prefix in PREFIXES]]
PLACES += [f"{proxy} {PREFIXES[0]}" for proxy in PROXIES if proxy != "python"]
DRAWN = "!document.querySelector('[class*=\"_plot \"]:not([data-drawn])')"


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server that was just started is found, without a slash at the end."""
    if request.param == "root":
        with started_server() as address:
            yield address
        return
    if request.param == "baseUrlPath":
        with started_server(base="/rnn") as address:
            yield address
        return
    proxy, prefix = request.param.split(" ")
    port = free_port()
    with started_server() as address:
        server = urlsplit(address).port
        assert server is not None
        with PROXIES[proxy](prefix, server, port, tmp_path_factory.mktemp(proxy)):
            yield f"http://127.0.0.1:{port}{prefix}"


def path_of(name: str) -> str:
    return "" if name == FIRST else name


def assert_works(page: Page, place: str, name: str) -> None:
    """The page with this name is shown at its address, and all of its charts are drawn."""
    expect(page.get_by_role("heading", level=1)).to_have_text(PAGES[name])
    until(page, f"{DRAWN} && (window.Plotly || ['share', 'compare'].includes({json.dumps(name)}))")
    settle(page)
    assert urlsplit(page.url).path == f"{urlsplit(place).path}/{path_of(name)}"


def test_a_deep_link_opens_every_page_with_its_charts(place: str, open_page: Open) -> None:
    page = open_page(f"{place}/train?text=abcab")  # the first request that this server gets
    for name in PAGES:
        page.goto(f"{place}/{path_of(name)}?text=abcab")
        assert_works(page, place, name)
        expect(page.get_by_label("Text", exact=True)).to_have_value("abcab")


@pytest.mark.parametrize("name", ["train", "compare"])
def test_a_slash_too_many_leads_to_the_page(place: str, open_page: Open, name: str) -> None:
    page = open_page(f"{place}/{name}/?text=abcab")
    assert_works(page, place, name)
    expect(page.get_by_label("Text", exact=True)).to_have_value("abcab")


def test_without_its_slash_the_place_opens_the_first_page(place: str, chromium: Browser) -> None:
    page = chromium.new_page()  # what it loads before it moves may be missing, and the console says so
    page.goto(f"{place}?text=abcab")
    settle(page)
    assert_works(page, place, FIRST)
    expect(page.get_by_label("Text", exact=True)).to_have_value("abcab")
    page.close()


def test_the_navigation_and_back_stay_in_the_place(place: str, open_page: Open) -> None:
    page = open_page(f"{place}/?text=abcab")
    assert_works(page, place, FIRST)
    for name in ("compare", "train"):
        page.get_by_role("link", name=PAGES[name], exact=True).click()
        assert_works(page, place, name)
    for name in ("compare", FIRST):
        page.go_back()
        assert_works(page, place, name)


def test_a_link_a_download_and_an_upload_stay_in_the_place(place: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(f"{place}/share?text=abcab")
    until(page, "document.querySelector('.st-key-share_link code')?.innerText.includes('abcab')")
    assert page.locator(".st-key-share_link code").inner_text().startswith(f"{place}/")
    with page.expect_download() as download:
        page.get_by_role("button", name="config.json").click()
    file = tmp_path / "config.json"
    download.value.save_as(file)
    assert json.loads(file.read_text(encoding="utf-8"))["text"] == "abcab"
    file.write_text(file.read_text(encoding="utf-8").replace("abcab", "cabca"), encoding="utf-8")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_label("Text", exact=True)).to_have_value("cabca")


@pytest.mark.parametrize("route", ["/healthz", "/assets/plotly.min.js"])
def test_the_servers_own_routes_are_in_the_place(place: str, route: str) -> None:
    with urllib.request.urlopen(place + route, timeout=10) as answer:
        assert not answer.headers["content-type"].startswith("text/html")


def test_a_file_that_is_not_there_is_not_answered_with_a_page(place: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{place}/assets/nothing.js", timeout=10)
