"""Where the server listens, and under which path."""

from __future__ import annotations

import ipaddress
import socket

import streamlit as st

_ALL = ("", "0.0.0.0", "::")
_NOWHERE = ("192.0.2.1", 9)
"""An address of no machine (RFC 5737); connecting a UDP socket sends nothing, and chooses the outgoing interface."""


def base_path() -> str:
    """Return the path that all addresses of this server begin with, "" or "/rnn": Streamlit's ``baseUrlPath``."""
    path = st.get_option("server.baseUrlPath").strip("/")
    return f"/{path}" if path else ""


def lan_address() -> str | None:
    """Return the host name or IP address under which other machines reach this server; None if they cannot.

    The port and the path are those of the page that is open.
    """
    address = st.get_option("server.address") or ""
    if address in _ALL:
        return _outgoing_address()
    return None if is_loopback(address) else address


def lan_url() -> str | None:
    """Return the whole address under which other machines reach this server; None if they cannot."""
    host = lan_address()
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return host and f"{scheme}://{host}:{st.get_option('server.port')}{base_path()}/"


def is_loopback(host: str) -> bool:
    """Return whether ``host`` names this machine for itself only: ``localhost``, 127.0.0.0/8 or ::1."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _outgoing_address() -> str | None:
    """Return the IPv4 address of the interface that leads out of this machine; None without a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return None if is_loopback(address) or address in _ALL else address
