"""Files that never change, compressed once for all visitors."""

from __future__ import annotations

import gzip

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from server.address import base_path
from server.responses import whole_response, without


class CompressOnce:
    """Compresses each file that never changes once, and keeps it: thirty visitors cost what one costs.

    What is kept is bounded by the files that exist: Streamlit's ``/static`` and this app's ``/assets``.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.kept: dict[str, Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a GET of a file from what is kept, and passes everything else on."""
        if not self._concerns(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self.kept:
            response = await whole_response(self.app, without(scope, "accept-encoding", "if-none-match"), receive)
            if response is None:  # the visitor has gone
                return
            if response.status_code != 200:
                await response(scope, receive, send)
                return
            packed = await anyio.to_thread.run_sync(gzip.compress, bytes(response.body))
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            self.kept[path] = Response(
                packed, headers=headers | {"content-encoding": "gzip", "vary": "accept-encoding"}
            )
        await self.kept[path](scope, receive, send)

    @staticmethod
    def _concerns(scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        headers = Headers(scope=scope)
        compressible = scope["path"].endswith((".js", ".css"))
        base = base_path()
        known = scope["path"].startswith((f"{base}/static/", f"{base}/assets/"))
        return known and compressible and "gzip" in headers.get("accept-encoding", "") and "range" not in headers
