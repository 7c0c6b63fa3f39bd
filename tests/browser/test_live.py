"""What moves while training plays: what a person points at follows it, and a frame of another text is passed over."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open, settle, until

STEPS = 8
HOVERED = """
key => {
  const plot = document.querySelector(`.st-key-${key}_plot .rnn-plot`)
  const label = [...plot.querySelectorAll(".hoverlayer .hovertext text")].map((text) => text.textContent).join(" ")
  const [{ pointNumber: [row, column], curveNumber } = { pointNumber: [] }] = plot._hoverdata ?? []
  const shown = /-?\\d+\\.\\d+(?!.*\\d\\.)/.exec(label.replace("−", "-"))
  return { value: shown && Number(shown[0]), now: plot.calcdata[curveNumber ?? 0][0].z[row ?? 0][column ?? 0] }
}
"""
TIP = """
() => {
  const tip = document.querySelector(".rnn-network .rnn-tip")
  const cell = document.querySelector(".rnn-network .rnn-h [data-unit='2'] + text")
  const [said, shown] = [tip.textContent.split("= ")[1], cell.textContent].map((text) => text.replace("−", "-"))
  return { tip: Number(said), cell: Number(shown) }
}
"""


def ready(page: Page) -> None:
    until(page, "document.querySelector('.st-key-loss_plot[data-drawn]')")
    settle(page)


@pytest.mark.parametrize("key", ["output", "h_n"])
def test_the_label_of_a_cell_that_is_pointed_at_follows_its_number(server: str, open_page: Open, key: str) -> None:
    page = open_page(f"{server}/train?learning_rate=0.01")
    ready(page)
    until(page, f"document.querySelector('.st-key-{key}_plot[data-drawn]')")
    page.locator(".st-key-play button").click()
    box = page.locator(f".st-key-{key}_plot .nsewdrag").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.move(box["x"] + 10, box["y"] + 10, steps=5)
    first = until(page, f"key => {{ const found = ({HOVERED})(key); return found.value !== null && found }}", key)
    follows = f"""
    ([key, first]) => {{
      const {{ value, now }} = ({HOVERED})(key)
      return value !== null && value !== first && Math.abs(value - now) < 1e-6
    }}
    """
    until(page, follows, [key, first["value"]])


def test_the_box_beside_a_number_of_the_picture_follows_it(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?learning_rate=0.01")
    ready(page)
    page.locator(".st-key-as_picture label").click()
    cell = page.locator(".rnn-network .rnn-h [data-unit='2']").first
    cell.wait_for()
    settle(page)
    cell.hover(force=True)
    first = page.evaluate(TIP)
    page.locator(".st-key-play button").focus()
    page.keyboard.press("Enter")
    follows = (
        f"first => {{ const {{ tip, cell }} = ({TIP})(); return cell !== first && Math.abs(tip - cell) < 0.0051 }}"
    )
    until(page, follows, first["cell"])


def test_a_frame_of_a_longer_text_is_passed_over(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?text=hello")
    ready(page)
    page.locator(".st-key-play button").click()
    until(page, "document.querySelector('.st-key-feed')?.textContent")
    page.locator(".st-key-play button").click()
    settle(page)
    short = page.evaluate("document.querySelector('.st-key-steps_0 table').textContent")
    longer = open_page(f"{server}/train?text=hello+world")
    ready(longer)
    longer.locator(".st-key-play button").click()
    frame = until(longer, "document.querySelector('.st-key-feed')?.textContent")
    page.evaluate(
        """frame => {
          const line = document.createElement("div")
          line.className = "st-key-feed"
          line.style.display = "none"
          line.textContent = frame
          document.body.prepend(line)
        }""",
        frame,
    )
    until(page, "document.querySelector('.st-key-live_status .rnn-text').textContent.includes(' of 11 right')")
    assert page.evaluate("document.querySelector('.st-key-steps_0 table').textContent") == short


def test_arrow_keys_pressed_before_the_cursor_can_move_count(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/")
    link = page.locator("[data-testid=stSidebarNav]").get_by_role("link", name="Inside the cell", exact=True)
    link.click()
    page.wait_for_url("**/inside_the_cell*")
    for _press in range(STEPS):
        page.keyboard.press("ArrowRight")
    until(page, "t => new URL(location.href).searchParams.get('t') === t", str(STEPS))
