"""The picture of the network in the browser: its cells, its head, the pointer and the keys."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from rnn_core import RunConfig, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.numbers import format_number
from tests.browser.conftest import Open, until

CONFIG = RunConfig("hello\nno", cell=Cell.LSTM, head=Head.LINEAR, hidden_size=3, num_layers=2, bidirectional=True)
ADDRESS = "/forward_pass?text=hello%0Ano&cell=lstm&head=linear&hidden_size=3&num_layers=2&bidirectional=true"


def opened(open_page: Open, address: str) -> Page:
    page = open_page(address)
    expect(page.locator(".rnn-network svg")).to_be_visible()
    return page


def test_every_cell_shows_the_traces_number_at_its_own_place(server: str, open_page: Open) -> None:
    page = opened(open_page, server + ADDRESS)
    trace = trace_forward(build_model(CONFIG), encode(CONFIG))
    shown = page.evaluate(
        "[...document.querySelectorAll('.rnn-h, .rnn-c')].filter(g => !g.classList.contains('rnn-dead')).flatMap(g => "
        "[...g.querySelectorAll('.rnn-cell')].map((cell, at) => "
        "({...cell.dataset, state: g.dataset.node.split('_')[0], "
        "text: g.querySelectorAll('.rnn-value')[at].textContent})))"
    )
    assert len(shown) == (5 + 2) * 4 * 3 * 2
    for cell in shown:
        (layer,) = (
            layer for layer in trace.layers if (layer.layer, layer.direction) == (int(cell["layer"]), cell["direction"])
        )
        state_BTH = layer.h_BTH if cell["state"] == "state" else layer.c_BTH
        assert state_BTH is not None
        value = float(state_BTH[int(cell["line"]), int(cell["t"]), int(cell["unit"])])
        assert cell["text"] == format_number(value, decimals=2)
    edges = page.evaluate("[...document.querySelectorAll('.rnn-arrow')].map(e => [e.dataset.from, e.dataset.to])")
    assert ["state_0_0_0", "state_0_0_1"] in edges
    assert ["state_1_0_1", "state_1_0_0"] in edges


def test_the_head_lights_what_was_read_and_says_it(server: str, open_page: Open) -> None:
    page = opened(open_page, server + "/forward_pass?t=2")
    expect(page.locator(".rnn-sentence")).to_contain_text("t = 2: reads “l” (id 2), hears h[1]")
    expect(page.locator(".rnn-token.rnn-read-yet")).to_have_count(3)
    page.get_by_role("button", name="t + 1").click()
    expect(page.locator(".rnn-token.rnn-read-yet")).to_have_count(4)
    expect(page.locator(".rnn-sentence")).to_contain_text("t = 3:")
    until(page, "location.search.includes('t=3')")


def test_pointing_names_the_number_and_a_click_makes_it_the_cursor(server: str, open_page: Open) -> None:
    page = opened(open_page, server + "/forward_pass")
    cell = page.locator(".rnn-h .rnn-cell[data-t='3'][data-unit='5']")
    cell.hover()
    trace = trace_forward(build_model(RunConfig()), encode(RunConfig()))
    tip = page.locator(".rnn-tip")
    expect(tip).to_contain_text("output[0, 3, 5] = ")
    said = float(tip.inner_text().split(" = ")[1].replace("−", "-"))
    assert abs(said - float(trace.output_BTF[0, 3, 5])) < 1e-7
    expect(page.locator(".rnn-token.rnn-source")).to_have_count(4)
    cell.click()
    until(page, "location.search.includes('t=3') && location.search.includes('unit=5')")
    page.get_by_role("link", name="Open the marked number").click()
    expect(page.get_by_text("h[t=3, j=5] =")).to_be_visible()


def test_a_cell_of_c_is_named_and_a_click_makes_its_unit_the_cursor(server: str, open_page: Open) -> None:
    page = opened(open_page, server + "/forward_pass?cell=lstm")
    cell = page.locator(".rnn-c .rnn-cell[data-t='3'][data-unit='5']")
    cell.hover()
    config = RunConfig(cell=Cell.LSTM)
    (layer,) = trace_forward(build_model(config), encode(config)).layers
    assert layer.c_BTH is not None
    tip = page.locator(".rnn-tip")
    expect(tip).to_contain_text("c of layer 0 →, line 0, t 3, unit 5 = ")
    shown = float(tip.inner_text().split(" = ")[1].replace("−", "-"))
    assert abs(shown - float(layer.c_BTH[0, 3, 5])) < 1e-6
    expect(page.locator("g[data-node='cell_0_0_2']")).to_have_class(re.compile("rnn-source"))
    expect(page.locator("g[data-node='state_0_0_3']")).to_have_class(re.compile("rnn-target"))
    cell.click()
    until(page, "location.search.includes('t=3') && location.search.includes('unit=5')")
    ring, hidden = page.locator(".rnn-cursor"), page.locator(".rnn-h .rnn-cell[data-t='3'][data-unit='5']")
    expect(ring).to_have_attribute("x", hidden.get_attribute("x") or "")
    expect(ring).to_have_attribute("y", hidden.get_attribute("y") or "")


def test_the_keys_read_on_and_open_a_number(server: str, open_page: Open) -> None:
    page = opened(open_page, server + "/forward_pass?t=4")
    page.locator(".rnn-canvas").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".rnn-sentence")).to_contain_text("t = 3:")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".rnn-tip")).to_contain_text("output[0, 3, 1] = ")
    page.keyboard.press("Enter")
    until(page, "location.search.includes('t=3') && location.search.includes('unit=1')")


def test_what_only_moves_is_not_drawn_anew(server: str, open_page: Open) -> None:
    page = opened(open_page, server + "/forward_pass?t=4&unit=1")
    page.evaluate("document.querySelector('.rnn-network svg').same = true")
    ring = page.locator(".rnn-cursor")
    before = ring.get_attribute("x")
    page.locator(".rnn-h .rnn-cell[data-t='7'][data-unit='2']").click()
    until(page, "location.search.includes('t=7') && location.search.includes('unit=2')")
    expect(page.locator(".rnn-sentence")).to_contain_text("t = 7:")
    expect(ring).not_to_have_attribute("x", before or "")
    assert page.evaluate("document.querySelector('.rnn-network svg').same")
    page.locator(".rnn-canvas").focus()
    page.keyboard.press("ArrowLeft")
    until(page, "location.search.includes('t=6')")
    expect(page.locator(".rnn-sentence")).to_contain_text("t = 6:")
    assert page.evaluate("document.querySelector('.rnn-network svg').same")
    page.get_by_label("Text", exact=True).fill("hello")
    expect(page.locator(".rnn-token[data-node]")).to_have_count(5)
    cells = page.locator(".rnn-h .rnn-cell[data-t='3']")
    trace = trace_forward(build_model(RunConfig("hello")), encode(RunConfig("hello")))
    expect(cells).to_have_count(trace.output_BTF.shape[2])


def test_the_labels_stay_in_sight_when_a_long_text_is_scrolled(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/forward_pass?text={'hello! world' * 3}", viewport={"width": 390, "height": 844})
    label = page.locator(".rnn-level").first
    expect(label).to_be_visible()
    for left in (0, 300):
        page.evaluate(f"document.querySelector('.rnn-canvas').scrollLeft = {left}")
        until(page, f"document.querySelector('.rnn-canvas').scrollLeft == {left}")
        expect(label).to_be_in_viewport()
