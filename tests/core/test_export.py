"""The script that is handed out runs as it stands, and gives what the page shows."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
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
    HOSTILE + "\n\"\"\"👩‍🚀",
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
    made = [ast.unparse(node) for node in ast.walk(ast.parse(code_for(config, Part.MODEL))) if isinstance(node, ast.Call)]
    assert [call for call in made if call in calls] == calls
    assert "Batch size and sequence length are no arguments of it" in code_for(config, Part.MODEL)


@pytest.mark.parametrize("config", SHOWN, ids=range(len(SHOWN)))
def test_no_line_is_wider_than_a_learners_editor_but_where_a_literal_is(config: RunConfig) -> None:
    script = to_script(config, epochs=2)
    wide = [line for line in script.splitlines() if len(line) > WIDTH]
    assert all(line.lstrip().startswith('"') for line in wide)
