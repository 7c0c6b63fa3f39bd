"""The figure of a cell in the browser: its numbers, stepping through it, pointing, clicks, keys, and an edit."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from rnn_core import RunConfig, Trainer, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.diagram import cell_diagram, part_values
from rnn_core.figures.theme import LIGHT
from rnn_core.microscope import PACKING, gate_label
from rnn_core.trace import Direction
from tests.browser.conftest import Open, settle, until
from tests.browser.test_inside import cursor_is, press

LSTM = "/inside_the_cell?cell=lstm&t=4&unit=3"


def opened(open_page: Open, address: str) -> Page:
    page = open_page(address)
    expect(page.locator(".rnn-cell-figure svg")).to_be_visible()
    return page


def part(name: str) -> str:
    return f".rnn-part[data-part='{name}']"


def shown(value: float) -> str:
    return f"{value:.4f}".replace("-0.0000", "0.0000").replace("-", "−")


@pytest.mark.parametrize("cell", list(Cell))
def test_every_part_shows_its_vector_and_the_units_number(server: str, open_page: Open, cell: Cell) -> None:
    config = RunConfig(
        "hello\nno", cell=cell, head=Head.LINEAR, hidden_size=5, num_layers=2, bidirectional=True, batch_first=False
    )
    page = opened(
        open_page,
        f"{server}/inside_the_cell?text=hello%0Ano&cell={cell}&head=linear&hidden_size=5&num_layers=2&bidirectional=true"
        "&batch_first=false&b=1&layer=1&direction=backward&t=1&unit=3",
    )
    trace = trace_forward(build_model(config), encode(config))
    (here,) = (one for one in trace.layers if (one.layer, one.direction) == (1, Direction.BACKWARD))
    values = part_values(here, 1, 1)
    diagram = cell_diagram(config, 1, Direction.BACKWARD)
    for one in diagram.parts:
        card = page.locator(part(one.id))
        expect(card.locator(".rnn-cell")).to_have_count(len(values[one.id]))
        if one.id != "x":
            expect(card.locator(".rnn-number")).to_have_text(shown(float(values[one.id][3])))
        if one.order:
            expect(card.locator(".rnn-order")).to_have_text(str(one.order))
    wires = page.evaluate(
        "[...document.querySelectorAll('.rnn-wire[data-from]')].map(w => [w.dataset.from, w.dataset.to])"
    )
    assert sorted(map(tuple, wires)) == sorted((wire.source, wire.target) for wire in diagram.wires)


@pytest.mark.parametrize("cell", list(Cell))
def test_it_is_stepped_through_in_order_with_one_equation_at_a_time(server: str, open_page: Open, cell: Cell) -> None:
    page = opened(open_page, f"{server}/inside_the_cell?cell={cell}&t=4&unit=3")
    steps = cell_diagram(RunConfig(cell=cell), 0, Direction.FORWARD).steps
    expect(page.locator(".rnn-step")).to_have_text(f"step {len(steps)} of {len(steps)}: {steps[-1].name}")
    expect(page.locator(".rnn-part:not(.rnn-done)")).to_have_count(0)
    asked = sent_frames(page)
    for one in reversed(steps):
        expect(page.locator(".rnn-step")).to_have_text(f"step {one.order} of {len(steps)}: {one.name}")
        expect(page.locator(".rnn-part.rnn-now")).to_have_attribute("data-part", one.id)
        expect(page.locator(".rnn-part:not(.rnn-done)")).to_have_count(len(steps) - one.order)
        visible = page.locator(".st-key-equation_of_step .katex-html:visible")
        expect(visible).to_have_count(1)
        expect(page.locator(f".st-key-equation_{one.order} .katex-html")).to_be_visible()
        page.get_by_role("button", name="one step back", exact=True).click()
    assert asked() == 0  # no round trip


def sent_frames(page: Page) -> Callable[[], int]:
    """Begins to count what the page sends to the server; returns how one asks for the count."""
    session = page.context.new_cdp_session(page)
    frames: list[object] = []
    session.on("Network.webSocketFrameSent", lambda frame: frames.append(frame))
    session.send("Network.enable")
    return lambda: len(frames)


def test_it_computes_by_itself_and_comes_to_rest(server: str, open_page: Open) -> None:
    page = opened(open_page, f"{server}/inside_the_cell")
    page.get_by_role("button", name="Compute", exact=True).click()
    expect(page.locator(".rnn-step")).to_have_text(re.compile("^step [1-3] of 4"))
    expect(page.locator(".rnn-read")).to_have_text("Stop")
    expect(page.locator(".rnn-step")).to_have_text(re.compile("^step 4 of 4"), timeout=15_000)
    expect(page.locator(".rnn-read")).to_have_text("Compute")


def test_pointing_says_the_number_and_lights_what_it_comes_from(server: str, open_page: Open) -> None:
    page = opened(open_page, server + LSTM)
    page.locator(f"{part('kept')} .rnn-cell[data-unit='6']").hover()
    config = RunConfig(cell=Cell.LSTM)
    values = part_values(trace_forward(build_model(config), encode(config)).layers[0], 0, 4)
    tip = page.locator(".rnn-cell-figure .rnn-tip")
    expect(tip).to_have_text(re.compile(r"^kept, unit 6 = "))
    said = float(tip.inner_text().split(" = ")[1].replace("−", "-"))
    assert abs(said - float(values["kept"][6])) < 1e-7
    lit = page.evaluate("[...document.querySelectorAll('.rnn-part.rnn-source')].map(p => p.dataset.part)")
    assert sorted(lit) == ["c_prev", "f", "h_prev", "x"]
    lit = page.evaluate("[...document.querySelectorAll('.rnn-part.rnn-target')].map(p => p.dataset.part)")
    assert sorted(lit) == ["c", "h", "tanh_c"]


def test_a_click_on_a_number_is_the_cursor_and_one_on_what_is_heard_goes_there(server: str, open_page: Open) -> None:
    page = opened(open_page, server + LSTM)
    page.locator(f"{part('g')} .rnn-cell[data-unit='6']").click()
    cursor_is(page, t=4, unit=6)
    settle(page)
    page.locator(f"{part('h_prev')} .rnn-cell[data-unit='2']").click()
    cursor_is(page, t=3, unit=2)


def test_a_click_on_what_a_layer_reads_goes_to_the_layer_below(server: str, open_page: Open) -> None:
    address = "/inside_the_cell?cell=gru&head=linear&num_layers=2&bidirectional=true&layer=1&t=4&unit=3"
    page = opened(open_page, server + address)
    page.locator(f"{part('x')} .rnn-cell[data-unit='11']").click()  # 9 units a direction
    cursor_is(page, t=4, unit=2)
    expect(page).to_have_url(re.compile("direction=backward"))
    expect(page).not_to_have_url(re.compile("layer=1"))


@pytest.mark.parametrize("cell", [Cell.GRU, Cell.LSTM])
def test_a_click_on_a_gate_opens_it_in_the_microscope(server: str, open_page: Open, cell: Cell) -> None:
    page = opened(open_page, f"{server}/inside_the_cell?cell={cell}&t=4")
    model = build_model(RunConfig(cell=cell))
    last = PACKING[type(model.rnn)][-1]
    label = gate_label(last)
    page.locator(f"{part(label[-1])} .rnn-card").click(position={"x": 56, "y": 55})
    expect(page.get_by_role("radio", name=label, exact=True)).to_be_checked()
    expect(page.get_by_role("radio", name=label, exact=True)).to_be_in_viewport()
    expect(page.locator(".rnn-part.rnn-now")).to_have_attribute("data-part", label[-1])


def test_the_keys_step_through_it_and_move_no_cursor(server: str, open_page: Open) -> None:
    page = opened(open_page, server + LSTM)
    page.locator(".rnn-cell-figure .rnn-canvas").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".rnn-step")).to_have_text("step 7 of 9: output o")
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="output o", exact=True)).to_be_checked()
    cursor_is(page, t=4, unit=3)


def test_an_edit_shows_on_what_it_moved_and_every_chart_is_drawn_again(server: str, open_page: Open) -> None:
    page = opened(open_page, server + LSTM)
    page.get_by_role("radio", name="token", exact=True).click()
    expect(page.get_by_label("token read at step 4", exact=True)).to_be_visible()
    press(page, "Apply")
    expect(page.locator(part("h"))).to_have_class(re.compile("rnn-moved"))
    for name in ("h_prev", "c_prev"):
        expect(page.locator(part(name))).not_to_have_class(re.compile("rnn-moved"))
    expect(page.locator(f"{part('h')} .rnn-number")).to_have_text(re.compile("→"))
    until(page, "!document.querySelector('[class*=\"_plot \"]:not([data-drawn])')")


def test_the_colour_of_a_gate_depends_on_its_value_alone(server: str, open_page: Open) -> None:
    """A value between 0 and 1 has one colour in every gate, epoch and unit; the range of c changes none of it."""
    found: dict[float, str] = {}
    for query in ("", "&epoch=80&learning_rate=0.5", "&nonlinearity=relu&epoch=30"):
        page = opened(open_page, f"{server}{LSTM}{query}")
        expect(page.locator(".rnn-legend")).to_contain_text("gates σ 0…1")
        gates = page.evaluate(
            "['i', 'f', 'o'].flatMap(id => [...document.querySelectorAll(`.rnn-part[data-part='${id}'] .rnn-cell`)]"
            ".map(cell => cell.style.fill))"
        )
        config = RunConfig.from_query(
            dict(parse_qsl(f"cell=lstm{query.replace('&epoch=80', '').replace('&epoch=30', '')}"))
        )
        trainer = Trainer(config)
        trainer.run(int(dict(parse_qsl(query)).get("epoch", 0)))
        (here,) = trace_forward(trainer.model, trainer.encoding).layers
        values = [here.gates[name].activation_BTH[0, 4] for name in ("input", "forget", "output")]
        for value, color in zip(np.concatenate(values).tolist(), gates, strict=True):
            found[value] = color
    low, high = (tuple(int(stop[1][at : at + 2], 16) for at in (1, 3, 5)) for stop in LIGHT.unit)
    assert max(found) > 0.99
    for value, color in found.items():
        expected = [round(a + value * (b - a)) for a, b in zip(low, high, strict=True)]
        channels = [int(channel) for channel in re.findall(r"\d+", color)]
        assert max(abs(a - b) for a, b in zip(channels, expected, strict=True)) <= 1, value
