"""The comparisons of a session: the last few as far as they got, and whether one is running."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.ui import wishes
from rnn_core import RunConfig
from rnn_core.comparison import Comparison
from rnn_core.grid import Grid

_HELD = "comparisons"
_RUNNING = "comparison_running"

PLACE = "race"
"""Where what was pressed is carried out: once it is known what is to be compared."""

KEPT = 3
"""How many comparisons a session keeps, the present one among them."""

SMALL = 200_000
"""Up to how many parameters one that is not done is kept, with its networks, when one turns to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be compared: every config under every seed, for so many epochs, and whether seeds go together."""

    configs: tuple[RunConfig, ...]
    seeds: tuple[int, ...]
    epochs: int
    together: bool
    remembered: bool


def asked(grid: Grid, config: RunConfig) -> Asked:
    """What ``grid`` asks for, with the seeds from that of ``config`` on. Raises: ConfigError."""
    seeds = tuple(range(config.seed, config.seed + grid.seeds))
    return Asked(
        configs=grid.configs(config),
        seeds=seeds,
        epochs=grid.epochs,
        together=grid.together,
        remembered=grid.dots is not None,
    )


def held(asked: Asked) -> Comparison:
    """The comparison that was asked for, as far as it got; a new one is measured untrained. Raises: ConfigError."""
    kept: dict[Asked, Comparison] = st.session_state.setdefault(_HELD, {})
    if next(reversed(kept), None) != asked:
        cancel()
        found = kept.pop(asked, None) or _untrained(asked)
        others = [(other, run) for other, run in kept.items() if run.done or run.parameters <= SMALL]
        st.session_state[_HELD] = kept = dict(others[1 - KEPT :]) | {asked: found}
    return kept[asked]


def _untrained(asked: Asked) -> Comparison:
    comparison = Comparison(
        asked.configs, asked.seeds, epochs=asked.epochs, together=asked.together, remembered=asked.remembered
    )
    comparison.measure()
    return comparison


def press_run() -> None:
    """Have the comparison of this run's controls start."""
    wishes.later(run, at=PLACE)


def press_cancel() -> None:
    """Have it stop."""
    wishes.later(lambda _asked: cancel(), at=PLACE)


def press_reset() -> None:
    """Have it go back to epoch 0."""
    wishes.later(forget, at=PLACE)


def running() -> bool:
    """Whether the present comparison runs."""
    return bool(st.session_state.get(_RUNNING))


def run(asked: Asked) -> None:
    """Start the comparison, or have it go on."""
    held(asked)
    st.session_state[_RUNNING] = True


def cancel() -> None:
    """Stops it where it is; what was measured stays."""
    st.session_state[_RUNNING] = False


def forget(asked: Asked) -> None:
    """Stops it, and back to epoch 0."""
    cancel()
    st.session_state.get(_HELD, {}).pop(asked, None)
