"""Files of this app that pages load by address."""

from __future__ import annotations

from pathlib import Path

import plotly
from starlette.requests import Request
from starlette.responses import FileResponse, Response

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


async def plotly_js(_request: Request) -> Response:
    """Return plotly.js of the installed plotly wheel, for the live charts; its address carries the version."""
    return FileResponse(
        PLOTLY, media_type="text/javascript", headers={"cache-control": "public, immutable, max-age=31536000"}
    )
