"""Parts of a run that no later request cuts short.

Streamlit ends a run at each access of the session's state once another request is there. What takes an act out of the
state and carries it out would lose it in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamlit.runtime.scriptrunner import get_script_run_ctx

_CHECK = "_yield_callback"
"""What Streamlit 1.67 calls at each access of a session's state; tests/pages/test_interruption.py holds it to that."""


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Have no request end the run within the block, which draws nothing; a request waits until the block has ended."""
    context = get_script_run_ctx()
    if context is None:
        yield
        return
    state = context.session_state
    check = object.__getattribute__(state, _CHECK)
    object.__setattr__(state, _CHECK, lambda: None)
    try:
        yield
    finally:
        object.__setattr__(state, _CHECK, check)
