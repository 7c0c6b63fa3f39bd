"""Memory: how much of what was read the text asks for, and what the network's states keep of it."""

import streamlit as st

from pages.ui import edits, state, view
from pages.ui.code import show_code
from pages.ui.head import choose_epoch, show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.insights import show_insights
from pages.ui.memory import apart, demand
from pages.ui.work import working
from rnn_core import ConfigError, context_need
from rnn_core.export import Part

config, trainer, theme = state.config(), state.trainer(), view.theme()
encoding = trainer.encoding

head = show_head(
    _("Memory"),
    _("A bar is how many of the last characters decide the next one. Above one, the current one is not enough."),
    config,
)
with head:
    epoch = choose_epoch(trainer)
edits.show_apart(config)
with working(config):
    trace = state.forward(trainer, epoch)[1]

show_insights(trainer)
needs = context_need(encoding.lines)
lines, steps = view.line_window(len(encoding.lines)), view.step_window(encoding.ids_BT.shape[1])
demand.show_sentences(needs, trace, encoding, config, epoch)
demand.show_needs(needs, trace, encoding, config, theme, lines=lines, steps=steps)

st.header(_("The best that can be done with the last few"))
demand.show_ceilings(needs, trace, encoding, config, theme, epoch)

try:
    st.header(_("The same character, in different states"))
    apart.show_map(trainer, trace, theme, epoch)
    st.header(_("What each unit tells apart"))
    apart.show_units(trace, encoding, config, theme, line=lines.start, steps=steps)
except ConfigError as error:
    st.error(str(error), icon=":material/error:")
    st.text(_("There is nothing to map here. Choose an earlier epoch, or Reset on Train."))
show_code(trainer, Part.FORWARD)
st.caption(try_next("memory", config, trainer.epoch))
