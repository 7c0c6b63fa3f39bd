"""The link is the saved run: it outlives the server; figures and files are taken home."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rnn_core import RunConfig, Trainer
from tests.browser.conftest import Open, free_port, launched, settle, until

NEXT = "text=hello%21+world&task=next&head=linear&learning_rate=0.03"
EPOCHS = 40
DRAWN = "document.querySelector('[data-drawn]') && !document.querySelector('[class*=\"_plot \"]:not([data-drawn])')"


def status(page: Page) -> str:
    return page.locator(".st-key-status .rnn-text").inner_text()


def newest(page: Page) -> str:
    return page.locator(".st-key-prediction_table tbody tr").first.inner_text()


def trained(page: Page, address: str) -> Page:
    """*Train*, played for some EPOCHS, and paused."""
    page.goto(address)
    settle(page)
    until(page, DRAWN)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"+document.querySelector('.st-key-status').innerText.match(/epoch (\\d+)/)[1] >= {EPOCHS}")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settle(page)
    until(page, "location.search.includes('epoch=')")
    return page


def test_a_run_outlives_its_server(chromium: Browser) -> None:
    port = free_port()
    server = launched(port)
    page = chromium.new_page(viewport={"width": 1280, "height": 800})
    try:
        trained(page, f"http://127.0.0.1:{port}/train?{NEXT}")
        before = status(page), newest(page), page.url
        server.kill()
        server.wait()
        server = launched(port)
        page.reload()
        settle(page)
        until(page, DRAWN)
        expect(page.locator(".st-key-status .rnn-text")).to_have_text(before[0])
        assert (status(page), newest(page), page.url) == before
        epoch = int(re.findall(r"epoch (\d+)", before[0])[0])
        assert epoch >= EPOCHS
        trainer = Trainer(RunConfig("hello! world", task="next", head="linear", learning_rate=0.03))  # type: ignore[arg-type]
        trainer.run(epoch)
        assert f"loss {trainer.now.loss_nats:.4f}" in before[0]
    finally:
        page.close()
        server.kill()
        server.wait()


def test_a_reload_while_playing_goes_on_from_about_there(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?{NEXT}")
    until(page, DRAWN)
    page.get_by_role("button", name="Play", exact=True).click()
    until(page, f"Number(new URLSearchParams(location.search).get('epoch')) >= {EPOCHS}")
    page.reload()
    settle(page)
    until(page, DRAWN)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert int(re.findall(r"epoch (\d+)", status(page))[0]) >= EPOCHS


def test_back_leads_to_the_page_before_however_many_steps_were_made(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/forward_pass")
    until(page, DRAWN)
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    for epoch in (1, 2, 3):
        page.get_by_role("button", name="Step", exact=True).click()
        until(page, f"location.search.includes('epoch={epoch}')")
    page.go_back()
    expect(page.get_by_role("heading", name="Forward pass", exact=True)).to_be_visible()
    page.go_forward()
    expect(page.locator(".st-key-status .rnn-text")).to_contain_text("epoch 3 ")
    until(page, "location.search.includes('epoch=3')")


def test_the_slider_goes_back_and_a_branch_sets_off_from_there(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?{NEXT}&epoch=12")
    until(page, DRAWN)
    expect(page.locator(".st-key-status .rnn-text")).to_contain_text("epoch 12 ")
    page.locator(".st-key-epoch").get_by_role("slider").focus()
    for epoch in (11, 10):
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".st-key-status .rnn-text")).to_contain_text(f"epoch {epoch} ")
    page.get_by_role("button", name="Branch here").click()
    page.get_by_role("button", name="Branch off", exact=True).click()
    until(page, "location.search.includes('branch=10') && location.search.includes('epoch=10')")
    page.get_by_role("button", name="Step", exact=True).click()
    expect(page.locator(".st-key-status .rnn-text")).to_contain_text("epoch 11 ")
    until(page, "document.querySelector('.st-key-loss_plot .rnn-plot')._fullData.length === 2")
    page.get_by_role("button", name="Back to the first run").click()
    expect(page.locator(".st-key-status .rnn-text")).to_contain_text("epoch 12 ")
    until(page, "!location.search.includes('branch')")


def test_a_figure_is_taken_home_as_a_page_that_needs_no_network_and_as_a_png(
    server: str, open_page: Open, chromium: Browser, tmp_path: Path
) -> None:
    page = open_page(f"{server}/train")
    until(page, DRAWN)
    page.locator(".st-key-loss_plot").hover()
    with page.expect_download() as taken:
        page.get_by_role("button", name="loss: HTML").click()
    assert taken.value.suggested_filename == "loss.html"
    taken.value.save_as(tmp_path / "loss.html")
    alone = chromium.new_context(offline=True)
    figure = alone.new_page()
    figure.goto((tmp_path / "loss.html").as_uri())
    figure.wait_for_selector(".main-svg")
    drawn = figure.evaluate("document.querySelector('#figure').calcdata[0].map(point => point.y)")
    assert drawn == [pytest.approx(Trainer(RunConfig()).now.loss_nats, rel=1e-6)]
    alone.close()
    with page.expect_download() as taken:
        page.get_by_role("button", name="loss: PNG").click()
    assert taken.value.suggested_filename == "loss.png"


def test_a_figure_that_is_taken_has_the_labels_of_the_screen(
    server: str, open_page: Open, chromium: Browser, tmp_path: Path
) -> None:
    page = open_page(f"{server}/train?text={'the+quick+brown+fox+' * 6}")
    until(page, "document.querySelector('.st-key-output_plot[data-drawn]')")
    labels = "Array.from(document.querySelectorAll('%s .xtick text'), label => label.textContent)"
    shown = page.evaluate(labels % ".st-key-output_plot")
    page.locator(".st-key-output_plot").hover()
    with page.expect_download() as taken:
        page.get_by_role("button", name="output: HTML").click()
    taken.value.save_as(tmp_path / "output.html")
    alone = chromium.new_context(offline=True)
    figure = alone.new_page()
    figure.goto((tmp_path / "output.html").as_uri())
    figure.wait_for_selector(".main-svg")
    assert "h" in shown  # the number of its step is left out
    assert figure.evaluate(labels % "#figure") == shown
    alone.close()


DRAWINGS = {"network": "forward_pass", "cell_figure": "inside_the_cell"}


@pytest.mark.parametrize("key", DRAWINGS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_drawing_is_taken_home_as_it_looks(
    server: str, open_page: Open, chromium: Browser, tmp_path: Path, key: str, scheme: str
) -> None:
    page = open_page(f"{server}/{DRAWINGS[key]}?text=%3Cb%3Ehi", color_scheme=scheme)
    picture = page.locator(f".st-key-{key}")
    picture.hover()
    shown = picture.locator(".rnn-canvas svg")
    with page.expect_download() as taken:
        picture.get_by_role("button", name=f"{key}: HTML").click()
    assert taken.value.suggested_filename == f"{key}.html"
    taken.value.save_as(tmp_path / "drawing.html")
    alone = chromium.new_context(offline=True)
    drawing = alone.new_page()
    drawing.goto((tmp_path / "drawing.html").as_uri())
    looks = (
        "svg => [...svg.querySelectorAll('rect, path, text')].map(node => "
        "[node.tagName, node.textContent, getComputedStyle(node).fill, getComputedStyle(node).stroke])"
    )
    here, there = shown.evaluate(looks), drawing.locator("svg").evaluate(looks)
    assert here == there
    assert len(here) > 20
    assert drawing.locator("svg b").count() == 0
    assert drawing.evaluate("getComputedStyle(document.body).backgroundColor") == page.evaluate(
        "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    )
    alone.close()
    with page.expect_download() as taken:
        picture.get_by_role("button", name=f"{key}: PNG").click()
    assert taken.value.suggested_filename == f"{key}.png"
    image = taken.value.path().read_bytes()
    assert image.startswith(b"\x89PNG")
    width, _height = (int.from_bytes(image[at : at + 4], "big") for at in (16, 20))
    assert width == 2 * shown.evaluate("svg => svg.viewBox.baseVal.width")


def test_a_file_from_here_is_brought_back(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/share?{NEXT}&epoch=5")
    expect(page.get_by_role("img", name="QR code of the link")).to_be_visible()
    with page.expect_download() as taken:
        page.get_by_role("button", name="run.safetensors").click()
    data = taken.value.path().read_bytes()
    other = open_page(f"{server}/share")
    other.locator("input[type=file]").set_input_files(
        {"name": "run.safetensors", "mimeType": "application/octet-stream", "buffer": data}
    )
    expect(other.get_by_text("This is the run now.")).to_be_visible()
    until(other, "location.search.includes('epoch=5') && location.search.includes('task=next')")


def test_a_hidden_control_is_out_of_sight_and_keeps_its_value(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train?seed=7&hide=seed,text")
    until(page, DRAWN)
    expect(page.get_by_role("spinbutton", name="seed")).to_be_hidden()
    expect(page.get_by_label("Text", exact=True)).to_be_hidden()
    expect(page.get_by_role("spinbutton", name="learning_rate").first).to_be_visible()
    expect(page.locator(".st-key-status .rnn-text")).to_contain_text(
        f"loss {Trainer(RunConfig(seed=7)).now.loss_nats:.4f}"
    )
