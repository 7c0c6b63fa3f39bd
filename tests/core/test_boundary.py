"""rnn_core knows nothing of any screen, and each outside library has one home."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import rnn_core

SOURCES = Path(rnn_core.__file__).parent
MODULES = {
    path.relative_to(SOURCES.parent).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__"): path
    for path in SOURCES.rglob("*.py")
}
# Imports every module of the package after ``first``, and says whether Streamlit came along and how many there were.
WALK = """
{first}
import importlib, pkgutil, sys
import rnn_core
modules = [m.name for m in pkgutil.walk_packages(rnn_core.__path__, "rnn_core.")]
for module in modules:
    importlib.import_module(module)
print("streamlit" in sys.modules, len(modules))
"""


def _imports(path: Path) -> Iterator[str]:
    """The modules that a source imports, also inside a function."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def _importers(library: str) -> set[str]:
    return {name for name, path in MODULES.items() if any(module.split(".")[0] == library for module in _imports(path))}


def test_no_module_imports_streamlit(fresh_process: Callable[..., str]) -> None:
    assert fresh_process(WALK.format(first="")).split() == ["False", str(len(MODULES) - 1)]


def test_a_module_that_imports_streamlit_would_be_found(fresh_process: Callable[..., str]) -> None:
    assert fresh_process(WALK.format(first="import streamlit")).split() == ["True", str(len(MODULES) - 1)]


def test_no_source_names_streamlit() -> None:
    assert _importers("streamlit") == set()


def test_only_tables_import_pandas() -> None:
    assert _importers("pandas") == {"rnn_core.tables"}


def test_only_figures_import_plotly() -> None:
    homes = {".".join(name.split(".")[:2]) for name in _importers("plotly")}
    assert homes == {"rnn_core.figures"}


def test_only_figures_import_figures() -> None:
    inside = {name for name, path in MODULES.items() if any("figures" in module for module in _imports(path))}
    assert inside
    assert all(name.startswith("rnn_core.figures.") for name in inside)


def test_imports_go_one_way() -> None:
    graph = {name: [m for m in _imports(path) if m in MODULES] for name, path in MODULES.items()}
    # static_order raises CycleError where an import comes back to where it started.
    order = list(TopologicalSorter(graph).static_order())
    assert order.index("rnn_core.text") < order.index("rnn_core.encoding") < order.index("rnn_core.training")
    assert graph["rnn_core.text"] == []


def test_no_import_is_relative() -> None:
    assert [name for name, path in MODULES.items() if any(module.startswith(".") for module in _imports(path))] == []


@pytest.mark.parametrize("name", rnn_core.__all__)
def test_a_public_name_is_there(name: str) -> None:
    assert hasattr(rnn_core, name)
