"""Forward pass: `output`, `h_n` and `c_n` as heatmaps, where each row of h_n sits in output, and the shape ledger."""

import streamlit as st

from pages.ui import state, view
from pages.ui.head import show_head
from pages.ui.i18n import _
from pages.ui.shapes import show_ledger
from pages.ui.work import working
from rnn_core.figures.trace import output_figure, state_figure

config = state.config()
show_head(
    _("Forward pass"),
    _("`h_n` is not a second result. The ringed cells of `output` **are** `h_n`: the same numbers, kept twice."),
    config,
)
with working(config):
    encoding, trace = state.forward(config)
batch, steps, _size = encoding.x_BTV.shape
theme = view.theme()
second_axis = "B" if config.batch_first else "T"
if not config.batch_first:
    st.warning(
        _(
            "`batch_first=False`: the data is (:orange[B {B}], :blue[T {T}], …), but the module takes the first axis "
            "for time. It reads {T} sequences of {B} steps, and the recurrence runs down the lines, not along the "
            "text. Nothing complains."
        ).format(B=batch, T=steps),
        icon=":material/swap_horiz:",
    )

lines, window = view.line_window(batch), view.step_window(steps)
columns = lines if config.batch_first else window
tensors = {
    "output": view.Chart(
        figure=output_figure(trace, encoding, theme, lines=lines, steps=window),
        alt=_("output, shape {shape}").format(shape=trace.output_BTF.shape),
    )
}
for name, values in {"h_n": trace.h_n, "c_n": trace.c_n}.items():
    if values is not None:
        tensors[name] = view.Chart(
            figure=state_figure(name, trace, theme, columns=columns, axis=second_axis),
            alt=_("{name}, shape {shape}").format(name=name, shape=values.shape),
        )
view.charts("tensors", tensors, columns=window)

st.header(_("Where each row of h_n sits in output"))
with st.container(key="final_states"):
    for final in trace.final_states:
        row = f"`h_n[{final.row}]` · :red[layer {final.layer} {final.direction}]"
        if final.place:
            mark = ":material/check_circle: **True**" if final.equal else ":material/cancel: **False**"
            st.markdown(f"{row} · `torch.equal(h_n[{final.row}], {final.place})` {mark}")
        else:
            st.markdown(row + " · " + _("not in output, which holds the last layer only"))
    if trace.c_n is not None:
        st.markdown("`c_n` · " + _("not in output at all: an LSTM shows h = o · tanh(c), never c"))

st.header(_("Shape ledger"))
st.markdown(_("Every tensor of one training step, in PyTorch's names. An axis has one colour everywhere."))
show_ledger(config)

st.caption(_("Try next: switch `bidirectional` on, and find where the backward direction's last state sits."))
