"""The JavaScript of the pages keeps the width of the Python."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "pages").rglob("*.js"))
COLUMNS = 120


def too_long(text: str) -> list[int]:
    """Return the numbers of the lines of ``text`` that have more than COLUMNS columns."""
    return [number for number, line in enumerate(text.splitlines(), start=1) if len(line) > COLUMNS]


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_of_a_script_is_longer_than_120_columns(file: Path) -> None:
    assert too_long(file.read_text(encoding="utf-8")) == []


def test_a_longer_line_would_be_found() -> None:
    assert SCRIPTS
    assert too_long(f"{'a' * COLUMNS}\n{'é' * (COLUMNS + 1)}\n") == [2]
