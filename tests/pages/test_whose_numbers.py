"""Whose numbers a page shows is said: which text's network, and after how many updates; and they are those."""

from __future__ import annotations

from typing import Any

import pytest

from pages.ui.inside_the_cell.place import STEPS, UNITS
from rnn_core import RunConfig, Trainer, build_model, encode, trace_forward
from rnn_core.text import row_label
from tests.pages.conftest import HOSTILE, Open, Screen, assert_same_panels, typed_array

UPDATES = 3
CONFIG = RunConfig("hello! world")


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    """The network of CONFIG after UPDATES updates."""
    trained = Trainer(CONFIG)
    trained.run(UPDATES)
    return trained


@pytest.fixture
def trained(open_screen: Open) -> Screen:
    """*Train* after UPDATES updates."""
    screen = open_screen("train", CONFIG)
    screen.runs[CONFIG].run(UPDATES)
    return screen


def said(screen: Screen) -> str:
    (words,) = screen.words("whose")
    return words


def assert_shows(screen: Screen, page: str, epoch: int, trainer: Trainer) -> None:
    """The words and the control say ``epoch``, and all numbers are those of the network after so many updates."""
    which = f"trained (epoch {epoch} of {trainer.epoch})" if epoch else f"untrained (epoch 0 of {trainer.epoch})"
    assert said(screen) == f"Network: {which} · text: hello! world"
    assert screen.widget("epoch").value == epoch
    trace = trace_forward(trainer.model_at(epoch), trainer.encoding)
    if page == "forward_pass":
        assert_same_panels(screen.heatmaps("output"), [o_TF.T for o_TF in trace.output_BTF])
        assert_same_panels(screen.heatmaps("h_n"), [h_NH.T for h_NH in trace.h_n])
    else:
        assert_same_panels(screen.heatmaps("unrolled"), [trace.layers[0].h_BTH[0, :STEPS, :UNITS].T])
    assert typed_array(screen.live("steps_0")["said"]["loss"]).tolist() == trace.loss_BT[0].tolist()


@pytest.mark.parametrize("page", ["forward_pass", "inside_the_cell"])
def test_after_steps_on_train_the_trained_network_is_shown(open_screen: Open, trainer: Trainer, page: str) -> None:
    screen = open_screen("train", CONFIG)
    for _step in range(UPDATES):
        screen.press("Step")
    screen.go(page)
    assert_shows(screen, page, UPDATES, trainer)


@pytest.mark.parametrize("page", ["forward_pass", "inside_the_cell"])
def test_the_control_goes_back_to_any_epoch(trained: Screen, trainer: Trainer, page: str) -> None:
    trained.go(page)
    for epoch in (1, 2, 0):
        trained.enter(epoch=epoch)
        assert_shows(trained, page, epoch, trainer)


def test_at_epoch_0_the_network_is_the_untrained_one_bit_for_bit(trained: Screen) -> None:
    trained.go("forward_pass")
    trained.enter(epoch=0)
    trace = trace_forward(build_model(CONFIG), encode(CONFIG))
    assert_same_panels(trained.heatmaps("output"), [o_TF.T for o_TF in trace.output_BTF])
    assert_same_panels(trained.heatmaps("h_n"), [h_NH.T for h_NH in trace.h_n])


@pytest.mark.parametrize("chosen", [None, 1, 0], ids=["nothing chosen", "epoch 1", "epoch 0"])
@pytest.mark.parametrize(
    "way",
    [
        ("forward_pass", "inside_the_cell"),
        ("inside_the_cell", "forward_pass"),
        ("forward_pass", "text_to_tensor", "inside_the_cell"),
        ("forward_pass", "train", "forward_pass"),
    ],
    ids=" → ".join,
)
def test_words_and_numbers_are_of_one_epoch_whichever_way_one_came(
    trained: Screen, trainer: Trainer, way: tuple[str, ...], chosen: int | None
) -> None:
    first, *others = way
    trained.go(first)
    if chosen is not None:
        trained.enter(epoch=chosen)
    for page in others:
        trained.go(page)
    assert_shows(trained, way[-1], UPDATES if chosen is None else chosen, trainer)


def test_after_another_update_the_control_follows_to_the_newest_epoch(trained: Screen) -> None:
    trained.go("forward_pass")
    trained.enter(epoch=0)
    trained.go("train")
    trained.press("Step")
    further = Trainer(CONFIG)
    further.run(UPDATES + 1)
    for page in ("forward_pass", "inside_the_cell"):
        trained.go(page)
        assert_shows(trained, page, UPDATES + 1, further)
        trained.go("train")


def test_looking_at_another_epoch_leaves_the_training_as_it_is(trained: Screen, trainer: Trainer) -> None:
    trained.go("forward_pass")
    trained.enter(epoch=0)
    trained.go("train")
    assert trained.every_epoch["loss"].tolist() == [trainer.history[0].loss_nats]  # *Train* looks at it as well
    assert trained.runs[CONFIG].now == trainer.now


@pytest.mark.parametrize("page", ["forward_pass", "inside_the_cell"])
def test_what_was_never_trained_says_so_and_has_no_control(open_screen: Open, page: str) -> None:
    screen = open_screen(page)
    assert said(screen) == "Network: untrained (epoch 0) · text: hello! world"
    assert not screen.has("epoch")


@pytest.mark.parametrize("page", ["forward_pass", "inside_the_cell"])
def test_under_another_config_the_words_are_of_that_one(trained: Screen, page: str) -> None:
    trained.go(page)
    trained.enter(text="noon")
    assert said(trained) == "Network: untrained (epoch 0) · text: noon"
    trained.enter(text=CONFIG.text)
    assert said(trained) == f"Network: trained (epoch {UPDATES} of {UPDATES}) · text: hello! world"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("noon\nmoon", "noon ⏎ moon"),
        ("ab" * 40, "ab" * 20 + "…"),
        (HOSTILE["an image with a script"], HOSTILE["an image with a script"]),
        (HOSTILE["control characters"], "".join(map(row_label, HOSTILE["control characters"]))),
    ],
    ids=["lines", "long", "markup", "control characters"],
)
def test_the_text_is_named_in_plain_text_on_one_line(open_screen: Open, text: str, shown: str) -> None:
    screen = open_screen("forward_pass", {"text": text, "head": "linear"})
    assert said(screen) == f"Network: untrained (epoch 0) · text: {shown}"
    assert not any(shown in rendered for rendered in screen.rendered())


def test_beside_an_error_the_text_that_is_still_shown_is_named(trained: Screen) -> None:
    trained.go("forward_pass")
    output: Any = trained.chart("output")
    trained.enter(text="")
    assert trained.errors == ["text must have at least 1 token, got none"]
    (shown,) = trained.words("problem")
    assert shown.startswith("Shown below, unchanged: hello! world · lines 1, steps 12, input_size 9")
    assert said(trained) == f"Network: trained (epoch {UPDATES} of {UPDATES}) · text: hello! world"
    assert trained.chart("output") == output


def test_while_playing_the_pages_show_the_epoch_that_was_reached(trained: Screen) -> None:
    trained.press("Play")
    trained.go("forward_pass")
    loss = typed_array(trained.live("steps_0")["said"]["loss"])[0]
    played = Trainer(CONFIG)
    played.run(UPDATES + 1)
    assert said(trained) == f"Network: trained (epoch {UPDATES + 1} of {UPDATES + 1}) · text: hello! world"
    assert loss == trace_forward(played.model, played.encoding).loss_BT[0, 0]
