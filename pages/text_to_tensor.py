"""Text to tensor: what an RNN is and where to go; tokens, ids, targets and the one-hot matrix of every line."""

import streamlit as st

from pages.ui import state, view
from pages.ui.code import show_code
from pages.ui.head import show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.steps import show_steps
from pages.ui.text_to_tensor.welcome import show_welcome
from rnn_core import Encoding, encode
from rnn_core.config import Task
from rnn_core.export import Part
from rnn_core.figures.encoding import one_hot_figure
from rnn_core.tables import vocabulary_table


def _repeated(encoding: Encoding) -> str:
    """Return what to look for in the columns."""
    tokens = [token for line in encoding.inputs for token in line]
    if len(set(tokens)) < len(tokens):
        return _("Look for a letter that comes twice: its columns are the same, wherever they stand.")
    return _("No letter comes twice here, so all columns differ.")


config = state.config()
encoding = encode(config)
batch, steps, size = encoding.x_BTV.shape

head = show_head(
    _("Text to tensor"),
    _("Every token becomes a column with a single 1, in the row of its id.") + " " + _repeated(encoding),
    config,
)
with head:
    show_welcome()
    st.markdown(
        _("**x** has shape (:orange[B **{B}**], :blue[T **{T}**], :green[V **{V}**])").format(B=batch, T=steps, V=size)
    )
lines, window = view.line_window(batch), view.step_window(steps)
figure = one_hot_figure(encoding, view.theme(), lines=lines, steps=window)
words = _("One-hot matrix: T = {T}, V = {V}").format(T=steps, V=size)
view.chart("one_hot", figure, alt=words, columns=window)

st.header(_("Input and target"))
st.markdown(
    _("`task` *next*: of each line, the input is all tokens but the last, the target all but the first.")
    if config.task is Task.NEXT
    else _("`task` *copy*: the target is the token that is read.")
)
show_steps(encoding, None, lines=lines, steps=window, packed=config.batch_first)
ids, vocabulary = st.columns(2, gap="large")
with ids:
    st.header(_("Target ids"))
    st.markdown(
        _("The target for `nn.CrossEntropyLoss`: class indices. It takes class probabilities too, but not here.")
    )
    with st.container(key="ids"):
        st.text(str(encoding.target_BT.tolist()).replace("], [", "],\n ["))
with vocabulary:
    st.header(_("Vocabulary"))
    st.markdown(
        _("A token is one character as a person sees it. In order of first appearance: the same ids in every process.")
    )
    with st.container(key="vocabulary"):
        st.dataframe(
            vocabulary_table(encoding),
            hide_index=True,
            key="vocabulary_table",
            alt=_("Vocabulary with ids"),
            column_config={"name": st.column_config.TextColumn(width="large")},
        )

show_code(state.trainer(), Part.DATA)
st.caption(try_next("text_to_tensor", config, 0))
