"""The id of what is mounted, which a frame for it carries: no frame of anything else is painted into it.

A frame can reach the browser before what it is for is mounted there, and then finds an older mount, of another config
or window. So what a full run of the script mounts has an id, and so have the frames that follow it.

Streamlit gives a component its data only where they differ from those it was last given; but frames have moved what is
mounted since, and it may be far from them. So the id is new after every run whose mount is moved by frames. It is also
new in each session: a page that outlives its session, since the server was started again or the session ended while it
was not connected, has seen frames of which the next session does not know.
"""

from __future__ import annotations

import secrets
from hashlib import blake2b

import streamlit as st

MOVES = "mount_moves"
_MOVED = "mounts_moved"
_MOUNT = "mount_id"
_SESSION = "frames_session"


def begin_run() -> None:
    """Start a full run of the script: what it mounts is new where frames have moved what was mounted before."""
    state = st.session_state
    state[_MOVED] = state.get(_MOVED, 0) + bool(state.pop(MOVES, False))
    begin_mount()


def begin_mount(*of: object, moves: bool = False) -> str:
    """Return the id of what is mounted from here on in this run.

    Args:
        of: all by which a frame differs from that of another mount: config, window, what is compared.
        moves: whether frames will follow.
    """
    state = st.session_state
    state[MOVES] = moves
    session = state.setdefault(_SESSION, secrets.token_hex(4))
    found = blake2b(repr((session, state.get(_MOVED, 0), of)).encode(), digest_size=4).hexdigest()
    state[_MOUNT] = found
    return found


def mounted() -> dict[str, str]:
    """Return what the data of a component that frames can move contain beside their own: the id of this mount."""
    return {"mount": st.session_state.get(_MOUNT, "")}
