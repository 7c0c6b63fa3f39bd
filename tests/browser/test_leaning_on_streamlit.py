"""All that this project leans on in Streamlit beyond its documented interface, so that an upgrade fails here first.

Each is a row of a table with what it is needed for; a search of the sources finds what is in no table.
"""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, Open, settle, until

SOURCES = [
    file
    for pattern in (
        "app.py",
        "server/**/*.py",
        "server/**/*.js",
        "pages/**/*.py",
        "pages/**/*.css",
        "pages/**/*.js",
        "tests/**/*.py",
    )
    for file in sorted(ROOT.glob(pattern))
    if file != Path(__file__)
]

NODES = {
    '[data-testid="stApp"]': "tests wait for its state",
    '[data-testid="stAppViewContainer"]': "the sidebar's place is kept",
    '[data-testid="stMainBlockContainer"]': "the room around a page",
    '[data-testid="stSidebar"]': "the sidebar's place is kept",
    '[data-testid="stSidebarContent"]': "the navigation's place is kept",
    '[data-testid="stSidebarNav"]': "the navigation's place is kept",
    '[data-testid="stSidebarUserContent"]': "the navigation's place is kept",
    '[data-testid="stBaseButton-primary"]': "the contrast of its label",
    '[data-testid="stText"]': "the colour of the sentence under a refused value",
    '[data-testid="stNumberInput"] input[type=number]': "what is not a number (pages/ui/number_fields.js)",
    '[data-testid="stNumberInputStepUp"]': "arrows by decades (pages/ui/number_fields.js)",
    '[data-testid="stNumberInputStepDown"]': "arrows by decades (pages/ui/number_fields.js)",
    ".st-key-one_line input": "lines that are pasted or dropped (pages/ui/fields.js)",
    '[data-testid="stPopover"]': "tests open each popover",
    '[data-testid="stCaptionContainer"]': "the contrast of a caption",
    '[data-testid="stWidgetLabel"][disabled]': "the contrast of a control that is off",
    ".stMain .stVerticalBlock": "what stands below a chart comes after it",
    ".st-key-page_head": "a key is a class: every rule of style, every live chart",
    ".st-key-equations .katex": "the size of the equations",
}
"""Nodes of the page, all of which *Inside the cell* of an LSTM has, and what each is needed for."""

STATES = {
    "data-test-connection-state": ("stApp", "CONNECTED"),
    "data-test-script-state": ("stApp", "notRunning"),
}
"""What Streamlit says of itself for tests, on which node, and the value that is waited for."""

MODULES = {
    (
        "streamlit.proto.BackMsg_pb2",
        "BackMsg",
    ): "one update at a time: whether a message is the timer's; whether it is one at all",
    ("streamlit.proto.ForwardMsg_pb2", "ForwardMsg"): "one update at a time: whether a message ends a run",
    ("streamlit.proto.Delta_pb2", "Delta"): "the load test reads what the server draws",
    ("streamlit.proto.NewSession_pb2", "CustomThemeConfig"): "the theme is read once",
    ("streamlit.proto.NewSession_pb2", "NewSession"): "a test compares the theme with the one that Streamlit reads",
    ("streamlit.proto.NumberInput_pb2", "NumberInput"): "the load test knows the kinds of number",
    ("streamlit.proto.WidgetStates_pb2", "WidgetState"): "the load test tells its widgets' values",
    ("streamlit.proto.WidgetStates_pb2", "WidgetStates"): "a test ends a run for another request",
    ("streamlit.runtime", "app_session"): "the theme is read once",
    ("streamlit.runtime.scriptrunner", "StopException"): "a page that ends itself has been drawn",
    (
        "streamlit.runtime.scriptrunner",
        "get_script_run_ctx",
    ): "no request ends the run within an act; which controls are drawn",
    (
        "streamlit.runtime.scriptrunner.script_runner",
        "ScriptRunner",
    ): "a test ends a run at every place where it can end",
    (
        "streamlit.runtime.state.safe_session_state",
        "SafeSessionState",
    ): "no request ends a run before its callbacks have returned",
    ("streamlit.runtime.scriptrunner_utils.exceptions", "RerunException"): "a test ends a run for another request",
    ("streamlit.runtime.scriptrunner_utils.script_requests", "RerunData"): "a test ends a run for another request",
    ("streamlit.components.v2", "manifest_scanner"): "tests scan the installed packages once",
    ("streamlit.testing.v1.app_test", "TMP_DIR"): "tests leave no directory behind",
}
"""Private modules and what is taken from them."""

HOST_MESSAGES = {
    "WEBSOCKET_CONNECTED": "the notice of a lost connection goes",
    "WEBSOCKET_DISCONNECTED": "an error is the connection's",
    "CLIENT_ERROR_DIALOG": "the notice of a lost connection comes",
}
"""What Streamlit's page tells its host and itself, by the type of the message; `test_lost_connection.py` sees them."""

SETTINGS = {
    "BACKEND_BASE_URL": "a page in any folder finds the server",
    "blockErrorDialogs": "our notice comes instead of Streamlit's dialog",
}
"""What Streamlit's page takes from ``window.__streamlit``."""

PUBLIC = {("streamlit.testing.v1", "AppTest"), ("streamlit.delta_generator", "DeltaGenerator")}

FIELDS = {
    "BackMsg": ("rerun_script", "is_auto_rerun"),
    "ForwardMsg": ("script_finished",),
}
"""Fields of Streamlit's messages that the server reads, however deep."""


def lost(name: str, need: str) -> str:
    return f"this Streamlit has no {name}, which is leant on for: {need}"


@pytest.fixture(scope="module")
def inside(server: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """*Inside the cell*, which has a node of every kind; the tests only look at it."""
    browser = request.getfixturevalue("chromium")
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{server}/inside_the_cell?cell=lstm")
    settle(page)
    until(page, "document.querySelector('[data-drawn]')")
    yield page
    page.close()


NODES_OF_SHARE = {'[data-testid="stFileUploaderDropzone"]': "the place for a file has a role that agrees with its name"}


@pytest.mark.parametrize(("selector", "need"), NODES_OF_SHARE.items(), ids=list(NODES_OF_SHARE))
def test_share_has_a_node(server: str, open_page: Open, selector: str, need: str) -> None:
    share = open_page(f"{server}/share")
    expect(share.locator(selector).first, lost(f"node {selector}", need)).to_be_attached()


NODES_OF_A_POPOVER = {'[data-testid="stPopoverBody"]': "tests wait for the buttons in it"}


@pytest.mark.parametrize(("selector", "need"), NODES_OF_A_POPOVER.items(), ids=list(NODES_OF_A_POPOVER))
def test_an_open_popover_has_a_node(server: str, open_page: Open, selector: str, need: str) -> None:
    page = open_page(f"{server}/share")
    page.locator('[data-testid="stPopover"] button').first.click()
    expect(page.locator(selector).first, lost(f"node {selector}", need)).to_be_attached()


@pytest.mark.parametrize(("selector", "need"), NODES.items(), ids=list(NODES))
def test_the_page_has_a_node(inside: Page, selector: str, need: str) -> None:
    if "primary" in selector:
        need += " (the button Apply)"
    expect(inside.locator(selector).first, lost(f"node {selector}", need)).to_be_attached()


@pytest.mark.parametrize("state", STATES)
def test_the_page_says_its_state(inside: Page, state: str) -> None:
    node, value = STATES[state]
    found = inside.locator(f'[data-testid="{node}"]').get_attribute(state)
    assert found == value, lost(f"{state}={value} on {node}", "tests wait for it")


def test_the_page_takes_the_servers_address_from_a_global(server: str, open_page: Open) -> None:
    page = open_page(f"{server}/train")
    asked = page.evaluate("performance.getEntriesByType('resource').map(entry => new URL(entry.name).pathname)")
    health = [path for path in asked if path.endswith("/_stcore/health")]
    need = "else a deep link probes the wrong place, and every console shows it"
    assert set(health) <= {"/_stcore/health"}, lost("window.__streamlit.BACKEND_BASE_URL", need)


@pytest.mark.parametrize(("module", "name"), MODULES)
def test_a_private_module_has_what_is_taken_from_it(module: str, name: str) -> None:
    try:
        there = importlib.import_module(module)
        found = hasattr(there, name) or importlib.util.find_spec(f"{module}.{name}") is not None
    except ModuleNotFoundError:
        found = False
    assert found, lost(f"{name} in {module}", MODULES[module, name])


@pytest.mark.parametrize("message", FIELDS)
def test_a_message_has_the_fields_that_are_read(message: str) -> None:
    descriptor = getattr(importlib.import_module(f"streamlit.proto.{message}_pb2"), message).DESCRIPTOR
    for name in FIELDS[message]:
        assert name in descriptor.fields_by_name, lost(f"{name} in {message}", "one update at a time")
        descriptor = descriptor.fields_by_name[name].message_type


def test_every_node_that_a_source_names_is_in_the_table() -> None:
    named = {
        name
        for file in SOURCES
        for name in re.findall(r"data-testid=\\?[\"']?(st[\w-]+)|\.(st[A-Z]\w+)", file.read_text(encoding="utf-8"))
        for name in name
        if name
    }
    known = set(re.findall(r"\bst[A-Z][\w-]+", " ".join([*NODES, *NODES_OF_SHARE, *NODES_OF_A_POPOVER])))
    assert named - known == set(), "a source leans on a node that no row of NODES names"


def test_every_state_that_a_source_waits_for_is_in_the_table() -> None:
    named = {name for file in SOURCES for name in re.findall(r"data-test-[\w-]+", file.read_text(encoding="utf-8"))}
    assert named == set(STATES)


@pytest.fixture(scope="module")
def page_scripts() -> str:
    """The scripts of Streamlit's page."""
    folder = Path(streamlit.__file__).parent / "static" / "static" / "js"
    return "".join(file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.js")))


@pytest.mark.parametrize(("name", "need"), [*HOST_MESSAGES.items(), *SETTINGS.items()])
def test_the_page_knows_a_message_or_a_setting(page_scripts: str, name: str, need: str) -> None:
    assert name in page_scripts, lost(name, need)


def test_every_host_message_and_setting_that_a_source_names_is_in_a_table() -> None:
    sources = {file: file.read_text(encoding="utf-8") for file in SOURCES if "tests" not in file.parts}
    messages = {name for text in sources.values() for name in re.findall(r'\btype === "([A-Z_]+)"', text)}
    settings = {name for text in sources.values() for name in re.findall(r"[{,](\w+):(?:new URL|true)", text)}
    assert messages == set(HOST_MESSAGES)
    assert settings == set(SETTINGS)


def test_every_private_module_that_a_source_imports_is_in_the_table() -> None:
    taken = {
        (node.module, alias.name)
        for file in SOURCES
        if file.suffix == ".py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("streamlit.")
        for alias in node.names
    }
    assert taken == set(MODULES) | PUBLIC
