"""Where numbers run away, the axis of each chart stays bounded, and what is above it is counted in translated words."""

from __future__ import annotations

import gettext
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from pages.ui import i18n
from rnn_core import RunConfig, Trainer
from rnn_core.config import Head, Nonlinearity
from rnn_core.figures.loss_axis import LIMIT_NATS
from tests.pages.conftest import PAGES, Open, typed_array

DIVERGED = RunConfig(
    "hello! world", nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, learning_rate=10, num_layers=2
).to_query() | {"epoch": "5"}
CHARTED = {"train", "through_time"}
"""The pages that open with a line of losses or norms on an axis that follows it."""

FRAME_BYTES = 233
"""How long the layout of an update was while its note had no count."""


def followed(figure: Any) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Each vertical axis that follows lines, with their values."""
    lines = [trace for trace in figure["data"] if "lines" in trace.get("mode", "") and trace.get("hoverinfo") != "skip"]
    for name in {trace.get("yaxis", "y") for trace in lines}:
        axis = figure["layout"][f"yaxis{name[1:]}"]
        if "range" not in axis:
            yield axis, [typed_array(trace["y"]) for trace in lines if trace.get("yaxis", "y") == name]


@pytest.mark.parametrize("page", PAGES)
def test_an_axis_that_follows_values_that_run_away_ends_at_a_bound(open_screen: Open, page: str) -> None:
    screen = open_screen(page, DIVERGED)
    assert screen.errors == []
    found = [one for figure in screen.figures() for one in followed(figure)]
    assert (page in CHARTED) <= bool(found)
    assert [
        axis for axis, _values in found if not math.isfinite(axis.get("autorangeoptions", {}).get("clipmax", math.inf))
    ] == []


@pytest.mark.parametrize("page", sorted(CHARTED))
def test_what_is_above_an_axis_is_counted(open_screen: Open, page: str) -> None:
    for figure in open_screen(page, DIVERGED).figures():
        for axis, lines in followed(figure):
            values = np.concatenate(lines)
            finite = values[np.isfinite(values)]
            count = int((finite > axis["autorangeoptions"]["clipmax"]).sum())
            notes = [note["text"] for note in figure["layout"]["annotations"]]
            assert len(notes) == (count > 0)
            assert all(f"{count} of {len(finite)} " in note for note in notes)


def test_the_count_follows_the_updates_in_no_more_bytes_than_before(open_screen: Open) -> None:
    screen = open_screen("train", DIVERGED | {"epoch": "1"})
    trainer = Trainer(RunConfig.from_query({k: v for k, v in DIVERGED.items() if k != "epoch"}))
    trainer.run(1)
    for _update in range(3):
        screen.press("Step")
    screen.press("Play")
    layout = screen.frame()["loss_plot"]["layout"]
    epoch = next(reversed(screen.runs.values())).epoch
    trainer.run(epoch - 1)
    losses = np.array([*trainer.history.losses(0), trainer.now.loss_nats])
    finite = losses[np.isfinite(losses)]
    (note,) = layout["annotations"]
    assert f"{int((finite > LIMIT_NATS).sum())} of {len(finite)} losses over 50" in note["text"]
    assert len(json.dumps(layout, separators=(",", ":"))) <= FRAME_BYTES


class Marked(gettext.NullTranslations):
    """A language whose words are the English ones in «»."""

    def gettext(self, message: str) -> str:
        """Return ``message`` in «»."""
        return f"«{message}»"


@pytest.mark.parametrize("page", sorted(CHARTED))
def test_a_note_on_an_axis_is_translated(open_screen: Open, monkeypatch: pytest.MonkeyPatch, page: str) -> None:
    monkeypatch.setattr(i18n, "_translations", lambda _language: Marked())
    notes = [
        note["text"]
        for figure in open_screen(page, DIVERGED).figures()
        for note in figure["layout"].get("annotations", ())
        if "▲" in note["text"]
    ]
    assert notes
    assert [text for text in notes if not text.startswith("«▲")] == []
