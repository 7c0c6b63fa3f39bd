"""What if: controls that make an edit, and what it moves; training is never touched, and one click takes it back."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from pages.ui import edits, given, view
from pages.ui.components.live_chart import Pick
from pages.ui.i18n import _
from pages.ui.inside_the_cell import microscope
from pages.ui.number_field import checked_number
from pages.ui.scene import Scene
from pages.ui.shapes import colored_shape
from rnn_core import ConfigError, Trainer, shape_ledger
from rnn_core.cursor import Cursor
from rnn_core.figures.microscope import difference_figure, weight_figure
from rnn_core.rules import Real, Whole
from rnn_core.text import PADDING, row_label, visible
from rnn_core.whatif import (
    Edit,
    SilencedUnit,
    StateEdit,
    TokenEdit,
    WeightEdit,
    difference,
    edited,
    parameter,
)

_KINDS = ("weight", "unit", "token", "h_0")


def show_weights(trainer: Trainer, scene: Scene) -> str:
    """A parameter as a heatmap; a click on a cell chooses the entry to edit. Returns the parameter's name."""
    config, model, encoding = trainer.config, scene.edited.model, trainer.encoding
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
        view.theme(),
        gates=gates,
        columns=columns,
        column_axis=ledger[name].axes[-1][-1],
        marked=[
            (edit.index[0], edit.index[-1] if len(edit.index) > 1 else 0)
            for edit in edits.made(config)
            if isinstance(edit, WeightEdit) and edit.name == name
        ],
    )
    size = len(values) // len(gates)
    view.chart(
        "weights",
        figure,
        alt=f"{name}, {values.shape}",
        columns=range(len(columns)),
        on_pick=lambda pick: _take_entry(size, pick),
    )
    return name


def show(trainer: Trainer, scene: Scene, cursor: Cursor, name: str, *, steps: range, units: Sequence[int]) -> None:
    """The controls, and the differences of hidden states and of predictions.

    Args:
        name: the parameter that is shown above, and that an edited weight belongs to.
    """
    st.header(_("What if"))
    st.markdown(_("Change one number and see what moves. A click on a weight above chooses it."))
    with st.container(horizontal=True, vertical_alignment="bottom", key="what_if"):
        kind = st.segmented_control(_("change"), _KINDS, default="weight", required=True, key="kind") or "weight"
        edit = _choose(kind, trainer, scene, cursor, name)
        apply = st.button(_("Apply"), key="apply", type="primary")
    if apply:
        _apply(edit, trainer, scene)
    if edits.made(trainer.config):
        _show_difference(trainer, scene, cursor, steps, units)


def _apply(edit: Edit, trainer: Trainer, scene: Scene) -> None:
    """Makes the edit if it can be made and changes anything, and says so if not."""
    if edit in edits.made(trainer.config):
        st.info(_("This edit is made already."))
        return
    try:
        edited(scene.edited.model, scene.edited.encoding, [edit])
    except ConfigError as error:
        st.error(str(error))
        return
    edits.make(trainer.config, edit)
    st.rerun()


def _take_entry(size: int, pick: Pick) -> None:
    """Makes the cell that was clicked the entry to edit; each panel has ``size`` rows."""
    given.give("kind", "weight")
    given.give("row", pick.panel * size + pick.row)
    given.give("column", pick.column)


def _choose(kind: str, trainer: Trainer, scene: Scene, cursor: Cursor, name: str) -> Edit:
    """The edit that the controls describe, of the kind that is chosen, beside what is there now."""
    if kind == "unit":
        st.text(_("silence unit {unit} of layer {layer}").format(unit=cursor.unit, layer=cursor.layer))
        return SilencedUnit(layer=cursor.layer, direction=cursor.direction, unit=cursor.unit)
    if kind == "token":
        tokens = trainer.encoding.vocabulary.tokens
        read = scene.edited.encoding.inputs[cursor.line][cursor.step]
        st.text(_("t = {t} reads {token}").format(t=cursor.step, token=visible(read)), width="content")
        token = st.selectbox(
            _("token read at step {t}").format(t=cursor.step), tokens, format_func=visible, key="new_token", width=160
        )
        return TokenEdit(line=cursor.line, step=cursor.step, token=token)
    if kind == "h_0":
        row = cursor.layer * trainer.config.directions + (cursor.direction == "backward")
        column = cursor.line if trainer.config.batch_first else cursor.step
        now = 0.0 if scene.edited.h_0 is None else float(scene.edited.h_0[row, column, cursor.unit])
        value = _new_value(f"h_0[{row}, {column}, {cursor.unit}]", now)
        return StateEdit(row=row, column=column, unit=cursor.unit, value=value)
    values = parameter(scene.edited.model, name).detach()
    index = tuple(
        _entry(key, words, size)
        for key, words, size in zip(("row", "column"), (_("row"), _("column")), values.shape, strict=False)
    )
    value = _new_value(f"{name}[{', '.join(map(str, index))}]", float(values[index]))
    return WeightEdit(name=name, index=index, value=value)


def _entry(key: str, words: str, size: int) -> int:
    """Draw the field for one part of an index, 0…size − 1; return the index."""
    return int(checked_number(words, Whole(0, size - 1), 0, key=key, width=120))


def _new_value(name: str, now: float) -> float:
    """Draw the field for what an entry is to become, beside what it is; return the new value."""
    words = _("{name} is {now:.4f}, becomes").format(name=name, now=now)
    return float(checked_number(words, Real(low=-math.inf), 0.0, key="new_value", name="value", step=0.1, width=250))


def _show_difference(trainer: Trainer, scene: Scene, cursor: Cursor, steps: range, units: Sequence[int]) -> None:
    moved = difference(scene.before, scene.after)
    row = cursor.layer * trainer.config.directions + (cursor.direction == "backward")
    line, theme, encoding = cursor.line, view.theme(), trainer.encoding
    ids = (scene.before.predicted_BT[line], scene.after.predicted_BT[line])
    tokens = encoding.vocabulary.tokens
    before, after = ("".join(row_label(tokens[v]) for v in ids_T if v != PADDING) for ids_T in ids)
    with st.container(key="predictions_before_and_after"):
        st.code(f"{_('says before')}  {before}\n{_('says after')}   {after}", language=None, wrap_lines=True)
    figure = difference_figure(
        _("h after − before"),
        moved.h_BTH[row][line],
        encoding,
        theme,
        line=line,
        steps=steps,
        rows={unit: str(unit) for unit in units},
        row_axis="H",
    )
    view.chart("difference_h", figure, alt=_("difference of hidden states"), columns=steps)
    figure = difference_figure(
        _("probability after − before"),
        moved.probability_BTV[line],
        encoding,
        theme,
        line=line,
        steps=steps,
        rows=dict(enumerate(encoding.vocabulary.tokens)),
        row_axis="V",
    )
    view.chart("difference_p", figure, alt=_("difference of predictions"), columns=steps)
