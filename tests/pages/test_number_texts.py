"""No number on any page is longer than stated or printed in a way of its own, also where the training diverged."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pages.ui.i18n import Message
from rnn_core import RunConfig
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer
from rnn_core.numbers import HOVER, HOVER_PERCENT, HOVER_SHORT, HOVER_WHOLE, TICK_PERCENT
from tests.pages.conftest import PAGES, Open, Screen

ROOT = Path(__file__).parents[2]
HUGE = RunConfig(
    "hello! world", nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, learning_rate=10, num_layers=2, bidirectional=True
)
DIVERGED = {
    "huge": HUGE.to_query() | {"epoch": "5"},
    "not finite": RunConfig(
        nonlinearity=Nonlinearity.RELU, head=Head.LINEAR, optimizer=Optimizer.SGD, learning_rate=10
    ).to_query()
    | {"epoch": "10"},
    "tiny rate": RunConfig(cell=Cell.LSTM, learning_rate=1e-5).to_query() | {"epoch": "3"},
}

NUMBER = re.compile(r"[-−+]?\d[\d.]*(?:[eE][-−+]?\d+)?")
LONGEST = 12
"""Of a number in a sentence: ``format_number`` with six decimals and a minus has 11 characters."""

NOT_SHOWN = {"bdata", "colorscale", "query", "dash", "texttemplate", "hovertemplate", "plotly", "font", "color", "name"}
NOT_SHOWN |= {"session", "mount"}
"""What a component gets and does not show."""

HOVERS = {f":{spec}" for spec in (HOVER, HOVER_SHORT, HOVER_PERCENT, HOVER_WHOLE, "")}
CELL = re.compile(r"%\{z:\.\df\}|%\{text\}")
"""The text of a heatmap's cells; the browser prints both by ``printed``."""

FORMAT = re.compile(r"%\{[\w.\[\]]+(:[^}]*)?\}")
OWN_FORMAT = re.compile(r"[+,]?(\.\d+)?[fgeE%]")


def shown(value: Any, name: str = "") -> Iterator[str]:
    """Every string in what a component gets that it may show."""
    if isinstance(value, str) and name not in NOT_SHOWN:
        yield value
    elif isinstance(value, list):
        for part in value:
            yield from shown(part, name)
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from shown(part, key) if key not in NOT_SHOWN else ()


def texts(screen: Screen) -> Iterator[str]:
    """What is on the page but code, which prints numbers as Python writes them."""
    app: Any = screen.app
    for kind in ("text", "markdown", "caption", "title", "subheader", "error", "warning", "info", "success", "metric"):
        yield from (str(node.value) for node in app.get(kind))
    for key in screen.mounted:
        yield from shown(screen.live(key))


@pytest.mark.parametrize("query", DIVERGED.values(), ids=DIVERGED)
@pytest.mark.parametrize("page", PAGES)
def test_no_number_is_longer_than_stated_or_printed_as_python_prints_it(
    open_screen: Open, page: str, query: dict[str, str]
) -> None:
    screen = open_screen(page, query)
    bare = [re.sub(r"`[^`]*`|\$[^$]*\$|<[^>]*>|https?://\S+|#\w+", "", text) for text in texts(screen)]
    assert sum(bool(NUMBER.search(text)) for text in bare) > 5
    found = [(number, text) for text in bare for number in NUMBER.findall(text)]
    assert [one for one in found if len(one[0]) > LONGEST] == []
    assert [one for one in found if re.search(r"e[-+]|^-.*\.", one[0])] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_chart_prints_its_numbers_by_a_format_of_the_one_module(open_screen: Open, page: str) -> None:
    screen = open_screen(page, DIVERGED["huge"])
    for figure in screen.figures():
        for trace in figure["data"]:
            hover = trace.get("hovertemplate", "")
            assert {spec or ":" for spec in FORMAT.findall(hover)} <= HOVERS
            if "texttemplate" in trace:
                assert CELL.fullmatch(trace["texttemplate"])
        for name, axis in figure["layout"].items():
            if re.match(r"[xy]axis", name):
                assert axis.get("tickformat", TICK_PERCENT) == TICK_PERCENT


def own_formats(tree: ast.AST) -> Iterator[str]:
    """The f-strings that format a number, but for style sheets, code, and what ``float`` reads again."""
    read_again = {
        id(argument)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float"
        for argument in node.args
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.JoinedStr) or id(node) in read_again:
            continue
        whole = ast.unparse(node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue) and part.format_spec is not None:
                spec = ast.unparse(part.format_spec)[2:-1]
                if OWN_FORMAT.fullmatch(spec) and not re.search(r"style>|clamp|height:|vh|clip_grad_norm_", whole):
                    yield whole


@pytest.mark.parametrize(
    "file",
    [
        path
        for folder in ("pages", "rnn_core")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "export" not in path.parts and path.name != "numbers.py"
    ],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_no_module_formats_a_number_by_itself(file: Path) -> None:
    assert list(own_formats(ast.parse(file.read_text(encoding="utf-8")))) == []


def test_a_format_of_its_own_would_be_found() -> None:
    assert list(own_formats(ast.parse('f"loss {loss:.4f}"')))


@pytest.mark.parametrize(
    "file", sorted((ROOT / "pages").rglob("*.js")), ids=lambda path: str(path.relative_to(ROOT / "pages"))
)
def test_no_script_formats_a_number_by_itself(file: Path) -> None:
    found = re.findall(r"toFixed|toPrecision|toExponential|toLocaleString", file.read_text(encoding="utf-8"))
    assert (found == []) == (file.name != "numbers.js")


def test_a_message_prints_its_numbers_whatever_it_is_joined_with() -> None:
    whole = "* " + Message("loss {loss:.4f}") + Message(", rate {rate:g}") + "; {count:,}"
    assert whole.format(loss=29578740.0, rate=1e-5, count=12000) == "* loss 2.958e7, rate 1e−5; 12,000"
