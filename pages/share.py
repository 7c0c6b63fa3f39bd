"""Share: the run as a link, a picture of it, a script, a notebook and files; and a file brought back."""

import streamlit as st

from pages.ui import state
from pages.ui.head import show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.share import files, link

config, trainer = state.config(), state.trainer()
show_head(
    _("Share"),
    _("The address is the run: whoever opens this link sees the same numbers at the same epoch."),
    config,
)
link.show_link(trainer)

st.header(_("Take it home"))
files.show_downloads(trainer)
st.header(_("Bring it back"))
files.show_upload()
st.caption(try_next("share", config, trainer.epoch))
