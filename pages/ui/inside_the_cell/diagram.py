"""The figure of the cell at the head of *Inside the cell*, with the typeset equation of the step that it is at.

A Scene and a cursor flow in; what is clicked becomes the cursor, or the gate that the microscope opens.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.ui import cursor as shared_cursor
from pages.ui import given
from pages.ui.components.cell import Clicked, cell_figure
from pages.ui.i18n import _
from pages.ui.scene import Scene
from rnn_core import Encoding, RunConfig
from rnn_core.config import Cell
from rnn_core.cursor import Cursor
from rnn_core.diagram import CellDiagram, cell_diagram, hands_on, hears, moved, part_values
from rnn_core.figures.equations import Equation, equations
from rnn_core.figures.heatmap import signed_reach
from rnn_core.figures.theme import Theme
from rnn_core.microscope import Microscope, gate_label, layer_of
from rnn_core.picture import along
from rnn_core.text import visible
from rnn_core.trace import Direction, FloatArray

Values = Mapping[str, FloatArray]


def show_diagram(scene: Scene, scope: Microscope, config: RunConfig, theme: Theme) -> tuple[Equation, ...]:
    """The figure, with what an edit moved; returns the equations of its steps.

    Args:
        scope: at the cursor, of the edited network.
    """
    cursor, encoding = scope.cursor, scene.edited.encoding
    diagram = cell_diagram(config, cursor.layer, cursor.direction)
    here = layer_of(scene.after, cursor.layer, cursor.direction)
    values = part_values(here, cursor.line, cursor.step)
    before = _before(scene, cursor, values)
    reaches = {"h": signed_reach(here.h_BTH)}
    if here.c_BTH is not None:
        reaches["c"] = signed_reach(here.c_BTH)
    numbers = {name: float(vector[cursor.unit]) for name, vector in values.items() if name != "x"}
    steps = equations(scope, diagram, numbers, theme)
    with st.container(key="cell_diagram", gap="small"):
        with st.container(key="equation_of_step", gap=None):
            for place, step in enumerate(steps, start=1):
                with st.container(key=f"equation_{place}"):
                    st.markdown(f"${step.symbols} {step.numbers}$")
        cell_figure(
            diagram,
            values,
            before,
            theme,
            key="cell_figure",
            unit=cursor.unit,
            reaches=reaches,
            notes=_notes(config, encoding, cursor),
            out=_out(diagram, config, encoding, cursor),
            words=_words(config, cursor, reaches, moved=bool(before)),
            on_pick=lambda clicked: _pick(clicked, config, encoding, cursor),
        )
    return steps


def _before(scene: Scene, cursor: Cursor, values: Values) -> Values:
    """What the parts were that the edits moved."""
    if scene.after is scene.before:
        return {}
    unedited = part_values(layer_of(scene.before, cursor.layer, cursor.direction), cursor.line, cursor.step)
    return {name: unedited[name] for name in moved(unedited, values)}


def _notes(config: RunConfig, encoding: Encoding, cursor: Cursor) -> dict[str, str]:
    """Where each thing that comes in comes from."""
    before = hears(config, encoding, line=cursor.line, step=cursor.step, direction=cursor.direction)
    read = (
        _("reads {token}").format(token=visible(encoding.inputs[cursor.line][cursor.step]))
        if cursor.layer == 0
        else _("h of layer {layer}").format(layer=cursor.layer - 1)
    )
    return {"x": read, "h_prev": before, "c_prev": before.replace("h_0", "c_0")}


def _out(diagram: CellDiagram, config: RunConfig, encoding: Encoding, cursor: Cursor) -> dict[str, tuple[str, str]]:
    """Where each thing that is handed on goes: along the line, and h up as well."""
    after = hands_on(config, encoding, line=cursor.line, step=cursor.step, direction=cursor.direction)
    above = (
        f"output[{cursor.line}, {cursor.step}]"
        if cursor.layer == config.num_layers - 1
        else _("to layer {layer}").format(layer=cursor.layer + 1)
    )
    along_line = after if after == "h_n" else _("to {place}").format(place=after)
    return {name: (along_line.replace("h_n", f"{name}_n"), above if name == "h" else "") for name in diagram.handed_on}


def _pick(clicked: Clicked, config: RunConfig, encoding: Encoding, cursor: Cursor) -> None:
    """What a click does: a number becomes the cursor, where it is a hidden value; a gate is opened."""
    if clicked.index is None:
        diagram = cell_diagram(config, cursor.layer, cursor.direction)
        (gate,) = (part.gate for part in diagram.parts if part.id == clicked.part)
        given.give("gate", gate_label(gate))
        return
    if clicked.part == "x":
        if cursor.layer > 0:
            direction, unit = divmod(clicked.index, config.units)
            shared_cursor.put(
                layer=cursor.layer - 1,
                direction=list(Direction)[direction],
                line=cursor.line,
                step=cursor.step,
                unit=unit,
            )
        return
    before = along(config, encoding, cursor.line, cursor.step, cursor.direction, -1)
    line, step = before if before is not None and clicked.part.endswith("_prev") else (cursor.line, cursor.step)
    shared_cursor.put(layer=cursor.layer, direction=cursor.direction, line=line, step=step, unit=clicked.index)


def _words(config: RunConfig, cursor: Cursor, reaches: Mapping[str, float], *, moved: bool) -> dict[str, str]:
    legend = _("strips: all units, framed unit {unit}; bars: unit {unit}, one scale")
    if moved:
        legend = _("yellow: moved by the edit, before → after; the upper half of a strip is before")
    colors = {
        Cell.RNN: _("colours: ±{h:.3g}"),
        Cell.GRU: _("colours: gates σ 0…1, others ±{h:.3g}"),
        Cell.LSTM: _("colours: gates σ 0…1, c and its parts ±{c:.3g}, others ±{h:.3g}"),
    }[config.cell]
    legend += "; " + colors.format(**reaches)
    return {
        "back": _("one step back"),
        "ahead": _("one step on"),
        "play": _("Compute"),
        "pause": _("Stop"),
        "step": _("step {order} of {count}: {name}"),
        "unit": _("unit {unit}"),
        "column": _("column {unit}"),
        "opens": _("click: open it in the microscope"),
        "legend": legend.format(unit=cursor.unit),
        "alt": _("The cell. {step}, unit {unit}: {value}. Arrow keys step through it, Enter opens a gate."),
    }
