"""Inside the cell: how one hidden value came about, the weights that made it, and what if they were different."""

import streamlit as st

from pages.ui import inside, microscope, state, view, whatif
from pages.ui.head import show_head
from pages.ui.i18n import _
from pages.ui.shapes import colored_shape
from pages.ui.work import working
from rnn_core import shape_ledger
from rnn_core.figures.microscope import (
    activation_figure,
    products_figure,
    said_figure,
    sum_figure,
    unrolled_figure,
    weight_figure,
)
from rnn_core.microscope import agreement, layer_of, look
from rnn_core.whatif import parameter

config, trainer, theme = state.config(), state.trainer(), view.theme()

show_head(
    _("Inside the cell"),
    _("Pick a step and a unit: below is every product that this one number is the sum of. Arrow keys move the cursor."),
    config,
)
cursor = inside.choose_cursor(trainer)
epoch = inside.choose_epoch(trainer)
with working(config):
    scene = inside.scene(trainer, epoch, inside.edits(trainer))
encoding, model = scene.edited.encoding, scene.edited.model
here = layer_of(scene.after, cursor.layer, cursor.direction)
steps = inside.around(cursor.step, encoding.x_BTV.shape[1], inside.STEPS)
varied = config.units > inside.UNITS and st.toggle(_("units with the largest variance first"), key="by_variance")
units = inside.shown_units(here, cursor, by_variance=varied)
view.chart(
    "unrolled",
    unrolled_figure(here, encoding, cursor, theme, steps=steps, units=units, along_steps=config.batch_first),
    alt=_("hidden state of layer {layer} around step {t}").format(layer=cursor.layer, t=cursor.step),
    columns=steps,
    share=0.5,
)
if not config.batch_first:
    st.warning(
        _("`batch_first=False`: the state before is that of the line above, at the same step; h[t−1] below means it."),
        icon=":material/swap_horiz:",
    )
st.header(_("The microscope"))
scope = look(model, scene.after, cursor)
microscope.show_equations(scope, theme, batch_first=config.batch_first)
microscope.show_outcome(scope)
names = [gate.gate for gate in scope.gates]
chosen = names[0]
if len(names) > 1:
    chosen = st.segmented_control(_("gate"), names, default=chosen, required=True, key="gate") or chosen
gate = scope.gates[names.index(chosen)]
microscope.show_gate(gate, encoding, cursor)
inputs = inside.around(int(abs(gate.product_ih_I).argmax()), len(gate.x_I), microscope.TERMS)
hidden = inside.around(cursor.unit, config.units, microscope.TERMS)
labels = microscope.input_labels(encoding, cursor, config, inputs)
with st.container(key="microscope"):
    figure = products_figure(gate, theme, inputs=inputs, input_labels=labels, hidden=hidden)
    words = _("products of gate {gate}").format(gate=gate.gate)
    view.chart("products", figure, alt=words, columns=max(inputs, hidden, key=len))
    bars, curve = st.columns(2, gap="medium")
    with bars:
        view.wide_chart("sum_plot", sum_figure(gate, theme), alt=_("bars that add up to the pre-activation"))
    with curve:
        view.wide_chart("activation_plot", activation_figure(gate, theme), alt=_("the activation's curve"))
if len(inputs) < len(gate.x_I) or len(hidden) < config.units:
    words = _("Shown: columns {i} of {I} and {h} of {H}; the sums are over all of them.")
    st.caption(words.format(i=microscope.span(inputs), I=len(gate.x_I), h=microscope.span(hidden), H=config.units))
st.caption(
    _("These equations against torch, over every step and unit of this layer: largest difference {error:.2g}.").format(
        error=agreement(here)
    )
)

st.header(_("What it says at this step"))
said = inside.around(
    int(scene.after.logits_BTV[cursor.line, cursor.step].argmax()), len(encoding.vocabulary), microscope.TERMS
)
figure = said_figure(scene.after, encoding, cursor, theme, tokens=said)
view.chart("said", figure, alt=_("logits and probabilities at step {t}").format(t=cursor.step), columns=said)

st.header(_("Weights"))
ledger = {line.name: line for line in shape_ledger(config) if line.name.startswith(("weight_", "bias_", "head."))}
name = st.selectbox(_("parameter"), list(ledger), key="parameter", persist_state="session")
values = parameter(model, name).detach().numpy()
gates = microscope.stacked_gates(model, name)
st.markdown(f"`{name}` {colored_shape(ledger[name])} · {_(ledger[name].note)}")
if len(gates) > 1:
    st.markdown(
        _("{count}H: torch stacks the rows of {gates} in one matrix, H rows each.").format(
            count=len(gates), gates=", ".join(gates)
        )
    )
columns = microscope.column_labels(name, encoding, config, values)
figure = weight_figure(
    name,
    values.reshape(len(values), -1),
    theme,
    gates=gates,
    columns=columns,
    column_axis=ledger[name].axes[-1][-1],
)
view.chart("weights", figure, alt=f"{name}, {values.shape}", columns=range(len(columns)))

whatif.show(trainer, scene, cursor, name, steps=steps, units=units)
st.caption(_("Try next: play some epochs on *Train*, come back, and watch the same value at another epoch."))
