"""What the script gives a control stays, however old the state is that the browser sends with its next request."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import Open, Screen

ROOT = Path(__file__).parents[2]
WIDGETS = {
    "text_input", "text_area", "number_input", "slider", "selectbox", "multiselect", "toggle", "checkbox", "radio",
    "segmented_control", "pills", "select_slider",
}  # fmt: skip


def try_it(screen: Screen) -> None:
    button = next(button for button in screen.app.button if str(button.key).startswith("try_"))
    button.click()
    screen.run()


GIVERS: dict[str, tuple[str, Callable[[Screen], None]]] = {
    "a preset": ("train", lambda screen: screen.choose("Next character")),
    "a change that a note offers": ("train", try_it),
    "an update": ("train", lambda screen: screen.press("Step")),
    "a letter": ("train", lambda screen: screen.enter(text="hello! worlds")),
    "lines made one": ("train", lambda screen: screen.enter(several_lines=False)),
    "a token that is found": ("inside_the_cell", lambda screen: screen.enter(find="o")),
}


def opened(open_screen: Open, page: str, giver: str) -> Screen:
    screen = open_screen(page, {"text": "one\ntwo"} if giver == "lines made one" else None)
    if page == "train":
        screen.press("Step")
    return screen


def values(screen: Screen) -> dict[str, Any]:
    """The value of every control that the script ever gave one."""
    kept = screen.app.session_state
    return {key: kept[key] for key in kept["given"] if key in kept and screen.has(key)}


def number(screen: Screen) -> int:
    received: int = screen.widget("received").value
    return received


@pytest.mark.parametrize("giver", GIVERS)
def test_a_request_from_before_leaves_what_was_given(open_screen: Open, giver: str) -> None:
    page, give = GIVERS[giver]
    screen = opened(open_screen, page, giver)
    state = {str(node.key): node.value for node in screen.app if hasattr(node, "value") and getattr(node, "key", None)}
    received = number(screen)
    give(screen)
    given = values(screen)
    late = {key: state[key] for key in given if key in state and state[key] != given[key]}
    assert late, "nothing was given"
    screen.enter(received=received, **late)
    assert {key: values(screen).get(key, given[key]) for key in given} == given
    screen.run()
    assert {key: values(screen).get(key, given[key]) for key in given} == given


def test_what_a_person_changes_meanwhile_stays_changed(open_screen: Open) -> None:
    screen = opened(open_screen, "train", "a preset")
    received = number(screen)
    screen.choose("Next character")
    screen.enter(received=received, text="hello! world", task="copy", head="none", seed=7)
    assert (screen.widget("seed").value, screen.widget("task").value) == (7, "next")
    screen.run()
    assert (screen.widget("seed").value, screen.widget("task").value) == (7, "next")


def test_what_was_received_can_be_changed_back(open_screen: Open) -> None:
    screen = opened(open_screen, "train", "a preset")
    screen.choose("Next character")
    screen.enter(task="copy")
    assert screen.widget("task").value == "copy"
    screen.choose("Copy hello! world")
    assert screen.widget("preset").value == "Copy hello! world"


@pytest.mark.parametrize("forged", [None, -1, 2**53])
def test_a_forged_number_breaks_nothing(open_screen: Open, forged: int | None) -> None:
    screen = opened(open_screen, "train", "a preset")
    screen.choose("Next character")
    screen.enter(received=forged, seed=3)
    assert screen.widget("seed").value == 3


def test_the_script_gives_a_control_a_value_in_one_way_only() -> None:
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted((ROOT / "pages").rglob("*.py"))}
    drawn: set[str] = set()
    assigned: list[tuple[str, str]] = []
    for file, tree in trees.items():
        names = {
            target.id: node.value.value
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }

        def text(node: ast.AST, names: dict[str, Any] = names) -> str | None:
            if isinstance(node, ast.Constant):
                return str(node.value)
            return names.get(node.id) if isinstance(node, ast.Name) else None

        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WIDGETS:
                drawn |= {key for word in node.keywords if word.arg == "key" and (key := text(word.value))}
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.ctx, ast.Store)
                and ast.unparse(node.value) == "st.session_state"
                and (key := text(node.slice))
            ):
                assigned.append((file.name, key))
    assert len(drawn) > 25
    assert [where for where in assigned if where[1] in drawn and where[0] != "given.py"] == []
