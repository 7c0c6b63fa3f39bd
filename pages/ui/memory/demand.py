"""What the text asks for: how many of the last tokens decide the next one, and the best share with few of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from pages.ui import cursor, view
from pages.ui.components.live_chart import Pick
from pages.ui.i18n import _
from rnn_core import Encoding, RunConfig, Trace, accuracy_ceiling
from rnn_core.config import Task
from rnn_core.figures.memory import ceiling_figure, need_figure
from rnn_core.figures.theme import Theme
from rnn_core.memory import UNDECIDED

Needs = Sequence[Sequence[int | None]]

MOST_CONTEXT = 24
"""For how many last tokens the ceiling is drawn at most."""

FEWEST_COLUMNS = 8
"""For how many bars there is room at least, so that two are not as wide as the page."""

NAMED_STEPS = 6
"""How many steps a sentence names."""


def show_sentences(needs: Needs, trace: Trace, encoding: Encoding, config: RunConfig, epoch: int) -> None:
    """What the text asks for, and how this network meets it, both computed."""
    flat = [need for line in needs for need in line]
    with st.container(key="memory_sentences"):
        if not flat:
            st.markdown(_("No line has a second character: there is no next one to ask for."))
            return
        st.markdown(_asked_for(flat, encoding))
        st.markdown(_met(needs, trace, encoding, config, epoch))


def _asked_for(flat: Sequence[int | None], encoding: Encoding) -> str:
    """How far one token goes, and how many are enough."""
    total, longest = len(flat), max((need for need in flat if need is not None), default=0)
    best = round(accuracy_ceiling(encoding.lines, 1) * total)
    words = _("Whoever sees the current character only can get at most **{best} of {total}** right").format(
        best=best, total=total
    )
    undecided = sum(need is None for need in flat)
    if undecided:
        most = round(accuracy_ceiling(encoding.lines, max(map(len, encoding.lines)) + 1) * total)
        return words + _(
            "; and whoever remembers everything at most **{most}**: at {count} steps ({sign}) lines that began alike "
            "go on differently."
        ).format(most=most, count=undecided, sign=UNDECIDED)
    if longest == 1:
        return words + _(": every character is always followed by the same one, and **no memory is needed**.")
    hard = sum(need is not None and need > 1 for need in flat)
    return words + _(
        ". At **{hard}** steps one is not enough; the hardest takes the last **{longest}**, and with them all {total} "
        "can be right."
    ).format(hard=hard, longest=longest, total=total)


def _met(needs: Needs, trace: Trace, encoding: Encoding, config: RunConfig, epoch: int) -> str:
    """How many this network gets right, and how many of its failures ask for more than one token."""
    if config.task is Task.COPY:
        return _(
            "`task` is *copy*: what is asked for is the character just read, and copying needs no memory at all. The "
            "bars are what *next* would ask of a network."
        )
    wrong = _wrong(trace, encoding)
    total, right = sum(map(len, needs)), sum(map(len, needs)) - len(wrong)
    words = _("At epoch {epoch} this network gets **{right} of {total}** right").format(
        epoch=epoch, right=right, total=total
    )
    best = round(accuracy_ceiling(encoding.lines, 1) * total)
    if right > best:
        words += _(", more than anyone can who sees one character: {why}.").format(why=_why(config))
    else:
        words += "."
    if not wrong:
        return words
    hard = [(b, t) for b, t in wrong if (needs[b][t] or 2) > 1]
    named = ", ".join(f"{t}" if len(needs) == 1 else f"{b}:{t}" for b, t in wrong[:NAMED_STEPS])
    more = "" if len(wrong) <= NAMED_STEPS else ", …"
    return (
        words
        + " "
        + _("It fails at t = {named}{more}: at {hard} of these {count} one is not enough.").format(
            named=named, more=more, hard=len(hard), count=len(wrong)
        )
    )


def _why(config: RunConfig) -> str:
    """What a network knows beside the character that it reads."""
    if not config.batch_first:
        return _("it reads the lines one below the other, and has seen those above")
    if config.bidirectional:
        return _("its backward direction has read the answer")
    return _("**it remembers**")


def _wrong(trace: Trace, encoding: Encoding) -> list[tuple[int, int]]:
    """Line and step of every wrong prediction."""
    missed = (trace.predicted_BT != encoding.target_BT) & (encoding.target_BT >= 0)
    return [(int(b), int(t)) for b, t in np.argwhere(missed)]


def show_needs(
    needs: Needs, trace: Trace, encoding: Encoding, config: RunConfig, theme: Theme, *, lines: range, steps: range
) -> None:
    """A chart for each line; a click on a bar makes its step the cursor's."""
    columns = max(FEWEST_COLUMNS, len(steps))
    for line in lines:
        shown = range(steps.start, min(steps.stop, len(needs[line])))
        if not shown:
            continue
        said = None
        if config.task is Task.NEXT:
            said = [encoding.vocabulary.tokens[trace.predicted_BT[line, t]] for t in shown]
        figure = need_figure(needs[line], encoding, theme, line=line, steps=shown, columns=columns, said=said)
        view.wide_chart(
            f"need_{line}_plot",
            figure,
            alt=_("line {line}: how many of the last characters decide the next one, at each step").format(line=line),
            on_pick=_reading(config, line),
        )


def _reading(config: RunConfig, line: int) -> Callable[[Pick], None]:
    def pick(place: Pick) -> None:
        cursor.look_at(config, line, place.column, 0)

    return pick


def show_ceilings(needs: Needs, trace: Trace, encoding: Encoding, config: RunConfig, theme: Theme, epoch: int) -> None:
    """The best share right by how many tokens one sees, and this network's own where it is asked for the next."""
    longest = max((need for line in needs for need in line if need is not None), default=1)
    if not any(needs):
        st.markdown(_("There is no next character to predict."))
        return
    ceilings = [accuracy_ceiling(encoding.lines, k) for k in range(1, min(longest, MOST_CONTEXT) + 1)]
    accuracy = None
    if config.task is Task.NEXT:
        accuracy = 1 - len(_wrong(trace, encoding)) / sum(map(len, needs))
    figure = ceiling_figure(ceilings, accuracy, theme, words=_("this network, epoch {epoch}").format(epoch=epoch))
    chart, words = st.columns([3, 2], gap="medium")
    with chart:
        view.wide_chart("ceiling_plot", figure, alt=_("the best share right, by how many last characters one sees"))
    with words:
        for k, ceiling in list(enumerate(ceilings, start=1))[:NAMED_STEPS]:
            st.markdown(_ceiling_words(k, ceiling, sum(map(len, needs))))


def _ceiling_words(context: int, ceiling: float, total: int) -> str:
    words = (
        _("- the current character alone: **{right} of {total}** ({share:.1%})")
        if context == 1
        else _("- the last {context}: **{right} of {total}** ({share:.1%})")
    )
    return words.format(context=context, right=round(ceiling * total), total=total, share=ceiling)
