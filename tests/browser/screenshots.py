"""``make screenshots``: the pictures of README.md, taken from the running app."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.conftest import ROOT, settle, started_browser, started_server, until

FOLDER = ROOT / "docs"
WIDE: ViewportSize = {"width": 1280, "height": 900}
PAINTED_MS = 800
STEPS = 6
NEXT = "text=hello%21+world&task=next&head=linear&hidden_size=16&learning_rate=0.03"


def shoot(browser: Browser, address: str, name: str, *, scheme: str, act: Callable[[Page], None]) -> None:
    """Saves one picture of ``address``, after ``act``."""
    context = browser.new_context(viewport=WIDE, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(address)
    act(page)
    page.screenshot(path=FOLDER / name)
    context.close()


def step(page: Page) -> None:
    """A few updates, by hand."""
    painted(page)
    for _press in range(STEPS):
        page.get_by_role("button", name="Step", exact=True).click()
        painted(page)


def run_to_its_end(page: Page) -> None:
    """Compares until there is nothing left to compare; before that, no chart is drawn."""
    settle(page)
    page.get_by_role("button", name="Run", exact=True).click()
    until(page, "/done/.test(document.querySelector('.st-key-race_status').innerText)")
    painted(page)


def painted(page: Page) -> None:
    """Waits until the script has run and the charts are drawn."""
    page.wait_for_timeout(100)
    settle(page)
    until(
        page,
        "document.querySelector('[data-drawn]') && !document.querySelector('[class*=\"_plot \"]:not([data-drawn])')",
    )
    page.wait_for_timeout(PAINTED_MS)


def main() -> None:
    """Takes every picture against a server of its own."""
    FOLDER.mkdir(exist_ok=True)
    with started_server() as server, started_browser() as browser:
        shoot(browser, server, "text_to_tensor.png", scheme="light", act=painted)
        shoot(browser, f"{server}/forward_pass?t=6&unit=4", "forward_pass.png", scheme="light", act=painted)
        shoot(
            browser,
            f"{server}/inside_the_cell?cell=lstm&t=4&unit=3",
            "inside_the_cell.png",
            scheme="light",
            act=painted,
        )
        shoot(browser, f"{server}/train", "train.png", scheme="dark", act=step)
        shoot(browser, f"{server}/through_time?t=11", "through_time.png", scheme="light", act=painted)
        shoot(browser, f"{server}/memory?{NEXT}", "memory.png", scheme="light", act=painted)
        shoot(browser, f"{server}/compare?{NEXT}", "compare.png", scheme="dark", act=run_to_its_end)


if __name__ == "__main__":
    main()
