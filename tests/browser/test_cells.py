"""The number in a cell can be read: it has contrast with the cell's colour, and it fits into the cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from rnn_core import RunConfig
from rnn_core.config import Cell, Head, Nonlinearity, Task
from tests.browser.conftest import Open, settle, until
from tests.browser.test_accessibility import DRAWN
from tests.contrast import READABLE, channels, contrast
from tests.pages.conftest import PAGES

TRAINED = RunConfig("hello! world", task=Task.NEXT, cell=Cell.LSTM, head=Head.LINEAR).to_query() | {"epoch": "12"}
DIVERGED = RunConfig(
    "hello! world", nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, learning_rate=10, num_layers=2, bidirectional=True
).to_query() | {"epoch": "5"}
WITH_CELLS = [page for page in PAGES if page not in {"compare", "share"}]

CELLS = """async () => {
  const found = []
  for (const group of document.querySelectorAll(".heatmaplayer .hm")) {
    const image = group.querySelector("image")
    const pixels = new Image()
    pixels.src = image.getAttribute("href")
    await pixels.decode()
    const canvas = new OffscreenCanvas(pixels.width, pixels.height)
    const pen = canvas.getContext("2d", { willReadFrequently: true })
    pen.drawImage(pixels, 0, 0)
    const frame = image.getBoundingClientRect()
    const plot = group.closest(".js-plotly-plot")
    const key = group.closest("[class*=_plot]").className
    const { z } = [...plot.calcdata.map(([one]) => one)][[...plot.querySelectorAll(".hm")].indexOf(group)]
    const cell = frame.width / z[0].length
    for (const label of group.querySelectorAll(".heatmap-label text")) {
      const box = label.getBoundingClientRect()
      if (!label.textContent) continue
      // Beside the number, so that the colour under it is the cell's: the image holds no text.
      const x = ((box.left + box.width / 2 - frame.left) / frame.width) * pixels.width
      const y = ((box.top + box.height / 2 - frame.top) / frame.height) * pixels.height
      const fill = pen.getImageData(Math.floor(x), Math.floor(y), 1, 1).data.slice(0, 3)
      const ink = getComputedStyle(label.querySelector("tspan") ?? label).fill
      found.push({ key, text: label.textContent, fill: `rgb(${fill.join()})`, ink, over: box.width - cell })
    }
  }
  for (const group of document.querySelectorAll(".rnn-network .rnn-node")) {
    const cells = group.querySelectorAll(".rnn-cell")
    group.querySelectorAll(".rnn-value").forEach((label, at) => {
      const over = label.getBoundingClientRect().width - cells[at].getBoundingClientRect().width
      const [fill, ink] = [cells[at], label].map((node) => getComputedStyle(node).fill)
      found.push({ key: group.dataset.node, text: label.textContent, fill, ink, over })
    })
  }
  return found
}"""


def opened(open_page: Open, address: str, **options: str) -> Page:
    page = open_page(address, **options)
    settle(page)
    until(page, DRAWN)
    return page


def address(server: str, page: str, query: dict[str, str]) -> str:
    keys = "&".join(f"{key}={value}" for key, value in query.items()).replace(" ", "%20")
    return f"{server}/{'' if page == PAGES[0] else page}?{keys}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", WITH_CELLS)
def test_the_number_in_a_cell_has_contrast(server: str, open_page: Open, name: str, scheme: str) -> None:
    page = opened(open_page, address(server, name, TRAINED), color_scheme=scheme)
    cells = page.evaluate(CELLS)
    assert cells
    assert [one for one in cells if contrast(channels(one["fill"]), channels(one["ink"])) < READABLE] == []


@pytest.mark.parametrize("name", WITH_CELLS)
def test_the_number_in_a_cell_fits_also_where_the_training_diverged(server: str, open_page: Open, name: str) -> None:
    page = opened(open_page, address(server, name, DIVERGED))
    cells = page.evaluate(CELLS)
    assert name == "text_to_tensor" or any("e" in one["text"] for one in cells)
    assert [one for one in cells if one["over"] > 0] == []
