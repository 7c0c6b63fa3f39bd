"""What one watches while configurations are compared: mounted once, and moved by one frame after another."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median_low

import numpy as np
import streamlit as st

from pages.ui import view
from pages.ui.above import losses_above
from pages.ui.components.live_chart import Patch, chart_patch, live_text, text_patch
from pages.ui.head import short_text, show_head
from pages.ui.i18n import _
from rnn_core import RunConfig
from rnn_core.comparison import Band, Comparison, Lane, names
from rnn_core.figures.comparison import (
    band_points,
    bands_figure,
    bands_layout,
    first_right_figure,
    first_right_points,
    losses_beyond,
)
from rnn_core.figures.theme import Theme
from rnn_core.grid import By, Grid
from rnn_core.numbers import format_significant
from rnn_core.progress import State
from rnn_core.tables import runs_csv, runs_table

LIVE_POINTS = 58
"""At how many epochs a band is drawn while it grows."""

_SHOWN = (
    *("seed", "epochs", "first_right", "diverged_at", "loss", "accuracy", "counted"),
    *("parameters", "seconds_per_epoch"),
)
"""The columns of the table of all runs that are on the page."""

POINTS = 400
"""At how many it is drawn at rest."""


def show_experiment(grid: Grid, config: RunConfig) -> None:
    """Draw the head of the page, of the experiment that is compared: what its networks have in common."""
    base = grid.base(config)
    words = _("Each line is the median of several seeds; the band is the interquartile range.")
    show_head(_("Compare"), words, base)
    words = _("Compared: text {text} · task {task} · head {head} · hidden_size {units}")
    if grid.by is By.HIDDEN_SIZE or grid.by is By.LIST:
        words = _("Compared: text {text} · task {task} · head {head}")
    if grid.by is By.LIST:
        words = _("Compared: text {text} · task {task}")
    words = words.format(text=short_text(base), task=base.task, head=base.head, units=base.units)
    st.text(words if grid.dots is None else words + " · " + _("not the network of the sidebar"))


def show_plan(comparison: Comparison) -> None:
    """Say that nothing is trained yet, in the place of results."""
    words = _("Nothing is trained yet. *Run* trains {count} networks for {epochs} epochs each.")
    st.markdown(words.format(count=len(comparison.configs) * len(comparison.seeds), epochs=comparison.epochs))


def mount_status(comparison: Comparison) -> None:
    """Draws the line that says how far it is."""
    live_text(_status(comparison), key="race_status")


def mount(comparison: Comparison, theme: Theme) -> None:
    """Draws all else that moves, as of now."""
    named, last = names(comparison.configs), comparison.epochs
    loss, accuracy = st.columns(2, gap="medium")
    with loss:
        figure = bands_figure(
            _losses(comparison, POINTS),
            named,
            theme,
            title=_("loss (nats)"),
            last=last,
            share=False,
            above=losses_above(losses_beyond(comparison.lanes)),
        )
        view.wide_chart("race_loss_plot", figure, alt=_alt(_("loss"), comparison))
    with accuracy:
        figure = bands_figure(
            _shares(comparison, POINTS), named, theme, title=_right_title(comparison), last=last, share=True
        )
        view.wide_chart("race_accuracy_plot", figure, alt=_alt(_("accuracy"), comparison))
    dots, words = st.columns(2, gap="medium")
    with dots:
        figure = first_right_figure(comparison.lanes, named, theme, title=_first_right_title(comparison), last=last)
        view.wide_chart("race_right_plot", figure, alt=_alt(_first_right_title(comparison), comparison))
    with words, st.container(key="race_lanes", gap="xsmall"):
        for number, (lane, name) in enumerate(zip(comparison.lanes, named, strict=True)):
            live_text(lane_words(lane, name), key=f"race_lane_{number}")


def frame(comparison: Comparison) -> dict[str, Patch]:
    """What one frame changes, by the key of what was mounted."""
    lanes, last = comparison.lanes, comparison.epochs
    named = names(comparison.configs)
    losses, shares = _losses(comparison, LIVE_POINTS), _shares(comparison, LIVE_POINTS)
    right = [points if np.isfinite(points["x"]).any() else {} for points in first_right_points(lanes, last=last)]
    above = losses_above(losses_beyond(lanes))
    return {
        "race_status": text_patch(_status(comparison)),
        "race_loss_plot": chart_patch(
            band_points(losses), alt=_alt(_("loss"), comparison), layout=bands_layout(above, view.theme())
        ),
        "race_accuracy_plot": chart_patch(band_points(shares), alt=_alt(_("accuracy"), comparison)),
        "race_right_plot": chart_patch(right, alt=_alt(_first_right_title(comparison), comparison)),
    } | {
        f"race_lane_{number}": text_patch(lane_words(lane, name))
        for number, (lane, name) in enumerate(zip(lanes, named, strict=True))
    }


def show_table(comparison: Comparison) -> None:
    """A row a run, to sort and to take away."""
    runs = comparison.runs()
    table = runs_table(runs)
    named = dict(zip(comparison.configs, names(comparison.configs), strict=True))
    st.header(_("Every run"))
    labels = [name for lane, name in zip(comparison.lanes, named.values(), strict=True) for _run in lane.seeds]
    shown = table[[*_SHOWN]]
    st.dataframe(shown.assign(network=labels)[["network", *shown.columns]], hide_index=True, key="race_table")
    st.download_button(
        _("Download as CSV"),
        data=lambda: runs_csv(runs),
        file_name="runs.csv",
        mime="text/csv",
        on_click="ignore",
        help=_("A text that a spreadsheet would take for a formula has an apostrophe in front."),
    )


def _losses(comparison: Comparison, points: int) -> Sequence[Band]:
    return [lane.band(lane.loss_EK, points) for lane in comparison.lanes]


def _shares(comparison: Comparison, points: int) -> Sequence[Band]:
    return [lane.band(lane.accuracy_EK, points) for lane in comparison.lanes]


def _status(comparison: Comparison) -> str:
    words = _("{share:.0%} · {configs} configurations × {seeds} seeds × {epochs} epochs")
    if comparison.done:
        words = _("done · {configs} configurations × {seeds} seeds × {epochs} epochs")
    return words.format(
        share=comparison.share,
        configs=len(comparison.configs),
        seeds=len(comparison.seeds),
        epochs=comparison.epochs,
    )


def lane_words(lane: Lane, name: str) -> str:
    """Return one configuration in words: how many of its runs are right now and when they first were, and the rest."""
    words = [_right_words(lane)]
    first = sorted(epoch for epoch in lane.first_right if epoch is not None)
    if first:
        words.append(
            _("first right in {ever} of {runs}, median epoch {middle}").format(
                ever=len(first), runs=len(lane.seeds), middle=median_low(first)
            )
        )
    lost = sorted(epoch for epoch in lane.diverged_at if epoch is not None)
    if lost:
        words.append(
            _("{lost} of {runs} diverged, the first at epoch {epoch}").format(
                lost=len(lost), runs=len(lane.seeds), epoch=lost[0]
            )
        )
    if lane.done:
        falling = sum(state is State.IMPROVING for state in lane.states)
        if falling:
            words.append(
                _("{falling} of {runs} not finished: the loss still falls").format(
                    falling=falling, runs=len(lane.seeds)
                )
            )
    words.append(_("{parameters} parameters").format(parameters=f"{lane.parameters:,}"))
    if lane.epoch > 0:
        way = _("together") if lane.together else _("one by one")
        ms = format_significant(1e3 * lane.seconds_per_epoch, digits=2)
        words.append(_("{ms} ms an epoch, seeds {way}").format(ms=ms, way=way))
    return f"{name}: " + " · ".join(words)


def _right_words(lane: Lane) -> str:
    words = _("{right} of {runs} right now")
    if lane.remembered:
        words = _("{right} of {runs} have the remembered characters right now")
    return words.format(right=lane.right_now, runs=len(lane.seeds))


def _right_title(comparison: Comparison) -> str:
    """The name of the share that is drawn."""
    return _("remembered characters right") if comparison.lanes[0].remembered else _("right")


def _first_right_title(comparison: Comparison) -> str:
    if comparison.lanes[0].remembered:
        return _("remembered characters first right (epoch)")
    return _("first epoch with everything right")


def _alt(what: str, comparison: Comparison) -> str:
    return _("{what} of every configuration: {status}").format(what=what, status=_status(comparison))
