"""One visitor without a browser: the app as it answers, read the way a person would look at it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from rnn_core import RunConfig, Trainer

MAIN = Path(__file__).parents[2] / "pages" / "main.py"
PAGES = ("text_to_tensor", "forward_pass", "inside_the_cell", "train", "through_time", "memory", "compare", "share")
"""The pages, as the navigation has them; the first one is open when one arrives."""

PLAIN = frozenset({"text", "code", "dataframe", "bidi_component", "image"})
"""Elements that draw what they are given to the letter, or by a script of ours that sets text only; and pictures."""

LABELLED = frozenset({"text_input", "text_area", "selectbox", "download_button"})
"""Elements that show or hand out a value to the letter; their labels are Markdown all the same."""

HOSTILE = {
    "control characters": "a\x00b\x01\x07\x08\x0b\x0c\x1b\x7f\x85c",
    "what is invisible": "\u200da\u2028b\u2029c\u202ed\u202c",
    "combining marks": "\u0301e\u0301a\u0328\u0301n\u0303",
    "one token of 600 code points": "a" + "\u0301" * 599 + "b",
    "right to left": "שלום عالم",
    "zero width joiner emoji": "👩‍👩‍👧‍👦👩‍🚀𝔸𝕓𐍈",
    "an image with a script": "<img src=x onerror=alert(1)>",
    "bold": "<b>",
    "entities": "&lt;b&gt;&amp;",
    "mathematics": "$x$",
    "colour": ":red[a]",
    "a remote image": "![a](http://x/y.png)",
    "other Markdown": "[a](javascript:b) |`c`| **d** :material/home:",
    "a template": "%{x} {0} {text} %s",
    "markup in several lines": "<b>one</b>\n# two\n$three$",
}
"""What people type when they wish to see it break, by what it is; every one of them is a valid text."""


class Screen:
    """The app in front of one visitor; no run of it may raise."""

    def __init__(self, app: AppTest) -> None:
        self.app = app
        self.run()

    def run(self) -> None:
        """Runs the script with what was changed."""
        self.app.run()
        assert [(raised.message, raised.stack_trace) for raised in self.app.exception] == []

    def go(self, page: str) -> None:
        """Opens ``page`` from the navigation; as a browser does, without a word of the controls that one leaves."""
        self.app.switch_page(f"{page}.py")
        self.app.main.children.clear()
        self.run()

    def walk(self) -> Iterator[str]:
        """Every page in turn, beginning with the one that a visitor finds open."""
        yield PAGES[0]
        for page in PAGES[1:]:
            self.go(page)
            yield page

    def enter(self, **values: object) -> None:
        """Gives each control, named by its key, a new value."""
        for key, value in values.items():
            self.widget(key).set_value(value)
        self.run()

    def press(self, label: str) -> None:
        """Clicks the button that says ``label``."""
        self.button(label).click()
        self.run()

    def press_key(self, key: str) -> None:
        """Click the button with ``key``."""
        self.widget(key).click()
        self.run()

    def widget(self, key: str) -> Any:
        """The control with ``key``."""
        return self.app.get_by_key(key)

    def choose(self, preset: str | None) -> None:
        """Chooses a preset, or clears the choice."""
        self.enter(preset=preset)

    def button(self, label: str) -> Any:
        """The one button that says ``label``."""
        (button,) = [button for button in self.app.button if button.label == label]
        return button

    def has(self, key: str) -> bool:
        """Whether anything with ``key`` is there."""
        return any(getattr(node, "key", None) == key for node in self.app)

    @property
    def errors(self) -> list[str]:
        """What st.error says."""
        return [error.value for error in self.app.error]

    @property
    def notes(self) -> list[str]:
        """What is said about the link, as plain text."""
        container: Any = self.app.get_by_key("link_notes")
        return [note.value for note in container.text]

    @property
    def badges(self) -> list[str]:
        """The badges above the page."""
        return [badge for badge in self.markdown("badges") if "-badge[" in badge]

    @property
    def runs(self) -> dict[RunConfig, Trainer]:
        """The trainings that the session keeps, the present one last."""
        runs: dict[RunConfig, Trainer] = self.app.session_state["runs"]
        return runs

    @property
    def every_epoch(self) -> pd.DataFrame:
        """The table of the whole training."""
        (table,) = self.app.dataframe
        return table.value

    def markdown(self, container: str) -> list[str]:
        """The Markdown of each element in ``container``."""
        block: Any = self.app.get_by_key(container)
        return [element.value for element in block.markdown]

    def charts(self) -> dict[str, str]:
        """Every chart as JSON, by its own key."""
        mounted = {str(part.key): _of_any_session(part.proto.json) for part in self.app.get("bidi_component")}
        return {key: document for key, document in mounted.items() if json.loads(document).get("kind") == "chart"}

    def figures(self) -> list[Any]:
        """Every figure on the page: data and layout."""
        return [_strict_json(document) for document in self.charts().values()]

    def chart(self, container: str) -> Any:
        """The figure in ``container``: data and layout."""
        block: Any = self.app.get_by_key(container)
        (part,) = block.get("bidi_component")
        return _strict_json(part.proto.json)

    def words(self, container: str) -> list[str]:
        """The plain text of each element in ``container``."""
        block: Any = self.app.get_by_key(container)
        return [element.value for element in block.text]

    def heatmaps(self, container: str) -> list[npt.NDArray[Any]]:
        """The numbers of each panel of the figure in ``container``."""
        return [typed_array(trace["z"]) for trace in self.chart(container)["data"]]

    @property
    def mounted(self) -> set[str]:
        """The key of every live component on the page."""
        return {str(part.key) for part in self.app.get("bidi_component")}

    def live(self, key: str) -> Any:
        """What the live component ``key`` was given."""
        part: Any = self.app.get_by_key(key)
        return _strict_json(part.proto.json)

    def frame(self) -> Any:
        """The patches of the last frame, by the key of what each goes to."""
        _mount, patches = self._frame()
        return _strict_json(patches)

    def frame_mount(self) -> str:
        """The id of the mount that the last frame is for."""
        mount, _patches = self._frame()
        return mount

    def _frame(self) -> tuple[str, str]:
        container: Any = self.app.get_by_key("feed")
        (line,) = container.text
        mount, brace, patches = line.value.partition("{")
        return mount, brace + patches

    def sentences(self) -> list[str]:
        """Every string that is shown or read out anywhere, but for what a live component is made of."""
        strings: list[str] = []
        for node in self.app:
            proto: Any = getattr(node, "proto", None)
            if node.type == "bidi_component":
                strings += _leaves(json.loads(proto.json))
            elif proto is not None and not hasattr(node, "children"):
                strings += _strings(proto)
        return strings

    def drawn(self) -> list[tuple[str, bytes]]:
        """All that the main area shows, in order, but for the notice of what is wrong."""
        nodes = [node for node in self.app.main if node.proto is not None]
        notice = {id(part) for node in nodes if getattr(node, "key", None) == "problem" for part in node}
        # A download names its file anew in each run.
        left_out = notice | {id(node) for node in nodes if node.type == "download_button" or hasattr(node, "children")}
        shown = [(node.type, _as_shown(node)) for node in nodes if id(node) not in left_out]
        state = self.app.session_state
        session = str(state["session_of_components"]).encode() if "session_of_components" in state else b"-"
        return [(kind, part.replace(session, b"the id of the session")) for kind, part in shown]

    def rendered(self) -> Iterator[str]:
        """Every string that Streamlit reads as Markdown or HTML, on the page and in the sidebar."""
        for node in self.app:
            proto: Any = getattr(node, "proto", None)
            if node.type in LABELLED:
                yield from (proto.label, proto.help, getattr(proto, "placeholder", ""))
            elif node.type not in PLAIN and proto is not None:
                yield from _strings(proto)


Open = Callable[..., Screen]


@pytest.fixture(scope="session", autouse=True)
def packages_read_once() -> Iterator[None]:
    """Each AppTest reads the metadata of every installed package anew, which takes longer than a run of the app."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture(scope="session")
def open_screen() -> Open:
    """Opens a page from a link: of a config, or of a raw query in which a list is a repeated key."""

    def opened(
        page: str = PAGES[0], query: RunConfig | Mapping[str, str | list[str]] | None = None, **context: str
    ) -> Screen:
        app = AppTest.from_file(str(MAIN), default_timeout=30)
        app.query_params.update(query.to_query() if isinstance(query, RunConfig) else query or {})
        app.context.update(context)
        screen = Screen(app)
        if page != PAGES[0]:
            screen.go(page)
        return screen

    return opened


def typed_array(value: Mapping[str, str]) -> npt.NDArray[Any]:
    """The numbers of one of Plotly's typed arrays, bit for bit."""
    flat = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
    return flat.reshape([int(size) for size in value["shape"].split(",")]) if "shape" in value else flat


def assert_same_panels(shown: list[npt.NDArray[Any]], expected: Iterable[npt.NDArray[Any]]) -> None:
    """Equal shape, type and bits, panel by panel."""
    for panel, values in zip(shown, expected, strict=True):
        np.testing.assert_array_equal(panel, values, strict=True)


def _as_shown(node: Any) -> bytes:
    """All of an element; of a control its value, and not whether it was the script that set it."""
    message = type(node.proto).FromString(node.proto.SerializeToString())
    pushed = {"set_value", "value", "raw_value", "raw_values"} & set(message.DESCRIPTOR.fields_by_name)
    if "json" in message.DESCRIPTOR.fields_by_name:
        message.json = _of_any_session(message.json)
    if "set_value" not in pushed:
        return bytes(message.SerializeToString(deterministic=True))
    for name in pushed:
        message.ClearField(name)
    return bytes(message.SerializeToString(deterministic=True)) + repr(node.value).encode()


def _of_any_session(document: str) -> str:
    """The data of a component without the id of the session that drew it (``pages.ui.components.frames``)."""
    return re.sub(r'("mount": ?")[0-9a-f]+', r"\1", document)


def _strict_json(document: str | bytes) -> Any:
    """What a browser reads: NaN and Infinity are no JSON to it."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(document, parse_constant=refuse)


def _leaves(value: Any) -> Iterator[str]:
    """Every string in a tree of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _leaves(part)


def _strings(message: Any) -> Iterator[str]:
    """Every string in a message of Streamlit's protocol, however deep."""
    for _field, value in message.ListFields():
        parts = value if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) else [value]
        for part in parts:
            if isinstance(part, str):
                yield part
            elif hasattr(part, "ListFields"):
                yield from _strings(part)
