"""What a person types and presses counts in the order it was done, however fast one comes after the other."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Open, settle, started_server, until

DELAYS_MS = range(0, 401, 40)
"""How long after a letter the button is pressed: a letter is sent after 250 ms, or once its field is left."""

PRESSES = 9

STATUS = "document.querySelector('.st-key-live_status .rnn-text').textContent"
SAYS = f"([start, end]) => {STATUS}.startsWith(start) && {STATUS}.endsWith(end)"


def ready(page: Page) -> None:
    """Returns when *Train* is drawn."""
    until(page, "document.querySelector('.st-key-loss_plot[data-drawn]')")
    settle(page)


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_letter_and_a_step_after_any_time_train_the_text_with_the_letter(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?text=hello")
    ready(page)
    field, step = page.locator(".st-key-text input"), ".st-key-step button"
    written = "hello"
    for letter, delay in zip("abcdfgijkmn", DELAYS_MS, strict=True):
        field.click()
        page.keyboard.press("End")
        page.keyboard.type(letter)
        page.wait_for_timeout(delay)
        page.mouse.click(*middle(page, step))
        written += letter
        until(page, SAYS, ["epoch 1 ", f" of {len(written)} right"])
        settle(page)
        assert field.input_value() == written, f"after {delay} ms"
        until(page, "text => new URL(location.href).searchParams.get('text') === text", written)


def test_a_preset_and_a_step_after_any_time_train_the_preset(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    ready(page)
    step = ".st-key-step button"
    for delay in DELAYS_MS[::2]:
        page.locator(".st-key-reset button").click()
        until(page, SAYS, ["epoch 0 ", "right"])
        page.locator(".st-key-preset input").click()
        page.get_by_role("option", name="Next character").click()
        page.wait_for_timeout(delay)
        page.mouse.click(*middle(page, step))
        until(page, SAYS, ["epoch 1 ", "right"])
        until(page, "new URL(location.href).searchParams.get('task') === 'next'")
        page.locator(".st-key-reset button").click()
        page.locator(".st-key-preset input").click()
        page.get_by_role("option", name="Copy hello! world").click()
        until(page, "new URL(location.href).searchParams.get('task') === null")
        settle(page)


def test_every_press_of_a_button_that_counts_is_one(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    ready(page)
    step = middle(page, ".st-key-step button")
    for _press in range(PRESSES):
        page.mouse.click(*step)
    until(page, SAYS, [f"epoch {PRESSES} ", "right"])
    until(page, "epoch => new URL(location.href).searchParams.get('epoch') === epoch", str(PRESSES))


def test_a_session_has_one_run_at_a_time(open_page: Open) -> None:
    with started_server(script=ROOT / "tests" / "browser" / "slow_page.py") as address:
        page = open_page(address)
        button = page.get_by_role("button", name="Press")
        for presses in range(1, 4):
            button.click()
            expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "running")
            button.click()  # while the first one is carried out
            expect(page.get_by_test_id("stText")).to_have_text(f"{2 * presses} presses, 1 at once")
        page.close()


def test_play_pressed_twice_before_it_answers_plays(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    ready(page)
    page.mouse.dblclick(*middle(page, ".st-key-play button"))
    until(page, f"Number(/epoch (\\d+)/.exec({STATUS})[1]) > 3")
    expect(page.locator(".st-key-play button")).to_have_text("Pause")
