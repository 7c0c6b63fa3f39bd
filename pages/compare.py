"""Compare: several networks under several seeds, side by side; which of them copes, and how surely."""

import streamlit as st

from pages.ui import state, view, wishes
from pages.ui.compare import choice, film, race
from pages.ui.components import frames
from pages.ui.components.live_chart import FEED, feed
from pages.ui.embedding import explanation
from pages.ui.hints import try_next
from pages.ui.i18n import _
from pages.ui.train.playback import BUDGET_S, FRAME_S
from pages.ui.work import working
from rnn_core import ConfigError
from rnn_core.export import to_sweep

config = state.config()
head = st.container()
try:
    with explanation(key="choice", gap="small"):
        grid = choice.choose(config)
    with head:
        film.show_experiment(grid, config)
    asked = race.asked(grid, config)
    wishes.carry_out(race.PLACE, asked)
    with working(asked.configs[0], goes_on=race.running()):
        comparison = race.held(asked)
except ConfigError as error:
    wishes.drop()
    race.cancel()
    st.error(str(error), icon=":material/error:")
    st.stop()
if comparison.done:
    race.cancel()
running = race.running()
mount = frames.begin_mount(asked, moves=running)

with st.container(horizontal=True, vertical_alignment="center", key="race"):
    st.button(
        _("Cancel") if running else _("Run"),
        key="run_race",
        on_click=race.press_cancel if running else race.press_run,
        type="secondary" if comparison.done else "primary",
        disabled=comparison.done,
        width=90,
    )
    st.button(_("Reset"), key="reset_race", on_click=race.press_reset, width=80)
    film.mount_status(comparison)
started = running or comparison.started
if started:
    film.mount(comparison, view.theme())
else:
    film.show_plan(comparison)

if started and not running:
    film.show_table(comparison)
    with st.expander(_("The same grid as a script: on all processors, or on a cluster")):
        script = to_sweep(asked.configs, asked.seeds, epochs=asked.epochs, remembered=asked.remembered)
        st.code(script, language="python")


@st.fragment(run_every=FRAME_S)
def tick() -> None:
    """One slice of work and one frame; the browser asks for the next one."""
    if not race.running():
        return
    comparison.advance(BUDGET_S)
    if comparison.done:
        st.rerun()
    feed(film.frame(comparison), mount=mount)


if running:
    with st.container(key=FEED):
        tick()
st.caption(try_next("compare", config, 0))
