"""What is typed and pasted is what the app takes, or the app says beside the field why not."""

from __future__ import annotations

import unicodedata

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import FAST_CLOCK, Open, settle, until

GREETING = "안녕하세요"
NFD = unicodedata.normalize("NFD", GREETING)


def text_field(page: Page) -> Locator:
    return page.locator(".st-key-one_line input")


def paste(page: Page, text: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("ControlOrMeta+v")


def drop(page: Page, text: str) -> None:
    """Drag ``text`` from another program to the right end of the field for one line, and drop it."""
    box = text_field(page).bounding_box()
    assert box is not None
    session = page.context.new_cdp_session(page)
    data = {"items": [{"mimeType": "text/plain", "data": text}], "dragOperationsMask": 1}
    place = {"x": box["x"] + box["width"] - 20, "y": box["y"] + box["height"] / 2}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": data, **place})


def wait_for_address(page: Page, key: str, value: str | None) -> None:
    until(page, "([key, value]) => new URLSearchParams(location.search).get(key) === value", [key, value])


PASTED = {
    "over all of it": ("hello", "hello", "", "one\ntwo", "one\ntwo"),
    "CRLF and blank lines": ("hello", "hello", "", "\r\none\r\n\r\ntwo\r\n", "one\ntwo"),
    "over a part": ("hello", "ll", "o", "a\nb", "hea\nbo"),
    "at the end": ("hello", "", "", "a\nb", "helloa\nb"),
    "decomposed": ("hello", "hello", "", f"{NFD}\n{NFD}", f"{GREETING}\n{GREETING}"),
}
"""The text before, the part of it that is selected, what stands behind that, what is pasted, and the text after."""


@pytest.mark.parametrize(("before", "selected", "behind", "pasted", "after"), PASTED.values(), ids=PASTED.keys())
def test_pasted_lines_are_lines_wherever_they_are_pasted(
    server: str, open_page: Open, before: str, selected: str, behind: str, pasted: str, after: str
) -> None:
    page = open_page(server)
    field = text_field(page)
    field.fill(before)
    field.evaluate(
        "(input, [start, end]) => input.setSelectionRange(start, end)",
        [len(before) - len(behind) - len(selected), len(before) - len(behind)],
    )
    paste(page, pasted)
    assert_batch(page, after)


def test_the_lines_have_the_focus_however_late_their_area_is_drawn(server: str, open_page: Open) -> None:
    page = open_page(server, before=FAST_CLOCK)
    text_field(page).fill("hello")
    text_field(page).press("ControlOrMeta+a")
    paste(page, "one\ntwo")
    area = page.locator(".st-key-lines textarea")
    expect(area).to_be_focused()
    area.evaluate("area => { area.blur(); area.parentElement.append(document.createElement('i')) }")  # drawn again
    expect(area).to_be_focused()
    number = page.get_by_role("spinbutton", name="seed")
    area.press("Tab")
    number.focus()
    area.evaluate("area => area.parentElement.lastChild.remove()")
    expect(number).to_be_focused()


@pytest.mark.parametrize("end", ["", "\r\n"], ids=["no end", "CRLF"])
def test_dropped_lines_are_lines(server: str, open_page: Open, end: str) -> None:
    page = open_page(f"{server}/?text=hello")
    drop(page, f"one\ntwo{end}")
    assert_batch(page, "helloone\ntwo")


def test_one_dropped_line_with_its_end_stays_in_the_field_for_one_line(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/?text=hello")
    drop(page, " world\n")
    expect(text_field(page)).to_have_value("hello world")
    wait_for_address(page, "text", "hello world")
    expect(page.locator(".st-key-lines textarea")).to_have_count(0)


def assert_batch(page: Page, text: str) -> None:
    """The text is a batch of its lines, the page states that, and one click makes it one line."""
    area = page.locator(".st-key-lines textarea")
    expect(area).to_have_value(text)
    expect(area).to_be_focused()
    count = text.count("\n") + 1
    expect(page.locator(".st-key-pasted")).to_contain_text(f"The text has {count} lines now: a batch of {count}.")
    wait_for_address(page, "text", text)
    page.get_by_role("button", name="Make it one line").click()
    expect(text_field(page)).to_have_value(text.replace("\n", " "))
    wait_for_address(page, "text", text.replace("\n", " "))
    expect(page.locator(".st-key-pasted")).to_have_count(0)


def test_what_was_typed_just_before_a_paste_does_not_undo_it(server: str, open_page: Open) -> None:
    page = open_page(server)
    field = text_field(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('one\\ntwo')")
    field.click()
    field.press("ControlOrMeta+a")
    page.keyboard.type("abc")
    page.keyboard.press("ControlOrMeta+v")
    expect(page.locator(".st-key-lines textarea")).to_have_value("abcone\ntwo")
    wait_for_address(page, "text", "abcone\ntwo")
    settle(page)
    expect(page.locator(".st-key-lines textarea")).to_have_value("abcone\ntwo")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n"], ids=["LF", "CRLF", "a blank line"])
def test_one_pasted_line_with_its_end_stays_in_the_field_for_one_line(server: str, open_page: Open, end: str) -> None:
    page = open_page(server)
    text_field(page).fill("hello")
    text_field(page).press("Home")
    paste(page, f"oh {end}")
    expect(text_field(page)).to_have_value("oh hello")
    wait_for_address(page, "text", "oh hello")
    expect(page.locator(".st-key-lines textarea")).to_have_count(0)


@pytest.mark.parametrize("several", [False, True], ids=["one line", "several lines"])
def test_a_decomposed_text_has_five_code_points_in_field_and_address(
    server: str, open_page: Open, several: bool
) -> None:
    assert len(NFD) > 5
    page = open_page(f"{server}/?text=noon%0Amoon" if several else server)
    field = page.locator(".st-key-lines textarea") if several else text_field(page)
    field.click()
    field.press("ControlOrMeta+a")
    paste(page, NFD)
    expect(field).to_have_js_property("value", GREETING)
    field.press("ControlOrMeta+Enter")
    wait_for_address(page, "text", GREETING)


def test_a_letter_typed_between_composed_ones_stays_where_it_was_typed(server: str, open_page: Open) -> None:
    page = open_page(server)
    text_field(page).fill("caf noon")
    text_field(page).evaluate("input => input.setSelectionRange(3, 3)")
    for typed in ("e", "\u0301", "!"):
        page.keyboard.insert_text(typed)
    expect(text_field(page)).to_have_js_property("value", "café! noon")
