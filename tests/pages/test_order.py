"""What is changed and pressed before the script answers is done in the order it was done, by every button.

A run in which a control was changed and a button pressed leaves the app as two runs do, one after the other.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pages.conftest import PAGES, Open, Screen

ROOT = Path(__file__).parents[2]
CHANGES: dict[str, dict[str, object]] = {
    "the text": {"text": "hello? world"},
    "the preset": {"preset": "Next character"},
}
KEPT = (
    "last_good_config",
    "branch_taken",
    "edits",
    "playing",
    "comparison_running",
    "compared_configs",
    "asked_epoch",
    "tried",
)
"""What the session keeps of what was done, beside its runs."""


def filled(open_screen: Open, page: str) -> Screen:
    """``page`` after three updates, with whatever adds a button to it."""
    screen = open_screen("train")
    for _update in range(3):
        screen.press("Step")
    if page == "train":
        screen.enter(by_parts=True)
    else:
        screen.go(page)
    if page == "inside_the_cell":
        screen.press("Apply")
        screen.enter(new_value=0.5)
        screen.press("Apply")
    if page == "compare":
        screen.enter(compare_by="a list of my own")
        screen.press("Add the sidebar's network")
    return screen


def pressable(screen: Screen) -> dict[str, Any]:
    """Every button that does something, by its key or label."""
    return {str(button.key or button.label): button for button in screen.app.button if not button.disabled}


def left_behind(screen: Screen) -> dict[str, Any]:
    """What a person finds: the controls, the buttons, the runs and what is kept beside them."""
    kept = screen.app.session_state
    compared = (
        [run.epochs > 0 for run in list(kept["comparisons"].values())[-1].runs()] if "comparisons" in kept else []
    )
    return {
        "text": screen.widget("text").value,
        "task": screen.widget("task").value,
        "buttons": {name: button.label for name, button in pressable(screen).items()},
        "runs": {str(key): run.epoch for key, run in screen.runs.items() if run.epoch},
        "compared": compared,
        **{name: kept[name] for name in KEPT if name in kept},
    }


def of_page(page: str, open_screen: Open) -> Iterator[str]:
    yield from pressable(filled(open_screen, page))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("page", PAGES)
def test_a_press_after_a_change_acts_on_what_was_changed(open_screen: Open, page: str, change: str) -> None:
    for name in of_page(page, open_screen):
        at_once, one_by_one = filled(open_screen, page), filled(open_screen, page)
        for key, value in CHANGES[change].items():
            at_once.widget(key).set_value(value)
        pressable(at_once)[name].click()
        at_once.run()
        one_by_one.enter(**CHANGES[change])
        if name not in pressable(one_by_one):  # the change has taken the button away
            assert at_once.widget("text").value == one_by_one.widget("text").value, f"{name} on {page}, after {change}"
            continue
        pressable(one_by_one)[name].click()
        one_by_one.run()
        assert left_behind(at_once) == left_behind(one_by_one), f"{name} on {page}, after {change}"


def test_a_branch_takes_the_numbers_that_were_typed_before_it_was_pressed(open_screen: Open) -> None:
    screen = filled(open_screen, "train")
    screen.widget("branch_rate").set_value(0.25)
    screen.widget("take_branch").click()
    screen.run()
    (branch,) = [run.branch for run in screen.runs.values() if run.branch]
    assert branch.learning_rate == 0.25


READS = {"config", "trainer", "branch", "take", "reset_trainer", "keep_run", "replace_run"}
"""What of ``state`` goes by the config: in a callback, that of the run before."""


def callbacks() -> Iterator[tuple[Path, str, ast.AST]]:
    """What every widget and component calls before the script runs, with its file."""
    for file in sorted((ROOT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for word in node.keywords:
                    if word.arg in {"on_click", "on_change"} and not isinstance(word.value, ast.Constant):
                        yield file, word.arg, word.value


def test_a_callback_of_a_widget_reads_no_config() -> None:
    functions = {
        (file.stem, node.name): node
        for file in sorted((ROOT / "pages").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }

    def called(file: str, node: ast.AST, seen: set[tuple[str, str]]) -> Iterator[str]:
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
                owner, name = part.value.id, part.attr
                if owner == "wishes":
                    return
            elif isinstance(part, ast.Name):
                owner, name = file, part.id
            else:
                continue
            if owner == "state" and name in READS:
                yield name
            if (owner, name) in functions and (owner, name) not in seen:
                seen.add((owner, name))
                yield from called(owner, functions[owner, name], seen)

    found = {
        f"{file.relative_to(ROOT)}: {ast.unparse(node)}": reads
        for file, _word, node in callbacks()
        if (reads := sorted(called(file.stem, node, set())))
    }
    assert found == {}
    assert sum(1 for _callback in callbacks()) > 10
