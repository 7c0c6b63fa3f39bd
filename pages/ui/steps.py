"""The steps of each line, aligned: what is read, what is asked for, what is said, and what that costs.

An encoding, and a trace where there is one, flow in; a mounted table for each line, or its patch of a frame, flows out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from pages.ui.components.live_chart import Patch, Pick, live_steps, steps_patch
from pages.ui.i18n import _
from rnn_core import Encoding, Trace
from rnn_core.memory import UNDECIDED
from rnn_core.steps import TIE, Said, mean_loss, read_steps, said_at
from rnn_core.text import visible


def show_steps(
    encoding: Encoding,
    trace: Trace | None,
    *,
    lines: range,
    steps: range,
    packed: bool,
    needs: Sequence[Sequence[int | None]] | None = None,
    marked: tuple[int, int] | None = None,
    on_pick: Callable[[int, Pick], None] | None = None,
) -> None:
    """A table for each of ``lines``, and what padding is where there is some.

    Args:
        packed: whether the module leaves padding out, as one that is batch_first does.
        needs: the text's ``context_need``, which then stands above what is said; None leaves it out.
        marked: line and step of the cursor. on_pick: what a click on a step of a line does.
    """
    said = (
        {} if trace is None else patches(encoding, trace, say(encoding, trace, lines=lines, steps=steps), steps=steps)
    )
    with st.container(key="steps"):
        for line in lines:
            shown = read_steps(encoding, line=line, steps=steps)
            live_steps(
                shown,
                said.get(_key(line)),
                key=_key(line),
                words=_words(line, len(encoding.lines)),
                needs=None if needs is None else [_digits(needs[line][step.t]) for step in shown],
                marked=next((at for at, step in enumerate(shown) if (line, step.t) == marked), None),
                on_pick=None if on_pick is None else _on_line(on_pick, line),
            )
        if encoding.padded:
            st.caption(_padding_words(packed=packed))


def say(encoding: Encoding, trace: Trace, *, lines: range, steps: range) -> dict[int, Said]:
    """What is said at ``steps`` of each of ``lines``."""
    return {line: said_at(encoding, trace, line=line, steps=steps) for line in lines}


def patches(encoding: Encoding, trace: Trace, shown: Mapping[int, Said], *, steps: range) -> dict[str, Patch]:
    """What one frame changes of ``show_steps``' tables, by key.

    Args:
        shown: what is said at ``steps`` of each line that is shown.
    """
    return {
        _key(line): steps_patch(said, steps.start, mean=_mean(encoding, trace, last=line == max(shown)))
        for line, said in shown.items()
    }


def tie_words(shown: Mapping[int, Said]) -> str:
    """Where what is said is as good as a tie, as a sentence in plain text; "" where nowhere."""
    ties = [tie for said in shown.values() for tie in said.ties.items()]
    if not ties:
        return ""
    words = _("A tie at t = {t}: the logits of {tokens} are less than {tie} apart, and what is said may flip.")
    t, tokens = ties[0]
    return words.format(t=t, tokens=", ".join(map(visible, tokens)), tie=TIE)


def _padding_words(*, packed: bool) -> str:
    words = _(
        "**·** in a chart is padding: behind a shorter line's end x is all 0, and id and target are **−100**, which "
        "`cross_entropy` leaves out (`ignore_index`)."
    )
    if packed:
        return words + " " + _("The forward pass is packed: it never reads a padded step, and output is 0 there.")
    return words + " " + _("With `batch_first=False` this app does not pack the lines: the module reads the padding.")


def _digits(need: int | None) -> str:
    return UNDECIDED if need is None else str(need)


def _on_line(on_pick: Callable[[int, Pick], None], line: int) -> Callable[[Pick], None]:
    return lambda pick: on_pick(line, pick)


def _key(line: int) -> str:
    return f"steps_{line}"


def _mean(encoding: Encoding, trace: Trace | None, *, last: bool) -> str:
    if trace is None or not last:
        return ""
    return _("mean of −ln p(target) over all steps ({steps}) = loss {loss:.4f} nats").format(
        steps=sum(map(len, encoding.targets)), loss=mean_loss(encoding, trace)
    )


def _words(line: int, lines: int) -> dict[str, str]:
    table = _("Steps of line {line}").format(line=line)
    return {
        "t": _("time step t") if lines == 1 else _("line {line} · t").format(line=line),
        "read": _("input token, id"),
        "asked": _("target token, id"),
        "need": _("last tokens needed"),
        "said": _("the network says"),
        "probability": _("p of what it says"),
        "asked_probability": _("p(target)"),
        "loss": _("−ln p(target)"),
        "table": table,
        "tie": _("tie"),
    }
