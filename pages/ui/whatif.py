"""What if: controls that make an edit, and what it moves; training is never touched, and one click takes it back."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.ui import inside, view
from pages.ui.i18n import _
from rnn_core import ConfigError, Trainer
from rnn_core.cursor import Cursor
from rnn_core.figures.microscope import difference_figure
from rnn_core.text import visible
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


def show(
    trainer: Trainer, scene: inside.Scene, cursor: Cursor, name: str, *, steps: range, units: Sequence[int]
) -> None:
    """The controls, and the differences of hidden states and of predictions.

    Args:
        name: the parameter that is shown above, and that an edited weight belongs to.
    """
    made = inside.edits(trainer)
    st.header(_("What if"))
    st.markdown(_("Change one number and see what moves. This is a copy: the training knows nothing of it."))
    with st.container(horizontal=True, vertical_alignment="bottom", key="what_if"):
        kind = st.segmented_control(_("change"), _KINDS, default="weight", required=True, key="kind") or "weight"
        edit = _choose(kind, trainer, scene, cursor, name)
        apply = st.button(_("Apply"), key="apply", type="primary")
        st.button(_("Undo all"), key="undo", on_click=made.clear, disabled=not made)
    if apply:
        try:
            edited(scene.edited.model, scene.edited.encoding, [edit])
        except ConfigError as error:
            st.error(str(error))
        else:
            made.append(edit)
            st.rerun()
    if made:
        st.code("\n".join(_said(one) for one in made), language=None, wrap_lines=True)
        _show_difference(trainer, scene, cursor, steps, units)


def _choose(kind: str, trainer: Trainer, scene: inside.Scene, cursor: Cursor, name: str) -> Edit:
    """The edit that the controls describe, of the kind that is chosen."""
    if kind == "unit":
        st.text(_("silence unit {unit} of layer {layer}").format(unit=cursor.unit, layer=cursor.layer))
        return SilencedUnit(layer=cursor.layer, direction=cursor.direction, unit=cursor.unit)
    if kind == "token":
        tokens = trainer.encoding.vocabulary.tokens
        token = st.selectbox(
            _("token read at step {t}").format(t=cursor.step), tokens, format_func=visible, key="new_token", width=160
        )
        return TokenEdit(line=cursor.line, step=cursor.step, token=token)
    value = st.number_input(_("becomes"), value=0.0, step=0.1, format="%.4f", key="new_value", width=140)
    if kind == "h_0":
        row = cursor.layer * trainer.config.directions + (cursor.direction == "backward")
        column = cursor.line if trainer.config.batch_first else cursor.step
        return StateEdit(row=row, column=column, unit=cursor.unit, value=value)
    shape = parameter(scene.model, name).shape
    row = st.number_input(_("row of {name}").format(name=name), 0, shape[0] - 1, 0, key="row", width=180)
    if len(shape) == 1:
        return WeightEdit(name=name, index=(row,), value=value)
    column = st.number_input(_("column"), 0, shape[1] - 1, 0, key="column", width=120)
    return WeightEdit(name=name, index=(row, column), value=value)


def _said(edit: Edit) -> str:
    match edit:
        case WeightEdit():
            return f"{edit.name}[{', '.join(map(str, edit.index))}] = {edit.value:g}"
        case StateEdit():
            return f"h_0[{edit.row}, {edit.column}, {edit.unit}] = {edit.value:g}"
        case SilencedUnit():
            return _("layer {layer} {direction}, unit {unit} silenced").format(
                layer=edit.layer, direction=edit.direction, unit=edit.unit
            )
        case TokenEdit():
            return _("line {line}, step {step} reads {token}").format(
                line=edit.line, step=edit.step, token=visible(edit.token)
            )


def _show_difference(trainer: Trainer, scene: inside.Scene, cursor: Cursor, steps: range, units: Sequence[int]) -> None:
    moved = difference(scene.before, scene.after)
    row = cursor.layer * trainer.config.directions + (cursor.direction == "backward")
    line, theme, encoding = cursor.line, view.theme(), trainer.encoding
    ids = (scene.before.predicted_BT[line], scene.after.predicted_BT[line])
    before, after = (encoding.vocabulary.decode(predicted) for predicted in ids)
    with st.container(key="predictions_before_and_after"):
        st.code(f"before  {before}\nafter   {after}", language=None, wrap_lines=True)
    figure = difference_figure(
        _("h after − before"),
        moved.h_BTH[row][line][:, list(units)],
        encoding,
        theme,
        line=line,
        steps=steps,
        rows=[str(unit) for unit in units],
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
        rows=encoding.vocabulary.tokens,
        row_axis="V",
    )
    view.chart("difference_p", figure, alt=_("difference of predictions"), columns=steps)
