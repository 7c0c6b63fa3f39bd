"""The table of all epochs, with a cell for each predicted token."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.ui.i18n import _
from pages.ui.train.film import Window
from rnn_core import Encoding
from rnn_core.history import EpochRecord
from rnn_core.tables import prediction_table
from rnn_core.token_columns import MAX_TOKEN_COLUMNS, token_count


def list_epochs(history: Sequence[EpochRecord], encoding: Encoding, window: Window) -> None:
    """Draws one row for each epoch, newest first, with columns for the tokens in ``window``."""
    lines, steps = window.lines, window.steps
    words = _("The column of a step, headed by its target, has · where the prediction is right, else the wrong token.")
    if len(encoding.targets) > 1:
        words += " " + _("The line b stands before the step t.")
    count = token_count(encoding, lines=lines, steps=steps)
    if count > MAX_TOKEN_COLUMNS:
        words += " " + _("Only the first {shown} of {count} tokens have a column.").format(
            shown=MAX_TOKEN_COLUMNS, count=count
        )
    st.caption(words)
    st.dataframe(
        prediction_table(history, encoding, lines=lines, steps=steps),
        hide_index=True,
        key="every_epoch",
        column_config={"epoch": st.column_config.Column(pinned=True)},
    )
