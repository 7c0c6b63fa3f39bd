"""A room reads one page: ``python -m tests.load.readers ADDRESS PAGE --users 30`` prints how soon changes are answered.

Everybody changes something every few seconds, which has the page's fragment, or all of its script, run once more. What
is printed is JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.load.client import User

ROOT = Path(__file__).parents[2]
START_S = 180.0
"""How long the room may need to come in, beyond the seconds it reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersResult:
    """How long an answer took, in seconds: the median and 95 % of all; how many there were; what went wrong."""

    answers: int
    p50_s: float
    p95_s: float
    errors: tuple[str, ...]


def run_readers(address: str, page: str, users: int, seconds: float, *, every_s: float = 3.0) -> ReadersResult:
    """What ``users`` see who read ``page`` for ``seconds``, each with a change every ``every_s``."""
    command = [sys.executable, "-m", "tests.load.readers", address, page]
    command += ["--users", str(users), "--seconds", str(seconds), "--every", str(every_s)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=START_S + seconds)
    found = json.loads(done.stdout)
    return ReadersResult(**{**found, "errors": tuple(found["errors"])})


async def read_together(address: str, page: str, users: int, seconds: float, every_s: float) -> ReadersResult:
    """The same, on the loop of this process; counted from when the last one is there."""
    readers = [User(address, page=page) for _user in range(users)]
    took: list[float] = []
    pause = random.Random(users)

    async def read(user: User) -> None:
        await asyncio.sleep(pause.uniform(0, every_s))
        while True:
            took.append(await user.run_again())
            await asyncio.sleep(pause.uniform(0.5, 1.5) * every_s)

    try:
        await asyncio.gather(*(user.open() for user in readers))
        reading = [asyncio.create_task(read(user)) for user in readers]
        await asyncio.sleep(seconds)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
    finally:
        await asyncio.gather(*(user.leave() for user in readers))
    took.sort()
    errors = tuple(error for user in readers for error in user.errors)
    return ReadersResult(
        answers=len(took), p50_s=took[len(took) // 2], p95_s=took[int(0.95 * len(took))], errors=errors
    )


def main() -> None:
    """Reads as the command line says, and prints the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m tests.load.readers", description="Many users read one page.")
    parser.add_argument("address", help="of the server, http://127.0.0.1:8501")
    parser.add_argument("page", help="its name in the address")
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--every", type=float, default=3.0, help="seconds between two changes of one user")
    words = parser.parse_args()
    result = asyncio.run(read_together(words.address, words.page, words.users, words.seconds, words.every))
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
