"""A server that was just started with the README's command, and a real Chromium that looks at it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

from tests.browser.chromium import FLAGS, find

ROOT = Path(__file__).parents[2]
STREAMLIT = Path(sys.executable).with_name("streamlit")
START_S = 60
READY_MS = 30_000

FAST_CLOCK = "{ const now = performance.now.bind(performance); performance.now = () => 1000 * now() }"
"""JavaScript after which the browser's clock shows a thousand times the time: to the page, every server is slow."""

Open = Callable[..., Page]

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


def free_port() -> int:
    """A port that nobody listens to."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def launched(
    port: int,
    cwd: Path = ROOT,
    *options: str,
    script: Path = ROOT / "app.py",
    base: str = "",
    log: Path | None = None,
) -> subprocess.Popen[bytes]:
    """A server started by ``streamlit run app.py``, which answers.

    Args:
        base: the path that all its addresses begin with, as "/rnn".
        log: the file that gets what it writes.
    """
    command = [STREAMLIT, "run", script, "--server.port", str(port), "--server.headless", "true"]
    command += ["--server.address", "127.0.0.1", "--server.baseUrlPath", base, *options]
    with (log or Path(os.devnull)).open("ab") as file:
        out = None if log is None and os.environ.get("QUIET_SERVER", "1") != "1" else file
        process = subprocess.Popen([*map(str, command)], cwd=cwd, stdout=out, stderr=out)
    try:
        wait_until_healthy(f"http://127.0.0.1:{port}{base}", process)
    except RuntimeError:
        process.kill()
        raise
    return process


@contextmanager
def started_server(cwd: Path = ROOT, *options: str, script: Path = ROOT / "app.py", base: str = "") -> Iterator[str]:
    """The address of a server of one's own, with its path ``base``, ended afterwards."""
    port = free_port()
    process = launched(port, cwd, *options, script=script, base=base)
    try:
        yield f"http://127.0.0.1:{port}{base}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_healthy(address: str, process: subprocess.Popen[bytes]) -> None:
    """Returns when the server answers; raises if it ends or does not within START_S."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer within {START_S} s")


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for the tests that do not ask for a cold one."""
    with started_server() as address:
        yield address


@pytest.fixture
def cold_server(tmp_path: Path) -> Iterator[str]:
    """A server that nobody has visited yet, started from another working directory."""
    with started_server(tmp_path) as address:
        yield address


@contextmanager
def started_browser() -> Iterator[Browser]:
    """The Chromium of this machine, closed afterwards."""
    path = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a process."""
    with started_browser() as browser:
        yield browser


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Open]:
    """Opens an address, with JavaScript ``before`` the page's own, and waits for the script.

    Fails at the end if the console or the network complained.
    """
    complaints: list[str] = []
    contexts = []

    def listen(page: Page, host: str) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                complaints.append(f"{message.type}: {message.text}")

        def on_request(request: Request) -> None:
            if not request.url.startswith((host, host.replace("http", "ws"), "data:", "blob:")):
                complaints.append(f"fetched from outside: {request.url}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("request", on_request)

    def opened(address: str, *, before: str = "", **options: Any) -> Page:
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
        contexts.append(context)
        page = context.new_page()
        listen(page, "{0.scheme}://{0.netloc}".format(urlsplit(address)))
        page.add_init_script(before)
        page.goto(address)
        settle(page)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def settle(page: Page) -> None:
    """Returns when the page is connected and its script has run."""
    app = "[data-testid=stApp]"
    page.wait_for_selector(f"{app}[data-test-connection-state=CONNECTED]", timeout=READY_MS)
    page.wait_for_selector(f"{app}[data-test-script-state=notRunning]", timeout=READY_MS)


def until(page: Page, expression: str, arg: object = None) -> Any:
    """The first truthy value of ``expression``; Playwright's own wait evaluates strings, which the CSP forbids."""
    end = time.monotonic() + READY_MS / 1000
    while time.monotonic() < end:
        if value := page.evaluate(expression, arg):
            return value
        page.wait_for_timeout(50)
    raise TimeoutError(f"not so within {READY_MS} ms: {expression}")
