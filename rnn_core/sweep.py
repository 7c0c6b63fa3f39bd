"""Configs × seeds become one table, on the cores of one machine or on a cluster; what was broken off goes on.

Where the runs are made is joblib's to say. Without a word they are made here, one after the other; ``n_jobs=-1`` takes
all cores; and on a Dask cluster (requirements-cluster.txt) it is the same call, under

    with distributed.Client(address), joblib.parallel_config(backend="dask"):
        sweep(configs, seeds, epochs=1_000, folder="runs")

A worker gives back a JSON document and this process writes it, so that workers need no disk in common with it. What
they need is this package: joblib waits without end for a run that no worker can load. On a processor of another kind
the last bits of a run may be others.
"""

from __future__ import annotations

import hashlib
import math
import reprlib
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TypeVar

import joblib

from rnn_core.config import RULES, ConfigError, RunConfig
from rnn_core.runs import Run, checked, train_run
from rnn_core.tables import Table, runs_table

T = TypeVar("T")


def grid(configs: Iterable[RunConfig], seeds: Iterable[int]) -> tuple[RunConfig, ...]:
    """Every config with every seed, each once: all seeds of the first config, then all of the second, and so on.

    Args:
        configs: at least one; the seed that each has does not matter.
        seeds: at least one, 0…2³²−1.
    Raises: ConfigError, such as "seeds must be whole numbers in 0…4294967295, got -1".
    """
    chosen, numbers = _listed("configs", configs), _listed("seeds", seeds)
    for config in chosen:
        if not isinstance(config, RunConfig):
            raise ConfigError(f"configs must be RunConfigs, got {reprlib.repr(config)}")
    for seed in numbers:
        try:
            RULES["seed"].check(seed)
        except (TypeError, ValueError):
            raise ConfigError(f"seeds must be whole numbers in {RULES['seed']}, got {reprlib.repr(seed)}") from None
    return tuple(dict.fromkeys(replace(config, seed=seed) for config in chosen for seed in numbers))


def sweep(
    configs: Iterable[RunConfig],
    seeds: Iterable[int],
    *,
    epochs: int,
    folder: str | PathLike[str],
    n_jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    remembered: bool = False,
) -> Table:
    """The ``runs_table`` of ``grid(configs, seeds)``, in the grid's order; each run is in ``folder`` once it is done.

    Only what ``folder`` does not hold is run: a sweep that was broken off, or cancelled, goes on with the same call.

    Args:
        epochs: the updates of each run, 0…20,000.
        folder: where runs are kept, one JSON file each; it is made if it is not there.
        n_jobs: how many runs at once, as joblib counts (−1: all cores), or None for what ``joblib.parallel_config``
            says, and one without it. A Dask cluster takes as many as its workers have threads.
        progress: is told after each run how many of all are done, those that were there included.
        remembered: whether the last step of each line alone is counted in accuracy and first_right, or every step.
        cancelled: is asked before the first run and after each; once it says True, the runs under way are abandoned.
    Returns: the table of all runs, or of those that are done if cancelled.
    Raises: ConfigError, such as "epochs must be 0…20000, got -1".
    """
    last, wanted = checked("epochs", epochs), grid(configs, seeds)
    parallel, home = _parallel(n_jobs), _made(folder)
    files = {config: home / _file_name(config, last, remembered) for config in wanted}
    runs = {config: run for config, file in files.items() if (run := _kept(file, config, last, remembered))}
    missing = [config for config in wanted if config not in runs]
    if missing and not (cancelled and cancelled()):
        with _begun(parallel, missing, last, remembered) as documents:
            for document in documents:
                run = Run.from_json(document)
                _keep(files[run.config], document)
                runs[run.config] = run
                if progress:
                    progress(len(runs), len(wanted))
                if cancelled and cancelled():
                    break
    return runs_table(runs[config] for config in wanted if config in runs)


def _parallel(n_jobs: int | None) -> joblib.Parallel:
    """What makes the runs: it is given as many as it makes at once, and gives back each as soon as it is done."""
    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0):
        raise ConfigError(f"n_jobs must be a whole number other than 0, or None, got {reprlib.repr(n_jobs)}")
    # joblib takes None, said aloud, for one run at a time, whatever parallel_config says.
    said = {} if n_jobs is None else {"n_jobs": n_jobs}
    return joblib.Parallel(**said, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")


@contextmanager
def _begun(
    parallel: joblib.Parallel, configs: Iterable[RunConfig], epochs: int, remembered: bool
) -> Iterator[Iterator[str]]:
    """The documents of all runs, in the order in which they are done; what is not done on leaving is abandoned."""
    documents = parallel(joblib.delayed(_document)(config, epochs, remembered) for config in configs)
    try:
        yield documents
    finally:
        with warnings.catch_warnings():
            # joblib warns that it ends what is under way; that is what is asked of it here.
            warnings.filterwarnings("ignore", category=UserWarning, module="joblib")
            documents.close()


def _document(config: RunConfig, epochs: int, remembered: bool) -> str:
    """What a worker does: a run, as the JSON that is kept of it."""
    return train_run(config, epochs, remembered=remembered).to_json()


def _file_name(config: RunConfig, epochs: int, remembered: bool) -> str:
    counted = " last" if remembered else ""
    return hashlib.sha256(f"{epochs} {config.to_json()}{counted}".encode()).hexdigest() + ".json"


def _kept(file: Path, config: RunConfig, epochs: int, remembered: bool) -> Run | None:
    """The run that ``file`` holds, or None where it is to be made: no file, a damaged one, or another run's."""
    try:
        run = Run.from_json(file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    at_its_end = run.epochs == epochs or (run.epochs < epochs and not math.isfinite(run.loss_E[-1]))
    return run if (run.config, run.remembered) == (config, remembered) and at_its_end else None


def _keep(file: Path, document: str) -> None:
    """Writes ``file`` so that it is there whole or not at all, whenever this process is ended."""
    part = file.with_name(f"{file.stem}-{uuid.uuid4().hex}.part")
    try:
        part.write_text(document, encoding="utf-8")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _made(folder: str | PathLike[str]) -> Path:
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigError(f"folder must be a directory, or not be there yet, got the file {str(folder)!r}") from None
    return Path(folder)


def _listed(name: str, values: Iterable[T]) -> list[T]:
    try:
        listed = list(values)
    except TypeError:
        raise ConfigError(f"{name} must be a list, got {reprlib.repr(values)}") from None
    if not listed:
        raise ConfigError(f"{name} must be at least one, got none")
    return listed
