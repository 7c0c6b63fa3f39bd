"""Labels along an axis, thinned out to as many as there is room for."""

from __future__ import annotations

DIGIT_PX = 0.62
"""The width of a character of a label, of the size of its font."""

GAP_PX = 6
_STEPS = (1, 2, 5)


def label_px(characters: int, font_px: float) -> float:
    """Return the width that a label of so many characters takes, with the gap to the next one."""
    return characters * DIGIT_PX * font_px + GAP_PX


def label_every(label: float, pitch: float) -> int:
    """Return the k of "every k-th label": the smallest of 1, 2, 5, 10, 20, … that leaves a label its room.

    Args:
        label: the room of one label, in px. pitch: from one place to the next, in px.
    """
    power = 1
    while True:
        for step in _STEPS:
            if step * power * pitch >= label:
                return step * power
        power *= 10
