"""Bad input is said in one sentence and changes nothing; hostile but valid input is shown to the letter."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.ui.inside_the_cell.place import STEPS
from rnn_core import PRESETS, ConfigError, RunConfig, Trainer, encode
from rnn_core.config import Cell, Head
from rnn_core.text import canonical_text, row_label, visible
from tests.pages.conftest import HOSTILE, PAGES, Open, Screen

GOOD = RunConfig("noon\nmoon", cell=Cell.GRU, head=Head.LINEAR, hidden_size=3)
MANY = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
INVALID: dict[str, dict[str, Any]] = {
    "empty text": {"text": ""},
    "blank lines only": {"text": "\n\n"},
    "one character with task next": {"text": "x", "task": "next"},
    "one short line with task next": {"text": "noon\nx", "task": "next"},
    "10,000 characters": {"text": "ab" * 5_000},
    "70,000 characters": {"text": "ab" * 35_000},
    "300 distinct characters": {"text": MANY},
    "200 distinct characters and no hidden_size": {"text": MANY[:200], "hidden_size": None},
    "17 lines": {"text": "\n".join(["ab"] * 17)},
    "4,800 characters in 16 lines": {"text": "\n".join(["abc" * 100] * 16)},
    "head none with a hidden_size that misfits": {"head": "none", "hidden_size": 2},
    "head none and two directions with an odd vocabulary": {"head": "none", "hidden_size": None, "bidirectional": True},
    "learning_rate 0": {"learning_rate": 0.0},
    "clip_norm 0": {"clip_norm": 0.0},
}
"""Changes to GOOD that no network can be built from, by what is wrong with them."""


Views = dict[str, tuple[dict[str, str], list[tuple[str, bytes]]]]


@pytest.fixture(scope="module")
def good_views(open_screen: Open) -> Views:
    """What every page shows of GOOD after one update."""
    screen = open_screen("train", GOOD)
    screen.press("Step")
    views = {}
    for page in PAGES:
        screen.go(page)
        assert screen.errors == []
        views[page] = screen.charts(), screen.drawn()
    return views


@pytest.fixture(scope="module")
def default_charts(open_screen: Open) -> dict[str, dict[str, str]]:
    """The charts of every page as one finds them without a link."""
    screen = open_screen()
    return {page: screen.charts() for page in screen.walk()}


@dataclass(frozen=True)
class Seen:
    """What one text left on each page: strings that are rendered, and figures."""

    text: str
    rendered: dict[str, list[str]]
    figures: dict[str, list[Any]]


def see(open_screen: Open, text: str) -> Seen:
    """Looks at every page."""
    screen = open_screen(query={"text": text, "head": "linear"})
    rendered, figures = {}, {}
    for page in screen.walk():
        assert screen.errors == []
        assert screen.widget("text").value == canonical_text(text)
        rendered[page] = list(screen.rendered())
        if page == "compare":  # it has no figure before it runs
            screen.press("Run")
        figures[page] = screen.figures()
    return Seen(text, rendered, figures)


def harmless(text: str) -> str:
    """A text of the same shape: as many lines, tokens and repetitions, and nothing but letters."""
    letters = string.ascii_letters + "".join(map(chr, range(0x4E00, 0x4E00 + 100)))
    encoding = encode(RunConfig(text))
    return "\n".join("".join(letters[index] for index in ids if index >= 0) for ids in encoding.ids_BT.tolist())


@pytest.fixture(scope="module", params=HOSTILE.values(), ids=list(HOSTILE))
def seen(open_screen: Open, request: pytest.FixtureRequest) -> Seen:
    """Every page with one hostile text."""
    return see(open_screen, request.param)


@pytest.fixture(scope="module")
def unhurt(open_screen: Open, seen: Seen) -> Seen:
    """Every page with a harmless text of the same shape."""
    return see(open_screen, harmless(seen.text))


def sentence(change: dict[str, Any]) -> str:
    """What rnn_core says about GOOD with ``change``."""
    fields = {name: getattr(GOOD, name) for name in ("text", "cell", "head", "hidden_size")}
    with pytest.raises(ConfigError) as caught:
        RunConfig(**(fields | change))
    return str(caught.value)


def assert_says(screen: Screen, said: str, shown: str) -> None:
    """The one error is ``said``, and what is ``shown`` below is named."""
    assert screen.errors == [said]
    assert screen.words("problem") == [f"Shown below, unchanged: {shown}"]


GOOD_SHOWN = "noon ⏎ moon · lines 2, steps 4, input_size 3, hidden_size 3"
DEFAULT_SHOWN = "hello! world · lines 1, steps 12, input_size 9, hidden_size 9"


@pytest.mark.parametrize("change", INVALID.values(), ids=INVALID.keys())
def test_bad_input_says_the_sentence_and_keeps_the_last_good_view_on_every_page(
    open_screen: Open, good_views: Views, change: dict[str, Any]
) -> None:
    said = sentence(change)
    screen = open_screen("train", GOOD)
    screen.press("Step")
    screen.enter(**change)
    for page in ("train", *(page for page in PAGES if page != "train")):
        if page != "train":
            screen.go(page)
        assert_says(screen, said, GOOD_SHOWN)
        assert (screen.charts(), screen.drawn()) == good_views[page]


@pytest.mark.parametrize(
    "query",
    [
        {"text": ""},
        {"text": "x", "task": "next"},
        {"text": "ab" * 5_000},
        {"text": MANY},
        {"hidden_size": "5"},
        {"text": "abc", "bidirectional": "true"},
    ],
    ids=lambda query: next(reversed(query)),
)
def test_a_link_to_no_network_says_the_sentence_over_the_default_on_every_page(
    open_screen: Open, default_charts: dict[str, dict[str, str]], query: dict[str, str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        RunConfig.from_query(query)
    screen = open_screen(query=query)
    assert not screen.has("link_notes")
    for page in screen.walk():
        assert_says(screen, str(caught.value), DEFAULT_SHOWN)
        assert screen.charts() == default_charts[page]


@pytest.mark.parametrize("page", PAGES)
def test_a_run_is_taken_up_again_where_bad_input_left_it(open_screen: Open, page: str) -> None:
    screen = open_screen("train", GOOD)
    screen.press("Step")
    screen.go(page)
    good = screen.drawn()
    screen.enter(text="")
    screen.enter(text=GOOD.text)
    assert screen.errors == []
    assert not screen.has("problem")
    assert screen.drawn() == good
    screen.go("train")
    trainer = Trainer(GOOD)
    trainer.run(1)
    assert screen.every_epoch["loss"].tolist() == [trainer.now.loss_nats, trainer.history[0].loss_nats]


def test_step_under_bad_input_trains_the_last_good_network(open_screen: Open) -> None:
    screen = open_screen("train", GOOD)
    screen.enter(text="")
    screen.press("Step")
    assert_says(screen, sentence({"text": ""}), GOOD_SHOWN)
    trainer = Trainer(GOOD)
    trainer.run(1)
    assert screen.every_epoch["loss"].tolist() == [trainer.now.loss_nats, trainer.history[0].loss_nats]


def test_a_preset_ends_bad_input(open_screen: Open) -> None:
    screen = open_screen("train", GOOD)
    screen.enter(text="", learning_rate=0.0)
    for preset, config in PRESETS.items():
        screen.choose(preset)
        assert screen.errors == []
        assert screen.every_epoch["loss"].tolist() == [Trainer(config).now.loss_nats]


@pytest.mark.parametrize("page", PAGES)
def test_what_is_rendered_is_the_same_whatever_characters_were_typed(seen: Seen, unhurt: Seen, page: str) -> None:
    assert seen.rendered[page] == unhurt.rendered[page]
    assert [shown for shown in seen.rendered[page] if seen.text in shown and shown not in PRESETS] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page != "share"])  # which has none
def test_no_chart_takes_hostile_text_for_markup(seen: Seen, page: str) -> None:
    labels: list[str] = []
    for figure in seen.figures[page]:
        axes = [axis for name, axis in figure["layout"].items() if re.match("[xy]axis", name)]
        labels += [label for axis in axes for label in axis.get("ticktext", [])]
        labels += [label for trace in figure["data"] for row in trace.get("customdata", []) for label in row]
    assert labels
    for label in labels:
        assert re.search(r"<(?!br>)|(?<!<br)>", label) is None
        assert re.search(r"&(?!(lt|gt|amp);)", label) is None


def test_the_characters_of_markup_are_escaped_in_labels(open_screen: Open) -> None:
    labels = ["&lt;<br>0", "&amp;<br>1", "&gt;<br>2"]
    screen = open_screen(query={"text": "<&>", "head": "linear"})
    assert screen.chart("one_hot")["layout"]["xaxis"]["ticktext"] == labels
    for page in ("forward_pass", "train"):
        screen.go(page)
        assert screen.chart("output")["layout"]["xaxis"]["ticktext"] == labels


def test_hostile_text_reaches_code_and_tables_unchanged(open_screen: Open) -> None:
    text = HOSTILE["an image with a script"]
    screen = open_screen("train", {"text": text, "head": "linear"})
    trainer = Trainer(RunConfig(text, head=Head.LINEAR))
    shown = [visible(token) for token in text]
    assert screen.every_epoch["prediction"].tolist() == ["".join(map(row_label, trainer.now.decoded[0]))]
    for page in PAGES:
        screen.go(page)
        if page == "through_time":
            assert screen.live("dependence")["tokens"] == screen.live("dependence")["asked"] == shown
        if page in ("through_time", "memory", "compare", "share"):
            continue
        columns = screen.live("steps_0")["columns"]
        expected = shown[:STEPS] if page == "inside_the_cell" else shown
        assert [column["read"] for column in columns] == [column["asked"] for column in columns] == expected


@pytest.mark.parametrize("page", PAGES)
def test_hostile_links_are_never_rendered(open_screen: Open, page: str) -> None:
    query: dict[str, str | list[str]] = {
        "cell": "<img src=x>",
        "seed": "![a](http://x/y.png)",
        "<b>x</b>": "1",
        "[a](b)": ":red[a]",
        "learning_rate": "$x$",
    }
    screen = open_screen(page, query)
    assert screen.errors == []
    assert len(screen.notes) == len(query)
    hostile = ["<img", "![a]", "<b>x", "[a](b)", ":red[a]", "$x$"]
    assert [shown for shown in screen.rendered() if any(part in shown for part in hostile)] == []


def test_the_scan_for_rendered_text_finds_what_it_is_for() -> None:
    def script() -> None:
        import streamlit as st

        st.title("T1")
        st.markdown("M2")
        st.caption("C3")
        st.badge("B4")
        st.error("E5")
        st.warning("W6")
        st.subheader("S7", divider="gray")
        st.html("<p>H8</p>")
        st.button("L9", help="P10")
        st.text_input("L11", "v12", help="P13", placeholder="D14")
        st.text_area("L15", "v16")
        st.toggle("L17")
        st.number_input("L18")
        st.segmented_control("L19", ["O20"])
        st.expander("X21").markdown("M22")
        st.tabs(["N23"])
        st.sidebar.caption("C24")
        st.table({"K25": ["V26"]})
        st.toast("Y27")
        st.metric("L28", "V29")
        st.text("v30")
        st.code("v31", language=None)

    rendered = "\n".join(Screen(AppTest.from_function(script)).rendered())
    found = set(map(int, re.findall(r"[A-Z](\d+)", rendered)))
    assert found >= {*range(1, 12), 13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29}
    assert re.findall(r"v\d+", rendered) == []
