"""What is typed into a field for a number is that number on every page, or a sentence below the field."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from rnn_core.config import Head, RunConfig, Task
from tests.browser.conftest import Open, settle, until
from tests.browser.test_fields import paste, wait_for_address
from tests.pages.conftest import PAGES

WIDE = RunConfig("ab\nba\naab\nbba\nabba", task=Task.NEXT, head=Head.LINEAR, hidden_size=5)
NOTE = ".rnn-not-a-number"


def number(page: Page, name: str) -> Locator:
    return page.get_by_role("spinbutton", name=name, exact=True).first


def type_number(page: Page, field: Locator, typed: str) -> None:
    """Types key by key, as a person does; ``fill`` would refuse a comma by itself."""
    field.click()
    field.press("ControlOrMeta+a")
    page.keyboard.type(typed)


def note(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-{name}_field {NOTE}")


@pytest.mark.parametrize("page_name", PAGES)
def test_a_comma_is_a_point_and_a_second_point_has_a_sentence_in_every_number_field(
    server: str, open_page: Open, page_name: str
) -> None:
    query = "&".join(f"{name}={value}" for name, value in WIDE.to_query().items()).replace("\n", "%0A")
    page = open_page(f"{server}/{'' if page_name == PAGES[0] else page_name}?{query}&epoch=3")
    if page_name == "train":
        page.get_by_role("button", name="Branch here").click()
        expect(page.locator(".st-key-branch_rate input")).to_be_visible()
    fields = page.locator("input[type=number]:visible")
    expect(fields.nth(4)).to_be_visible()
    for place in range(fields.count()):
        field = fields.nth(place)
        had = field.input_value()
        field.focus()
        field.press("ControlOrMeta+a")
        page.keyboard.type("0,25")
        expect(field).to_have_value("0.25")
        page.keyboard.type(".5")
        expect(page.locator(NOTE)).to_have_text("0.25.5 is not a number.")
        expect(field).to_have_value("0.25")
        field.press("Backspace")
        field.press("Backspace")
        expect(page.locator(NOTE)).to_have_count(0)
        field.fill(had)


@pytest.mark.parametrize(("typed", "way"), [("0.1.5", "Tab"), ("0..5", "Enter"), ("1e", "Enter"), ("abc", "Tab")])
def test_what_is_not_a_number_is_named_and_not_applied(server: str, open_page: Open, typed: str, way: str) -> None:
    page = open_page(f"{server}/?learning_rate=0.03")
    field = number(page, "learning_rate")
    field.evaluate("field => field.scrollIntoView({ block: 'end' })")
    type_number(page, field, typed)
    page.keyboard.press(way)
    expect(note(page, "learning_rate")).to_be_in_viewport()
    expect(note(page, "learning_rate")).to_contain_text(f"{typed} is not a number")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("spinbutton", name="seed").click()
    expect(field).to_have_value("0.03")
    expect(note(page, "learning_rate")).to_have_text(f"{typed} is not a number: the field has 0.03 again.")
    settle(page)
    wait_for_address(page, "learning_rate", "0.03")
    type_number(page, field, "0.05")
    expect(note(page, "learning_rate")).to_have_count(0)
    page.keyboard.press("Enter")
    wait_for_address(page, "learning_rate", "0.05")


def test_what_is_not_a_number_leaves_an_empty_field_empty(server: str, open_page: Open) -> None:
    page = open_page(server)
    field = number(page, "clip_norm")
    type_number(page, field, "0.1.5")
    page.keyboard.press("Tab")
    expect(field).to_have_value("")
    expect(note(page, "clip_norm")).to_have_text("0.1.5 is not a number: the field is empty again.")


@pytest.mark.parametrize(
    ("pasted", "taken"), [("0,05", "0.05"), (" 0,05\n", "0.05"), ("0.05", "0.05"), ("1,000,000", "1000000")]
)
def test_a_pasted_number_with_a_comma_is_that_number(server: str, open_page: Open, pasted: str, taken: str) -> None:
    page = open_page(server)
    field = number(page, "learning_rate")
    field.click()
    field.press("ControlOrMeta+a")
    paste(page, pasted)
    expect(field).to_have_value(taken)


def test_a_pasted_text_that_is_not_a_number_is_named(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?learning_rate=0.03")
    field = number(page, "learning_rate")
    field.click()
    field.press("ControlOrMeta+a")
    paste(page, "0.1.5")
    expect(note(page, "learning_rate")).to_contain_text("0.1.5 is not a number")
    field.press("Tab")
    expect(field).to_have_value("0.03")


def test_the_arrows_of_a_field_that_spans_decades_never_leave_its_limits(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?learning_rate=0.0001")
    field = number(page, "learning_rate")
    field.focus()
    for value in ("0.0002", "0.0005", "0.001", "0.002"):
        field.press("ArrowUp")
        expect(field).to_have_value(value)
    wait_for_address(page, "learning_rate", "0.002")
    page.locator(".st-key-learning_rate [data-testid=stNumberInputStepDown]").click()
    expect(field).to_have_value("0.001")
    wait_for_address(page, "learning_rate", "0.001")
    for key, presses, last in (("ArrowDown", 12, "0.000001"), ("ArrowUp", 24, "10")):
        for _press in range(presses):
            field.press(key)
        expect(field).to_have_value(last)
    wait_for_address(page, "learning_rate", "10.0")


def test_the_arrows_of_whole_numbers_stop_at_their_limits(server: str, open_page: Open) -> None:
    page = open_page(server)
    field = number(page, "num_layers")
    for key, last in (("ArrowUp", "4"), ("ArrowDown", "1")):
        for _press in range(6):
            field.press(key)
        expect(field).to_have_value(last)
        expect(page.locator(".st-key-num_layers_refused button")).to_have_count(0)


@pytest.mark.parametrize(
    ("query", "name", "button", "taken"),
    [
        ("hidden_size=16&head=linear", "hidden_size", "stNumberInputStepUp", "17"),
        ("hidden_size=16&head=linear", "hidden_size", "stNumberInputStepDown", "15"),
        ("clip_norm=0.5", "clip_norm", "stNumberInputStepUp", "1"),
        ("", "clip_norm", "stNumberInputStepUp", "1"),
    ],
)
def test_plus_and_minus_of_an_empty_field_work_from_the_last_number(
    server: str, open_page: Open, query: str, name: str, button: str, taken: str
) -> None:
    page = open_page(f"{server}/?{query}")
    field = number(page, name)
    if field.input_value():
        field.fill("")
        field.press("Enter")
        settle(page)
    press = page.locator(f".st-key-{name} [data-testid={button}]")
    expect(press).to_be_enabled()
    assert press.evaluate("b => getComputedStyle(b.querySelector('svg')).color === getComputedStyle(b).color")
    press.click()
    expect(field).to_have_value(taken)
    wait_for_address(page, name, f"{float(taken)}" if name == "clip_norm" else taken)


HOLD = """
(() => {
  const held = []
  let fields
  Object.defineProperty(window, "rnnFields", {
    get: () => fields,
    set(made) {
      fields = { connect: (...data) => held.push(() => made.connect(...data)) }
      window.connectFields = () => {
        fields = made
        held.forEach((connect) => connect())
        return true
      }
    },
  })
})()
"""
"""JavaScript that delays the connection of the number fields to the server until ``connectFields()``."""


@pytest.mark.parametrize(
    ("typed", "key", "sentence"),
    [
        ("0..5", "Enter", "0..5 is not a number."),
        ("0.1.5", "Tab", "0.1.5 is not a number: the field has 0.03 again."),
    ],
)
def test_what_is_typed_before_the_server_has_answered_has_its_sentence(
    server: str, open_page: Open, typed: str, key: str, sentence: str
) -> None:
    page = open_page(f"{server}/?learning_rate=0.03", before=HOLD)
    field = number(page, "learning_rate")
    type_number(page, field, typed)
    page.keyboard.press(key)
    until(page, "connectFields()")
    expect(note(page, "learning_rate")).to_have_text(sentence)
    expect(field).to_have_attribute("aria-invalid", "true")


def test_the_arrows_step_by_decades_before_the_server_has_answered(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?learning_rate=0.3", before=HOLD)
    field = number(page, "learning_rate")
    field.press("ArrowUp")
    page.locator(".st-key-learning_rate [data-testid=stNumberInputStepUp]").click()
    until(page, "connectFields()")
    expect(field).to_have_value("1")
    wait_for_address(page, "learning_rate", "1.0")


def test_a_field_that_was_emptied_before_the_server_has_answered_has_its_last_number(
    server: str, open_page: Open
) -> None:
    page = open_page(f"{server}/?hidden_size=16&head=linear", before=HOLD)
    field = number(page, "hidden_size")
    field.fill("")
    field.press("Enter")
    until(page, "connectFields()")
    page.locator(".st-key-hidden_size [data-testid=stNumberInputStepDown]").click()
    expect(field).to_have_value("15")
    wait_for_address(page, "hidden_size", "15")


def test_plus_and_minus_of_an_empty_field_are_enabled_however_often_they_are_drawn(
    server: str, open_page: Open
) -> None:
    page = open_page(server)
    number(page, "clip_norm").wait_for()
    place = page.locator(".st-key-clip_norm [data-testid=stNumberInput]")
    up = page.locator(".st-key-clip_norm [data-testid=stNumberInputStepUp]")
    for _time in range(2):
        expect(up).to_be_enabled()
        place.evaluate("field => (field.style.width = '80px')")
        expect(up).to_have_count(0)
        place.evaluate("field => (field.style.width = '')")


REFUSED = [
    ("learning_rate", "50", "learning_rate must be a finite number above 0 and at most 10", "10"),
    ("num_layers", "99", "num_layers must be 1…4, got 99", "4"),
    ("num_layers", "1,5", "num_layers must be 1…4, got 1.5", "2"),
    ("clip_norm", "-1", "clip_norm must be a finite number above 0", ""),
]


@pytest.mark.parametrize("page_name", PAGES)
def test_a_refused_number_is_named_in_sight_of_its_field_and_mended_by_one_click(
    server: str, open_page: Open, page_name: str
) -> None:
    name, typed, sentence, repaired = REFUSED[PAGES.index(page_name) % len(REFUSED)]
    page = open_page(f"{server}/{'' if page_name == PAGES[0] else page_name}?seed=3")
    field = number(page, name)
    field.evaluate("field => field.scrollIntoView({ block: 'end' })")
    type_number(page, field, typed)
    page.keyboard.press("Enter")
    place = page.locator(f".st-key-{name}_refused")
    expect(place).to_contain_text(sentence)
    expect(place.get_by_text(sentence)).to_be_in_viewport()
    box, under = field.bounding_box(), place.bounding_box()
    assert box
    assert under
    assert 0 <= under["y"] - box["y"] - box["height"] < 40
    expect(field).to_have_value(typed.replace(",", "."))
    expect(field).to_have_attribute("aria-invalid", "true")
    place.get_by_role("button").first.click()
    expect(place.get_by_role("button")).to_have_count(0)
    expect(field).to_have_value(repaired)
    expect(field).not_to_have_attribute("aria-invalid", "true")
