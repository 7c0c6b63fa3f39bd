"""A person inside the cell: moves the cursor, reads the numbers, changes one, and takes it back."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from rnn_core import RunConfig, build_model, encode, trace_forward
from rnn_core.config import Cell
from rnn_core.cursor import Cursor
from rnn_core.microscope import Microscope, look
from rnn_core.trace import FloatArray
from rnn_core.whatif import Edit, TokenEdit, WeightEdit, difference, edited, trace_what_if
from tests.browser.conftest import READY_MS, Open, settle
from tests.browser.test_explore import drawn

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


def printed(scope: Microscope) -> list[str]:
    """Every decimal number of the equations, in order, as a person would print them from ``scope``."""
    value = {gate.symbol: gate.activation for gate in scope.gates}
    numbers: list[float] = []
    for gate in scope.gates:
        scale = [] if gate.reset is None else [gate.reset]
        numbers += [gate.input_part, *scale, gate.recurrent_part, gate.preactivation, gate.activation]
    if scope.c is not None and scope.c_previous is not None:
        numbers += [value["f"], scope.c_previous, value["i"], value["g"], scope.c]
        numbers += [value["o"], float(np.tanh(scope.c)), scope.h]
    elif "z" in value:
        numbers += [1 - value["z"], value["n"], value["z"], scope.h_previous, scope.h]
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
    expect(page.get_by_role("button", name="Undo all", exact=True)).to_be_disabled()
    expect_numbers(page, looked(RunConfig(), Cursor()))
    becomes = page.get_by_role("spinbutton", name="becomes")
    becomes.fill("1.5")
    becomes.press("Enter")
    press(page, "Apply")
    config = RunConfig()
    edit = WeightEdit(name="weight_ih_l0", index=(0, 0), value=1.5)
    assert np.array_equal(shown_difference(page), moved_h(config, edit))
    what_if = edited(build_model(config), encode(config), [edit])
    expect_numbers(page, look(what_if.model, trace_forward(what_if.model, what_if.encoding), Cursor()))
    press(page, "Undo all")
    expect(page.locator(".st-key-difference_h")).to_have_count(0)
    expect_numbers(page, looked(RunConfig(), Cursor()))
    expect(page.get_by_role("button", name="Undo all", exact=True)).to_be_disabled()


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
