"""A press is carried out once, wherever a second request cuts its run short.

Streamlit ends a run by an exception at each access of the session's state, and at each element, once another request is
there. It takes over what a request contains and calls the callbacks first, and does not repeat them.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.scriptrunner_utils.exceptions import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from rnn_core import Trainer
from tests.pages.conftest import PAGES, Open, Screen
from tests.pages.test_order import filled, left_behind, pressable


@contextmanager
def checks(monkeypatch: pytest.MonkeyPatch, act: Callable[[ScriptRunner, int], None]) -> Iterator[None]:
    """Have ``act`` be called at every place where a request can end the run, with its number, from 0 on."""
    plain, places = ScriptRunner._maybe_handle_execution_control_request, count()

    def checked(runner: ScriptRunner) -> None:
        plain(runner)
        if runner._execing:
            act(runner, next(places))

    with monkeypatch.context() as patch:
        patch.setattr(ScriptRunner, "_maybe_handle_execution_control_request", checked)
        yield


def end_run(runner: ScriptRunner) -> None:
    """End the run for a request that changes nothing."""
    context = runner._get_script_run_ctx()
    states = runner._session_state.get_widget_states()
    kept = [state for state in states if not (state.WhichOneof("value") or "").endswith("trigger_value")]
    raise RerunException(
        RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            widget_states=WidgetStates(widgets=kept),
        )
    )


def calls_of(name: str, of: str = "/pages/") -> bool:
    """Whether a function ``name`` of this app, or of what ``of`` names, is being run."""
    return any(frame.name == name and of in frame.filename for frame in traceback.extract_stack())


def in_callbacks() -> bool:
    """Whether Streamlit takes over what the request contains, or calls its callbacks."""
    return calls_of("on_script_will_rerun", "/streamlit/")


def present(screen: Screen) -> Trainer:
    return next(reversed(screen.runs.values()))


def test_a_step_is_one_update_wherever_its_run_is_cut_short(open_screen: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = open_screen("train")
    epoch, drawing = 0, False
    while not drawing:  # until the update is made, and the page is drawn
        place = epoch
        reached: list[bool] = []

        def end(runner: ScriptRunner, at: int, place: int = place, reached: list[bool] = reached) -> None:
            if at == place:
                reached.append(calls_of("show_head"))
                end_run(runner)

        screen.widget("step").click()
        with checks(monkeypatch, end):
            screen.run()
        epoch += 1
        assert present(screen).epoch == epoch, f"cut short at place {place}"
        (drawing,) = reached
    assert epoch > 100


@pytest.mark.parametrize("page", PAGES)
def test_no_act_can_be_cut_short(open_screen: Open, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in pressable(filled(open_screen, page)):
        screen, within = filled(open_screen, page), list[int]()
        pressable(screen)[name].click()

        def look(_runner: ScriptRunner, place: int, within: list[int] = within) -> None:
            if calls_of("carry_out"):
                within.append(place)

        with checks(monkeypatch, look):
            screen.run()
        assert not within, f"{name} on {page}"


@pytest.mark.parametrize("page", PAGES)
def test_no_press_is_lost_before_the_script(open_screen: Open, page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in pressable(filled(open_screen, page)):
        whole = filled(open_screen, page)
        pressable(whole)[name].click()
        whole.run()
        place, reached = 0, True
        while reached:
            screen, here = filled(open_screen, page), list[int]()
            pressable(screen)[name].click()

            def end(runner: ScriptRunner, at: int, place: int = place, here: list[int] = here) -> None:
                if at == place and in_callbacks():
                    here.append(at)
                    end_run(runner)

            with checks(monkeypatch, end):
                screen.run()
            assert left_behind(screen) == left_behind(whole), f"{name} on {page}, cut short at place {place}"
            place, reached = place + 1, bool(here)
