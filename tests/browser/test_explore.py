"""A person at the explorer: types, steps, plays, pauses, resets, moves between pages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from rnn_core import RunConfig, Trainer, encode, trace_forward
from rnn_core.figures.theme import LIGHT
from rnn_core.numbers import format_number
from tests.browser.conftest import Open, settle, until
from tests.contrast import READABLE, channels, contrast

HOSTILE = "<img src=x onerror=alert(1)><b>$x$:red[a]![a](http://x/y.png)"
Z_OF_FIRST_TRACE = """container => {
  const drawn = document.querySelector(`${container} .js-plotly-plot`)?.calcdata
  return drawn && JSON.stringify(drawn[0][0].z.map(row => Array.from(row)))
}"""


def epoch(page: Page) -> int:
    """The epoch that the status line names."""
    match = re.search(r"epoch (\d+)", page.locator(".st-key-status").inner_text())
    assert match is not None
    return int(match.group(1))


def drawn(page: Page, container: str) -> Any:
    """The numbers of a container's first heatmap, as Plotly drew them."""
    return json.loads(until(page, Z_OF_FIRST_TRACE, container))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_typing_changes_the_one_hot_heatmap(server: str, open_page: Open) -> None:
    page = open_page(server)
    page.get_by_label("Text", exact=True).press("End")
    page.get_by_label("Text", exact=True).press_sequentially("?")
    expect(page.locator(".st-key-badges")).to_contain_text("V = 10")
    until(page, "document.querySelector('.st-key-one_hot .js-plotly-plot')?.calcdata?.[0][0].z.length == 10")
    assert drawn(page, ".st-key-one_hot") == encode(RunConfig("hello! world?")).x_BTV[0].T.tolist()
    expect(page).to_have_url(re.compile(r"text=hello%21\+world%3F|text=hello!\+world%3F|text=hello%21%20world%3F"))


def test_step_makes_one_update_and_reset_takes_it_back(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    expect(page.locator(".st-key-status")).to_contain_text("epoch 0")
    press(page, "Step")
    expect(page.locator(".st-key-status")).to_contain_text("epoch 1")
    trainer = Trainer(RunConfig())
    trainer.step()
    expect(page.locator(".st-key-status")).to_contain_text(f"loss {trainer.now.loss_nats:.4f}")
    rows = page.locator(".st-key-prediction_table tbody tr")
    expect(rows).to_have_count(2)
    assert [row.split()[0] for row in rows.all_inner_texts()] == ["1", "0"]
    press(page, "Reset")
    expect(page.locator(".st-key-status")).to_contain_text("epoch 0")
    expect(rows).to_have_count(1)


@pytest.mark.parametrize("picture", [False, True], ids=["heatmaps", "network"])
def test_reset_while_playing_shows_the_untrained_network_once_more(server: str, open_page: Open, picture: bool) -> None:
    page = open_page(f"{server}/train")
    if picture:
        page.locator(".st-key-as_picture label").click()
        settle(page)
    status = page.locator(".st-key-status .rnn-text")
    words = status.inner_text()
    prediction = page.locator(".st-key-prediction_table tbody tr").first.inner_text()
    press(page, "Play")
    expect(status).to_contain_text(re.compile(r"epoch ([5-9]|\d\d)"))
    press(page, "Reset")
    expect(status).to_have_text(words)
    until(page, "document.querySelector('.st-key-loss_plot .rnn-plot')._fullData[0].y.length === 1")
    expect(page.locator(".st-key-prediction_table tbody tr")).to_have_count(1)
    expect(page.locator(".st-key-prediction_table tbody tr").first).to_have_text(prediction, use_inner_text=True)


def test_wrong_characters_are_marked_and_right_ones_are_not(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    for count in range(1, 6):
        press(page, "Step")
        expect(page.locator(".st-key-status")).to_contain_text(f"epoch {count} ")
    trainer = Trainer(RunConfig())
    trainer.run(5)
    newest = page.locator(".st-key-prediction_table tbody tr").first
    expect(newest.locator(".rnn-token")).to_have_text([t.replace(" ", "␣") for t in trainer.now.decoded[0]])
    expect(newest.locator(".rnn-wrong")).to_have_count(len(trainer.now.errors[0]))


def test_play_moves_pause_stops_and_the_charts_stay_in_place(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    expect(page.locator(".js-plotly-plot")).to_have_count(3)
    page.evaluate("document.querySelectorAll('.js-plotly-plot').forEach((node, i) => { node.sameNode = i })")
    press(page, "Play")
    until(page, "/epoch ([1-9]\\d)/.test(document.querySelector('.st-key-status').innerText)")
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settle(page)
    stopped = epoch(page)
    page.wait_for_timeout(500)
    assert epoch(page) == stopped
    nodes = page.evaluate("[...document.querySelectorAll('.js-plotly-plot')].map(node => node.sameNode)")
    assert nodes == [0, 1, 2]
    trainer = Trainer(RunConfig())
    trainer.run(stopped)
    expect(page.locator(".st-key-status")).to_contain_text(f"loss {trainer.now.loss_nats:.4f}")
    until(page, f"document.querySelector('.st-key-loss_chart .js-plotly-plot').calcdata[0].length == {stopped + 1}")


PAINTED = """() => {
  const plot = document.querySelector(".st-key-output_plot .js-plotly-plot")
  const group = plot.querySelector(".hm")
  const cells = group.querySelectorAll(".rnn-cells rect")
  if (!cells.length || !/epoch \\d\\d/.test(document.querySelector(".st-key-status").innerText)) return null
  return {
    status: document.querySelector(".st-key-status .rnn-text").innerText,
    z: plot.calcdata[0][0].z.flatMap(row => Array.from(row)),
    texts: [...group.querySelectorAll(".heatmap-label")].map(label => label.textContent),
    inks: [...group.querySelectorAll(".heatmap-label text")].map(label => label.style.fill),
    fills: [...cells].map(cell => cell.style.fill),
    over: [...cells].every(cell => cell.getBoundingClientRect().width > 5),
  }
}"""


def color_of(value: float) -> list[int]:
    """The colour of a value on the light theme's diverging scale from −1 to 1, 0…255 each."""
    share = (value + 1) / 2
    after = max(1, next(at for at, (stop, _) in enumerate(LIGHT.signed) if share <= stop))
    (low, start), (high, end) = LIGHT.signed[after - 1], LIGHT.signed[after]
    part = (share - low) / (high - low)
    ends = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in (start, end)]
    return [round(a + part * (b - a)) for a, b in zip(*ends, strict=True)]


def test_while_playing_the_cells_are_painted_and_at_rest_they_are_plotlys(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    until(page, "document.querySelector('.st-key-output_plot[data-drawn]')")
    press(page, "Play")
    seen = until(page, PAINTED)
    press(page, "Pause")
    shown = int(seen["status"].split()[1])
    values = seen["z"]
    # The line says its epoch at once; the cells wait for their turn to be painted, longer on a slow machine.
    assert any(values == pytest.approx(output, abs=1e-6) for output in outputs_until(shown))
    assert seen["over"]
    assert seen["texts"] == [format_number(value, decimals=2) for value in values]
    for value, fill, ink in zip(values, seen["fills"], seen["inks"], strict=True):
        color = [int(part) for part in re.findall(r"\d+", fill)]
        assert color == pytest.approx(color_of(value), abs=1)
        assert contrast(color, channels(ink)) >= READABLE
    until(page, "!document.querySelector('.rnn-cells')")
    stopped = epoch(page)
    trainer = Trainer(RunConfig())
    trainer.run(stopped)
    expected = trace_forward(trainer.model, trainer.encoding).output_BTF[0].T
    assert drawn(page, ".st-key-output") == expected.tolist()
    labels = page.locator(".st-key-output_plot .heatmap-label").all_text_contents()
    assert labels == [format_number(value, decimals=2) for value in expected.flatten()]


def outputs_until(last: int) -> Iterator[list[float]]:
    """output of the default run, unit by unit, as it is at each epoch from 1 to the last."""
    trainer = Trainer(RunConfig())
    for _epoch in range(last):
        trainer.step()
        yield trace_forward(trainer.model, trainer.encoding).output_BTF[0].T.flatten().tolist()


def test_no_click_on_pause_is_lost(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    for round_ms in range(60, 420, 40):
        press(page, "Play")
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
        page.wait_for_timeout(round_ms)
        press(page, "Pause")
        expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_playing_stops_by_itself_when_the_loss_is_not_finite(server: str, open_page: Open) -> None:
    query = "?nonlinearity=relu&head=linear&optimizer=sgd&learning_rate=10"
    page = open_page(f"{server}/train{query}")
    press(page, "Play")
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("Lower learning_rate (now 10) or set clip_norm", timeout=20_000)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_disabled()
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    press(page, "Reset")
    expect(notice).to_have_count(0)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled()


def test_values_survive_page_changes_and_are_in_the_url(server: str, open_page: Open) -> None:
    page = open_page(server)
    page.get_by_label("Text", exact=True).fill("noon")
    expect(page.locator(".st-key-badges")).to_contain_text("T = 4")  # what is typed is committed after a pause
    page.get_by_role("radio", name="lstm").click()
    page.get_by_role("spinbutton", name="seed").fill("7")
    page.get_by_role("spinbutton", name="seed").press("Enter")
    for name in ("Forward pass", "Train", "Text to tensor"):
        settle(page)
        page.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.get_by_label("Text", exact=True)).to_have_value("noon")
        expect(page.get_by_role("radio", name="lstm")).to_be_checked()
        expect(page.get_by_role("spinbutton", name="seed")).to_have_value("7")
        for part in ("text=noon", "cell=lstm", "seed=7"):
            expect(page).to_have_url(re.compile(part))


def test_back_and_forward_bring_values_back(server: str, open_page: Open) -> None:
    page = open_page(server)
    page.get_by_label("Preset", exact=True).click()
    page.get_by_role("option", name="Batch, batch_first off").click()
    expect(page.locator(".st-key-badges")).to_contain_text("B = 3")
    expect(page.get_by_label("Text", exact=True)).to_have_value("hello\neolll\nlleel")
    page.get_by_role("link", name="Forward pass").click()
    expect(page.get_by_role("heading", name="Forward pass", exact=True)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Text to tensor", exact=True)).to_be_visible()
    expect(page.locator(".st-key-badges")).to_contain_text("B = 3")


@pytest.mark.parametrize("path", ["/", "/forward_pass", "/train"])
def test_hostile_text_is_shown_to_the_letter(server: str, open_page: Open, path: str) -> None:
    page = open_page(f"{server}{path}?text={quote(HOSTILE)}")
    chart = {"/": "one_hot"}.get(path, "output")
    expect(page.locator(f".st-key-{chart} .xaxislayer-above").first).to_contain_text("<")
    assert page.locator("img[src='x'], img[src*='y.png']").count() == 0
    expect(page.get_by_label("Text", exact=True)).to_have_value(HOSTILE)
    tokens = page.locator(".st-key-steps_0 .rnn-of-read .rnn-token")
    expect(tokens.first).to_be_visible()
    shown = "".join(tokens.all_text_contents())
    assert "alert(1)" in shown
    assert shown in HOSTILE.replace(" ", "␣")


def test_bad_input_says_a_sentence_and_keeps_the_last_good_view(server: str, open_page: Open) -> None:
    page = open_page(f"{server}?text=noon")
    before = drawn(page, ".st-key-one_hot")
    page.get_by_label("Text", exact=True).fill("")
    expect(page.locator(".st-key-problem")).to_contain_text("text must have at least 1 token, got none")
    assert drawn(page, ".st-key-one_hot") == before
    page.get_by_label("Text", exact=True).fill("no")
    expect(page.locator(".st-key-problem")).to_have_count(0)
    # What stood below the sentence moves up: for a moment the page holds it twice.
    expect(page.locator(".st-key-badges").first).to_contain_text("T = 2")


def test_bad_link_values_are_named_and_left_out(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?cell=foo&hidden_size=500&bogus=1&seed=3&seed=4&num_layers=2")
    notes = page.locator(".st-key-link_notes")
    for sentence in (
        "cell must be one of rnn, gru, lstm, got 'foo'",
        "hidden_size must be 1…128, got '500'",
        "got 'bogus'",
        "seed must be given once, got 2 values",
    ):
        expect(notes).to_contain_text(sentence)
    expect(page.get_by_role("spinbutton", name="seed")).to_have_value("0")
    expect(page.get_by_role("spinbutton", name="num_layers")).to_have_value("2")
    expect(page).to_have_url(re.compile(r"/train\?num_layers=2$"))
    press(page, "Understood")
    expect(notes).to_have_count(0)
