"""The words on screen: English is the message id, so a language is a catalogue in ``pages/locale``."""

from __future__ import annotations

import gettext
from functools import cache
from pathlib import Path

import streamlit as st

_CATALOGUES = Path(__file__).parent.parent / "locale"


def _(message: str) -> str:
    """``message`` in the language of the browser, looked up for each run; English where there is no catalogue."""
    return _translations((st.context.locale or "en").replace("-", "_")).gettext(message)


@cache
def _translations(language: str) -> gettext.NullTranslations:
    return gettext.translation("rnn_explorer", _CATALOGUES, languages=[language], fallback=True)
