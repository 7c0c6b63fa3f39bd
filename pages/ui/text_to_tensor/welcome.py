"""The first words to someone who has never seen an RNN: what it is, and which page shows what, in which order."""

from __future__ import annotations

import streamlit as st

from pages.ui.i18n import _


def show_welcome() -> None:
    """What a recurrent network does, and the way through the pages."""
    with st.container(key="welcome", gap="xsmall"):
        st.markdown(
            _(
                "A **recurrent neural network** reads a text one token at a time, and carries what it has read along "
                "in a hidden state h: **h[t] = f(x[t], h[t−1])**, with the same weights at every step. "
                "The pages, in order:"
            )
        )
        with st.container(horizontal=True, key="ways"):
            for page, words in (
                ("text_to_tensor", _("**1** the text becomes x")),
                ("forward_pass", _("**2** x becomes output and h_n")),
                ("inside_the_cell", _("**3** one number of h, opened up")),
                ("train", _("**4** the weights learn")),
                ("through_time", _("**5** how a loss comes back")),
                ("memory", _("**6** what the text asks for")),
                ("compare", _("**7** which network copes")),
                ("share", _("**8** take it home")),
            ):
                st.page_link(f"{page}.py", label=words, width="content")
