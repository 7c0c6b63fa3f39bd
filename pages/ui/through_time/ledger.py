"""∂L/∂h along the text, what each step adds to the gradient of W_hh, and the eigenvalues of W_hh."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.ui import view
from pages.ui.components.live_chart import Pick
from pages.ui.i18n import _
from rnn_core import Encoding, GradientFlow, Trainer
from rnn_core.figures.gradients import along_figure, eigenvalues_figure, ledger_figure, total_figure
from rnn_core.figures.theme import Theme
from rnn_core.gradients import autograd_gradient
from rnn_core.microscope import gate_label

SHARE = 0.5
"""What a heatmap may take of the window's height."""

SAME, SMALL = 1e-5, 1e-3
"""What two ways of computing may differ by: this share of the largest entry, or of SMALL where all are smaller."""

UNITS = 12
"""How many units, and how many columns of W_hh, are shown."""


def show_along(flow: GradientFlow, encoding: Encoding, theme: Theme) -> None:
    """∂L/∂h_t of each unit at each step, and ∂L/∂c_t of an LSTM."""
    st.markdown(_("What the loss L, the mean over all steps, asks of the state after each step: ∂L/∂h[t]."))
    picture = st.container()
    size = flow.state_gradient_TH.shape[1]
    (units,) = view.windows(view.Part(key="along_units", words=_("units shown"), size=size, width=UNITS, center=0))
    with picture:
        figure = along_figure(flow, encoding, theme, units=units)
        view.chart("along", figure, alt=_("gradient of the loss along the text"), columns=flow.steps, share=SHARE)


def show_ledger(flow: GradientFlow, trainer: Trainer, epoch: int, theme: Theme) -> None:
    """The gradient of W_hh, and one entry of it as the sum of what each step adds; checked against autograd."""
    total = flow.recurrent_gradient_by_step.sum(axis=0)
    largest = np.unravel_index(int(np.abs(total).argmax()), total.shape)
    row, column = st.session_state.get("ledger_entry", (int(largest[0]), int(largest[1])))
    if row >= total.shape[0] or column >= total.shape[1]:
        row, column = int(largest[0]), int(largest[1])
    size = total.shape[1]
    name = f"weight_hh_l{flow.layer}" + ("_reverse" if flow.direction == "backward" else "")
    st.markdown(
        _(
            "The gradient of W_hh is a sum over the steps: the gradient of W_hh h[t−1] + b_hh at each step, times the "
            "state before it. Click an entry to see its parts."
        )
    )
    picture = st.container()
    rows, columns = view.windows(
        view.Part(key="ledger_rows", words=_("units shown"), size=size, width=UNITS, center=row % size),
        view.Part(key="ledger_columns", words=_("columns shown"), size=size, width=UNITS, center=column),
    )
    gates = [gate_label(gate) if len(flow.eigenvalues) > 1 else "" for gate in flow.eigenvalues]

    def pick(place: Pick) -> None:
        st.session_state["ledger_entry"] = place.panel * size + place.row, place.column

    with picture:
        figure = total_figure(flow, theme, rows=rows, columns=columns, gates=gates, marked=(row, column))
        view.chart(
            "ledger_total",
            figure,
            alt=_("gradient of {name}").format(name=name),
            columns=columns,
            share=SHARE,
            on_pick=pick,
        )
    entry = f"{name}[{row}, {column}]"
    words = _("what each step adds to the gradient of {entry}").format(entry=entry)
    st.markdown(words[0].upper() + words[1:])
    view.wide_chart(
        "ledger_plot", ledger_figure(flow, trainer.encoding, theme, entry=(row, column), words="Σ"), alt=words
    )
    theirs = autograd_gradient(trainer.model_at(epoch), trainer.encoding, name)
    difference = float(np.abs(total - theirs).max())
    same = difference <= SAME * max(float(np.abs(theirs).max()), SMALL)
    mark = ":material/check_circle:" if same else ":material/cancel:"
    with st.container(key="ledger_check"):
        st.markdown(
            _(
                "{mark} Σ over all steps = **{ours:.6g}**, autograd says **{theirs:.6g}**; of all entries the largest "
                "difference is {difference:.1g}."
            ).format(
                mark=mark, ours=float(total[row, column]), theirs=float(theirs[row, column]), difference=difference
            )
        )


def show_eigenvalues(flow: GradientFlow, theme: Theme) -> None:
    """The eigenvalues on the unit circle, and the spectral radius of each gate's W_hh in words."""
    names = {gate: gate_label(gate) for gate in flow.eigenvalues}
    picture, words = st.columns([2, 3], gap="medium", vertical_alignment="center")
    with picture:
        figure = eigenvalues_figure(flow, theme, names=names)
        view.chart("eigenvalues", figure, alt=_("eigenvalues of W_hh and the unit circle"), columns=range(3))
    with words, st.container(key="spectral"):
        for gate, radius in flow.spectral_radius.items():
            label = f"{names[gate]}: " if len(names) > 1 else ""
            said = _("spectral radius **{radius:.4f}**, largest stretch ‖W_hh‖₂ **{stretch:.4f}**")
            st.markdown(f"- {label}" + said.format(radius=radius, stretch=flow.largest_stretch[gate]))
        st.markdown(_stretch_words(flow))


def _stretch_words(flow: GradientFlow) -> str:
    """What W_hh alone decides about the way back, and what it does not."""
    if len(flow.largest_stretch) > 1:
        return _(
            "In this cell a part of the state comes back past all of these matrices, only scaled by a gate between 0 "
            "and 1: they do not decide alone how fast a gradient fades."
        )
    (stretch,) = flow.largest_stretch.values()
    if stretch < 1:
        return _(
            "A step back within this layer multiplies by W_hh and by slopes of at most 1. The largest stretch is below "
            "1, so ∂h[t]/∂h[k] of this layer **must shrink** with each step."
        )
    return _(
        "A step back within this layer multiplies by W_hh and by slopes of at most 1. The largest stretch is "
        "{stretch:.2f}, so a gradient may grow at a step; whether it does over many is what the curve above shows."
    ).format(stretch=stretch)
