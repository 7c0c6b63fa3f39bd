"""The steps of a line, on every page: what is read, asked for and said, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from rnn_core import RunConfig, Trace, Trainer, encode, trace_forward
from rnn_core.config import Cell, Head, Task
from rnn_core.steps import Said, said_at
from rnn_core.text import visible
from tests.pages.conftest import HOSTILE, Open, Screen, typed_array

CONFIGS = [
    RunConfig("hello! world", task=Task.NEXT),
    RunConfig("hello\nno\nworld!!", cell=Cell.GRU, head=Head.LINEAR, hidden_size=5, seed=3),
]
UPDATES = 2


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What stands on one page after UPDATES updates, and what is to stand there."""

    page: str
    strips: dict[int, Any]
    trainer: Trainer
    trace: Trace

    def said(self, line: int) -> Said:
        encoding = self.trainer.encoding
        return said_at(encoding, self.trace, line=line, steps=range(encoding.ids_BT.shape[1]))


def strips(screen: Screen) -> dict[int, Any]:
    """The live data of each strip, by its line."""
    keys = [key for key in screen.mounted if key.startswith("steps_")]
    return {int(key.split("_")[1]): screen.live(key) for key in sorted(keys)}


def decoded(patch: Any) -> dict[str, Any]:
    """A patch of a strip with the numbers of its typed arrays."""
    return {name: typed_array(part).tolist() if "bdata" in part else part for name, part in patch.items()}


def patch_of(said: Said, first: int = 0) -> dict[str, Any]:
    """What a strip has of what is ``said`` from step ``first`` on, but for the loss in words."""
    return {
        "tokens": [visible(token) for token in said.tokens],
        "wrong": [at for at, wrong in enumerate(said.wrong_T) if wrong],
        "probability": said.probability_T.tolist(),
        "asked_probability": said.asked_probability_T.tolist(),
        "loss": said.loss_T.tolist(),
        "ties": {str(t - first): " ".join(map(visible, tokens)) for t, tokens in said.ties.items()},
    }


WITH_STRIPS = ("text_to_tensor", "forward_pass", "inside_the_cell", "train")
"""The pages that show the steps of a line as a table."""


@pytest.fixture(scope="module", params=CONFIGS, ids=["one line", "three lines"])
def config(request: pytest.FixtureRequest) -> RunConfig:
    chosen: RunConfig = request.param
    return chosen


@pytest.fixture(scope="module", params=WITH_STRIPS)
def seen(open_screen: Open, config: RunConfig, request: pytest.FixtureRequest) -> Seen:
    """A page with a network of ``config`` that was trained; the tests only look at it."""
    screen = open_screen("train", config)
    screen.runs[config].run(UPDATES)
    screen.go(request.param)
    trainer = Trainer(config)
    trainer.run(UPDATES)
    return Seen(
        page=request.param,
        strips=strips(screen),
        trainer=trainer,
        trace=trace_forward(trainer.model, trainer.encoding),
    )


def test_each_line_has_a_strip_and_inside_the_cell_the_cursors(seen: Seen) -> None:
    lines = 1 if seen.page == "inside_the_cell" else len(seen.trainer.encoding.lines)
    assert list(seen.strips) == list(range(lines))
    assert {strip["kind"] for strip in seen.strips.values()} == {"steps"}


def test_each_step_has_input_and_target_side_by_side_with_an_id_each(seen: Seen) -> None:
    encoding = seen.trainer.encoding
    for line, strip in seen.strips.items():
        real = range(int(encoding.length_B[line]))
        assert [column["t"] for column in strip["columns"]] == list(real)
        for t, column in zip(real, strip["columns"], strict=True):
            assert (column["read"], column["asked"]) == tuple(
                visible(token) for token in (encoding.inputs[line][t], encoding.targets[line][t])
            )
            assert column["ids"] == [encoding.ids_BT[line, t], encoding.target_BT[line, t]]
            assert column["edited"] is False


def test_what_is_said_is_what_the_network_of_the_page_says(seen: Seen) -> None:
    for line, strip in seen.strips.items():
        if seen.page == "text_to_tensor":
            assert strip["said"] is None
        else:
            patch = decoded(strip["said"])
            del patch["mean"]
            assert patch == patch_of(seen.said(line))


def test_the_loss_in_words_is_the_trainers_and_the_mean_of_what_the_steps_cost(seen: Seen) -> None:
    if seen.page == "text_to_tensor":
        return
    trainer, means = seen.trainer, [strip["said"]["mean"] for strip in seen.strips.values()]
    steps = int(trainer.encoding.length_B.sum())
    assert means[:-1] == [""] * (len(means) - 1)
    assert f"({steps})" in means[-1]
    assert f"loss {trainer.now.loss_nats:.4f} nats" in means[-1]
    if len(means) == len(trainer.encoding.lines):
        costs = [typed_array(strip["said"]["loss"]) for strip in seen.strips.values()]
        np.testing.assert_allclose(np.concatenate(costs).mean(), trainer.now.loss_nats, rtol=1e-6)


def test_with_task_next_the_target_of_a_step_is_the_input_of_the_one_after(open_screen: Open) -> None:
    (strip,) = strips(open_screen(query={"text": "hello", "task": "next"})).values()
    assert "".join(column["read"] for column in strip["columns"]) == "hell"
    assert "".join(column["asked"] for column in strip["columns"]) == "ello"
    assert [column["ids"] for column in strip["columns"]] == [[0, 1], [1, 2], [2, 2], [2, 3]]


def test_inside_the_cell_the_cursors_step_is_marked_and_forward_pass_marks_the_same(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", CONFIGS[1])
    assert {line: strip["marked"] for line, strip in strips(screen).items()} == {0: 0}
    screen.enter(t=3)
    assert strips(screen)[0]["marked"] == 3
    screen.enter(b=2)
    screen.enter(t=3)
    assert {line: strip["marked"] for line, strip in strips(screen).items()} == {2: 3}
    screen.go("forward_pass")
    assert {line: strip["marked"] for line, strip in strips(screen).items()} == {0: None, 1: None, 2: 3}


def test_in_a_window_on_a_long_text_the_marked_column_is_still_the_cursors(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", {"text": "abcdefg" * 9, "t": "40"})
    strip = strips(screen)[0]
    assert strip["columns"][0]["t"] > 0
    assert strip["columns"][strip["marked"]]["t"] == 40


def test_a_frame_brings_every_strip_up_to_date(open_screen: Open, config: RunConfig) -> None:
    screen = open_screen("train", config)
    screen.press("Play")
    trainer = Trainer(config)
    trainer.run(1)
    trace = trace_forward(trainer.model, trainer.encoding)
    lines = range(len(trainer.encoding.lines))
    patches = {key: patch for key, patch in screen.frame().items() if key.startswith("steps_")}
    assert set(patches) == {f"steps_{line}" for line in lines}
    for line in lines:
        said = said_at(trainer.encoding, trace, line=line, steps=range(trainer.encoding.ids_BT.shape[1]))
        patch, before = decoded(patches[f"steps_{line}"]), decoded(strips(screen)[line]["said"])
        assert {name: patch[name] for name in patch_of(said)} == patch_of(said)
        assert before["loss"] != patch["loss"]
    assert f"loss {trainer.now.loss_nats:.4f} nats" in patches[f"steps_{lines[-1]}"]["mean"]


@pytest.mark.parametrize("text", [HOSTILE["an image with a script"], HOSTILE["a remote image"], HOSTILE["a template"]])
def test_hostile_text_in_a_strip_is_data_and_nothing_else(open_screen: Open, text: str) -> None:
    screen = open_screen("forward_pass", {"text": text, "head": "linear"})
    part: Any = screen.app.get_by_key("steps_0")
    assert [column["read"] for column in screen.live("steps_0")["columns"]] == [visible(token) for token in text]
    code = part.proto.html_content, part.proto.js_content, part.proto.css_content
    harmless: Any = open_screen("forward_pass", {"text": "abc", "head": "linear"}).app.get_by_key("steps_0")
    assert code == (harmless.proto.html_content, harmless.proto.js_content, harmless.proto.css_content)


@pytest.mark.parametrize(
    ("text", "padded", "batch_first"),
    [("ab\nabcde", True, True), ("ab\nabcde", True, False), ("abc\nabc", False, True)],
)
def test_padding_and_minus_100_are_explained_where_lines_differ_in_length(
    open_screen: Open, text: str, padded: bool, batch_first: bool
) -> None:
    screen = open_screen(query=RunConfig(text, batch_first=batch_first))
    for page in screen.walk():
        if page not in WITH_STRIPS:
            continue
        block: Any = screen.app.get_by_key("steps")
        captions = [caption.value for caption in block.caption]
        assert len(captions) == padded
        for caption in captions:
            assert "**·** in a chart is padding" in caption
            assert "**−100**" in caption
            assert ("never reads a padded step" in caption) == batch_first
            assert ("the module reads the padding" in caption) == (not batch_first)
    if padded:
        screen.go("text_to_tensor")
        assert "-100" in screen.words("ids")[0]
        assert encode(RunConfig(text)).padded


def test_the_cursor_is_marked_on_train_and_nothing_on_text_to_tensor_which_has_none(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell")
    screen.enter(t=3)
    for page, marked in (("train", 3), ("text_to_tensor", None)):
        screen.go(page)
        assert [strip["marked"] for strip in strips(screen).values()] == [marked]
