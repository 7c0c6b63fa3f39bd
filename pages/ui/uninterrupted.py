"""Parts of a run that no later request cuts short.

Streamlit ends a run at each access of the session's state once another request is there. What takes an act out of the
state and carries it out would lose it in between. So would a request whose values are not taken over yet, and a
callback: Streamlit does not repeat them. Once this module is imported, no request ends a run before all callbacks of
its own request have returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state.safe_session_state import SafeSessionState

_CHECK = "_yield_callback"
"""What Streamlit 1.67 calls at each access of a session's state; tests/pages/test_interruption.py holds it to that."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Have no request end the run within the block, which draws nothing; a request waits until the block has ended."""
    context = get_script_run_ctx()
    if context is None:
        yield
        return
    with _without_checks(context.session_state):
        yield


@contextmanager
def _without_checks(state: SafeSessionState) -> Iterator[None]:
    check = object.__getattribute__(state, _CHECK)
    object.__setattr__(state, _CHECK, lambda: None)
    try:
        yield
    finally:
        object.__setattr__(state, _CHECK, check)


def _complete_callbacks() -> None:
    """Replace the method of Streamlit that takes over the values of a request and calls the callbacks."""
    plain = getattr(SafeSessionState.on_script_will_rerun, "__wrapped__", SafeSessionState.on_script_will_rerun)

    @wraps(plain)
    def on_script_will_rerun(state: SafeSessionState, *values: Any, **named: Any) -> None:
        with _without_checks(state):
            plain(state, *values, **named)

    SafeSessionState.on_script_will_rerun = on_script_will_rerun  # type: ignore[method-assign, assignment]


_complete_callbacks()
