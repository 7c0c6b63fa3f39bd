"""The picture of the network at the head of a page: its arrows and numbers, and the head that reads the text."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui import cursor
from pages.ui.components.live_chart import Patch
from pages.ui.components.network import Place, network, network_patch
from pages.ui.i18n import _
from pages.ui.steps import say
from rnn_core import Encoding, RunConfig, Trace
from rnn_core.config import Cell
from rnn_core.figures.heatmap import signed_reach
from rnn_core.figures.theme import Theme
from rnn_core.figures.trace import output_reach
from rnn_core.picture import Kind, Picture, shown_steps, strip_values
from rnn_core.trace import FloatArray
from rnn_core.unrolled_graph import unrolled

_KEY = "network"


def column_words(config: RunConfig, lines: int) -> str:
    """Return what to look at in the picture: from what a state is computed, and which states h_n holds."""
    below = (
        _("A column is a time step. Each state is computed from the token below it")
        if config.num_layers == 1
        else _("A column is a time step. Each state is computed from what is below it, the token or the layer below,")
    )
    if not config.batch_first:
        before = (
            _("and from `h_0`: no state is computed from the state of another step.")
            if lines == 1
            else _(
                "and from the state of a neighbouring line at the same step: → of the line above, ← of the line below."
            )
            if config.bidirectional
            else _("and from the state of the line above it at the same step.")
        )
    elif config.bidirectional:
        before = _("and from the state of a neighbouring step: → of the step before, ← of the step after.")
    else:
        before = _("and from the state of the step before.")
    return " ".join([below, before, _("A framed state is in `h_n`.")])


def ringed_words(config: RunConfig) -> str:
    """Return what the ringed cells of ``output`` are."""
    if config.num_layers == 1:
        return _(
            "`h_n` is not a second result. The ringed cells of `output` **are** `h_n`: the same numbers, kept twice."
        )
    return _(
        "The ringed cells of `output` **are** the last layer's rows of `h_n`: the same numbers, kept twice. The rows "
        "of the layers below are in `h_n` only."
    )


def drawn_up(config: RunConfig, encoding: Encoding, *, lines: range) -> Picture:
    """The unrolled network over ``lines``, around the cursor."""
    steps = encoding.ids_BT.shape[1]
    shown = shown_steps(config, lines=len(lines), steps=steps, around=cursor.step(encoding))
    return unrolled(config, encoding, lines=lines, steps=shown)


def show_network(
    picture: Picture,
    config: RunConfig,
    encoding: Encoding,
    trace: Trace,
    theme: Theme,
    *,
    h_0: FloatArray | None = None,
) -> None:
    """The picture, with what the network reads and says at each step.

    Args:
        trace: with its ``layers`` where ``needs_layers``. h_0: of the trace, where it is not zeros.
    """
    values = strip_values(picture, trace, h_0=h_0)
    with st.container(key="network_picture"):
        network(
            picture,
            values,
            say(encoding, trace, lines=picture.lines, steps=picture.steps),
            encoding,
            theme,
            key=_KEY,
            reach=output_reach(trace),
            cell_reach=_cell_reach(picture, values),
            head=cursor.step(encoding),
            cursor=cursor.place(config),
            words=_words(config),
            on_pick=pick,
            on_rest=cursor.read,
        )
        with st.container(horizontal=True, vertical_alignment="center", key="below_picture"):
            st.caption(_hint(config, encoding), width="content")
            cursor.link_to_it()


def picture_patches(picture: Picture, encoding: Encoding, trace: Trace) -> dict[str, Patch]:
    """What one frame changes of ``show_network``'s picture, by key."""
    said = say(encoding, trace, lines=picture.lines, steps=picture.steps)
    values = strip_values(picture, trace)
    reach, cell_reach = output_reach(trace), _cell_reach(picture, values)
    return {_KEY: network_patch(values, said, reach=reach, cell_reach=cell_reach)}


def _cell_reach(picture: Picture, values: FloatArray) -> float | None:
    """The reach of the colours of c in the picture, which has no bound; None where there is no c."""
    cells = [row for node, row in zip(picture.strips, values, strict=True) if node.kind in (Kind.CELL, Kind.FINAL_CELL)]
    return signed_reach(np.stack(cells)) if cells else None


def pick(place: Place) -> None:
    """Makes a cell that was clicked the cursor."""
    cursor.put(layer=place.layer, direction=place.direction, line=place.line, step=place.step, unit=place.unit)


def _hint(config: RunConfig, encoding: Encoding) -> str:
    """What the arrows show of this module."""
    lines, steps = encoding.ids_BT.shape
    if not config.batch_first and lines == 1:
        return _(
            "`batch_first=False`: no arrow joins two steps. The module reads a batch of {steps}, each a sequence of "
            "length 1, with the same weights."
        ).format(steps=steps)
    if not config.batch_first:
        return _("`batch_first=False`: the arrows run from line to line, not along the text.") + _gate_hint(config)
    if config.bidirectional:
        return _(
            "← reads from the end of the line, → from its start. Point at a number: what it comes from stays lit, and "
            "what comes from it."
        ) + _gate_hint(config)
    words = _(
        "An arrow shows what a value is computed from. Point at a number: what it comes from stays lit, and what "
        "comes from it. A framed state and `h_n` are the same numbers."
    )
    return words + _gate_hint(config)


def _gate_hint(config: RunConfig) -> str:
    """Why arrows of an LSTM lead to h past c."""
    if config.cell is not Cell.LSTM:
        return ""
    return " " + _(
        "An arrow to h that does not come from c is the output gate o, which is computed from x[t] and h[t−1]."
    )


def picture_words(config: RunConfig) -> dict[str, str]:
    """What every picture of the network says, whatever it shows in its strips."""
    return {
        "back": "t − 1",
        "ahead": "t + 1",
        "pause": _("Stop"),
        "line": _("Line {line}."),
        "other": _("{state} of line {line}"),
        "and": _(" and "),
        "lower": _("{state} of layer {layer} {direction}, line {line}, t {t}, unit {unit}"),
        "padding": _("padding, not read") if config.batch_first else _("padding, read as zeros"),
        "says": _("says “{says}”, p = {p}; should say “{asked}”"),
        "cut": _("{state} at t {t} of line {line}, not shown"),
        "token": _("token"),
        "said": _("says"),
        "probability": _("p"),
        "asked": _("should say"),
    }


def _words(config: RunConfig) -> dict[str, str]:
    return picture_words(config) | {
        "play": _("Read"),
        "head": _("time step that is read"),
        "sentence": _("t = {t}: reads “{read}” (id {id}), hears {heard}, says “{says}” ({p}), should say “{asked}”."),
        "behind": _("t = {t}: behind this line's end."),
        "alt": _("The unrolled network. {sentence} Arrow keys read on and choose a number, Enter opens it."),
        **_level_words(config),
    }


def _level_words(config: RunConfig) -> dict[str, str]:
    """What the strips of a level are called, and the range of their colours."""
    several = config.num_layers > 1 or config.bidirectional
    words = {
        "layer": _("layer {layer} {arrow}") if several else _("state h"),
        "cell": _("layer {layer} {arrow} c") if several else _("cell state c"),
        "range": _("±{reach}"),
    }
    return words | ({"layer": _("layer {layer} {arrow} h")} if several and config.cell is Cell.LSTM else {})
