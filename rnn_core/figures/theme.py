"""Every colour and scale of every figure, for a light and a dark page.

Axis colours come from the Okabe–Ito palette, darkened or lightened until text in them reads on the page; the same
colours stand in ``.streamlit/config.toml`` under the names Streamlit gives them (a test compares the two).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

ColorScale = tuple[tuple[float, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of one page.

    Attributes:
        ink: text and rings. quiet: secondary text and axis lines. grid: hairlines and empty cells. page: background.
        axis: the colour of each axis letter.
        signed: diverging scale for values around 0, the page's colour in the middle.
        unit: sequential scale for values in 0…1.
        wrong: the mark of a wrong prediction (never alone: a border goes with it).
    """

    ink: str
    quiet: str
    grid: str
    page: str
    axis: Mapping[str, str]
    signed: ColorScale
    unit: ColorScale
    wrong: str


def _axes(*, batch: str, time: str, vocabulary: str, hidden: str, layer: str) -> Mapping[str, str]:
    return MappingProxyType(
        {"B": batch, "T": time, "V": vocabulary, "H": hidden, "F": hidden, "S": layer, "D": layer, "G": layer}
    )


LIGHT = Theme(
    ink="#1B2430",
    quiet="#5B6675",
    grid="#E3E7EC",
    page="#FFFFFF",
    axis=_axes(batch="#8A6000", time="#005F96", vocabulary="#00694D", hidden="#9A3F73", layer="#A84300"),
    signed=((0.0, "#1F5FA8"), (0.25, "#86B2DC"), (0.5, "#FAFAF8"), (0.75, "#EDA088"), (1.0, "#B3262E")),
    unit=((0.0, "#F4F6F8"), (1.0, "#22384F")),
    wrong="#B3262E",
)

DARK = Theme(
    ink="#E8ECF1",
    quiet="#A3AEBB",
    grid="#2C3541",
    page="#12171E",
    axis=_axes(batch="#F0B642", time="#6FBCEB", vocabulary="#45C79F", hidden="#E39BC5", layer="#FF9259"),
    signed=((0.0, "#7DB6F0"), (0.25, "#3D6EA3"), (0.5, "#1C232C"), (0.75, "#A5534A"), (1.0, "#FF9C8A")),
    unit=((0.0, "#1C232C"), (1.0, "#DCE6F0")),
    wrong="#FF9C8A",
)

FONT = '"Source Sans", "Source Sans Pro", "Noto Sans", "Noto Sans CJK KR", "Noto Color Emoji", sans-serif'


def base_layout(theme: Theme, *, height: int | None = None, width: int | None = None) -> dict[str, Any]:
    """The layout that every figure starts from; its template is empty, so that no default of the process leaks in."""
    return {
        "template": "none",
        "height": height,
        "width": width,
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": FONT, "size": 14, "color": theme.ink},
        "hoverlabel": {"bgcolor": theme.page, "bordercolor": theme.quiet, "font": {"color": theme.ink, "size": 14}},
        "showlegend": False,
        "dragmode": False,
    }


def escaped(label: str) -> str:
    """A label that Plotly draws to the letter: it reads <b>, <i>, <a> and entities otherwise."""
    return label.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
