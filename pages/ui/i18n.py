"""The words on screen: English is the message id, so a language is a catalogue in ``pages/locale``."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

import streamlit as st

from rnn_core.numbers import NumberFormatter

_CATALOGUES = Path(__file__).parent.parent / "locale"


_FORMATTER = NumberFormatter()


class Message(str):
    """A message whose ``format`` prints numbers as the whole app does; so does what it is joined with by ``+``."""

    def format(self, *args: object, **values: object) -> str:
        """Return the message with ``values`` in their places."""
        return _FORMATTER.vformat(self, args, values)

    def __add__(self, other: str) -> Message:
        """Return both as one message."""
        return Message(str(self) + str(other))

    def __radd__(self, other: str) -> Message:
        """Return both as one message."""
        return Message(str(other) + str(self))


def _(message: str) -> str:
    """Return ``message`` as a Message in the language of the browser, looked up for each run, or else English."""
    return translated(message, (st.context.locale or "en").replace("-", "_"))


def translated(message: str, language: str) -> str:
    """Return ``message`` in ``language``, as "ko" or "ko_KR"; English where there is no catalogue."""
    return Message(_translations(language).gettext(message))


def language_of(accept_language: str) -> str:
    """Return the first language of a header ``Accept-Language`` that has a catalogue, or "en".

    >>> language_of("xx-YY,en;q=0.8")
    'en'
    """
    known = {folder.name for folder in _CATALOGUES.glob("*") if folder.is_dir()} | {"en"}
    for part in accept_language.split(","):
        tag = part.partition(";")[0].strip().replace("-", "_")
        for language in (tag, tag.partition("_")[0]):
            if language in known:
                return language
    return "en"


@cache
def _translations(language: str) -> gettext.NullTranslations:
    return gettext.translation("rnn_explorer", _CATALOGUES, languages=[language], fallback=True)
