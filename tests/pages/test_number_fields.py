"""Every number field on every page: what is refused stays in it, is named under it, and one click mends it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from pages.ui.given import RECEIVED
from rnn_core import PRESETS, RunConfig, Trainer
from rnn_core.config import Head, Task
from tests.pages.conftest import PAGES, Open, Screen

WIDE = RunConfig("ab\nba\naab\nbba\nabba\nbaab\naba", task=Task.NEXT, head=Head.LINEAR, hidden_size=5)
"""So many lines that each page that draws them has a field for the line."""

REFUSED = (-1.5, 0.5, -1.0, 1e12)
"""No field takes all of them."""

UNLIMITED = {"new_value"}
"""The field of a number that may be any finite one."""

KEYS = {
    "hidden_size",
    "num_layers",
    "learning_rate",
    "clip_norm",
    "seed",
    "line",
    "row",
    "column",
    "new_value",
    "branch_rate",
    "branch_clip",
    "seeds_count",
    "epochs_count",
}
"""All number fields of the app, so that the walk is known to have met them."""


@pytest.fixture
def screens(open_screen: Open) -> dict[str, Screen]:
    """Every page of WIDE after one update."""
    screens = {}
    for page in PAGES:
        screen = open_screen("train", WIDE)
        screen.press("Step")
        if page != "train":
            screen.go(page)
        screens[page] = screen
    return screens


def refused(screen: Screen, key: str) -> list[str]:
    """The sentences under a field."""
    place: Any = screen.widget(f"{key}_refused") if screen.has(f"{key}_refused") else None
    return [text.value for text in place.text] if place else []


def fields(screen: Screen) -> list[str]:
    """The keys of the fields that a person sees."""
    return [str(field.key) for field in screen.app.number_input if field.key != RECEIVED]


def test_the_walk_meets_every_number_field(screens: dict[str, Screen]) -> None:
    assert {key for screen in screens.values() for key in fields(screen)} == KEYS


@pytest.mark.parametrize("page", PAGES)
def test_a_refused_number_is_named_under_its_field_and_mended_by_one_click(
    screens: dict[str, Screen], page: str
) -> None:
    screen = screens[page]
    for key in fields(screen):
        good, shown, sentences = screen.widget(key).value, screen.drawn(), []
        for value in REFUSED:
            screen.enter(**{key: value})
            (sentence, *more) = refused(screen, key) or [""]
            assert more == []
            if not sentence:
                continue
            sentences.append(sentence)
            assert screen.widget(key).value == value
            assert " must be " in sentence
            assert float(sentence.rpartition("got ")[2]) == value
            screen.press_key(f"repair_{key}_0")
            assert refused(screen, key) == []
            assert not screen.has("problem")
        assert bool(sentences) == (key not in UNLIMITED)
        screen.enter(**{key: good})
        assert screen.drawn() == shown


@pytest.mark.parametrize("page", PAGES)
def test_no_number_field_keeps_a_value_from_the_server(screens: dict[str, Screen], page: str) -> None:
    """Streamlit sends nothing beyond limits of its own, and makes 1 of 1.5 in a field of whole numbers."""
    rules = screens[page].app.session_state["number_fields"]
    for key in fields(screens[page]):
        field = screens[page].widget(key)
        assert (field.proto.has_min, field.proto.has_max) == (False, False), field.key
        assert field.proto.data_type == field.proto.FLOAT, field.key
        assert field.key in rules
    json.dumps(rules, allow_nan=False)  # a browser reads no Infinity


def test_the_page_below_a_refused_number_is_the_last_good_one(screens: dict[str, Screen]) -> None:
    for page, screen in screens.items():
        shown = screen.drawn()
        for key in ("learning_rate", "num_layers", "hidden_size", "clip_norm", "seed"):
            good = screen.widget(key).value
            screen.enter(**{key: -1.0})
            assert screen.drawn() == shown, (page, key)
            screen.enter(**{key: good})


def test_two_refused_numbers_are_each_named_under_their_field(open_screen: Open) -> None:
    screen = open_screen()
    screen.enter(learning_rate=50.0, num_layers=99)
    assert refused(screen, "learning_rate") == [
        "learning_rate must be a finite number above 0 and at most 10, got 50.0"
    ]
    assert refused(screen, "num_layers") == ["num_layers must be 1…4, got 99"]
    assert sorted(screen.errors) == sorted(refused(screen, "learning_rate") + refused(screen, "num_layers"))
    screen.press_key("repair_learning_rate_0")
    assert (screen.widget("learning_rate").value, screen.widget("num_layers").value) == (10.0, 99)
    screen.press_key("repair_num_layers_0")
    assert screen.errors == []
    assert screen.widget("num_layers").value == 4


CONFLICTS: Mapping[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    "hidden_size": ({"hidden_size": 5}, 'use head="linear"', {"head": "linear", "hidden_size": 5}),
    "bidirectional": ({"bidirectional": True}, 'use head="linear"', {"head": "linear", "bidirectional": True}),
    "text": ({"text": "x", "task": "next"}, 'use task="copy"', {"text": "x", "task": "copy"}),
}
"""What does not fit together, by the control beside which it is shown: the first repair, and the values after it."""


@pytest.mark.parametrize("main", [False, True], ids=["beside the control", "in the main area"])
@pytest.mark.parametrize("key", CONFLICTS)
def test_what_does_not_fit_together_is_mended_by_one_click(open_screen: Open, key: str, main: bool) -> None:
    change, label, mended = CONFLICTS[key]
    screen = open_screen()
    screen.enter(**change)
    assert refused(screen, key) == screen.errors != []
    repair = f"repair_main_{key}_0" if main else f"repair_{key}_0"
    assert screen.widget(repair).label == label
    screen.press_key(repair)
    assert screen.errors == refused(screen, key) == []
    assert {name: screen.widget(name).value for name in mended} == mended


def test_hidden_size_can_be_left_to_the_vocabulary_by_one_click(open_screen: Open) -> None:
    screen = open_screen()
    screen.enter(hidden_size=5)
    assert screen.widget("repair_hidden_size_1").label == "leave hidden_size empty"
    screen.press_key("repair_hidden_size_1")
    assert (screen.widget("hidden_size").value, screen.errors) == (None, [])


def test_a_link_of_before_means_the_same_number(open_screen: Open) -> None:
    query = {"learning_rate": "0.1", "hidden_size": "16", "head": "linear", "seed": "4294967295", "clip_norm": "0.5"}
    screen = open_screen("train", query)
    config = RunConfig.from_query(query)
    assert list(screen.runs) == [config]
    assert screen.every_epoch["loss"].tolist() == [Trainer(config).now.loss_nats]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_arrows_know_the_limits_and_the_steps_of_every_field(open_screen: Open, preset: str) -> None:
    screen = open_screen("train", PRESETS[preset])
    rules = screen.app.session_state["number_fields"]
    for key, (low, high) in {"num_layers": (1, 4), "hidden_size": (1, 128), "seed": (0, 2**32 - 1)}.items():
        assert (rules[key]["low"], rules[key]["high"], rules[key]["step"]) == (low, high, 1)
    for key, limit in {"learning_rate": 10, "clip_norm": None}.items():
        assert (rules[key]["low"], rules[key]["high"], rules[key]["step"]) == (1e-6, limit, 0)
    assert rules["hidden_size"]["start"] == PRESETS[preset].units


def test_a_line_that_a_shorter_text_no_longer_has_is_no_refused_number(open_screen: Open) -> None:
    screen = open_screen("forward_pass", WIDE)
    screen.enter(line=6)
    screen.enter(lines="\n".join(WIDE.text.split("\n")[:5]))
    assert (screen.widget("line").value, refused(screen, "line")) == (4, [])


def test_pasted_lines_are_a_batch_and_one_click_makes_them_one_line(open_screen: Open) -> None:
    screen = open_screen()
    assert not screen.has("pasted")
    screen.enter(several_lines=True)
    screen.enter(lines="noon\nmoon")
    assert not screen.has("pasted")
    screen.app.session_state["pasted_lines"] = "noon\nmoon"  # as the browser has it taken
    screen.run()
    assert [caption.value for caption in screen.widget("pasted").caption] == ["The text has 2 lines now: a batch of 2."]
    screen.press("Make it one line")
    assert (screen.widget("text").value, screen.widget("several_lines").value) == ("noon moon", False)
    assert not screen.has("pasted")
