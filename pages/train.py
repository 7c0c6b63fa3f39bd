"""Train: one update at a time; loss, prediction and hidden states as of now."""

import streamlit as st

from pages.ui import address, edits, state, view
from pages.ui.code import show_code
from pages.ui.components.live_chart import FEED, feed
from pages.ui.head import chosen_epoch, show_head
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.insights import show_insights
from pages.ui.train import film, kept, past, playback
from pages.ui.train.epochs import list_epochs
from pages.ui.train.parts import show_parts
from pages.ui.train.verdict import stop_words
from pages.ui.work import working
from rnn_core import history_csv
from rnn_core.export import Part

LISTED = 500

config = state.config()
show_head(
    _("Train"),
    _(
        "*Step* makes the chosen number of updates, each one forward and one backward pass. "
        "Watch the wrong characters, then the loss."
    ),
    config,
)
with working(config, goes_on=playback.playing()):
    trainer = state.trainer()
    stopped = stop_words(trainer)
if stopped:
    playback.pause()
playing = playback.playing()
shown = trainer if playing else past.as_of(trainer, chosen_epoch(trainer))

with st.container(horizontal=True, vertical_alignment="center", key="transport"):
    st.button(_("Step"), key="step", on_click=playback.step, disabled=playing or stopped is not None, width=80)
    st.button(
        _("Pause") if playing else _("Play"),
        key="play",
        on_click=playback.press_pause if playing else playback.play,
        type="primary",
        disabled=stopped is not None,
        width=90,
    )
    st.button(_("Reset"), key="reset", on_click=playback.reset, width=80)
    speed = st.segmented_control(
        _("epochs per frame"),
        [1, 10, 100],
        default=1,
        required=True,
        key=playback.SPEED,
        persist_state="session",
        label_visibility="collapsed",
    )
    st.text(_("epochs per frame"), width="content")
    status = st.container(key="status")
    playback.count()
edits.show_apart(config)
kept.offer(trainer)
if stopped:
    st.warning(stopped, icon=":material/stop_circle:")

show_insights(trainer)
window = film.choose_window(shown, whole=trainer)
with status:
    film.mount_status(shown)
film.mount(shown, window, view.theme())

if not playing and st.toggle(_("One update, part by part"), key="by_parts", persist_state="session"):
    with st.container(border=True, key="one_update"):
        show_parts(shown, view.theme())
with st.expander(_("Every epoch")):
    if playing:
        st.caption(_("Pause to read the whole history."))
    else:
        every = st.toggle(_("All epochs, not only the newest {count}").format(count=LISTED), key="all_epochs")
        listed = shown.history[:] if every else shown.history[-LISTED:]
        list_epochs([*listed, shown.now], trainer.encoding, window)
        st.download_button(
            _("Download as CSV"),
            data=lambda: history_csv([*trainer.history, trainer.now], trainer.encoding),
            file_name="history.csv",
            mime="text/csv",
            on_click="ignore",
            help=_("A prediction that a spreadsheet would take for a formula has an apostrophe in front."),
        )


@st.fragment(run_every=playback.FRAME_S)
def tick() -> None:
    """One frame while playing; the browser asks for the next one."""
    if not playback.playing():
        return
    playback.advance(trainer, speed)
    if trainer.stop is not None:
        st.rerun()
    feed(film.frame(trainer, window), mount=window.mount)
    address.write_now_and_then()


if playing:
    with st.container(key=FEED):
        tick()
show_code(trainer, Part.TRAIN)
st.caption(try_next("train", config, trainer.epoch))
