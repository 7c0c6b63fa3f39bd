"""What moves while training plays: what a person points at follows it, and a frame of another mount is passed over."""

from __future__ import annotations

import json

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
EPOCH = "parseInt(document.querySelector('.st-key-live_status .rnn-text').textContent.slice(6))"
BEYOND = f"epoch => {EPOCH} > epoch"
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
    until(page, BEYOND, 1)
    box = page.locator(f".st-key-{key}_plot .nsewdrag").first.bounding_box()  # no longer moved by what Play redraws
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


@pytest.mark.parametrize("cell", [".st-key-output_plot .nsewdrag", ".st-key-steps_0 tr:first-child > :nth-child(7)"])
def test_a_press_that_is_held_while_the_page_is_redrawn_counts(server: str, open_page: Open, cell: str) -> None:
    page = open_page(f"{server}/train?t=1&learning_rate=0.01")
    ready(page)
    until(page, "document.querySelector('.st-key-output_plot[data-drawn]')")
    page.locator(".st-key-play button").click()
    until(page, BEYOND, 1)
    place = page.locator(cell).first
    place.scroll_into_view_if_needed()
    place.hover()
    page.mouse.down()
    until(page, BEYOND, page.evaluate(EPOCH) + 2)
    page.mouse.up()
    until(page, "(t => t !== null && t !== '1')(new URL(location.href).searchParams.get('t'))")


def test_a_press_that_is_held_while_the_cursor_moves_counts(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/forward_pass?t=1")
    settle(page)
    page.locator(".rnn-h .rnn-cell[data-t='6'][data-unit='5']").first.hover()
    page.mouse.down()
    page.keyboard.press("ArrowRight")
    until(page, "new URL(location.href).searchParams.get('t') === '2'")
    settle(page)
    page.mouse.up()
    until(page, "new URL(location.href).searchParams.get('t') === '6'")


TOPS = """
() => {
  const tops = window.rnnTops = {}
  const look = () => {
    for (const one of document.querySelectorAll("[data-testid=stMain] [class*=st-key-]")) {
      const key = /st-key-(\\w+)/.exec(one.className)[1]
      const top = Math.round(one.getBoundingClientRect().top)
      if (one.checkVisibility()) (tops[key] ??= []).includes(top) || tops[key].push(top)
    }
    requestAnimationFrame(look)
  }
  look()
}
"""


@pytest.mark.parametrize("query", ["learning_rate=0.01", "task=next&head=linear&learning_rate=1"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
def test_nothing_moves_while_training_plays(server: str, open_page: Open, query: str, width: int, height: int) -> None:
    page = open_page(f"{server}/train?{query}", viewport={"width": width, "height": height})
    ready(page)
    page.locator(".st-key-play button").click()
    until(page, BEYOND, 1)
    page.evaluate(TOPS)
    until(page, BEYOND, 30)
    moved = page.evaluate("Object.entries(window.rnnTops).filter(([_key, tops]) => tops.length > 1)")
    assert [one for one in moved if one[0] != "live_verdict"] == []  # its text is centred in its own room


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


FOREIGN = [
    ("train", "Play", "text=hello", "text=hello+world"),
    ("train", "Play", "text=hello", "text=ohell"),
    ("train", "Play", "seed=0", "seed=1"),
    ("train", "Play", "seed=0&cell=lstm", "seed=1&cell=lstm"),
    ("compare", "Run", "seed=0", "seed=1"),
]
"""A page and two queries whose frames have the same names; all but the first also the same sizes."""

FRAME = "document.querySelector('.st-key-feed')?.textContent"
SHOW_LINE = """text => {
  const line = document.getElementById("foreign") ?? document.body.appendChild(document.createElement("div"))
  Object.assign(line, { id: "foreign", className: "st-key-feed", textContent: text })
  line.style.display = "none"
  document.body.prepend(line)
}"""
PAINTED = """names => Object.fromEntries(names.map(name => {
  const place = document.querySelector(`.st-key-${name}`)
  const text = place?.querySelector(".rnn-text") ?? place
  const labels = [...place?.querySelectorAll("[aria-label]") ?? []].map(node => node.ariaLabel)
  return [name, [text?.textContent, ...labels]]
}))"""
DRAWS = """async () => {
  for (let frame = 0; frame < 30; frame += 1) await new Promise(requestAnimationFrame)
  return true
}"""


@pytest.mark.parametrize(("path", "begin", "query", "other"), FOREIGN)
def test_a_frame_of_another_mount_is_never_painted(
    server: str, open_page: Open, path: str, begin: str, query: str, other: str
) -> None:
    def playing(query: str) -> tuple[Page, str]:
        page = open_page(f"{server}/{path}?{query}")
        if "cell" in query:
            page.locator(".st-key-as_picture label").first.click()
            page.locator(".rnn-network svg").wait_for()
        page.get_by_role("button", name=begin, exact=True).click()
        return page, until(page, FRAME)

    there, foreign = playing(other)
    there.close()
    page, own = playing(query)
    page.evaluate(SHOW_LINE, own)  # read in the place of the frames that follow
    page.evaluate(DRAWS)
    names = list(json.loads(foreign[foreign.index("{") :]))
    before = page.evaluate(PAINTED, names)
    page.evaluate(SHOW_LINE, foreign)
    page.evaluate(DRAWS)
    assert page.evaluate(PAINTED, names) == before
    page.evaluate("document.getElementById('foreign').remove()")
    until(page, f"before => JSON.stringify(({PAINTED})(Object.keys(before))) !== JSON.stringify(before)", before)


def test_arrow_keys_pressed_before_the_cursor_can_move_count(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/")
    link = page.locator("[data-testid=stSidebarNav]").get_by_role("link", name="Inside the cell", exact=True)
    link.click()
    page.wait_for_url("**/inside_the_cell*")
    for _press in range(STEPS):
        page.keyboard.press("ArrowRight")
    until(page, "t => new URL(location.href).searchParams.get('t') === t", str(STEPS))
