"""Text to tensor: tokens, vocabulary, ids and the one-hot matrix of every line."""

import streamlit as st

from pages.ui import state, view
from pages.ui.head import show_head
from pages.ui.i18n import _
from rnn_core import encode
from rnn_core.figures.encoding import one_hot_figure
from rnn_core.tables import vocabulary_table

config = state.config()
encoding = encode(config)
batch, steps, size = encoding.x_BTV.shape

show_head(
    _("Text to tensor"),
    _(
        "Every token becomes a column with a single 1, in the row of its id. "
        "Look for a letter that comes twice: its columns are the same, wherever they stand."
    ),
    config,
)

st.markdown(
    _("**x** has shape (:orange[B **{B}**], :blue[T **{T}**], :green[V **{V}**])").format(B=batch, T=steps, V=size)
)
lines, window = view.line_window(batch), view.step_window(steps)
figure = one_hot_figure(encoding, view.theme(), lines=lines, steps=window)
words = _("One-hot matrix of {T} tokens over a vocabulary of {V}").format(T=steps, V=size)
view.chart("one_hot", figure, alt=words, columns=window)

ids, vocabulary = st.columns(2, gap="large")
with ids:
    st.header(_("Ids"))
    st.markdown(_("What `nn.CrossEntropyLoss` takes for a target: class numbers, not one-hot rows."))
    with st.container(key="ids"):
        st.text(str(encoding.ids_BT.tolist()).replace("], [", "],\n ["))
    st.header(_("Tokens"))
    st.markdown(_("One token is one character as a person sees it, be it made of many code points."))
    with st.container(key="tokens"):
        st.text("\n".join(" ".join(map(repr, line)) for line in encoding.inputs))
with vocabulary:
    st.header(_("Vocabulary"))
    st.markdown(_("In order of first appearance: the same text gives the same ids in every process."))
    with st.container(key="vocabulary"):
        st.dataframe(vocabulary_table(encoding), hide_index=True, key="vocabulary_table", alt=_("Vocabulary with ids"))

st.caption(_("Try next: type one more letter that is new, and watch V grow; then open Forward pass."))
