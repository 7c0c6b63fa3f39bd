"""What one watches while training: everything that moves, mounted once, and moved by one frame after another.

A trainer and a window on its tensors flow in; mounted charts, or the patches of one frame, flow out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from pages.ui import cursor, view
from pages.ui.above import losses_above
from pages.ui.components import frames
from pages.ui.components.live_chart import (
    Patch,
    chart_patch,
    live_table,
    live_text,
    table_patch,
    text_patch,
)
from pages.ui.i18n import _
from pages.ui.picture import drawn_up, picture_patches, show_network
from pages.ui.steps import patches, say, show_steps
from pages.ui.train import past, playback
from pages.ui.train.verdict import verdict_words
from rnn_core import Encoding, Trace, Trainer, context_need, trace_forward
from rnn_core.config import Task
from rnn_core.figures.heatmap import color_range
from rnn_core.figures.theme import Theme
from rnn_core.figures.trace import output_figure, output_reach, output_values, state_figure, state_values
from rnn_core.figures.training import loss_figure, loss_layout, loss_points, losses_beyond
from rnn_core.history import LossCurve
from rnn_core.picture import Picture, needs_layers
from rnn_core.progress import loss_floor

ROWS_PX = 162
SHARE = 0.455
"""What the heatmaps may take of a desk's height, in px, and of a window's, so that one sees all that moves at once."""

EARLY = 50
"""How many epochs are the early ones: the steep part of a loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What is drawn, and how.

    Attributes:
        lines, steps: of output. columns, axis: of h_n, and their axis letter.
        last_epoch: of the loss, or None for all epochs. logarithmic: whether its scale is.
        picture: of the network, in the place of the heatmaps; None where those are drawn.
        beside: a loss that is drawn behind: of the whole training, or of the one that a branch has left.
        mount: the id of what is mounted in this window.
    """

    lines: range
    steps: range
    columns: range
    axis: str
    last_epoch: int | None = None
    logarithmic: bool = False
    picture: Picture | None = None
    beside: LossCurve | None = None
    mount: str = ""


def choose_window(trainer: Trainer, *, whole: Trainer) -> Window:
    """The window that the controls on the page ask for; beside them, why the loss gets no better.

    Args:
        trainer: what is shown. whole: the training that it is, or once was.
    """
    batch, steps, _size = trainer.encoding.x_BTV.shape
    lines, shown = view.line_window(batch), view.step_window(steps)
    columns, axis = (lines, "B") if trainer.config.batch_first else (shown, "T")
    with st.container(horizontal=True, vertical_alignment="center", key="looks"):
        window = Window(
            lines=lines,
            steps=shown,
            columns=columns,
            axis=axis,
            **_choose_looks(trainer, lines),
            beside=past.beside(trainer, whole),
        )
        window = replace(window, mount=_begin_mount(trainer, window))
        if not playback.playing():
            past.show_machine(whole)
        _mount_verdict(trainer, window)
    return window


def _begin_mount(trainer: Trainer, window: Window) -> str:
    """Return the id of what is mounted from here on: of this training, in this window."""
    shown = replace(window, picture=None, beside=None)
    of = trainer.config, trainer.branch, shown, window.picture is None, window.beside is None
    return frames.begin_mount(*of, moves=playback.playing())


def mount_status(trainer: Trainer) -> None:
    """Draws the line that says where the training is; below ``choose_window``, which begins the mount."""
    live_text(playback.status(trainer), key="live_status")


def mount(trainer: Trainer, window: Window, theme: Theme) -> None:
    """Draws everything else that moves, as of now."""
    encoding, trace, now = trainer.encoding, _trace(trainer, window), playback.status(trainer)
    words = {name: _(name) for name in ("epoch", "loss", "right")} | {
        "prediction": _("Predictions, newest first"),
        "target": _target_words(encoding, window),
    }
    loss, predictions = st.columns([2, 3], gap="medium")
    with loss, st.container(key="loss_chart"):
        curve = _curve(trainer, window)
        figure = loss_figure(
            curve,
            theme,
            beside=window.beside,
            floor=loss_floor(trainer.config),
            logarithmic=window.logarithmic,
            last=window.last_epoch,
            above=_above_words(curve, window),
        )
        view.wide_chart("loss_plot", figure, alt=_loss_words(now))
    with predictions, st.container(key="prediction_table"):
        newest = playback.newest(trainer)
        live_table(newest, encoding, lines=window.lines, steps=window.steps, key="live_predictions", words=words)
    if window.picture is not None:
        show_network(window.picture, trainer.config, encoding, trace, theme)
    else:
        output = output_figure(trace, encoding, theme, lines=window.lines, steps=window.steps, rows_px=ROWS_PX)
        h_n = state_figure("h_n", trace, theme, columns=window.columns, axis=window.axis, rows_px=ROWS_PX)
        config, lines = trainer.config, window.lines
        tensors = {
            "output": view.Chart(
                figure=output,
                alt=_tensor_words("output", now),
                on_pick=lambda pick: cursor.look_at(config, lines[pick.panel], pick.column, pick.row),
            ),
            "h_n": view.Chart(
                figure=h_n,
                alt=_tensor_words("h_n", now),
                on_pick=lambda pick: cursor.look_at_end(config, encoding, pick.panel, pick.column, pick.row),
            ),
        }
        view.charts("tensors", tensors, columns=window.steps, share=SHARE)
        cursor.link_to_it()
    show_steps(
        encoding,
        trace,
        lines=window.lines,
        steps=window.steps,
        packed=trainer.config.batch_first,
        needs=context_need(encoding.lines) if trainer.config.task is Task.NEXT else None,
        marked=cursor.marked(),
        on_pick=lambda line, pick: cursor.look_at(trainer.config, line, pick.column, 0),
    )


def _choose_looks(trainer: Trainer, lines: range) -> dict[str, Any]:
    """How one looks at the loss and at the hidden states."""
    picture = st.toggle(
        _("network"),
        key="as_picture",
        help=_("The unrolled network in the place of the heatmaps."),
        persist_state="session",
    )
    logarithmic = st.toggle(_("log scale"), key="log_scale", persist_state="session")
    early = st.toggle(_("first {count} epochs").format(count=EARLY), key="early", persist_state="session")
    return {
        "logarithmic": logarithmic,
        "last_epoch": EARLY if early else None,
        "picture": drawn_up(trainer.config, trainer.encoding, lines=lines) if picture else None,
    }


def _mount_verdict(trainer: Trainer, window: Window) -> None:
    """Draw the line that states what the losses show."""
    with st.container(key="verdict"):
        said = say(trainer.encoding, _trace(trainer), lines=window.lines, steps=window.steps)
        live_text(verdict_words(trainer, said), key="live_verdict")


def _target_words(encoding: Encoding, window: Window) -> str:
    """What the targets above the predictions are: which line and which steps, where that is not all."""
    words = _("target")
    if len(window.lines) < len(encoding.targets):
        words += _(", line {line}").format(line=window.lines.start)
    if len(window.steps) < encoding.ids_BT.shape[1]:
        words += _(", steps {first}…{last} of {count}").format(
            first=window.steps.start, last=window.steps.stop - 1, count=encoding.ids_BT.shape[1]
        )
    return words


def frame(trainer: Trainer, window: Window) -> dict[str, Patch]:
    """What one frame changes, by the key of what was mounted."""
    trace, now = _trace(trainer, window), playback.status(trainer)
    said = say(trainer.encoding, trace, lines=window.lines, steps=window.steps)
    seen = _heatmap_patches(trace, window, now)
    if window.picture is not None:
        seen = picture_patches(window.picture, trainer.encoding, trace)
    return (
        patches(trainer.encoding, trace, said, steps=window.steps)
        | seen
        | {
            "live_status": text_patch(now),
            "live_verdict": text_patch(verdict_words(trainer, said)),
            "loss_plot": _loss_patch(trainer, window, now),
            "live_predictions": table_patch(
                playback.newest(trainer), trainer.encoding, lines=window.lines, steps=window.steps
            ),
        }
    )


def _heatmap_patches(trace: Trace, window: Window, now: str) -> dict[str, Patch]:
    scale = {"coloraxis": color_range(output_reach(trace))}
    output = output_values(trace, lines=window.lines, steps=window.steps)
    h_n = state_values("h_n", trace, columns=window.columns)
    return {
        "output_plot": chart_patch([{"z": z} for z in output], layout=scale, alt=_tensor_words("output", now)),
        "h_n_plot": chart_patch([{"z": z} for z in h_n], layout=scale, alt=_tensor_words("h_n", now)),
    }


def _loss_patch(trainer: Trainer, window: Window, now: str) -> Patch:
    """What one frame changes of the loss: its points, and once a loss is above the axis, the words for it."""
    curve = _curve(trainer, window)
    still: list[dict[str, Any]] = [] if window.beside is None else [{}]  # nothing of the one that is set back
    words = _above_words(curve, window)
    layout = loss_layout(words, view.theme()) if words else None
    return chart_patch([*still, loss_points(curve)], alt=_loss_words(now), layout=layout)


def _above_words(curve: LossCurve, window: Window) -> str:
    return losses_above(losses_beyond(curve, beside=window.beside, logarithmic=window.logarithmic))


def _curve(trainer: Trainer, window: Window) -> LossCurve:
    return trainer.history.curve(trainer.now, last=window.last_epoch)


def _trace(trainer: Trainer, window: Window | None = None) -> Trace:
    """The present network reading its text; with its layers where a picture needs them."""
    inside = window is not None and window.picture is not None and needs_layers(trainer.config)
    return trace_forward(trainer.model, trainer.encoding, inside=inside)


def _loss_words(now: str) -> str:
    return _("Loss over epochs: {now}").format(now=now)


def _tensor_words(name: str, now: str) -> str:
    return _("{name} as a heatmap, {now}").format(name=name, now=now)
