"""A crowd plays at once: ``python -m tests.load.crowd ADDRESS --users 30 --seconds 20`` prints what it saw as JSON.

The crowd is a process of its own, so that its work does not wait for the server's interpreter, nor the server for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.load.client import User, UserResult

ROOT = Path(__file__).parents[2]
STAGGER_S = 0.05
START_S = 180.0
"""How long the crowd may need to come in, beyond the seconds it plays."""

Neighbour = tuple[str, int]
"""Query and epochs per frame of someone who plays beside the crowd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdResult:
    """What a crowd saw while all of it played.

    Attributes:
        users: how many there were, without neighbours.
        seconds: for how long frames were counted.
        frames: of all users together; a frame is a tick that moved the epoch.
        updates_per_s_min: frames per second of the user who had the fewest.
        updates_per_s_mean: frames per second of a user, the mean over users.
        latency_p50_s: from asking for a frame to having it, the median over all frames.
        latency_p95_s: the same, 95 % of all frames.
        bytes_median: of a frame.
        bytes_max: of a frame.
        dropped_share: of all ticks that moved the epoch, how many were run but never sent; see ``UserResult``.
        errors: of users and neighbours, each with its name in front.
        last_status: each user's line of status at the end.
        neighbours_updates_per_s: frames per second of each neighbour.
    """

    users: int
    seconds: float
    frames: int
    updates_per_s_min: float
    updates_per_s_mean: float
    latency_p50_s: float
    latency_p95_s: float
    bytes_median: float
    bytes_max: int
    dropped_share: float
    errors: tuple[str, ...]
    last_status: tuple[str, ...]
    neighbours_updates_per_s: tuple[float, ...]

    @classmethod
    def from_json(cls, document: str) -> CrowdResult:
        """The result that was printed."""
        fields: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in json.loads(document).items()
        }
        return cls(**fields)


def run_crowd(
    address: str,
    users: int,
    seconds: float,
    *,
    query: str = "",
    speed: int = 1,
    patient: bool = False,
    picture: bool = False,
    extra: Sequence[Neighbour] = (),
) -> CrowdResult:
    """What ``users`` see who play at once for ``seconds``, in a process of their own.

    Args:
        address: of the server, "http://127.0.0.1:8501".
        query: what all of them open ``/train`` with.
        speed: epochs per frame of all of them.
        patient: whether all of them skip the timer's turn while a tick runs, as no browser does; see ``play``.
        picture: whether the crowd watches the network in the place of the heatmaps.
        extra: who plays beside them and is not counted.

    Raises: CalledProcessError or TimeoutExpired if the process does not do its work.
    """
    command = [sys.executable, "-m", "tests.load.crowd", address, "--users", users, "--seconds", seconds]
    command += ["--query", query, "--speed", speed, *(["--patient"] if patient else [])]
    command += ["--picture"] if picture else []
    command += [word for name, epochs in extra for word in ("--extra", name, epochs)]
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=START_S + seconds
    )
    return CrowdResult.from_json(done.stdout)


async def play_together(
    address: str,
    users: int,
    seconds: float,
    *,
    query: str = "",
    speed: int = 1,
    patient: bool = False,
    picture: bool = False,
    extra: Sequence[Neighbour] = (),
) -> CrowdResult:
    """The same, on the loop of this process; counted from when the last one plays."""
    everyone = [*extra, *[(query, speed)] * users]
    players = [
        (User(address, name, patient=patient, picture=picture and place >= len(extra)), epochs)
        for place, (name, epochs) in enumerate(everyone)
    ]

    async def come_in(place: int, user: User, epochs: int) -> None:
        await asyncio.sleep(place * STAGGER_S)
        await user.start(speed=epochs)

    try:
        await asyncio.gather(*(come_in(place, user, epochs) for place, (user, epochs) in enumerate(players)))
        begin = time.perf_counter()
        await asyncio.sleep(seconds)
        end = time.perf_counter()
        results = [user.result(begin, end) for user, _epochs in players]
    finally:
        await asyncio.gather(*(user.leave() for user, _epochs in players))
    return _summary(results[len(extra) :], results[: len(extra)])


def _summary(users: Sequence[UserResult], neighbours: Sequence[UserResult]) -> CrowdResult:
    rates = [user.frames / user.seconds for user in users]
    latencies = sorted(latency for user in users for latency in user.latencies_s)
    dropped = sum(user.dropped for user in users)
    sizes = sorted(size for user in users for size in user.bytes_per_frame)
    named = [(f"user {number}", user) for number, user in enumerate(users)]
    named += [(f"neighbour {number}", user) for number, user in enumerate(neighbours)]
    return CrowdResult(
        users=len(users),
        seconds=users[0].seconds,
        frames=len(latencies),
        updates_per_s_min=min(rates),
        updates_per_s_mean=statistics.mean(rates),
        latency_p50_s=_quantile(latencies, 0.5),
        latency_p95_s=_quantile(latencies, 0.95),
        bytes_median=_quantile(sizes, 0.5),
        bytes_max=max(sizes, default=0),
        dropped_share=dropped / max(dropped + len(latencies), 1),
        errors=tuple(f"{name}: {error}" for name, user in named for error in user.errors),
        last_status=tuple(user.last_status for user in users),
        neighbours_updates_per_s=tuple(user.frames / user.seconds for user in neighbours),
    )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all do not exceed; nan of nothing."""
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan


def main() -> None:
    """Plays as the command line says, and prints the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.crowd", description="Many users play at once.")
    parser.add_argument("address", help="of the server, http://127.0.0.1:8501")
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--query", default="", help="what all of them open /train with")
    parser.add_argument("--speed", type=int, default=1, help="epochs per frame")
    parser.add_argument("--patient", action="store_true", help="skip the timer's turn while a tick runs")
    parser.add_argument("--picture", action="store_true", help="watch the network in the place of the heatmaps")
    parser.add_argument(
        "--extra", nargs=2, action="append", default=[], metavar=("QUERY", "SPEED"), help="one who is not counted"
    )
    words = parser.parse_args()
    extra = [(query, int(speed)) for query, speed in words.extra]
    result = asyncio.run(
        play_together(
            words.address,
            words.users,
            words.seconds,
            query=words.query,
            speed=words.speed,
            patient=words.patient,
            picture=words.picture,
            extra=extra,
        )
    )
    print(json.dumps(asdict(result), ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
