"""What one watches while training: everything that moves, mounted once, and moved by one frame after another.

A trainer and a window on its tensors flow in; mounted charts, or the patches of one frame, flow out.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui import playback, view
from pages.ui.i18n import _
from pages.ui.live_chart import Patch, chart_patch, live_table, live_text, table_patch, text_patch
from rnn_core import Trace, Trainer, trace_forward
from rnn_core.figures.heatmap import color_range
from rnn_core.figures.theme import Theme
from rnn_core.figures.trace import output_figure, output_reach, output_values, state_figure, state_values
from rnn_core.figures.training import loss_figure, loss_points

ROWS_PX = 200
SHARE = 0.46
"""What the heatmaps may take of a desk's height, in px, and of a window's, so that one sees all that moves at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of the tensors that is drawn: lines and steps of output, columns of h_n and their axis letter."""

    lines: range
    steps: range
    columns: range
    axis: str


def choose_window(trainer: Trainer) -> Window:
    """The window that the controls on the page ask for."""
    batch, steps, _size = trainer.encoding.x_BTV.shape
    lines, shown = view.line_window(batch), view.step_window(steps)
    if trainer.config.batch_first:
        return Window(lines=lines, steps=shown, columns=lines, axis="B")
    return Window(lines=lines, steps=shown, columns=shown, axis="T")


def mount_status(trainer: Trainer) -> None:
    """Draws the line that says where the training is."""
    with st.container(key="status"):
        live_text(playback.status(trainer), key="live_status")


def mount(trainer: Trainer, window: Window, theme: Theme) -> None:
    """Draws everything else that moves, as of now."""
    encoding, trace, now = trainer.encoding, _trace(trainer), playback.status(trainer)
    words = {name: _(name) for name in ("epoch", "loss", "right", "target")} | {
        "prediction": _("Predictions, newest first")
    }
    if len(window.lines) < len(encoding.targets):
        words["target"] = _("target, line {line}").format(line=window.lines.start)
    loss, predictions = st.columns([2, 3], gap="medium")
    with loss, st.container(key="loss_chart"):
        view.wide_chart("loss_plot", loss_figure(trainer.history.curve(trainer.now), theme), alt=_loss_words(now))
    with predictions, st.container(key="prediction_table"):
        newest = playback.newest(trainer)
        live_table(newest, encoding, lines=window.lines, steps=window.steps, key="live_predictions", words=words)
    output = output_figure(trace, encoding, theme, lines=window.lines, steps=window.steps, rows_px=ROWS_PX)
    h_n = state_figure("h_n", trace, theme, columns=window.columns, axis=window.axis, rows_px=ROWS_PX)
    tensors = {
        "output": view.Chart(figure=output, alt=_tensor_words("output", now)),
        "h_n": view.Chart(figure=h_n, alt=_tensor_words("h_n", now)),
    }
    view.charts("tensors", tensors, columns=window.steps, share=SHARE)


def frame(trainer: Trainer, window: Window) -> dict[str, Patch]:
    """What one frame changes, by the key of what was mounted."""
    trace, now = _trace(trainer), playback.status(trainer)
    scale = {"coloraxis": color_range(output_reach(trace))}
    output = output_values(trace, lines=window.lines, steps=window.steps)
    h_n = state_values("h_n", trace, columns=window.columns)
    return {
        "live_status": text_patch(now),
        "loss_plot": chart_patch([loss_points(trainer.history.curve(trainer.now))], alt=_loss_words(now)),
        "output_plot": chart_patch([{"z": z} for z in output], layout=scale, alt=_tensor_words("output", now)),
        "h_n_plot": chart_patch([{"z": z} for z in h_n], layout=scale, alt=_tensor_words("h_n", now)),
        "live_predictions": table_patch(
            playback.newest(trainer), trainer.encoding, lines=window.lines, steps=window.steps
        ),
    }


def _trace(trainer: Trainer) -> Trace:
    return trace_forward(trainer.model, trainer.encoding, inside=False)


def _loss_words(now: str) -> str:
    return _("Loss over epochs: {now}").format(now=now)


def _tensor_words(name: str, now: str) -> str:
    return _("{name} as a heatmap, {now}").format(name=name, now=now)
