"""What every page has in its head before Streamlit's own: where the server is, the app's scripts and style sheets."""

from __future__ import annotations

from pathlib import Path

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from pages.ui.i18n import language_of
from server.lost_connection import lost_connection_script
from server.page_addresses import page_at
from server.responses import whole_response, without

UI = Path(__file__).parents[1] / "pages" / "ui"

FOLDER_SCRIPT = (
    '<script>if(!location.pathname.endsWith("/")){'
    'stop();location.replace(location.pathname+"/"+location.search+location.hash)}</script>'
)
"""The server has sent its first page, which stands in a folder, but the browser's address is not one: a proxy strips a
prefix and lets it through without its slash. Only the browser can know."""

ROOT_SCRIPT = (
    '<script>window.__streamlit={BACKEND_BASE_URL:new URL(".",location).href,'
    "HOST_CONFIG:{blockErrorDialogs:true}}</script>"
)
"""Tells Streamlit's page, and the live charts, where the server is: in the folder of the page, whatever its path.
Without it, a deep link makes the page probe ``/train/_stcore/health`` first, and every visitor's console shows it.
Streamlit's dialogs of errors stay closed: ``lost_connection.js`` shows what they would."""

EMBEDDED_SCRIPT = (
    "<script>if(/[?&]embed=true(&|$)/i.test(location.search))"
    'document.documentElement.classList.add("rnn-embedded")</script>'
)
"""Tells the style sheets that the page is meant for a frame; Streamlit keeps ``embed`` out of its own query."""

SCRIPTS = "".join(
    f"<script>{(UI / name).read_text(encoding='utf-8')}</script>"
    for name in ("address.js", "early.js", "number_fields.js", "fields.js", "overlays.js", "roles.js")
)

STYLE = "".join(
    f'<style id="{sheet.stem}">{sheet.read_text(encoding="utf-8")}</style>' for sheet in sorted(UI.rglob("*.css"))
)
"""Every style sheet of the app. They come with the page, before any content, which so finds its place kept."""


class PageHead:
    """Puts this app's scripts and style sheets into every page; the compression must be outside of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves ``scope``; a page is sent once it is whole."""
        if scope["type"] != "http" or scope["method"] != "GET" or page_at(scope["path"]) is None:
            await self.app(scope, receive, send)
            return
        response = await whole_response(self.app, without(scope, "accept-encoding", "if-none-match"), receive)
        if response is None:
            return
        if response.headers.get("content-type", "").startswith("text/html"):
            language = language_of(Headers(scope=scope).get("accept-language", ""))
            head = f"<head>{head_of(page_at(scope['path']) or '', language)}".encode()
            response.body = bytes(response.body).replace(b"<head>", head, 1)
            response.headers["content-length"] = str(len(response.body))
        await response(scope, receive, send)


def head_of(page: str, language: str) -> str:
    """Return the HTML at the head of the page with this name, "" for the first one."""
    where = ROOT_SCRIPT if page else FOLDER_SCRIPT + ROOT_SCRIPT
    return f"{where}{EMBEDDED_SCRIPT}{SCRIPTS}{lost_connection_script(language)}{STYLE}"
