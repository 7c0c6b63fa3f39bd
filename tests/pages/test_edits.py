"""What is edited on *Inside the cell* is said at its top, with a way back, and is in the numbers of no other page.

*Forward pass* shows the edited network where its switch is on, and then has the same banner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from rnn_core import RunConfig, Trace, Trainer
from rnn_core.config import Cell, Head
from rnn_core.numbers import format_number
from rnn_core.picture import STRIPS
from rnn_core.trace import Direction
from rnn_core.whatif import Edit, SilencedUnit, StateEdit, TokenEdit, WeightEdit, parameter, trace_what_if
from tests.pages.conftest import Open, Screen, assert_same_panels, typed_array

CONFIG = RunConfig("hello", head=Head.LINEAR, hidden_size=5)
FIRST = WeightEdit(name="weight_ih_l0", index=(1, 2), value=0.5)
SECOND = WeightEdit(name="weight_ih_l0", index=(3, 0), value=-2.0)


@pytest.fixture
def screen(open_screen: Open) -> Screen:
    """*Inside the cell* of CONFIG, untrained and unedited."""
    return open_screen("inside_the_cell", CONFIG)


def edit_weight(screen: Screen, edit: WeightEdit) -> None:
    """Makes ``edit`` by the controls."""
    screen.enter(parameter=edit.name)
    places = dict(zip(("row", "column"), edit.index, strict=False))
    screen.enter(**places, new_value=edit.value)
    screen.press("Apply")


def edit_token(screen: Screen, step: int, token: str) -> None:
    """Has the network read ``token`` at ``step``."""
    screen.enter(t=step, kind="token")
    screen.enter(new_token=token)
    screen.press("Apply")


def banner(screen: Screen) -> list[str]:
    """The lines that say what is edited; none where there is no banner."""
    if not screen.has("edited"):
        return []
    block: Any = screen.app.get_by_key("edited")
    (lines,) = block.code
    return str(lines.value).split("\n")


def trace_with(edits: Sequence[Edit], config: RunConfig = CONFIG) -> Trace:
    trainer = Trainer(config)
    return trace_what_if(trainer.model, trainer.encoding, edits)


def assert_numbers(screen: Screen, edits: Sequence[Edit]) -> None:
    """The states and what is said are those of the network with ``edits``."""
    trace = trace_with(edits)
    assert_same_panels(screen.heatmaps("unrolled"), [trace.layers[0].h_BTH[0].T])
    assert typed_array(screen.live("steps_0")["said"]["loss"]).tolist() == trace.loss_BT[0].tolist()


def was(edit: WeightEdit) -> str:
    value: float = parameter(Trainer(CONFIG).model, edit.name).detach()[edit.index].item()
    return f"(was {format_number(value)})"


def test_nothing_is_said_to_be_edited_where_nothing_is(screen: Screen) -> None:
    assert banner(screen) == []
    assert_numbers(screen, [])


def test_the_banner_says_at_the_top_what_is_edited_and_what_it_was(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    assert banner(screen) == [f"weight_ih_l0[1, 2] = 0.5  {was(FIRST)}"]
    assert any("The numbers below are edited" in words for words in screen.markdown("edited"))
    assert_numbers(screen, [FIRST])
    order = [getattr(node, "key", None) for node in screen.app.main]
    below = ("unrolled_plot", "products_plot", "said_plot", "steps_0", "weights_plot")
    assert all(order.index("edited") < order.index(key) for key in below)


def test_each_kind_of_edit_says_what_was_there_before(open_screen: Open) -> None:
    screen = open_screen("inside_the_cell", CONFIG)
    edit_token(screen, 1, "o")
    screen.enter(kind="unit")
    screen.press("Apply")
    screen.enter(kind="h_0", unit=2)
    screen.enter(new_value=0.25)
    screen.press("Apply")
    assert banner(screen) == [
        "line 0, step 1 reads o  (was e)",
        "layer 0 forward, unit 0 silenced",
        "h_0[0, 0, 2] = 0.25  (was 0)",
    ]
    assert_numbers(
        screen,
        [
            TokenEdit(line=0, step=1, token="o"),
            SilencedUnit(layer=0, direction=Direction.FORWARD, unit=0),
            StateEdit(row=0, column=0, unit=2, value=0.25),
        ],
    )


def test_the_present_value_stands_beside_the_new_one(screen: Screen) -> None:
    screen.enter(row=1, column=2)
    value = parameter(Trainer(CONFIG).model, "weight_ih_l0")[1, 2].item()
    assert screen.widget("new_value").label == f"weight_ih_l0[1, 2] is {format_number(value)}, becomes"
    screen.enter(new_value=0.5)
    screen.press("Apply")
    assert screen.widget("new_value").label == "weight_ih_l0[1, 2] is 0.5000, becomes"


def test_undo_takes_the_last_edit_back_and_undo_all_takes_all(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    edit_weight(screen, SECOND)
    assert_numbers(screen, [FIRST, SECOND])
    screen.press("Undo")
    assert banner(screen) == [f"weight_ih_l0[1, 2] = 0.5  {was(FIRST)}"]
    assert_numbers(screen, [FIRST])
    edit_weight(screen, SECOND)
    screen.press("Undo all")
    assert banner(screen) == []
    assert_numbers(screen, [])


def test_undo_of_the_only_edit_leaves_no_banner(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    screen.press("Undo")
    assert banner(screen) == []
    assert_numbers(screen, [])


def test_the_same_edit_is_not_made_twice(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    screen.press("Apply")
    assert [info.value for info in screen.app.info] == ["This edit is made already."]
    assert len(banner(screen)) == 1
    screen.press("Undo")
    assert_numbers(screen, [])


def test_a_new_value_for_the_same_weight_replaces_the_old_one(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    screen.enter(new_value=0.75)
    screen.press("Apply")
    assert banner(screen) == [f"weight_ih_l0[1, 2] = 0.75  {was(FIRST)}"]
    assert_numbers(screen, [WeightEdit(name=FIRST.name, index=FIRST.index, value=0.75)])


def test_other_pages_say_that_their_numbers_are_not_the_edited_ones_and_they_are_not(screen: Screen) -> None:
    words = "not edited here"
    for page in ("forward_pass", "train"):
        screen.go(page)
        assert not any(words in caption.value for caption in screen.app.caption)
    screen.go("inside_the_cell")
    edit_weight(screen, FIRST)
    plain = trace_with([])
    for page in ("forward_pass", "train"):
        screen.go(page)
        assert any(words in caption.value for caption in screen.app.caption)
        assert_same_panels(screen.heatmaps("output"), [o_TF.T for o_TF in plain.output_BTF])
        assert typed_array(screen.live("steps_0")["said"]["loss"]).tolist() == plain.loss_BT[0].tolist()
    screen.press("Step")
    trainer = Trainer(CONFIG)
    trainer.run(1)
    assert screen.every_epoch["loss"].tolist()[0] == trainer.now.loss_nats


@pytest.mark.parametrize("cell", Cell)
def test_forward_pass_shows_the_edited_network_while_its_switch_is_on(open_screen: Open, cell: Cell) -> None:
    config = RunConfig("hello", cell=cell, head=Head.LINEAR, hidden_size=5)
    screen = open_screen("forward_pass", config)
    assert not screen.has("show_edited")
    screen.go("inside_the_cell")
    edit_weight(screen, FIRST)
    edit_token(screen, 1, "o")
    screen.enter(kind="h_0", unit=2)
    screen.enter(new_value=0.25)
    screen.press("Apply")
    start = StateEdit(row=0, column=0, unit=2, value=0.25)
    edited_trace = trace_with([FIRST, TokenEdit(line=0, step=1, token="o"), start], config)
    lines = banner(screen)
    assert len(lines) == 3
    screen.go("forward_pass")
    assert banner(screen) == []
    assert_forward(screen, trace_with([], config), start=0.0)
    screen.enter(show_edited=True)
    assert banner(screen) == lines
    assert not any("not edited here" in caption.value for caption in screen.app.caption)
    assert [column["edited"] for column in screen.live("steps_0")["columns"]] == [False, True, False, False, False]
    assert_forward(screen, edited_trace, start=0.25)
    screen.go("train")
    assert any("not edited here" in caption.value for caption in screen.app.caption)
    screen.go("forward_pass")
    screen.press("Undo all")
    assert banner(screen) == []
    assert not screen.has("show_edited")
    assert_forward(screen, trace_with([], config), start=0.0)


def assert_forward(screen: Screen, trace: Trace, *, start: float) -> None:
    """Every number of *Forward pass* is of ``trace``, and its h_0 begins with ``start`` in unit 2."""
    assert_same_panels(screen.heatmaps("output"), [o_TF.T for o_TF in trace.output_BTF])
    assert_same_panels(screen.heatmaps("h_n"), [h_NH.T for h_NH in trace.h_n])
    if trace.c_n is not None:
        assert_same_panels(screen.heatmaps("c_n"), [c_NH.T for c_NH in trace.c_n])
    assert typed_array(screen.live("steps_0")["said"]["loss"]).tolist() == trace.loss_BT[0].tolist()
    drawn = screen.live("network")
    strips = [node for node in drawn["nodes"] if node["kind"] in STRIPS]
    values = dict(zip([node["id"] for node in strips], typed_array(drawn["values"]), strict=True))
    for step in range(5):
        assert values[f"state_0_0_{step}"].tolist() == trace.output_BTF[0, step].tolist()
    assert values["final_0_0"].tolist() == trace.h_n[0, 0].tolist()
    assert values["start_0_0"].tolist() == [0, 0, start, 0, 0]


def test_banner_and_edits_are_gone_under_another_config(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    screen.enter(seed=1)
    assert banner(screen) == []
    trace = trace_with([], RunConfig("hello", head=Head.LINEAR, hidden_size=5, seed=1))
    assert_same_panels(screen.heatmaps("unrolled"), [trace.layers[0].h_BTH[0].T])
    screen.go("forward_pass")
    assert not any("not edited here" in caption.value for caption in screen.app.caption)


def test_an_edited_token_is_marked_wherever_it_stands_and_no_other_is(screen: Screen) -> None:
    edit_token(screen, 1, "o")
    labels = screen.chart("unrolled")["layout"]["xaxis"]["ticktext"]
    assert labels == ["h<br>0", "✎o<br>1", "l<br>2", "l<br>3", "o<br>4"]
    columns = screen.live("steps_0")["columns"]
    assert [(column["read"], column["edited"]) for column in columns] == [
        ("h", False),
        ("o", True),
        ("l", False),
        ("l", False),
        ("o", False),
    ]
    assert columns[1]["ids"][0] == 3
    assert columns[1]["asked"] == "e"
    screen.go("forward_pass")
    assert not any("✎" in label for label in screen.chart("output")["layout"]["xaxis"]["ticktext"])
    assert [column["edited"] for column in screen.live("steps_0")["columns"]] == [False] * 5


def test_an_edited_weight_is_ringed_in_the_weights(screen: Screen) -> None:
    assert "shapes" not in screen.chart("weights")["layout"]
    edit_weight(screen, FIRST)
    (ring,) = screen.chart("weights")["layout"]["shapes"]
    assert (ring["x0"], ring["x1"], ring["y0"], ring["y1"]) == (1.5, 2.5, 0.5, 1.5)
    (shown,) = screen.heatmaps("weights")
    assert shown[1, 2] == np.float32(0.5)


def test_whose_numbers_never_stands_without_the_banner_while_edited(screen: Screen) -> None:
    edit_weight(screen, FIRST)
    assert "untrained" in screen.words("whose")[0]
    assert banner(screen) != []
    screen.runs[CONFIG].run(2)
    screen.run()
    for epoch in (2, 1, 0):
        screen.enter(epoch=epoch)
        assert f"epoch {epoch} of 2" in screen.words("whose")[0]
        value = parameter(screen.runs[CONFIG].model_at(epoch), FIRST.name)[FIRST.index].item()
        assert banner(screen) == [f"weight_ih_l0[1, 2] = 0.5  (was {format_number(value)})"]


def test_an_edit_that_cannot_be_made_is_named_and_not_made(screen: Screen) -> None:
    screen.enter(row=0, column=0, new_value=1e39)
    screen.press("Apply")
    assert any("finite" in error for error in screen.errors)
    assert banner(screen) == []


def test_a_token_in_the_banner_is_not_rendered(open_screen: Open) -> None:
    rendered = []
    for text in ("*_$`<:&", "abcdefg"):
        screen = open_screen("inside_the_cell", {"text": text, "head": "linear"})
        edit_token(screen, 1, text[0])
        assert banner(screen) == [f"line 0, step 1 reads {text[0]}  (was {text[1]})"]
        rendered.append(list(screen.rendered()))
    assert rendered[0] == rendered[1]


@pytest.mark.parametrize("cell", Cell)
def test_an_edit_of_every_cell_moves_the_numbers_of_the_microscope(open_screen: Open, cell: Cell) -> None:
    config = RunConfig("hello", cell=cell, head=Head.LINEAR, hidden_size=5)
    screen = open_screen("inside_the_cell", config)
    edit_weight(screen, WeightEdit(name="weight_ih_l0", index=(0, 0), value=3.0))
    inputs, _hidden = screen.heatmaps("products")
    gate = "reset" if cell is Cell.GRU else "input" if cell is Cell.LSTM else "hidden"
    assert inputs[0, 0] == np.float32(3.0), gate
