"""A sweep on a Dask cluster of worker processes, one of which hangs and dies, is the sweep that is made here."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import dask
import joblib
import pandas as pd
import pytest
from distributed import Client, LocalCluster

from rnn_core.config import Cell, Head, RunConfig
from rnn_core.sweep import sweep

WORKERS = 2
PATIENCE_S = 400
"""A worker takes seconds to import torch, and minutes on a machine that is busy with much else."""

CONFIGS = [RunConfig("hello", head=Head.LINEAR), RunConfig("help", head=Head.LINEAR, cell=Cell.LSTM)]
SEEDS = range(3)
EPOCHS = 30


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """A client of a cluster on this machine: a scheduler in this process, and WORKERS processes of one thread."""
    before = multiprocessing.active_children()
    patient = {"distributed.comm.timeouts.connect": PATIENCE_S, "distributed.comm.timeouts.tcp": PATIENCE_S}
    with (
        dask.config.set(patient),
        LocalCluster(  # type: ignore[no-untyped-call]
            n_workers=WORKERS,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            memory_limit=None,
            local_directory=str(tmp_path / "workers"),
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster, timeout=PATIENCE_S) as client,  # type: ignore[no-untyped-call]
    ):
        yield client
    assert multiprocessing.active_children() == before


@pytest.mark.timeout(2 * PATIENCE_S)
def test_a_sweep_that_loses_a_worker_is_the_sweep_that_is_made_here(client: Client, tmp_path: Path) -> None:
    process_of = client.run(os.getpid)
    victim = next(iter(process_of))
    # It is sent a run and never gets on with it, so that it is sure to hold one when it is killed.
    os.kill(process_of[victim], signal.SIGSTOP)

    def kill_when_all_others_are_done(done: int, total: int) -> None:
        if done == total - 1:
            assert client.processing()[victim]  # type: ignore[no-untyped-call]
            os.kill(process_of[victim], signal.SIGKILL)

    with joblib.parallel_config(backend="dask"):
        there = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path / "there", progress=kill_when_all_others_are_done)
    here = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path / "here")
    pd.testing.assert_frame_equal(
        there.drop(columns="seconds_per_epoch"), here.drop(columns="seconds_per_epoch"), check_exact=True
    )
    assert len(there) == len(CONFIGS) * len(SEEDS)
    # The worker is brought back. Nothing may be closed in the midst of that.
    client.wait_for_workers(WORKERS, timeout=PATIENCE_S)
