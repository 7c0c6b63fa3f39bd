"""The script that is handed out runs as it stands, and gives what the page shows."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
import torch

from rnn_core import PRESETS, ConfigError, RunConfig, Trainer, build_model, encode, trace_forward
from rnn_core.call import module_calls
from rnn_core.config import Cell, Head, Nonlinearity, Optimizer, Task
from rnn_core.export import Part, check, code_for, config_call, measure_check, to_notebook, to_script, to_sweep
from rnn_core.export.source import WIDTH
from rnn_core.runs import train_run
from rnn_core.tables import runs_table
from rnn_core.text import split_lines
from rnn_core.training import Branch
from tests.core.conftest import ROOT

HOSTILE = "\"'\\ \n{x}\t'''%s\u2028\x00"
CONFIGS = [
    *PRESETS.values(),
    RunConfig(HOSTILE, cell=Cell.LSTM, clip_norm=0.5),
    RunConfig(seed=7, bidirectional=True, head=Head.LINEAR, batch_first=False, task=Task.NEXT),
]


@pytest.mark.parametrize("config", CONFIGS, ids=range(len(CONFIGS)))
def test_the_call_makes_the_config_again(config: RunConfig) -> None:
    assert eval(config_call(config), {"RunConfig": RunConfig}) == config


def test_the_sweep_script_gives_the_runs_of_the_page_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    base = RunConfig("hello", head=Head.LINEAR)
    configs = [base, replace(base, cell=Cell.GRU, learning_rate=0.01)]
    (tmp_path / "sweep.py").write_text(to_sweep(configs, (0, 3), epochs=5), encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    for _again in range(2):
        done = subprocess.run(
            [sys.executable, "sweep.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
    found = pd.read_csv(tmp_path / "runs.csv")
    expected = runs_table(train_run(replace(config, seed=seed), 5) for config in configs for seed in (0, 3))
    for column in ("cell", "seed", "epochs", "loss", "accuracy", "parameters"):
        assert found[column].tolist() == expected[column].tolist()
    assert len(list((tmp_path / "runs").iterdir())) == 4


# --- the code of a page, the script, the notebook --------------------------------------------------------------------

UNEQUAL = RunConfig("hello!\nabracadabra\nhe", task=Task.NEXT, cell=Cell.LSTM, num_layers=2, head=Head.LINEAR, seed=3)
FULL = RunConfig(
    HOSTILE + '\n"""👩‍🚀',
    cell=Cell.LSTM,
    bidirectional=True,
    num_layers=4,
    hidden_size=128,
    head=Head.LINEAR,
    clip_norm=0.5,
)
SHOWN = [
    *PRESETS.values(),
    UNEQUAL,
    replace(UNEQUAL, batch_first=False),
    FULL,
    RunConfig("\n".join("abcdefghij" * 51 for _line in range(8)), cell=Cell.GRU, bidirectional=True),
    RunConfig("abcd", nonlinearity=Nonlinearity.RELU, bidirectional=True, optimizer=Optimizer.RMSPROP),
]


def _after(config: RunConfig, part: Part, **options: Any) -> dict[str, Any]:
    """The names that the code of a page leaves, run with torch's generator left as it was."""
    space: dict[str, Any] = {}
    with torch.random.fork_rng(devices=[]):
        exec(code_for(config, part, **options), space)
    return space


@pytest.mark.parametrize("config", SHOWN, ids=range(len(SHOWN)))
def test_the_code_of_a_page_is_the_beginning_of_the_next_ones_and_of_the_script(config: RunConfig) -> None:
    branch = Branch(epoch=1, learning_rate=0.5)
    shown = [code_for(config, part, epochs=2, branch=branch) for part in Part]
    script = to_script(config, epochs=2, branch=branch)
    body = script[script.index("import torch") :]
    for code, longer in zip(shown, [*shown[1:], body], strict=True):
        assert longer.startswith(code)
        assert len(longer) > len(code)


@pytest.mark.parametrize("config", SHOWN, ids=range(len(SHOWN)))
def test_the_code_of_text_to_tensor_makes_the_tensors_of_the_page(config: RunConfig) -> None:
    space, encoding = _after(config, Part.DATA), encode(config)
    assert tuple(map(tuple, space["lines"])) == split_lines(config.text)
    assert tuple(space["vocabulary"]) == encoding.vocabulary.tokens
    assert np.array_equal(space["x"].numpy(), encoding.x_BTV)
    assert space["x"].dtype == torch.float32
    assert np.array_equal(space["target"].numpy(), encoding.target_BT)
    assert "rnn" not in space


@pytest.mark.parametrize("config", SHOWN, ids=range(len(SHOWN)))
def test_the_code_of_the_forward_pass_gives_the_numbers_of_the_page(config: RunConfig) -> None:
    space, trace = _after(config, Part.FORWARD), trace_forward(build_model(config), encode(config))
    for found, shown in (("output", trace.output_BTF), ("h_n", trace.h_n), ("logits", trace.logits_BTV)):
        np.testing.assert_allclose(space[found].detach().numpy(), shown, rtol=1e-6, atol=1e-6)
    if trace.c_n is not None:
        np.testing.assert_allclose(space["c_n"].detach().numpy(), trace.c_n, rtol=1e-6, atol=1e-6)
    assert tuple(space["decoded"]) == Trainer(config).now.decoded
    assert "optimizer" not in space


def test_the_code_of_train_trains_as_long_as_it_is_asked_to(capsys: pytest.CaptureFixture[str]) -> None:
    config, branch = PRESETS["Batch of three"], Branch(epoch=2, learning_rate=0.01)
    trainer = Trainer(config, branch)
    trainer.run(5)
    space = _after(config, Part.TRAIN, epochs=5, branch=branch)
    assert space["losses"] == pytest.approx([*trainer.history.losses(0), trainer.now.loss_nats], rel=1e-6, abs=1e-6)
    for mine, theirs in zip(space["rnn"].parameters(), trainer.model.rnn.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-6)
    assert len(capsys.readouterr().out.splitlines()) == 6
    assert len(_after(config, Part.TRAIN)["losses"]) == 101


@pytest.mark.parametrize("config", SHOWN, ids=range(len(SHOWN)))
def test_the_modules_own_call_stands_in_the_code(config: RunConfig) -> None:
    calls = [ast.unparse(ast.parse(str(call))) for call in module_calls(config)]
    made = [
        ast.unparse(node) for node in ast.walk(ast.parse(code_for(config, Part.MODEL))) if isinstance(node, ast.Call)
    ]
    assert [call for call in made if call in calls] == calls
    assert "Batch size and sequence length are no arguments of it" in code_for(config, Part.MODEL)


@pytest.mark.parametrize("config", SHOWN, ids=range(len(SHOWN)))
def test_no_line_is_wider_than_a_learners_editor_but_where_a_literal_is(config: RunConfig) -> None:
    script = to_script(config, epochs=2)
    wide = [line for line in script.splitlines() if len(line) > WIDTH]
    assert all(line.lstrip().startswith('"') for line in wide)


def test_ruff_finds_nothing_in_a_script(tmp_path: Path) -> None:
    for number, config in enumerate(SHOWN):
        script = to_script(config, epochs=3, branch=Branch(epoch=1, learning_rate=0.2, clip_norm=1.0))
        (tmp_path / f"script_{number}.py").write_text(script, encoding="utf-8")
    asked = ["--isolated", "--no-cache", "--select", "E,F,W", "--ignore", "E501"]
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", *asked, tmp_path], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout


def test_only_what_a_config_needs_is_written() -> None:
    needs = {
        "pad_sequence": UNEQUAL,
        "pack_padded_sequence": UNEQUAL,
        "lengths": UNEQUAL,
        "ignore_index=-100": UNEQUAL,
        "padding_value=-100": UNEQUAL,
        "c_n": UNEQUAL,
        "nn.Linear": UNEQUAL,
        "[*rnn.parameters(), *head.parameters()]": UNEQUAL,
        "num_layers=2": UNEQUAL,
        "batch_first is left out": replace(UNEQUAL, batch_first=False),
        "ids[:, 1:]": RunConfig(task=Task.NEXT),
        "clip_grad_norm_": RunConfig(clip_norm=0.5),
        "torch.optim.SGD": RunConfig(optimizer=Optimizer.SGD),
        "if epoch <": RunConfig(),
        "batch_first=True": RunConfig(),
    }
    plain = code_for(RunConfig(batch_first=False), Part.TRAIN, epochs=0)
    unpacked = code_for(replace(UNEQUAL, batch_first=False), Part.TRAIN)
    for words, config in needs.items():
        assert words in code_for(config, Part.TRAIN), words
        assert words == "batch_first is left out" or words not in plain, words
    assert "pad_sequence" in unpacked
    assert "packed" not in unpacked
    assert "optimizer" not in plain


@pytest.mark.parametrize(
    ("clip_norm", "branch", "lines"),
    [
        (None, Branch(epoch=4, learning_rate=0.1), []),
        (0.5, Branch(epoch=4, learning_rate=0.1, clip_norm=0.5), ["clip_grad_norm_(rnn.parameters(), max_norm=0.5)"]),
        (None, Branch(epoch=0, learning_rate=0.3), ["lr=0.3"]),
        (None, Branch(epoch=100, learning_rate=0.3), ["lr=0.1"]),
        (None, Branch(epoch=4, learning_rate=0.3), ["if epoch == 4:", '["lr"] = 0.3']),
        (None, Branch(epoch=4, learning_rate=0.1, clip_norm=2.0), ["if epoch >= 4:", "max_norm=2.0)"]),
        (0.5, Branch(epoch=4, learning_rate=0.1), ["if epoch < 4:", "max_norm=0.5)"]),
        (0.5, Branch(epoch=4, learning_rate=0.1, clip_norm=2.0), ["max_norm=0.5 if epoch < 4 else 2.0)"]),
    ],
)
def test_of_a_branch_only_what_differs_is_written(clip_norm: float | None, branch: Branch, lines: list[str]) -> None:
    code = code_for(RunConfig(clip_norm=clip_norm), Part.TRAIN, branch=branch)
    assert [line for line in lines if line not in code] == []
    said = ("if epoch == ", "if epoch >= ", "if epoch < 4", '["lr"]', "clip_grad_norm_", "epoch < 4 else")
    assert [words for words in said if words in code and not any(words in line for line in lines)] in (
        [],
        ["clip_grad_norm_"],
    )


def test_a_notebook_is_valid_and_has_the_lines_of_the_script() -> None:
    for config in SHOWN:
        notebook = nbformat.reads(to_notebook(config, epochs=2), as_version=4)
        nbformat.validate(notebook)
        code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        script = to_script(config, epochs=2)
        body = script[script.index("import torch") :].splitlines()
        assert [line for source in code for line in [*source.splitlines(), ""]] == [
            line for line in [*body, ""] if not line.startswith(tuple(f"# {number}. " for number in range(1, 6)))
        ]


def test_what_was_typed_is_in_no_cell_that_is_not_code() -> None:
    shown = ["<b>", "$x$", "![]", "<script>"]
    notebook = json.loads(to_notebook(RunConfig("\n".join(shown), head=Head.LINEAR), epochs=1))
    words = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert len(words) == 6
    assert not any(text in said for text in shown for said in words)


def test_the_same_run_is_the_same_script_and_the_same_notebook() -> None:
    config = RunConfig("hello", head=Head.LINEAR)
    assert to_script(config, epochs=3) == to_script(config, epochs=3)
    assert to_notebook(config, epochs=3) == to_notebook(config, epochs=3)


@pytest.mark.parametrize("export", [to_script, to_notebook])
@pytest.mark.parametrize("epochs", [-1, 20_001, 1.5])
def test_epochs_against_their_rule_are_refused(export: Callable[..., str], epochs: Any) -> None:
    with pytest.raises(ConfigError, match=rf"^epochs must be 0…20000, got {epochs}$"):
        export(RunConfig(), epochs=epochs)


def test_only_a_notebook_asks_for_nbformat(fresh_process: Callable[..., str]) -> None:
    code = """
import sys
from rnn_core import RunConfig
from rnn_core.export import to_notebook, to_script
to_script(RunConfig(), epochs=1)
before = "nbformat" in sys.modules
to_notebook(RunConfig(), epochs=1)
print(before, "nbformat" in sys.modules)
"""
    assert fresh_process(code).split() == ["False", "True"]


# --- what a script is compared with ----------------------------------------------------------------------------------

CALM = RunConfig()
UNSTEADY = RunConfig(nonlinearity=Nonlinearity.RELU, head=Head.LINEAR)


def _trained(config: RunConfig, epochs: int) -> Trainer:
    trainer = Trainer(config)
    trainer.run(epochs)
    return trainer


def test_a_calm_run_is_compared_to_its_end() -> None:
    trainer = _trained(CALM, 60)
    found = measure_check(trainer)
    assert found.losses == (*trainer.history.losses(0), trainer.now.loss_nats)
    assert (found.epochs, found.said_epoch, found.said) == (60, 60, trainer.now.decoded)
    assert found.tolerance == check.CLOSE


def test_a_run_that_grows_what_differs_is_compared_while_it_holds() -> None:
    trainer = _trained(UNSTEADY, 60)
    found = measure_check(trainer)
    assert 10 < len(found.losses) < 50
    assert list(found.losses) == list(trainer.history.losses(0))[: len(found.losses)]
    assert found.tolerance == check.WIDE
    assert found.said_epoch < len(found.losses)
    assert found.said == trainer.history[found.said_epoch].decoded


def test_what_is_no_number_is_not_compared() -> None:
    trainer = _trained(replace(UNSTEADY, optimizer=Optimizer.SGD, learning_rate=10), 30)
    assert not trainer.now.finite
    found = measure_check(trainer)
    assert np.isfinite(found.losses).all()
    assert len(found.losses) >= 1


def test_of_a_long_run_the_first_epochs_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = _trained(CALM, 20)
    monkeypatch.setattr(check, "MAX_COMPARED", 7)
    found = measure_check(trainer)
    assert list(found.losses) == list(trainer.history.losses(0))[:8]
    assert (found.epochs, found.said_epoch, found.said) == (20, 7, trainer.history[7].decoded)
    script = to_script(CALM, epochs=20, check=found)
    assert "found = torch.tensor(losses[:8])  # (E,) = (8,)" in script
    assert "assert predictions[7] == [" in script


@pytest.mark.parametrize(("limit", "per_update"), [("MAX_STEPS", 12), ("MAX_MULTIPLY_ADDS", 3 * 12 * 9 * (9 + 9))])
def test_a_large_run_is_compared_as_far_as_that_is_affordable(
    monkeypatch: pytest.MonkeyPatch, limit: str, per_update: int
) -> None:
    trainer = _trained(CALM, 20)
    monkeypatch.setattr(check, limit, 5 * per_update)
    assert len(measure_check(trainer).losses) == 1 + 5
    monkeypatch.setattr(check, limit, per_update - 1)
    assert len(measure_check(trainer).losses) == 1


def test_to_measure_changes_nothing() -> None:
    trainer, same = _trained(UNEQUAL, 9), _trained(UNEQUAL, 9)
    before = torch.get_rng_state()
    first = measure_check(trainer)
    assert torch.equal(torch.get_rng_state(), before)
    assert measure_check(trainer) == first
    assert (trainer.epoch, len(trainer.history)) == (9, 9)
    trainer.run(5)
    same.run(5)
    assert trainer.history == same.history
    assert trainer.now == same.now
