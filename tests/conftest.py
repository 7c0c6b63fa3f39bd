"""What all tests share: whether the browser tests run, said aloud when they do not."""

from __future__ import annotations

import os

import pytest
from streamlit.testing.v1.app_test import TMP_DIR

from tests.browser.chromium import NoChromiumError, find

LEFT_OUT = os.environ.get("BROWSER_TESTS", "1") == "0"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the browser tests out if asked to; without a browser and without being asked, they fail."""
    browser = [item for item in items if item.get_closest_marker("browser")]
    if LEFT_OUT and browser:
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if item not in browser]


def pytest_report_header() -> str:
    """Says which browser is used."""
    if LEFT_OUT:
        return "browser tests: left out, BROWSER_TESTS=0"
    try:
        return f"browser: {find()}"
    except NoChromiumError as error:
        return str(error)


def pytest_sessionfinish() -> None:
    """AppTest leaves its directory to the interpreter's end, which complains under ``-W error``."""
    TMP_DIR.cleanup()
