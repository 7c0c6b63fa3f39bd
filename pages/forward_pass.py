"""Forward pass: `output`, `h_n` and `c_n` as heatmaps, where each row of h_n sits in output, and the shape ledger."""

import streamlit as st

from pages.ui import cursor, edits, state, view
from pages.ui.code import show_code
from pages.ui.head import choose_epoch, show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.insights import show_insights
from pages.ui.picture import column_words, drawn_up, ringed_words, show_network
from pages.ui.scene import scene_of
from pages.ui.shapes import show_ledger
from pages.ui.steps import show_steps
from pages.ui.work import working
from rnn_core import encode
from rnn_core.export import Part
from rnn_core.figures.heatmap import DASHES
from rnn_core.figures.trace import RING_DASHES, output_figure, state_figure

config, trainer = state.config(), state.trainer()
head = show_head(
    _("Forward pass"),
    column_words(config, len(encode(config).lines)),
    config,
)
with head:
    epoch = choose_epoch(trainer)
    edited = edits.choose(config)
with working(config):
    if edited:
        scene = scene_of(trainer, epoch, edits.made(config))
        encoding, trace, h_0 = scene.edited.encoding, scene.after, scene.edited.h_0
    else:
        (encoding, trace), h_0 = state.forward(trainer, epoch), None
if edited:
    with head:
        edits.show_banner(trainer, scene)
batch, steps, _size = encoding.x_BTV.shape
theme = view.theme()
second_axis = "B" if config.batch_first else "T"

lines = view.line_window(batch)
show_network(drawn_up(config, encoding, lines=lines), config, encoding, trace, theme, h_0=h_0)
st.header(_("output, h_n and c_n") if trace.c_n is not None else _("output and h_n"))
st.markdown(ringed_words(config))
window = view.step_window(steps, last=trace.last_step(lines))
columns = lines if config.batch_first else window
tensors = {
    "output": view.Chart(
        figure=output_figure(trace, encoding, theme, lines=lines, steps=window),
        alt=_("output, shape {shape}").format(shape=trace.output_BTF.shape),
        on_pick=lambda pick: cursor.look_at(config, lines[pick.panel], pick.column, pick.row),
    )
}
for name, values in {"h_n": trace.h_n, "c_n": trace.c_n}.items():
    if values is not None:
        tensors[name] = view.Chart(
            figure=state_figure(name, trace, theme, columns=columns, axis=second_axis),
            alt=_("{name}, shape {shape}").format(name=name, shape=values.shape),
            on_pick=lambda pick: cursor.look_at_end(config, encoding, pick.panel, pick.column, pick.row),
        )
view.charts("tensors", tensors, columns=window)
st.caption(_("Click a cell or a step: it becomes the cursor of *Inside the cell*."))
show_steps(
    encoding,
    trace,
    lines=lines,
    steps=window,
    packed=config.batch_first,
    marked=cursor.marked(),
    on_pick=lambda line, pick: cursor.look_at(config, line, pick.column, 0),
)

st.header(_("Where each row of h_n sits in output"))
with st.container(key="final_states"):
    for final in trace.final_states:
        row = f"`h_n[{final.row}]` · :red[layer {final.layer} {final.direction}]"
        if final.place:
            mark = ":material/check_circle: **True**" if final.equal else ":material/cancel: **False**"
            dash = DASHES[RING_DASHES[final.direction]]
            st.markdown(f"{dash} {row} · `torch.equal(h_n[{final.row}], {final.place})` {mark}")
        else:
            st.markdown(row + " · " + _("not in output, which holds the last layer only"))
    if trace.c_n is not None:
        st.markdown("`c_n` · " + _("not in output at all: an LSTM shows h = o · tanh(c), never c"))

st.header(_("Shape ledger"))
st.markdown(_("Every tensor of one update, in PyTorch's names. An axis has one colour everywhere."))
show_ledger(config)

if not edited:  # they are about the training, whose numbers are others
    show_insights(trainer)
show_code(trainer, Part.FORWARD)
st.caption(try_next("forward_pass", config, trainer.epoch))
