"""The link to the present run: as text with a button to copy it, and as a QR code for a projector."""

from __future__ import annotations

import io
from urllib.parse import urlsplit, urlunsplit

import segno
import streamlit as st

from pages.ui import address
from pages.ui.i18n import _
from pages.ui.share import files
from rnn_core import Trainer
from rnn_core.link import HIDEABLE, MAX_QUERY_BYTES, query_string
from server.address import is_loopback, lan_address

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


def show_link(trainer: Trainer) -> None:
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
        query = query_string(address.query(hide=tuple(hidden)))
        if len(query) > MAX_QUERY_BYTES:
            _offer_file(trainer, len(query))
            return
        url = link_to(page or "", query)
        others = link_for_others(url)
        with st.container(key="share_link"):
            st.code(url, language=None, wrap_lines=True)
        st.caption(_("The button at its right copies it."))
        _show_reach(url, others)
    with code, st.container(key="qr"):
        url = others or url
        picture = qr_png(url)
        if picture is None:
            st.text(_("The link is too long for a QR code: {length} characters.").format(length=len(url)))
        else:
            st.image(picture, width=QR_PX, alt=_("QR code of the link"))


def _offer_file(trainer: Trainer, length: int) -> None:
    """Say that the run has no link, and offer the file that holds it."""
    with st.container(key="no_link"):
        st.warning(
            _(
                "This run has no link to pass on: it would be {length:,} bytes long, and many servers and chat "
                "programs refuse more than {limit:,}. The address of this page holds a short form, which opens in "
                "this browser only. Pass the file on: whoever opens it below has this run."
            ).format(length=length, limit=MAX_QUERY_BYTES),
            icon=":material/link_off:",
        )
        files.show_download(trainer, files.of_the_run(trainer), key="instead_of_link")


def _show_reach(url: str, others: str | None) -> None:
    """Say who cannot open a link to this machine's own name, and which one others can open."""
    host = urlsplit(url).hostname or ""
    if not is_loopback(host):
        return
    with st.container(key="share_reach"):
        words = _("`{host}` is this machine for itself only: nobody else can open this link.").format(host=host)
        if others is None:
            words += " " + _(
                "The server accepts no connection from other machines; `make workshop` starts one that does."
            )
        else:
            words += " " + _("In this network the server has the address below, which is also in the QR code.")
        st.warning(words, icon=":material/lan:")
        if others is not None:
            st.code(others, language=None, wrap_lines=True)


def link_to(page: str, query: str) -> str:
    """Return the address of ``page`` on the server that this page came from, with ``query``."""
    here = urlsplit(st.context.url or "")
    folder = here.path.rpartition("/")[0]
    return urlunsplit((here.scheme, here.netloc, f"{folder}/{page}", query, ""))


def link_for_others(url: str) -> str | None:
    """Return ``url`` with the name under which other machines reach this server, where its own is for this one only."""
    here = urlsplit(url)
    if not is_loopback(here.hostname or ""):
        return None
    host = lan_address()
    if host is None:
        return None
    port = f":{here.port}" if here.port else ""
    return urlunsplit(here._replace(netloc=(f"[{host}]" if ":" in host else host) + port))


def qr_png(url: str) -> bytes | None:
    """A QR code of ``url`` as a PNG with a light frame, or None where it holds more than a code can."""
    try:
        code = segno.make_qr(url, error="l")
    except segno.DataOverflowError:
        return None
    file = io.BytesIO()
    code.save(file, kind="png", scale=MODULE_PX, border=4)
    return file.getvalue()
