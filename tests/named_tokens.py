"""Finds short names of invisible tokens that run together with the tokens beside them."""

from __future__ import annotations

import re

TEXT = "a\u00a0\u200b\tbc\u3000\u00a0d"
"""A text in which named tokens stand beside letters, beside each other and beside a tab."""

NAMES = ("nbsp", "zwsp", "idsp")
_NAME = "|".join(NAMES)
_LETTER = r"[^\W\d_]"
_GLUED = re.compile(f"{_LETTER}(?:{_NAME})|(?:{_NAME}){_LETTER}")


def run_together(words: str) -> list[str]:
    """Return each place of ``words`` where a letter or another name stands right beside a name."""
    return [match.group() for match in _GLUED.finditer(words)]
