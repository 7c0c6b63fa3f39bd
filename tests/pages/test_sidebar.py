"""The sidebar: presets set every field, and text is one line or several."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from rnn_core import PRESETS, RunConfig, Trainer, encode
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from tests.pages.conftest import PAGES, Open, Screen, assert_same_panels

FAR = RunConfig(
    "zigzag\nzag",
    task=Task.NEXT,
    cell=Cell.LSTM,
    nonlinearity=Nonlinearity.RELU,
    hidden_size=13,
    num_layers=3,
    bidirectional=True,
    head=Head.LINEAR,
    batch_first=False,
    optimizer=Optimizer.RMSPROP,
    learning_rate=0.7,
    clip_norm=0.3,
    seed=99,
)
"""No field as it is by default, or in any preset."""

SEVERAL = [name for name, preset in PRESETS.items() if "\n" in preset.text]
SINGLE = [name for name in PRESETS if name not in SEVERAL]


def controls(screen: Screen) -> dict[str, Any]:
    return {field.name: screen.widget(field.name).value for field in fields(RunConfig)}


def values(config: RunConfig) -> dict[str, Any]:
    return {field.name: getattr(config, field.name) for field in fields(RunConfig)}


def assert_one_line(screen: Screen, text: str) -> None:
    """There is one text input, named Text, with ``text``, and no area."""
    assert screen.app.text_area.values == []
    (line,) = screen.app.text_input
    assert (line.key, line.label, line.value) == ("text", "Text", text)
    assert screen.has("one_line")
    assert not screen.has("hidden_text")
    assert screen.widget("several_lines").value is False


def assert_several_lines(screen: Screen, text: str) -> None:
    """There is an area, named Text, with ``text``; the input that carries it in the link is hidden."""
    (area,) = screen.app.text_area
    assert (area.key, area.label, area.value) == ("lines", "Text", text)
    hidden: Any = screen.app.get_by_key("hidden_text")
    assert [line.key for line in hidden.text_input] == ["text"]
    assert not screen.has("one_line")
    assert screen.widget("several_lines").value is True


def assert_reads(screen: Screen, text: str) -> None:
    """The one-hot figure is that of ``text``."""
    assert screen.errors == []
    assert_same_panels(screen.heatmaps("one_hot"), [x_TV.T for x_TV in encode(RunConfig(text)).x_BTV])


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_every_field(open_screen: Open, preset: str) -> None:
    screen = open_screen("train", FAR)
    assert controls(screen) == values(FAR)
    screen.choose(preset)
    assert controls(screen) == values(PRESETS[preset])
    assert screen.every_epoch["loss"].tolist() == [Trainer(PRESETS[preset]).now.loss_nats]


@pytest.mark.parametrize("preset", SINGLE)
def test_a_preset_of_one_line_is_shown_in_the_text_input(open_screen: Open, preset: str) -> None:
    screen = open_screen(query=FAR)
    screen.choose(preset)
    assert_one_line(screen, PRESETS[preset].text)


@pytest.mark.parametrize("preset", SEVERAL)
def test_a_preset_of_several_lines_is_shown_in_the_text_area(open_screen: Open, preset: str) -> None:
    screen = open_screen()
    screen.choose(preset)
    assert_several_lines(screen, PRESETS[preset].text)


def test_presets_chosen_one_after_another_leave_nothing_of_the_last(open_screen: Open) -> None:
    screen = open_screen("train")
    for preset in reversed(list(PRESETS)):
        screen.choose(preset)
        assert controls(screen) == values(PRESETS[preset])
        assert screen.every_epoch["loss"].tolist() == [Trainer(PRESETS[preset]).now.loss_nats]


@pytest.mark.parametrize("page", PAGES)
def test_every_preset_is_in_the_list_on_every_page(open_screen: Open, page: str) -> None:
    assert open_screen(page).widget("preset").options == list(PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_list_says_which_preset_is_on_however_it_was_reached(open_screen: Open, preset: str) -> None:
    assert open_screen(query=PRESETS[preset]).widget("preset").value == preset
    screen = open_screen()
    screen.choose(preset)
    assert screen.widget("preset").value == preset
    screen.enter(seed=99)
    assert screen.widget("preset").value is None
    screen.enter(seed=PRESETS[preset].seed)
    assert screen.widget("preset").value == preset


def test_clearing_the_list_changes_nothing(open_screen: Open) -> None:
    screen = open_screen()
    before = controls(screen)
    screen.choose(None)
    assert controls(screen) == before


def test_beside_bad_input_the_list_says_what_is_still_shown(open_screen: Open) -> None:
    screen = open_screen()
    shown = screen.widget("preset").value
    screen.enter(text="")
    assert screen.errors != []
    assert PRESETS[screen.widget("preset").value] == RunConfig() == PRESETS[shown]


def test_several_lines_switched_on_shows_an_area_with_the_same_text(open_screen: Open) -> None:
    screen = open_screen(query={"text": "noon"})
    assert_one_line(screen, "noon")
    screen.enter(several_lines=True)
    assert_several_lines(screen, "noon")
    assert_reads(screen, "noon")


def test_lines_typed_in_the_area_are_the_batch(open_screen: Open) -> None:
    screen = open_screen()
    screen.enter(several_lines=True)
    screen.enter(lines="noon\nmoon\n\nno")
    assert_several_lines(screen, "noon\nmoon\nno")
    assert_reads(screen, "noon\nmoon\nno")


@pytest.mark.parametrize("text", ["noon\nmoon", "a\nb\nc", "a b\nc"])
def test_several_lines_switched_off_joins_the_lines_by_spaces(open_screen: Open, text: str) -> None:
    screen = open_screen(query={"text": text})
    assert_several_lines(screen, text)
    screen.enter(several_lines=False)
    assert_one_line(screen, text.replace("\n", " "))
    assert_reads(screen, text.replace("\n", " "))


@pytest.mark.parametrize("text", ["noon\r\nmoon", "noon\r\nmoon\r\nno"])
def test_lines_that_end_as_on_windows_become_one_line_when_switched_off(open_screen: Open, text: str) -> None:
    screen = open_screen(query={"text": text})
    assert_reads(screen, text)
    screen.enter(several_lines=False)
    assert_reads(screen, text.replace("\r\n", " "))


@pytest.mark.parametrize("text", ["noon\nmoon", "noon\r\nmoon", "noon\rmoon"], ids=["LF", "CRLF", "CR"])
def test_a_link_to_a_batch_opens_the_area_however_its_lines_end(open_screen: Open, text: str) -> None:
    screen = open_screen(query={"text": text})
    assert "**B = 2**" in screen.badges[0]
    assert_several_lines(screen, "noon\nmoon")


def test_lines_survive_a_walk_through_all_pages(open_screen: Open) -> None:
    screen = open_screen()
    screen.enter(several_lines=True)
    screen.enter(lines="noon\nmoon")
    for page in reversed(PAGES):
        screen.go(page)
        assert_several_lines(screen, "noon\nmoon")
    assert_reads(screen, "noon\nmoon")


@pytest.mark.parametrize("cell", Cell)
def test_nonlinearity_is_off_for_cells_that_do_not_read_it(open_screen: Open, cell: Cell) -> None:
    screen = open_screen()
    screen.enter(cell=str(cell))
    assert screen.widget("nonlinearity").disabled == (cell is not Cell.RNN)
