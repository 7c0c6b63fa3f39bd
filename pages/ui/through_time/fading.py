"""How a gradient fades: in sentences, over all pairs of steps, by distance, and what a prediction hangs on."""

from __future__ import annotations

import math

import numpy as np
import streamlit as st

from pages.ui import cursor, view
from pages.ui.above import norms_above
from pages.ui.components.dependence import dependence
from pages.ui.components.live_chart import Pick
from pages.ui.i18n import _
from pages.ui.through_time.flows import Other, Where, all_cells, train_the_others
from rnn_core import Encoding, GradientFlow, RunConfig, Trainer
from rnn_core.decay import by_distance
from rnn_core.figures.gradients import Profile, norms_beyond, pairs_figure, profile_figure
from rnn_core.figures.theme import Theme
from rnn_core.numbers import format_significant
from rnn_core.text import visible

SHARE = 0.6
"""What the matrix may take of the window's height."""

_MATRICES = ("loss", "state", "input")


def head_words(config: RunConfig, lines: int) -> str:
    """Return what to look at: which states the loss at a step depends on, and how its gradient changes on the way."""
    if not config.batch_first and lines == 1:
        return _("Backpropagation through time: here the loss at step t depends on the state of its own step alone.")
    if not config.batch_first:
        return _("Backpropagation through time: here a gradient goes from line to line, at the same step.")
    before = (
        _("Backpropagation through time: the loss at step t depends on the states of the steps before and after it.")
        if config.bidirectional
        else _("Backpropagation through time: the loss at step t depends on the states of all steps before it.")
    )
    return before + " " + _("See how much of its gradient is left at each of them.")


def show_sentences(flow: GradientFlow, config: RunConfig, encoding: Encoding) -> None:
    """What the numbers mean, computed: the rate, what is left at the farthest step, and where nothing flows at all."""
    with st.container(key="flow_sentences"):
        if not config.batch_first:
            st.info(_no_flow(len(encoding.lines)), icon=":material/block:")
            return
        if len(flow.steps) == 1:
            st.markdown(_("One step only: there is nothing to fade over."))
            return
        if flow.decay_rate is None:
            st.markdown(_("No state moves with the one before it: **nothing comes back** at all."))
            return
        near, far, last, first = _ends(flow)
        st.markdown(
            _(
                "On its way back a gradient {rate}. Of what the loss at t = {last} asks of its own state, **{share}** "
                "arrives at t = {first}."
            ).format(rate=rate_words(flow.decay_rate), share=_share(far, near), last=last, first=first)
        )
        st.caption(_("A gradient that shrinks at every step is a *vanishing* one, one that grows an *exploding* one."))
        left = length_left(flow, encoding)
        if left:
            st.caption(left)


def rate_words(rate: float | None) -> str:
    """A rate per step in words: "halves every 1.7 steps", "doubles every 3 steps", "neither fades nor grows"."""
    if rate is None:
        return _("nothing comes back")
    if abs(math.log(rate)) < 1e-3:
        return _("neither fades nor grows")
    steps = math.log(2) / abs(math.log(rate))
    words = (
        _("**halves every {steps} steps** (×{rate} a step)")
        if rate < 1
        else _("**doubles every {steps} steps** (×{rate} a step)")
    )
    return words.format(steps=format_significant(steps, digits=2), rate=format_significant(rate, digits=4))


def length_left(flow: GradientFlow, encoding: Encoding) -> str:
    """Which steps are shown, where that is not all."""
    length = int(encoding.length_B[flow.line])
    if len(flow.steps) == length:
        return ""
    return _("Shown are steps {first}…{last} of {length}, around the cursor; sums are over all.").format(
        first=flow.steps.start, last=flow.steps.stop - 1, length=length
    )


def _no_flow(lines: int) -> str:
    if lines == 1:
        return _(
            "`batch_first=False`: no gradient flows between characters at all. The module takes each character for a "
            "sequence of its own, of length 1, so the loss at t does not depend on any other step: the pairs below "
            "are 0 off the diagonal, and the gradient of W_hh is all zeros."
        )
    return _(
        "`batch_first=False`: a gradient flows from line to line at the same step, not from character to character: "
        "the pairs of steps below are 0 off the diagonal."
    )


def _ends(flow: GradientFlow) -> tuple[float, float, int, int]:
    """What the loss that is read last asks of its own state, and of the one farthest back; and the steps of both."""
    last, first = (0, -1) if flow.direction == "backward" else (-1, 0)
    near, far = (float(flow.loss_sensitivity_TT[last, at]) for at in (last, first))
    return near, far, flow.steps[last], flow.steps[first]


def _share(part: float, whole: float) -> str:
    if whole == 0:
        return "0 %"
    return f"{format_significant(100 * part / whole, digits=2)} %"


def show_pairs(flow: GradientFlow, encoding: Encoding, theme: Theme) -> None:
    """A matrix over all pairs of steps; a click on a cell makes its t the cursor's."""
    words = {
        "loss": _("what the loss at t asks of the state at k: ‖∂ℓ[t]/∂h[k]‖"),
        "state": _("how far the state at t moves with the one at k: ‖∂s[t]/∂s[k]‖"),
        "input": _("how far the logits at t move with the input at k: ‖∂logits[t]/∂x[k]‖"),
    }
    which = st.segmented_control(
        _("pairs of steps"),
        _MATRICES,
        default="loss",
        required=True,
        key="pairs_of",
        format_func=lambda name: {"loss": "∂ℓ/∂h", "state": "∂s/∂s", "input": "∂logits/∂x"}[name],
        label_visibility="collapsed",
    )
    norms = {
        "loss": flow.loss_sensitivity_TT,
        "state": flow.state_jacobian_norm_TT,
        "input": flow.input_influence_TT,
    }[which or "loss"]
    text = words[which or "loss"]
    if which == "state" and flow.cell_jacobian_norm_TT is not None:
        text += " " + _("(s is h and c together)")
    st.markdown(text[0].upper() + text[1:])
    step = cursor.step(encoding)
    axis_titles = {
        "loss": (_("t, the step of the loss"), _("k, the step of the state")),
        "state": (_("t, the step of the later state"), _("k, the step of the earlier state")),
        "input": (_("t, the step of the logits"), _("k, the step of the input")),
    }[which or "loss"]
    figure = pairs_figure(
        norms,
        encoding,
        theme,
        line=flow.line,
        steps=flow.steps,
        title=text.split(": ")[-1],
        axis_titles=axis_titles,
        marked=step,
    )

    def pick(place: Pick) -> None:
        cursor.read(place.row)

    view.chart("pairs", figure, alt=text, columns=flow.steps, share=SHARE, on_pick=pick)


def show_dependence(flow: GradientFlow, encoding: Encoding) -> None:
    """The text: point at a character, and those that its prediction hangs on are shaded."""
    tokens = [visible(token) for token in encoding.inputs[flow.line][flow.steps.start : flow.steps.stop]]
    asked = [visible(token) for token in encoding.targets[flow.line][flow.steps.start : flow.steps.stop]]
    with st.container(key="dependence_row"):
        dependence(
            tokens,
            asked,
            flow.input_influence_TT.astype(np.float32),
            key="dependence",
            first=flow.steps.start,
            step=cursor.step(encoding),
            words={
                "hint": _("Point at a character: the darker one is, the more the prediction there hangs on it."),
                "says": _("The prediction at t = {t}, after “{token}”, hangs most on “{most}” at t = {k}."),
            },
            on_pick=cursor.read,
        )


def show_profiles(trainer: Trainer, epoch: int, where: Where, theme: Theme) -> None:
    """The norm by distance of every kind of cell at the same sizes and seed, and each one's rate in words."""
    others = list(all_cells(trainer, epoch, where))
    if all(other.flow.decay_rate is None for other in others):
        st.markdown(_("There is no pair of steps that are joined, so nothing fades."))
        return
    profiles = [
        Profile(
            cell=str(other.config.cell),
            words=_whose(other),
            norm_K=by_distance(other.flow.joined_TT),
        )
        for other in others
    ]
    chart, words = st.columns([3, 2], gap="medium")
    with chart:
        figure = profile_figure(profiles, theme, above=norms_above(norms_beyond(profiles)))
        view.wide_chart("profile_plot", figure, alt=_("norm by distance, for each cell"))
    with words, st.container(key="rates"):
        st.markdown(_("‖∂s[t]/∂s[k]‖ over the distance t − k, at the same sizes and seed:"))
        for other in others:
            st.markdown(f"- `{other.config.cell}`, {_at(other)}: {rate_words(other.flow.decay_rate)}")
        behind = [other for other in others if other.epoch < epoch]
        if behind:
            pressed = st.button(
                _("Train {cells} to epoch {epoch} as well").format(
                    cells=_(" and ").join(str(other.config.cell) for other in behind), epoch=epoch
                ),
                key="train_others",
            )
            if pressed:
                train_the_others(trainer, epoch)
                st.rerun()


def _whose(other: Other) -> str:
    return f"{other.config.cell}, {_at(other)}"


def _at(other: Other) -> str:
    return _("epoch {epoch}").format(epoch=other.epoch) if other.epoch else _("untrained")
