"""Which addresses are pages: the rest get no page, and a page has one address.

Streamlit's page loads its files from its own folder (``./static/…``), so a page works only one level below the path at
which a visitor finds the server. That path may be Streamlit's ``baseUrlPath``, or a prefix that a proxy strips and that
the server never sees. For this reason every redirect here is relative.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.address import base_path

NO_PAGE = PlainTextResponse("There is no page at this address.", status_code=404)


class PageAddresses:
    """Redirects an address with a slash too many or too few, and answers 404 where Streamlit would send its page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves ``scope``."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        target = moved_to(scope["path"])
        if target is not None:
            query = scope["query_string"].decode("latin-1")
            redirect = RedirectResponse(f"{target}?{query}" if query else target, headers={"cache-control": "no-cache"})
            await redirect(scope, receive, send)
            return
        if page_at(scope["path"]) is not None:
            await self.app(scope, receive, send)
            return
        refused = False

        async def send_no_page(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
                if refused:
                    await NO_PAGE(scope, receive, send)
            if not refused:
                await send(message)

        await self.app(scope, receive, send_no_page)


def page_at(path: str) -> str | None:
    """Return the name of the page at ``path``, "" for the first one; None where no page can be.

    >>> page_at("/train"), page_at("/"), page_at("/a/b"), page_at("/a.js")
    ('train', '', None, None)
    """
    base = base_path()
    if not path.startswith(f"{base}/"):
        return None
    name = path.removeprefix(f"{base}/")
    return None if "/" in name or "." in name else name


def moved_to(path: str) -> str | None:
    """Return the address, relative to ``path``, of the page that is meant; None where ``path`` is right.

    >>> moved_to("/train/"), moved_to("/train")
    ('../train', None)
    """
    base = base_path()
    if base and path == base:
        return f"{base.rpartition('/')[2]}/"
    below = path.removeprefix(base)
    if not path.startswith(f"{base}/") or not path.endswith("/") or below == "/" or path.startswith("//"):
        return None
    kept = path.rstrip("/")
    return "../" * (len(path) - len(kept)) + kept.rpartition("/")[2]
