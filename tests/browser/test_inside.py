"""A person inside the cell: moves the cursor, reads the numbers, changes one, and takes it back."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from rnn_core import RunConfig, build_model, encode, trace_forward
from rnn_core.config import Cell, Head
from rnn_core.cursor import Cursor
from rnn_core.microscope import Microscope, look
from rnn_core.numbers import format_number
from rnn_core.trace import FloatArray
from rnn_core.whatif import Edit, TokenEdit, WeightEdit, difference, edited, parameter, trace_what_if
from tests.browser.conftest import FAST_CLOCK, READY_MS, Open, settle, until
from tests.browser.test_explore import drawn, epoch

DECIMAL = re.compile(r"[−-]?\d+\.\d+")
STEP = 3


def press(page: Page, name: str) -> None:
    """Clicks a button when the page is at rest, and waits for what it does."""
    settle(page)
    page.get_by_role("button", name=name, exact=True).click()
    settle(page)


def cursor_is(page: Page, **place: int) -> None:
    """Waits until sliders and address say where the cursor is; a value of 0 is not in the address."""
    for key, value in place.items():
        label = {"t": "time step t", "unit": "unit j"}[key]
        expect(page.get_by_role("slider", name=re.compile(f"^{label}"))).to_have_value(str(value))
        if value:
            expect(page).to_have_url(re.compile(rf"[?&]{key}={value}(&|$)"))
        else:
            expect(page).not_to_have_url(re.compile(rf"[?&]{key}=[1-9]"))


def strike(page: Page, key: str, **place: int) -> None:
    """Strikes a key and waits for where it moves the cursor."""
    page.keyboard.press(key)
    cursor_is(page, **place)
    settle(page)


def click_cell(page: Page, chart: str, *, column: int, row: int) -> None:
    """Clicks a cell of a chart of one panel, at its place as Plotly counts it."""
    settle(page)
    expect(page.locator(f".st-key-{chart}_plot[data-drawn]")).to_be_visible()
    page.locator(f".st-key-{chart}_plot").scroll_into_view_if_needed()
    place = page.locator(f".st-key-{chart}_plot .js-plotly-plot").evaluate(
        """(plot, [column, row]) => {
          const { xaxis, yaxis } = plot._fullLayout
          const { left, top } = plot.querySelector(".nsewdrag").getBoundingClientRect()
          return [left + xaxis.c2p(column), top + yaxis.c2p(row)]
        }""",
        [column, row],
    )
    page.mouse.click(*place)


def printed(scope: Microscope) -> list[str]:
    """Every decimal number of the equations, in order, as a person would print them from ``scope``."""
    value: dict[str, Any] = {gate.symbol: np.float32(gate.activation) for gate in scope.gates}
    heard = {gate.symbol: (gate.input_part, gate.recurrent_part, gate.preactivation) for gate in scope.gates}
    numbers: list[float]
    if scope.c is not None and scope.c_previous is not None:
        i, f, g, o = value.values()
        kept, written, squashed = f * np.float32(scope.c_previous), i * g, np.tanh(np.float32(scope.c))
        numbers = [*heard["f"], f, f, scope.c_previous, kept, *heard["i"], i, *heard["g"], g, i, g, written]
        numbers += [kept, written, scope.c, *heard["o"], o, scope.c, squashed, o, squashed, scope.h]
    elif "z" in value:
        r, z, n = value.values()
        from_x, from_h, total = heard["n"]
        let_in, kept, taken = r * np.float32(from_h), z * np.float32(scope.h_previous), (1 - z) * n
        numbers = [*heard["z"], z, z, scope.h_previous, kept, *heard["r"], r, r, from_h, let_in]
        numbers += [from_x, let_in, total, n, 1 - z, n, taken, taken, kept, scope.h]
    else:
        from_x, from_h, total = heard["h"]
        numbers = [from_x, from_h, from_x, from_h, total, total, scope.h]
    return [f"{scope.h:.6f}".replace("-", "−"), *(f"{number:.4f}".replace("-", "−") for number in numbers)]


def equations_of(page: Page) -> str:
    """The hidden value and the numbers of its equations, a line each, as they are typeset."""
    equations = page.locator(".st-key-equations")
    expect(
        equations.locator("td:nth-child(3) .katex-html").first
    ).to_be_attached()  # typeset by a script that comes late
    return "\n".join(equations.locator("code, td:nth-child(3) .katex-html").all_text_contents())


def numbers_of(page: Page) -> list[str]:
    """Every decimal number of the equations, in order."""
    return DECIMAL.findall(equations_of(page))


def expect_numbers(page: Page, scope: Microscope) -> None:
    """Waits until the equations are typeset with the numbers of ``scope``, as Playwright waits for a text."""
    expected, end = printed(scope), time.monotonic() + READY_MS / 1000
    while numbers_of(page) != expected and time.monotonic() < end:
        page.wait_for_timeout(50)
    assert numbers_of(page) == expected


def looked(config: RunConfig, cursor: Cursor) -> Microscope:
    model = build_model(config)
    return look(model, trace_forward(model, encode(config)), cursor)


def moved_h(config: RunConfig, edit: Edit) -> FloatArray:
    """What an edit moves in the only layer of the only line, (T, H)."""
    model, encoding = build_model(config), encode(config)
    moved: FloatArray = difference(trace_forward(model, encoding), trace_what_if(model, encoding, [edit])).h_BTH[0][0]
    return moved


def shown_difference(page: Page) -> Any:
    """The heatmap of differences, (T, H)."""
    expect(page.locator(".st-key-difference_h .js-plotly-plot")).to_be_visible()
    return np.array(drawn(page, ".st-key-difference_h"), dtype=np.float32).T


def test_arrow_keys_move_the_cursor_and_the_address(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/inside_the_cell")
    cursor_is(page, t=0, unit=0)
    strike(page, "ArrowRight", t=1, unit=0)
    strike(page, "ArrowRight", t=2, unit=0)
    strike(page, "ArrowDown", t=2, unit=1)
    strike(page, "ArrowLeft", t=1, unit=1)
    strike(page, "ArrowUp", t=1, unit=0)
    expect(page.locator(".st-key-equations")).to_contain_text("h[t=1, j=0]")
    strike(page, "ArrowUp", t=1, unit=0)
    # On the slider itself the key is the slider's; it must not be the shortcut's as well.
    page.get_by_role("slider", name=re.compile("^time step t")).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-equations")).not_to_contain_text("h[t=1, j=0]")
    page.wait_for_timeout(500)
    cursor_is(page, t=2, unit=0)


@pytest.mark.parametrize(("apart_ms", "clock"), [(0, ""), (90, ""), (90, FAST_CLOCK)])
def test_no_arrow_key_is_lost_however_fast_they_come_and_however_late_the_server_answers(
    server: str, open_page: Open, apart_ms: int, clock: str
) -> None:
    page = open_page(f"{server}/inside_the_cell?t=9&unit=1", before=clock)
    cursor_is(page, t=9, unit=1)
    settle(page)
    for key in ("ArrowLeft",) * 8 + ("ArrowDown",) * 6 + ("ArrowUp", "ArrowRight"):
        page.keyboard.press(key)
        page.wait_for_timeout(apart_ms)
    cursor_is(page, t=2, unit=6)
    expect(page.locator(".st-key-equations")).to_contain_text("h[t=2, j=6]")


def test_what_is_struck_at_an_end_does_not_count(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/inside_the_cell?t=1")
    cursor_is(page, t=1)
    settle(page)
    for key in ("ArrowLeft",) * 5 + ("ArrowRight",) * 2:
        page.keyboard.press(key)
    cursor_is(page, t=2, unit=0)


def test_by_variance_the_arrow_goes_to_the_row_below(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/inside_the_cell?hidden_size=20&head=linear")
    first_row = "document.querySelector('.st-key-unrolled_plot .js-plotly-plot')?.layout.yaxis.ticktext?.[0]"
    until(page, f"{first_row} === '0'")
    page.get_by_text("rows by variance").click()
    until(page, f"{first_row} !== '0'")  # a key goes by the rows that are drawn
    settle(page)
    config = RunConfig(hidden_size=20, head=Head.LINEAR)
    h_TH = trace_forward(build_model(config), encode(config)).layers[0].h_BTH[0]
    order = np.argsort(-h_TH.var(axis=0), kind="stable").tolist()
    row = order.index(0)
    up = row == len(order) - 1
    strike(page, "ArrowUp" if up else "ArrowDown", t=0, unit=order[row - 1 if up else row + 1])


def test_a_click_on_a_cell_is_the_cursor_on_every_page(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/forward_pass")
    click_cell(page, "output", column=4, row=5)
    expect(page.locator(".st-key-steps_0 .rnn-of-t .rnn-marked")).to_have_text("4")
    settle(page)
    page.get_by_role("link", name="Inside the cell", exact=True).click()
    cursor_is(page, t=4, unit=5)
    click_cell(page, "unrolled", column=7, row=2)
    cursor_is(page, t=7, unit=2)
    expect(page.locator(".st-key-steps_0 .rnn-of-t .rnn-marked")).to_have_text("7")
    settle(page)
    page.locator(".st-key-steps_0 .rnn-of-read td").nth(3).click()
    cursor_is(page, t=3, unit=2)


def test_a_click_on_h_n_is_the_cursor_where_that_row_ended(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/forward_pass?text=hello%0Ano&head=linear&hidden_size=4&bidirectional=true")
    click_cell(page, "h_n", column=1, row=2)
    expect(page.locator(".st-key-steps_1 .rnn-of-t .rnn-marked")).to_have_text("1")
    until(page, "location.search.includes('b=1') && location.search.includes('unit=2')")


def test_a_click_on_trains_heatmaps_is_the_cursor_also_while_it_plays(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    click_cell(page, "output", column=4, row=5)
    expect(page.locator(".st-key-steps_0 .rnn-of-t .rnn-marked")).to_have_text("4")
    until(page, "location.search.includes('t=4') && location.search.includes('unit=5')")
    press(page, "Play")
    until(page, "/epoch [1-9]/.test(document.querySelector('.st-key-status').innerText)")
    page.locator(".st-key-steps_0 .rnn-of-read td").nth(2).click()
    expect(page.locator(".st-key-steps_0 .rnn-of-t .rnn-marked")).to_have_text("2")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    before = epoch(page)
    until(page, f"Number(/epoch (\\d+)/.exec(document.querySelector('.st-key-status').innerText)[1]) > {before}")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Open the marked number").click()
    cursor_is(page, t=2)


def test_a_weight_is_chosen_by_a_click_and_its_value_stands_there(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/inside_the_cell")
    click_cell(page, "weights", column=2, row=3)
    now = parameter(build_model(RunConfig()), "weight_ih_l0")[3, 2].item()
    expect(page.locator(".st-key-what_if")).to_contain_text(f"weight_ih_l0[3, 2] is {format_number(now)}")


@pytest.mark.parametrize("cell", [Cell.GRU, Cell.LSTM])
def test_a_deep_link_shows_that_cursor_with_the_cores_own_numbers(server: str, open_page: Open, cell: Cell) -> None:
    page = open_page(f"{server}/inside_the_cell?t={STEP}&unit=2&cell={cell}")
    cursor_is(page, t=STEP, unit=2)
    expect(page.locator(".st-key-link_notes")).to_have_count(0)
    expect(page.get_by_role("radio", name=str(cell), exact=True)).to_be_checked()
    expect(page.locator(".katex-error")).to_have_count(0)
    equations = page.locator(".st-key-equations code")
    for step in (STEP, STEP + 1):
        expect(equations).to_contain_text(f"h[t={step}, j=2]")
        expect_numbers(page, looked(RunConfig(cell=cell), Cursor(step=step, unit=2)))
        strike(page, "ArrowRight", t=step + 1, unit=2)


def test_an_edited_weight_moves_what_the_core_says_until_it_is_undone(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/inside_the_cell")
    expect(page.locator(".st-key-edited")).to_have_count(0)
    expect_numbers(page, looked(RunConfig(), Cursor()))
    becomes = page.get_by_role("spinbutton", name=re.compile("becomes$"))
    becomes.fill("1.5")
    becomes.press("Enter")
    press(page, "Apply")
    config = RunConfig()
    edit = WeightEdit(name="weight_ih_l0", index=(0, 0), value=1.5)
    assert np.array_equal(shown_difference(page), moved_h(config, edit))
    what_if = edited(build_model(config), encode(config), [edit])
    expect_numbers(page, look(what_if.model, trace_forward(what_if.model, what_if.encoding), Cursor()))
    was = parameter(build_model(config), "weight_ih_l0")[0, 0].item()
    expect(page.locator(".st-key-edited")).to_contain_text(f"weight_ih_l0[0, 0] = 1.5  (was {format_number(was)})")
    press(page, "Undo all")
    expect(page.locator(".st-key-difference_h")).to_have_count(0)
    expect_numbers(page, looked(RunConfig(), Cursor()))
    expect(page.locator(".st-key-edited")).to_have_count(0)


def test_an_edited_token_moves_nothing_before_it_is_read(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/inside_the_cell?t={STEP}&cell=gru")
    page.get_by_role("radio", name="token", exact=True).click()
    choice = page.get_by_label(f"token read at step {STEP}", exact=True)
    expect(choice).to_be_visible()
    settle(page)
    # The first token of the vocabulary is chosen, "h", where the text has an "l".
    press(page, "Apply")
    values = shown_difference(page)
    assert not values[:STEP].any()
    assert values[STEP].any()
    assert np.array_equal(values, moved_h(RunConfig(cell=Cell.GRU), TokenEdit(line=0, step=STEP, token="h")))
    press(page, "Undo all")
    expect(page.locator(".st-key-difference_h")).to_have_count(0)
