"""Contrast of two colours, as WCAG 2.2 defines it."""

from __future__ import annotations

import re
from collections.abc import Sequence

READABLE = 4.5
"""What text has at least beside what it stands on."""


def channels(color: str) -> tuple[int, ...]:
    """Red, green and blue, 0…255, of "#RRGGBB" or "rgb(…)"."""
    if color.startswith("#"):
        return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    return tuple(map(int, re.findall(r"\d+", color)[:3]))


def luminance(color: Sequence[int]) -> float:
    """The relative luminance of a colour, 0…1."""
    shares = [channel / 255 for channel in color]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: Sequence[int], other: Sequence[int]) -> float:
    """The ratio of the lighter to the darker, 1…21."""
    darker, lighter = sorted((luminance(color), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
