"""The script that is handed out runs as it stands, and gives what the page shows."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from rnn_core import PRESETS, RunConfig
from rnn_core.config import Cell, Head, Task
from rnn_core.export import config_call, to_sweep
from rnn_core.runs import train_run
from rnn_core.tables import runs_table
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
