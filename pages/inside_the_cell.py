"""Inside the cell: how one hidden value came about, the weights that made it, and what if they were different."""

import streamlit as st

from pages.ui import edits, state, view
from pages.ui.code import show_code
from pages.ui.cursor import move_to
from pages.ui.head import choose_epoch, show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.inside_the_cell import microscope, place, whatif
from pages.ui.inside_the_cell.diagram import show_diagram
from pages.ui.scene import scene_of
from pages.ui.steps import show_steps
from pages.ui.work import working
from rnn_core.export import Part
from rnn_core.microscope import agreement, layer_of, look

config, trainer, theme = state.config(), state.trainer(), view.theme()

head = show_head(
    _("Inside the cell"),
    _("One number, opened up: pick a time step t and a unit j with the arrow keys or a click."),
    config,
)
with head:
    epoch = choose_epoch(trainer)
with working(config):
    scene = scene_of(trainer, epoch, edits.made(config))
encoding, model = scene.edited.encoding, scene.edited.model
edits.show_banner(trainer, scene)
cursor, order = place.choose_cursor(trainer, scene.after)
here, scope = layer_of(scene.after, cursor.layer, cursor.direction), look(model, scene.after, cursor)
equations = show_diagram(scene, scope, config, theme)
steps, units = place.show_unrolled(here, encoding, scope, theme, order=order)

st.header(_("The microscope"))
microscope.show_equations(scope, equations)
with st.container(key="gate_opened"):
    gate = microscope.choose_gate(scope)
    microscope.show_products(scope, gate, encoding, config, theme)
st.caption(
    _("These equations against torch, over every step and unit of this layer: largest difference {error:.2g}.").format(
        error=agreement(here)
    )
)

st.header(_("What it says at this step"))
microscope.show_said(scene.after, encoding, cursor, theme)
show_steps(
    encoding,
    scene.after,
    lines=range(cursor.line, cursor.line + 1),
    steps=steps,
    packed=config.batch_first,
    marked=(cursor.line, cursor.step),
    on_pick=lambda _line, pick: move_to(pick.column, cursor.unit),
)

st.header(_("Weights"))
name = whatif.show_weights(trainer, scene)
whatif.show(trainer, scene, cursor, name, steps=steps, units=units)
show_code(trainer, Part.FORWARD)
st.caption(try_next("inside_the_cell", config, trainer.epoch))
