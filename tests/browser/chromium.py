"""Which Chromium the browser tests drive: one that is on this machine, else one that is installed where that may be.

``python -m tests.browser.chromium`` makes sure that there is one, or says in a sentence what is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""What it is called on the path."""

USUAL = {
    "darwin": (
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "{HOME}/Applications/Chromium.app/Contents/MacOS/Chromium",
        "{HOME}/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ),
    "win32": (
        r"{PROGRAMFILES}\Google\Chrome\Application\chrome.exe",
        r"{PROGRAMFILES(X86)}\Google\Chrome\Application\chrome.exe",
        r"{LOCALAPPDATA}\Google\Chrome\Application\chrome.exe",
        r"{LOCALAPPDATA}\Chromium\Application\chrome.exe",
    ),
}
"""Where it usually is elsewhere than on the path, by platform; the braces hold variables of the environment."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""What the tests start it with."""

_OWN = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""
"""Where Playwright keeps its own; asked in a process of its own, for it may not be asked while another one runs."""

APT = ("chromium", "fonts-noto-cjk", "fonts-noto-color-emoji")
ANSWERS_S = 60
MISSING = (
    "The browser tests need Chromium or Chrome: install it (Debian: apt-get install chromium), name one in "
    "CHROME_PATH, or set BROWSER_TESTS=0 to leave them out."
)


class NoChromiumError(RuntimeError):
    """There is no Chromium that starts; the message is a sentence."""


def find() -> str:
    """The path of the first Chromium that starts: CHROME_PATH, the path, the usual places, Playwright's own.

    Raises: NoChromiumError, also where CHROME_PATH names one that does not start.
    """
    wanted = os.environ.get("CHROME_PATH")
    if wanted:
        if not starts(wanted):
            raise NoChromiumError(f"CHROME_PATH must name a Chromium that starts, got {wanted!r}")
        return wanted
    found = next(filter(starts, _candidates(os.environ, sys.platform)), None)
    if found is None:
        raise NoChromiumError(MISSING)
    return found


def starts(path: str) -> bool:
    """Whether ``path`` is a program that answers. Some systems ship a mere hint under the browser's name."""
    if not shutil.which(path):
        return False
    if sys.platform == "win32":  # there it answers by opening a window
        return True
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=ANSWERS_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _candidates(environ: Mapping[str, str], platform: str) -> Iterator[str]:
    yield from filter(None, map(shutil.which, NAMES))
    for place in USUAL.get(platform, ()):
        try:
            yield place.format_map(environ)
        except KeyError:  # a variable that this machine does not have
            continue
    yield subprocess.run([sys.executable, "-c", _OWN], capture_output=True, encoding="utf-8", check=True).stdout.strip()


def install() -> None:
    """Installs one: Debian's where that is allowed, else Playwright's own."""
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print("Installing chromium, with fonts for Korean and emoji …", flush=True)
        if _apt_get("update") and _apt_get("install", "-y", *APT):
            return
    print("Installing Playwright's chromium …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def _apt_get(*words: str) -> bool:
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", *words]
    return subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, check=False).returncode == 0


def main() -> int:
    """Makes sure that there is a browser, unless the browser tests are left out; 0 if all is well."""
    if os.environ.get("BROWSER_TESTS", "1") == "0":
        print("BROWSER_TESTS=0: the browser tests are left out.")
        return 0
    try:
        find()
    except NoChromiumError:
        if not os.environ.get("CHROME_PATH"):
            install()
    try:
        find()
    except NoChromiumError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
