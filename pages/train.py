"""Train: one update at a time; loss, prediction and hidden states as of now."""

from __future__ import annotations

import streamlit as st

from pages.ui import playback, state, view
from pages.ui.i18n import _
from pages.ui.live_chart import Patch, chart_patch, feed, live_chart, live_table, live_text, table_patch, text_patch
from pages.ui.shapes import show_badges
from rnn_core import Trace, trace_forward
from rnn_core.figures.heatmap import color_range
from rnn_core.figures.trace import output_figure, output_reach, output_values, state_figure, state_values
from rnn_core.figures.training import loss_figure, loss_points
from rnn_core.tables import prediction_table

config, trainer, theme = state.config(), state.trainer(), view.theme()
encoding = trainer.encoding
batch, steps, _size = encoding.x_BTV.shape
words = {name: _(name) for name in ("epoch", "loss", "right", "target")}
stopped = playback.stop_words(trainer)
if stopped:
    playback.pause()
playing = playback.playing()

st.title(_("Train"))
st.markdown(
    _("Each step is one forward pass, one backward pass, one update. Watch the wrong characters, then the loss.")
)
show_badges(config)

with st.container(horizontal=True, vertical_alignment="bottom", key="transport"):
    st.button(_("Step"), key="step", on_click=playback.step, disabled=playing or stopped is not None)
    st.button(
        _("Pause") if playing else _("Play"),
        key="play",
        on_click=playback.play_or_pause,
        type="primary",
        disabled=stopped is not None,
    )
    st.button(_("Reset"), key="reset", on_click=playback.reset)
    speed = st.segmented_control(
        _("epochs per frame"), [1, 10, 100], default=1, required=True, key="speed", persist_state="session"
    )
if stopped:
    st.warning(stopped, icon=":material/stop_circle:")

lines, window = view.line_window(batch), view.step_window(steps)
columns = lines if config.batch_first else window


def trace_now() -> Trace:
    """The forward pass at the present weights."""
    return trace_forward(trainer.model, encoding, inside=False)


def frame() -> dict[str, Patch]:
    """All that one frame changes, by the key of what shows it."""
    trace, now = trace_now(), playback.status(trainer)
    scale = {"coloraxis": color_range(output_reach(trace))}
    return {
        "live_status": text_patch(now),
        "live_loss": chart_patch(
            [loss_points(trainer.history.curve(trainer.now))], alt=_("Loss over epochs: {now}").format(now=now)
        ),
        "live_output": chart_patch(
            [{"z": z} for z in output_values(trace, lines=lines, steps=window)],
            layout=scale,
            alt=_("output at {now}").format(now=now),
        ),
        "live_h_n": chart_patch(
            [{"z": z} for z in state_values("h_n", trace, columns=columns)],
            layout=scale,
            alt=_("h_n at {now}").format(now=now),
        ),
        "live_predictions": table_patch(playback.newest(trainer), encoding, steps=window),
    }


trace = trace_now()
with st.container(key="status"):
    live_text(playback.status(trainer), key="live_status")
loss, predictions = st.columns([2, 3], gap="medium")
with loss, st.container(key="loss_chart"):
    live_chart(loss_figure(trainer.history.curve(trainer.now), theme), key="live_loss", alt=_("Loss over epochs"))
with predictions, st.container(key="prediction_table"):
    live_table(playback.newest(trainer), encoding, steps=window, key="live_predictions", words=words)
with view.cells(window), st.container(horizontal=True, gap="large"):
    with st.container(key="output", width="content"):
        live_chart(output_figure(trace, encoding, theme, lines=lines, steps=window), key="live_output", alt=_("output"))
    with st.container(key="h_n", width="content"):
        axis = "B" if config.batch_first else "T"
        live_chart(state_figure("h_n", trace, theme, columns=columns, axis=axis), key="live_h_n", alt=_("h_n"))

with st.expander(_("Every epoch")):
    if playing:
        st.caption(_("Pause to read the whole history."))
    else:
        st.dataframe(prediction_table([*trainer.history, trainer.now], encoding), hide_index=True, key="every_epoch")


@st.fragment(run_every=playback.FRAME_S)
def tick() -> None:
    """One frame while playing; the browser asks for the next one."""
    playback.advance(trainer, speed)
    if trainer.stop is not None:
        st.rerun()
    feed(frame(), key="feed")


if playing:
    tick()
st.caption(_("Try next: set `batch_first` off. Copying still works, although nothing recurs: it needs no memory."))
