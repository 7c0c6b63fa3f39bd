"""Puts the server together: Streamlit's app around ``pages/main.py``, inside the layers of ``server``.

``streamlit run app.py`` finds ``app`` by its name. A request passes the layers from the first to the last.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Route

from server import settings
from server.address import base_path
from server.assets import plotly_js
from server.compression import CompressOnce
from server.health import healthz, lifespan
from server.hosts import KnownHosts
from server.messages import WellFormedMessages
from server.one_update import OneUpdateAtATime
from server.page_addresses import PageAddresses
from server.page_head import PageHead
from server.security_headers import SecurityHeaders
from server.theme import read_theme_once

try:
    frame_ancestors, hosts = settings.frame_ancestors(), settings.hosts()
except settings.SettingError as error:
    sys.exit(str(error))

read_theme_once()
app = st.App(
    Path(__file__).parent / "pages" / "main.py",
    lifespan=lifespan,
    routes=[
        Route(f"{base_path()}/assets/plotly.min.js", plotly_js),
        Route(f"{base_path()}/healthz", healthz),
    ],
    middleware=[
        Middleware(SecurityHeaders, frame_ancestors=frame_ancestors),
        Middleware(KnownHosts, names=hosts),
        Middleware(WellFormedMessages),
        Middleware(OneUpdateAtATime),
        Middleware(CompressOnce),
        Middleware(GZipMiddleware, minimum_size=1_000),
        Middleware(PageAddresses),
        Middleware(PageHead),
    ],
)
