"""Memory: what the text asks for and what the states keep, in the core's numbers; and what cannot be shown is said."""

from __future__ import annotations

import numpy as np
import pytest

from rnn_core import RunConfig, Trainer, accuracy_ceiling, build_model, context_need, encode, trace_forward
from rnn_core.config import Head, Task
from rnn_core.memory import UNDECIDED
from rnn_core.presets import PRESETS
from rnn_core.states import mean_distance, separation, state_map
from tests.pages.conftest import HOSTILE, Open, Screen, typed_array

NEXT = PRESETS["Next character"]
LEARNT = 60


def trained(open_screen: Open, config: RunConfig, updates: int) -> Screen:
    screen = open_screen("train", config)
    screen.runs[config].run(updates)
    screen.go("memory")
    return screen


def said(screen: Screen) -> str:
    return " ".join(screen.markdown("memory_sentences"))


def test_the_bars_are_the_needs_and_the_marks_what_the_network_says(open_screen: Open) -> None:
    screen = open_screen("memory", NEXT)
    encoding = encode(NEXT)
    trace = trace_forward(build_model(NEXT), encoding)
    figure = screen.live("need_0_plot")
    (bars,) = figure["data"]
    assert bars["y"] == list(context_need(encoding.lines)[0])
    right = trace.predicted_BT[0] == encoding.target_BT[0]
    assert [mark["text"].startswith("✓") for mark in figure["layout"]["annotations"]] == right.tolist()
    assert f"at most **{round(11 * accuracy_ceiling(encoding.lines, 1))} of 11** right" in said(screen)
    assert f"gets **{right.sum()} of 11** right" in said(screen)
    assert "it remembers" not in said(screen)


def test_a_network_that_has_learnt_gets_more_than_anyone_who_sees_one_character(open_screen: Open) -> None:
    screen = trained(open_screen, NEXT, LEARNT)
    trainer = Trainer(NEXT)
    trainer.run(LEARNT)
    assert trainer.now.accuracy == 1
    assert "gets **11 of 11** right, more than anyone can who sees one character: **it remembers**" in said(screen)
    assert "It fails" not in said(screen)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bidirectional": True}, "its backward direction has read the answer"),
        ({"batch_first": False}, "it reads the lines one below the other, and has seen those above"),
    ],
    ids=["bidirectional", "lines one below the other"],
)
def test_more_right_than_one_character_allows_is_not_always_memory(
    open_screen: Open, changes: dict[str, bool], words: str
) -> None:
    config = RunConfig("abab\nacac", task=Task.NEXT, head=Head.LINEAR, hidden_size=8, learning_rate=0.03, **changes)  # type: ignore[arg-type]
    trainer = Trainer(config)
    trainer.run(200)
    assert trainer.now.accuracy == 1 > accuracy_ceiling(trainer.encoding.lines, 1)
    assert words in said(trained(open_screen, config, 200))
    assert "it remembers" not in said(trained(open_screen, config, 200))


def test_where_it_fails_is_said_and_how_many_of_those_need_more_than_one(open_screen: Open) -> None:
    config = RunConfig("hello! world", task=Task.NEXT, head=Head.LINEAR, batch_first=False)
    screen = trained(open_screen, config, 80)
    encoding = encode(config)
    trainer = Trainer(config)
    trainer.run(80)
    wrong = [t for t, _said in trainer.now.errors[0]]
    needs = context_need(encoding.lines)[0]
    assert all((needs[t] or 2) > 1 for t in wrong)
    assert f"It fails at t = {', '.join(map(str, wrong))}: at {len(wrong)} of these {len(wrong)}" in said(screen)


def test_lines_that_begin_alike_and_part_are_said_to_be_undecided(open_screen: Open) -> None:
    screen = open_screen("memory", RunConfig("ab\nac", task=Task.NEXT, head=Head.LINEAR))
    assert f"whoever remembers everything at most **1**: at 2 steps ({UNDECIDED})" in said(screen)
    assert screen.live("need_1_plot")["data"][0]["text"] == [UNDECIDED]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (RunConfig("hello! world"), "copying needs no memory at all"),
        (RunConfig("abcabc", task=Task.NEXT), "**no memory is needed**"),
        (RunConfig("a"), "There is no next one to ask for".lower()),
    ],
    ids=["copy", "one is enough", "one character"],
)
def test_what_needs_no_memory_is_said_to_need_none(open_screen: Open, config: RunConfig, words: str) -> None:
    screen = open_screen("memory", config)
    assert words in said(screen).lower() or words in said(screen)
    assert screen.errors == []


def test_the_ceiling_has_a_point_for_each_context_and_the_networks_share_only_where_it_predicts(
    open_screen: Open,
) -> None:
    screen = open_screen("memory", NEXT)
    figure = screen.live("ceiling_plot")
    assert figure["data"][0]["y"] == [accuracy_ceiling(encode(NEXT).lines, k) for k in (1, 2)]
    assert figure["layout"]["shapes"][0]["y0"] == pytest.approx(Trainer(NEXT).now.accuracy)
    screen.enter(task="copy")
    assert "shapes" not in screen.live("ceiling_plot")["layout"]


def test_the_map_is_that_of_the_chosen_epoch_and_says_how_far_the_states_have_parted(open_screen: Open) -> None:
    screen = trained(open_screen, NEXT, LEARNT)
    trainer = Trainer(NEXT)
    trainer.run(LEARNT)
    ratios = []
    for epoch in (LEARNT, 0):
        screen.enter(epoch=epoch)
        trace = trace_forward(trainer.model_at(epoch), trainer.encoding)
        states = state_map(trace, trainer.encoding)
        joined = screen.live("state_map_plot")["data"][2]
        np.testing.assert_array_equal(
            np.stack([typed_array(joined["x"]), typed_array(joined["y"])], axis=1),
            states.xy_P2[states.occurrences("l")],
        )
        near, far = mean_distance(trace, trainer.encoding, "l"), mean_distance(trace, trainer.encoding)
        assert near is not None
        assert far
        ratios.append(near / far)
        assert any(f"are on average **{ratios[-1]:.0%}** as far apart" in words.value for words in screen.app.markdown)
    assert ratios[0] > ratios[1]  # they separate with training


def test_another_character_can_be_joined_and_a_new_text_has_its_own(open_screen: Open) -> None:
    screen = open_screen("memory", NEXT)
    screen.enter(same_token="o")
    assert len(screen.live("state_map_plot")["data"][2]["text"]) == 2
    screen.enter(text="abcacd")
    assert screen.errors == []
    assert screen.widget("same_token").value in ("a", "c")
    screen.enter(text="abcd")
    assert any("Every character is read once" in words.value for words in screen.app.markdown)


def test_units_are_sorted_by_what_is_chosen(open_screen: Open) -> None:
    screen = open_screen("memory", NEXT)
    encoding = encode(NEXT)
    trace = trace_forward(build_model(NEXT), encoding)
    for kind, shares in separation(trace, encoding).items():
        screen.enter(tells_apart=kind)
        order = (-shares).argsort(kind="stable")[:12]
        (shown,) = screen.heatmaps("units")
        np.testing.assert_array_equal(shown, trace.output_BTF[0].T[order])
        assert any(f"{shares[order[0]]:.0%} of its variance" in words.value for words in screen.app.text)


def test_weights_that_are_no_numbers_give_a_sentence_and_the_needs_stay(open_screen: Open) -> None:
    config = RunConfig("hello! world", nonlinearity="relu", learning_rate=10.0, optimizer="sgd", task=Task.NEXT)  # type: ignore[arg-type]
    screen = open_screen("train", config)
    trainer = screen.runs[config]
    while trainer.stop is None and trainer.epoch < 300:
        trainer.step()
    assert trainer.stop is not None
    screen.go("memory")
    assert ["hidden states must be finite" in error for error in screen.errors] == [True]
    assert screen.live("need_0_plot")["data"]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_asked_about_like_any_other(open_screen: Open, text: str) -> None:
    screen = open_screen("memory", RunConfig(text, head=Head.LINEAR, hidden_size=3))
    assert screen.errors == []
    assert [words for words in screen.rendered() if "<img" in words or "javascript:" in words] == []


def test_the_steps_on_train_say_what_is_needed_above_what_is_said(open_screen: Open) -> None:
    screen = open_screen("train", NEXT)
    columns = screen.live("steps_0")["columns"]
    assert [column["need"] for column in columns] == [str(need) for need in context_need(encode(NEXT).lines)[0]]
    screen.enter(task="copy")
    assert all("need" not in column for column in screen.live("steps_0")["columns"])
