"""A page has one address; what is no page gets none; every redirect is relative, so a proxy's prefix survives it."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from starlette.types import Receive, Scope, Send
from streamlit import config

from server.page_addresses import PageAddresses, moved_to, page_at
from tests.server.asgi import http, respond

PREFIXES = ["", "/train", "/teach/compare", "/rnn-memory"]
"""What a proxy may strip before this server sees a path."""


@pytest.fixture(params=["", "rnn", "teach/train"])
def base(request: pytest.FixtureRequest) -> object:
    """Streamlit's baseUrlPath, as a path."""
    before = config.get_option("server.baseUrlPath")
    config.set_option("server.baseUrlPath", request.param)
    yield f"/{request.param}" if request.param else ""
    config.set_option("server.baseUrlPath", before)


async def streamlit(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answers every path with a page, as Streamlit does."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(("path", "meant"), [("/train/", "/train"), ("/share/", "/share"), ("/a/b/", "/a/b")])
def test_a_slash_too_many_leads_to_the_page_below_any_prefix(base: str, path: str, meant: str, prefix: str) -> None:
    target = moved_to(base + path)
    assert target is not None
    assert urljoin(f"http://host{prefix}{base}{path}", target) == f"http://host{prefix}{base}{meant}"


def test_the_root_keeps_its_slash(base: str) -> None:
    assert moved_to(f"{base}/") is None
    assert moved_to("/") is None


def test_a_base_path_without_its_slash_leads_to_the_root(base: str) -> None:
    if base:
        assert urljoin(f"http://host{base}", moved_to(base)) == f"http://host{base}/"


@pytest.mark.parametrize("path", ["/train", "/static/js/index.js", "/nothing"])
def test_a_right_address_is_not_moved(base: str, path: str) -> None:
    assert moved_to(base + path) is None


@pytest.mark.parametrize("path", ["/assets/nothing.js", "/static/js/nothing.js", "/train/nothing", "/favicon.ico"])
def test_what_is_no_page_is_not_answered_with_one(base: str, path: str) -> None:
    assert page_at(base + path) is None
    response = respond(PageAddresses(streamlit), http(base + path))
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("name", ["", "train", "share"])
def test_a_page_is_answered(base: str, name: str) -> None:
    assert page_at(f"{base}/{name}") == name
    response = respond(PageAddresses(streamlit), http(f"{base}/{name}"))
    assert (response.status_code, bytes(response.body).decode()) == (200, f"{base}/{name}")


def test_the_query_survives_the_redirect(base: str) -> None:
    response = respond(PageAddresses(streamlit), http(f"{base}/train/?text=a%26b"))
    assert response.headers["location"] == "../train?text=a%26b"


def test_no_redirect_leaves_the_server(base: str) -> None:
    for path in ("//example.org/", f"{base}//example.org/", f"{base}/\\example.org/", f"{base}/https:example.org/"):
        target = moved_to(path)
        assert target is None or target.startswith("../")
