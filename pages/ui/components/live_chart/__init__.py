"""Every chart of the app, and what else moves while training plays: lines of text, the steps and the prediction table.

Each is mounted once by a full run of the script, outside the ticking fragment, with all it needs to stand alone. A
frame of the film is one ``feed``: only the arrays that changed, for all of them, by key. Charts go through
``Plotly.react`` on nodes that stay, so nothing blinks, and zoom and hover survive; the cells of a heatmap are painted
in place (``cells.js``) until the film rests. Arrays travel as typed arrays.

A figure comes in the pixels of a desk and grows with the room. How much is a rule of style that arrives before it, so
that its place is kept; the script only reads how large the place became.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.ui.components.browser import script, typed, typed_tree
from pages.ui.components.frames import mounted
from rnn_core import Encoding, EpochRecord
from rnn_core.numbers import format_number
from rnn_core.steps import Said, Step
from rnn_core.text import row_label, visible

Patch = Mapping[str, Any]
"""What changes of one mounted thing; see ``chart_patch``, ``text_patch``, ``steps_patch`` and ``table_patch``."""

_PLOTLY = metadata.version("plotly")
FEED = "feed"
"""The key of the container that the feed is written to; style.css hides it."""

LARGEST = 1.75
"""How many times as large as on a desk a chart may become."""

GAP_REM = 2
"""What stands between the charts of a row: Streamlit's gap "medium"."""

_HERE = Path(__file__).parent
_component = st.components.v2.component(
    "rnn_live",
    html='<div class="rnn-live"></div>',
    js=script(
        "numbers.js",
        "feed.js",
        "stride.js",
        "take.js",
        *(_HERE / file for file in ("cells.js", "labels.js", "steps.js", "take_chart.js", "live_chart.js")),
    ),
    isolate_styles=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Figures that stand side by side and grow alike.

    Attributes:
        key: of the container that is as wide as they may become together.
        charts: how many they are.
        width: in px, of all of them together at their natural size, without the gaps between them.
        height: in px, of the tallest.
        share: of the window's height, which the tallest may grow to.
    """

    key: str
    charts: int
    width: int
    height: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A cell that was clicked: its panel, and its column and row as the axes count them."""

    panel: int
    column: int
    row: int


def live_chart(
    figure: go.Figure, *, key: str, alt: str, row: Row | None = None, on_pick: Callable[[Pick], None] | None = None
) -> None:
    """Mounts ``figure`` as a chart that ``feed`` can move.

    Args:
        key: ends in "_plot": so loading.css knows the place of a chart.
        alt: its state in words.
        row: what it stands in, for a figure with a width of its own; one without fills its place.
        on_pick: what a click on a cell does, before the script runs again.
    """
    spec = figure.to_plotly_json()
    data = [typed_tree(trace) for trace in spec["data"]]
    layout = typed_tree(spec["layout"])
    chart = {"kind": "chart", "name": key, "data": data, "layout": layout, "alt": alt, "plotly": _PLOTLY}
    st.html(f"<style>{_place(key, layout, row)}</style>")
    size = {"width": layout["width"], "height": layout["height"]} if row else {}  # until the rule arrives
    _component(key=key, data=chart | {"picks": on_pick is not None} | mounted(), **size, **_picking(key, on_pick))


def _picking(key: str, on_pick: Callable[[Pick], None] | None) -> dict[str, Any]:
    """What has the component tell of clicks."""
    if on_pick is None:
        return {}

    def picked() -> None:
        place = st.session_state[key].picked
        if place is not None:
            on_pick(Pick(panel=int(place["panel"]), column=int(place["column"]), row=int(place["row"])))

    return {"on_picked_change": picked}


def _place(key: str, layout: Mapping[str, Any], row: Row | None) -> str:
    """The rules that keep the place of a chart; one without a size of its own has them in a style sheet."""
    if "height" not in layout:
        return ""
    if row is None:
        return f"#root .st-key-{key}{{height:{layout['height'] / 16:g}rem}}"
    room = f"(100cqw - {row.charts - 1} * {GAP_REM}rem) / {row.width}"
    tallest = f"{row.share * 100:g}vh / {row.height}"
    return (
        f"#root .st-key-{row.key}{{container-type:inline-size}}"
        f"#root .st-key-{key}{{--px:clamp(1px, min({room}, {tallest}), {LARGEST}px);"
        "max-width:100%;flex:none;overflow:visible;"
        f"width:calc({layout['width']} * var(--px));height:calc({layout['height']} * var(--px))}}"
    )


def live_text(text: str, *, key: str) -> None:
    """Mounts one line of plain text."""
    _component(key=key, data={"kind": "text", "name": key, **text_patch(text)} | mounted())


def live_steps(
    steps: Sequence[Step],
    said: Patch | None,
    *,
    key: str,
    words: Mapping[str, str],
    needs: Sequence[str] | None = None,
    marked: int | None = None,
    on_pick: Callable[[Pick], None] | None = None,
) -> None:
    """Mounts the steps of one line as a table, a column a step: what is read, asked for and said, and its cost.

    Args:
        said: the ``steps_patch`` of what is said there, or None where there is no network.
        words: the names of the rows and of the table, in the order of the rows: "t", "read", "asked", and "said",
            "probability", "asked_probability", "loss" where something is said; "table", what it is; "tie", a sign;
            "need" where there are ``needs``.
        needs: how many of the last tokens decide the target, at each step, in digits.
        marked: the step that is marked. on_pick: what a click on a column does.
    """
    columns = [
        {
            "t": s.t,
            "read": visible(s.read),
            "edited": s.edited,
            "asked": visible(s.asked),
            "ids": [s.read_id, s.asked_id],
        }
        for s in steps
    ]
    for column, need in zip(columns, needs or (), strict=needs is not None):
        column["need"] = need
    data = {"kind": "steps", "name": key, "words": dict(words), "columns": columns, "marked": marked, "said": said}
    _component(key=key, data=data | {"picks": on_pick is not None} | mounted(), **_picking(key, on_pick))


def steps_patch(said: Said, first: int, *, mean: str = "") -> Patch:
    """What is said at the steps from ``first`` on: tokens and which are wrong, numbers, ties; columns count from 0.

    Args:
        mean: the loss in words; "" where it stands elsewhere.
    """
    return {
        "tokens": [visible(token) for token in said.tokens],
        "wrong": np.flatnonzero(said.wrong_T).tolist(),
        "probability": typed(said.probability_T),
        "asked_probability": typed(said.asked_probability_T),
        "loss": typed(said.loss_T),
        "ties": {t - first: " ".join(map(visible, tokens)) for t, tokens in said.ties.items()},
        "mean": mean,
    }


def live_table(
    rows: Sequence[EpochRecord], encoding: Encoding, *, lines: range, steps: range, key: str, words: Mapping[str, str]
) -> None:
    """Mounts the predictions of ``rows``, newest first, aligned under their targets.

    Args:
        lines, steps: the lines and the time steps to show; "right" is of all of them.
        words: the column titles "epoch", "loss", "right", the name "target", and "prediction", what the table is.
    """
    shown = encoding.targets[lines.start : lines.stop]
    targets = [[row_label(token) for token in line[steps.start : steps.stop]] for line in shown]
    patch = table_patch(rows, encoding, lines=lines, steps=steps)
    data = {"kind": "table", "name": key, "targets": targets, "words": dict(words), **patch}
    _component(key=key, data=data | mounted())


def feed(patches: Mapping[str, Patch], *, mount: str) -> None:
    """One frame: brings every mounted thing named in ``patches`` up to date, where it is of ``mount``.

    To be called within ``st.container(key=FEED)``. The frame travels as one hidden line of text, which the mounted
    things read: a message of a component would carry the component's own JavaScript again, and cost several times more.

    Args:
        mount: the id of what was mounted, from ``frames.begin_mount``.
    """
    st.text(mount + json.dumps(patches, separators=(",", ":"), allow_nan=False))


def chart_patch(traces: Sequence[Mapping[str, Any]], *, alt: str, layout: Mapping[str, Any] | None = None) -> Patch:
    """The parts of each trace that changed, in the traces' order, and of the layout."""
    return {"data": [typed_tree(trace) for trace in traces], "layout": dict(layout or {}), "alt": alt}


def text_patch(text: str) -> Patch:
    return {"text": text}


def table_patch(rows: Sequence[EpochRecord], encoding: Encoding, *, lines: range, steps: range) -> Patch:
    """Epoch, loss, right count of all, and errors on ``lines`` at ``steps``, of each row, newest first."""
    total = sum(map(len, encoding.targets))
    return {
        "rows": [
            {
                "epoch": record.epoch,
                "loss": format_number(record.loss_nats),
                "right": f"{total - sum(map(len, record.errors))}/{total}",
                "errors": [
                    [[t - steps.start, row_label(token)] for t, token in line if t in steps]
                    for line in record.errors[lines.start : lines.stop]
                ],
            }
            for record in reversed(rows)
        ]
    }
