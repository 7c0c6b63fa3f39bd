"""The Streamlit script: page frame, shared sidebar, and whichever page the address names."""

from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import StopException

from pages.ui import address, embedding, given, replay, wishes
from pages.ui.components import frames
from pages.ui.controls import connect_fields, dismiss_link_notes, link_notes, repair, show_sidebar
from pages.ui.head import short_text
from pages.ui.i18n import _
from pages.ui.number_field import show_repairs
from pages.ui.state import config
from rnn_core.shapes import axis_sizes

_HERE = Path(__file__).parent

st.set_page_config(
    page_title="RNN Explorer",
    page_icon=str(_HERE / "icon.svg"),
    layout="wide",
    initial_sidebar_state="collapsed" if st.context.is_embedded else "auto",
)

page = st.navigation(
    [
        st.Page("text_to_tensor.py", title=_("Text to tensor"), icon=":material/grid_on:", default=True),
        st.Page("forward_pass.py", title=_("Forward pass"), icon=":material/arrow_forward:"),
        st.Page("inside_the_cell.py", title=_("Inside the cell"), icon=":material/frame_inspect:"),
        st.Page("train.py", title=_("Train"), icon=":material/trending_down:"),
        st.Page("through_time.py", title=_("Through time"), icon=":material/undo:"),
        st.Page("memory.py", title=_("Memory"), icon=":material/psychology:"),
        st.Page("compare.py", title=_("Compare"), icon=":material/ssid_chart:"),
        st.Page("share.py", title=_("Share"), icon=":material/share:"),
    ]
)

given.begin(page.url_path)
frames.begin_run()
problems = show_sidebar()
if problems:
    with st.container(key="problem"):
        for problem in problems:
            st.error(problem.sentence, icon=":material/error:")
            with st.container(horizontal=True):
                show_repairs(problem, key=f"main_{problem.field}", repair=repair)
        st.text(
            _("Shown below, unchanged: {text} · lines {B}, steps {T}, input_size {V}, hidden_size {H}").format(
                text=short_text(config()), **axis_sizes(config())
            )
        )
if link_notes():
    with st.container(key="link_notes", border=True):
        st.markdown(_("**Parts of this link were left out.** The default stands in their place."))
        for note in link_notes():
            st.text(note)
        st.button(_("Understood"), on_click=dismiss_link_notes)

wishes.carry_out()
replay.catch_up()
address.write()
try:
    with embedding.picture_first():
        page.run()
    given.end(page.url_path)
except StopException:  # a page may end itself by st.stop()
    given.end(page.url_path)
    raise
finally:
    address.write()
    connect_fields()
    given.acknowledge()
wishes.drop()
