"""A link is a run: what it says is taken, and what cannot be taken is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import pytest

from rnn_core import PRESETS, ConfigError, RunConfig, Trainer
from rnn_core.config import Cell, parse_field
from tests.pages.conftest import PAGES, Open, Screen

BASE = {"text": "noon\nmoons", "head": "linear", "optimizer": "sgd", "hidden_size": "4"}
LINKS = {
    "text": "hello",
    "task": "next",
    "cell": "gru",
    "nonlinearity": "relu",
    "hidden_size": "5",
    "num_layers": "2",
    "bidirectional": "true",
    "head": "linear",
    "batch_first": "false",
    "optimizer": "rmsprop",
    "learning_rate": "0.03",
    "clip_norm": "0.01",
    "seed": "7",
}
"""A value of each field, other than its default."""

SPELLINGS = [
    ("bidirectional", "TRUE"),
    ("bidirectional", "False"),
    ("batch_first", "FALSE"),
    ("hidden_size", ""),
    ("hidden_size", "+7"),
    ("hidden_size", "007"),
    ("seed", "-0"),
    ("seed", "4294967295"),
    ("learning_rate", "1e-2"),
    ("learning_rate", ".5"),
    ("learning_rate", "10"),
    ("learning_rate", "5e-324"),
    ("clip_norm", "1e300"),
    ("clip_norm", ""),
    ("text", " a "),
    ("text", "1+1=2&3?#%"),
    ("text", "e\u0301"),
    ("text", "a\x00\tb"),
    ("text", "안녕👩‍🚀"),
]
"""Ways of writing a value that a person might choose, all of them valid."""

VOID: list[tuple[str, str | list[str]]] = [
    ("task", "copies"),
    ("cell", "GRU"),
    ("cell", ""),
    ("cell", "gru,lstm"),
    ("nonlinearity", "sigmoid"),
    ("hidden_size", "0"),
    ("hidden_size", "129"),
    ("hidden_size", "-1"),
    ("hidden_size", "5.0"),
    ("hidden_size", "five"),
    ("num_layers", "5"),
    ("num_layers", ""),
    ("bidirectional", "1"),
    ("bidirectional", ""),
    ("head", "None"),
    ("batch_first", "yes"),
    ("optimizer", "adamw"),
    ("learning_rate", "0"),
    ("learning_rate", "-1"),
    ("learning_rate", "10.5"),
    ("learning_rate", "nan"),
    ("learning_rate", "inf"),
    ("learning_rate", "1_0"),
    ("learning_rate", "0,1"),
    ("clip_norm", "0"),
    ("clip_norm", "inf"),
    ("clip_norm", "1e999"),
    ("seed", "-1"),
    ("seed", "4294967296"),
    ("seed", "9" * 30),
    ("seed", "1e3"),
    ("text", "a" * 70_000),
    ("seed", ["3", "4"]),
    ("cell", ["gru", "gru"]),
    ("text", ["a", "b"]),
    ("bogus", "1"),
    ("Cell", "gru"),
    ("", "1"),
]
"""Keys with values that no field takes."""


@pytest.fixture(scope="module")
def default(open_screen: Open) -> Screen:
    """What a visitor without a link finds; the tests only look at it."""
    return open_screen()


def losses_of(config: RunConfig) -> list[float]:
    trainer = Trainer(config)
    return [record.loss_nats for record in [*trainer.run(1), trainer.now]][::-1]


def losses_shown(screen: Screen) -> list[float]:
    screen.go("train")
    screen.press("Step")
    losses: list[float] = screen.every_epoch["loss"].tolist()
    return losses


def sentence(name: str, raw: str | list[str]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_field(name, raw)
    return str(caught.value)


def test_every_field_has_a_link_in_these_tests() -> None:
    assert list(LINKS) == [field.name for field in fields(RunConfig)]


@pytest.mark.parametrize("name", LINKS)
def test_each_field_of_a_link_is_taken(open_screen: Open, name: str) -> None:
    query = BASE | {name: LINKS[name]}
    without = {key: raw for key, raw in BASE.items() if key != name}
    screen = open_screen(query=query)
    assert not screen.has("link_notes")
    assert screen.widget(name).value == parse_field(name, LINKS[name])
    losses = losses_shown(screen)
    assert losses == losses_of(RunConfig.from_query(query))
    assert losses != losses_of(RunConfig.from_query(without))


@pytest.mark.parametrize(("name", "raw"), SPELLINGS)
def test_what_is_valid_is_taken_however_it_is_written(open_screen: Open, name: str, raw: str) -> None:
    screen = open_screen(query={"head": "linear", name: raw})
    assert screen.errors == []
    assert not screen.has("link_notes")
    assert screen.widget(name).value == parse_field(name, raw)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_link_of_a_preset_opens_the_preset(open_screen: Open, preset: str) -> None:
    linked, pressed = open_screen(query=PRESETS[preset]), open_screen()
    pressed.choose(preset)
    assert linked.charts() == pressed.charts()
    assert losses_shown(linked) == losses_shown(pressed)


@pytest.mark.parametrize("page", PAGES)
def test_a_link_opens_every_page_at_its_experiment(open_screen: Open, page: str) -> None:
    config = RunConfig.from_query(LINKS)
    screen = open_screen(page, LINKS)
    assert screen.errors == []
    assert {name: screen.widget(name).value for name in LINKS} == {name: getattr(config, name) for name in LINKS}
    assert losses_shown(screen) == losses_of(config)


@pytest.mark.parametrize(("name", "raw"), VOID, ids=lambda part: str(part)[:20])
def test_what_a_link_says_wrongly_is_named_and_the_default_stands(
    open_screen: Open, default: Screen, name: str, raw: str | list[str]
) -> None:
    screen = open_screen(query={name: raw})
    assert screen.notes == [sentence(name, raw)]
    assert screen.errors == []
    assert screen.charts() == default.charts()
    for field in fields(RunConfig):
        assert screen.widget(field.name).value == default.widget(field.name).value


@pytest.mark.parametrize("page", PAGES)
def test_on_every_page_all_wrong_parts_are_named_and_right_parts_are_taken(open_screen: Open, page: str) -> None:
    wrong: Mapping[str, str | list[str]] = {"cell": "foo", "hidden_size": "500", "bogus": "1", "seed": ["3", "4"]}
    screen = open_screen(page, {**wrong, "num_layers": "2", "text": "noon", "head": "linear"})
    assert screen.notes == [sentence(name, raw) for name, raw in wrong.items()]
    assert screen.errors == []
    assert losses_shown(screen) == losses_of(RunConfig("noon", num_layers=2, head="linear"))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", PAGES)
def test_understood_dismisses_the_notes_for_good(open_screen: Open, page: str) -> None:
    screen = open_screen(page, {"cell": "foo"})
    assert screen.has("link_notes")
    screen.press("Understood")
    for other in (page, *PAGES):
        screen.go(other)
        assert not screen.has("link_notes")
        assert not any("cell must be" in text for text in screen.app.text.values)


def test_notes_stay_until_they_are_understood(open_screen: Open) -> None:
    screen = open_screen(query={"cell": "foo"})
    said = screen.notes
    screen.enter(seed=3)
    for page in PAGES:
        screen.go(page)
        assert screen.notes == said


def test_a_control_whose_part_of_the_link_was_void_still_works(open_screen: Open) -> None:
    screen = open_screen(query={"cell": "foo", "seed": ["3", "4"], "learning_rate": "inf", "text": ["a", "b"]})
    screen.enter(cell="gru", seed=5, learning_rate=0.5, text="noon")
    assert losses_shown(screen) == losses_of(RunConfig("noon", cell=Cell.GRU, seed=5, learning_rate=0.5))


@pytest.mark.parametrize("query", [{"t": "3"}, {"unit": "2"}, {"layer": "0"}, {"b": "0"}, {"embed": "true"}])
def test_where_one_looks_is_no_part_of_the_experiment_and_not_complained_of(
    open_screen: Open, default: Screen, query: dict[str, str]
) -> None:
    screen = open_screen(query=query)
    assert not screen.has("link_notes")
    assert screen.charts() == default.charts()


@pytest.mark.parametrize("page", PAGES)
def test_a_place_that_does_not_exist_is_named_and_the_first_one_shown(open_screen: Open, page: str) -> None:
    query = {"t": "99999", "unit": "1e9", "direction": "sideways", "b": "44", "layer": "1", "num_layers": "2"}
    screen = open_screen(page, query)
    assert screen.notes == [
        "b must be 0…0, got '44'",
        "direction must be forward, got 'sideways'",
        "t must be 0…11, got '99999'",
        "unit must be 0…8, got '1e9'",
    ]
    assert screen.errors == []
    screen.go("inside_the_cell")
    places = {key: screen.widget(key).value for key in ("t", "unit", "layer")}
    assert places == {"t": 0, "unit": 0, "layer": 1}
    assert "t" not in screen.app.query_params


def test_a_place_is_looked_for_in_the_experiment_of_its_link(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", {"text": "noon\nmoons", "b": "1", "t": "4"})
    assert not screen.has("link_notes")
    screen = open_screen("inside_the_cell", {"text": "noon\nmoons", "b": "0", "t": "4"})
    assert screen.notes == ["t must be 0…3, got '4'"]


def test_without_a_link_there_are_defaults_and_no_notes(default: Screen) -> None:
    assert not default.has("link_notes")
    values: dict[str, Any] = {field.name: default.widget(field.name).value for field in fields(RunConfig)}
    assert values == {field.name: field.default for field in fields(RunConfig)}
