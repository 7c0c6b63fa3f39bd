"""Settings of the server that come from the environment; a bad value is an error at the start."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

FRAME_ANCESTORS = "RNN_EXPLORER_FRAME_ANCESTORS"
"""Origins whose pages may frame this app, as "https://lms.example.org", separated by spaces or commas."""

HOSTS = "RNN_EXPLORER_HOSTS"
"""Names under which visitors reach this server beside its own, as "rnn.example.org", separated likewise."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(\*\.)?{_LABEL}(\.{_LABEL})*"
_ORIGIN = re.compile(rf"https?://{_HOST}(:\d{{1,5}})?")
_NAME = re.compile(_HOST)


class SettingError(ValueError):
    """A setting does not keep its rule; the message is a sentence."""


def frame_ancestors(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the origins whose pages may frame this app, beside its own.

    Raises: SettingError for what is no origin: a path, a keyword or a bare name.
    """
    rule = "hold origins as https://lms.example.org or https://*.example.org (without a path)"
    return _parts(FRAME_ANCESTORS, environ, lambda part: _ORIGIN.fullmatch(part.removesuffix("/")), rule)


def hosts(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Return the names under which visitors reach this server, beside its own.

    Raises: SettingError for what is no host name: an address with https:// or a port.
    """
    rule = "hold host names as rnn.example.org or *.example.org (without https:// and port)"
    return _parts(HOSTS, environ, _NAME.fullmatch, rule)


def _parts(
    setting: str, environ: Mapping[str, str], keeps: Callable[[str], re.Match[str] | None], rule: str
) -> tuple[str, ...]:
    parts = environ.get(setting, "").replace(",", " ").lower().split()
    for part in parts:
        if not keeps(part):
            raise SettingError(f"{setting} must {rule}, got {part!r}")
    return tuple(part.removesuffix("/") for part in parts)
