"""A sweep is its runs, each made once, whoever makes them, and in whatever order and however many sittings."""

from __future__ import annotations

import math
import multiprocessing
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import joblib
import pandas as pd
import pytest

from rnn_core import sweep as module
from rnn_core.config import MAX_SEED, Cell, ConfigError, Head, Nonlinearity, Optimizer, RunConfig
from rnn_core.runs import Run, train_run
from rnn_core.sweep import grid, sweep
from rnn_core.tables import runs_table

HELLO = RunConfig("hello", head=Head.LINEAR)
HELP = RunConfig("help", head=Head.LINEAR, cell=Cell.GRU)
CONFIGS, SEEDS, EPOCHS = [HELLO, HELP], (3, 2), 5
PATIENCE_S = 60


@pytest.fixture(scope="module")
def expected() -> pd.DataFrame:
    """The table of the runs as they are made by themselves, one after the other."""
    return runs_table(train_run(config, EPOCHS) for config in grid(CONFIGS, SEEDS))


def assert_same(table: pd.DataFrame, expected: pd.DataFrame) -> None:
    """All columns are equal to the last bit, but for the time that it took."""
    time = "seconds_per_epoch"
    pd.testing.assert_frame_equal(table.drop(columns=time), expected.drop(columns=time), check_exact=True)


class After:
    """``progress`` and ``cancelled`` of a sweep that is cancelled after so many runs."""

    def __init__(self, runs: int) -> None:
        self.runs = runs
        self.told: list[tuple[int, int]] = []

    def progress(self, done: int, total: int) -> None:
        self.told.append((done, total))

    def cancelled(self) -> bool:
        return len(self.told) >= self.runs


def written(folder: Path) -> dict[str, int]:
    """When each file of a folder was written."""
    return {file.name: file.stat().st_mtime_ns for file in folder.iterdir()}


def test_a_grid_is_every_config_with_every_seed_each_once() -> None:
    assert [(config.text, config.seed) for config in grid([HELLO, HELP, HELLO], [7, 5, 7])] == [
        ("hello", 7),
        ("hello", 5),
        ("help", 7),
        ("help", 5),
    ]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"configs": []}, "configs must be at least one, got none"),
        ({"configs": 3}, "configs must be a list, got 3"),
        ({"configs": [HELLO, "help"]}, "configs must be RunConfigs, got 'help'"),
        ({"seeds": ()}, "seeds must be at least one, got none"),
        ({"seeds": 3}, "seeds must be a list, got 3"),
        ({"seeds": "3"}, "seeds must be whole numbers in 0…4294967295, got '3'"),
        ({"seeds": [0, -1]}, "seeds must be whole numbers in 0…4294967295, got -1"),
        ({"seeds": [MAX_SEED + 1]}, "seeds must be whole numbers in 0…4294967295, got 4294967296"),
        ({"seeds": [1.0]}, "seeds must be whole numbers in 0…4294967295, got 1.0"),
        ({"epochs": -1}, "epochs must be 0…20000, got -1"),
        ({"epochs": 20_001}, "epochs must be 0…20000, got 20001"),
        ({"epochs": 1.0}, "epochs must be 0…20000, got 1.0"),
        ({"n_jobs": 0}, "n_jobs must be a whole number other than 0, or None, got 0"),
        ({"n_jobs": 1.5}, "n_jobs must be a whole number other than 0, or None, got 1.5"),
    ],
)
def test_what_cannot_be_swept_is_named_with_its_rule(changed: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"configs": CONFIGS, "seeds": SEEDS, "epochs": EPOCHS, "folder": tmp_path / "runs"}
    with pytest.raises(ConfigError) as refused:
        sweep(**(asked | changed))
    assert str(refused.value) == sentence
    assert not (tmp_path / "runs").exists()


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "inside"):
        with pytest.raises(ConfigError, match=r"^folder must be a directory, or not be there yet, got the file '"):
            sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=folder)


@pytest.mark.parametrize(("backend", "n_jobs"), [("sequential", None), ("threading", 2)])
def test_a_sweep_is_the_table_of_its_runs(
    backend: str, n_jobs: int | None, tmp_path: Path, expected: pd.DataFrame
) -> None:
    told = After(99)
    with joblib.parallel_config(backend=backend):
        table = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, n_jobs=n_jobs, progress=told.progress)
    assert_same(table, expected)
    assert told.told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_each_run_is_kept_as_soon_as_it_is_done(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    kept = []
    sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=folder, progress=lambda _done, _total: kept.append(written(folder)))
    assert [len(files) for files in kept] == [1, 2, 3, 4]
    runs = {(run.config, run.epochs) for run in read(folder)}
    assert runs == {(config, EPOCHS) for config in grid(CONFIGS, SEEDS)}


def read(folder: Path) -> Iterable[Run]:
    return [Run.from_json(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]


def test_a_cancelled_sweep_is_the_table_of_what_is_done(tmp_path: Path, expected: pd.DataFrame) -> None:
    after = After(3)
    table = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=after.progress, cancelled=after.cancelled)
    assert_same(table, expected[:3])
    assert after.told == [(1, 4), (2, 4), (3, 4)]


def test_a_sweep_that_is_cancelled_before_it_begins_makes_no_run(tmp_path: Path, expected: pd.DataFrame) -> None:
    table = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, cancelled=lambda: True)
    assert_same(table, expected[:0])
    assert written(tmp_path) == {}


def test_a_sweep_goes_on_where_it_stopped(tmp_path: Path, expected: pd.DataFrame) -> None:
    after, told = After(2), After(99)
    sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=after.progress, cancelled=after.cancelled)
    before = written(tmp_path)
    table = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=told.progress)
    assert told.told == [(3, 4), (4, 4)]
    assert written(tmp_path).items() > before.items()
    assert_same(table, expected)


def test_a_finished_sweep_is_read_and_not_made_again(tmp_path: Path) -> None:
    told = After(99)
    first = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path)
    again = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=told.progress)
    pd.testing.assert_frame_equal(again, first, check_exact=True)
    assert told.told == []


def test_runs_of_other_seeds_configs_and_epochs_live_in_one_folder(tmp_path: Path) -> None:
    told = After(99)
    for configs, seeds, epochs in (([HELLO], [0], 3), ([HELP], [0], 3), ([HELLO], [1], 3), ([HELLO], [0], 4)):
        table = sweep(configs, seeds, epochs=epochs, folder=tmp_path, progress=told.progress)
        assert table[["text", "seed", "epochs"]].to_numpy().tolist() == [[configs[0].text, seeds[0], epochs]]
    assert told.told == [(1, 1)] * 4


@pytest.mark.parametrize(
    "damage",
    [
        lambda document, _other: b"",
        lambda document, _other: document[: len(document) // 2],
        lambda document, _other: b"\xff\xfe" + document,
        lambda document, _other: document.replace(b'"epochs": 5', b'"epochs": 6'),
        lambda _document, other: other,
        lambda _document, _other: train_run(grid(CONFIGS, SEEDS)[0], EPOCHS - 1).to_json().encode(),
    ],
    ids=["empty", "cut off", "no text", "against the rules", "of another config", "of fewer epochs"],
)
def test_a_damaged_file_is_made_again(
    damage: Callable[[bytes, bytes], bytes], tmp_path: Path, expected: pd.DataFrame
) -> None:
    sweep(CONFIGS, SEEDS[:1], epochs=EPOCHS, folder=tmp_path)
    damaged, other = sorted(tmp_path.iterdir(), key=lambda file: "help" in file.read_text())
    good, before = damaged.read_bytes(), written(tmp_path)
    damaged.write_bytes(damage(good, other.read_bytes()))
    told = After(99)
    table = sweep(CONFIGS, SEEDS[:1], epochs=EPOCHS, folder=tmp_path, progress=told.progress)
    assert told.told == [(2, 2)]
    assert_same(table, expected[::2].reset_index(drop=True))
    assert written(tmp_path)[other.name] == before[other.name]
    assert Run.from_json(damaged.read_text()).loss_E.tobytes() == Run.from_json(good.decode()).loss_E.tobytes()


def test_a_run_that_diverged_is_done(tmp_path: Path) -> None:
    diverging = RunConfig(nonlinearity=Nonlinearity.RELU, optimizer=Optimizer.SGD, learning_rate=3)
    told = After(99)
    for _time in range(2):
        table = sweep([diverging], [9], epochs=100, folder=tmp_path, progress=told.progress)
    assert 0 < table["epochs"].item() < 100
    assert not math.isfinite(table["loss"].item())
    assert told.told == [(1, 1)]


def test_the_rows_are_in_the_grids_order_whatever_is_done_first(
    tmp_path: Path, expected: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, others_done = grid(CONFIGS, SEEDS)[0], threading.Event()

    def first_comes_last(config: RunConfig, epochs: int, **options: bool) -> Run:
        assert config != first or others_done.wait(PATIENCE_S)
        return train_run(config, epochs, **options)

    def say_when_one_is_left(done: int, total: int) -> None:
        if done == total - 1:
            others_done.set()

    monkeypatch.setattr(module, "train_run", first_comes_last)
    # One run at a time would wait for ever: this is also how n_jobs of parallel_config is seen to be heeded.
    with joblib.parallel_config(backend="threading", n_jobs=2):
        table = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=say_when_one_is_left)
    assert_same(table, expected)


def test_what_is_under_way_when_a_sweep_is_cancelled_is_abandoned(
    tmp_path: Path, expected: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, after, let_go, ended = grid(CONFIGS, SEEDS)[0], After(1), threading.Event(), threading.Event()

    def first_hangs(config: RunConfig, epochs: int, **options: bool) -> Run:
        if config == first:
            let_go.wait(PATIENCE_S)
            ended.set()
        return train_run(config, epochs, **options)

    monkeypatch.setattr(module, "train_run", first_hangs)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        table = sweep(
            CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=after.progress, cancelled=after.cancelled
        )
    assert not ended.is_set()
    assert_same(table, expected[1:2].reset_index(drop=True))
    let_go.set()
    assert ended.wait(PATIENCE_S)


def test_a_run_that_fails_leaves_what_is_done(
    tmp_path: Path, expected: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = grid(CONFIGS, SEEDS)[-1]

    def last_fails(config: RunConfig, epochs: int, **options: bool) -> Run:
        if config == last:
            raise MemoryError("no more")
        return train_run(config, epochs, **options)

    with monkeypatch.context() as patched:
        patched.setattr(module, "train_run", last_fails)
        with pytest.raises(MemoryError, match="no more"):
            sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path)
    told = After(99)
    assert_same(sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=told.progress), expected)
    assert told.told == [(4, 4)]


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_part: Path, _target: Path) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", refuse)
        with pytest.raises(OSError, match="disk full"):
            sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path)
    assert written(tmp_path) == {}


def test_processes_are_ended_when_a_sweep_is_cancelled_and_their_runs_are_those_made_here(
    tmp_path: Path, expected: pd.DataFrame
) -> None:
    after, told = After(1), After(99)
    with joblib.parallel_config(backend="loky", n_jobs=2):
        sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=after.progress, cancelled=after.cancelled)
    assert multiprocessing.active_children() == []
    table = sweep(CONFIGS, SEEDS, epochs=EPOCHS, folder=tmp_path, progress=told.progress)
    assert told.told == [(2, 4), (3, 4), (4, 4)]
    assert_same(table, expected)


def test_importing_the_package_loads_neither_joblib_nor_dask(fresh_process: Callable[..., str]) -> None:
    loaded = "print([name for name in ('joblib', 'dask', 'distributed') if name in sys.modules])"
    said = fresh_process(f"import sys\nimport rnn_core\n{loaded}\nimport rnn_core.sweep\n{loaded}")
    assert said.splitlines() == ["[]", "['joblib']"]


def test_a_sweep_of_what_is_remembered_shares_no_run_with_one_of_all_steps(tmp_path: Path) -> None:
    lines = [RunConfig("a..a\nb..b", head=Head.LINEAR)]
    tables = [sweep(lines, (0,), epochs=EPOCHS, folder=tmp_path, remembered=counted) for counted in (False, True)]
    assert [table["counted"].tolist() for table in tables] == [["all"], ["last"]]
    expected = train_run(lines[0], EPOCHS, remembered=True)
    assert tables[1]["accuracy"].tolist() == [expected.accuracy_E[-1]]
    assert len(list(tmp_path.iterdir())) == 2
