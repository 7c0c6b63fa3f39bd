"""The words on screen: English is the message id, so a language is a catalogue in ``pages/locale``."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

import streamlit as st

_CATALOGUES = Path(__file__).parent.parent / "locale"


def _(message: str) -> str:
    """``message`` in the language of the browser, looked up for each run; English where there is no catalogue."""
    return translated(message, (st.context.locale or "en").replace("-", "_"))


def translated(message: str, language: str) -> str:
    """Return ``message`` in ``language``, as "ko" or "ko_KR"; English where there is no catalogue."""
    return _translations(language).gettext(message)


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
