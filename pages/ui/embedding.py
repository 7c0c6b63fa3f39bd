"""The app in a frame of another site (``?embed=true``): there the picture stands first, and what explains it below."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_BELOW: ContextVar[DeltaGenerator | None] = ContextVar("below", default=None)
"""Where the explanations of an embedded page go; None outside a frame."""


@contextmanager
def picture_first() -> Iterator[None]:
    """Draws a page; in a frame, each ``explanation`` comes after everything else."""
    if not st.context.is_embedded:
        yield
        return
    page, below = st.container(), st.container()
    token = _BELOW.set(below)
    try:
        with page:
            yield
    finally:
        _BELOW.reset(token)


def explanation(*, key: str, gap: Literal["xsmall", "small"], horizontal: bool = False) -> DeltaGenerator:
    """Return a container for what explains a picture: it stands above the picture, in a frame below all pictures."""
    below = _BELOW.get()
    make = st.container if below is None else below.container
    return make(key=key, gap=gap, horizontal=horizontal, vertical_alignment="center" if horizontal else "top")
