"""What the hidden states tell apart: a map of them, and the text coloured by one unit after the other."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from pages.ui import cursor, given, state, view
from pages.ui.i18n import _
from rnn_core import Encoding, RunConfig, Trace, Trainer
from rnn_core.figures.memory import map_reach, states_figure, units_figure
from rnn_core.figures.theme import Theme
from rnn_core.states import Kind, mean_distance, separation, state_map
from rnn_core.text import visible

UNITS = 12
"""How many units are shown."""

SHARE = 0.62
"""What a chart may take of the window's height."""

_TOKEN = "same_token"


def show_map(trainer: Trainer, trace: Trace, theme: Theme, epoch: int) -> None:
    """Every state in two dimensions, the occurrences of one character joined; how far they are apart, and were."""
    encoding = trainer.encoding
    shown = state_map(trace, encoding)
    if len(shown.read) == 1:
        st.markdown(_("One character is read: there is one state, and nothing to compare it with."))
        return
    latest = shown if epoch == trainer.epoch else state_map(state.forward(trainer, trainer.epoch)[1], encoding)
    chart, words = st.columns([3, 2], gap="medium")
    with words:
        token = _choose_token(shown.read)
        st.markdown(
            _(
                "Each dot stands where the hidden state is that the network has after reading the character, in the "
                "plane of the first two principal components (PCA), in which the states differ most: {share:.0%} of "
                "their variance. A disc's colour goes from the start of the text to its end."
            ).format(share=float(shown.explained_2.sum()))
        )
        if token is not None:
            st.markdown(_apart(trainer, trace, epoch, token))
    with chart:
        figure = states_figure(shown, theme, token=token, reach=map_reach(shown, latest))
        alt = _("hidden states in two dimensions, epoch {epoch}").format(epoch=epoch)
        view.chart("state_map", figure, alt=alt, columns=range(1), share=SHARE)


def _choose_token(read: tuple[str, ...]) -> str | None:
    """The character whose occurrences are joined, among those that occur twice or more."""
    counts = {token: count for token, count in Counter(read).most_common() if count > 1}
    if not counts:
        st.markdown(_("Every character is read once: none has two states to compare."))
        return None
    if st.session_state.get(_TOKEN) not in counts:
        given.give(_TOKEN, next(iter(counts)))
    chosen: str = st.selectbox(
        _("Join the states of"),
        list(counts),
        format_func=lambda token: _("{token}, read {count} times").format(token=visible(token), count=counts[token]),
        key=_TOKEN,
    )
    return chosen


def _apart(trainer: Trainer, trace: Trace, epoch: int, token: str) -> str:
    """How far the states of ``token`` are apart, against any two states: now, and before training."""
    ratio = _ratio(trace, trainer.encoding, token)
    if ratio is None:
        return _("All states are the same: the network tells nothing apart.")
    words = _("The states after the same character are on average **{ratio:.0%}** as far apart as two of all states")
    if epoch == 0:
        return (words + _(", before training.")).format(ratio=ratio)
    before = _ratio(state.forward(trainer, 0)[1], trainer.encoding, token)
    return (words + _("; before training it was {before:.0%}.")).format(ratio=ratio, before=before or 0.0)


def _ratio(trace: Trace, encoding: Encoding, token: str) -> float | None:
    near, all_of_them = mean_distance(trace, encoding, token), mean_distance(trace, encoding)
    return None if near is None or not all_of_them else near / all_of_them


def show_units(trace: Trace, encoding: Encoding, config: RunConfig, theme: Theme, *, line: int, steps: range) -> None:
    """The text of ``line``, coloured by each of the units that tell most apart; a click is the cursor."""
    kinds = {Kind.READ: _("character read"), Kind.ASKED: _("character asked for"), Kind.STEP: _("time step")}
    kind = st.segmented_control(
        _("sorted by what they tell apart"),
        list(kinds),
        format_func=lambda one: kinds[one],
        default=Kind.READ,
        required=True,
        key="tells_apart",
    )
    shares = separation(trace, encoding)[Kind(kind or Kind.READ)]
    units = [int(unit) for unit in (-shares).argsort(kind="stable")[:UNITS]]
    length = int(encoding.length_B[line])
    steps = range(min(steps.start, length - 1), min(steps.stop, length))
    words = (
        _(
            "Unit {unit} follows it best: a straight line over the time steps accounts for {share:.0%} of its "
            "variance. At 100 % its value is a linear function of t."
        )
        if kind == Kind.STEP
        else _(
            "Unit {unit} tells it apart best: {share:.0%} of its variance lies between the groups. At 100 % its value "
            "is the same within each group."
        )
    )
    st.text(words.format(unit=units[0], share=float(shares[units[0]])))
    figure = units_figure(
        trace,
        encoding,
        theme,
        line=line,
        steps=steps,
        units=units,
        shares=shares,
        words={"title": _("output[{line}], by unit").format(line=line), "row": _("unit · η²")},
    )
    view.chart(
        "units",
        figure,
        alt=_("the text, coloured by the units that tell most apart"),
        columns=steps,
        share=SHARE,
        on_pick=lambda pick: cursor.look_at(config, line, pick.column, units[pick.row]),
    )
