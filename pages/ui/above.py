"""What lies above the end of an axis, in words."""

from __future__ import annotations

from pages.ui.i18n import _
from rnn_core.figures.bounded_axis import Above


def losses_above(above: Above | None) -> str:
    """Return how many losses are above the axis and how far they go; "" where none is."""
    if above is None:
        return ""
    words = _("▲ above this axis: {count} of {total} losses over {limit:g}, up to {largest:.3g}")
    return words.format(count=above.count, total=above.total, limit=above.limit, largest=above.largest)


def norms_above(above: Above | None) -> str:
    """Return how many norms are above the axis and how far they go; "" where none is."""
    if above is None:
        return ""
    words = _("▲ above this axis: {count} of {total} norms over {limit:g}, up to {largest:.3g}")
    return words.format(count=above.count, total=above.total, limit=above.limit, largest=above.largest)
