"""Through time: how much of a loss still reaches the states before it, and how fast it fades on the way back."""

import streamlit as st

from pages.ui import address, cursor, edits, state, view
from pages.ui.code import show_code
from pages.ui.head import choose_epoch, show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.through_time import fading, ledger
from pages.ui.through_time.flows import Where, flow_of, gradients_of
from pages.ui.through_time.picture import back_picture, show_back
from pages.ui.work import working
from rnn_core import ConfigError, trace_forward
from rnn_core.export import Part
from rnn_core.gradients import affordable_steps

config, trainer, theme = state.config(), state.trainer(), view.theme()
encoding = trainer.encoding

head = show_head(
    _("Through time"),
    fading.head_words(config, len(encoding.lines)),
    config,
)
with head:
    epoch = choose_epoch(trainer)
edits.show_apart(config)
row = cursor.choose_row(config, encoding)
line, length = row.line, int(encoding.length_B[row.line])
steps = affordable_steps(config, length, min(cursor.step(encoding), length - 1))
where = Where(line=line, layer=row.layer, direction=row.direction, steps=steps)
try:
    with working(config):
        flow = flow_of(trainer, epoch, where)
        lines = range(line, line + 1) if config.batch_first else view.line_window(len(encoding.lines))
        gradients = gradients_of(trainer, epoch, where, lines)
except ConfigError as error:
    st.error(str(error), icon=":material/error:")
    st.text(_("There is no gradient to follow here. Choose an earlier epoch, or Reset on Train."))
    st.stop()

trace = trace_forward(trainer.model_at(epoch), encoding)
picture = back_picture(config, encoding, where, lines)


@st.fragment
def around_the_loss() -> None:
    """All that looks at one loss. To choose another one runs this again, and nothing below."""
    show_back(picture, gradients, config, encoding, trace, theme, where)
    fading.show_sentences(flow, config, encoding)
    st.header(_("Every loss, every step"))
    fading.show_pairs(flow, encoding, theme)
    fading.show_dependence(flow, encoding)
    address.write()


around_the_loss()

st.header(_("How fast it fades"))
fading.show_profiles(trainer, epoch, where, theme)

st.header(_("Along the text, and the ledger of W_hh"))
ledger.show_along(flow, encoding, theme)
ledger.show_ledger(flow, trainer, epoch, theme)

st.header(_("Eigenvalues of W_hh"))
ledger.show_eigenvalues(flow, theme)
show_code(trainer, Part.TRAIN)
st.caption(try_next("through_time", config, trainer.epoch))
