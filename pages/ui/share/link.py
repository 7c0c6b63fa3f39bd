"""The link to the present run: as text with a button to copy it, and as a QR code for a projector."""

from __future__ import annotations

import io
from dataclasses import replace
from urllib.parse import urlencode, urlsplit, urlunsplit

import segno
import streamlit as st

from pages.ui import address, cursor
from pages.ui.i18n import _
from rnn_core import RunConfig
from rnn_core.link import HIDEABLE

PAGES = {
    "train": "Train",
    "": "Text to tensor",
    "forward_pass": "Forward pass",
    "inside_the_cell": "Inside the cell",
    "through_time": "Through time",
    "memory": "Memory",
    "compare": "Compare",
}
"""The pages that a link can open, by their paths, with their titles as message ids."""

QR_PX = 420
MODULE_PX = 8


def show_link(config: RunConfig) -> None:
    """The link, and what it is to open and to hide."""
    text, code = st.columns([3, 2], gap="medium")
    with text:
        page = st.selectbox(_("opens"), list(PAGES), format_func=lambda path: _(PAGES[path]), key="link_page")
        hidden = st.multiselect(
            _("hides"),
            HIDEABLE,
            key="link_hides",
            placeholder=_("nothing"),
            help=_("Controls that whoever opens the link does not see. They keep the value that the link gives them."),
        )
        here = address.present()
        wanted = replace(here, hide=tuple(hidden) or here.hide)
        url = link_to(page or "", config.to_query() | wanted.to_query() | cursor.to_query(config))
        with st.container(key="share_link"):
            st.code(url, language=None, wrap_lines=True)
        st.caption(_("The button at its right copies it."))
    with code, st.container(key="qr"):
        picture = qr_png(url)
        if picture is None:
            st.text(_("The link is too long for a QR code: {length} characters.").format(length=len(url)))
        else:
            st.image(picture, width=QR_PX, alt=_("QR code of the link"))


def link_to(page: str, query: dict[str, str]) -> str:
    """The address of ``page`` on the server that this page came from, with ``query``."""
    here = urlsplit(st.context.url or "")
    folder = here.path.rpartition("/")[0]
    return urlunsplit((here.scheme, here.netloc, f"{folder}/{page}", urlencode(query), ""))


def qr_png(url: str) -> bytes | None:
    """A QR code of ``url`` as a PNG with a light frame, or None where it holds more than a code can."""
    try:
        code = segno.make_qr(url, error="l")
    except segno.DataOverflowError:
        return None
    file = io.BytesIO()
    code.save(file, kind="png", scale=MODULE_PX, border=4)
    return file.getvalue()
