"""The picture of the network with gradients on their way back, at the head of *Through time*."""

from __future__ import annotations

import dataclasses

import numpy as np
import streamlit as st

from pages.ui import cursor
from pages.ui.components.network import Back, network
from pages.ui.i18n import _
from pages.ui.picture import pick, picture_words
from pages.ui.steps import say
from pages.ui.through_time.flows import Where
from rnn_core import Encoding, RunConfig, Trace
from rnn_core.figures.theme import Theme
from rnn_core.gradients import StateGradients
from rnn_core.picture import Kind, Picture
from rnn_core.trace import Direction, FloatArray
from rnn_core.unrolled_graph import unrolled


def back_picture(config: RunConfig, encoding: Encoding, where: Where, lines: range) -> Picture:
    """The unrolled network without h_n, on which no loss depends, and without strips of c.

    The gradient of an LSTM's loss with respect to h[k] also runs through c, so an arrow stands for both.
    """
    whole = unrolled(config, encoding, lines=lines, steps=where.steps, cells=False)
    ends = {node.id for node in whole.nodes if node.kind is Kind.FINAL}
    return dataclasses.replace(
        whole,
        nodes=tuple(node for node in whole.nodes if node.id not in ends),
        edges=tuple(edge for edge in whole.edges if edge.target not in ends),
    )


def back_values(picture: Picture, gradients: StateGradients, config: RunConfig) -> FloatArray:
    """float32 (K, P, H): what the loss at each step that is shown asks of each of ``picture.strips``."""
    columns = []
    for node in picture.strips:
        row, line, step = node.row, node.line - picture.lines.start, node.step - picture.steps.start
        if node.kind is Kind.STATE:
            columns.append(gradients.state[:, row, line, step])
        else:
            columns.append(gradients.start[:, row, line if config.batch_first else step])
    return np.stack(columns, axis=1)


def show_back(
    picture: Picture,
    gradients: StateGradients,
    config: RunConfig,
    encoding: Encoding,
    trace: Trace,
    theme: Theme,
    where: Where,
) -> None:
    """The picture; its head chooses the loss, and where it rests is the cursor's step."""
    row = where.layer * config.directions + list(Direction).index(where.direction)
    with st.container(key="gradient_picture"):
        network(
            picture,
            back_values(picture, gradients, config),
            say(encoding, trace, lines=picture.lines, steps=picture.steps),
            encoding,
            theme,
            key="network_back",
            reach=1.0,
            head=cursor.step(encoding),
            cursor=cursor.place(config),
            words=_words(config),
            on_pick=pick,
            on_rest=cursor.read,
            back=Back(line=where.line, row=row),
        )
        st.caption(
            _(
                "Choose a loss with the slider. Colour: ∂ℓ[t]/∂h of each unit, one scale for the whole picture. Above "
                "each state, and as the width of the arrow that leaves it: its length ‖∂ℓ[t]/∂h‖."
            )
        )


def _words(config: RunConfig) -> dict[str, str]:
    return picture_words(config) | {
        "play": _("Play"),
        "head": _("time step t of the loss"),
        "sentence": _(
            "The loss at t = {t} (says “{says}”, should say “{asked}”) asks {near} of its own state. At t = {first} "
            "still {far} of it arrives, {share}."
        ),
        "alone": _(
            "The loss at t = {t} (says “{says}”, should say “{asked}”) asks {near} of its own state, and nothing of "
            "any other step."
        ),
        "behind": _("t = {t}: behind this line's end, where there is no loss."),
        "alt": _("Gradients on their way back. {sentence} Arrow keys choose the loss and a number."),
        "layer": _("layer {layer} {arrow}") if config.num_layers > 1 or config.bidirectional else _("∂ℓ[t]/∂h"),
    }
