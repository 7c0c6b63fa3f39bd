"""Compare and Memory in the browser: from start to cancel to download; a bar that is clicked is the cursor."""

from __future__ import annotations

import re

import pandas as pd
from playwright.sync_api import Page, expect

from rnn_core import PRESETS, context_need, encode
from tests.browser.conftest import Open, settle, until

NEXT = "text=hello%21+world&task=next&head=linear&hidden_size=16&learning_rate=0.03"
DRAWN = "document.querySelector('[data-drawn]') && !document.querySelector('[class*=\"_plot \"]:not([data-drawn])')"
LOSS = "document.querySelector('.st-key-race_loss_plot .rnn-plot')"
EPOCHS_DRAWN = f"Math.max(...{LOSS}._fullData.map(trace => trace.x.length))"


def opened(open_page: Open, address: str) -> Page:
    page = open_page(address)
    until(page, DRAWN)
    return page


def test_from_start_to_cancel_to_download(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/compare?{NEXT}")
    status = page.locator(".st-key-race_status .rnn-text")
    expect(status).to_contain_text("3 configurations × 5 seeds")
    page.get_by_role("spinbutton", name="epochs").fill("2000")
    page.get_by_role("spinbutton", name="epochs").press("Enter")
    expect(status).to_contain_text("2000 epochs")
    expect(page.get_by_text("Nothing is trained yet")).to_be_visible()
    assert page.locator(".rnn-plot").count() == 0
    page.get_by_role("button", name="Run", exact=True).click()
    until(page, DRAWN)
    page.evaluate(f"{LOSS}.dataset.stays = 'yes'")
    until(page, f"{EPOCHS_DRAWN} > 5")
    assert page.evaluate(f"{LOSS}.dataset.stays") == "yes"
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_visible()
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    table = pd.read_csv(download.value.path())
    assert table["cell"].value_counts().to_dict() == {"rnn": 5, "gru": 5, "lstm": 5}
    reached = table["epochs"].max()
    assert 0 < reached < 2000
    until(page, f"{EPOCHS_DRAWN} >= {min(int(table['epochs'].min()) + 1, 400)}")  # at rest, all that is known


def test_it_runs_to_its_end_by_itself_and_says_so(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/compare?text=ab&head=linear")
    page.get_by_role("spinbutton", name="epochs").fill("10")
    page.get_by_role("spinbutton", name="epochs").press("Enter")
    expect(page.locator(".st-key-race_status .rnn-text")).to_contain_text("× 10 epochs")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator(".st-key-race_status .rnn-text")).to_contain_text("done")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    expect(page.locator(".st-key-race_lane_0 .rnn-text")).to_have_text(re.compile(r"rnn: \d of 5 right now"))


def test_a_bar_that_is_clicked_is_the_cursor_and_its_height_the_need(server: str, open_page: Open) -> None:
    page = opened(open_page, f"{server}/memory?{NEXT}")
    heights = page.evaluate("Array.from(document.querySelector('.st-key-need_0_plot .rnn-plot').data[0].y)")
    assert heights == list(context_need(encode(PRESETS["Next character"]).lines)[0])
    page.locator(".st-key-need_0_plot .nsewdrag").scroll_into_view_if_needed()
    place = page.evaluate(
        "(() => { const bar = document.querySelectorAll('.st-key-need_0_plot .bars .point')[3].getBoundingClientRect();"
        "return [bar.x + bar.width / 2, bar.y + bar.height / 2] })()"
    )
    page.mouse.click(*place)
    until(page, "location.search.includes('t=3')")


def test_an_insight_opens_and_its_change_is_tried_and_taken_back(server: str, open_page: Open) -> None:
    page = opened(open_page, f"{server}/train?batch_first=false")
    page.get_by_role("button", name="Nothing recurs").click()
    expect(page.get_by_text("It reads 12 sequences of length 1")).to_be_visible()
    page.get_by_role("button", name="Try it: batch_first True").click()
    until(page, "!location.search.includes('batch_first')")
    expect(page.get_by_role("button", name="Nothing recurs")).to_have_count(0)
    page.get_by_role("button", name="Back", exact=True).click()
    until(page, "location.search.includes('batch_first=false')")


def test_on_a_phone_no_page_scrolls_sideways(server: str, open_page: Open) -> None:
    for path in ("memory", "compare"):
        page = open_page(f"{server}/{path}?{NEXT}", viewport={"width": 390, "height": 844})
        if path == "compare":
            page.get_by_role("button", name="Run", exact=True).click()
        until(page, DRAWN)
        assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390
