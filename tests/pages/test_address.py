"""The address is the link to what is shown, after every change by every control on every page."""

from __future__ import annotations

from dataclasses import fields

import pytest

from rnn_core import RunConfig
from rnn_core.cursor import CURSOR_KEYS, parse_cursor
from rnn_core.link import LINK_KEYS, TEXT_KEPT, Link, parse_link, shortened
from tests.pages.conftest import PAGES, Open, Screen

LINK = {"text": "noon moon\nmoon", "task": "next", "head": "linear", "hidden_size": "5", "epoch": "3"}
REACHED = 3
CHANGES: dict[str, object] = {
    "text": "moon\nnoon a",
    "task": "copy",
    "cell": "gru",
    "nonlinearity": "relu",
    "hidden_size": 6,
    "num_layers": 2,
    "bidirectional": True,
    "head": "none",
    "batch_first": False,
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "clip_norm": 0.5,
    "seed": 9,
}
"""Another value than LINK's of each field; "head" is refused beside its hidden_size."""

START = {"b": "0", "layer": "0", "direction": "forward", "t": "0", "unit": "0"}
"""The cursor that a link does not name."""

LEFT_OUT = frozenset({"link_page", "link_hides", "upload", "lines", "several_lines"})
"""Controls of a page that say what a link from *Share* is to be, or that have tests of their own."""


def held(screen: Screen) -> dict[str, str]:
    """The query of the address."""
    values = screen.app.query_params.items()
    return {key: value[-1] if isinstance(value, list) else value for key, value in values}


def shown(screen: Screen) -> tuple[RunConfig, Link, dict[str, str]]:
    """What the screen shows: its config, its run and comparison, and its cursor."""
    state = screen.app.session_state
    config: RunConfig = state["last_good_config"]
    run = [*screen.runs.values()][-1]
    assert run.config == config
    reached = (config, run.branch, run.epoch)
    chosen_at, epoch = state["epoch_chosen"] if "epoch_chosen" in state else (None, 0)  # noqa: SIM401 (no get)
    link = Link(
        epoch=run.epoch,
        shown=epoch if chosen_at == reached and epoch != run.epoch else None,
        branch=run.branch,
        grid=state["grid"],
    )
    cursor = START | {key: str(state[key]) for key in CURSOR_KEYS if key in state and state[key] is not None}
    wrong = parse_cursor(cursor, config)[1]
    return config, link, START | {key: value for key, value in cursor.items() if key not in wrong}


def said(whole: dict[str, str]) -> tuple[RunConfig, Link, dict[str, str]]:
    """What the address says of each, by the rules of the core."""
    config = RunConfig.from_query({key: whole[key] for key in whole if key not in (*LINK_KEYS, *CURSOR_KEYS)})
    link, wrong = parse_link(whole, config)
    assert wrong == {}
    return config, link, START | {key: whole[key] for key in CURSOR_KEYS if key in whole}


def assert_true_address(screen: Screen) -> None:
    """Every part that differs from its default is in the address, and nothing else."""
    config, link, cursor = shown(screen)
    said_config, said_link, said_cursor = said(held(screen))
    assert (said_config, said_link.to_query()) == (config, link.to_query())
    assert said_cursor == cursor


KINDS = ("button", "button_group", "toggle", "slider", "number_input", "selectbox", "multiselect", "text_input")
"""What a person changes or presses."""

LAST = frozenset({"play", "reset", "run_race", "reset_race"})
"""What takes other controls away."""

WORDED = {"compare_text": "dots"}
"""A value of each control that shows its options in other words."""


def controls(screen: Screen) -> list[str]:
    """The keys of what can be changed or pressed in the main area."""
    found = [str(node.key) for node in screen.app.main if node.type in KINDS and getattr(node, "key", None)]
    return sorted((key for key in found if key not in LEFT_OUT), key=LAST.__contains__)


def operate(screen: Screen, key: str) -> bool:
    """Presses a button; of any other control, takes another value than it has. False where there is none."""
    widget = screen.widget(key)
    if widget.disabled:
        return False
    match widget.type:
        case "button":
            widget.click()
        case "toggle":
            widget.set_value(not widget.value)
        case "slider" | "number_input":
            step = widget.step or 1
            value = widget.value or 0
            high = widget.max is not None and value + step > widget.max
            widget.set_value(value - step if high else value + step)
        case "selectbox":
            widget.select_index(len(widget.options) - 1)
        case "multiselect":
            widget.set_value(widget.value[:1])
        case "button_group":
            words = [words for words in widget.options if words != str(widget.value)]
            if not words or (not WORDED.get(key) and str(widget.value) not in widget.options):
                return False
            widget.set_value(WORDED.get(key) or type(widget.value)(words[-1] if key != "compare_by" else words[0]))
        case "text_input":
            widget.set_value("1")
    screen.run()
    return True


def test_every_field_has_a_change_here() -> None:
    assert list(CHANGES) == [field.name for field in fields(RunConfig)]


@pytest.mark.parametrize("page", PAGES)
def test_after_each_change_of_the_sidebar_the_address_is_what_is_shown_and_opens_it(
    open_screen: Open, page: str
) -> None:
    screen = open_screen(page, LINK)
    start, link, _cursor = shown(screen)
    assert link.epoch == REACHED
    for name, value in CHANGES.items():
        assert_true_address(screen)
        before = getattr(start, name)
        values = {field.name: getattr(start, field.name) for field in fields(RunConfig)} | {name: value}
        screen.enter(**{name: value})
        assert_true_address(screen)
        if name == "head":
            assert len(screen.errors) == 1
            assert shown(screen)[:2] == (start, link)
        else:
            assert shown(screen)[0] == RunConfig(**values)
            assert shown(screen)[1].epoch == 0
        screen.enter(**{name: str(before) if isinstance(before, str) else before})
    assert shown(screen)[:2] == (start, link)
    again = open_screen(page, screen.app.query_params)
    assert shown(again) == shown(screen)


@pytest.mark.parametrize("page", PAGES)
def test_after_each_control_of_a_page_the_address_is_what_is_shown_and_opens_it(open_screen: Open, page: str) -> None:
    screen = open_screen(page, LINK)
    operated = set()
    for _round in range(2):  # what a control brings up has controls of its own
        for key in controls(screen):
            if key in operated or not screen.has(key):
                continue
            operated.add(key)
            if operate(screen, key):
                assert_true_address(screen)
    if page == "train":
        assert operated >= {"step", "play", "reset", "epoch", "take_branch"}
    again = open_screen(page, screen.app.query_params)
    assert shown(again)[:2] == shown(screen)[:2]


def test_a_training_that_plays_is_followed(open_screen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.ui.address.WRITTEN_EVERY_S", 0.0)
    screen = open_screen("train", LINK)
    screen.press("Play")
    for _frame in range(3):
        screen.run()
        assert_true_address(screen)
    assert int(held(screen)["epoch"]) > REACHED


@pytest.mark.parametrize("refused", [{"text": ""}, {"hidden_size": 7}, {"learning_rate": 0.0}], ids=str)
def test_what_is_refused_is_never_in_the_address_and_a_reload_is_one_story(
    open_screen: Open, refused: dict[str, object]
) -> None:
    good = {"text": "hello", "epoch": "2"}
    screen = open_screen(query=good)
    screen.enter(**refused)
    for page in screen.walk():
        assert len(screen.errors) == 1
        assert held(screen) == good
        again = open_screen(page, screen.app.query_params)
        assert again.errors == []
        config = RunConfig("hello")
        assert {name: again.widget(name).value for name in CHANGES} == {name: getattr(config, name) for name in CHANGES}
        assert again.widget("preset").value is None
        assert shown(again)[:2] == (config, Link(epoch=2))


def test_a_link_to_no_network_is_replaced_by_that_of_what_is_shown(open_screen: Open) -> None:
    screen = open_screen(query={"text": "hello", "hidden_size": "2"})
    assert len(screen.errors) == 1
    assert shown(screen)[0] == RunConfig()
    assert screen.app.query_params == {}


def test_a_text_too_long_for_a_server_is_named_by_a_digest(open_screen: Open) -> None:
    config = RunConfig("\n".join(["가나다라마바사아" * 32] * 16), head="linear", hidden_size=4)  # type: ignore[arg-type]
    assert len(config.text) > 4_000
    screen = open_screen("share", config.to_query() | {"epoch": "1"})
    query = held(screen)
    assert query == shortened(config.to_query() | {"epoch": "1"})
    assert set(query) == {TEXT_KEPT, "head", "hidden_size", "epoch"}
    elsewhere = open_screen("share", query)
    assert elsewhere.notes == [f"text_kept must name a text that this browser has kept, got {query[TEXT_KEPT]!r}"]
    assert TEXT_KEPT not in elsewhere.app.query_params
