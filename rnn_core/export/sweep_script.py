"""What is on a screen becomes lines of Python that compute it again elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from enum import StrEnum

from rnn_core.config import RunConfig


def config_call(config: RunConfig) -> str:
    """The call that makes ``config``, with what differs from the default only."""
    given = [
        f"{field.name}={_literal(getattr(config, field.name))}"
        for field in fields(config)
        if field.name != "text" and getattr(config, field.name) != field.default
    ]
    return f"RunConfig({', '.join([repr(config.text), *given])})"


def to_sweep(configs: Sequence[RunConfig], seeds: Sequence[int], *, epochs: int, remembered: bool = False) -> str:
    """A script that trains every config under every seed on all processors, each run kept in the folder ``runs``.

    Broken off and started again, it goes on where it stopped; on a cluster the same call runs under Dask.

    Args:
        remembered: whether the last step of each line alone is counted in accuracy and first_right.
    """
    counted = ", remembered=True" if remembered else ""
    listed = "".join(f"    {config_call(config)},\n" for config in configs)
    return f"""\
from rnn_core import RunConfig
from rnn_core.sweep import sweep

configs = [
{listed}]

if __name__ == "__main__":
    # On a cluster, after `client = dask.distributed.Client(address)`, the same call:
    # with joblib.parallel_config(backend="dask"):
    table = sweep(configs, {list(seeds)}, epochs={epochs}{counted}, folder="runs", n_jobs=-1)
    table.to_csv("runs.csv", index=False, encoding="utf-8-sig")
    print(table.groupby({_BY}, dropna=False)["first_right"].describe())
"""


_BY = '["cell", "hidden_size", "learning_rate"]'


def _literal(value: object) -> str:
    return repr(str(value)) if isinstance(value, StrEnum) else repr(value)
