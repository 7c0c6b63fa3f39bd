"""What all tests share: whether the browser tests run, said aloud when they do not."""

from __future__ import annotations

import os
import shutil

import pytest

BROWSER = "chromium"
LEFT_OUT = os.environ.get("BROWSER_TESTS", "1") == "0"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the browser tests out if asked to; without a browser and without being asked, they fail."""
    browser = [item for item in items if item.get_closest_marker("browser")]
    if LEFT_OUT and browser:
        config.hook.pytest_deselected(items=browser)
        items[:] = [item for item in items if item not in browser]


def pytest_report_header() -> str:
    """Says which browser is used."""
    return "browser tests: left out, BROWSER_TESTS=0" if LEFT_OUT else f"browser: {shutil.which(BROWSER)}"
