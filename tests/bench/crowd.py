"""A workshop on one host: many play at once, one plays with the largest network, and visitors come and go."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.bench.table import Figure
from tests.browser.conftest import ROOT, started_server
from tests.load.crowd import run_crowd

SECONDS = 20.0
NEIGHBOURS = 10
OPEN_SESSIONS = 20
VISITORS = 100
AWAY_S = 1
LARGEST = "&".join(
    (
        "text=" + quote("\n".join("".join(chr(0x4E00 + (line + i) % 256) for i in range(512)) for line in range(8))),
        "cell=lstm",
        "hidden_size=128",
        "num_layers=4",
        "bidirectional=true",
        "head=linear",
    )
)
"""The largest network that the limits allow."""


def figures() -> Iterator[Figure]:
    """Load, fairness and memory, each against a server of its own."""
    with started_server() as address:
        yield from load_figures(address)
    with started_server() as address:
        yield from fairness_figures(address)
    with started_server() as address:
        yield from open_session_figures(address)
    with started_server(ROOT, "--server.disconnectedSessionTTL", str(AWAY_S)) as address:
        yield from gone_session_figures(address)


def load_figures(address: str) -> Iterator[Figure]:
    """30 and 60 users with a browser's own timers."""
    thirty = run_crowd(address, 30, SECONDS)
    yield Figure(
        measure="30 users: updates per second, the least served",
        value=thirty.updates_per_s_min,
        target=5,
        at_most=False,
    )
    yield Figure(measure="30 users: p95 latency in ms", value=thirty.latency_p95_s * 1e3, target=300)
    yield Figure(measure="30 users: errors", value=len(thirty.errors), target=0)
    yield Figure(measure="bytes of a frame on the wire, the largest", value=thirty.bytes_max, target=8_000)
    pictures = run_crowd(address, 30, SECONDS, picture=True)
    yield Figure(
        measure="30 users with the picture: updates per second, the least served",
        value=pictures.updates_per_s_min,
        target=5,
        at_most=False,
    )
    yield Figure(measure="30 users with the picture: errors", value=len(pictures.errors), target=0)
    yield Figure(measure="bytes of a frame with the picture, the largest", value=pictures.bytes_max, target=8_000)
    sixty = run_crowd(address, 60, SECONDS)
    yield Figure(measure="60 users: updates per second, mean", value=sixty.updates_per_s_mean)
    yield Figure(measure="60 users: p95 latency in ms", value=sixty.latency_p95_s * 1e3, target=1_000)
    yield Figure(measure="60 users: errors", value=len(sixty.errors), target=0)


def fairness_figures(address: str) -> Iterator[Figure]:
    """What NEIGHBOURS get while one plays the largest network at full speed, as a share of what they get alone."""
    alone = run_crowd(address, NEIGHBOURS, SECONDS)
    beside = run_crowd(address, NEIGHBOURS, SECONDS, extra=[(LARGEST, 100)])
    yield Figure(
        measure=f"{NEIGHBOURS} users beside the largest network / alone: frames",
        value=beside.updates_per_s_mean / alone.updates_per_s_mean,
        target=0.7,
        at_most=False,
    )


def open_session_figures(address: str) -> Iterator[Figure]:
    """The server's memory for each session that is kept after 200 epochs: Streamlit keeps them for two minutes."""
    server = server_pid(address)
    run_crowd(address, 5, 5.0, speed=10)
    before = resident_mb(server)
    crowd = run_crowd(address, OPEN_SESSIONS, 10.0, speed=10)
    epochs = min(int(status.split()[1]) for status in crowd.last_status)
    measure = f"memory of an open session after {epochs} epochs, MB"
    yield Figure(measure=measure, value=(resident_mb(server) - before) / OPEN_SESSIONS, target=1)


def gone_session_figures(address: str) -> Iterator[Figure]:
    """The server's memory after VISITORS have come and gone, beside what it was after the first group."""
    server = server_pid(address)
    run_crowd(address, OPEN_SESSIONS, 3.0, speed=10)
    time.sleep(5 * AWAY_S)
    before = resident_mb(server)
    for _group in range(VISITORS // OPEN_SESSIONS):
        run_crowd(address, OPEN_SESSIONS, 3.0, speed=10)
    time.sleep(5 * AWAY_S)
    measure = f"memory after {VISITORS} sessions came and went / before"
    yield Figure(measure=measure, value=resident_mb(server) / before, target=1.1)


def server_pid(address: str) -> int:
    """The process that was started on the port of ``address``."""
    port = str(urlsplit(address).port)
    for found in Path("/proc").glob("[0-9]*/cmdline"):
        words = found.read_bytes().split(b"\0")
        if port.encode() in words and b"run" in words:
            return int(found.parent.name)
    raise LookupError(f"no server on port {port}")


def resident_mb(pid: int) -> float:
    """The resident memory of a process, in MB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no memory known of process {pid}")
