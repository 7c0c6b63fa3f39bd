"""``make screenshots``: the pictures of README.md, taken from the running app."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser.conftest import ROOT, settle, started_browser, started_server, until

FOLDER = ROOT / "docs"
WIDE: ViewportSize = {"width": 1280, "height": 900}
PAINTED_MS = 800


def shoot(browser: Browser, address: str, name: str, *, scheme: str, presses: int = 0) -> None:
    """Saves one picture of ``address``, after so many presses of Step."""
    context = browser.new_context(viewport=WIDE, color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(address)
    painted(page)
    for _press in range(presses):
        page.get_by_role("button", name="Step", exact=True).click()
        painted(page)
    page.screenshot(path=FOLDER / name)
    context.close()


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
        shoot(browser, server, "text_to_tensor.png", scheme="light")
        shoot(browser, f"{server}/forward_pass?t=6&unit=4", "forward_pass.png", scheme="light")
        shoot(browser, f"{server}/inside_the_cell?cell=lstm&t=4&unit=3", "inside_the_cell.png", scheme="light")
        shoot(browser, f"{server}/train", "train.png", scheme="dark", presses=6)
        shoot(browser, f"{server}/through_time?t=11", "through_time.png", scheme="light")


if __name__ == "__main__":
    main()
