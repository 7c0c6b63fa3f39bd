"""An exported script and notebook, run without the project, give the numbers of the screen.

All run in one fresh process that has torch and nothing else of ours, each in a namespace of its own. A printed loss is
within 1e-6 of the trainer's, relative to 1 + the loss: both make the same products in the same order.
"""

from __future__ import annotations

import ast
import itertools
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rnn_core import PRESETS, RunConfig
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from rnn_core.export import Check, measure_check, to_notebook, to_script
from rnn_core.history import EpochRecord
from rnn_core.shapes import axis_sizes
from rnn_core.training import Branch, Trainer
from tests.core.conftest import CELLS

EPOCHS = 7
TOLERANCE = 1e-6
HOSTILE = "\"'\\ {x}\t'''%s\u2028\x00\u202e\n\"\"\"{{}}👩‍🚀\\n#{"
UNEQUAL = "hello!\nabracadabra\nhe"
EQUAL = "hello\neolll\nlleel"

# Runs every script and notebook of a folder with torch alone, and prints what each printed, made, and failed by.
DRIVER = """
import contextlib, io, json, sys
from pathlib import Path
for name in ("numpy", "regex", "pandas", "rnn_core"):
    sys.modules[name] = None
import torch

def cells(path):
    if path.suffix == ".py":
        return [path.read_text(encoding="utf-8")]
    document = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == "code"]

def tensors(space):
    for name, value in space.items():
        if isinstance(value, torch.nn.utils.rnn.PackedSequence):
            name, value = name + ".data", value.data
        if isinstance(value, torch.Tensor) and name != "_":
            yield name, list(value.shape)

def parameters(space):
    named = [*space["rnn"].named_parameters()]
    named += [("head." + name, value) for name, value in space["head"].named_parameters()] if "head" in space else []
    return {name: list(value.shape) for name, value in named}

for path in sorted(Path.cwd().iterdir()):
    space, failed, printed = {"__name__": "__main__"}, "", io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            for cell in cells(path):
                exec(compile(cell, path.name, "exec"), space)
    except AssertionError as error:
        failed = f"AssertionError {error}"
    found = {"failed": failed, "printed": printed.getvalue(), "tensors": dict(tensors(space))}
    print(json.dumps({"name": path.name, "parameters": parameters(space), **found}))
"""


class Case(NamedTuple):
    """What is exported."""

    config: RunConfig
    epochs: int = EPOCHS
    branch: Branch | None = None


def _grid() -> dict[str, Case]:
    """Every cell with every task and head."""
    return {
        f"{name}, {task}, head {head}": Case(RunConfig("hello! w", task=task, head=head, seed=3, **cell))
        for (name, cell), task, head in itertools.product(CELLS.items(), Task, Head)
    }


def _unequal() -> dict[str, Case]:
    deep: dict[str, Any] = {"num_layers": 2, "bidirectional": True, "head": Head.LINEAR, "hidden_size": 5}
    return {
        f"{name}, {task}, unequal lines, two layers of two directions": Case(
            RunConfig(UNEQUAL, task=task, learning_rate=0.01, **deep, **cell)
        )
        for (name, cell), task in itertools.product(CELLS.items(), Task)
    }


def _clipped() -> dict[str, Case]:
    return {
        f"{optimizer}, clip {clip}": Case(
            RunConfig(EQUAL, cell=Cell.GRU, optimizer=optimizer, clip_norm=clip, learning_rate=0.01, seed=2**32 - 1)
        )
        for optimizer, clip in itertools.product(Optimizer, (None, 0.25, 1e30))
    }


_LEFT = RunConfig(EQUAL, head=Head.LINEAR, hidden_size=2)
_CLIPPED = replace(_LEFT, clip_norm=0.5)
CASES = {
    **_grid(),
    **_unequal(),
    **_clipped(),
    "as it opens": Case(RunConfig(), 100),
    "no update": Case(RunConfig(EQUAL, head=Head.LINEAR), 0),
    "one update": Case(RunConfig("안녕하세요 세계"), 1),
    "one token": Case(RunConfig("a")),
    "batch": Case(PRESETS["Batch of three"]),
    "batch, next": Case(RunConfig(EQUAL, task=Task.NEXT, head=Head.LINEAR)),
    "batch_first off": Case(RunConfig(EQUAL, head=Head.LINEAR, batch_first=False, cell=Cell.LSTM)),
    "batch_first off, unequal lines": Case(
        RunConfig(UNEQUAL, head=Head.LINEAR, batch_first=False, task=Task.NEXT, num_layers=3)
    ),
    "two directions without a head": Case(RunConfig("abcdef", bidirectional=True, nonlinearity=Nonlinearity.RELU)),
    "two directions, unequal lines, no head": Case(RunConfig("abcdef\nfed", bidirectional=True)),
    "emoji": Case(PRESETS["Emoji: 👩‍🚀🚀🌍"]),
    "hostile": Case(RunConfig(HOSTILE, head=Head.LINEAR)),
    "a branch with another rate": Case(_LEFT, EPOCHS, Branch(epoch=4, learning_rate=0.01)),
    "a branch that clips": Case(_LEFT, EPOCHS, Branch(epoch=4, learning_rate=0.1, clip_norm=0.1)),
    "a branch that clips no more": Case(_CLIPPED, EPOCHS, Branch(epoch=4, learning_rate=0.2)),
    "a branch that clips otherwise": Case(_CLIPPED, EPOCHS, Branch(epoch=4, learning_rate=0.2, clip_norm=0.1)),
    "a branch that clips alike": Case(_CLIPPED, EPOCHS, Branch(epoch=4, learning_rate=0.2, clip_norm=0.5)),
    "a branch from the start": Case(_LEFT, EPOCHS, Branch(epoch=0, learning_rate=0.01, clip_norm=0.1)),
    "a branch at the end": Case(_LEFT, EPOCHS, Branch(epoch=EPOCHS, learning_rate=0.01)),
    "a run that grows what differs": Case(RunConfig(nonlinearity=Nonlinearity.RELU, head=Head.LINEAR), 40),
}
CHANGED = (
    "as it opens",
    "hostile",
    "a run that grows what differs",
    "lstm, next, unequal lines, two layers of two directions",
)
"""The cases in which more than a loss is changed, to see them fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A case, the records of its screen, its script and notebook, and what they did when they were run."""

    case: Case
    records: list[EpochRecord]
    script: str
    notebook: str
    ran: dict[str, Any]


def _run(folder: Path, files: dict[str, str], **variables: str) -> dict[str, Any]:
    """What each file did, by its name."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    command = [sys.executable, "-I", "-W", "error", "-W", "ignore:Failed to initialize NumPy", "-c", DRIVER]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | variables, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    ran = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["name"] for each in ran} == files.keys()
    return {each["name"]: each for each in ran}


def _kinds(name: str) -> tuple[str, ...]:
    """What is changed in a case."""
    return ("loss", "word", "seed") if name in CHANGED else ("loss",)


def _changed(case: Case, check: Check, script: str) -> dict[str, str]:
    """The script with one loss of the screen changed; with its words changed; and with another seed."""

    def export(other: Check) -> str:
        return to_script(case.config, epochs=case.epochs, branch=case.branch, check=other)

    *first, last = check.losses
    seed = f"torch.manual_seed({case.config.seed})"
    assert script.count(seed) == 1
    return {
        "loss": export(replace(check, losses=(*first, last + 0.01 * (1 + last)))),
        "word": export(replace(check, said=(check.said[0] + "x", *check.said[1:]))),
        "seed": script.replace(seed, "torch.manual_seed(7)"),
    }


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    """Every case, exported and run."""
    folder = tmp_path_factory.mktemp("scripts")
    files: dict[str, str] = {}
    records: dict[str, list[EpochRecord]] = {}
    for number, (name, case) in enumerate(CASES.items()):
        trainer = Trainer(case.config, case.branch)
        records[name] = [*trainer.run(case.epochs), trainer.now]
        check = measure_check(trainer)
        options: dict[str, Any] = {"epochs": case.epochs, "branch": case.branch, "check": check}
        files[f"{number}.py"] = script = to_script(case.config, **options)
        files[f"{number}.ipynb"] = to_notebook(case.config, **options)
        changed = _changed(case, check, script)
        files |= {f"{number}-{kind}.py": changed[kind] for kind in _kinds(name)}
    scripts = {name: files[name] for name in files if re.fullmatch(r"\d+\.py", name)}
    with ThreadPoolExecutor() as pool:
        here = pool.submit(_run, folder / "here", files)
        there = pool.submit(_run, folder / "elsewhere", scripts, ATEN_CPU_CAPABILITY="default", MKL_CBWR="COMPATIBLE")
        ran, elsewhere = here.result(), there.result()
    return {
        name: Exported(
            case=case,
            records=records[name],
            script=files[f"{number}.py"],
            notebook=files[f"{number}.ipynb"],
            ran={
                "script": ran[f"{number}.py"],
                "notebook": ran[f"{number}.ipynb"],
                "elsewhere": elsewhere[f"{number}.py"],
                **{kind: ran[f"{number}-{kind}.py"] for kind in _kinds(name)},
            },
        )
        for number, (name, case) in enumerate(CASES.items())
    }


def _printed(output: str) -> list[tuple[int, float, int, int, tuple[str, ...]]]:
    """Epoch, loss, how many right, of how many, and the decoded lines, of each line that was printed."""
    pattern = re.compile(r"epoch +(\d+)  loss (\S+)  right +(\d+) of (\d+)  (.*)")
    found = [pattern.fullmatch(line) for line in output.splitlines()]
    return [
        (int(line[1]), float(line[2]), int(line[3]), int(line[4]), tuple(ast.literal_eval(line[5])))
        for line in found
        if line is not None
    ]


@pytest.mark.parametrize("kind", ["script", "notebook"])
@pytest.mark.parametrize("name", CASES)
def test_it_prints_the_numbers_of_the_screen_and_passes(exported: dict[str, Exported], name: str, kind: str) -> None:
    each = exported[name]
    ran = each.ran[kind]
    assert ran["failed"] == ""
    printed = _printed(ran["printed"])
    *_epochs, verdict = ran["printed"].splitlines()
    assert len(printed) == len(_epochs) == each.case.epochs + 1
    assert re.fullmatch(r"check passed: (1 epoch agrees|\d+ epochs agree) to 1e-[35]", verdict)
    assert [line[0] for line in printed] == [record.epoch for record in each.records]
    expected = [record.loss_nats for record in each.records]
    assert [line[1] for line in printed] == [pytest.approx(loss, rel=TOLERANCE, abs=TOLERANCE) for loss in expected]
    assert [right / total for _, _, right, total, _ in printed] == [
        pytest.approx(record.accuracy) for record in each.records
    ]
    assert [line[4] for line in printed] == [record.decoded for record in each.records]


@pytest.mark.parametrize("name", CASES)
def test_it_passes_where_sums_are_added_in_another_order(exported: dict[str, Exported], name: str) -> None:
    assert exported[name].ran["elsewhere"]["failed"] == ""


@pytest.mark.parametrize("name", CASES)
def test_it_fails_when_a_loss_of_the_screen_is_another(exported: dict[str, Exported], name: str) -> None:
    assert "Mismatched elements: 1 / " in exported[name].ran["loss"]["failed"]


@pytest.mark.parametrize("kind", ["word", "seed"])
@pytest.mark.parametrize("name", CHANGED)
def test_it_fails_when_what_is_said_or_the_seed_is_another(exported: dict[str, Exported], name: str, kind: str) -> None:
    assert exported[name].ran[kind]["failed"].startswith("AssertionError")


def _alone(folder: Path, script: str) -> tuple[int, str]:
    """How a script ended that was run by itself, and what it printed."""
    folder.mkdir()
    (folder / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-I", "-W", "error", "-X", "utf8", "script.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout


def test_run_alone_it_exits_with_0_and_with_1_when_the_losses_are_others(
    exported: dict[str, Exported], tmp_path: Path
) -> None:
    hostile, opening = exported["hostile"], exported["as it opens"]
    changed = opening.script.replace("expected = torch.tensor([", "expected = 1.01 * torch.tensor([")
    with ThreadPoolExecutor() as pool:
        right = pool.submit(_alone, tmp_path / "right", hostile.script)
        wrong = pool.submit(_alone, tmp_path / "wrong", changed)
        assert right.result() == (0, hostile.ran["script"]["printed"])
        epochs, verdict, _rest = opening.ran["script"]["printed"].partition("check passed")
        assert verdict
        assert wrong.result() == (1, epochs)


# --- shapes ----------------------------------------------------------------------------------------------------------

SHAPES = re.compile(r"([A-Za-z_.0-9]+)? *\(([^()=]*)\) = (\([\d, ]*\))")


def _commented(script: str) -> list[tuple[str, tuple[str, ...], list[int]]]:
    """Name, axes and sizes of every tensor that a comment of ``script`` speaks of."""
    found = []
    for line in script.splitlines():
        code, _, comment = line.partition("#")
        for name, axes, sizes in SHAPES.findall(comment):
            letters = tuple(axis.strip() for axis in axes.split(",") if axis.strip())
            found.append((name or code.split(" = ")[0].strip(), letters, list(ast.literal_eval(sizes))))
    return found


@pytest.mark.parametrize("name", CASES)
def test_every_tensor_has_its_shape_in_a_comment(exported: dict[str, Exported], name: str) -> None:
    each = exported[name]
    ran = each.ran["script"]
    commented = {tensor: sizes for tensor, _axes, sizes in _commented(each.script)}
    assert re.search(r"# (loss )?\(\): one number", each.script)
    commented["loss"] = []
    assert {tensor: commented.get(tensor) for tensor in ran["tensors"]} == ran["tensors"]
    assert {tensor: commented.get(tensor) for tensor in ran["parameters"]} == ran["parameters"]


@pytest.mark.parametrize("name", CASES)
def test_every_axis_has_its_size(exported: dict[str, Exported], name: str) -> None:
    each = exported[name]
    size = axis_sizes(each.case.config)
    for tensor, axes, sizes in _commented(each.script):
        assert len(axes) == len(sizes), tensor
        assert [found for axis, found in zip(axes, sizes, strict=True) if axis in size] == [
            size[axis] for axis in axes if axis in size
        ], tensor
