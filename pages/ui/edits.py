"""The edits of *What if*, kept for the config that they were made on.

*Inside the cell* shows the edited network, *Forward pass* too where one chooses so; other pages say that theirs is not.
"""

from __future__ import annotations

import streamlit as st

from pages.ui import state, wishes
from pages.ui.components.presses import count_presses, fresh_presses
from pages.ui.i18n import _
from pages.ui.scene import Scene
from rnn_core import RunConfig, Trainer
from rnn_core.text import visible
from rnn_core.whatif import Edit, SilencedUnit, StateEdit, TokenEdit, WeightEdit, value_before, with_edit

_EDITS = "edits"
_PRESSES = "undo_presses"


def made(config: RunConfig) -> tuple[Edit, ...]:
    """The edits made on this config; another config has none."""
    edited_config, kept = st.session_state.get(_EDITS, (None, ()))
    found: tuple[Edit, ...] = kept if edited_config == config else ()
    return found


def make(config: RunConfig, edit: Edit) -> None:
    """Makes one more edit on this config; one of the same place gives way to it."""
    st.session_state[_EDITS] = config, with_edit(made(config), edit)


def undo(uncounted: int = 1) -> None:
    """Take back the last edit of the present config, one for each press, ``uncounted`` where nothing counts them."""
    config = state.config()
    for _press in range(fresh_presses("undo", key=_PRESSES, uncounted=uncounted)):
        st.session_state[_EDITS] = config, made(config)[:-1]


def undo_all() -> None:
    """Take back every edit of the present config."""
    if made(state.config()):
        del st.session_state[_EDITS]


def choose(config: RunConfig) -> bool:
    """Draw the switch between the trained and the edited network; return whether the edited one is to be shown.

    It is drawn only where there are edits; switched off, a sentence says whose numbers are shown.
    """
    if not made(config):
        return False
    chosen = st.toggle(_("Show the edited network"), key="show_edited", persist_state="session")
    if not chosen:
        show_apart(config)
    return chosen


def show_banner(trainer: Trainer, scene: Scene) -> None:
    """Shows that the numbers of the page are edited, each edit, and the ways to undo them; nothing where none is."""
    config = trainer.config
    present = made(config)
    if not present:
        return
    with st.container(key="edited", border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", key="undoing"):
            st.markdown(
                ":material/edit: "
                + _("**The numbers below are edited.** This is a copy: training knows nothing of it.")
            )
            st.button(_("Undo"), key="undo", on_click=wishes.later, args=(undo,), width=90)
            st.button(_("Undo all"), key="undo_all", on_click=wishes.later, args=(undo_all,), width=110)
            count_presses({"undo": "undo"}, key=_PRESSES, on_change=lambda: wishes.later(undo, 0))
        st.code("\n".join(_said(edit, trainer, scene) for edit in present), language=None, wrap_lines=True)


def show_apart(config: RunConfig) -> None:
    """Says on another page that its numbers are not the edited ones; nothing where nothing is edited."""
    if made(config):
        st.caption(_("What is edited on *Inside the cell* is not edited here: these are the network's own numbers."))


def _said(edit: Edit, trainer: Trainer, scene: Scene) -> str:
    """An edit in plain text, with what was there before."""
    was = value_before(scene.model, trainer.encoding, edit)
    match edit:
        case WeightEdit():
            index = ", ".join(map(str, edit.index))
            words = _("{name}[{index}] = {value:g}  (was {was:.4f})")
            return words.format(name=edit.name, index=index, value=edit.value, was=was)
        case StateEdit():
            index = ", ".join(map(str, (edit.row, edit.column, edit.unit)))
            return _("h_0[{index}] = {value:g}  (was {was:g})").format(index=index, value=edit.value, was=was)
        case SilencedUnit():
            return _("layer {layer} {direction}, unit {unit} silenced").format(
                layer=edit.layer, direction=edit.direction, unit=edit.unit
            )
        case TokenEdit():
            return _("line {line}, step {step} reads {token}  (was {was})").format(
                line=edit.line, step=edit.step, token=visible(edit.token), was=visible(str(was))
            )
